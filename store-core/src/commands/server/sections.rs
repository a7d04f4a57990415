//! The sections of `INFO`, in Redis's order. Only what the store knows stands here; the host adds the rest as facts.

use super::info::{Lines, Section};
use super::save::last_save_seconds;
use crate::acl::Subject;
use crate::config::REDIS_VERSION;
use crate::engine::{Caller, Purpose, Topic};
use crate::number;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The number of a history that nobody follows.
const NO_REPLICATION: &str = "0000000000000000000000000000000000000000";
const DAY_SECONDS: i64 = 24 * 60 * 60;

pub(super) const SECTIONS: &[Section] = &[
    Section { title: "Server", by_default: true, write: server },
    Section { title: "Clients", by_default: true, write: clients },
    Section { title: "Memory", by_default: true, write: memory },
    Section { title: "Persistence", by_default: true, write: persistence },
    Section { title: "Stats", by_default: true, write: stats },
    Section { title: "Replication", by_default: true, write: replication },
    Section { title: "CPU", by_default: true, write: |_, _| {} },
    Section { title: "Modules", by_default: true, write: |_, _| {} },
    Section { title: "Commandstats", by_default: false, write: commandstats },
    Section { title: "Errorstats", by_default: true, write: errorstats },
    Section { title: "Latencystats", by_default: false, write: latencystats },
    Section { title: "Cluster", by_default: true, write: |_, lines| lines.add("cluster_enabled", 0) },
    Section { title: "Keyspace", by_default: true, write: keyspace },
];

fn server(caller: &Caller<'_>, lines: &mut Lines) {
    let started = caller.engine.started.unwrap_or(caller.now);
    let uptime_seconds = caller.now.0.saturating_sub(started.0) / 1000;
    lines.add("redis_version", REDIS_VERSION);
    lines.add("redstart_version", env!("CARGO_PKG_VERSION"));
    lines.add("redis_mode", "standalone");
    lines.add("server_time_usec", caller.now.0.saturating_mul(1000));
    lines.add("uptime_in_seconds", uptime_seconds);
    lines.add("uptime_in_days", uptime_seconds / DAY_SECONDS);
    lines.add("lru_clock", caller.now.0.div_euclid(1000) & 0xff_ffff);
    lines.add("config_file", &caller.engine.config.file);
    lines.none_of(&["io_threads_active"]);
}

fn clients(caller: &Caller<'_>, lines: &mut Lines) {
    let engine = &caller.engine;
    lines.add("connected_clients", engine.sessions.len());
    lines.add("cluster_connections", 0);
    lines.add("maxclients", engine.config.connections.max_clients);
    lines.add("blocked_clients", engine.blocked.len() + engine.pause.len());
    lines.add("clients_in_timeout_table", engine.blocked.timed_len());
    lines.add("tracking_clients", engine.tracking.session_count());
    lines.add("pubsub_clients", engine.pubsub.session_count());
    lines.add("total_watched_keys", engine.watched.len());
}

/// What scripts take: the objects of their machines, and their texts.
#[cfg(feature = "scripting")]
fn scripts(caller: &Caller<'_>, lines: &mut Lines) {
    let scripting = &caller.engine.scripting;
    let functions = &scripting.functions;
    let code_bytes: usize = functions.libraries().iter().map(|library| library.code.len()).sum();
    let machines = [scripting.machine_bytes(), functions.machine_bytes()];
    for name in ["used_memory_vm_eval", "used_memory_lua"] {
        lines.add(name, scripting.machine_bytes());
    }
    lines.add("used_memory_lua_human", human(scripting.machine_bytes() as u64));
    lines.add("used_memory_scripts_eval", scripting.scripts.bytes());
    lines.add("number_of_cached_scripts", scripting.scripts.len());
    lines.add("number_of_functions", functions.len());
    lines.add("number_of_libraries", functions.libraries().len());
    lines.add("used_memory_vm_functions", functions.machine_bytes());
    lines.add("used_memory_functions", code_bytes);
    let sums = [("vm_total", machines.iter().sum()), ("scripts", scripting.scripts.bytes() + code_bytes)];
    for (name, bytes) in sums {
        lines.add(format_args!("used_memory_{name}"), bytes);
        lines.add(format_args!("used_memory_{name}_human"), human(bytes as u64));
    }
}

fn memory(caller: &Caller<'_>, lines: &mut Lines) {
    let eviction = &caller.engine.config.eviction;
    for (name, bytes) in [("used_memory", caller.engine.used_memory()), ("maxmemory", eviction.max_bytes as u64)] {
        lines.add(name, bytes);
        lines.add(format_args!("{name}_human"), human(bytes));
    }
    lines.add("maxmemory_policy", eviction.policy.name());
    // All that is counted is data.
    lines.add("used_memory_dataset", caller.engine.used_memory());
    lines.add("used_memory_dataset_perc", "100.00%");
    let (pending, freed) = caller.engine.keyspace.graves();
    lines.add("lazyfree_pending_objects", pending);
    lines.add("lazyfreed_objects", freed);
    lines.none_of(&[
        "used_memory_overhead",
        "used_memory_startup",
        "mem_not_counted_for_evict",
        "mem_replication_backlog",
        "mem_total_replication_buffers",
        "mem_clients_slaves",
        "mem_cluster_links",
        "active_defrag_running",
    ]);
    #[cfg(feature = "scripting")]
    scripts(caller, lines);
}

/// A number of bytes in the largest unit that it fills.
fn human(bytes: u64) -> String {
    let unit = [("G", 30), ("M", 20), ("K", 10)].into_iter().find(|(_, bits)| bytes >> bits > 0);
    unit.map_or_else(
        || format!("{bytes}B"),
        |(unit, bits)| number::fixed_text(bytes as f64 / (1_u64 << bits) as f64, 2) + unit,
    )
}

fn persistence(caller: &Caller<'_>, lines: &mut Lines) {
    let engine = &caller.engine;
    let saving = &engine.saving;
    lines.add("loading", u8::from(engine.is_loading()));
    lines.add("async_loading", 0);
    lines.add("rdb_changes_since_last_save", engine.effects.changed_count());
    lines.add("rdb_bgsave_in_progress", u8::from(saving.is_wanted(Purpose::Copy)));
    lines.add("rdb_last_save_time", last_save_seconds(caller));
    files(caller, Purpose::Copy, ["rdb_saves", "rdb_last_bgsave", "rdb_current_bgsave"], lines);
    lines.add("rdb_last_bgsave_status", saving.of(Purpose::Copy).last_status());
    lines.add("aof_enabled", u8::from(engine.config.host_parameter("appendonly") == Some("yes")));
    // What was asked for a moment ago is in progress, unless another file comes first.
    let is_scheduled = saving.is_wanted(Purpose::LogBase) && saving.is_busy_with_other(Purpose::LogBase);
    let is_rewriting = saving.is_wanted(Purpose::LogBase) && !is_scheduled;
    lines.add("aof_rewrite_in_progress", u8::from(is_rewriting));
    lines.add("aof_rewrite_scheduled", u8::from(is_scheduled));
    lines.add("aof_rewrites_consecutive_failures", saving.of(Purpose::LogBase).failures);
    files(caller, Purpose::LogBase, ["aof_rewrites", "aof_last_rewrite", "aof_current_rewrite"], lines);
    lines.add("aof_last_bgrewrite_status", saving.of(Purpose::LogBase).last_status());
    lines.add("aof_last_write_status", if engine.are_writes_stopped() { "err" } else { "ok" });
    // Files are written beside the requests, by no other process.
    lines.none_of(&[
        "current_cow_peak",
        "current_cow_size",
        "current_cow_size_age",
        "rdb_last_cow_size",
        "current_fork_perc",
    ]);
    lines.none_of(&["aof_last_cow_size", "module_fork_in_progress", "module_fork_last_cow_size"]);
}

/// How many files of a purpose there were, how long the last one took, and for how long the present one has been in the
/// making.
fn files(caller: &Caller<'_>, purpose: Purpose, [count, last, current]: [&str; 3], lines: &mut Lines) {
    const NONE: i64 = -1;
    let (saving, files) = (&caller.engine.saving, caller.engine.saving.of(purpose));
    lines.add(count, files.completed);
    lines.add(format_args!("{last}_time_sec"), files.last_seconds.unwrap_or(NONE));
    lines.add(format_args!("{current}_time_sec"), saving.running_seconds(purpose, caller.now).unwrap_or(NONE));
}

fn stats(caller: &Caller<'_>, lines: &mut Lines) {
    let engine = &caller.engine;
    lines.add("total_connections_received", engine.stats.connections_received);
    lines.add("total_commands_processed", engine.stats.commands_processed);
    lines.add("expired_subkeys", engine.stats.expired_fields);
    lines.add("expired_keys", engine.stats.expired_keys);
    lines.add("evicted_keys", engine.stats.evicted_keys);
    lines.add("evicted_clients", 0);
    lines.add("evicted_scripts", engine.stats.evicted_scripts);
    lines.add("keyspace_hits", engine.stats.lookups.hits());
    lines.add("keyspace_misses", engine.stats.lookups.misses());
    lines.add("pubsub_channels", engine.pubsub.active(Topic::Channel).count());
    lines.add("pubsub_patterns", engine.pubsub.active(Topic::Pattern).count());
    lines.add("pubsubshard_channels", engine.pubsub.active(Topic::ShardChannel).count());
    lines.add("messages_published", engine.stats.messages_published);
    let denied = [Subject::Auth, Subject::Command, Subject::Key, Subject::Channel];
    for (name, subject) in ["auth", "cmd", "key", "channel"].into_iter().zip(denied) {
        let count = engine.stats.access_denied.get(subject as usize).copied().unwrap_or_default();
        lines.add(format_args!("acl_access_denied_{name}"), count);
    }
    lines.add("tracking_total_keys", engine.tracking.key_count());
    lines.add("tracking_total_items", engine.tracking.reader_count());
    lines.add("tracking_total_prefixes", engine.tracking.prefix_count());
    lines.add("total_error_replies", engine.stats.error_replies);
    lines.none_of(&[
        "total_net_repl_input_bytes",
        "total_net_repl_output_bytes",
        "sync_full",
        "sync_partial_ok",
        "sync_partial_err",
        "latest_fork_usec",
        "total_forks",
        "migrate_cached_sockets",
        "slave_expires_tracked_keys",
        "active_defrag_hits",
        "active_defrag_misses",
        "active_defrag_key_hits",
        "active_defrag_key_misses",
        "current_active_defrag_time",
        "total_active_defrag_time",
        "instantaneous_input_repl_kbps",
        "instantaneous_output_repl_kbps",
        "unexpected_error_replies",
        "io_threaded_reads_processed",
        "io_threaded_writes_processed",
    ]);
}

fn replication(caller: &Caller<'_>, lines: &mut Lines) {
    lines.add("role", "master");
    lines.add("connected_slaves", 0);
    lines.add("master_failover_state", "no-failover");
    lines.add("master_replid", NO_REPLICATION);
    lines.add("master_replid2", NO_REPLICATION);
    lines.add("master_repl_offset", caller.engine.effects.last().0);
    lines.add("second_repl_offset", -1);
    lines.none_of(&[
        "repl_backlog_active",
        "repl_backlog_size",
        "repl_backlog_first_byte_offset",
        "repl_backlog_histlen",
    ]);
}

fn commandstats(caller: &Caller<'_>, lines: &mut Lines) {
    for (command, stats) in caller.engine.commands.called() {
        let counts = format!(
            "calls={},usec={},usec_per_call={},rejected_calls={},failed_calls={}",
            stats.calls,
            stats.micros,
            number::fixed_text(stats.micros as f64 / stats.calls.max(1) as f64, 2),
            stats.rejected_calls,
            stats.failed_calls
        );
        lines.add(format_args!("cmdstat_{}", command.full_name()), counts);
    }
}

fn latencystats(caller: &Caller<'_>, lines: &mut Lines) {
    let percentiles = &caller.engine.config.timing.percentiles;
    for (command, durations) in caller.engine.commands.measured() {
        let show = |p: &f64| format!("p{}={}", number::f64_text(*p), number::fixed_text(durations.percentile(*p), 3));
        let found: Vec<_> = percentiles.iter().map(show).collect();
        lines.add(format_args!("latency_percentiles_usec_{}", command.full_name()), found.join(","));
    }
}

fn errorstats(caller: &Caller<'_>, lines: &mut Lines) {
    for (code, count) in &caller.engine.stats.errors {
        lines.add(format_args!("errorstat_{code}"), format_args!("count={count}"));
    }
}

fn keyspace(caller: &Caller<'_>, lines: &mut Lines) {
    for (db, database) in caller.engine.keyspace.databases().filter(|(_, database)| !database.is_empty()) {
        let counts = format!("keys={},expires={},avg_ttl=0", database.len(), database.dated_len());
        lines.add(format_args!("db{}", db.0), counts);
    }
}
