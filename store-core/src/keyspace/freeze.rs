//! The data of one moment, written as RDB while writes go on.
//!
//! Freezing copies nothing: each database notes that all of its slots are still to be written. The host then takes
//! piece after piece, in which slots are written in order. A slot that is about to be changed before its turn is written
//! first, as it still is, and waits in memory for the next piece. So what comes out is the data of the moment of
//! freezing, whatever happens meanwhile; a change costs at most the writing of its one slot, once; and memory grows by
//! what was written ahead since the last piece. A database that is emptied is put aside whole until it has been
//! written.
//!
//! Writing a slot is O(n) for n bytes in it, and one key is never divided.

use super::database::SlotTable;
use super::{Database, Keyspace, Slot};
use crate::limits::SLOT_COUNT;
use crate::rdb::FileWriter;
use crate::values::dense::Keyed;
use alloc::boxed::Box;
use alloc::vec::Vec;

const WORD_BITS: u16 = 64;

/// What a database still owes to the moment when it was frozen.
#[derive(Debug)]
pub(super) struct Frozen {
    /// The number that it had.
    number: u16,
    /// Every slot before this one has been written.
    next: u16,
    /// A bit for each slot that has been written.
    written: [u64; (SLOT_COUNT / WORD_BITS) as usize],
    /// What was written ahead.
    ahead: Vec<u8>,
    file: FileWriter,
}

impl Frozen {
    fn new(number: u16, database: &Database) -> Self {
        let written = [0; (SLOT_COUNT / WORD_BITS) as usize];
        let mut frozen = Self { number, next: 0, written, ahead: Vec::new(), file: FileWriter::new() };
        frozen.file.select(&mut frozen.ahead, number);
        frozen.file.sizes(&mut frozen.ahead, database.len(), database.dated_len());
        frozen
    }

    /// Writes a slot, unless that has been done.
    pub(super) fn write(&mut self, slot: Slot, table: Option<&SlotTable>) {
        let word = &mut self.written[usize::from(slot.0 / WORD_BITS)];
        let bit = 1 << (slot.0 % WORD_BITS);
        let is_new = *word & bit == 0;
        *word |= bit;
        let Some(table) = table.filter(|table| is_new && !table.table.is_empty()) else { return };
        self.file.select(&mut self.ahead, self.number);
        for entry in table.table.iter() {
            let deadline = entry.deadline().time().map(|time| time.0);
            self.file.record(&mut self.ahead, entry.key(), &entry.value, deadline);
        }
    }
}

impl Database {
    /// Appends about `len` bytes of the frozen data, as a part of a file. False when there is no more.
    fn thaw(&mut self, out: &mut Vec<u8>, file: &mut FileWriter, len: usize) -> bool {
        let Some(mut frozen) = self.frozen.take() else { return false };
        while frozen.next < SLOT_COUNT && frozen.ahead.len() < len {
            let slot = Slot(frozen.next);
            frozen.next += 1;
            frozen.write(slot, self.slot(slot));
        }
        file.take_over(&mut frozen.file, out.len());
        out.append(&mut frozen.ahead);
        if frozen.next < SLOT_COUNT {
            self.frozen = Some(frozen);
        }
        self.frozen.is_some()
    }
}

impl Keyspace {
    /// Freezes every database that has keys.
    pub fn freeze(&mut self) {
        self.melt();
        for (number, database) in (0..).zip(&mut self.databases) {
            if !database.is_empty() {
                database.frozen = Some(Box::new(Frozen::new(number, database)));
            }
        }
    }

    /// Appends about `len` bytes of the frozen data, as a part of a file, unless there are no more; false then.
    pub fn thaw(&mut self, out: &mut Vec<u8>, file: &mut FileWriter, len: usize) -> bool {
        let end = out.len().saturating_add(len);
        for database in self.emptied.iter_mut().chain(&mut self.databases) {
            while database.frozen.is_some() {
                let left = end.saturating_sub(out.len());
                if left == 0 {
                    return true;
                }
                database.thaw(out, file, left);
            }
        }
        self.bury_emptied();
        false
    }

    /// Forgets the frozen data.
    pub fn melt(&mut self) {
        self.bury_emptied();
        self.databases.iter_mut().for_each(|database| database.frozen = None);
    }

    /// Empties a database. What of it is frozen is kept until it has been written.
    pub(super) fn empty(&mut self, db: super::DbIndex) {
        self.deadlines.forget(db);
        let database = self.database_mut(db);
        let fresh = Database::new(database.seed().clone());
        let old = core::mem::replace(database, fresh);
        if old.frozen.is_some() {
            self.emptied.push(old);
        } else {
            self.graveyard.bury(old);
        }
    }

    fn bury_emptied(&mut self) {
        for database in self.emptied.drain(..) {
            self.graveyard.bury(database);
        }
    }
}
