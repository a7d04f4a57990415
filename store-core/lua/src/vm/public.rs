//! What a program does with a machine.

use super::protected::Checkpoint;
use super::{Args, Host, Verdict, Vm};
use crate::compiler::{self, Stop};
use crate::fault::{Failure, Fault};
use crate::heap::{Closure, Function, Native, NativeFunction};
use crate::library;
use crate::value::{FunctionId, Str, TableId, Value};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// What a machine may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of all objects together.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 256 << 20 }
    }
}

/// Where something failed: in which text, and at which line of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The name that the text was given, behind an `@` where the host gave it, or `=[C]` for a function that is none of the
    /// script's.
    pub source: Vec<u8>,
    /// The line, from 1; -1 where there is none.
    pub line: i64,
}

/// A value that stays alive until it is released.
#[derive(Debug, PartialEq, Eq)]
pub struct Anchor(u32);

impl Vm {
    /// A machine with the standard library and Redis's libraries.
    ///
    /// # Errors
    /// When the limits do not even leave room for those.
    pub fn new(limits: Limits) -> Result<Self, Fault> {
        let mut vm = Self::assemble(limits)?;
        library::open(&mut vm)?;
        Ok(vm)
    }

    /// Compiles a text; the function, which takes the script's arguments as `...`. `name` is what errors call it.
    ///
    /// # Errors
    /// When the text is wrong: a string that says what and where.
    pub fn load(&mut self, source: &[u8], name: &[u8]) -> Result<Value, Failure> {
        let scratch = self.heap.meter.scratch();
        let result = self.compile(source, &[b"@", name].concat());
        self.heap.meter.restore_scratch(scratch);
        result.map_err(|fault| self.failure(fault))
    }

    /// The same for native functions, with a name as the library takes it. An error is a string.
    pub(crate) fn compile(&mut self, source: &[u8], origin: &[u8]) -> Result<Value, Fault> {
        let chunk = match compiler::compile(&mut self.heap, source, origin) {
            Ok(chunk) => chunk,
            Err(Stop::Syntax(text)) => return Err(self.raise_text(text)),
            Err(Stop::Fault(fault)) => return Err(fault),
        };
        let Some(main) = chunk.protos.len().checked_sub(1) else { unreachable!("a chunk has a main function") };
        let entry = (&chunk.protos[main]).into();
        let chunk = self.heap.chunk(chunk)?;
        let (environment, upvalues) = (self.globals, Box::default());
        let closure = Closure { chunk, proto: main as u32, environment, upvalues, entry };
        Ok(Value::Function(self.heap.function(Function::Compiled(closure))?))
    }

    /// Sets how many instructions the next calls may run together.
    pub fn set_budget(&mut self, instructions: u64) {
        self.heap.meter.fill(instructions);
    }

    /// Charges for what the host does for a script.
    ///
    /// # Errors
    /// When that is not left.
    pub fn charge(&mut self, instructions: u64) -> Result<(), Fault> {
        self.heap.meter.charge(instructions)
    }

    /// How many instructions are left.
    #[must_use]
    pub fn budget(&self) -> u64 {
        self.heap.meter.left()
    }

    /// How long the call has run, told from its instructions: as if each took as long as on a common processor.
    #[must_use]
    pub fn run_nanoseconds(&self) -> u64 {
        const PER_INSTRUCTION: u64 = 10;
        self.heap.meter.spent().wrapping_sub(self.begun).wrapping_mul(PER_INSTRUCTION)
    }

    /// How many bytes the objects take, garbage included.
    #[must_use]
    pub fn used_bytes(&self) -> usize {
        self.heap.meter.used()
    }

    /// Collects garbage if there is much of it: between two calls, for what scripts leave behind that never make an object
    /// themselves.
    pub fn tidy(&mut self) {
        self.collect_if_due();
    }

    /// Calls a function. The results are on the stack until the next call.
    ///
    /// # Errors
    /// When the function fails.
    pub fn call(&mut self, host: &mut dyn Host, function: Value, arguments: &[Value]) -> Result<Args, Failure> {
        self.begun = self.heap.meter.spent();
        let checkpoint = self.checkpoint();
        let slot = self.live_end();
        self.top = slot;
        self.push(function);
        arguments.iter().for_each(|argument| self.push(*argument));
        let result = self.call_nested(host, slot, super::ALL);
        self.conclude(result, checkpoint, slot)
    }

    /// Goes on with a call that has paused. The host is asked first.
    ///
    /// # Errors
    /// When the function fails, or pauses again.
    pub fn go_on(&mut self, host: &mut dyn Host) -> Result<Args, Failure> {
        let Some((checkpoint, slot)) = self.paused.take() else { unreachable!("only a call that has paused goes on") };
        let result = match host.verdict() {
            Verdict::GoOn | Verdict::Pause => self.execute(host, checkpoint.frames),
            Verdict::Stop => {
                // It ends at the instruction that would be next.
                self.frames.last_mut().into_iter().for_each(|frame| frame.pc += 1);
                Err(Fault::Stopped)
            }
        };
        self.conclude(result, checkpoint, slot)
    }

    /// Ends a call from the host, or keeps it for later.
    fn conclude(&mut self, result: Result<(), Fault>, checkpoint: Checkpoint, slot: usize) -> Result<Args, Failure> {
        match result {
            Ok(()) => {
                self.native_depth = checkpoint.native_depth;
                let count = self.top - slot;
                self.top = slot;
                Ok(Args { base: slot, count })
            }
            Err(Fault::Pause) => {
                self.paused = Some((checkpoint, slot));
                Err(Failure::Paused)
            }
            Err(fault) => {
                let failure = self.failure(fault);
                self.failed_at = self.running_place();
                self.unwind(checkpoint, slot);
                Err(failure)
            }
        }
    }

    /// Where the last call failed: in the function that raised the error, or in the one that called it if it is none of
    /// a script.
    #[must_use]
    pub const fn failed_at(&self) -> Option<&Place> {
        self.failed_at.as_ref()
    }

    /// Lets `pcall` give the text of an error that is a table with a field `err`, in place of the table, as Redis does.
    pub const fn unwrap_errors(&mut self) {
        self.unwraps_errors = true;
    }

    fn failure(&mut self, fault: Fault) -> Failure {
        match fault {
            Fault::Error | Fault::Yield => Failure::Error(self.thrown),
            Fault::Memory => Failure::Error(self.names.no_memory.into()),
            Fault::Budget => Failure::Budget,
            Fault::Stopped => Failure::Stopped,
            Fault::Pause => Failure::Paused,
        }
    }

    /// A string with these bytes.
    ///
    /// # Errors
    /// When no memory is left.
    pub fn string(&mut self, bytes: &[u8]) -> Result<Value, Fault> {
        self.heap.string(bytes).map(Value::String)
    }

    /// The same for a name of the library.
    pub(crate) fn name(&mut self, name: &str) -> Result<Str, Fault> {
        self.heap.string(name.as_bytes())
    }

    /// A table with room for items and for named fields.
    ///
    /// # Errors
    /// When no memory is left.
    pub fn table(&mut self, items: usize, fields: usize) -> Result<TableId, Fault> {
        self.heap.table(items, fields)
    }

    /// The value of a key, past all metamethods.
    #[must_use]
    pub fn get(&self, table: TableId, key: Value) -> Value {
        self.heap.tables[table.0].get(key)
    }

    /// The value of an integer key.
    #[must_use]
    pub fn get_item(&self, table: TableId, index: usize) -> Value {
        self.heap.tables[table.0].get_integer(index)
    }

    /// Sets the value of a key, past all metamethods.
    ///
    /// # Errors
    /// When the key is nil or NaN, or no memory is left.
    pub fn set(&mut self, table: TableId, key: Value, value: Value) -> Result<(), Fault> {
        self.raw_set(table, key, value)
    }

    /// Sets the value of a field.
    ///
    /// # Errors
    /// When no memory is left.
    pub fn set_field(&mut self, table: TableId, name: &str, value: Value) -> Result<(), Fault> {
        let name = self.name(name)?;
        self.heap.set(table, Value::String(name), value)
    }

    /// The number that a value is or reads as.
    #[must_use]
    pub fn number(&self, value: Value) -> Option<f64> {
        self.to_number(value)
    }

    /// A border of a table: what `#` answers.
    #[must_use]
    pub fn length_of(&self, table: TableId) -> usize {
        self.heap.tables[table.0].len()
    }

    /// Gives a table a metatable, or takes it.
    pub fn set_metatable(&mut self, table: TableId, metatable: Option<TableId>) {
        self.heap.tables[table.0].metatable = metatable;
    }

    /// Lets no script change a table any more, or lets it again. The program around still can.
    pub fn freeze(&mut self, table: TableId, is_frozen: bool) {
        self.heap.tables[table.0].is_frozen = is_frozen;
    }

    /// The table of globals.
    #[must_use]
    pub const fn globals(&self) -> TableId {
        self.globals
    }

    /// Puts another table in the place of the globals, for what is compiled from then on.
    pub const fn set_globals(&mut self, table: TableId) {
        self.globals = table;
    }

    /// A function that calls the host with a number.
    ///
    /// # Errors
    /// When no memory is left.
    pub fn host_function(&mut self, number: u32) -> Result<Value, Fault> {
        self.native(call_host, &[Value::Number(f64::from(number))])
    }

    pub(crate) fn native(&mut self, function: NativeFunction, upvalues: &[Value]) -> Result<Value, Fault> {
        let native = Native { function, environment: self.globals, upvalues: upvalues.into() };
        Ok(Value::Function(self.heap.function(Function::Native(native))?))
    }

    /// What the running native function was made with.
    pub(crate) fn native_upvalue(&self, args: Args, index: usize) -> Value {
        let Value::Function(FunctionId(id)) = self.stack[args.base - 1] else { return Value::Nil };
        match &self.heap.functions[id] {
            Function::Native(native) => native.upvalues.get(index).copied().unwrap_or_default(),
            _ => Value::Nil,
        }
    }

    /// Changes what the running native function was made with.
    pub(crate) fn set_native_upvalue(&mut self, args: Args, index: usize, value: Value) {
        let Value::Function(FunctionId(id)) = self.stack[args.base - 1] else { return };
        if let Function::Native(native) = &mut self.heap.functions[id]
            && let Some(place) = native.upvalues.get_mut(index)
        {
            *place = value;
        }
    }

    /// Keeps a value alive.
    pub fn anchor(&mut self, value: Value) -> Anchor {
        if let Some(index) = self.free_anchors.pop() {
            self.anchors[index as usize] = value;
            return Anchor(index);
        }
        self.anchors.push(value);
        Anchor(self.anchors.len() as u32 - 1)
    }

    /// The value that an anchor keeps.
    #[must_use]
    pub fn anchored(&self, anchor: &Anchor) -> Value {
        self.anchors[anchor.0 as usize]
    }

    /// Lets go of a value.
    #[allow(clippy::needless_pass_by_value, reason = "an anchor is used up")]
    pub fn release(&mut self, anchor: Anchor) {
        self.anchors[anchor.0 as usize] = Value::Nil;
        self.free_anchors.push(anchor.0);
    }

    /// Collects garbage at each instruction that makes an object: slow, and good at finding values that were freed too
    /// early.
    pub const fn collect_always(&mut self, is_on: bool) {
        self.collects_always = is_on;
    }

    /// The values between two entries of a traversal: what comes after a key; nil for the first.
    ///
    /// # Errors
    /// When the key is none of the table.
    pub fn next_entry(&mut self, table: TableId, key: Value) -> Result<Option<(Value, Value)>, Fault> {
        let table = &self.heap.tables[table.0];
        match table.position_after(key) {
            Some(position) => {
                let (entry, passed) = table.entry_from(position);
                self.heap.meter.charge(passed as u64 / 8)?;
                Ok(entry)
            }
            None => Err(self.runtime_error("invalid key to 'next'")),
        }
    }

    /// The text of a value as `tostring` writes it, for values without metamethods.
    #[must_use]
    pub fn display(&self, value: Value) -> Vec<u8> {
        library::display(self, value)
    }
}

/// Passes a call on to the host.
fn call_host(vm: &mut Vm, host: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    let Value::Number(number) = vm.native_upvalue(args, 0) else { return Ok(0) };
    host.call(vm, number as u32, args)
}
