//! What holds for keys whatever is done with them.

use crate::clock::Deadline;
use crate::random::Random;
use crate::{Config, Engine, Millis, ReplyBuffer, Request, SessionOptions};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

fn request(random: &mut Random) -> String {
    let (one, other, db) = (random.index(6), random.index(6), random.index(3));
    let ttl_ms = random.index(40);
    match random.index(16) {
        0 | 1 => format!("SET k{one} v"),
        2 | 3 => format!("SET k{one} v PX {}", ttl_ms + 1),
        4 => format!("SET k{one} w KEEPTTL"),
        5 => format!("RPUSH k{one} e"),
        6 => format!("PEXPIRE k{one} {ttl_ms}"),
        7 => format!("PERSIST k{one}"),
        8 => format!("DEL k{one} k{other}"),
        9 => format!("RENAME k{one} k{other}"),
        10 => format!("RENAMENX k{one} k{other}"),
        11 => format!("COPY k{one} k{other} DB {db} REPLACE"),
        12 => format!("MOVE k{one} {db}"),
        13 => format!("SWAPDB {db} {}", random.index(3)),
        14 if random.index(8) == 0 => "FLUSHDB".into(),
        _ => format!("SELECT {db}"),
    }
}

#[test]
fn keys_with_a_deadline_are_counted() {
    for seed in 0..50 {
        let mut random = Random::new(seed);
        let mut engine = Engine::new(Config::default(), seed);
        let session = engine.open(Millis(1), SessionOptions::default());
        let mut now = 1;
        for _ in 0..400 {
            now += i64::try_from(random.index(5)).unwrap();
            if random.index(4) == 0 {
                engine.handle_timeout(Millis(now));
            }
            let line = request(&mut random);
            let words: Vec<_> = line.split(' ').map(str::as_bytes).collect();
            engine.execute(Millis(now), session, &Request::new(&words), &mut ReplyBuffer::default());
            for (_, database) in engine.keyspace.databases() {
                let dated = database.entries().filter(|entry| entry.deadline() != Deadline::NEVER).count();
                assert_eq!(database.dated_len(), dated, "seed {seed}, after {line}");
            }
        }
    }
}
