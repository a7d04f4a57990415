//! Coroutines.

use super::{give, register};
use crate::fault::Fault;
use crate::heap::{Function, ThreadStatus};
use crate::value::{ThreadId, Value};
use crate::vm::{Args, Host, Stopped, Vm};

const FUNCTIONS: super::Functions = &[
    ("create", create),
    ("resume", resume),
    ("running", running),
    ("status", status),
    ("wrap", wrap),
    ("yield", suspend),
];

pub(super) fn open(vm: &mut Vm) -> Result<(), Fault> {
    register(vm, "coroutine", FUNCTIONS).map(|_| ())
}

fn create(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let thread = new_thread(vm, args)?;
    give(vm, Value::Thread(thread))
}

fn new_thread(vm: &mut Vm, args: Args) -> Result<ThreadId, Fault> {
    match vm.value(args, 0) {
        function @ Value::Function(id) if matches!(vm.heap.functions[id.0], Function::Compiled(_)) => {
            vm.new_coroutine(function)
        }
        _ => Err(vm.argument_error(0, "Lua function expected")),
    }
}

fn check_thread(vm: &mut Vm, args: Args) -> Result<ThreadId, Fault> {
    match vm.value(args, 0) {
        Value::Thread(thread) => Ok(thread),
        _ => Err(vm.argument_error(0, "coroutine expected")),
    }
}

const fn status_name(status: ThreadStatus) -> &'static str {
    match status {
        ThreadStatus::Suspended => "suspended",
        ThreadStatus::Running => "running",
        ThreadStatus::Normal => "normal",
        ThreadStatus::Dead => "dead",
    }
}

/// Resumes a coroutine with the `count` values on top.
fn resume_with(vm: &mut Vm, host: &mut dyn Host, thread: ThreadId, count: usize) -> Result<Stopped, Fault> {
    let status = vm.status(thread);
    if status == ThreadStatus::Suspended {
        return vm.resume(host, thread, count);
    }
    let text = ["cannot resume ", status_name(status), " coroutine"].concat();
    vm.string(text.as_bytes()).map(Stopped::Error)
}

fn resume(vm: &mut Vm, host: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let thread = check_thread(vm, args)?;
    match resume_with(vm, host, thread, args.count - 1)? {
        Stopped::Values(count) => {
            vm.push(Value::Nil);
            let first = vm.top - count - 1;
            vm.stack.copy_within(first..first + count, first + 1);
            vm.stack[first] = Value::Boolean(true);
            Ok(count + 1)
        }
        Stopped::Error(value) => {
            vm.push(Value::Boolean(false));
            vm.push(value);
            Ok(2)
        }
    }
}

fn wrap(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let thread = new_thread(vm, args)?;
    let function = vm.native(resume_wrapped, &[Value::Thread(thread)])?;
    give(vm, function)
}

/// The function that `wrap` makes: an error goes on to the caller, with its place.
fn resume_wrapped(vm: &mut Vm, host: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let Value::Thread(thread) = vm.native_upvalue(args, 0) else { return Ok(0) };
    match resume_with(vm, host, thread, args.count)? {
        Stopped::Values(count) => Ok(count),
        Stopped::Error(value @ (Value::String(_) | Value::Number(_))) => {
            let mut text = vm.place(1);
            vm.append_text(&mut text, value);
            Err(vm.raise_text(text))
        }
        Stopped::Error(value) => Err(vm.raise(value)),
    }
}

fn suspend(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    Err(vm.yield_values(args.count))
}

fn status(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let thread = check_thread(vm, args)?;
    let name = vm.string(status_name(vm.status(thread)).as_bytes())?;
    give(vm, name)
}

fn running(vm: &mut Vm, _: &mut dyn Host, _: Args) -> Result<usize, Fault> {
    let is_main = vm.resumers.is_empty();
    let thread = if is_main { Value::Nil } else { Value::Thread(vm.thread) };
    give(vm, thread)
}
