//! Calls whose errors are caught.

use super::{Host, Vm};
use crate::fault::Fault;
use crate::limits::CALL_DEPTH_MAX;
use crate::value::Value;

/// What is put back when a call fails.
#[derive(Clone, Copy, Debug)]
pub(super) struct Checkpoint {
    frames: usize,
    native_depth: u32,
    is_native: bool,
    scratch: usize,
}

impl Vm {
    pub(super) fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            frames: self.frames.len(),
            native_depth: self.native_depth,
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
        self.is_native = checkpoint.is_native;
        self.heap.meter.restore_scratch(checkpoint.scratch);
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
