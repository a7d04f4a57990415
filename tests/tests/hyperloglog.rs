//! HyperLogLogs keep Redis's own bytes: the same adds and merges, here and on a real redis-server. A failure names its
//! seed.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use redstart_core::Protocol;
use redstart_core::random::Random;
use redstart_tests::server::Server;
use redstart_tests::target::{Connection, CoreTarget};
use redstart_tests::value::{Parsed, Value, parse_resp};

/// Both stores.
struct Pair {
    redis: Connection,
    core: CoreTarget,
}

impl Pair {
    /// Asks both and compares their answers.
    fn ask(&mut self, seed: u64, words: &[&[u8]]) -> Value {
        let theirs = self.redis.ask(words).unwrap();
        let bytes = self.core.execute("", words).unwrap().unwrap();
        let Parsed::Value(ours, _) = parse_resp(&bytes) else { panic!("seed {seed}: not a reply") };
        let name = String::from_utf8_lossy(words[0]).into_owned();
        assert!(theirs == ours, "seed {seed}: {name}: Redis says {theirs}, Redstart says {ours}");
        ours
    }
}

fn element(random: &mut Random, range: u64) -> Vec<u8> {
    let mut element = random.below(range).to_string().into_bytes();
    element.resize(element.len() + random.index(9), b'x');
    element
}

/// From nothing to dense, a few elements at a time, with a look at the bytes after each step.
#[test]
fn the_bytes_are_those_of_redis() {
    let server = Server::redis(&[]).unwrap();
    for seed in 0..12 {
        let mut pair =
            Pair { redis: Connection::open(server.address).unwrap(), core: CoreTarget::new(Protocol::Resp2, seed) };
        let mut random = Random::new(seed);
        pair.ask(seed, &[b"FLUSHALL"]);
        let limit = ["3000", "3000", "300", "16000"][random.index(4)];
        pair.ask(seed, &[b"CONFIG", b"SET", b"hll-sparse-max-bytes", limit.as_bytes()]);
        for step in 0..400 {
            let key: &[u8] = [b"a", b"b", b"c"][random.index(3)];
            let count = if step < 200 { random.index(4) } else { random.index(60) };
            let elements: Vec<Vec<u8>> = (0..count).map(|_| element(&mut random, 1 << (2 + step / 20))).collect();
            let words: Vec<&[u8]> = [b"PFADD", key].into_iter().chain(elements.iter().map(Vec::as_slice)).collect();
            pair.ask(seed, &words);
            if random.below(10) == 0 {
                pair.ask(seed, &[b"PFCOUNT", key]);
            }
            if random.below(20) == 0 {
                pair.ask(seed, &[b"PFMERGE", b"m", key, b"b"]);
                pair.ask(seed, &[b"GET", b"m"]);
                pair.ask(seed, &[b"PFCOUNT", b"m", b"a", b"b"]);
            }
            pair.ask(seed, &[b"GET", key]);
        }
        for key in [b"a", b"b", b"c", b"m"] {
            pair.ask(seed, &[b"PFCOUNT", key]);
            pair.ask(seed, &[b"GET", key]);
            pair.ask(seed, &[b"PFDEBUG", b"ENCODING", key]);
            pair.ask(seed, &[b"PFDEBUG", b"GETREG", key]);
        }
    }
}

/// A client can write any bytes behind a valid header. Both stores read them alike or refuse them alike.
#[test]
fn damaged_values_are_refused_alike() {
    let server = Server::redis(&[]).unwrap();
    let mut pair = Pair { redis: Connection::open(server.address).unwrap(), core: CoreTarget::new(Protocol::Resp2, 1) };
    for seed in 0..400 {
        let mut random = Random::new(seed);
        let mut bytes = b"HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80".to_vec();
        let parts: [&[u8]; 6] = [b"\x7f\xff", b"\x5f\xff", b"\x5f\xfe", b"\x80", b"\x00", b"\x93"];
        (0..random.index(5)).for_each(|_| bytes.extend(parts[random.index(parts.len())]));
        match random.index(8) {
            0 => bytes[4] = 2,
            1 => bytes.truncate(random.index(20)),
            2 => bytes[0] = b'X',
            _ => {}
        }
        for words in [&[&b"PFCOUNT"[..], b"d"][..], &[b"PFCOUNT", b"d", b"e"], &[b"PFMERGE", b"m", b"d"]] {
            pair.ask(seed, &[b"SET", b"d", &bytes]);
            pair.ask(seed, words);
            pair.ask(seed, &[b"GET", b"d"]);
        }
    }
}
