//! The one function of `os` that a script may call.
//!
//! A script may not see how fast the machine under it is: its replies, and what it writes, would differ from one to the
//! next. So its clock counts what it has run, as if each instruction took as long as on a common processor.

use super::{give, register};
use crate::fault::Fault;
use crate::vm::{Args, Host, Vm};

/// How long an instruction is said to take.
const SECONDS_PER_INSTRUCTION: f64 = 1e-8;

pub(super) fn open(vm: &mut Vm) -> Result<(), Fault> {
    register(vm, "os", &[("clock", clock)]).map(|_| ())
}

fn clock(vm: &mut Vm, _: &mut dyn Host, _: Args) -> Result<usize, Fault> {
    let run = vm.heap.meter.spent().wrapping_sub(vm.begun);
    give(vm, run as f64 * SECONDS_PER_INSTRUCTION)
}
