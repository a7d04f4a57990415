//! Compares generated commands with a real redis-server: `oracle --seed 1 --commands 1000000`.

use anyhow::{Context, bail};
use redstart_core::Protocol;
use redstart_tests::oracle::Oracle;
use std::io::Write;

/// After so many differences it is time to look at them.
const DIFFERENCES_MAX: usize = 12;

fn main() -> anyhow::Result<()> {
    let (mut seed, mut commands) = (1, 100_000);
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().with_context(|| format!("{name} needs a number"))?;
        match name.as_str() {
            "--seed" => seed = value.parse()?,
            "--commands" => commands = value.parse()?,
            _ => bail!("usage: oracle [--seed N] [--commands N]"),
        }
    }
    let mut out = std::io::stdout();
    let mut found = 0;
    for protocol in [Protocol::Resp2, Protocol::Resp3] {
        let differences = Oracle::start(protocol)?.run(seed, commands / 2, DIFFERENCES_MAX)?;
        found += differences.len();
        differences.iter().try_for_each(|difference| writeln!(out, "{difference}"))?;
    }
    writeln!(out, "{commands} commands, {found} differences")?;
    if found > 0 {
        bail!("the stores differ");
    }
    Ok(())
}
