//! What stops a script.

use crate::value::Value;

/// Why the machine unwinds. The value of an error waits in the machine, so that this stays one byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An error that a script can catch.
    Error,
    /// No memory is left: as an error with the text "not enough memory" for a script that catches it.
    Memory,
    /// The budget is spent. Nothing catches this.
    Budget,
    /// The host ends the script. Nothing catches this.
    Stopped,
    /// A coroutine yields. Only the machine makes this, and only the machine sees it.
    Yield,
    /// The host wants a break. Only the machine makes this, and only the machine sees it.
    Pause,
}

impl Fault {
    /// Whether `pcall` may swallow it.
    pub(crate) const fn is_caught(self) -> bool {
        matches!(self, Self::Error | Self::Memory)
    }
}

/// How a call from the host failed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Failure {
    /// An error with its value, good until the next call.
    Error(Value),
    /// The budget is spent.
    Budget,
    /// The host ended the script.
    Stopped,
    /// It has not failed: the host wanted a break, and [`Vm::go_on`](crate::Vm::go_on) goes on.
    Paused,
}
