//! `/metrics`, read by a parser that is not ours.

use crate::server::{in_memory, send};
use prometheus_parse::{Scrape, Value};
use redstart_gateway::server::Server;

fn scrape(server: &Server) -> Scrape {
    let answer = send(server.http_address(), "GET /metrics", b"");
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    Scrape::parse(answer.text().lines().map(|line| Ok(line.to_owned()))).unwrap()
}

fn number(scrape: &Scrape, name: &str, labels: &[(&str, &str)]) -> f64 {
    let is_meant = |sample: &&prometheus_parse::Sample| {
        sample.metric == name && labels.iter().all(|(name, value)| sample.labels.get(name) == Some(value))
    };
    match scrape.samples.iter().find(is_meant).map(|sample| &sample.value) {
        Some(Value::Counter(value) | Value::Gauge(value) | Value::Untyped(value)) => *value,
        other => panic!("{name} {labels:?}: {other:?}"),
    }
}

#[test]
fn every_number_has_a_type_and_is_what_was_done() {
    let server = in_memory(&["--set", "latency-tracking=yes"]);
    for target in ["/set/k/v/EX/100", "/get/k", "/get/none", "/lpush/k/x", "/config/set/maxmemory-policy/allkeys-lru"] {
        send(server.http_address(), &format!("GET {target}"), b"");
    }
    let scrape = scrape(&server);
    for sample in &scrape.samples {
        // The parser does not know these as parts of a histogram.
        let name = sample.metric.strip_suffix("_seconds_sum").or(sample.metric.strip_suffix("_seconds_count"));
        let is_typed = name.is_some() || !matches!(sample.value, Value::Untyped(_));
        let is_explained = name.is_some() || scrape.docs.contains_key(&sample.metric);
        assert!(is_typed && is_explained, "{}", sample.metric);
    }
    let is = |name: &str, labels: &[(&str, &str)], expected: f64| {
        assert_eq!(number(&scrape, name, labels), expected, "{name} {labels:?}");
    };
    is("redstart_commands_processed_total", &[], 5.0);
    is("redstart_command_calls_total", &[("command", "get")], 2.0);
    is("redstart_command_errors_total", &[("command", "lpush"), ("kind", "failed")], 1.0);
    is("redstart_errors_total", &[("code", "WRONGTYPE")], 1.0);
    is("redstart_keyspace_hits_total", &[], 1.0);
    is("redstart_keyspace_misses_total", &[], 1.0);
    is("redstart_keys", &[("db", "0")], 1.0);
    is("redstart_keys_expiring", &[("db", "0")], 1.0);
    is("redstart_sessions", &[("kind", "resp")], 0.0);
    is("redstart_connections_accepted_total", &[("port", "http")], 6.0);
    is("redstart_limit", &[("limit", "maxclients")], 10_000.0);
    assert!(number(&scrape, "redstart_connections", &[("port", "http")]) >= 1.0);
    assert!(number(&scrape, "redstart_received_bytes_total", &[("port", "http")]) > 300.0);
    assert!(number(&scrape, "redstart_sent_bytes_total", &[("port", "http")]) > 300.0);
    let histogram = scrape.samples.iter().find(|sample| {
        sample.metric == "redstart_command_duration_seconds" && sample.labels.get("command") == Some("get")
    });
    let Some(Value::Histogram(buckets)) = histogram.map(|sample| &sample.value) else { panic!("{histogram:?}") };
    let last = buckets.last().unwrap();
    assert!(last.less_than.is_infinite() && (last.count - 2.0).abs() < f64::EPSILON);
    server.stop();
}

#[test]
fn the_log_is_shown_too() {
    let folder = tempfile::tempdir().unwrap();
    let options = crate::server::options(folder.path(), &["--durability", "always"]);
    let server = Server::start(&options).unwrap();
    server.wait_until_loaded();
    for n in 0..3 {
        assert_eq!(send(server.http_address(), &format!("GET /set/k/{n}"), b"").status, 200);
    }
    let scrape = scrape(&server);
    assert_eq!(number(&scrape, "redstart_log_effects_total", &[]), 3.0);
    assert_eq!(number(&scrape, "redstart_effects_total", &[]), 3.0);
    assert!(number(&scrape, "redstart_log_syncs_total", &[]) >= 3.0);
    assert!(number(&scrape, "redstart_log_synced_timestamp_seconds", &[]) > 1e9);
    assert_eq!(number(&scrape, "redstart_log_rewrite_ok", &[]), 1.0);
    server.stop();
}
