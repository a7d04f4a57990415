//! What the system tells of a process.

use anyhow::Context;

/// Seconds of processor time that all threads of a process have used.
pub(crate) fn processor_seconds(pid: u32) -> anyhow::Result<f64> {
    let mut nanoseconds = 0.0;
    for thread in std::fs::read_dir(format!("/proc/{pid}/task"))? {
        let text = std::fs::read_to_string(thread?.path().join("schedstat"))?;
        let figure: f64 = text.split(' ').next().context("schedstat is empty")?.parse()?;
        nanoseconds += figure;
    }
    Ok(nanoseconds / 1e9)
}

/// Bytes of a process that are in memory.
pub(crate) fn resident_bytes(pid: u32) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line =
        status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS in the process's status")?;
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes * 1024.0)
}
