//! `INFO` has Redis's fields, or `deviations.md` names them.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use redstart_core::glob;
use redstart_tests::project;
use redstart_tests::server::{Server, TemporaryFolder};
use redstart_tests::target::Connection;
use redstart_tests::value::Value;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// How long it may take until the gateway has told what it looks at once a second.
const PATIENCE: Duration = Duration::from_secs(20);
/// Fields that depend on what was done.
const VARYING: [&str; 4] = ["cmdstat_*", "errorstat_*", "latency_percentiles_usec_*", "db[0-9]*"];

fn fields(connection: &mut Connection) -> BTreeSet<String> {
    let Value::Bulk(text) = connection.ask(&[b"INFO", b"everything"]).unwrap() else { panic!("no text") };
    let text = String::from_utf8(text).unwrap();
    let names = text.lines().filter_map(|line| Some(line.split_once(':')?.0.to_owned()));
    names.filter(|name| !matches_any(&VARYING, name)).collect()
}

fn matches_any(patterns: &[&str], name: &str) -> bool {
    patterns.iter().any(|pattern| glob::matches(pattern.as_bytes(), name.as_bytes()))
}

#[test]
fn fields_are_redis_own_or_named() {
    let deviations = std::fs::read_to_string(project::tests().join("deviations.md")).unwrap();
    let section = deviations.split("\n## ").find(|section| section.starts_with("Fields of INFO\n")).unwrap();
    let named: Vec<_> = section.split('`').skip(1).step_by(2).filter(|name| !name.contains('/')).collect();
    let (redis, folder) = (Server::redis(&[]).unwrap(), TemporaryFolder::new().unwrap());
    let gateway = Server::gateway(folder.path(), &[]).unwrap();
    let theirs = fields(&mut Connection::open(redis.address).unwrap());
    let mut connection = Connection::open(gateway.address).unwrap();
    let start = Instant::now();
    loop {
        let ours = fields(&mut connection);
        let missing: Vec<_> = theirs.difference(&ours).filter(|name| !matches_any(&named, name)).collect();
        if missing.is_empty() {
            let given: Vec<_> = ours.iter().filter(|name| matches_any(&named, name)).collect();
            assert!(given.is_empty(), "they are there, and deviations.md says that they are not: {given:?}");
            break;
        }
        assert!(start.elapsed() < PATIENCE, "neither there nor named: {missing:?}");
        std::thread::yield_now();
    }
    let unused: Vec<_> = named.iter().filter(|name| !theirs.iter().any(|field| matches_any(&[name], field))).collect();
    assert!(unused.is_empty(), "no fields of Redis: {unused:?}");
}
