//! Whether two stores gave the same answer, where Redis leaves something open.

use crate::generate::{Words, command_of};
use crate::transcript::Matcher;
use crate::value::Value;
use redstart_core::spec::{Command, Group};

/// Milliseconds that may lie between the two stores' clocks.
const CLOCK_MS: i64 = 3000;

/// What Redis promises of a command's answer.
enum Promise {
    /// Every byte.
    All,
    /// The elements, in any order.
    Elements,
    /// The pairs, in any order.
    Pairs,
    /// A page of elements, all of them if the page is the last.
    Page,
    /// A time that is that far off at most.
    Time(i64),
    /// The number of elements.
    Count,
    /// What is known of a stream but how it is indexed and when its consumers were seen.
    Stream,
}

/// Whether both answers are what Redis promises.
pub(super) fn same(words: &Words, redis: &Value, redstart: &Value) -> bool {
    let Some(command) = command_of(words) else { return redis == redstart };
    if is_explained(command, words) {
        return true;
    }
    let (redis, redstart) = (&as_redis_72_says(redis), &as_redis_72_says(redstart));
    // Redis 7.0 answers for a missing key before it looks at the range.
    if matches!(command.name, "BITCOUNT" | "BITPOS") && redstart.is_error() {
        return redis.is_error() || matches!(redis, Value::Integer(-1 | 0));
    }
    if redis.is_error() || redstart.is_error() {
        return without_name(redis) == without_name(redstart);
    }
    // One clock goes on between two requests, the other one does not: which time is later is open.
    if command.name.ends_with("EXPIRE") && words.iter().any(|word| is_one_of(word, &["GT", "LT"])) {
        return true;
    }
    let (redis, redstart) = if has_floats(command) {
        (with_plain_floats(redis), with_plain_floats(redstart))
    } else {
        (redis.clone(), redstart.clone())
    };
    match promise(command.name) {
        Promise::All => redis == redstart,
        Promise::Elements => Matcher::Unordered.matches(&redis, &redstart),
        Promise::Pairs => Matcher::Pairs.matches(&redis, &redstart),
        Promise::Time(distance) => Matcher::Near(distance).matches(&redis, &redstart),
        Promise::Count => count(&redis) == count(&redstart),
        Promise::Stream => stream(&redis) == stream(&redstart),
        // Only from the beginning: what other cursors mean is each store's own affair.
        Promise::Page => {
            let whole = words.iter().any(|word| word == b"0") && is_last_page(&redis) && is_last_page(&redstart);
            !whole || page(&redis) == page(&redstart)
        }
    }
}

fn promise(name: &str) -> Promise {
    match name {
        "FUNCTION LIST" => Promise::Elements,
        "FUNCTION DUMP" => Promise::Count,
        "SMEMBERS" | "SINTER" | "SUNION" | "SDIFF" | "KEYS" | "HKEYS" | "HVALS" => Promise::Elements,
        "HGETALL" => Promise::Pairs,
        "SCAN" | "SSCAN" | "HSCAN" | "ZSCAN" => Promise::Page,
        "DUMP" | "SPOP" | "SRANDMEMBER" | "HRANDFIELD" | "ZRANDMEMBER" | "RANDOMKEY" => Promise::Count,
        "XINFO STREAM" | "XINFO GROUPS" => Promise::Stream,
        "XINFO CONSUMERS" => Promise::Count,
        "XPENDING" => Promise::Time(CLOCK_MS),
        "TTL" | "EXPIRETIME" => Promise::Time(CLOCK_MS / 1000),
        "PTTL" | "PEXPIRETIME" => Promise::Time(CLOCK_MS),
        _ => Promise::All,
    }
}

/// Differences that `deviations.md` explains.
fn is_explained(command: &Command, words: &Words) -> bool {
    // Redis 7.0 takes three words only.
    let with_score = matches!(command.name, "ZRANK" | "ZREVRANK") && words.len() > 3;
    let no_values = command.name == "HSCAN" && words.iter().any(|word| is_one_of(word, &["NOVALUES"]));
    with_score || no_values
}

fn is_one_of(word: &[u8], tokens: &[&str]) -> bool {
    tokens.iter().any(|token| word.eq_ignore_ascii_case(token.as_bytes()))
}

/// An error without the name of a library or function: where several of a payload are there already, Redis names any of
/// them.
fn without_name(value: &Value) -> Value {
    let named = ["ERR Library ", "ERR Function "].map(str::as_bytes);
    match value {
        Value::Error(text) if text.ends_with(b" already exists") => {
            let kind = named.into_iter().find(|kind| text.starts_with(kind));
            Value::Error(kind.unwrap_or(text).into())
        }
        other => other.clone(),
    }
}

/// Where Redis 7.0 gave another reason for the same refusal.
fn as_redis_72_says(value: &Value) -> Value {
    match value {
        Value::Error(text) if text == b"ERR timeout is negative" => Value::Error(b"ERR timeout is out of range".into()),
        Value::Error(text) if text.starts_with(b"ERR Unbalanced XREAD") => Value::Error(UNBALANCED.into()),
        Value::Error(text) if text.starts_with(b"ERR Unbalanced 'xread") => Value::Error(UNBALANCED.into()),
        Value::Array(all) => Value::Array(all.iter().map(as_redis_72_says).collect()),
        other => other.clone(),
    }
}

/// The lists behind `STREAMS` are not equally long; the wording has changed.
const UNBALANCED: &[u8] = b"ERR Unbalanced list of streams";

fn has_floats(command: &Command) -> bool {
    command.group == Group::SortedSet || command.name.ends_with("FLOAT") || command.name == "EXEC"
}

/// Floats in one form, whichever form the store prints them in.
fn with_plain_floats(value: &Value) -> Value {
    let plain = |text: &[u8]| {
        let number: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
        Some(number.to_string().into_bytes())
    };
    match value {
        Value::Bulk(text) => Value::Bulk(plain(text).unwrap_or_else(|| text.clone())),
        Value::Double(text) => Value::Double(plain(text).unwrap_or_else(|| text.clone())),
        Value::Array(all) => Value::Array(all.iter().map(with_plain_floats).collect()),
        other => other.clone(),
    }
}

/// How many elements there are; whether there is something, for what is no aggregate.
fn count(value: &Value) -> usize {
    match value {
        Value::Nil | Value::NilArray => 0,
        other => other.elements().map_or(1, |all| all.len()),
    }
}

/// The description of a stream or a group without the number of nodes in the index, without a group's lag, and without
/// consumers where they are named.
fn stream(value: &Value) -> Vec<Value> {
    let all: Vec<_> = value.elements().unwrap_or_default().into_iter().cloned().collect();
    if all.iter().all(|group| group.elements().is_some()) {
        return all.iter().flat_map(stream).collect();
    }
    let names_consumers = all.contains(&Value::bulk("entries"));
    let is_open = |name: &Value| {
        let names = ["radix-tree-nodes", "entries-read", "lag"];
        names.map(Value::bulk).contains(name) || (names_consumers && *name == Value::bulk("groups"))
    };
    all.chunks(2).filter(|pair| !is_open(&pair[0])).flatten().cloned().collect()
}

fn is_last_page(value: &Value) -> bool {
    matches!(value, Value::Array(parts) if parts.first() == Some(&Value::bulk("0")))
}

fn page(value: &Value) -> Vec<Value> {
    let Value::Array(parts) = value else { return vec![value.clone()] };
    let mut all: Vec<_> = match parts.get(1) {
        Some(Value::Array(all)) => all.clone(),
        _ => Vec::new(),
    };
    all.sort();
    all
}
