//! Measures Redstart beside redis-server and a bare axum handler, in one run on one machine, and writes ratios.
//!
//! `bench [growth] [latency] [resp] [rest] [sockets] [attack] [scripts] [log] [memory] [page]`: all of them when none is
//! named. What is not measured is left out of `tests/bench/RESULTS.md`, so a partial run prints its tables only.

mod attack;
mod bare;
mod benchmark;
mod figures;
mod growth;
mod latency;
mod log;
mod memory;
mod page;
mod process;
mod report;
mod resp;
mod rest;
mod scripts;
mod sockets;
mod store;

use report::{Report, Table};
use std::io::Write;

fn main() -> anyhow::Result<()> {
    let wanted: Vec<_> = std::env::args().skip(1).collect();
    let mut report = Report::default();
    for (name, measure) in MEASURES {
        if wanted.is_empty() || wanted.iter().any(|word| word == name) {
            for table in measure()? {
                writeln!(std::io::stdout(), "{table}")?;
                report.tables.push(table);
            }
        }
    }
    if wanted.is_empty() {
        report.write()?;
    }
    Ok(())
}

type Measure = fn() -> anyhow::Result<Vec<Table>>;

const MEASURES: &[(&str, Measure)] = &[
    ("growth", growth::measure),
    ("latency", latency::measure),
    ("resp", resp::measure),
    ("rest", rest::measure),
    ("sockets", sockets::measure),
    ("attack", attack::measure),
    ("scripts", scripts::measure),
    ("log", log::measure),
    ("memory", memory::measure),
    ("page", page::measure),
];
