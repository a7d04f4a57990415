//! `/metrics`, as Prometheus reads it (text format 0.0.4).
//!
//! Each number has one owner: the engine, or the gateway's counters. They are read when somebody asks, so there is no
//! registry beside them that could say something else.

mod page;

use super::answer::Refusal;
use super::{App, request};
use crate::counters::{Counters, Limit, Port};
use crate::host::Turn;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use page::{Kind, Page};
use redstart_core::{Engine, Purpose};
use std::sync::atomic::Ordering;

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// `/metrics`.
pub(super) async fn metrics(State(app): State<App>, request: Request) -> Result<Response, Refusal> {
    let token = request::token(request.headers(), request.uri());
    if !app.access.may_watch(token.as_deref()) {
        return Err(Refusal::TOKEN);
    }
    let mut page = Page::default();
    {
        let turn = app.host.turn();
        let engine = turn.engine();
        store(&mut page, engine);
        commands(&mut page, engine);
        sessions(&mut page, engine);
        log(&mut page, &turn, app.host.counters());
    }
    traffic(&mut page, app.host.counters());
    limits(&mut page, &app);
    Ok(([(header::CONTENT_TYPE, TEXT)], page.into_text()).into_response())
}

fn store(page: &mut Page, engine: &Engine) {
    let stats = engine.stats();
    for (name, help, value) in [
        ("redstart_connections_received_total", "Sessions opened.", stats.connections_received),
        ("redstart_commands_processed_total", "Requests that ran.", stats.commands_processed),
        ("redstart_error_replies_total", "Error replies.", stats.error_replies),
        ("redstart_expired_keys_total", "Keys removed at their deadline.", stats.expired_keys),
        ("redstart_expired_fields_total", "Fields of hashes removed at their deadline.", stats.expired_fields),
        ("redstart_evicted_keys_total", "Keys removed to make room.", stats.evicted_keys),
        ("redstart_keyspace_hits_total", "Keys that reading commands found.", stats.lookups.hits()),
        ("redstart_keyspace_misses_total", "Keys that reading commands did not find.", stats.lookups.misses()),
        ("redstart_messages_published_total", "Messages published.", stats.messages_published),
        ("redstart_effects_total", "Effects, the position of the log.", engine.lsn().0),
    ] {
        page.family(name, Kind::Counter, help).sample(&[], value);
    }
    page.family("redstart_memory_used_bytes", Kind::Gauge, "What the keys take.").sample(&[], engine.used_memory());
    if let Some(bytes) = fact(engine, "memory", "used_memory_rss") {
        page.family("redstart_memory_resident_bytes", Kind::Gauge, "What the process takes.").sample(&[], bytes);
    }
    let databases: Vec<_> = engine.database_metrics().collect();
    let mut family = page.family("redstart_keys", Kind::Gauge, "Keys of a database.");
    for (db, keys, _) in &databases {
        family.sample(&[("db", &db.to_string())], *keys);
    }
    let mut family = page.family("redstart_keys_expiring", Kind::Gauge, "Keys of a database that expire.");
    for (db, _, expiring) in &databases {
        family.sample(&[("db", &db.to_string())], *expiring);
    }
}

fn commands(page: &mut Page, engine: &Engine) {
    const SECONDS: f64 = 1e6;
    let commands: Vec<_> = engine.command_metrics().collect();
    let mut family = page.family("redstart_command_calls_total", Kind::Counter, "Calls of a command.");
    for command in &commands {
        family.sample(&[("command", &command.name)], command.stats.calls);
    }
    let help = "Errors of a command: it failed, or was rejected before it ran.";
    let mut family = page.family("redstart_command_errors_total", Kind::Counter, help);
    for command in &commands {
        let counts = [("failed", command.stats.failed_calls), ("rejected", command.stats.rejected_calls)];
        for (kind, count) in counts {
            family.sample(&[("command", &command.name), ("kind", kind)], count);
        }
    }
    let help = "How long calls of a command took, where latency-tracking measures them.";
    let mut family = page.family("redstart_command_duration_seconds", Kind::Histogram, help);
    for command in commands.iter().filter(|command| !command.durations.is_empty()) {
        let buckets = command.durations.iter().map(|(micros, count)| (*micros as f64 / SECONDS, *count));
        family.histogram(&[("command", &command.name)], buckets, command.stats.micros as f64 / SECONDS);
    }
    let mut family = page.family("redstart_errors_total", Kind::Counter, "Error replies by their code.");
    for (code, count) in &engine.stats().errors {
        family.sample(&[("code", code)], *count);
    }
}

fn sessions(page: &mut Page, engine: &Engine) {
    let sessions = engine.session_metrics();
    let mut family = page.family("redstart_sessions", Kind::Gauge, "Sessions of a kind, requests over HTTP included.");
    for (kind, count) in sessions.by_kind {
        family.sample(&[("kind", kind.name())], count);
    }
    for (name, help, count) in [
        ("redstart_sessions_blocked", "Sessions that wait for something.", sessions.blocked),
        ("redstart_sessions_subscribed", "Sessions that listen to channels.", sessions.subscribers),
        ("redstart_sessions_tracking", "Sessions that track keys.", sessions.tracking),
    ] {
        page.family(name, Kind::Gauge, help).sample(&[], count);
    }
}

fn log(page: &mut Page, turn: &Turn<'_>, counters: &Counters) {
    let (engine, counts) = (turn.engine(), &counters.log);
    for (name, help, value) in [
        ("redstart_log_syncs_total", "Times that the log was synced.", counts.syncs.value()),
        ("redstart_log_batches_total", "Batches that were written to the log.", counts.batches.value()),
        (
            "redstart_log_effects_total",
            "Effects in them; divided by the batches, the size of a group.",
            counts.effects.value(),
        ),
    ] {
        page.family(name, Kind::Counter, help).sample(&[], value);
    }
    let synced = counts.synced_ms.load(Ordering::Relaxed) as f64 / 1000.0;
    page.family("redstart_log_synced_timestamp_seconds", Kind::Gauge, "When the log was synced last.")
        .sample(&[], synced);
    let (is_rewriting, is_fine) = engine.save_metrics(Purpose::LogBase);
    for (name, help, holds) in [
        ("redstart_log_rewriting", "1 while the log is rewritten.", is_rewriting),
        ("redstart_log_rewrite_ok", "0 if the last rewrite of the log failed.", is_fine),
        ("redstart_writes_stalled", "1 while the log cannot be written.", turn.is_stalled()),
        ("redstart_loading", "1 while the data are loaded.", engine.is_loading()),
    ] {
        page.family(name, Kind::Gauge, help).sample(&[], u8::from(holds));
    }
    for (name, help, fact_name) in [
        ("redstart_log_bytes", "The length of the log.", "aof_current_size"),
        ("redstart_log_base_bytes", "The length of its base.", "aof_base_size"),
    ] {
        if let Some(bytes) = fact(engine, "persistence", fact_name) {
            page.family(name, Kind::Gauge, help).sample(&[], bytes);
        }
    }
}

/// A number that the host has told the engine for `INFO`.
fn fact(engine: &Engine, section: &str, name: &str) -> Option<u64> {
    let fact = engine.config().facts.iter().find(|fact| fact.section == section && fact.name == name);
    fact?.value.parse().ok()
}

fn traffic(page: &mut Page, counters: &Counters) {
    let ports = Port::ALL.map(|port| (port.name(), counters.traffic(port)));
    let mut family = page.family("redstart_connections", Kind::Gauge, "Connections of a port.");
    for (port, traffic) in ports {
        family.sample(&[("port", port)], traffic.connections());
    }
    let mut family = page.family("redstart_connections_accepted_total", Kind::Counter, "Connections that were served.");
    for (port, traffic) in ports {
        family.sample(&[("port", port)], traffic.accepted.value());
    }
    let mut family = page.family("redstart_received_bytes_total", Kind::Counter, "Bytes that clients have sent.");
    for (port, traffic) in ports {
        family.sample(&[("port", port)], traffic.received_bytes.value());
    }
    let mut family = page.family("redstart_sent_bytes_total", Kind::Counter, "Bytes that clients were sent.");
    for (port, traffic) in ports {
        family.sample(&[("port", port)], traffic.sent_bytes.value());
    }
}

fn limits(page: &mut Page, app: &App) {
    let counters = app.host.counters();
    let mut family = page.family("redstart_limit_reached_total", Kind::Counter, "How often a limit was reached.");
    for limit in Limit::ALL {
        family.sample(&[("limit", limit.name())], counters.reached(limit).value());
    }
    let connections = app.host.turn().engine().config().connections;
    page.family("redstart_limit", Kind::Gauge, "A limit; 0 is none.")
        .sample(&[("limit", Limit::Clients.name())], connections.max_clients)
        .sample(&[("limit", Limit::Idle.name())], connections.timeout_seconds)
        .sample(&[("limit", Limit::Output.name())], connections.output.pubsub.hard_bytes);
    let help = "What one user or address may ask for in a second; 0 is any number.";
    let mut family = page.family("redstart_limit_per_second", Kind::Gauge, help);
    let rates = &app.rates;
    for (whose, what, rate) in [
        ("user", "requests", rates.user_requests_per_second),
        ("user", "bytes", rates.user_bytes_per_second),
        ("address", "requests", rates.address_requests_per_second),
        ("address", "bytes", rates.address_bytes_per_second),
    ] {
        family.sample(&[("whose", whose), ("what", what)], rate);
    }
    page.family("redstart_limit_burst_seconds", Kind::Gauge, "How many seconds' worth of that may come at once.")
        .sample(&[], rates.burst_seconds);
}
