//! What a writing command may do: change one database, and say what it changed.
//!
//! Parse, check, then touch: a command that can still fail has not called anything here that changes data.
//! Every change is followed by an effect that repeats it.

use super::database::{Place, Vacancy};
use super::{AccessClock, Database, DbIndex, Entry, Keyspace, Reader};
use crate::clock::{Deadline, Millis};
use crate::config::{Config, Dialect};
use crate::effects::{Effects, Event};
use crate::error::Error;
use crate::random::Random;
use crate::values::dense::TableSeed;
use crate::values::hash::Live;
use crate::values::{Typed, Value};
use core::cell::RefCell;

/// What becomes of a key's deadline when its value is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// It stays.
    Keep,
    /// It becomes this one (or none, [`Deadline::NEVER`]).
    Set(Deadline),
}

/// Changes one database at one point in time.
#[derive(Debug)]
pub struct Writer<'a> {
    pub(crate) keyspace: &'a mut Keyspace,
    pub(crate) effects: &'a mut Effects,
    pub(crate) config: &'a Config,
    pub(crate) seed: &'a TableSeed,
    pub(crate) random: &'a RefCell<Random>,
    pub(crate) access: AccessClock<'a>,
    pub(crate) dialect: Dialect,
    pub(crate) db: DbIndex,
    pub(crate) now: Millis,
}

impl<'a> Writer<'a> {
    /// A view of the same database for what only reads.
    pub const fn reader(&self) -> Reader<'_> {
        Reader {
            viewer: None,
            keyspace: self.keyspace,
            config: self.config,
            seed: self.seed,
            random: self.random,
            access: self.access,
            lookups: None,
            dialect: self.dialect,
            db: self.db,
            now: self.now,
        }
    }

    /// Whether the rules of Upstash hold where they differ.
    pub(crate) fn is_upstash(&self) -> bool {
        self.dialect == Dialect::Upstash
    }

    /// The time of the request.
    pub const fn now(&self) -> Millis {
        self.now
    }

    /// The number of the database.
    pub const fn db(&self) -> DbIndex {
        self.db
    }

    /// The parameters. They may be held while values are changed.
    pub const fn config(&self) -> &'a Config {
        self.config
    }

    /// The seed for new tables. It may be held while values are changed.
    pub const fn seed(&self) -> &'a TableSeed {
        self.seed
    }

    /// A uniform index into `len` elements.
    ///
    /// # Panics
    /// When `len` is zero.
    pub fn random_index(&self, len: usize) -> usize {
        self.reader().random_index(len)
    }

    /// Runs `act` on another database.
    pub fn on<T>(&mut self, db: DbIndex, act: impl FnOnce(&mut Self) -> T) -> T {
        let own = core::mem::replace(&mut self.db, db);
        let result = act(self);
        self.db = own;
        result
    }

    /// Whether a key is there.
    pub fn contains(&self, key: &[u8]) -> bool {
        self.reader().contains(key)
    }

    /// What a key holds, if it is of the type that the command works on.
    ///
    /// # Errors
    /// [`Error::WrongType`].
    pub fn get<T: Typed>(&self, key: &[u8]) -> Result<Option<&T>, Error> {
        self.reader().get(key)
    }

    /// What a key holds, to be changed. Fields of a hash that have expired are removed first.
    ///
    /// # Errors
    /// [`Error::WrongType`], and then nothing was removed.
    pub fn get_mut<T: Typed>(&mut self, key: &[u8]) -> Result<Option<&mut T>, Error> {
        let now = self.now;
        let Ok(place) = self.database().find(key) else { return Ok(None) };
        let entry = self.database().at(place);
        if !entry.is_live(now) {
            return Ok(None);
        }
        let removed = T::MAY_EXPIRE_WITHIN && entry.has_expired_fields(now) && self.remove_expired_fields(key) > 0;
        debug_assert!(!removed || self.contains(key), "a live hash keeps a field, and its place");
        let entry = self.keyspace.hand_out(self.db, place);
        self.access.record(entry.access(), self.random);
        T::of_mut(&mut entry.value).map(Some).ok_or(Error::WrongType)
    }

    /// What a key holds, to be changed; made by `make` where the key is not there. What has expired is removed first.
    ///
    /// # Errors
    /// [`Error::WrongType`], and then nothing was made.
    pub fn get_or_insert_with<T: Typed>(&mut self, key: &[u8], make: impl FnOnce() -> T) -> Result<&mut T, Error> {
        let (place, added) = match self.find_usable::<T>(key) {
            Ok(place) => (place, false),
            Err(vacancy) => {
                let entry = Entry::new(key, make().into_value(), Deadline::NEVER);
                (self.keyspace.database_mut(self.db).insert(vacancy, entry), true)
            }
        };
        let entry = self.keyspace.hand_out(self.db, place);
        if added {
            self.effects.noted(self.db, Event::NEW, key);
            self.access.stamp(entry.access(), self.random);
        } else {
            self.access.record(entry.access(), self.random);
        }
        T::of_mut(&mut entry.value).ok_or(Error::WrongType)
    }

    /// Where a key is, or would be, once what has expired of it is removed.
    fn find_usable<T: Typed>(&mut self, key: &[u8]) -> Result<Place, Vacancy> {
        let found = self.database().find(key);
        let Ok(place) = found else { return found };
        let (entry, now) = (self.database().at(place), self.now);
        if !entry.is_live(now) {
            self.bury(key);
        } else if T::MAY_EXPIRE_WITHIN && entry.has_expired_fields(now) {
            self.remove_expired_fields(key);
        } else {
            return found;
        }
        self.database().find(key)
    }

    /// Replaces what a key holds, whatever its type. An expired key counts as absent: `Keep` keeps nothing then.
    pub fn set(&mut self, key: &[u8], value: Value, expiry: Expiry) {
        let mut found = self.database().find(key);
        if let (Ok(place), Expiry::Keep) = (found, expiry)
            && !self.database().at(place).is_live(self.now)
        {
            self.bury(key);
            found = self.database().find(key);
        }
        let next = match found {
            Ok(place) => self.overwrite(place, key, value, expiry),
            Err(vacancy) => self.add(vacancy, key, value, expiry),
        };
        if let Some(next) = next {
            self.schedule(key, next);
        }
    }

    /// Replaces the value of an entry. Gives when it, or something in it, expires.
    fn overwrite(&mut self, place: Place, key: &[u8], value: Value, expiry: Expiry) -> Option<Millis> {
        let database = self.keyspace.database_mut(self.db);
        let entry = database.replace_value(place, value);
        self.access.record(entry.access(), self.random);
        let before = entry.deadline;
        if let Expiry::Set(deadline) = expiry {
            entry.deadline = deadline;
        }
        let (after, next) = (entry.deadline, entry.next_deadline());
        database.count_deadline(before, after);
        if before.is_past(self.now) {
            self.effects.changed(self.db, Event::EXPIRED, key);
            self.effects.noted(self.db, Event::NEW, key);
        }
        next
    }

    /// Adds an entry. Gives when it, or something in it, expires.
    fn add(&mut self, vacancy: Vacancy, key: &[u8], value: Value, expiry: Expiry) -> Option<Millis> {
        let deadline = match expiry {
            Expiry::Keep => Deadline::NEVER,
            Expiry::Set(deadline) => deadline,
        };
        let entry = Entry::new(key, value, deadline);
        self.access.stamp(entry.access(), self.random);
        let next = entry.next_deadline();
        let database = self.keyspace.database_mut(self.db);
        database.insert(vacancy, entry);
        database.count_deadline(Deadline::NEVER, deadline);
        self.effects.noted(self.db, Event::NEW, key);
        next
    }

    /// Puts a value in the place of whatever a key held, as if that had been removed before: the key is new.
    pub fn replace(&mut self, key: &[u8], value: Value, deadline: Deadline) {
        if self.contains(key) {
            self.effects.noted(self.db, Event::NEW, key);
        }
        self.set(key, value, Expiry::Set(deadline));
    }

    /// Says when or how often a key was used before it came, whichever of the two the policy asks for.
    pub fn set_uses(&self, key: &[u8], idle_seconds: Option<i64>, frequency: Option<i64>) {
        let Some(entry) = self.database().entry(key).filter(|_| self.now != Millis::REPLAY) else { return };
        if self.config.eviction.policy.counts_uses() {
            let frequency = frequency.and_then(|frequency| u8::try_from(frequency).ok());
            frequency.into_iter().for_each(|frequency| entry.access().set_frequency(frequency, self.now));
        } else {
            let idle = idle_seconds.map(|idle| u32::try_from(idle).unwrap_or(u32::MAX));
            idle.into_iter().for_each(|idle| entry.access().set_idle_seconds(idle, self.now));
        }
    }

    /// Removes a live key and gives what it held.
    pub fn remove(&mut self, key: &[u8]) -> Option<Value> {
        if !self.contains(key) {
            return None;
        }
        self.keyspace.database_mut(self.db).remove(key).map(|entry| entry.value)
    }

    /// Removes a key whose collection has become empty, and says so to those who follow it. The effect that emptied
    /// the collection removes the key on replay too, so none is added.
    pub fn remove_if_empty<T: Typed>(&mut self, key: &[u8]) -> bool {
        let empty = matches!(self.get::<T>(key), Ok(Some(value)) if value.is_empty());
        if empty {
            self.remove(key);
            self.changed(Event::DEL, key);
        }
        empty
    }

    /// Gives a live key a deadline, or takes it away. False when the key is not there.
    pub fn set_deadline(&mut self, key: &[u8], deadline: Deadline) -> bool {
        let now = self.now;
        let entry = self.keyspace.database_mut(self.db).entry_mut(key).filter(|entry| entry.is_live(now));
        let Some(entry) = entry else { return false };
        let before = core::mem::replace(&mut entry.deadline, deadline);
        self.keyspace.database_mut(self.db).count_deadline(before, deadline);
        if let Some(time) = deadline.time() {
            self.schedule(key, time);
        }
        true
    }

    /// Removes every key of the database.
    pub fn clear(&mut self) {
        self.keyspace.empty(self.db);
    }

    /// Exchanges two databases.
    pub fn swap(&mut self, one: DbIndex, other: DbIndex) {
        self.keyspace.settle_sizes();
        self.keyspace.databases.swap(usize::from(one.0), usize::from(other.0));
        self.keyspace.deadlines.swap(one, other);
    }

    /// Says that a key changed, to those who follow it.
    pub fn changed(&mut self, event: Event, key: &[u8]) {
        self.effects.changed(self.db, event, key);
    }

    /// Adds an effect that changes no key that anyone could follow, or several whose changes are told apart.
    pub fn replicate(&mut self, words: &[&[u8]]) {
        self.effects.replicate(self.db, words);
    }

    /// Says that a key changed, and adds the command that repeats the change.
    pub fn effect(&mut self, event: Event, key: &[u8], words: &[&[u8]]) {
        self.changed(event, key);
        self.replicate(words);
    }

    /// Removes a key with its effect. False when it is not there.
    pub fn delete(&mut self, key: &[u8]) -> bool {
        let removed = self.remove(key).is_some();
        if removed {
            self.effect(Event::DEL, key, &[b"DEL", key]);
        }
        removed
    }

    /// Removes the entry of a key that has expired, with its effect, before another one takes its place.
    pub fn bury(&mut self, key: &[u8]) {
        let Some(entry) = self.database().entry(key).filter(|entry| !entry.is_live(self.now)) else { return };
        if entry.deadline.is_past(self.now) {
            self.keyspace.database_mut(self.db).remove(key);
            self.effect(Event::EXPIRED, key, &[b"DEL", key]);
        } else {
            self.remove_expired_fields(key);
        }
    }

    fn remove_expired_fields(&mut self, key: &[u8]) -> u64 {
        self.keyspace.remove_expired_fields(self.db, key, self.now, usize::MAX, self.effects)
    }

    /// The hash that a key holds, without the fields that have expired.
    ///
    /// # Errors
    /// [`Error::WrongType`].
    pub fn hash(&self, key: &[u8]) -> Result<Option<Live<'_>>, Error> {
        self.reader().hash(key)
    }

    /// The number of entries of the database, to decide when all of them have to be touched.
    pub fn database(&self) -> &Database {
        self.keyspace.database(self.db)
    }

    /// Sees to it that the key's slot is looked through at this time, when the key or a field of it expires.
    pub fn schedule(&mut self, key: &[u8], time: Millis) {
        self.keyspace.schedule(self.db, key, time);
    }
}
