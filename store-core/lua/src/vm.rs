//! The machine: a stack of registers, frames of calls, and the objects.
//!
//! ```text
//! load (compiler) -> function -> call -> run (instructions) -> meta, operate (what instructions cannot do at once)
//!                                                          \-> native functions -> call ...
//! ```
//!
//! A compiled function calls another one without recursion, also through `pcall`. Where another native function stands
//! between two of them (`sort`, a metamethod), the host's stack is used, and the depth is limited.

mod arguments;
mod call;
mod collect;
mod coroutine;
mod describe;
mod frame;
mod meta;
mod operate;
mod protected;
mod public;
mod rare;
mod run;
mod upvalue;

use crate::fault::Fault;
use crate::heap::{Heap, Meter, Thread, ThreadStatus};
use crate::library;
use crate::value::{FunctionId, Str, TableId, ThreadId, Value};
use alloc::vec::Vec;
pub use arguments::Args;
pub(crate) use arguments::to_integer;
pub(crate) use call::ALL;
pub(crate) use coroutine::Stopped;
pub(crate) use frame::Frame;
pub(crate) use meta::{Event, Names};
pub use public::{Anchor, Limits, Place};

/// What a machine asks of the program around it.
pub trait Host {
    /// A function of the host is called: see [`Vm::host_function`]. It pushes its results and answers how many.
    ///
    /// # Errors
    /// [`Vm::raise`] makes one.
    fn call(&mut self, vm: &mut Vm, function: u32, arguments: Args) -> Result<usize, Fault>;

    /// Asked now and then while a script runs: whether it goes on.
    fn verdict(&mut self) -> Verdict {
        Verdict::GoOn
    }
}

/// What becomes of a script when its host is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on.
    GoOn,
    /// It makes a break, as soon as no native function stands between it and the host: then [`Vm::call`] ends with
    /// [`Failure::Paused`](crate::Failure::Paused).
    Pause,
    /// It ends.
    Stop,
}

/// A host without functions.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHost;

impl Host for NoHost {
    fn call(&mut self, _: &mut Vm, _: u32, _: Args) -> Result<usize, Fault> {
        Ok(0)
    }
}

/// A Lua machine.
#[derive(Debug)]
pub struct Vm {
    pub(crate) heap: Heap,
    /// Always 256 places longer than the base of the running function.
    pub(crate) stack: Vec<Value>,
    /// The first place above what the running native function holds.
    pub(crate) top: usize,
    pub(crate) frames: Vec<Frame>,
    /// Upvalues on the stack, the highest slot last.
    pub(crate) open: Vec<u32>,
    pub(crate) thread: ThreadId,
    /// The coroutines that wait for the running one, outermost first.
    pub(crate) resumers: Vec<ThreadId>,
    pub(crate) globals: TableId,
    pub(crate) registry: TableId,
    pub(crate) string_metatable: Option<TableId>,
    pub(crate) names: Names,
    /// The value of the error on its way.
    pub(crate) thrown: Value,
    pub(crate) native_depth: u32,
    /// How many of those are calls of `pcall`, which take none of the host's stack.
    protected_depth: u32,
    /// What [`Vm::go_on`] goes on with.
    paused: Option<(protected::Checkpoint, usize)>,
    /// The native depth at which the running coroutine may yield.
    yield_depth: u32,
    /// How many values it yielded.
    yielded: usize,
    /// Whether a native function runs, not a compiled one.
    pub(crate) is_native: bool,
    /// How deep compiled functions may call each other.
    pub(crate) depth_max: usize,
    /// The function `next`, which loops call without a call.
    pub(crate) next: Option<FunctionId>,
    /// The function `pcall`, whose calls are frames.
    pub(crate) pcall: Option<FunctionId>,
    pub(crate) random: library::Random,
    /// The settings of each instance of cjson.
    pub(crate) json: Vec<library::JsonSettings>,
    anchors: Vec<Value>,
    free_anchors: Vec<u32>,
    collects_always: bool,
    /// Whether `pcall` gives the text of an error table in its place.
    pub(crate) unwraps_errors: bool,
    /// How many instructions had been run when the last call from the host began.
    pub(crate) begun: u64,
    /// Where the last call from the host failed.
    failed_at: Option<Place>,
}

impl Vm {
    fn assemble(limits: Limits) -> Result<Self, Fault> {
        let mut heap = Heap::new(Meter::new(limits.bytes));
        heap.meter.fill(u64::MAX);
        let names = Names::new(&mut heap)?;
        let globals = heap.table(0, 0)?;
        let registry = heap.table(0, 0)?;
        let main = Thread { status: ThreadStatus::Running, globals: Some(globals), ..Thread::default() };
        let thread = heap.thread(main)?;
        Ok(Self {
            heap,
            stack: alloc::vec![Value::Nil; 1024],
            top: 0,
            frames: Vec::new(),
            open: Vec::new(),
            thread,
            resumers: Vec::new(),
            globals,
            registry,
            string_metatable: None,
            names,
            thrown: Value::Nil,
            native_depth: 0,
            protected_depth: 0,
            paused: None,
            yield_depth: 0,
            yielded: 0,
            is_native: false,
            depth_max: crate::limits::CALL_DEPTH_MAX,
            next: None,
            pcall: None,
            random: library::Random::default(),
            json: Vec::new(),
            anchors: Vec::new(),
            free_anchors: Vec::new(),
            collects_always: false,
            unwraps_errors: false,
            begun: 0,
            failed_at: None,
        })
    }

    /// The bytes of a string.
    #[must_use]
    pub fn bytes(&self, string: Str) -> &[u8] {
        self.heap.bytes(string)
    }
}
