//! What a reading command may do: see the live entries of one database.

use super::{AccessClock, Database, DbIndex, Entry, Keyspace};
use crate::acl::User;
use crate::clock::{Deadline, Millis};
use crate::config::{Config, Dialect};
use crate::error::Error;
use crate::random::Random;
use crate::values::dense::TableSeed;
use crate::values::hash::{Hash, Live};
use crate::values::{Typed, Value};
use core::cell::{Cell, RefCell};

/// Sees one database at one point in time. Expired keys are not there.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    pub(crate) keyspace: &'a Keyspace,
    pub(crate) config: &'a Config,
    pub(crate) seed: &'a TableSeed,
    pub(crate) random: &'a RefCell<Random>,
    pub(crate) access: AccessClock<'a>,
    /// Counts what is looked up, where a reading command asks.
    pub(crate) lookups: Option<&'a Lookups>,
    /// Whose permissions say which keys are shown, if anybody's.
    pub(crate) viewer: Option<&'a User>,
    pub(crate) dialect: Dialect,
    pub(crate) db: DbIndex,
    pub(crate) now: Millis,
}

/// How often reading commands looked for a key, by whether it was there.
#[derive(Clone, Debug, Default)]
pub struct Lookups {
    hits: Cell<u64>,
    misses: Cell<u64>,
}

impl Lookups {
    fn count(&self, found: bool) {
        let counter = if found { &self.hits } else { &self.misses };
        counter.update(|count| count + 1);
    }

    /// How often it was there.
    pub const fn hits(&self) -> u64 {
        self.hits.get()
    }

    /// How often it was not.
    pub const fn misses(&self) -> u64 {
        self.misses.get()
    }
}

/// Whether entries whose deadline has passed are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visible {
    /// Only entries that a client may see.
    Live,
    /// Every entry that is still there.
    All,
}

impl<'a> Reader<'a> {
    /// Whether the rules of Upstash hold where they differ.
    pub(crate) fn is_upstash(&self) -> bool {
        self.dialect == Dialect::Upstash
    }

    /// The time of the request.
    pub const fn now(&self) -> Millis {
        self.now
    }

    /// The parameters.
    pub const fn config(&self) -> &'a Config {
        self.config
    }

    /// The seed for new tables.
    pub const fn seed(&self) -> &'a TableSeed {
        self.seed
    }

    /// The whole keyspace.
    pub const fn keyspace(&self) -> &'a Keyspace {
        self.keyspace
    }

    /// The database that is read, expired entries included.
    pub fn database(&self) -> &'a Database {
        self.keyspace.database(self.db)
    }

    /// The same reader on another database.
    pub const fn on(&self, db: DbIndex) -> Self {
        Self { db, ..*self }
    }

    /// The number of the database.
    pub const fn db(&self) -> DbIndex {
        self.db
    }

    /// The live entry of a key, without counting as a use of it.
    #[inline]
    pub fn entry(&self, key: &[u8]) -> Option<&'a Entry> {
        self.database().entry(key).filter(|entry| self.is_live(entry))
    }

    /// The live entry of a key, found or missed for `INFO`.
    #[inline]
    fn look_up(&self, key: &[u8]) -> Option<&'a Entry> {
        let entry = self.entry(key);
        if let Some(lookups) = self.lookups {
            lookups.count(entry.is_some());
        }
        entry
    }

    /// What a key holds, without counting as a use of it.
    pub fn value(&self, key: &[u8]) -> Option<&'a Value> {
        self.look_up(key).map(|entry| &entry.value)
    }

    /// What a key holds, if it is of the type that the command works on. Counts as a use of the key.
    ///
    /// # Errors
    /// [`Error::WrongType`].
    #[inline]
    pub fn get<T: Typed>(&self, key: &[u8]) -> Result<Option<&'a T>, Error> {
        self.touch(key).map(|entry| T::of(&entry.value).ok_or(Error::WrongType)).transpose()
    }

    /// The live entry of a key, which counts as used.
    #[inline]
    pub fn touch(&self, key: &[u8]) -> Option<&'a Entry> {
        let entry = self.look_up(key)?;
        self.access.record(entry.access(), self.random);
        Some(entry)
    }

    /// What records of uses mean now.
    pub const fn access(&self) -> &AccessClock<'a> {
        &self.access
    }

    /// The hash that a key holds, without the fields that have expired.
    ///
    /// # Errors
    /// [`Error::WrongType`].
    #[inline]
    pub fn hash(&self, key: &[u8]) -> Result<Option<Live<'a>>, Error> {
        Ok(self.get::<Hash>(key)?.map(|hash| hash.live(self.now)))
    }

    /// Whether a key is there.
    pub fn contains(&self, key: &[u8]) -> bool {
        self.look_up(key).is_some()
    }

    /// Whether the client may learn that there is this key.
    pub fn shows(&self, key: &[u8]) -> bool {
        self.viewer.is_none_or(|user| user.may_read(key))
    }

    /// Whether an entry has not expired.
    #[inline]
    pub fn is_live(&self, entry: &Entry) -> bool {
        entry.is_live(self.now)
    }

    /// When a live key expires.
    pub fn deadline(&self, key: &[u8]) -> Option<Deadline> {
        self.look_up(key).map(Entry::deadline)
    }

    /// Uses the store's dice.
    pub fn with_random<T>(&self, roll: impl FnOnce(&mut Random) -> T) -> T {
        roll(&mut self.random.borrow_mut())
    }

    /// A uniform index into `len` elements.
    ///
    /// # Panics
    /// When `len` is zero.
    pub fn random_index(&self, len: usize) -> usize {
        self.with_random(|random| random.index(len))
    }
}
