use super::*;
use crate::random::Random;
use crate::{Config, ReplyBuffer, Request, SessionId, SessionOptions};
use alloc::format;
use alloc::string::String;

const NOW: Millis = Millis(1_000);

fn ask(engine: &mut Engine, session: SessionId, line: &str) {
    let words: Vec<_> = line.split(' ').map(str::as_bytes).collect();
    engine.execute(NOW, session, &Request::new(&words), &mut ReplyBuffer::default());
}

fn change(random: &mut Random) -> String {
    let (key, n) = (random.index(60), random.index(5));
    match random.index(12) {
        0 => format!("SET s{key} {n}"),
        1 => format!("SET s{key} {}", "ab".repeat(20 * n)),
        2 => format!("RPUSH l{key} {n}"),
        3 => format!("SADD e{key} m{n}"),
        4 => format!("HSET h{key} f{n} v"),
        5 => format!("ZADD z{key} {n} m{n}"),
        6 => format!("DEL s{key} l{key} h{key}"),
        7 => format!("PEXPIRE s{key} 100000"),
        8 => format!("SELECT {}", random.index(3)),
        9 if random.index(8) == 0 => "FLUSHDB".into(),
        10 if random.index(4) == 0 => format!("SWAPDB {} {}", random.index(3), random.index(3)),
        _ => format!("APPEND s{key} x"),
    }
}

#[test]
fn a_file_holds_the_moment_whatever_comes_after() {
    for seed in 0..150 {
        let mut random = Random::new(seed);
        let mut engine = Engine::new(Config::default(), seed);
        let session = engine.open(NOW, SessionOptions::default());
        (0..random.index(400)).for_each(|_| ask(&mut engine, session, &change(&mut random)));
        let digest = engine.digest();
        let mut save = engine.begin_save(NOW, Purpose::LogBase).unwrap();
        assert!(engine.begin_save(NOW, Purpose::Copy).is_none());
        let (mut file, mut goes_on) = (Vec::new(), true);
        while goes_on {
            (0..random.index(20)).for_each(|_| ask(&mut engine, session, &change(&mut random)));
            let mut piece = Vec::new();
            goes_on = engine.save(&mut save, &mut piece, 1 + random.index(300));
            save.seal(&mut piece);
            file.extend(piece);
        }
        engine.end_save(Purpose::LogBase, Ok(NOW));
        let mut loaded = Engine::new(Config::default(), seed + 1);
        let told = loaded.load(file.as_slice()).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert_eq!(loaded.digest(), digest, "seed {seed}");
        assert_eq!((told.bytes, told.last), (file.len() as u64, Some(save.last())), "seed {seed}");
        let whole = engine.encode(NOW);
        loaded.load(whole.as_slice()).unwrap();
        assert_eq!(loaded.digest(), engine.digest(), "seed {seed}: at once");
    }
}

#[test]
fn strings_are_compressed_when_pieces_are_sealed() {
    let mut engine = Engine::new(Config::default(), 1);
    let session = engine.open(NOW, SessionOptions::default());
    (0..100).for_each(|n| ask(&mut engine, session, &format!("SET k{n} {}", "x".repeat(1000))));
    let mut save = engine.begin_save(NOW, Purpose::Copy).unwrap();
    let (mut plain_len, mut file, mut goes_on) = (0, Vec::new(), true);
    while goes_on {
        let mut piece = Vec::new();
        goes_on = engine.save(&mut save, &mut piece, 10_000);
        plain_len += piece.len();
        save.seal(&mut piece);
        file.extend(piece);
    }
    assert!(plain_len > 100 * 1000 && file.len() < plain_len / 10, "{plain_len}, {}", file.len());
    let mut loaded = Engine::new(Config::default(), 2);
    loaded.load(file.as_slice()).unwrap();
    assert_eq!(loaded.digest(), engine.digest());
}

#[test]
fn a_damaged_file_changes_nothing() {
    let mut engine = Engine::new(Config::default(), 1);
    let session = engine.open(NOW, SessionOptions::default());
    for line in ["SET a 1", "RPUSH l a b", "SADD s 1 2", "SELECT 3", "HSET h f v", "ZADD z 1 m", "SET b x EX 100"] {
        ask(&mut engine, session, line);
    }
    let file = engine.encode(NOW);
    let mut other = Engine::new(Config::default(), 2);
    let session = other.open(NOW, SessionOptions::default());
    ask(&mut other, session, "SET own value");
    let digest = other.digest();
    for at in 0..file.len() {
        assert!(other.load(&file[..at]).is_err(), "cut at {at}");
        let mut damaged = file.clone();
        damaged[at] ^= 1;
        assert!(other.load(damaged.as_slice()).is_err(), "changed at {at}");
        assert_eq!(other.digest(), digest, "at {at}");
    }
    other.load(file.as_slice()).unwrap();
    assert_eq!(other.digest(), engine.digest());
}

#[test]
fn libraries_pass_through() {
    const LIBRARY: &[u8] = b"#!lua name=l\nredis.register_function('f', function() return 1 end)";
    let mut file = FileWriter::new();
    let mut bytes = Vec::new();
    file.begin(&mut bytes);
    file.library(&mut bytes, LIBRARY);
    file.sum(&mut bytes);
    file.end(&mut bytes);
    let mut engine = Engine::new(Config::default(), 1);
    engine.load(bytes.as_slice()).unwrap();
    let mut again = Engine::new(Config::default(), 1);
    again.load(engine.encode(NOW).as_slice()).unwrap();
    assert_eq!(again.library_codes().collect::<Vec<_>>(), [LIBRARY]);
    assert_eq!(again.digest(), engine.digest());
}
