//! How fast a file with the data is written while requests go on.
//!
//! A thread that wants the engine again at once would stand in every other turn's way: 50 requests, each a turn of its
//! own, would wait for a piece each. So pieces are small, and where requests have come since the piece before, the engine
//! and the processor are left to them for many times as long as it took to make the piece, to compress it and to write it.
//! Where none have come, the file is written as fast as it can be.

use super::Host;
use redstart_core::Save;
use std::time::{Duration, Instant};

/// How much is written with the engine held.
const PIECE_BYTES: usize = 16 * 1024;
/// For how many times as long it is left to others afterwards.
const REST_FACTOR: u32 = 9;
/// But no longer, however large the piece was: what requests have written ahead waits in memory.
const REST_MAX: Duration = Duration::from_millis(2);

/// Gives one file piece by piece.
#[derive(Debug)]
pub(super) struct Pace<'a> {
    host: &'a Host,
    /// How many requests had been executed at the last piece.
    commands: u64,
    /// When the work on the piece began that is in the making.
    begun: Instant,
}

impl<'a> Pace<'a> {
    /// The pace of a file whose first piece may come at once.
    pub(super) fn new(host: &'a Host) -> Self {
        Self { host, commands: host.commands_processed(), begun: Instant::now() }
    }

    /// The next piece of a file, of a length of about `len` or less, and whether there are more; see
    /// [`Turn::save`](super::Turn::save).
    pub(super) fn next(&mut self, save: &mut Save, piece: &mut Vec<u8>, len: usize) -> bool {
        // What was done with the piece before belongs to the work.
        let worked = self.begun.elapsed();
        let mut turn = self.host.turn();
        let commands = turn.engine().stats().commands_processed;
        let begun = Instant::now();
        let goes_on = turn.save(save, piece, len.min(PIECE_BYTES));
        let taken = worked + begun.elapsed();
        drop(turn);
        let is_used = std::mem::replace(&mut self.commands, commands) != commands;
        if goes_on && is_used {
            std::thread::sleep((taken * REST_FACTOR).min(REST_MAX));
        }
        self.begun = Instant::now();
        goes_on
    }
}
