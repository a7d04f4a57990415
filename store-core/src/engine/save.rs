//! The whole store as an RDB file: saving it while it is used, and loading it.
//!
//! A host saves in pieces: [`Engine::begin_save`] marks the moment, [`Engine::save`] gives the next piece of the data of
//! that moment, and requests may be executed in between. [`Save::seal`] does what needs no engine: it compresses strings
//! and adds up the checksum, which takes longer than all the rest.

use super::{Engine, SessionId, Wait, history};
use crate::clock::{Deadline, Millis};
use crate::config::{Config, REDIS_VERSION};
use crate::effects::Lsn;
use crate::error::Error as ClientError;
use crate::keyspace::Keyspace;
use crate::random::HashSeed;
use crate::rdb::{Error, ErrorKind, FileWriter, Forms, Item, Reader, Record, Source};
use crate::reply::ReplyBuffer;
use crate::spec::Command;
use crate::values::ValueType;
use crate::values::bytes::SmallBytes;
use crate::values::dense::Keyed;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The field of a file that tells the number of the last effect in it.
const LSN_FIELD: &str = "redstart-lsn";

/// The field of a file that tells when it was begun, in seconds since 1970.
const TIME_FIELD: &str = "ctime";

/// The field of a file that tells something of the histories of channels.
const HISTORY_FIELD: &str = "redstart-history";

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It stands for itself.
    Copy,
    /// A log goes on behind it.
    LogBase,
    /// It leaves the machine, and no client of the store has asked for it.
    Backup,
}

impl Purpose {
    /// Every purpose.
    pub(crate) const ALL: [Self; 3] = [Self::Copy, Self::LogBase, Self::Backup];
}

/// A file in the making.
#[derive(Debug)]
pub struct Save {
    file: FileWriter,
    stage: Stage,
    now: Millis,
    purpose: Purpose,
    last: Lsn,
    /// The libraries of functions at the moment that is saved.
    libraries: Vec<SmallBytes>,
    /// The histories of channels at that moment.
    history: history::Snapshot,
}

/// Whether files are in the making, and who waits for them. One is written at a time.
#[derive(Debug, Default)]
pub(crate) struct Saving {
    copy: Files,
    base: Files,
    backup: Files,
    /// When the file that is in the making was begun.
    begun: Option<Millis>,
    /// Those who wait for the copy.
    waiting: Vec<SessionId>,
}

/// The files of one purpose.
#[derive(Debug, Default)]
pub(crate) struct Files {
    progress: Progress,
    /// How many were completed.
    pub(crate) completed: u64,
    /// How long the last one took.
    pub(crate) last_seconds: Option<i64>,
    /// How many have failed since one was completed.
    pub(crate) failures: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Progress {
    #[default]
    Idle,
    /// A client has asked for it.
    Asked,
    Running,
}

impl Files {
    /// How the last one ended, in Redis's word.
    pub(crate) const fn last_status(&self) -> &'static str {
        if self.failures > 0 { "err" } else { "ok" }
    }
}

impl Saving {
    /// Whether a file of a kind is in the making or asked for.
    pub(crate) fn is_wanted(&self, purpose: Purpose) -> bool {
        self.of(purpose).progress != Progress::Idle
    }

    /// Whether a file of a kind is in the making.
    pub(crate) fn is_running(&self, purpose: Purpose) -> bool {
        self.of(purpose).progress == Progress::Running
    }

    /// Whether a file of another kind is in the making.
    pub(crate) fn is_busy_with_other(&self, purpose: Purpose) -> bool {
        Purpose::ALL.into_iter().any(|other| other != purpose && self.is_running(other))
    }

    /// How many seconds ago a file of a kind was begun that is in the making.
    pub(crate) fn running_seconds(&self, purpose: Purpose, now: Millis) -> Option<i64> {
        self.begun.filter(|_| self.is_running(purpose)).map(|begun| now.0.saturating_sub(begun.0) / 1000)
    }

    /// The files of a purpose.
    pub(crate) const fn of(&self, purpose: Purpose) -> &Files {
        match purpose {
            Purpose::Copy => &self.copy,
            Purpose::LogBase => &self.base,
            Purpose::Backup => &self.backup,
        }
    }

    const fn of_mut(&mut self, purpose: Purpose) -> &mut Files {
        match purpose {
            Purpose::Copy => &mut self.copy,
            Purpose::LogBase => &mut self.base,
            Purpose::Backup => &mut self.backup,
        }
    }

    fn begin(&mut self, now: Millis, purpose: Purpose) {
        self.begun = Some(now);
        self.of_mut(purpose).progress = Progress::Running;
    }

    /// Notes that a file is complete and when, or that it has been given up.
    fn end(&mut self, purpose: Purpose, completed: Option<Millis>) {
        let begun = self.begun.take();
        let files = self.of_mut(purpose);
        files.progress = Progress::Idle;
        let Some(completed) = completed else {
            files.failures += 1;
            return;
        };
        files.completed += 1;
        files.failures = 0;
        files.last_seconds = begun.map(|begun| completed.0.saturating_sub(begun.0) / 1000);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Head,
    Histories,
    Keys,
    End,
    Sealed,
}

impl Save {
    /// The number of the last effect that the file has.
    pub const fn last(&self) -> Lsn {
        self.last
    }

    /// Appends the next histories; false when there are no more.
    fn histories(&mut self, out: &mut Vec<u8>, len: usize) -> bool {
        while out.len() < len {
            let Some(record) = self.history.next() else { return false };
            self.file.aux(out, HISTORY_FIELD, &record);
        }
        true
    }

    /// Completes a piece, which may become shorter: every piece has to come by here once, in order, and nothing else.
    pub fn seal(&mut self, piece: &mut Vec<u8>) {
        self.file.sum(piece);
        if self.stage == Stage::End {
            self.stage = Stage::Sealed;
            self.file.end(piece);
        }
    }
}

/// What a file held.
#[derive(Debug)]
pub struct LoadedFile<S> {
    /// How many keys.
    pub keys: u64,
    /// Its length.
    pub bytes: u64,
    /// The number of the last effect in it, if the file tells.
    pub last: Option<Lsn>,
    /// What came behind its end so far.
    pub rest: Vec<u8>,
    /// Where more of that may come from.
    pub source: S,
}

impl Engine {
    /// Marks the moment whose data is to be saved. None while another file is in the making.
    pub fn begin_save(&mut self, now: Millis, purpose: Purpose) -> Option<Save> {
        if Purpose::ALL.into_iter().any(|purpose| self.saving.is_running(purpose)) {
            return None;
        }
        self.saving.begin(now, purpose);
        self.keyspace.freeze();
        Some(self.new_save(now, purpose))
    }

    fn new_save(&self, now: Millis, purpose: Purpose) -> Save {
        Save {
            file: FileWriter::new(),
            stage: Stage::Head,
            now,
            purpose,
            last: self.effects.last(),
            libraries: self.library_codes().map(SmallBytes::from).collect(),
            history: self.history.snapshot(),
        }
    }

    /// Appends the next piece, of about `len` bytes, to an empty `out`; false when it is the last. The caller seals it.
    pub fn save(&mut self, save: &mut Save, out: &mut Vec<u8>, len: usize) -> bool {
        if save.stage == Stage::Head {
            self.save_head(save, out);
        }
        if save.stage == Stage::Histories && !save.histories(out, len) {
            save.stage = Stage::Keys;
        }
        if save.stage == Stage::Keys && !self.keyspace.thaw(out, &mut save.file, len) {
            save.stage = Stage::End;
        }
        save.stage != Stage::End
    }

    /// Says that the file of this purpose is complete and when, or why it has been given up. Those who wait for it are
    /// answered, and another one may begin.
    pub fn end_save(&mut self, purpose: Purpose, result: Result<Millis, String>) {
        self.keyspace.melt();
        self.saving.end(purpose, result.as_ref().ok().copied());
        if purpose == Purpose::Copy {
            self.answer_saved(result);
        }
    }

    fn answer_saved(&mut self, result: Result<Millis, String>) {
        let error = match result {
            Ok(time) => {
                self.last_save = Some(time);
                None
            }
            Err(reason) => Some(ClientError::detail(format!("ERR failed to {reason}"))),
        };
        for session in core::mem::take(&mut self.saving.waiting) {
            self.release_blocked(session, error.as_ref());
        }
    }

    /// Notes that a client wants a file. False when one of that purpose is wanted already.
    pub(crate) fn ask_for_save(&mut self, purpose: Purpose) -> bool {
        let free = !self.saving.is_wanted(purpose);
        if free {
            self.saving.of_mut(purpose).progress = Progress::Asked;
        }
        free
    }

    /// Lets a session wait for the file that it has asked for.
    pub(crate) fn await_save(&mut self, now: Millis, session: SessionId, command: &'static Command) {
        let wait = Wait { on_timeout: ReplyBuffer::ok, ..Wait::for_any(&[], ValueType::String, None) };
        self.block(now, session, command, &[], wait);
        self.saving.waiting.push(session);
    }

    fn save_head(&self, save: &mut Save, out: &mut Vec<u8>) {
        let Save { file, now, purpose, last, libraries, .. } = save;
        file.begin(out);
        file.aux(out, "redis-ver", REDIS_VERSION.as_bytes());
        file.aux(out, "redis-bits", b"64");
        let mut digits = itoa::Buffer::new();
        file.aux(out, TIME_FIELD, digits.format(now.0.div_euclid(1000)).as_bytes());
        file.aux(out, LSN_FIELD, digits.format(last.0).as_bytes());
        file.aux(out, "aof-base", if *purpose == Purpose::LogBase { b"1" } else { b"0" });
        libraries.iter().for_each(|library| file.library(out, library));
        save.stage = Stage::Histories;
    }

    /// The databases and how many keys they have.
    pub fn database_sizes(&self) -> impl Iterator<Item = (u16, usize)> {
        self.keyspace.databases().map(|(db, database)| (db.0, database.len()))
    }

    /// The whole file at once.
    pub fn encode(&self, now: Millis) -> Vec<u8> {
        let mut save = self.new_save(now, Purpose::Copy);
        let mut out = Vec::new();
        self.save_head(&mut save, &mut out);
        save.histories(&mut out, usize::MAX);
        for (db, database) in self.keyspace.databases().filter(|(_, database)| !database.is_empty()) {
            save.file.select(&mut out, db.0);
            save.file.sizes(&mut out, database.len(), database.dated_len());
            for entry in database.entries() {
                let deadline = entry.deadline().time().map(|time| time.0);
                save.file.record(&mut out, entry.key(), &entry.value, deadline);
            }
        }
        save.stage = Stage::End;
        save.seal(&mut out);
        out
    }

    /// The moment that a file of ours holds, from its head: its last effect, if it tells, and the time to the second.
    ///
    /// # Errors
    /// When it is no such file.
    pub fn moment_of<S: Source>(source: S) -> Result<(Option<Lsn>, Millis), Error> {
        let (config, seed) = (Config::default(), HashSeed(0).into());
        let (mut last, mut seconds) = (None, 0);
        let mut reader = Reader::new(source, Forms { config: &config, seed: &seed })?;
        while let Some(Item::Aux(name, value)) = reader.read()? {
            if *name == *HISTORY_FIELD.as_bytes() {
                break;
            }
            let number = crate::number::parse_u64(&value);
            if *name == *LSN_FIELD.as_bytes() {
                last = number.map(Lsn);
            } else if *name == *TIME_FIELD.as_bytes() {
                seconds = number.and_then(|seconds| i64::try_from(seconds).ok()).unwrap_or(0);
            }
        }
        Ok((last, Millis(seconds.saturating_mul(1000))))
    }

    /// Puts the data of a file in the place of all that is there. No effect tells of it, and sessions are not looked at:
    /// a host loads before it serves.
    ///
    /// # Errors
    /// What is wrong with the file, and then nothing has changed.
    pub fn load<S: Source>(&mut self, source: S) -> Result<LoadedFile<S>, Error> {
        let mut keyspace = Keyspace::new(self.config.databases, &self.seed);
        let (mut libraries, mut history) = (Vec::new(), self.history.fresh());
        let (mut keys, mut last) = (0, None);
        let mut reader = Reader::new(source, Forms { config: &self.config, seed: &self.seed })?;
        while let Some(item) = reader.read()? {
            let added = match item {
                Item::Aux(name, value) if *name == *LSN_FIELD.as_bytes() => {
                    last = crate::number::parse_u64(&value).map(Lsn);
                    Ok(())
                }
                Item::Aux(name, value) if *name == *HISTORY_FIELD.as_bytes() => {
                    history.restore_record(&value);
                    Ok(())
                }
                Item::Aux(..) | Item::EmptyKey => Ok(()),
                Item::Library(code) => {
                    libraries.push(code);
                    Ok(())
                }
                Item::Record(record) => {
                    keys += 1;
                    add(&mut keyspace, record)
                }
            };
            added.map_err(|kind| Error { offset: reader.offset(), kind })?;
        }
        keyspace.settle_sizes();
        let bytes = reader.offset();
        let (rest, source) = reader.into_rest();
        let offset = bytes;
        self.set_libraries(&libraries).map_err(|kind| Error { offset, kind })?;
        self.keyspace = keyspace;
        self.history = history;
        Ok(LoadedFile { keys, bytes, last, rest, source })
    }
}

fn add(keyspace: &mut Keyspace, record: Record) -> Result<(), ErrorKind> {
    let Record { db, key, value, deadline_ms, .. } = record;
    let index = i64::try_from(db).ok().and_then(|number| keyspace.database_index(number));
    let index = index.ok_or(ErrorKind::Database(db))?;
    let deadline = deadline_ms.map_or(Deadline::NEVER, |time| Deadline::at(Millis(time)));
    if keyspace.add(index, &key, value, deadline) { Ok(()) } else { Err(ErrorKind::DuplicateKey) }
}

#[cfg(test)]
mod tests;
