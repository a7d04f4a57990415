//! Scripts: programs in Lua that run inside the store as one step.
//!
//! A script's writes are the effects of the commands that it calls, so the log knows no scripts; all of them together
//! are one unit, as those of a transaction are. A script that fails keeps what it wrote, as in Redis.
//!
//! ```text
//! EVAL -> cache (SHA-1 -> compiled function) -> run -> Lua -> redis.call -> Engine::run -> convert -> Lua
//!                                                  \-> convert -> reply
//! ```
//!
//! A script that takes long makes breaks: see `task`. While a script runs its machine is taken out of the engine, so that both can be changed.
//!
//! Architecture invariant: the machine knows no store; all that a script can do to one stands in `library`.

mod cache;
mod call;
mod convert;
mod flags;
mod functions;
mod library;
mod machine;
mod run;
mod task;

pub(crate) use cache::{Scripts, Stay, parse_hash};
pub use flags::ScriptFlags;
use flags::shebang;
pub(crate) use functions::{Functions, Library, Policy};
use machine::Machine;
pub(crate) use run::ScriptCall;
pub(crate) use task::Origin;
use task::Paused;

use alloc::boxed::Box;

/// What a store knows of its scripts.
#[derive(Debug, Default)]
pub(crate) struct Scripting {
    /// The scripts of `EVAL`.
    pub(crate) scripts: Scripts,
    /// The libraries of functions.
    pub(crate) functions: Functions,
    /// Where the scripts run; made for the first of them, and not there while one runs.
    machine: Option<Box<Machine>>,
    /// While one runs: for how many nanoseconds it had run when it called its last command.
    run_nanoseconds: Option<u64>,
    /// The one that makes a break.
    pub(crate) paused: Option<Box<Paused>>,
}

impl Scripting {
    /// Whether a script runs.
    pub(crate) const fn is_running(&self) -> bool {
        self.run_nanoseconds.is_some()
    }

    /// For how many nanoseconds the script had run that calls a command; zero outside of scripts.
    pub(crate) fn run_nanoseconds(&self) -> u64 {
        self.run_nanoseconds.unwrap_or_default()
    }

    /// Forgets all scripts of `EVAL`, and their machine.
    pub(crate) fn flush(&mut self) {
        self.scripts = Scripts::default();
        self.machine = None;
    }

    /// The bytes of the machines' objects.
    pub(crate) fn machine_bytes(&self) -> usize {
        self.machine.as_ref().map_or(0, |machine| machine.vm.used_bytes())
    }
}

#[cfg(test)]
mod tests;
