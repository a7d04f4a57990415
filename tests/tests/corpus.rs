//! Files that Redis versions from 2.4 to 7.4 and others have written (`rdb-corpus/README.md` says where they come from):
//! each is loaded by value, or refused in words.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use redstart_core::{Millis, Protocol};
use redstart_tests::project;
use redstart_tests::server::{TemporaryFolder, gateway_program};
use redstart_tests::target::CoreTarget;
use redstart_tests::value::{Parsed, Value, parse_resp};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The time at which a real Redis was asked what the files hold.
const ASKED: Millis = Millis(1_795_345_800_000);

/// A value in the form in which the corpus notes it: bytes as text in Latin-1, sets and hashes sorted.
type Noted = (String, Json, i64);

fn corpus() -> PathBuf {
    std::env::var_os("REDSTART_RDB_CORPUS").map_or_else(|| project::tests().join("rdb-corpus"), PathBuf::from)
}

fn text(bytes: &[u8]) -> Json {
    bytes.iter().map(|byte| char::from(*byte)).collect::<String>().into()
}

fn ask(core: &mut CoreTarget, words: &[&[u8]]) -> Value {
    let bytes = core.execute("", words).unwrap().unwrap();
    match parse_resp(&bytes) {
        Parsed::Value(value, _) => value,
        other => panic!("not a reply: {other:?}"),
    }
}

/// A reply as JSON. Floats that are integers are written without a point, as both sides write them.
fn json(value: Value) -> Json {
    match value {
        Value::Bulk(bytes) | Value::Status(bytes) => text(&bytes),
        Value::Integer(number) => number.into(),
        Value::Array(elements) => elements.into_iter().map(json).collect(),
        Value::Nil => Json::Null,
        other => panic!("not noted in the corpus: {other}"),
    }
}

fn sorted(value: Json) -> Json {
    let mut elements = value.as_array().cloned().unwrap_or_default();
    elements.sort_by_key(Json::to_string);
    elements.into()
}

fn look(core: &mut CoreTarget, kind: &str, key: &[u8]) -> Json {
    match kind {
        "string" => json(ask(core, &[b"GET", key])),
        "list" => json(ask(core, &[b"LRANGE", key, b"0", b"-1"])),
        "set" => sorted(json(ask(core, &[b"SMEMBERS", key]))),
        "zset" => json(ask(core, &[b"ZRANGE", key, b"0", b"-1", b"WITHSCORES"])),
        "hash" => {
            let fields = json(ask(core, &[b"HGETALL", key]));
            let pairs = fields.as_array().unwrap().chunks(2).map(|pair| (pair[0].as_str().unwrap(), &pair[1]));
            serde_json::json!(pairs.collect::<BTreeMap<_, _>>())
        }
        _ => {
            let entries = json(ask(core, &[b"XRANGE", key, b"-", b"+"]));
            let info = ask(core, &[b"XINFO", b"STREAM", key]);
            serde_json::json!({"entries": entries, "last": json(field(&info, "last-generated-id")), "groups": groups(core, key)})
        }
    }
}

/// A field of a reply that is a map in RESP2.
fn field(map: &Value, name: &str) -> Value {
    let Value::Array(words) = map else { panic!("no map: {map}") };
    words.chunks(2).find(|pair| pair[0] == Value::bulk(name)).map_or(Value::Nil, |pair| pair[1].clone())
}

fn groups(core: &mut CoreTarget, key: &[u8]) -> Json {
    let Value::Array(groups) = ask(core, &[b"XINFO", b"GROUPS", key]) else { panic!("no groups") };
    let names = ["name", "consumers", "pending", "last-delivered-id", "entries-read", "lag"];
    groups
        .iter()
        .map(|group| names.map(|name| (name, json(field(group, name)))).into_iter().collect::<BTreeMap<_, _>>())
        .map(|group| serde_json::json!(group))
        .collect()
}

/// Everything in a store, in the form of the corpus.
fn everything(core: &mut CoreTarget) -> BTreeMap<(String, String), Noted> {
    let mut seen = BTreeMap::new();
    for db in 0..16 {
        let db = db.to_string();
        ask(core, &[b"SELECT", db.as_bytes()]);
        let Value::Array(keys) = ask(core, &[b"KEYS", b"*"]) else { panic!("no keys") };
        for key in keys {
            let Value::Bulk(key) = key else { panic!("no key") };
            let Value::Status(kind) = ask(core, &[b"TYPE", &key]) else { panic!("no type") };
            let kind = String::from_utf8(kind).unwrap();
            let value = look(core, &kind, &key);
            let Value::Integer(deadline) = ask(core, &[b"PEXPIRETIME", &key]) else { panic!("no time") };
            seen.insert((db.clone(), text(&key).as_str().unwrap().to_owned()), (kind, value, deadline));
        }
    }
    seen
}

fn noted(path: &Path) -> BTreeMap<(String, String), Noted> {
    let noted: Json = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let databases = noted["dbs"].as_object().unwrap().iter();
    let keys =
        databases.flat_map(|(db, keys)| keys.as_object().unwrap().iter().map(move |(key, value)| (db, key, value)));
    keys.map(|(db, key, value)| {
        let kind = value["type"].as_str().unwrap().to_owned();
        let held = if kind == "set" { sorted(value["value"].clone()) } else { value["value"].clone() };
        ((db.clone(), key.clone()), (kind, held, value["pexpiretime"].as_i64().unwrap()))
    })
    .collect()
}

/// Loads a file as the server would, or gives the reason for which it is refused.
fn load(path: &Path) -> Result<CoreTarget, String> {
    let mut core = CoreTarget::new(Protocol::Resp2, 1);
    core.now = ASKED;
    let bytes = if path.extension().is_some_and(|extension| extension == "rdb") {
        std::fs::read(path).unwrap()
    } else {
        imported(path)?
    };
    core.engine.load(bytes.as_slice()).map_err(|error| error.to_string())?;
    Ok(core)
}

/// What a log holds, as an RDB file, by way of the program.
fn imported(path: &Path) -> Result<Vec<u8>, String> {
    let folder = TemporaryFolder::new().unwrap();
    let (data, file) = (folder.path().join("data"), folder.path().join("file.rdb"));
    for (word, argument) in [("import", path), ("export", &file)] {
        let mut command = Command::new(gateway_program().unwrap());
        let output = command.arg(word).arg(argument).arg("--data").arg(&data).output().unwrap();
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
    }
    Ok(std::fs::read(file).unwrap())
}

/// Whether a file becomes what the manifest says: `value` (as in `expected`), a number of keys, or the reason of a refusal.
fn check(file: &str, outcome: &str) -> Result<(), String> {
    let loaded = load(&corpus().join(file)).map(|mut core| everything(&mut core));
    match (loaded, outcome.strip_suffix(" keys")) {
        (Ok(seen), _) if outcome == "value" => {
            let expected = noted(&corpus().join("expected").join(Path::new(file).with_extension("json")));
            if seen == expected { Ok(()) } else { Err(format!("{seen:?} instead of {expected:?}")) }
        }
        (Ok(seen), Some(keys)) if seen.len().to_string() == keys => Ok(()),
        (Ok(seen), _) => Err(format!("it has {} keys", seen.len())),
        (Err(reason), None) if reason.contains(outcome) => Ok(()),
        (Err(reason), _) => Err(reason),
    }
}

#[test]
fn every_file_is_loaded_by_value_or_refused() {
    let manifest = std::fs::read_to_string(corpus().join("manifest.tsv")).unwrap();
    let mut wrong = Vec::new();
    for line in manifest.lines().skip(1) {
        let [file, outcome, _] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        wrong.extend(check(file, outcome).err().map(|reason| format!("{file}: {reason}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
