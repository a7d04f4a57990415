//! What data looks like to a client, in a form that two stores can be compared by.

use crate::target::{Connection, CoreTarget};
use crate::value::Value;
use anyhow::{Context, bail, ensure};
use redstart_core::Protocol;
use std::collections::BTreeMap;

/// The databases that are looked at.
const DATABASES: u16 = 16;

/// A key's value and when it expires.
pub type Seen = BTreeMap<(u16, Vec<u8>), (Value, Value)>;

/// Everything that a server holds.
///
/// # Errors
/// When it does not answer as expected.
pub fn everything(connection: &mut Connection) -> anyhow::Result<Seen> {
    let mut seen = Seen::new();
    for db in 0..DATABASES {
        connection.ask(&[b"SELECT", db.to_string().as_bytes()])?;
        let Value::Array(keys) = connection.ask(&[b"KEYS", b"*"])? else { continue };
        for key in keys {
            let Value::Bulk(key) = key else { continue };
            let Value::Status(kind) = connection.ask(&[b"TYPE", &key])? else { continue };
            let mut failed = None;
            let value = look(std::str::from_utf8(&kind)?, &key, |words| {
                connection.ask(words).unwrap_or_else(|error| {
                    failed = Some(error);
                    Value::Nil
                })
            });
            if let Some(error) = failed {
                return Err(error).context("a value cannot be looked at");
            }
            let deadline = connection.ask(&[b"PEXPIRETIME", &key])?;
            seen.insert((db, key), (value, deadline));
        }
    }
    connection.ask(&[b"SELECT", b"0"])?;
    Ok(seen)
}

/// A digest of everything that a server holds, taken from the `DUMP` of every key, whatever the order of elements in it.
///
/// # Errors
/// When it does not answer as expected, or gives a payload that cannot be restored.
pub fn digest_of_dumps(connection: &mut Connection) -> anyhow::Result<u64> {
    let mut core = CoreTarget::new(Protocol::Resp2, 1);
    for db in 0..DATABASES {
        let number = db.to_string();
        connection.ask(&[b"SELECT", number.as_bytes()])?;
        core.execute("", &[b"SELECT", number.as_bytes()])?;
        let Value::Array(keys) = connection.ask(&[b"KEYS", b"*"])? else { bail!("no keys") };
        for key in keys {
            let Value::Bulk(key) = key else { bail!("no key: {key}") };
            // A key may have expired in between.
            let Value::Bulk(payload) = connection.ask(&[b"DUMP", &key])? else { continue };
            let deadline = connection.ask(&[b"PEXPIRETIME", &key])?.integer().context("no time")?.max(0);
            let restored =
                core.execute("", &[b"RESTORE", &key, deadline.to_string().as_bytes(), &payload, b"ABSTTL"])?;
            ensure!(
                restored.is_some_and(|reply| reply == b"+OK\r\n"),
                "{:?} in {db} cannot be restored",
                key.escape_ascii()
            );
        }
    }
    connection.ask(&[b"SELECT", b"0"])?;
    Ok(core.engine.digest())
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
