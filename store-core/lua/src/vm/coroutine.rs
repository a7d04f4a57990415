//! Coroutines: each has a stack and frames of its own, which change places with those of the machine.
//!
//! A coroutine that yields unwinds the host's stack up to its resumer; its frames stay. That works only where no native
//! function stands between: across one, yielding is an error.

use super::call::Started;
use super::{Host, Vm};
use crate::fault::Fault;
use crate::heap::{Thread, ThreadStatus};
use crate::limits::NATIVE_DEPTH_MAX;
use crate::value::{ThreadId, Value};
use core::mem;

/// How a coroutine stopped: its values are on top of the resumer's stack.
pub(crate) enum Stopped {
    /// It yielded or returned so many values.
    Values(usize),
    /// It failed with an error.
    Error(Value),
}

impl Vm {
    pub(crate) fn new_coroutine(&mut self, function: Value) -> Result<ThreadId, Fault> {
        let thread = self.heap.thread(Thread::default())?;
        let state = &mut self.heap.threads[thread.0];
        state.stack.push(function);
        state.top = 1;
        self.heap.meter.add(size_of::<Value>());
        Ok(thread)
    }

    pub(crate) fn status(&self, thread: ThreadId) -> ThreadStatus {
        self.heap.threads[thread.0].status
    }

    /// Exchanges the machine's stack with that of a thread.
    fn exchange(&mut self, thread: ThreadId) {
        let state = &mut self.heap.threads[thread.0];
        mem::swap(&mut self.stack, &mut state.stack);
        mem::swap(&mut self.frames, &mut state.frames);
        mem::swap(&mut self.open, &mut state.open);
        mem::swap(&mut self.top, &mut state.top);
    }

    /// Leaves one thread for another.
    fn switch(&mut self, from: ThreadId, to: ThreadId) {
        self.exchange(from);
        self.exchange(to);
        self.thread = to;
    }

    /// Goes on with a suspended coroutine, with the `count` values on top.
    pub(crate) fn resume(&mut self, host: &mut dyn Host, thread: ThreadId, count: usize) -> Result<Stopped, Fault> {
        if self.native_depth + 1 >= NATIVE_DEPTH_MAX {
            return Ok(Stopped::Error(self.heap.string(b"C stack overflow")?.into()));
        }
        let resumer = self.thread;
        let (checkpoint, depth_max, yield_depth) = (self.checkpoint(), self.depth_max, self.yield_depth);
        let first = self.top - count;
        self.hand_over(resumer, thread, first, count)?;
        self.set_status(resumer, ThreadStatus::Normal);
        self.set_status(thread, ThreadStatus::Running);
        self.resumers.push(resumer);
        self.native_depth += 1;
        self.yield_depth = self.native_depth;
        let result = self.run_coroutine(host, count);
        self.restore(checkpoint);
        (self.depth_max, self.yield_depth) = (depth_max, yield_depth);
        self.resumers.pop();
        self.set_status(resumer, ThreadStatus::Running);
        self.stop_coroutine(resumer, thread, result)
    }

    fn set_status(&mut self, thread: ThreadId, status: ThreadStatus) {
        self.heap.threads[thread.0].status = status;
    }

    /// Moves values from one stack to another, and changes to that.
    fn hand_over(&mut self, from: ThreadId, to: ThreadId, first: usize, count: usize) -> Result<(), Fault> {
        let values = self.stack[first..first + count].to_vec();
        self.top = first;
        self.switch(from, to);
        let base = self.top;
        if let Err(fault) = self.ensure_stack(base + count) {
            self.switch(to, from);
            return Err(fault);
        }
        values.into_iter().for_each(|value| self.push(value));
        Ok(())
    }

    fn run_coroutine(&mut self, host: &mut dyn Host, count: usize) -> Result<(), Fault> {
        self.is_native = false;
        match self.heap.threads[self.thread.0].waiting.take() {
            Some((slot, wanted)) => {
                let first = self.top - count;
                self.place_results(slot, first, count, wanted);
                self.execute(host, 0)
            }
            None => match self.start_call(host, 0, super::ALL)? {
                Started::Compiled => {
                    if let Some(frame) = self.frames.last_mut() {
                        frame.is_entry = true;
                    }
                    self.execute(host, 0)
                }
                Started::Done => Ok(()),
            },
        }
    }

    /// Goes back to the resumer with what the coroutine gave.
    fn stop_coroutine(
        &mut self,
        resumer: ThreadId,
        thread: ThreadId,
        result: Result<(), Fault>,
    ) -> Result<Stopped, Fault> {
        match result {
            Ok(()) => {
                let count = self.top;
                self.set_status(thread, ThreadStatus::Dead);
                self.hand_over(thread, resumer, 0, count)?;
                self.forget_stack(thread);
                Ok(Stopped::Values(count))
            }
            Err(Fault::Yield) => {
                let count = self.yielded;
                self.set_status(thread, ThreadStatus::Suspended);
                self.hand_over(thread, resumer, self.top - count, count)?;
                Ok(Stopped::Values(count))
            }
            Err(fault) => {
                self.close_upvalues(0);
                self.switch(thread, resumer);
                self.set_status(thread, ThreadStatus::Dead);
                self.forget_stack(thread);
                match fault {
                    Fault::Error => Ok(Stopped::Error(self.thrown)),
                    Fault::Memory => Ok(Stopped::Error(self.names.no_memory.into())),
                    other => Err(other),
                }
            }
        }
    }

    fn forget_stack(&mut self, thread: ThreadId) {
        let state = &mut self.heap.threads[thread.0];
        let bytes = state.stack.len() * size_of::<Value>();
        *state = Thread { status: ThreadStatus::Dead, ..Thread::default() };
        self.heap.meter.release(bytes);
    }

    /// Ends this part of the running coroutine with values on top.
    pub(crate) fn yield_values(&mut self, count: usize) -> Fault {
        if self.resumers.is_empty() || self.native_depth != self.yield_depth {
            return self.runtime_error("attempt to yield across metamethod/C-call boundary");
        }
        self.yielded = count;
        Fault::Yield
    }
}
