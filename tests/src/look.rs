//! What data looks like to a client, in a form that two stores can be compared by.

use crate::target::Connection;
use crate::value::Value;
use anyhow::Context;
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

/// What a value looks like, whatever the order in which its elements are kept.
pub fn look(kind: &str, key: &[u8], mut ask: impl FnMut(&[&[u8]]) -> Value) -> Value {
    let seen = match kind {
        "string" => ask(&[b"GET", key]),
        "list" => return ask(&[b"LRANGE", key, b"0", b"-1"]),
        "set" => ask(&[b"SMEMBERS", key]),
        "hash" => ask(&[b"HGETALL", key]),
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
