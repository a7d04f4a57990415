//! The order of the functions in the module: like behind like.
//!
//! Compression finds a repetition only within the 32 KB before it. The compiler writes functions in the order of the
//! source and wasm-bindgen by size, so that copies of one generic function for several types lie far apart. Here the next
//! function is always the one of which the largest part stands already in the last 30 KB: measured, 6 % off the
//! compressed module. What few functions have counts for more, because what many have is found wherever they stand.
//! How much small functions are held back is tried in a few ways, of which the smallest result is taken. What a function
//! is called by is its place, so all calls are written anew. Hints of alignment are left out on the way.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::ops::RangeInclusive;

use anyhow::Context;
use wasm_encoder::reencode::{self, Reencode, utils};
use wasm_encoder::{CodeSection, FunctionSection, MemArg, Module};
use wasmparser::{CodeSectionReader, FunctionBody, FunctionSectionReader, Parser, Payload, TypeRef};

use super::package::gzipped;

/// How far back repetitions are found, with room for what stands between.
pub(super) const WINDOW_BYTES: usize = 30_000;
/// Pieces that more functions have than this are found anywhere.
const FUNCTIONS_PER_PIECE_MAX: usize = 400;
/// The bytes that count as one repetition: a longer one counts for the shorter ones, too.
const PIECE_BYTES: RangeInclusive<usize> = 5..=8;
/// What is tried: added to every function's length, so that the smallest ones do not always win.
const OVERHEAD_BYTES: [usize; 3] = [20, 40, 60];
/// What a piece counts for, times the square root of how many functions have it.
const WEIGHT: usize = 256;

/// The same module with its functions in the best order that was found.
pub(super) fn rearrange(module: &[u8]) -> anyhow::Result<Vec<u8>> {
    let (mut imported, mut bodies) = (0, Vec::new());
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(body.as_bytes().to_vec()),
            _ => {}
        }
    }
    let pieces = Pieces::new(&bodies);
    let mut best = (usize::MAX, Vec::new());
    for overhead_bytes in OVERHEAD_BYTES {
        let rearranged = reencode(module, imported, by_likeness(&pieces, overhead_bytes))?;
        let len = gzipped(&rearranged)?;
        if len < best.0 {
            best = (len, rearranged);
        }
    }
    Ok(best.1)
}

/// The module with its own functions in this order.
fn reencode(module: &[u8], imported: u32, order: Vec<usize>) -> anyhow::Result<Vec<u8>> {
    let mut places = vec![0; order.len()];
    for (place, function) in order.iter().enumerate() {
        places[*function] = imported + u32::try_from(place)?;
    }
    let mut rearranged = Module::new();
    let mut rearrangement = Rearrangement { imported, order, places };
    rearrangement
        .parse_core_module(&mut rearranged, Parser::new(0), module)
        .ok()
        .context("the module is not as expected")?;
    Ok(rearranged.finish())
}

/// Writes functions in another order.
struct Rearrangement {
    imported: u32,
    /// The functions as they are to stand.
    order: Vec<usize>,
    /// What each function is called by then.
    places: Vec<u32>,
}

type Result<T> = std::result::Result<T, reencode::Error<Infallible>>;

impl Reencode for Rearrangement {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32> {
        Ok(function.checked_sub(self.imported).map_or(function, |own| self.places[own as usize]))
    }

    /// No engine heeds what a module says of the alignment of an access, and without it more accesses are alike.
    fn mem_arg(&mut self, access: wasmparser::MemArg) -> Result<MemArg> {
        Ok(MemArg { align: 0, ..utils::mem_arg(self, access)? })
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<()> {
        let types = section.into_iter().collect::<std::result::Result<Vec<u32>, _>>()?;
        for function in &self.order {
            functions.function(types[*function]);
        }
        Ok(())
    }

    fn parse_code_section(&mut self, code: &mut CodeSection, section: CodeSectionReader<'_>) -> Result<()> {
        let bodies = section.into_iter().collect::<std::result::Result<Vec<FunctionBody<'_>>, _>>()?;
        for function in self.order.clone() {
            self.parse_function_body(code, bodies[function].clone())?;
        }
        Ok(())
    }
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
    fn new(bodies: &[Vec<u8>]) -> Self {
        let mut functions: HashMap<&[u8], Vec<usize>> = HashMap::new();
        for (function, body) in bodies.iter().enumerate() {
            for piece in PIECE_BYTES.flat_map(|len| body.windows(len)) {
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
        Self { of, owners, lens: bodies.iter().map(Vec::len).collect() }
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
