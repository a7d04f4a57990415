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
mod eviction;
mod expiry;
mod freeze;
mod graveyard;
mod key;
mod load;
mod reader;
mod signature;
mod slot;
mod snapshot;
mod writer;

pub use access::{Access, AccessClock};
pub use database::{Database, Entry};
pub use deadlines::Deadlines;
pub use digest::Digest;
pub use eviction::EvictionPool;
pub use expiry::Expired;
pub use reader::{Lookups, Reader, Visible};
pub use signature::Signature;
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
    /// What was emptied and is still to be freed.
    graveyard: graveyard::Graveyard,
    /// The database with entries that may be changing just now, if any.
    unsettled: Option<DbIndex>,
}

impl Keyspace {
    /// Empty databases.
    pub fn new(databases: u16, seed: &TableSeed) -> Self {
        Self {
            databases: (0..databases).map(|_| Database::new(seed.clone())).collect(),
            deadlines: Deadlines::default(),
            emptied: Vec::new(),
            graveyard: graveyard::Graveyard::default(),
            unsettled: None,
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

    /// The bytes that all keys and what they hold take, as the store counts them.
    pub fn size(&self) -> u64 {
        self.databases.iter().map(Database::size).sum()
    }

    /// An entry to be changed.
    fn hand_out(&mut self, db: DbIndex, place: database::Place) -> &mut Entry {
        if self.unsettled.is_some_and(|other| other != db) {
            self.settle_sizes();
        }
        self.unsettled = Some(db);
        self.database_mut(db).hand_out(place)
    }

    /// Counts what has been changed as it is now: after every request.
    #[inline]
    pub fn settle_sizes(&mut self) {
        if let Some(db) = self.unsettled.take() {
            self.database_mut(db).settle_sizes();
        }
    }

    /// Removes a key, without an effect.
    pub(crate) fn remove(&mut self, db: DbIndex, key: &[u8]) -> Option<Entry> {
        self.database_mut(db).remove(key)
    }

    /// Puts the data of another keyspace, of as many databases, in the place of all that is here.
    pub(crate) fn replace_databases(&mut self, other: Self) {
        self.settle_sizes();
        self.deadlines = other.deadlines;
        for database in core::mem::replace(&mut self.databases, other.databases) {
            self.graveyard.bury(database);
        }
    }

    fn database_mut(&mut self, index: DbIndex) -> &mut Database {
        match self.databases.get_mut(usize::from(index.0)) {
            Some(database) => database,
            None => unreachable!("a database's index is checked where it comes in"),
        }
    }
}
