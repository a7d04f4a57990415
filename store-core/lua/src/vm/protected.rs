//! Calls whose errors are caught.
//!
//! `pcall` is a frame of its own between its caller and the function that it calls, so that the host's stack has no part
//! in it and a script can make a break inside. It counts as a native call all the same: coroutines do not yield across
//! it, and it nests as deep as in C.

use super::call::{ALL, Started};
use super::{Frame, Host, Vm};
use crate::fault::Fault;
use crate::library;
use crate::limits::{CALL_DEPTH_MAX, NATIVE_DEPTH_MAX};
use crate::value::Value;

/// What is put back when a call fails.
#[derive(Clone, Copy, Debug)]
pub(super) struct Checkpoint {
    pub(super) frames: usize,
    pub(super) native_depth: u32,
    protected_depth: u32,
    is_native: bool,
    scratch: usize,
}

impl Vm {
    pub(super) fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            frames: self.frames.len(),
            native_depth: self.native_depth,
            protected_depth: self.protected_depth,
            is_native: self.is_native,
            scratch: self.heap.meter.scratch(),
        }
    }

    /// Forgets all that a failed call left above a place of the stack.
    pub(super) fn unwind(&mut self, checkpoint: Checkpoint, slot: usize) {
        self.close_upvalues(slot);
        self.frames.truncate(checkpoint.frames);
        self.restore(checkpoint);
        self.top = slot;
        if self.frames.len() < CALL_DEPTH_MAX {
            self.depth_max = CALL_DEPTH_MAX;
        }
    }

    /// Puts back the counters alone.
    pub(super) fn restore(&mut self, checkpoint: Checkpoint) {
        self.native_depth = checkpoint.native_depth;
        self.protected_depth = checkpoint.protected_depth;
        self.is_native = checkpoint.is_native;
        self.heap.meter.restore_scratch(checkpoint.scratch);
    }

    /// Begins a call of `pcall`, which stands at `slot` below the function and its arguments.
    pub(super) fn start_protected(&mut self, host: &mut dyn Host, slot: usize, wanted: u8) -> Result<Started, Fault> {
        self.heap.meter.charge(1)?;
        let (floor, checkpoint) = (self.frames.len(), self.checkpoint());
        self.frames.push(Frame::protected(slot, wanted, self.native_depth, self.protected_depth));
        self.native_depth += 1;
        self.protected_depth += 1;
        let started = if self.native_depth >= NATIVE_DEPTH_MAX {
            Err(self.native_overflow())
        } else {
            self.start_call(host, slot + 1, ALL)
        };
        match started {
            Ok(Started::Compiled) | Err(Fault::Pause) => {
                if let Some(frame) = self.frames.last_mut() {
                    frame.is_entry = true;
                }
                return started;
            }
            Ok(Started::Done) => self.finish_protected(),
            Err(fault) => self.catch(fault, floor, checkpoint)?,
        }
        Ok(Started::Done)
    }

    /// Ends the last call, which is one of `pcall` whose function has returned.
    pub(super) fn finish_protected(&mut self) {
        let Some(frame) = self.frames.pop() else { unreachable!("a call of pcall has a frame") };
        (self.native_depth, self.protected_depth) = frame.depths();
        let slot = frame.slot as usize;
        self.stack[slot] = Value::Boolean(true);
        self.place_results(slot, slot, self.top - slot, frame.wanted);
    }

    /// Gives an error to the last `pcall` above so many frames. `checkpoint` was made by the same native function.
    ///
    /// # Errors
    /// When there is none, or nothing catches the fault.
    pub(super) fn catch(&mut self, fault: Fault, floor: usize, checkpoint: Checkpoint) -> Result<(), Fault> {
        let above = self.frames.get(floor..).unwrap_or_default();
        let Some(at) = above.iter().rposition(Frame::is_protected).filter(|_| fault.is_caught()) else {
            return Err(fault);
        };
        let (frame, frames) = (above[at], floor + at);
        let (native_depth, protected_depth) = frame.depths();
        let mut value = if fault == Fault::Memory { Value::String(self.names.no_memory) } else { self.thrown };
        if self.unwraps_errors {
            value = library::error_text(self, value);
        }
        let slot = frame.slot as usize;
        self.unwind(Checkpoint { frames, native_depth, protected_depth, ..checkpoint }, slot);
        self.push(Value::Boolean(false));
        self.push(value);
        self.place_results(slot, slot, 2, frame.wanted);
        Ok(())
    }

    /// Calls what stands at `slot` with what is above it. The results stand there afterwards, or else the inner error.
    /// A handler sees an error before the frames are gone.
    pub(crate) fn call_protected(
        &mut self,
        host: &mut dyn Host,
        slot: usize,
        handler: Option<Value>,
    ) -> Result<Result<(), Value>, Fault> {
        let checkpoint = self.checkpoint();
        let fault = match self.call_at(host, slot) {
            Ok(()) => return Ok(Ok(())),
            Err(fault) if fault.is_caught() => fault,
            Err(fault) => return Err(fault),
        };
        let mut value = if fault == Fault::Memory { Value::String(self.names.no_memory) } else { self.thrown };
        if let (Some(handler), Fault::Error) = (handler, fault) {
            value = self.handle(host, handler, value, checkpoint)?;
        }
        self.unwind(checkpoint, slot);
        Ok(Err(value))
    }

    fn handle(
        &mut self,
        host: &mut dyn Host,
        handler: Value,
        value: Value,
        checkpoint: Checkpoint,
    ) -> Result<Value, Fault> {
        self.native_depth = checkpoint.native_depth;
        self.top = self.live_end();
        self.ensure_stack(self.top)?;
        match self.call_for_one(host, handler, &[value]) {
            Ok(value) => Ok(value),
            Err(fault) if fault.is_caught() => Ok(self.heap.string(b"error in error handling")?.into()),
            Err(fault) => Err(fault),
        }
    }
}
