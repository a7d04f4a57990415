//! Building all data anew, as a restart would: for tests that ask whether nothing gets lost.

use super::Engine;
use crate::config::Config;
use crate::keyspace::SnapshotCursor;
use alloc::vec::Vec;

impl Engine {
    /// An engine without data under the same parameters, which records no effects.
    pub(super) fn blank(&self) -> Self {
        let config = Config { record_effects: false, ..self.config.clone() };
        Self::new(config, self.random.borrow_mut().next_u64())
    }

    /// Replaces the data by what a replay of its snapshot gives. False when that is not equal; then nothing has changed.
    /// Not to be called while a file is in the making, which is written from the data that would go.
    pub(crate) fn rebuild(&mut self) -> bool {
        const PIECE_BYTES: usize = 1024 * 1024;
        let mut fresh = self.blank();
        let (mut cursor, mut piece) = (SnapshotCursor::default(), Vec::new());
        loop {
            let goes_on = self.snapshot(&mut cursor, &mut piece, PIECE_BYTES);
            if fresh.replay(&piece).is_err() {
                return false;
            }
            piece.clear();
            if !goes_on {
                break;
            }
        }
        let is_equal = fresh.digest() == self.digest();
        if is_equal {
            self.keyspace.replace_databases(fresh.keyspace);
        }
        is_equal
    }
}
