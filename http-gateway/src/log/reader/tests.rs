use super::*;
use crate::log::disk::OsDisk;
use crate::log::{Folder, open};
use redstart_core::{Config, Millis, Output, Purpose, ReplyBuffer, Request, SessionOptions};

/// An engine and the batches of its effects, one for each request.
fn sample() -> (Vec<(Vec<u8>, Lsn)>, Vec<u64>) {
    let mut engine = Engine::new(Config::default(), 7);
    let session = engine.open(Millis(1), SessionOptions::default());
    let requests: [&[&[u8]]; 5] = [
        &[b"SET", b"a", b"1"],
        &[b"MSET", b"b", b"2", b"c", b"#CRC32C: text that looks like one"],
        &[b"SELECT", b"3"],
        &[b"SET", b"d", &[0, 13, 10, 255]],
        &[b"APPEND", b"d", b"x"],
    ];
    let mut batches = Vec::new();
    let mut digests = vec![engine.digest()];
    for words in requests {
        engine.execute(Millis(1), session, &Request::new(words), &mut ReplyBuffer::default());
        while let Some(output) = engine.poll_output() {
            if let Output::Effects(batch) = output {
                batches.push((batch.bytes, batch.last));
                digests.push(engine.digest());
            }
        }
    }
    (batches, digests)
}

/// The bytes of a log file of these batches, and where each ends.
fn file_of(batches: &[(Vec<u8>, Lsn)]) -> (Vec<u8>, Vec<usize>) {
    let mut bytes = Vec::new();
    let mut ends = vec![0];
    for (batch, last) in batches {
        let bytes_before = bytes.len() as u64;
        bytes.extend_from_slice(batch);
        Annotation::new(crc32c::crc32c(batch), *last, Some(bytes_before)).write(&mut bytes);
        ends.push(bytes.len());
    }
    (bytes, ends)
}

fn load_bytes(bytes: &[u8]) -> (Result<Loaded, Error>, u64, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.aof");
    std::fs::write(&path, bytes).unwrap();
    let mut engine = Engine::new(Config::default(), 8);
    let (batch_bytes_max, progress) = (BATCH_BYTES_MAX, &Progress::default());
    let place = Place {
        disk: &OsDisk,
        path: &path,
        is_last: true,
        tail: TornTail::Cut,
        batch_bytes_max,
        progress,
        until: None,
    };
    let loaded = load(place, Lsn(0), &mut engine);
    (loaded, engine.digest(), std::fs::read(&path).unwrap())
}

#[test]
fn a_file_cut_at_any_byte_holds_every_whole_batch() {
    let (batches, digests) = sample();
    let (bytes, ends) = file_of(&batches);
    for cut in 0..=bytes.len() {
        let (loaded, digest, left) = load_bytes(&bytes[..cut]);
        let loaded = loaded.unwrap_or_else(|error| panic!("cut at {cut}: {error}"));
        let whole = ends.iter().filter(|end| **end <= cut).count() - 1;
        // A batch whose commands are whole and whose annotation is torn may be there or not.
        let next = digests.get(whole + 1);
        assert!(digest == digests[whole] || Some(&digest) == next, "cut at {cut}");
        assert!(loaded.last.0 >= whole as u64, "cut at {cut}");
        let (again, digest_again, _) = load_bytes(&left);
        assert_eq!((again.unwrap().last, digest_again), (loaded.last, digest), "cut at {cut}, loaded twice");
    }
}

#[test]
fn a_flipped_bit_anywhere_is_found() {
    let (batches, _) = sample();
    let (bytes, ends) = file_of(&batches);
    let last_batch = ends[ends.len() - 2];
    for at in 0..last_batch {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1;
        let (loaded, _, left) = load_bytes(&flipped);
        let Err(Error::Damaged { offset, .. }) = loaded else {
            panic!("flipped at {at}: {loaded:?}");
        };
        assert!(ends.contains(&usize::try_from(offset).unwrap()) && offset <= at as u64, "flipped at {at}");
        assert_eq!(left, flipped, "nothing is changed");
    }
}

#[test]
fn a_file_without_annotations_is_taken_whole() {
    let (batches, digests) = sample();
    let bytes: Vec<u8> = batches.iter().flat_map(|(bytes, _)| [b"#TS:1\r\n".as_slice(), bytes].concat()).collect();
    let (loaded, digest, _) = load_bytes(&bytes);
    assert!(loaded.is_ok());
    assert_eq!(Some(&digest), digests.last());
}

#[test]
fn a_file_of_redis_in_pieces_keeps_its_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.aof");
    let mut bytes = Vec::new();
    write_request(&mut bytes, &[b"SELECT", b"3"]);
    for number in 0..50 {
        write_request(&mut bytes, &[b"SET", number.to_string().as_bytes(), b"v"]);
    }
    std::fs::write(&path, &bytes).unwrap();
    let mut engine = Engine::new(Config::default(), 8);
    let progress = &Progress::default();
    let place = Place {
        disk: &OsDisk,
        path: &path,
        is_last: true,
        tail: TornTail::Leave,
        batch_bytes_max: 100,
        progress,
        until: None,
    };
    load(place, Lsn(0), &mut engine).unwrap();
    assert_eq!(engine.database_sizes().find(|(_, keys)| *keys > 0), Some((3, 50)));
    assert_eq!(progress.read_bytes(), bytes.len() as u64);
}

#[test]
fn zeros_at_the_end_are_a_torn_write() {
    let (batches, digests) = sample();
    let (mut bytes, _) = file_of(&batches);
    let len = bytes.len();
    bytes.extend_from_slice(&[0; 4096]);
    let (loaded, digest, left) = load_bytes(&bytes);
    assert!(loaded.is_ok());
    assert_eq!((Some(&digest), left.len()), (digests.last(), len));
}

/// Appends a batch to the log of a folder, as one run of a server would.
fn append(path: &Path, mut bytes: Vec<u8>, last: Lsn) {
    let mut engine = Engine::new(Config::default(), 9);
    let (_, mut writer) = open(Folder::take(path).unwrap(), &Progress::default(), &mut engine).unwrap();
    writer.annotate(&mut bytes, last);
    writer.append(&bytes).unwrap();
    writer.sync().unwrap();
}

fn opened(path: &Path) -> Engine {
    let mut engine = Engine::new(Config::default(), 10);
    open(Folder::take(path).unwrap(), &Progress::default(), &mut engine).unwrap();
    engine
}

#[test]
fn what_is_appended_after_a_restart_is_read_with_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let (batches, digests) = sample();
    for (bytes, last) in &batches {
        append(folder.path(), bytes.clone(), *last);
    }
    let engine = opened(folder.path());
    assert_eq!(Some(&engine.digest()), digests.last());
    assert_eq!(Some(engine.lsn()), batches.last().map(|(_, last)| *last));
}

#[test]
fn a_rewritten_log_holds_the_same() {
    let path = tempfile::tempdir().unwrap();
    let (batches, digests) = sample();
    append(path.path(), batches.iter().flat_map(|(bytes, _)| bytes.clone()).collect(), Lsn(6));
    let mut engine = Engine::new(Config::default(), 10);
    let folder = Folder::take(path.path()).unwrap();
    let first = folder.path_of("appendonly.aof.1.incr.aof");
    let (log, writer) = open(folder, &Progress::default(), &mut engine).unwrap();
    let header = log.next_increment(writer.last()).unwrap().byte_len();
    let mut save = engine.begin_save(Millis(1), Purpose::LogBase).unwrap();
    let bytes = log.write_base(&mut save, |save, piece, len| engine.save(save, piece, len)).unwrap();
    log.adopt_base(bytes).unwrap();
    assert_eq!((log.base_bytes(), log.bytes()), (bytes, bytes + header));
    drop(log);
    let engine = opened(path.path());
    assert_eq!(Some(&engine.digest()), digests.last());
    assert_eq!(engine.lsn(), Lsn(6));
    assert!(!first.exists());
}
