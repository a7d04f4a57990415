//! Every place of a log can be restored for as long as its files are kept.

use super::super::{Folder, Log, Writer, open};
use super::*;
use redstart_core::random::Random;
use redstart_core::{Config, Millis, Output, Purpose, ReplyBuffer, Request, SessionId, SessionOptions};
use std::collections::BTreeMap;

const KEPT: Duration = Duration::from_secs(3600);

/// A log in the making, and what its data were at each place.
struct Story {
    random: Random,
    engine: Engine,
    session: SessionId,
    log: Log,
    writer: Writer,
    second: u64,
    by_lsn: BTreeMap<u64, u64>,
    by_second: BTreeMap<u64, u64>,
}

impl Story {
    fn begin(data: &Path, seed: u64, kept: Duration) -> Self {
        let mut folder = Folder::take(data).unwrap();
        folder.keep_history(kept).unwrap();
        let mut engine = Engine::new(Config::default(), seed);
        let (log, writer) = open(folder, &Progress::default(), &mut engine).unwrap();
        let session = engine.open(Millis(1), SessionOptions::default());
        let second = 1_700_000_000;
        let by_lsn = BTreeMap::from([(0, engine.digest())]);
        Self { random: Random::new(seed), engine, session, log, writer, second, by_lsn, by_second: BTreeMap::new() }
    }

    fn now(&self) -> Millis {
        Millis(i64::try_from(self.second).unwrap() * 1000)
    }

    fn ask(&mut self, line: &str) {
        let words: Vec<_> = line.split(' ').map(str::as_bytes).collect();
        self.engine.execute(self.now(), self.session, &Request::new(&words), &mut ReplyBuffer::default());
        self.by_lsn.insert(self.engine.lsn().0, self.engine.digest());
    }

    fn batch(&mut self) {
        self.second += self.random.below(3);
        for _ in 0..1 + self.random.index(4) {
            let (key, value) = (self.random.index(5), self.random.index(100));
            match self.random.index(5) {
                0 => self.ask(&format!("DEL s{key}")),
                1 => self.ask(&format!("SADD e{key} {value}")),
                2 => self.ask(&format!("SPOP e{key}")),
                3 => ["MULTI", "INCR a", "INCR b", "EXEC"].into_iter().for_each(|line| self.ask(line)),
                _ => self.ask(&format!("SET s{key} {value}")),
            }
        }
        let mut bytes = Vec::new();
        while let Some(output) = self.engine.poll_output() {
            if let Output::Effects(effects) = output {
                bytes.extend(effects.bytes);
            }
        }
        self.writer.annotate(&mut bytes, self.engine.lsn());
        self.writer.note_time(&mut bytes, self.second);
        self.writer.append(&bytes).unwrap();
        self.by_second.insert(self.second, self.engine.digest());
    }

    fn rewrite(&mut self) {
        let mut save = self.engine.begin_save(self.now(), Purpose::LogBase).unwrap();
        self.writer.sync().unwrap();
        self.writer = self.log.next_increment(self.writer.last()).unwrap();
        self.batch();
        let engine = &mut self.engine;
        let bytes = self.log.write_base(&mut save, |save, piece, len| engine.save(save, piece, len)).unwrap();
        engine.end_save(Purpose::LogBase, Ok(Millis(1)));
        self.log.adopt_base(bytes).unwrap();
    }

    fn tell(data: &Path, seed: u64, kept: Duration) -> Self {
        let mut story = Self::begin(data, seed, kept);
        for _ in 0..40 {
            if story.random.index(8) == 0 { story.rewrite() } else { story.batch() }
        }
        story
    }
}

fn digest_at(data: &Path, point: Point) -> Result<u64, Error> {
    let mut engine = Engine::new(Config::default(), 7);
    restore(data, point, &Progress::default(), &mut engine).map(|_| engine.digest())
}

#[test]
fn every_place_is_restored() {
    for seed in 0..4 {
        let folder = tempfile::tempdir().unwrap();
        let story = Story::tell(folder.path(), seed, KEPT);
        assert!(folder.path().join(HISTORY).read_dir().unwrap().next().is_some(), "seed {seed}: nothing was kept");
        let last = story.engine.lsn().0;
        for lsn in 0..=last {
            // The end of the transaction in which it is.
            let (_, expected) = story.by_lsn.range(lsn..).next().unwrap();
            assert_eq!(digest_at(folder.path(), Point::Lsn(Lsn(lsn))).unwrap(), *expected, "seed {seed}: effect {lsn}");
        }
        assert!(matches!(digest_at(folder.path(), Point::Lsn(Lsn(last + 1))), Err(Error::OutOfRange { .. })));
        for second in 1_699_999_999..=story.second + 1 {
            let expected = story.by_second.range(..=second).next_back().map_or(story.by_lsn[&0], |(_, digest)| *digest);
            assert_eq!(
                digest_at(folder.path(), Point::Time(second)).unwrap(),
                expected,
                "seed {seed}: second {second}"
            );
        }
    }
}

#[test]
fn what_is_old_goes() {
    let folder = tempfile::tempdir().unwrap();
    let mut story = Story::tell(folder.path(), 1, Duration::ZERO);
    story.rewrite();
    assert_eq!(folder.path().join(HISTORY).read_dir().unwrap().count(), 0);
    assert!(matches!(digest_at(folder.path(), Point::Lsn(Lsn(1))), Err(Error::OutOfRange { .. })));
    let last = story.engine.lsn();
    assert_eq!(digest_at(folder.path(), Point::Lsn(last)).unwrap(), story.engine.digest());
}

#[test]
fn a_gap_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let story = Story::tell(folder.path(), 2, KEPT);
    let last = story.engine.lsn();
    let history = folder.path().join(HISTORY);
    std::fs::remove_file(history.join("appendonly.aof.1.incr.aof")).unwrap();
    assert!(matches!(digest_at(folder.path(), Point::Lsn(Lsn(1))), Err(Error::OutOfRange { .. })));
    assert_eq!(digest_at(folder.path(), Point::Lsn(last)).unwrap(), story.engine.digest());
}
