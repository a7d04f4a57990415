//! What `INFO` shows of the process: facts that only the operating system knows.

use crate::counters::{Limit, Port};
use crate::host::Host;
use crate::log::{Log, Progress};
use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often what changes is looked at.
const REFRESH: Duration = Duration::from_secs(1);
/// How often it is looked how far loading has come.
const REFRESH_OF_LOADING: Duration = Duration::from_millis(200);
/// The size of a page of memory where `/proc` counts in pages.
const PAGE_BYTES: u64 = 4096;
/// Ticks of processor time in a second, as `/proc` counts them.
const TICKS_PER_SECOND: f64 = 100.0;

/// Tells the engine what stays as it is while the process lives.
pub fn tell_fixed(host: &Host, resp_address: SocketAddr, run_id: u64) {
    host.tell("server", "os", format!("{} {}", std::env::consts::OS, std::env::consts::ARCH));
    host.tell("server", "arch_bits", usize::BITS.to_string());
    host.tell("server", "process_id", std::process::id().to_string());
    host.tell("server", "run_id", format!("{run_id:040x}"));
    host.tell("server", "tcp_port", resp_address.port().to_string());
    let supervisor = if std::env::var_os("NOTIFY_SOCKET").is_some() { "systemd" } else { "no" };
    host.tell("server", "process_supervised", supervisor.to_owned());
    host.tell("memory", "mem_allocator", "mimalloc".to_owned());
    host.tell("cpu", "used_cpu_sys_children", "0.000000".to_owned());
    host.tell("cpu", "used_cpu_user_children", "0.000000".to_owned());
    if let Some(program) = std::env::current_exe().ok().and_then(|path| path.into_os_string().into_string().ok()) {
        host.tell("server", "executable", program);
    }
    if let Some(bytes) = system_bytes() {
        host.tell("memory", "total_system_memory", bytes.to_string());
        host.tell("memory", "total_system_memory_human", human(bytes));
    }
}

/// Tells the engine how long the log is, again and again, for as long as it is polled.
pub async fn keep_telling_of_log(host: Arc<Host>, log: Arc<Log>) {
    let mut interval = tokio::time::interval(REFRESH);
    loop {
        interval.tick().await;
        host.tell("persistence", "aof_current_size", log.bytes().to_string());
        host.tell("persistence", "aof_base_size", log.base_bytes().to_string());
    }
}

/// Tells the engine how far loading has come, until it is over.
pub async fn keep_telling_of_loading(host: Arc<Host>, progress: Arc<Progress>) {
    let start = Instant::now();
    host.tell("persistence", "loading_start_time", (crate::host::now().0 / 1000).to_string());
    let mut interval = tokio::time::interval(REFRESH_OF_LOADING);
    while host.turn().engine().is_loading() {
        interval.tick().await;
        let (read, total) = (progress.read_bytes(), progress.total_bytes());
        let share = read as f64 / total.max(1) as f64;
        let left = if read == 0 { 0.0 } else { start.elapsed().as_secs_f64() * (1.0 - share) / share };
        host.tell("persistence", "loading_total_bytes", total.to_string());
        host.tell("persistence", "loading_loaded_bytes", read.to_string());
        host.tell("persistence", "loading_loaded_perc", format!("{:.2}", share * 100.0));
        host.tell("persistence", "loading_eta_seconds", format!("{left:.0}"));
    }
}

/// Tells the engine what changes, again and again, for as long as it is polled.
pub async fn keep_telling(host: Arc<Host>) {
    let (mut peak_bytes, mut commands, mut traffic) = (0, 0, traffic_of(&host));
    let mut interval = tokio::time::interval(REFRESH);
    loop {
        interval.tick().await;
        let before = std::mem::replace(&mut commands, host.commands_processed());
        host.tell("stats", "instantaneous_ops_per_sec", commands.saturating_sub(before).to_string());
        traffic = tell_traffic(&host, traffic);
        if let Some(bytes) = resident_bytes() {
            peak_bytes = bytes.max(peak_bytes);
            tell_memory(&host, bytes, peak_bytes);
        }
        if let Some((user, system)) = processor_seconds() {
            host.tell("cpu", "used_cpu_sys", format!("{system:.6}"));
            host.tell("cpu", "used_cpu_user", format!("{user:.6}"));
        }
    }
}

/// The bytes that clients have sent, and been sent.
fn traffic_of(host: &Host) -> (u64, u64) {
    let ports = Port::ALL.map(|port| host.counters().traffic(port));
    (
        ports.iter().map(|traffic| traffic.received_bytes.value()).sum(),
        ports.iter().map(|traffic| traffic.sent_bytes.value()).sum(),
    )
}

/// What clients have sent and been sent, in all and since a second ago, and whom there was no room for.
fn tell_traffic(host: &Host, (received_before, sent_before): (u64, u64)) -> (u64, u64) {
    let (received, sent) = traffic_of(host);
    let kilobytes = |now: u64, before: u64| format!("{:.2}", now.saturating_sub(before) as f64 / 1024.0);
    let rejected = [Limit::Clients, Limit::AddressClients].map(|limit| host.counters().reached(limit).value());
    host.tell("stats", "total_net_input_bytes", received.to_string());
    host.tell("stats", "total_net_output_bytes", sent.to_string());
    host.tell("stats", "instantaneous_input_kbps", kilobytes(received, received_before));
    host.tell("stats", "instantaneous_output_kbps", kilobytes(sent, sent_before));
    host.tell("stats", "rejected_connections", rejected.iter().sum::<u64>().to_string());
    (received, sent)
}

/// What the process has in memory. What its keys take is told by the store.
fn tell_memory(host: &Host, bytes: u64, peak_bytes: u64) {
    let used_bytes = host.used_memory();
    host.tell("memory", "mem_fragmentation_ratio", format!("{:.2}", bytes as f64 / used_bytes.max(1) as f64));
    host.tell("memory", "mem_fragmentation_bytes", (i128::from(bytes) - i128::from(used_bytes)).to_string());
    let percent = used_bytes as f64 / peak_bytes.max(1) as f64 * 100.0;
    host.tell("memory", "used_memory_peak_perc", format!("{percent:.2}%"));
    host.tell("memory", "used_memory_rss", bytes.to_string());
    host.tell("memory", "used_memory_rss_human", human(bytes));
    host.tell("memory", "used_memory_peak", peak_bytes.to_string());
    host.tell("memory", "used_memory_peak_human", human(peak_bytes));
}

/// The memory of this process that is in use, on systems that have `/proc`.
fn resident_bytes() -> Option<u64> {
    let pages = fs::read_to_string("/proc/self/statm").ok()?;
    pages.split(' ').nth(1)?.parse::<u64>().ok().map(|pages| pages * PAGE_BYTES)
}

/// The memory of the machine, on systems that have `/proc`.
fn system_bytes() -> Option<u64> {
    let info = fs::read_to_string("/proc/meminfo").ok()?;
    let kilobytes = info.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    kilobytes.trim().trim_end_matches(" kB").parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
}

/// The processor time of this process in its own code and in the system's, on systems that have `/proc`.
fn processor_seconds() -> Option<(f64, f64)> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The program's name stands in parentheses and may contain anything; the numbers begin behind it.
    let mut numbers = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut seconds = || Some(numbers.next()?.parse::<f64>().ok()? / TICKS_PER_SECOND);
    Some((seconds()?, seconds()?))
}

fn human(bytes: u64) -> String {
    const UNITS: [(u64, char); 3] = [(1 << 30, 'G'), (1 << 20, 'M'), (1 << 10, 'K')];
    match UNITS.into_iter().find(|(size, _)| bytes >= *size) {
        Some((size, unit)) => format!("{:.2}{unit}", bytes as f64 / size as f64),
        None => format!("{bytes}B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        assert_eq!(human(12), "12B");
        assert_eq!(human(1536), "1.50K");
        assert_eq!(human(3 << 30), "3.00G");
    }
}
