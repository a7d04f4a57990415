//! The keyspace: numbered databases of keys with values and deadlines.
//!
//! Each database is split into one small dense table per hash slot (CRC16 of the key or of its `{tag}`, 16,384
//! slots). Growth therefore never touches more than one small table, and a slot can be moved whole.
//! Counting the keys of groups of slots makes a random key and a scan cheap whatever the number of keys.
//!
//! A key whose deadline has passed is invisible at once ([`Reader`], [`Writer`]), but its entry stays until an
//! effect removes it, so that a replay of the effects sees the same thing. A slot knows the earliest deadline of
//! its keys, and the keyspace keeps the slots in order of it: 8 bytes a key and nothing else pay for expiry.
//!
//! This module knows nothing of commands and clients.

mod access;
mod database;
mod deadlines;
mod digest;
mod expiry;
mod freeze;
mod key;
mod load;
mod reader;
mod slot;
mod snapshot;
mod writer;

pub use access::{Access, AccessClock};
pub use database::{Database, Entry};
pub use deadlines::Deadlines;
pub use digest::Digest;
pub use expiry::Expired;
pub use reader::{Reader, Visible};
pub use slot::{Slot, slot_of};
pub use snapshot::SnapshotCursor;
pub use writer::{Expiry, Writer};

use crate::values::dense::TableSeed;
use alloc::vec::Vec;

/// The number of a database, as `SELECT` takes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DbIndex(pub u16);

/// All databases of a store.
#[derive(Debug)]
pub struct Keyspace {
    databases: Vec<Database>,
    deadlines: Deadlines,
    /// Databases that were emptied before what is frozen of them was written.
    emptied: Vec<Database>,
}

impl Keyspace {
    /// Empty databases.
    pub fn new(databases: u16, seed: &TableSeed) -> Self {
        Self {
            databases: (0..databases).map(|_| Database::new(seed.clone())).collect(),
            deadlines: Deadlines::default(),
            emptied: Vec::new(),
        }
    }

    /// The number of databases.
    pub fn database_count(&self) -> u16 {
        u16::try_from(self.databases.len()).unwrap_or(u16::MAX)
    }

    /// The number of a database, if there is one of this number.
    pub fn database_index(&self, number: i64) -> Option<DbIndex> {
        u16::try_from(number).ok().filter(|index| usize::from(*index) < self.databases.len()).map(DbIndex)
    }

    /// A database.
    pub fn database(&self, index: DbIndex) -> &Database {
        match self.databases.get(usize::from(index.0)) {
            Some(database) => database,
            None => unreachable!("a database's index is checked where it comes in"),
        }
    }

    /// The databases in order of their numbers.
    pub fn databases(&self) -> impl Iterator<Item = (DbIndex, &Database)> {
        (0..).map(DbIndex).zip(&self.databases)
    }

    /// The slot with the earliest deadline, and that deadline.
    pub fn next_deadline(&self) -> Option<crate::clock::Millis> {
        self.deadlines.first().map(|(time, _, _)| time)
    }

    fn database_mut(&mut self, index: DbIndex) -> &mut Database {
        match self.databases.get_mut(usize::from(index.0)) {
            Some(database) => database,
            None => unreachable!("a database's index is checked where it comes in"),
        }
    }
}
