//! What data looks like to a client, in a form that two stores can be compared by.

use crate::target::{Connection, CoreTarget};
use crate::value::Value;
use anyhow::{Context, bail, ensure};
use redstart_core::Protocol;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

/// The databases that are looked at.
const DATABASES: u16 = 16;

/// What a server holds under one key. Two are equal whatever the order in which their payloads keep the elements.
#[derive(Debug)]
pub struct Entry {
    /// What its type's reading command answers, in an order of its own.
    pub value: Value,
    /// What `PEXPIRETIME` answers.
    pub deadline: Value,
    /// Of what `DUMP` gives, so of all that the value does not show, like the groups of a stream.
    pub digest: Value,
    /// What `DUMP` gives, for who wants to know why digests differ.
    pub payload: Value,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        (&self.value, &self.deadline, &self.digest) == (&other.value, &other.deadline, &other.digest)
    }
}

/// What a server holds, by database and key.
pub type Everything = BTreeMap<(u16, Vec<u8>), Entry>;

/// Everything that a server holds. Keys that expire meanwhile may be missing.
///
/// # Errors
/// When it does not answer as expected, or gives a payload that cannot be restored.
pub fn everything(address: SocketAddr) -> anyhow::Result<Everything> {
    let mut connection = Connection::open(address)?;
    let mut core = CoreTarget::new(Protocol::Resp2, 1);
    let mut seen = Everything::new();
    for db in 0..DATABASES {
        connection.ask(&[b"SELECT", db.to_string().as_bytes()])?;
        let Value::Array(keys) = connection.ask(&[b"KEYS", b"*"])? else { bail!("no keys") };
        for key in keys {
            let Value::Bulk(key) = key else { bail!("no key: {key}") };
            if let Some(entry) = entry(&mut connection, &mut core, &key)? {
                seen.insert((db, key), entry);
            }
        }
    }
    Ok(seen)
}

fn entry(connection: &mut Connection, core: &mut CoreTarget, key: &[u8]) -> anyhow::Result<Option<Entry>> {
    let Value::Status(kind) = connection.ask(&[b"TYPE", key])? else { bail!("no type") };
    let mut failed = None;
    let value = look(std::str::from_utf8(&kind)?, key, |words| {
        connection.ask(words).unwrap_or_else(|error| {
            failed = Some(error);
            Value::Nil
        })
    });
    if let Some(error) = failed {
        return Err(error).context("a value cannot be looked at");
    }
    let deadline = connection.ask(&[b"PEXPIRETIME", key])?;
    let Value::Bulk(payload) = connection.ask(&[b"DUMP", key])? else { return Ok(None) };
    let digest = digest(core, key, &payload)?;
    Ok(Some(Entry { value, deadline, digest, payload: Value::Bulk(payload) }))
}

/// The digest of the value in a payload.
fn digest(core: &mut CoreTarget, key: &[u8], payload: &[u8]) -> anyhow::Result<Value> {
    let restored = core.execute("", &[b"RESTORE", key, b"0", payload, b"REPLACE"])?;
    ensure!(restored.is_some_and(|reply| reply == b"+OK\r\n"), "{:?} cannot be restored", key.escape_ascii());
    let digest = core.execute("", &[b"DEBUG", b"DIGEST-VALUE", key])?.context("no digest")?;
    Ok(Value::Bulk(digest))
}

/// Fails when two servers do not hold the same.
///
/// # Panics
/// With each entry that differs, as both have it.
pub fn assert_alike(ours: &Everything, theirs: &Everything) {
    assert_eq!(differences(ours, theirs), Vec::<String>::new());
}

/// The entries that two servers do not hold alike, each as both have it.
fn differences(ours: &Everything, theirs: &Everything) -> Vec<String> {
    let keys: BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
    let differing = keys.into_iter().filter(|key| ours.get(key) != theirs.get(key));
    let told = |(db, key): &(u16, Vec<u8>)| {
        let (key_text, at) = (key.escape_ascii(), (*db, key.clone()));
        format!("{key_text} in database {db}:\n{:?}\n{:?}", ours.get(&at), theirs.get(&at))
    };
    differing.map(told).collect()
}

/// What a value looks like, whatever the order in which its elements are kept.
pub fn look(kind: &str, key: &[u8], mut ask: impl FnMut(&[&[u8]]) -> Value) -> Value {
    let seen = match kind {
        "string" => ask(&[b"GET", key]),
        "list" => return ask(&[b"LRANGE", key, b"0", b"-1"]),
        "set" => ask(&[b"SMEMBERS", key]),
        "hash" => ask(&[b"HGETALL", key]),
        "stream" => return ask(&[b"XRANGE", key, b"-", b"+"]),
        _ => ask(&[b"ZRANGE", key, b"0", b"-1", b"WITHSCORES"]),
    };
    match (kind, seen) {
        ("set", Value::Array(mut members)) => {
            members.sort();
            Value::Array(members)
        }
        ("hash", Value::Array(fields)) => {
            let mut pairs: Vec<_> = fields.chunks(2).map(<[Value]>::to_vec).collect();
            pairs.sort();
            Value::Array(pairs.concat())
        }
        ("zset", Value::Array(all)) => Value::Array(all.iter().map(with_plain_score).collect()),
        (_, seen) => seen,
    }
}

fn with_plain_score(value: &Value) -> Value {
    let Value::Bulk(text) = value else { return value.clone() };
    let number = std::str::from_utf8(text).ok().and_then(|text| text.parse::<f64>().ok());
    number.map_or_else(|| value.clone(), |number| Value::bulk(number.to_string()))
}
