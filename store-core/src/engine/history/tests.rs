//! What was missed is told whole or not at all, in this life of the store and in the next.

use super::*;
use crate::config::Config;
use crate::effects::Lsn;
use crate::engine::testing::ask;
use crate::engine::{Output, Purpose, Request, SessionOptions};
use crate::keyspace::SnapshotCursor;
use crate::reply::ReplyBuffer;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;

fn config(size: usize, ttl_seconds: i64) -> HistoryConfig {
    HistoryConfig { size, ttl_seconds, ..HistoryConfig::default() }
}

/// The texts since an offset of the present epoch.
fn since(history: &History, config: &HistoryConfig, now: i64, offset: u64) -> Option<Vec<(u64, Vec<u8>)>> {
    let epoch = history.recover(Millis(now), config, b"c", None).unwrap().position.epoch;
    let missed = history.recover(Millis(now), config, b"c", Some(Position { epoch, offset })).unwrap().missed;
    missed.map(|missed| missed.into_iter().map(|(at, data)| (at.offset, data.to_vec())).collect())
}

#[test]
fn what_was_missed_is_all_there_or_not_told() {
    let (mut history, config) = (History::new(1), config(3, 10));
    let kept = |text: &[u8]| text.to_vec();
    assert_eq!(since(&history, &config, 0, 0), Some(Vec::new()));
    for (at, text) in [(0, b"a"), (1000, b"b"), (2000, b"c"), (3000, b"d")] {
        history.keep(Millis(at), &config, b"c", text);
    }
    assert_eq!(since(&history, &config, 3000, 0), None);
    let all = [(2, kept(b"b")), (3, kept(b"c")), (4, kept(b"d"))];
    assert_eq!(since(&history, &config, 3000, 1).as_deref(), Some(&all[..]));
    assert_eq!(since(&history, &config, 11_000, 1), None, "the first one is over");
    assert_eq!(since(&history, &config, 11_000, 2).as_deref(), Some(&all[1..]));
    assert_eq!(since(&history, &config, 99_000, 4), Some(Vec::new()));
    assert_eq!(since(&history, &config, 3000, 5), None, "that has not been yet");
    let other = Position { epoch: 0, offset: 4 };
    assert_eq!(history.recover(Millis(0), &config, b"c", Some(other)).unwrap().missed, None);
}

#[test]
fn a_channel_that_had_to_go_comes_back_with_another_epoch() {
    let (mut history, config) = (History::new(1), config(10, 0));
    let before = history.keep(Millis(0), &config, b"c", b"1").unwrap();
    let silent = history.recover(Millis(0), &config, b"silent", None).unwrap().position;
    for n in 0..limits::HISTORY_CHANNELS_MAX {
        history.keep(Millis(0), &config, &n.to_be_bytes(), b"x");
    }
    assert_eq!(history.channels.len(), limits::HISTORY_CHANNELS_MAX);
    assert_eq!(history.by_use.len(), limits::HISTORY_CHANNELS_MAX);
    let after = history.keep(Millis(0), &config, b"c", b"2").unwrap();
    assert_eq!(after.offset, 1);
    assert_ne!(after.epoch, before.epoch);
    assert_eq!(history.recover(Millis(0), &config, b"silent", Some(silent)).unwrap().missed, None);
}

#[test]
fn bytes_are_bounded() {
    let (mut history, config) = (History::new(1), config(10, 0));
    let long = alloc::vec![0; limits::HISTORY_BYTES_MAX / 3];
    for name in [b"a", b"b", b"c"] {
        history.keep(Millis(0), &config, name, &long);
        assert!(history.bytes <= limits::HISTORY_BYTES_MAX);
    }
    assert_eq!(history.channels.len(), 2);
    history.keep(Millis(0), &config, b"c", &alloc::vec![0; limits::HISTORY_BYTES_MAX]);
    assert_eq!((history.channels.len(), history.bytes), (0, 0), "no history holds what is too long for all");
}

/// A store with a history, its log, and the time.
struct Store {
    engine: Engine,
    log: Vec<u8>,
    now: i64,
}

impl Store {
    fn new(seed: u64, history: HistoryConfig) -> Self {
        let engine = Engine::new(Config { history, ..Config::default() }, seed);
        Self { engine, log: Vec::new(), now: 1000 }
    }

    fn publish(&mut self, channel: &str, data: &str) {
        self.now += 1000;
        let session = self.engine.open(Millis(self.now), SessionOptions::default());
        let mut reply = ReplyBuffer::default();
        let words = ["PUBLISH", channel, data].map(str::as_bytes);
        self.engine.execute(Millis(self.now), session, &Request::new(&words), &mut reply);
        assert_eq!(reply.as_bytes(), b":0\r\n");
        self.engine.handle_close(session);
        self.take_effects();
    }

    fn take_effects(&mut self) {
        while let Some(output) = self.engine.poll_output() {
            let Output::Effects(batch) = output else { continue };
            self.log.extend(batch.bytes);
        }
    }

    fn recover(&mut self, channel: &str, since: Position) -> Option<Vec<String>> {
        let missed = self.engine.recover(Millis(self.now), channel.as_bytes(), Some(since)).unwrap().missed;
        self.take_effects();
        Some(missed?.iter().map(|(_, data)| String::from_utf8_lossy(data).into_owned()).collect())
    }

    fn position(&mut self, channel: &str) -> Position {
        let recovery = self.engine.recover(Millis(self.now), channel.as_bytes(), None);
        self.take_effects();
        recovery.unwrap().position
    }

    fn config(&mut self) -> &mut HistoryConfig {
        &mut self.engine.config_mut().history
    }

    /// What comes up again from a part of the log, or from what else is on the disk.
    fn restarted(&self, way: Way) -> Self {
        // Each life has another seed, and is later.
        let (seed, now) = (self.now.unsigned_abs(), self.now + 1);
        let mut next = Self { now, ..Self::new(seed, self.engine.config.history.clone()) };
        match way {
            Way::Log { end } => {
                next.engine.replay(&self.log[..end]).unwrap();
                next.log = self.log[..end].to_vec();
            }
            Way::File => drop(next.engine.load(self.engine.encode(Millis(self.now)).as_slice()).unwrap()),
            Way::Snapshot => {
                let mut cursor = SnapshotCursor::default();
                while self.engine.snapshot(&mut cursor, &mut next.log, 1) {}
                next.engine.replay(&next.log.clone()).unwrap();
            }
        }
        if way == Way::File {
            // What is behind a base begins where the base ends.
            next.log = Vec::new();
            let mut cursor = SnapshotCursor::default();
            while next.engine.snapshot(&mut cursor, &mut next.log, 1) {}
        }
        next
    }
}

/// Where a store comes up from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Log { end: usize },
    File,
    Snapshot,
}

#[test]
fn histories_go_on_in_the_next_life() {
    let mut store = Store::new(1, config(3, 0));
    let silent = store.position("later");
    (1..=5).for_each(|n| store.publish("news", &n.to_string()));
    store.publish("other", "x");
    let epoch = store.position("news").epoch;
    for way in [Way::Log { end: store.log.len() }, Way::File, Way::Snapshot] {
        let mut next = store.restarted(way);
        let seen = |offset| Position { epoch, offset };
        assert_eq!(next.recover("news", seen(3)), Some(vec!["4".into(), "5".into()]), "{way:?}");
        assert_eq!(next.recover("news", seen(1)), None, "{way:?}: the second one is gone");
        let lost = seen(7);
        for n in 6..=8 {
            next.publish("news", &n.to_string());
        }
        next.publish("later", "new");
        assert_eq!(next.recover("news", seen(5)), Some(vec!["6".into(), "7".into(), "8".into()]), "{way:?}");
        assert_eq!(next.recover("news", lost), None, "{way:?}: this life has another seventh message");
        assert_eq!(next.recover("later", silent), Some(vec!["new".into()]), "{way:?}");
        assert_eq!(next.position("news").offset, 8);
        assert_ne!(next.position("news").epoch, epoch);
        let mut again = next.restarted(Way::Log { end: next.log.len() });
        assert_eq!(again.recover("news", seen(5)).map(|missed| missed.len()), Some(3), "{way:?}");
        assert_eq!(again.recover("later", silent), Some(vec!["new".into()]), "{way:?}");
    }
}

#[test]
fn time_goes_on_and_sizes_hold_in_the_next_life() {
    let mut store = Store::new(1, config(3, 10));
    (1..=5).for_each(|n| store.publish("news", &n.to_string()));
    let at = Position { offset: 2, ..store.position("news") };
    let mut next = store.restarted(Way::File);
    assert_eq!(next.recover("news", at).map(|missed| missed.len()), Some(3));
    next.now += 8000;
    assert_eq!(next.recover("news", at), None, "the third one is over");
    next.config().size = 1;
    next.publish("news", "6");
    assert_eq!(next.recover("news", Position { offset: 5, ..at }), Some(vec!["6".into()]));
    assert_eq!(next.recover("news", Position { offset: 4, ..at }), None);
}

#[test]
fn what_passed_while_there_was_no_history_is_not_forgotten_silently() {
    let mut store = Store::new(1, config(9, 0));
    store.publish("a", "1");
    store.publish("b", "1");
    let [a, b, silent] = ["a", "b", "silent"].map(|name| store.position(name));
    store.config().channels = vec![b"a".to_vec()];
    store.publish("b", "2");
    store.publish("silent", "1");
    store.config().channels = vec![b"*".to_vec()];
    store.publish("a", "2");
    for mut store in [store.restarted(Way::Snapshot), store] {
        assert_eq!(store.recover("a", a), Some(vec!["2".into()]));
        assert_eq!(store.recover("b", b), None);
        assert_eq!(store.recover("silent", silent), None);
    }
}

#[test]
fn channels_without_a_history_are_no_effects() {
    let mut store = Store::new(1, config(0, 0));
    store.publish("news", "1");
    assert_eq!((store.log.len(), store.engine.lsn()), (0, Lsn(0)));
    store.config().size = 1;
    store.config().channels = vec![b"kept".to_vec()];
    store.publish("kept", "1");
    let len = store.log.len();
    assert!(len > 0);
    store.publish("news", "1");
    assert_eq!(store.log.len(), len);
}

#[test]
fn effects_of_histories_are_themselves_and_clients_cannot_forge_them() {
    let mut store = Store::new(1, config(3, 0));
    (1..=5).for_each(|n| store.publish("news", &n.to_string()));
    let mut again = Engine::new(Config::default(), 2);
    let session = again.open(Millis::REPLAY, SessionOptions::default());
    let log = store.log.clone();
    let (mut rest, mut effects) = (log.as_slice(), Vec::new());
    let mut words = crate::resp::Words::new();
    while let Ok(crate::resp::Parsed::Request { len }) =
        crate::resp::parse_request(rest, crate::resp::RequestLimits::TRUSTED, &mut words)
    {
        again.execute(Millis::REPLAY, session, &Request::new(&words), &mut ReplyBuffer::default());
        rest = &rest[len..];
    }
    while let Some(Output::Effects(batch)) = again.poll_output() {
        effects.extend(batch.bytes);
    }
    let without_bounds = |log: &[u8]| {
        let text = String::from_utf8_lossy(log).into_owned();
        text.replace("*1\r\n$5\r\nMULTI\r\n", "").replace("*1\r\n$4\r\nEXEC\r\n", "")
    };
    assert_eq!(without_bounds(&effects), without_bounds(&store.log));

    let before = store.position("news");
    let forged =
        Record::Message { name: b"news", position: Position { offset: 9, ..before }, at: Millis(1), data: b"x" };
    store.publish("redstart:history", &String::from_utf8(forged.to_bytes()).unwrap());
    assert_eq!(store.position("news"), before);
    let mut next = store.restarted(Way::Log { end: store.log.len() });
    assert_eq!(next.position("news").offset, before.offset);
    assert_eq!(next.recover("redstart:history", Position { offset: 0, ..before }).map(|missed| missed.len()), Some(1));
}

#[test]
fn a_log_that_cannot_be_written_keeps_no_messages() {
    let mut engine = Engine::new(Config { history: config(1, 0), ..Config::default() }, 1);
    engine.config_mut().history.channels = vec![b"kept".to_vec()];
    engine.stop_writes(true);
    let session = engine.open(Millis(1), SessionOptions::default());
    assert!(ask(&mut engine, session, "PUBLISH kept x").starts_with("-MISCONF"));
    assert_eq!(ask(&mut engine, session, "PUBLISH news x"), ":0\r\n");
}

#[test]
fn a_file_shows_the_histories_of_its_moment() {
    let mut store = Store::new(1, config(3, 0));
    (1..=3).for_each(|n| store.publish("news", &n.to_string()));
    let at = Position { offset: 0, ..store.position("news") };
    let mut save = store.engine.begin_save(Millis(store.now), Purpose::LogBase).unwrap();
    let (mut file, mut piece) = (Vec::new(), Vec::new());
    loop {
        piece.clear();
        let goes_on = store.engine.save(&mut save, &mut piece, 1);
        save.seal(&mut piece);
        file.extend_from_slice(&piece);
        if !goes_on {
            break;
        }
        store.publish("news", "later");
    }
    let mut loaded = Engine::new(store.engine.config.clone(), 2);
    loaded.load(file.as_slice()).unwrap();
    let missed = loaded.recover(Millis(store.now), b"news", Some(at)).unwrap().missed.unwrap();
    assert_eq!(missed.len(), 3);
}

/// Listeners that come and go, a store that is restarted and loses the end of its log, parameters that change: whoever is
/// told that nothing is missing has seen exactly what was published in the store's past as it is now.
#[test]
fn who_has_recovered_has_seen_everything() {
    const NAMES: [&str; 3] = ["a", "b", "c"];
    for seed in 0..60 {
        let mut random = Random::new(seed);
        let mut store = Store::new(seed, config(6, 0));
        let mut told: [Vec<String>; 3] = Default::default();
        let mut marks = vec![(0, told.clone())];
        let mut listeners: Vec<(usize, Position, Vec<String>)> = Vec::new();
        let mut recovered = 0;
        for step in 0..300 {
            let which = random.index(3);
            match random.below(20) {
                0..9 => {
                    let data = format!("{step}");
                    store.publish(NAMES[which], &data);
                    told[which].push(data);
                    marks.push((store.log.len(), told.clone()));
                }
                9..13 if store.engine.recover(Millis(1), NAMES[which].as_bytes(), None).is_some() => {
                    listeners.push((which, store.position(NAMES[which]), told[which].clone()));
                }
                13 => {
                    let (end, past) = marks[marks.len() - 1 - random.index(marks.len().min(4))].clone();
                    (store, told) = (store.restarted(Way::Log { end }), past);
                    marks.truncate(marks.iter().position(|(at, _)| *at > end).unwrap_or(marks.len()));
                }
                14 => {
                    store = store.restarted(if random.below(2) == 0 { Way::File } else { Way::Snapshot });
                    marks = vec![(store.log.len(), told.clone())];
                }
                15 => store.config().size = random.index(8),
                16 => store.config().channels = vec![[&b"*"[..], b"[ab]", b"a"][random.index(3)].to_vec()],
                _ => {
                    let Some((which, at, seen)) = listeners.get(random.index(listeners.len().max(1))) else { continue };
                    let since = store.engine.recover(Millis(store.now), NAMES[*which].as_bytes(), Some(*at));
                    let Some(missed) = since.and_then(|recovery| recovery.missed) else { continue };
                    let missed = missed.iter().map(|(_, data)| String::from_utf8_lossy(data).into_owned());
                    let all: Vec<_> = seen.iter().cloned().chain(missed).collect();
                    assert_eq!(all, told[*which], "seed {seed}, step {step}");
                    recovered += 1;
                }
            }
        }
        assert!(recovered > 0, "seed {seed}: nobody has recovered");
    }
}
