//! The description of the interface, and whether it tells the truth.

use crate::server::{in_memory, send};
use redstart_core::commands;
use redstart_core::spec::{Command, Flag, Run};
use serde_json::Value;
use std::collections::HashSet;
use std::net::SocketAddr;

fn document(address: SocketAddr) -> Value {
    let answer = send(address, "GET /openapi.json", b"");
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    serde_json::from_slice(&answer.body).unwrap()
}

/// Path, method and operation.
fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, item)| {
        let item = item.as_object().unwrap().iter().filter(|(name, _)| *name != "parameters");
        item.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    });
    all.collect()
}

fn offered() -> impl Iterator<Item = &'static Command> {
    commands::all().filter(|command| !matches!(command.run, Run::Container) && !command.has(Flag::Stateful))
}

#[test]
fn each_command_is_there_once() {
    let server = in_memory(&["--token", "t"]);
    let document = document(server.http_address());
    assert_eq!(document["openapi"], "3.1.0");
    let operations = operations(&document);
    let ids: HashSet<_> =
        operations.iter().map(|(_, _, operation)| operation["operationId"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), operations.len());
    let usages: HashSet<_> = operations.iter().filter_map(|(_, _, operation)| operation["x-usage"].as_str()).collect();
    for command in offered() {
        assert!(usages.contains(command.usage().as_str()), "{}", command.name);
    }
    assert_eq!(usages.len(), offered().count());
    server.stop();
}

#[test]
fn a_path_names_its_parameters() {
    let server = in_memory(&[]);
    let document = document(server.http_address());
    for (path, _, operation) in operations(&document) {
        let shared = document["paths"][path]["parameters"].as_array().into_iter().flatten();
        let own = operation["parameters"].as_array().into_iter().flatten();
        let parameters: Vec<_> = shared.chain(own).collect();
        let names = |place: &str| {
            let of_place = parameters.iter().filter(|parameter| parameter["in"] == place);
            of_place.map(|parameter| parameter["name"].as_str().unwrap()).collect::<Vec<_>>()
        };
        let in_path: Vec<_> = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        assert_eq!(names("path"), in_path, "{path}");
        let query = names("query");
        assert_eq!(query.iter().collect::<HashSet<_>>().len(), query.len(), "{path}");
    }
    let set = &document["paths"]["/set/{key}/{value}"]["post"];
    let names: Vec<_> = set["parameters"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert!(["EX", "PX", "NX", "KEEPTTL", "GET"].iter().all(|name| names.contains(name)), "{names:?}");
    server.stop();
}

/// Whether a value is what a schema says, as far as our schemas say anything.
fn fits(document: &Value, schema: &Value, value: &Value) -> bool {
    if let Some(name) = schema["$ref"].as_str() {
        return fits(document, document.pointer(name.trim_start_matches('#')).unwrap(), value);
    }
    let is_type = |name: &str| match name {
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "null" => value.is_null(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => panic!("{name}"),
    };
    let each = |schema: &Value| value.as_array().into_iter().flatten().all(|value| fits(document, schema, value));
    let parts = |parts: &Vec<Value>| {
        let values = value.as_array().unwrap();
        parts.len() == values.len() && parts.iter().zip(values).all(|(schema, value)| fits(document, schema, value))
    };
    schema["type"].as_str().is_none_or(is_type)
        && schema.get("const").is_none_or(|constant| constant == value)
        && schema["anyOf"].as_array().is_none_or(|any| any.iter().any(|schema| fits(document, schema, value)))
        && schema.get("items").is_none_or(each)
        && schema["prefixItems"].as_array().is_none_or(parts)
        && schema["properties"].as_object().is_none_or(|all| {
            all.iter().all(|(name, schema)| value.get(name).is_some_and(|value| fits(document, schema, value)))
        })
}

/// A value that a parameter takes.
fn sample(parameter: &Value) -> String {
    let schema = &parameter["schema"];
    match (schema["enum"][0].as_str(), schema["type"].as_str()) {
        (Some(text), _) => text.to_owned(),
        (None, Some("integer")) => "1".to_owned(),
        (None, Some("number")) => "1.5".to_owned(),
        (None, _) if parameter["x-name"] == "key" => "k".to_owned(),
        (None, _) => "0".to_owned(),
    }
}

#[test]
fn answers_are_what_it_says() {
    // What stops or delays the server, or ends what is asked here.
    const LEFT_OUT: [&str; 5] = ["shutdown", "debug_sleep", "client_pause", "client_kill", "config_set"];
    let server = in_memory(&[]);
    let address = server.http_address();
    let document = document(address);
    let mut done = 0;
    for value in ["set/k/1", "rpush/k/1", "hset/k/0/1", "sadd/k/1", "zadd/k/1/0", "xadd/k/1-1/0/1"] {
        for (path, method, operation) in operations(&document) {
            let id = operation["operationId"].as_str().unwrap();
            let waits = commands::all().any(|command| {
                command.has(Flag::Blocking) && command.name.to_ascii_lowercase().replace([' ', '-'], "_") == id
            });
            if operation.get("x-usage").is_none() || LEFT_OUT.contains(&id) || waits {
                continue;
            }
            send(address, "GET /flushall", b"");
            assert_eq!(send(address, &format!("GET /{value}"), b"").status, 200);
            let parameters = operation["parameters"].as_array().unwrap();
            let in_path = parameters.iter().filter(|parameter| parameter["in"] == "path");
            let target = in_path.fold(path.to_owned(), |target, parameter| {
                target.replacen(&format!("{{{}}}", parameter["name"].as_str().unwrap()), &sample(parameter), 1)
            });
            let answer = send(address, &format!("{} {target}", method.to_uppercase()), b"");
            let body: Value = serde_json::from_slice(&answer.body).unwrap();
            let responses = &operation["responses"];
            if answer.status == 200 {
                let schema = &responses["200"]["content"]["application/json"]["schema"];
                assert!(fits(&document, schema, &body), "{target}: {body} is not {schema}");
                done += 1;
            } else {
                assert_eq!(answer.status, 400, "{target}: {body}");
                assert!(body["error"].is_string(), "{target}: {body}");
            }
        }
    }
    assert!(done > 600, "only {done} requests were answered");
    server.stop();
}

#[test]
fn the_page_shows_it() {
    let server = in_memory(&[]);
    let page = send(server.http_address(), "GET /docs", b"");
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let text = page.text();
    assert!(text.contains("<code>/set/{key}/{value}</code>") && text.contains("<code>/kv/{key}</code>"));
    assert!(!text.contains("<script") && !text.contains("http:") && !text.contains("https:"), "nothing from elsewhere");
    server.stop();
}
