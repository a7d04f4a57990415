//! The log on a disk that fails, again and again: what was promised is there, and nothing that was never written is.

mod faulty;

use super::{Error, Folder, Log, Progress, Writer, open};
use faulty::{FaultyDisk, Plan};
use redstart_core::random::Random;
use redstart_core::{Config, Engine, Lsn, Millis, Output, Purpose, ReplyBuffer, Request, SessionId, SessionOptions};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How many stories are told of a log without a bug.
const STORIES: u64 = 1000;
/// Within so many stories a bug that was planted has to show.
const STORIES_WITH_BUG: u64 = 2000;
/// How often the server starts in a story.
const LIVES: usize = 4;
const NOW: Millis = Millis(1);

/// A bug, to see that it is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Bug {
    #[default]
    None,
    /// Syncs of files with this in their names are left out.
    SkippedSync(&'static str),
    /// Syncs of the folder are left out.
    SkippedFolderSync,
    /// A sync that fails is tried again.
    RepeatedSync,
    /// What is written is promised before it is synced.
    EarlyPromise,
}

/// What a log is tried with.
struct Story {
    seed: u64,
    random: Random,
    disk: FaultyDisk,
    bug: Bug,
    /// The digest of the data behind each effect.
    digests: BTreeMap<Lsn, u64>,
    /// Up to here everything was promised to be on the disk.
    promised: Lsn,
    /// The time.
    second: u64,
}

/// A server's life between two starts.
struct Life {
    engine: Engine,
    session: SessionId,
    log: Log,
    writer: Writer,
    /// Effects that could not be written yet: the disk is full.
    waiting: Option<(Vec<u8>, Lsn)>,
}

/// Why a life ended early.
enum End {
    /// The disk cannot be trusted, or there is none any more.
    Broken,
}

impl Story {
    fn new(seed: u64, bug: Bug) -> Self {
        let digests = BTreeMap::from([(Lsn(0), Engine::new(Config::default(), 1).digest())]);
        let disk = FaultyDisk::new(seed);
        Self { seed, random: Random::new(seed), disk, bug, digests, promised: Lsn(0), second: 1_700_000_000 }
    }

    /// Tells the story; an error is what the log did wrong.
    fn tell(mut self) -> Result<(), String> {
        for _ in 0..LIVES {
            self.disk.set_plan(Plan::default());
            let mut life = self.start()?;
            let plan = self.plan();
            self.disk.set_plan(plan);
            let ended = self.live(&mut life);
            if matches!(ended, Err(End::Broken)) && plan.power_cut_at.is_none() {
                life.writer.give_up();
            }
            // A server that is killed leaves what the operating system has; a power cut does not.
            if plan.power_cut_at.is_some() || self.random.index(2) == 0 {
                self.disk.set_plan(Plan::default());
                self.disk.cut_power();
            }
        }
        self.disk.set_plan(Plan::default());
        drop(self.start()?);
        if self.random.index(2) == 0 {
            self.disk.flip_bit();
            self.check_flipped()
        } else {
            self.disk.garble();
            self.check_garbled()
        }
    }

    fn plan(&mut self) -> Plan {
        let at = 1 + self.random.below(120);
        let mut plan = Plan { skipped_folder_sync: self.bug == Bug::SkippedFolderSync, ..Plan::default() };
        if let Bug::SkippedSync(name) = self.bug {
            plan.skipped_sync = Some(name);
        }
        match self.random.index(4) {
            0 => {}
            1 => plan.power_cut_at = Some(at),
            2 => plan.full = Some((at, 1 + self.random.below(12))),
            _ => plan.failed_sync = Some(1 + at / 4),
        }
        plan
    }

    /// Opens the log, and compares what is in it with what was promised.
    fn start(&mut self) -> Result<Life, String> {
        let mut engine = Engine::new(Config::default(), self.seed);
        let opened = open(Folder::on(Arc::new(self.disk.clone())), &Progress::default(), &mut engine);
        let (log, writer) = opened.map_err(|error| format!("failed to {error}"))?;
        self.check(&engine)?;
        self.digests.split_off(&Lsn(engine.lsn().0 + 1));
        self.promised = engine.lsn();
        let session = engine.open(NOW, SessionOptions::default());
        Ok(Life { engine, session, log, writer, waiting: None })
    }

    fn check(&self, engine: &Engine) -> Result<(), String> {
        let (lsn, promised) = (engine.lsn(), self.promised);
        if lsn < promised {
            return Err(format!("{promised:?} was promised, and {lsn:?} is there"));
        }
        match self.digests.get(&lsn) {
            Some(digest) if *digest == engine.digest() => Ok(()),
            Some(_) => Err(format!("the data of {lsn:?} are others")),
            None => Err(format!("{lsn:?} was never written")),
        }
    }

    /// A bit that has changed is found, or was of no importance.
    fn check_flipped(&self) -> Result<(), String> {
        let mut engine = Engine::new(Config::default(), self.seed);
        match open(Folder::on(Arc::new(self.disk.clone())), &Progress::default(), &mut engine) {
            Err(Error::Damaged { .. } | Error::Rdb { .. } | Error::Manifest { .. } | Error::Io { .. }) => Ok(()),
            Err(error) => Err(format!("with a bit changed: failed to {error}")),
            Ok(_) => self.check(&engine).map_err(|error| format!("with a bit changed: {error}")),
        }
    }

    /// What somebody has changed is refused, or the data are those of some moment.
    fn check_garbled(&self) -> Result<(), String> {
        let mut engine = Engine::new(Config::default(), self.seed);
        match open(Folder::on(Arc::new(self.disk.clone())), &Progress::default(), &mut engine) {
            Err(_) => Ok(()),
            Ok(_) if self.digests.get(&engine.lsn()) == Some(&engine.digest()) => Ok(()),
            Ok(_) => Err(format!("garbled: what is there at {:?} was never written", engine.lsn())),
        }
    }

    fn live(&mut self, life: &mut Life) -> Result<(), End> {
        let durable = self.random.index(2) == 0;
        for _ in 0..self.random.index(30) {
            match self.random.index(10) {
                0 => self.rewrite(life)?,
                1 => self.sync(life)?,
                _ => {
                    self.write(life)?;
                    if durable {
                        self.sync(life)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Executes requests, and appends their effects behind those that wait.
    fn write(&mut self, life: &mut Life) -> Result<(), End> {
        if life.waiting.is_none() {
            for _ in 0..1 + self.random.index(3) {
                self.execute(life);
            }
            life.waiting = self.take_effects(life);
        }
        let Some((bytes, last)) = life.waiting.take() else { return Ok(()) };
        match life.writer.append(&bytes) {
            Ok(()) if self.bug == Bug::EarlyPromise => self.promised = last,
            Ok(()) => {}
            Err(_) => life.waiting = Some((bytes, last)),
        }
        Ok(())
    }

    fn execute(&mut self, life: &mut Life) {
        let (key, value) = (self.random.index(6).to_string(), "v".repeat(1 + self.random.index(700)));
        let words: [&[u8]; 3] = [[&b"SET"[..], b"APPEND"][self.random.index(2)], key.as_bytes(), value.as_bytes()];
        life.engine.execute(NOW, life.session, &Request::new(&words), &mut ReplyBuffer::default());
        self.digests.insert(life.engine.lsn(), life.engine.digest());
    }

    fn take_effects(&mut self, life: &mut Life) -> Option<(Vec<u8>, Lsn)> {
        let mut batch = Vec::new();
        while let Some(output) = life.engine.poll_output() {
            if let Output::Effects(effects) = output {
                batch.extend(effects.bytes);
            }
        }
        life.writer.annotate(&mut batch, life.engine.lsn());
        self.second += self.random.below(2);
        life.writer.note_time(&mut batch, self.second);
        Some((batch, life.engine.lsn()))
    }

    fn sync(&mut self, life: &mut Life) -> Result<(), End> {
        if life.waiting.is_some() {
            return Ok(());
        }
        match life.writer.sync() {
            Err(_) if self.bug == Bug::RepeatedSync => life.writer.sync().map_err(|_| End::Broken)?,
            synced => synced.map_err(|_| End::Broken)?,
        }
        self.promised = life.engine.lsn();
        Ok(())
    }

    /// Rewrites the log as the server does, with writes in the middle.
    fn rewrite(&mut self, life: &mut Life) -> Result<(), End> {
        if life.waiting.is_some() {
            return Ok(());
        }
        let mut save = life.engine.begin_save(NOW, Purpose::LogBase).unwrap();
        self.sync(life)?;
        match life.log.next_increment(life.writer.last()) {
            Ok(writer) => life.writer = writer,
            Err(error) if error.is_fatal() => return Err(End::Broken),
            Err(_) => {
                life.engine.end_save(Purpose::LogBase, Err("write".into()));
                return Ok(());
            }
        }
        self.write(life)?;
        let engine = &mut life.engine;
        let written = life.log.write_base(&mut save, |save, piece, len| engine.save(save, piece, len));
        engine.end_save(Purpose::LogBase, Ok(NOW));
        match written.and_then(|bytes| life.log.adopt_base(bytes)) {
            Err(error) if error.is_fatal() => Err(End::Broken),
            _ => Ok(()),
        }
    }
}

#[test]
fn whatever_the_disk_does_promises_are_kept() {
    for seed in 0..STORIES {
        if let Err(error) = Story::new(seed, Bug::None).tell() {
            panic!("seed {seed}: {error}");
        }
    }
}

#[test]
fn every_bug_that_is_planted_is_found() {
    let bugs = [
        Bug::SkippedSync("incr.aof"),
        Bug::SkippedSync("base.rdb"),
        Bug::SkippedSync("manifest"),
        Bug::SkippedFolderSync,
        Bug::RepeatedSync,
        Bug::EarlyPromise,
    ];
    for bug in bugs {
        let found = (0..STORIES_WITH_BUG).find(|seed| Story::new(*seed, bug).tell().is_err());
        assert!(found.is_some(), "{bug:?} is not found");
    }
}
