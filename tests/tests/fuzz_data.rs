//! Bytes from nowhere: dumps, payloads and logs that somebody has changed.
//!
//! Each target is given inputs that were made from good ones by a few changes, and says what must hold of any. The inputs
//! follow from seeds; a failure names its seed. `REDSTART_FUZZ_RUNS=1000000 cargo test --release -p redstart-tests
//! --test fuzz_data` looks longer.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use peak_alloc::PeakAlloc;
use redstart_core::random::Random;
use redstart_core::{Config, Engine, Millis, ReplyBuffer, Request, SessionId, SessionOptions, rdb};
use redstart_tests::generate::{Generator, Oddity, command_of, data_commands};
use redstart_tests::project;
use std::sync::Mutex;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Targets run one after the other, so that the memory is that of one.
static TURN: Mutex<()> = Mutex::new(());

/// How many inputs each target is given, unless `REDSTART_FUZZ_RUNS` says otherwise.
const RUNS: u64 = 3000;
/// The longest file that is changed.
const SEED_BYTES_MAX: usize = 20_000;
/// How much memory an input may take, whatever its length: the window of the reader, and the tables of 16 databases.
const MEMORY_BYTES_BASE: usize = 16 << 20;
/// How much memory a byte of input may take. Compressed strings become up to 90 times as long, and elements of a byte or
/// two become entries of tables that grow by doubling.
const MEMORY_BYTES_PER_BYTE: usize = 400;
const NOW: Millis = Millis(1_700_000_000_000);

fn runs() -> u64 {
    std::env::var("REDSTART_FUZZ_RUNS").map_or(RUNS, |count| count.parse().unwrap())
}

/// Numbers that lengths, counts and codes are made of.
const BYTES: [u8; 16] = [0, 1, 2, 0x0D, 0x20, 0x3F, 0x40, 0x7F, 0x80, 0x81, 0xC0, 0xC3, 0xF0, 0xFA, 0xFE, 0xFF];

/// Changes some bytes: one, several in a row, a part that goes, comes twice, or comes from another input.
fn change(random: &mut Random, bytes: &mut Vec<u8>, other: &[u8]) {
    for _ in 0..1 + random.index(4) {
        if bytes.is_empty() {
            return;
        }
        let at = random.index(bytes.len());
        let end = (at + 1 + random.index(16)).min(bytes.len());
        match random.index(7) {
            0 => bytes[at] = BYTES[random.index(BYTES.len())],
            1 => bytes[at] ^= 1 << random.index(8),
            2 => bytes[at..end].iter_mut().for_each(|byte| *byte = BYTES[random.index(BYTES.len())]),
            3 => drop(bytes.drain(at..end)),
            4 => bytes.extend_from_within(at..end),
            5 => bytes.truncate(at),
            _ if other.is_empty() => {}
            _ => {
                let from = random.index(other.len());
                let piece = &other[from..(from + 1 + random.index(64)).min(other.len())];
                bytes.splice(at..end, piece.iter().copied());
            }
        }
    }
}

/// Gives a target changed inputs, and looks after the memory that it takes for each.
fn fuzz(seeds: &[Vec<u8>], bounded: bool, mut target: impl FnMut(&[u8], u64)) {
    assert!(!seeds.is_empty());
    for seed in 0..runs() {
        let mut random = Random::new(seed);
        let mut input = seeds[random.index(seeds.len())].clone();
        let other = random.index(seeds.len());
        change(&mut random, &mut input, &seeds[other]);
        let before = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        target(&input, seed);
        let taken = MEMORY.peak_usage().saturating_sub(before);
        let most = MEMORY_BYTES_BASE + MEMORY_BYTES_PER_BYTE * input.len();
        assert!(!bounded || taken <= most, "seed {seed}: {} bytes took {taken} bytes of memory", input.len());
    }
}

/// The dumps of the corpus, without their checksums.
fn dumps() -> Vec<Vec<u8>> {
    let files = std::fs::read_dir(project::tests().join("rdb-corpus")).unwrap().map(|entry| entry.unwrap().path());
    let dumps = files.filter(|path| path.extension().is_some_and(|extension| extension == "rdb"));
    let mut dumps: Vec<_> = dumps.map(|path| std::fs::read(path).unwrap()).collect();
    dumps.retain(|dump| dump.len() <= SEED_BYTES_MAX);
    // The order of a folder is nobody's, and a seed has to mean the same everywhere.
    dumps.sort();
    dumps.iter_mut().for_each(|dump| dump.truncate(dump.len().saturating_sub(8)));
    dumps
}

/// A file is refused and changes nothing, or is loaded and written again as the same data.
#[test]
fn dumps_from_nowhere() {
    let _turn = TURN.lock();
    let mut engine = Engine::new(Config::default(), 1);
    let mut again = Engine::new(Config::default(), 2);
    fuzz(&dumps(), true, |input, seed| {
        // No checksum: all zeros say that there is none.
        let file = [input, &[0; 8]].concat();
        let before = engine.digest();
        if engine.load(file.as_slice()).is_err() {
            assert_eq!(engine.digest(), before, "seed {seed}");
            return;
        }
        again.load(engine.encode(NOW).as_slice()).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert_eq!(again.digest(), engine.digest(), "seed {seed}");
    });
}

fn ask(engine: &mut Engine, session: SessionId, words: &[&[u8]]) -> Vec<u8> {
    let mut reply = ReplyBuffer::default();
    engine.execute(NOW, session, &Request::new(words), &mut reply);
    while engine.poll_output().is_some() {}
    reply.as_bytes().to_vec()
}

/// The payloads of everything in the corpus, without version and checksum.
fn payloads() -> Vec<Vec<u8>> {
    let mut payloads = Vec::new();
    for dump in dumps() {
        let mut engine = Engine::new(Config::default(), 1);
        if engine.load([dump.as_slice(), &[0; 8]].concat().as_slice()).is_err() {
            continue;
        }
        let session = engine.open(Millis(1), SessionOptions::default());
        let keys = ask(&mut engine, session, &[b"KEYS", b"*"]);
        for key in keys.split(|byte| *byte == b'\n').filter_map(|line| line.strip_suffix(b"\r")) {
            let dumped = ask(&mut engine, session, &[b"DUMP", key]);
            let start = dumped.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            if let Some(body) = dumped.get(start..dumped.len().saturating_sub(12)).filter(|body| !body.is_empty()) {
                payloads.push(body.to_vec());
            }
        }
    }
    payloads
}

/// A payload is refused and changes nothing, or is a value whose own payload is the same value.
#[test]
fn payloads_from_nowhere() {
    let _turn = TURN.lock();
    let mut engine = Engine::new(Config::default(), 1);
    let session = engine.open(NOW, SessionOptions::default());
    let empty = engine.digest();
    fuzz(&payloads(), true, |input, seed| {
        let payload = rdb::seal(input.to_vec(), 10);
        if ask(&mut engine, session, &[b"RESTORE", b"k", b"0", &payload]) != b"+OK\r\n" {
            return assert_eq!(engine.digest(), empty, "seed {seed}");
        }
        let digest = engine.digest();
        let dumped = ask(&mut engine, session, &[b"DUMP", b"k"]);
        if dumped != b"$-1\r\n" {
            let start = dumped.iter().position(|byte| *byte == b'\n').unwrap() + 1;
            let own = &dumped[start..dumped.len() - 2];
            let restored = ask(&mut engine, session, &[b"RESTORE", b"k", b"0", own, b"REPLACE"]);
            assert_eq!((restored.as_slice(), engine.digest()), (&b"+OK\r\n"[..], digest), "seed {seed}");
            ask(&mut engine, session, &[b"DEL", b"k"]);
        }
        // A hash whose fields have all expired goes in its time.
        while engine.poll_timeout().is_some_and(|due| due <= NOW) {
            engine.handle_timeout(NOW);
        }
        assert_eq!(engine.digest(), empty, "seed {seed}");
    });
}

/// Logs of generated requests of every command.
fn logs() -> Vec<Vec<u8>> {
    let make = |seed| {
        // A script that fails keeps what it has written, so half of one may be there; effects are none.
        let is_effect = |name: &str| !name.starts_with("EVAL") && !name.starts_with("FCALL");
        let commands = data_commands().into_iter().filter(|command| is_effect(command.name)).collect();
        let mut generator = Generator::new(seed, Oddity::Valid, commands);
        let mut log = Vec::new();
        for words in (0..8).flat_map(|_| generator.next_requests()).filter(|words| command_of(words).is_some()) {
            redstart_core::resp::write_request(&mut log, &words.iter().map(Vec::as_slice).collect::<Vec<_>>());
        }
        log
    };
    (0..300).map(make).collect()
}

/// What is replayed of a log is the same whether the rest comes or not.
#[test]
fn logs_from_nowhere() {
    let _turn = TURN.lock();
    // Commands of a few bytes make values of any length, so there is no bound here but that of strings.
    fuzz(&logs(), false, |input, seed| {
        let mut engine = Engine::new(Config::default(), 1);
        let applied = engine.replay(input).unwrap_or_else(|error| error.at);
        let mut again = Engine::new(Config::default(), 2);
        let whole = again.replay(&input[..applied]).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert!(whole <= applied && applied <= input.len(), "seed {seed}");
        assert_eq!(again.digest(), engine.digest(), "seed {seed}");
    });
}
