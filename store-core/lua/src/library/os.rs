//! The one function of `os` that a script may call.

use super::{give, register};
use crate::fault::Fault;
use crate::vm::{Args, Host, Vm};

pub(super) fn open(vm: &mut Vm) -> Result<(), Fault> {
    register(vm, "os", &[("clock", clock)]).map(|_| ())
}

fn clock(vm: &mut Vm, host: &mut dyn Host, _: Args) -> Result<usize, Fault> {
    let seconds = host.clock();
    give(vm, seconds)
}
