//! A disk in memory that does what real ones do at the worst moment.
//!
//! A file has the contents that the process sees and those that are on the disk; what was written since the last sync is
//! between them. A power cut leaves any sectors of that, in any order; names likewise, until their folder is synced. A
//! sync that fails drops what it should have written, while the process goes on seeing it, and the next one succeeds.

use super::super::disk::{Disk, DiskFile, Mode};
use parking_lot::Mutex;
use redstart_core::random::Random;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const SECTOR_BYTES: usize = 512;

/// What goes wrong by itself.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Plan {
    /// The power goes at this operation.
    pub(super) power_cut_at: Option<u64>,
    /// From this operation on the disk is full, for so many of them.
    pub(super) full: Option<(u64, u64)>,
    /// This sync fails.
    pub(super) failed_sync: Option<u64>,
    /// Syncs of files with this in their names do nothing: a bug that has been planted.
    pub(super) skipped_sync: Option<&'static str>,
    /// Syncs of folders do nothing: another one.
    pub(super) skipped_folder_sync: bool,
}

#[derive(Clone, Debug)]
enum Change {
    Write { offset: u64, bytes: Vec<u8> },
    Cut(u64),
}

#[derive(Clone, Debug, Default)]
struct Contents {
    seen: Vec<u8>,
    kept: Vec<u8>,
    unsynced: Vec<Change>,
}

#[derive(Debug)]
struct State {
    names: BTreeMap<PathBuf, usize>,
    /// The names after each change of them since the folder was synced; the first is what the disk has for sure.
    name_history: Vec<BTreeMap<PathBuf, usize>>,
    files: Vec<Contents>,
    plan: Plan,
    operations: u64,
    syncs: u64,
    random: Random,
}

/// The disk.
#[derive(Clone, Debug)]
pub(super) struct FaultyDisk(Arc<Mutex<State>>);

#[derive(Debug)]
struct FaultyFile {
    disk: FaultyDisk,
    name: String,
    file: usize,
}

fn failed(what: &str) -> io::Error {
    io::Error::other(what.to_owned())
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Cut(len) => bytes.resize(*len as usize, 0),
        Change::Write { offset, bytes: new } => {
            let (from, to) = (*offset as usize, *offset as usize + new.len());
            bytes.resize(bytes.len().max(to), 0);
            bytes[from..to].copy_from_slice(new);
        }
    }
}

impl State {
    /// Counts an operation, unless the power has gone.
    fn step(&mut self) -> io::Result<()> {
        self.operations += 1;
        match self.plan.power_cut_at {
            Some(at) if self.operations >= at => Err(failed("the power has gone")),
            _ => Ok(()),
        }
    }

    fn is_full(&self) -> bool {
        self.plan.full.is_some_and(|(from, count)| (from..from + count).contains(&self.operations))
    }

    /// Whether a sync is to fail.
    fn sync_fails(&mut self) -> bool {
        self.syncs += 1;
        self.plan.failed_sync == Some(self.syncs)
    }

    fn rename(&mut self, change: impl FnOnce(&mut BTreeMap<PathBuf, usize>)) {
        change(&mut self.names);
        self.name_history.push(self.names.clone());
    }

    /// Puts some of what was not synced on the disk: each sector as it was at some time since, and the length likewise.
    fn scatter(&mut self, file: usize) {
        let Self { files, random, .. } = self;
        let contents = &mut files[file];
        let mut versions = vec![contents.kept.clone()];
        for change in std::mem::take(&mut contents.unsynced) {
            // Lengths come to the disk in order, so nothing later is there without this one.
            if matches!(change, Change::Cut(_)) && random.index(2) == 0 {
                break;
            }
            let mut next = versions[versions.len() - 1].clone();
            apply(&mut next, &change);
            if matches!(change, Change::Cut(_)) {
                versions.clear();
            }
            versions.push(next);
        }
        contents.kept = vec![0; versions[random.index(versions.len())].len()];
        for (number, sector) in contents.kept.chunks_mut(SECTOR_BYTES).enumerate() {
            let version = versions[random.index(versions.len())].get(number * SECTOR_BYTES..).unwrap_or_default();
            let len = version.len().min(sector.len());
            sector[..len].copy_from_slice(&version[..len]);
        }
    }
}

impl FaultyDisk {
    pub(super) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            names: BTreeMap::new(),
            name_history: vec![BTreeMap::new()],
            files: Vec::new(),
            plan: Plan::default(),
            operations: 0,
            syncs: 0,
            random: Random::new(seed),
        })))
    }

    /// Begins to count operations anew, with another plan.
    pub(super) fn set_plan(&self, plan: Plan) {
        let mut state = self.0.lock();
        (state.plan, state.operations, state.syncs) = (plan, 0, 0);
    }

    /// The power goes, and comes back.
    pub(super) fn cut_power(&self) {
        let mut state = self.0.lock();
        let count = state.name_history.len();
        let survivor = state.random.index(count);
        let names = state.name_history.swap_remove(survivor);
        (state.names, state.name_history) = (names.clone(), vec![names]);
        for file in 0..state.files.len() {
            state.scatter(file);
            state.files[file].seen = state.files[file].kept.clone();
        }
    }

    /// Flips a bit of what is on the disk.
    pub(super) fn flip_bit(&self) {
        self.change_file(|random, bytes| {
            let (at, bit) = (random.index(bytes.len()), random.index(8));
            bytes[at] ^= 1 << bit;
        });
    }

    /// Changes a few parts of a file as nobody would who knows what it is. Its first line stays where that says whose file
    /// it is: without it and all other checksums, it is the file of a Redis.
    pub(super) fn garble(&self) {
        self.change_file(|random, bytes| {
            for _ in 0..1 + random.index(4) {
                let is_line = |byte: &u8| *byte == b'\n';
                let start =
                    if bytes.starts_with(b"#") { bytes.iter().position(is_line).map_or(0, |at| at + 1) } else { 0 };
                let Some(len) = bytes.len().checked_sub(start).filter(|len| *len > 0) else { return };
                let at = start + random.index(len);
                let end = (at + 1 + random.index(40)).min(bytes.len());
                match random.index(5) {
                    0 => bytes[at] = b"\0\r\n#*$0159-:\xff"[random.index(13)],
                    1 => bytes[at..end].reverse(),
                    2 => drop(bytes.drain(at..end)),
                    3 => drop(bytes.splice(at..at, bytes[at..end].to_vec())),
                    _ => bytes.truncate(at),
                }
            }
        });
    }

    /// Changes what is on the disk of a file that is not empty, if there is one.
    fn change_file(&self, change: impl FnOnce(&mut Random, &mut Vec<u8>)) {
        let mut state = self.0.lock();
        let State { random, names, files, .. } = &mut *state;
        let names: Vec<usize> = names.values().copied().filter(|file| !files[*file].seen.is_empty()).collect();
        if !names.is_empty() {
            let file = names[random.index(names.len())];
            change(random, &mut files[file].seen);
        }
    }
}

impl Disk for FaultyDisk {
    fn open(&self, path: &Path, mode: Mode) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.0.lock();
        state.step()?;
        let found = state.names.get(path).copied();
        let file = match (found, mode) {
            (None, Mode::Read | Mode::Write) => return Err(ErrorKind::NotFound.into()),
            (None, Mode::Create) if state.is_full() => return Err(ErrorKind::StorageFull.into()),
            (None, Mode::Create) => {
                state.files.push(Contents::default());
                let file = state.files.len() - 1;
                state.rename(|names| names.extend([(path.to_owned(), file)]));
                file
            }
            (Some(file), Mode::Create) => {
                state.files[file].seen.clear();
                state.files[file].unsynced.push(Change::Cut(0));
                file
            }
            (Some(file), _) => file,
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Box::new(FaultyFile { disk: self.clone(), name, file }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.0.lock();
        state.step()?;
        let file = state.names.get(from).copied().ok_or(ErrorKind::NotFound)?;
        state.rename(|names| {
            names.remove(from);
            names.insert(to.to_owned(), file);
        });
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.0.lock();
        state.step()?;
        state.rename(|names| names.retain(|name, _| name != path));
        Ok(())
    }

    fn names(&self, _: &Path) -> io::Result<Vec<String>> {
        let mut state = self.0.lock();
        state.step()?;
        let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(state.names.keys().map(name).collect())
    }

    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        let mut state = self.0.lock();
        state.step()?;
        if state.sync_fails() {
            return Err(failed("the folder cannot be synced"));
        }
        if !state.plan.skipped_folder_sync {
            state.name_history = vec![state.names.clone()];
        }
        Ok(())
    }
}

impl DiskFile for FaultyFile {
    fn byte_len(&self) -> io::Result<u64> {
        Ok(self.disk.0.lock().files[self.file].seen.len() as u64)
    }

    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        let state = self.disk.0.lock();
        let rest = state.files[self.file].seen.get(offset as usize..).unwrap_or_default();
        let len = rest.len().min(into.len());
        into[..len].copy_from_slice(&rest[..len]);
        Ok(len)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut state = self.disk.0.lock();
        let result = state.step();
        let full = state.is_full();
        let len = if full || result.is_err() { state.random.index(bytes.len() + 1) } else { bytes.len() };
        let change = Change::Write { offset, bytes: bytes[..len].to_vec() };
        apply(&mut state.files[self.file].seen, &change);
        state.files[self.file].unsynced.push(change);
        result?;
        if full { Err(ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.disk.0.lock();
        state.step()?;
        let contents = &mut state.files[self.file];
        apply(&mut contents.seen, &Change::Cut(len));
        // What is cut off before it was on the disk never comes there.
        for change in &mut contents.unsynced {
            if let Change::Write { offset, bytes } = change {
                bytes.truncate(len.saturating_sub(*offset) as usize);
            }
        }
        contents.unsynced.push(Change::Cut(len));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.disk.0.lock();
        state.step()?;
        if state.sync_fails() {
            state.scatter(self.file);
            return Err(failed("the file cannot be synced"));
        }
        if state.plan.skipped_sync.is_none_or(|name| !self.name.contains(name)) {
            let Contents { kept, unsynced, .. } = &mut state.files[self.file];
            std::mem::take(unsynced).iter().for_each(|change| apply(kept, change));
        }
        Ok(())
    }
}
