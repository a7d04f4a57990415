//! The order of the functions in the module: like behind like.
//!
//! Compression finds a repetition only within the 32 KB before it. The compiler writes functions in the order of the
//! source and wasm-bindgen by size, so that copies of one generic function for several types lie far apart. Here the next
//! function is always the one of which the largest part stands already in the last 30 KB: measured, 6 % off the
//! compressed module. What few functions have counts for more, because what many have is found wherever they stand.
//! How much small functions are held back is tried in a few ways, of which the smallest result is taken. What a function
//! is called by is its place, so all calls are written anew.

use std::collections::{HashMap, VecDeque};
use std::ops::RangeInclusive;

use super::functions::{Functions, place};
use super::package::gzipped;

/// How far back repetitions are found, with room for what stands between.
pub(super) const WINDOW_BYTES: usize = 30_000;
/// Pieces that more functions have than this are found anywhere.
const FUNCTIONS_PER_PIECE_MAX: usize = 400;
/// The bytes that count as one repetition: a longer one counts for the shorter ones, too.
const PIECE_BYTES: RangeInclusive<usize> = 5..=8;
/// What is tried: added to every function's length, so that the smallest ones do not always win.
const OVERHEAD_BYTES: [usize; 4] = [28, 40, 50, 60];
/// What a piece counts for, times the square root of how many functions have it.
const WEIGHT: usize = 256;

/// The same module with its functions in the best order that was found.
pub(super) fn rearrange(module: &[u8]) -> anyhow::Result<Vec<u8>> {
    let Functions { imported, bodies, .. } = Functions::of(module)?;
    let pieces = Pieces::new(&bodies);
    let mut best = (usize::MAX, Vec::new());
    for overhead_bytes in OVERHEAD_BYTES {
        let order = by_likeness(&pieces, overhead_bytes);
        let mut places = vec![0; order.len()];
        order.iter().enumerate().for_each(|(place, function)| places[*function] = place);
        let rearranged = place(module, imported, order, &places)?;
        let len = gzipped(&rearranged)?;
        if len < best.0 {
            best = (len, rearranged);
        }
    }
    Ok(best.1)
}

/// The numbers of the bodies, each followed by the one that repeats most of what came shortly before.
fn by_likeness(pieces: &Pieces, overhead_bytes: usize) -> Vec<usize> {
    let mut window = Window::new(pieces, overhead_bytes);
    let mut order = Vec::with_capacity(pieces.lens.len());
    while let Some(next) = window.best() {
        order.push(next);
        window.push(next);
    }
    order
}

/// What bodies have in common.
struct Pieces {
    /// The pieces of each function that others have, too.
    of: Vec<Vec<usize>>,
    /// The functions that have each piece.
    owners: Vec<Vec<usize>>,
    /// The length of each function.
    lens: Vec<usize>,
}

impl Pieces {
    fn new(bodies: &[impl AsRef<[u8]>]) -> Self {
        let mut functions: HashMap<&[u8], Vec<usize>> = HashMap::new();
        for (function, body) in bodies.iter().enumerate() {
            for piece in PIECE_BYTES.flat_map(|len| body.as_ref().windows(len)) {
                let owners = functions.entry(piece).or_default();
                if owners.last() != Some(&function) {
                    owners.push(function);
                }
            }
        }
        let shared = |owners: &Vec<usize>| (2..FUNCTIONS_PER_PIECE_MAX).contains(&owners.len());
        let owners: Vec<Vec<usize>> = functions.into_values().filter(shared).collect();
        let mut of = vec![Vec::new(); bodies.len()];
        for (piece, owners) in owners.iter().enumerate() {
            owners.iter().for_each(|function| of[*function].push(piece));
        }
        Self { of, owners, lens: bodies.iter().map(|body| body.as_ref().len()).collect() }
    }
}

/// What was written last, and how much of every other function repeats it.
struct Window<'p> {
    pieces: &'p Pieces,
    /// How often each piece stands in the window.
    present: Vec<usize>,
    /// What the pieces of each function count for that stand in the window; none of one that is written.
    repeated: Vec<Option<usize>>,
    written: VecDeque<usize>,
    bytes: usize,
    overhead_bytes: usize,
}

impl<'p> Window<'p> {
    fn new(pieces: &'p Pieces, overhead_bytes: usize) -> Self {
        Self {
            pieces,
            present: vec![0; pieces.owners.len()],
            repeated: vec![Some(0); pieces.lens.len()],
            written: VecDeque::new(),
            bytes: 0,
            overhead_bytes,
        }
    }

    /// The function of which the largest part is repeated, the first of several; none when all are written.
    fn best(&self) -> Option<usize> {
        let share =
            |function: usize, repeated: usize| (repeated << 12) / (self.pieces.lens[function] + self.overhead_bytes);
        let left = self.repeated.iter().enumerate().filter_map(|(function, repeated)| Some((function, (*repeated)?)));
        left.min_by_key(|(function, repeated)| std::cmp::Reverse(share(*function, *repeated)))
            .map(|(function, _)| function)
    }

    fn push(&mut self, function: usize) {
        self.repeated[function] = None;
        for &piece in &self.pieces.of[function] {
            self.present[piece] += 1;
            if self.present[piece] == 1 {
                self.count(piece, |repeated, weight| repeated + weight);
            }
        }
        self.written.push_back(function);
        self.bytes += self.pieces.lens[function];
        while self.bytes > WINDOW_BYTES {
            let Some(oldest) = self.written.pop_front() else { return };
            self.forget(oldest);
        }
    }

    fn forget(&mut self, function: usize) {
        self.bytes -= self.pieces.lens[function];
        for &piece in &self.pieces.of[function] {
            self.present[piece] -= 1;
            if self.present[piece] == 0 {
                self.count(piece, |repeated, weight| repeated - weight);
            }
        }
    }

    /// Changes what is repeated of each function that has the piece, by what the piece counts for.
    fn count(&mut self, piece: usize, change: impl Fn(usize, usize) -> usize) {
        let owners = &self.pieces.owners[piece];
        let weight = WEIGHT / owners.len().isqrt();
        for owner in owners {
            self.repeated[*owner] = self.repeated[*owner].map(|repeated| change(repeated, weight));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Pieces, by_likeness};

    #[test]
    fn every_function_comes_once_and_beside_its_like() {
        let kind = |kind: u8, own: u8| [vec![kind; 3], (kind..kind + 40).collect(), vec![own]].concat();
        let bodies: Vec<_> = (0..60).map(|at| kind(at % 3 * 80, at)).collect();
        let order = by_likeness(&Pieces::new(&bodies), 20);
        let changes = order.windows(2).filter(|pair| pair[0] % 3 != pair[1] % 3).count();
        assert_eq!(changes, 2, "{order:?}");
        let mut sorted = order;
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..60));
    }
}
