//! Variables that closures share.

use super::Vm;
use crate::chunk::Capture;
use crate::fault::Fault;
use crate::heap::{Closure, Function, Upvalue};
use crate::value::Value;
use alloc::vec::Vec;

impl Vm {
    #[inline]
    pub(super) fn upvalue(&self, function: u32, index: u8) -> Value {
        match self.heap.upvalues[self.upvalue_id(function, index)] {
            Upvalue::Closed(value) => value,
            Upvalue::Open { thread, slot } if thread == self.thread => self.stack[slot as usize],
            Upvalue::Open { thread, slot } => self.heap.threads[thread.0].stack[slot as usize],
        }
    }

    pub(super) fn set_upvalue(&mut self, function: u32, index: u8, value: Value) {
        let id = self.upvalue_id(function, index);
        match &mut self.heap.upvalues[id] {
            Upvalue::Closed(old) => *old = value,
            Upvalue::Open { thread, slot } if *thread == self.thread => self.stack[*slot as usize] = value,
            Upvalue::Open { thread, slot } => {
                let (thread, slot) = (*thread, *slot);
                self.heap.threads[thread.0].stack[slot as usize] = value;
            }
        }
    }

    #[inline]
    fn upvalue_id(&self, function: u32, index: u8) -> u32 {
        self.closure(function).upvalues[usize::from(index)]
    }

    #[inline]
    pub(super) fn closure(&self, function: u32) -> &Closure {
        match &self.heap.functions[function] {
            Function::Compiled(closure) => closure,
            _ => unreachable!("only compiled functions run instructions"),
        }
    }

    /// The upvalue that stands for a place on the stack.
    fn capture(&mut self, slot: usize) -> Result<u32, Fault> {
        let slot = slot as u32;
        let mut position = self.open.len();
        while position > 0 {
            match self.heap.upvalues[self.open[position - 1]] {
                Upvalue::Open { slot: other, .. } if other == slot => return Ok(self.open[position - 1]),
                Upvalue::Open { slot: other, .. } if other > slot => position -= 1,
                _ => break,
            }
        }
        let upvalue = self.heap.upvalue(Upvalue::Open { thread: self.thread, slot })?;
        self.open.insert(position, upvalue);
        Ok(upvalue)
    }

    /// Lets the upvalues from a place of the stack on keep their values themselves.
    pub(crate) fn close_upvalues(&mut self, level: usize) {
        while let Some(last) = self.open.last() {
            match self.heap.upvalues[*last] {
                Upvalue::Open { slot, .. } if slot as usize >= level => {
                    self.heap.upvalues[*last] = Upvalue::Closed(self.stack[slot as usize]);
                    self.open.pop();
                }
                _ => return,
            }
        }
    }

    /// A function with the variables that it captures from the running one.
    pub(super) fn make_closure(&mut self, function: u32, base: usize, proto: u32) -> Result<Value, Fault> {
        let outer = self.closure(function);
        let (chunk_id, environment) = (outer.chunk, outer.environment);
        let chunk = alloc::sync::Arc::clone(self.heap.chunk_of(chunk_id));
        let description = &chunk.protos[proto as usize];
        let mut upvalues = Vec::with_capacity(description.captures.len());
        for capture in &description.captures {
            upvalues.push(match *capture {
                Capture::Register(register) => self.capture(base + usize::from(register))?,
                Capture::Upvalue(index) => self.upvalue_id(function, index),
            });
        }
        let closure =
            Closure { chunk: chunk_id, proto, environment, upvalues: upvalues.into(), entry: description.into() };
        Ok(Value::Function(self.heap.function(Function::Compiled(closure))?))
    }
}
