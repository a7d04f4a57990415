//! The one function of `os` that a script may call.
//!
//! A script may not see how fast the machine under it is: its replies, and what it writes, would differ from one to the
//! next. So its clock counts what it has run: see [`Vm::run_nanoseconds`].

use super::{give, register};
use crate::fault::Fault;
use crate::vm::{Args, Host, Vm};

pub(super) fn open(vm: &mut Vm) -> Result<(), Fault> {
    register(vm, "os", &[("clock", clock)]).map(|_| ())
}

fn clock(vm: &mut Vm, _: &mut dyn Host, _: Args) -> Result<usize, Fault> {
    give(vm, vm.run_nanoseconds() as f64 / 1e9)
}
