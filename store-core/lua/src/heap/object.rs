//! Functions, the variables that they share, and coroutines.

use crate::chunk::{Proto, Varargs};
use crate::fault::Fault;
use crate::value::{TableId, ThreadId, Value};
use crate::vm::{Args, Frame, Host, Vm};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

/// A function that is written in Rust: it finds its arguments in the machine, pushes its results and answers how many.
pub(crate) type NativeFunction = fn(&mut Vm, &mut dyn Host, Args) -> Result<usize, Fault>;

/// A function.
#[derive(Debug, Default)]
pub(crate) enum Function {
    #[default]
    Free,
    Compiled(Closure),
    Native(Native),
}

impl Function {
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Free => 0,
            Self::Compiled(closure) => closure.upvalues.len() * size_of::<u32>(),
            Self::Native(native) => native.upvalues.len() * size_of::<Value>(),
        }
    }
}

/// A compiled function with the variables that it captured.
#[derive(Debug)]
pub(crate) struct Closure {
    pub(crate) chunk: u32,
    pub(crate) proto: u32,
    pub(crate) environment: TableId,
    pub(crate) upvalues: Box<[u32]>,
    /// What a call needs of the function's [`Proto`], so that it looks at one object only.
    pub(crate) entry: Entry,
}

/// How a function starts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) start: u32,
    pub(crate) cost: u32,
    pub(crate) parameters: u8,
    pub(crate) registers: u8,
    pub(crate) has_varargs: bool,
}

impl From<&Proto> for Entry {
    fn from(proto: &Proto) -> Self {
        Self {
            start: proto.start,
            cost: proto.end - proto.start,
            parameters: proto.parameters,
            registers: proto.registers,
            has_varargs: proto.varargs != Varargs::No,
        }
    }
}

/// A function of a library or of the host.
pub(crate) struct Native {
    pub(crate) function: NativeFunction,
    pub(crate) environment: TableId,
    pub(crate) upvalues: Box<[Value]>,
}

impl fmt::Debug for Native {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Native")
    }
}

/// A variable that closures share: on a stack while its function runs, on its own afterwards.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Upvalue {
    Open { thread: ThreadId, slot: u32 },
    Closed(Value),
}

impl Default for Upvalue {
    fn default() -> Self {
        Self::Closed(Value::Nil)
    }
}

/// What a coroutine can be asked to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ThreadStatus {
    /// Not started, or between two of its parts.
    #[default]
    Suspended,
    Running,
    /// It waits for a coroutine that it resumed.
    Normal,
    Dead,
}

/// A coroutine's stack while it does not run.
#[derive(Debug, Default)]
pub(crate) struct Thread {
    pub(crate) status: ThreadStatus,
    pub(crate) stack: Vec<Value>,
    pub(crate) top: usize,
    pub(crate) frames: Vec<Frame>,
    /// Upvalues on this stack, the highest slot last.
    pub(crate) open: Vec<u32>,
    /// Where the results of the call that yielded go, and how many are wanted.
    pub(crate) waiting: Option<(usize, u8)>,
    pub(crate) globals: Option<TableId>,
}

impl Thread {
    /// How many places of the stack are in use.
    pub(crate) fn live_slots(&self) -> usize {
        let end = self.frames.last().map_or(0, Frame::end);
        self.top.max(end).min(self.stack.len())
    }
}
