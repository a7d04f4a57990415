//! Calls and returns.

use super::{Frame, Host, Verdict, Vm};
use crate::fault::Fault;
use crate::heap::{Function, NativeFunction};
use crate::limits::{CALL_DEPTH_MAX, CALL_DEPTH_RESERVE, NATIVE_DEPTH_MAX};
use crate::value::Value;
use crate::vm::Args;
use core::mem;

/// Stands for a number of results that is not known.
pub(crate) const ALL: u8 = 0;

/// How many registers an instruction can name.
pub(super) const WINDOW: usize = 256;

/// How a call began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Started {
    /// A frame was pushed; its instructions are to be run.
    Compiled,
    /// It has returned already.
    Done,
}

/// Where a function starts or goes on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) base: usize,
    pub(super) pc: usize,
    pub(super) function: u32,
    pub(super) chunk: u32,
}

impl Vm {
    /// Begins a call of a compiled function with named parameters only, if nothing stands in its way: most calls are that.
    #[inline(always)]
    pub(super) fn start_plain_call(&mut self, slot: usize, wanted: u8) -> Option<Place> {
        let Value::Function(id) = self.stack[slot] else { return None };
        let Function::Compiled(closure) = &self.heap.functions[id.0] else { return None };
        let (entry, chunk) = (&closure.entry, closure.chunk);
        let has_room = self.frames.len() < self.depth_max && slot + 1 + 2 * WINDOW <= self.stack.len();
        if entry.has_varargs || !has_room || !self.heap.meter.take(u64::from(entry.cost)) {
            return None;
        }
        let (base, pc) = (slot + 1, entry.start);
        let end = base + usize::from(entry.parameters);
        for missing in self.top..end {
            self.stack[missing] = Value::Nil;
        }
        self.frames.push(Frame {
            slot: slot as u32,
            base: base as u32,
            pc,
            chunk,
            function: id.0,
            tail_calls: 0,
            registers: entry.registers,
            wanted,
            is_entry: false,
        });
        Some(Place { base, pc: pc as usize, function: id.0, chunk })
    }

    /// Calls what stands at `slot` with the values between it and the top.
    #[inline]
    pub(super) fn start_call(&mut self, host: &mut dyn Host, slot: usize, wanted: u8) -> Result<Started, Fault> {
        if let Value::Function(id) = self.stack[slot] {
            match &self.heap.functions[id.0] {
                Function::Compiled(closure) => {
                    let (entry, chunk) = (closure.entry, closure.chunk);
                    return self.push_frame(host, slot, (id.0, chunk), entry, wanted);
                }
                Function::Native(_) if self.pcall == Some(id) && self.top > slot + 1 => {
                    return self.start_protected(host, slot, wanted);
                }
                Function::Native(native) => {
                    let function = native.function;
                    return self.call_native(host, function, slot, wanted);
                }
                Function::Free => unreachable!("a function was freed that can still be called"),
            }
        }
        self.prepare_called_value(slot)?;
        self.start_call(host, slot, wanted)
    }

    #[inline]
    fn push_frame(
        &mut self,
        host: &mut dyn Host,
        slot: usize,
        (function, chunk): (u32, u32),
        entry: crate::heap::Entry,
        wanted: u8,
    ) -> Result<Started, Fault> {
        if self.heap.meter.take(u64::from(entry.cost)) {
            return self.push_paid_frame(slot, (function, chunk), entry, wanted);
        }
        let verdict = self.charge_and_ask(host, u64::from(entry.cost))?;
        let may_pause = verdict == Verdict::Pause && !self.frames.is_empty();
        let started = self.push_paid_frame(slot, (function, chunk), entry, wanted)?;
        if may_pause && self.can_pause() { Err(Fault::Pause) } else { Ok(started) }
    }

    #[inline]
    fn push_paid_frame(
        &mut self,
        slot: usize,
        (function, chunk): (u32, u32),
        entry: crate::heap::Entry,
        wanted: u8,
    ) -> Result<Started, Fault> {
        let arguments = self.top - slot - 1;
        let base = if entry.has_varargs { self.top.max(slot + 1 + usize::from(entry.parameters)) } else { slot + 1 };
        self.check_depth()?;
        self.ensure_stack(base)?;
        for missing in arguments..usize::from(entry.parameters) {
            self.stack[slot + 1 + missing] = Value::Nil;
        }
        self.frames.push(Frame {
            slot: slot as u32,
            base: base as u32,
            pc: entry.start,
            chunk,
            function,
            tail_calls: 0,
            registers: entry.registers,
            wanted,
            is_entry: false,
        });
        if entry.has_varargs {
            self.move_parameters(slot, base, arguments, usize::from(entry.parameters))?;
        }
        Ok(Started::Compiled)
    }

    #[inline]
    fn check_depth(&mut self) -> Result<(), Fault> {
        if self.frames.len() < self.depth_max {
            return Ok(());
        }
        if self.depth_max > CALL_DEPTH_MAX {
            // An error handler went too deep as well.
            return Err(self.raise_text("error in error handling"));
        }
        self.depth_max = CALL_DEPTH_MAX + CALL_DEPTH_RESERVE;
        Err(self.runtime_error("stack overflow"))
    }

    /// Makes room for the registers of a function.
    #[inline]
    pub(super) fn ensure_stack(&mut self, base: usize) -> Result<(), Fault> {
        if base + 2 * WINDOW > self.stack.len() { self.grow_stack(base) } else { Ok(()) }
    }

    /// Makes room for values that a native function pushes.
    pub(crate) fn ensure_room(&mut self, count: usize) -> Result<(), Fault> {
        self.ensure_stack(self.top + count)
    }

    #[cold]
    fn grow_stack(&mut self, base: usize) -> Result<(), Fault> {
        let len = (base + 2 * WINDOW).next_power_of_two();
        self.heap.meter.reserve((len - self.stack.len()) * size_of::<Value>())?;
        self.stack.resize(len, Value::Nil);
        Ok(())
    }

    /// Runs a native function that stands at `slot`, and puts its results there.
    #[inline]
    fn call_native(
        &mut self,
        host: &mut dyn Host,
        function: NativeFunction,
        slot: usize,
        wanted: u8,
    ) -> Result<Started, Fault> {
        self.heap.meter.charge(1)?;
        self.ensure_stack(self.top)?;
        let arguments = Args { base: slot + 1, count: self.top - slot - 1 };
        let was_native = mem::replace(&mut self.is_native, true);
        let result = function(self, host, arguments);
        self.is_native = was_native;
        let count = match result {
            Ok(count) => count,
            Err(fault) => {
                if fault == Fault::Yield {
                    self.heap.threads[self.thread.0].waiting = Some((slot, wanted));
                }
                return Err(fault);
            }
        };
        let first = self.top - count;
        self.place_results(slot, first, count, wanted);
        if self.heap.meter.is_due() && !was_native {
            self.collect_garbage();
        }
        Ok(Started::Done)
    }

    /// Moves results to where the caller expects them.
    #[inline]
    pub(super) fn place_results(&mut self, slot: usize, first: usize, count: usize, wanted: u8) {
        if wanted == ALL {
            self.stack.copy_within(first..first + count, slot);
            self.top = slot + count;
            return;
        }
        for offset in 0..usize::from(wanted - 1) {
            self.stack[slot + offset] = if offset < count { self.stack[first + offset] } else { Value::Nil };
        }
    }

    /// Ends the running function with results from `first` on; whether a native function waits for it.
    #[inline(always)]
    pub(super) fn finish_call(&mut self, first: usize, count: usize) -> bool {
        let Some((frame, callers)) = self.frames.split_last() else {
            unreachable!("a function returned that was not called")
        };
        let (slot, wanted, is_entry) = (frame.slot as usize, frame.wanted, frame.is_entry);
        let callers = callers.len();
        self.frames.truncate(callers);
        if self.open.last().is_some() {
            self.close_upvalues(slot + 1);
        }
        if wanted == 2 && count == 1 {
            self.stack[slot] = self.stack[first];
        } else {
            self.place_results(slot, first, count, wanted);
        }
        is_entry
    }

    /// Puts a function and its arguments in the place of the running one.
    pub(super) fn start_tail_call(&mut self, host: &mut dyn Host, slot: usize) -> Result<Started, Fault> {
        if !matches!(self.stack[slot], Value::Function(_)) {
            self.prepare_called_value(slot)?;
        }
        let Value::Function(id) = self.stack[slot] else { unreachable!("what was prepared is a function") };
        if matches!(self.heap.functions[id.0], Function::Native(_)) {
            return self.start_call(host, slot, ALL);
        }
        let Some(frame) = self.frames.pop() else { unreachable!("a function that calls has a frame") };
        if !self.open.is_empty() {
            self.close_upvalues(frame.base as usize);
        }
        let target = frame.slot as usize;
        self.stack.copy_within(slot..self.top, target);
        self.top = target + (self.top - slot);
        let result = self.start_call(host, target, frame.wanted);
        match (matches!(result, Ok(_) | Err(Fault::Pause)), self.frames.last_mut()) {
            (true, Some(new)) => {
                new.tail_calls = frame.tail_calls + 1;
                new.is_entry = frame.is_entry;
            }
            // The error names the caller.
            _ => self.frames.push(frame),
        }
        result
    }

    /// A call from a native function: the values from `slot` on are the function and its arguments. The results are
    /// there afterwards, up to the top.
    pub(crate) fn call_at(&mut self, host: &mut dyn Host, slot: usize) -> Result<(), Fault> {
        self.frames.push(Frame::native(slot));
        self.call_nested(host, slot, ALL)?;
        self.frames.pop();
        Ok(())
    }

    /// The same without a trace of who called, for metamethods.
    pub(super) fn call_nested(&mut self, host: &mut dyn Host, slot: usize, wanted: u8) -> Result<(), Fault> {
        self.native_depth += 1;
        if self.native_depth >= NATIVE_DEPTH_MAX {
            return Err(self.native_overflow());
        }
        let floor = self.frames.len();
        if self.start_call(host, slot, wanted)? == Started::Compiled {
            if let Some(frame) = self.frames.last_mut() {
                frame.is_entry = true;
            }
            let was_native = mem::replace(&mut self.is_native, false);
            let result = self.execute(host, floor);
            self.is_native = was_native;
            result?;
        }
        self.native_depth -= 1;
        Ok(())
    }

    pub(super) fn native_overflow(&mut self) -> Fault {
        if self.native_depth >= NATIVE_DEPTH_MAX + NATIVE_DEPTH_MAX / 8 {
            return self.raise_text("error in error handling");
        }
        self.runtime_error("C stack overflow")
    }

    /// Calls a function for one result.
    pub(crate) fn call_for_one(
        &mut self,
        host: &mut dyn Host,
        function: Value,
        arguments: &[Value],
    ) -> Result<Value, Fault> {
        let slot = self.top;
        self.push(function);
        arguments.iter().for_each(|argument| self.push(*argument));
        self.call_nested(host, slot, 2)?;
        self.top = slot;
        Ok(self.stack[slot])
    }

    /// Charges instructions where the slice is spent: asks the host first.
    #[cold]
    pub(super) fn charge_and_ask(&mut self, host: &mut dyn Host, instructions: u64) -> Result<Verdict, Fault> {
        self.heap.meter.charge(instructions)?;
        self.heap.meter.begin_slice();
        match host.verdict() {
            Verdict::Stop => Err(Fault::Stopped),
            verdict => Ok(verdict),
        }
    }

    /// Whether the frames alone say where the script stands.
    pub(super) fn can_pause(&self) -> bool {
        self.native_depth == 1 + self.protected_depth && self.resumers.is_empty()
    }

    /// Pushes a value.
    #[inline]
    pub fn push(&mut self, value: Value) {
        if self.top >= self.stack.len() {
            self.stack.resize(self.top + WINDOW, Value::Nil);
        }
        self.stack[self.top] = value;
        self.top += 1;
    }

    /// Takes the value on top.
    pub fn pop(&mut self) -> Value {
        self.top -= 1;
        self.stack[self.top]
    }
}
