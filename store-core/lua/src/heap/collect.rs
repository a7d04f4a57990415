//! The collector of garbage: marks what can be reached, frees the rest.
//!
//! It runs only between two instructions, when every value that matters is on a stack, in a table or anchored. Values
//! that wait to be looked into stand in a list, so that a deep structure takes no stack of the host. O(objects).

use super::{FUNCTION_OVERHEAD, THREAD_OVERHEAD, UPVALUE_OVERHEAD};
use super::{Function, Heap, TABLE_OVERHEAD, Upvalue};
use crate::value::{FunctionId, TableId, ThreadId, Value};
use alloc::sync::Arc;
use core::mem;

impl Heap {
    /// Marks a value, and remembers to look into it.
    pub(crate) fn mark(&mut self, value: Value) {
        let is_new = match value {
            Value::String(string) => {
                self.strings.mark(string);
                false
            }
            Value::Table(id) => self.tables.mark(id.0),
            Value::Function(id) => self.functions.mark(id.0),
            Value::Thread(id) => self.threads.mark(id.0),
            Value::Nil | Value::Boolean(_) | Value::Light(_) | Value::Number(_) => false,
        };
        if is_new {
            self.grey.push(value);
        }
    }

    /// Marks all that the marked values reach, and frees the rest.
    pub(crate) fn finish_collection(&mut self) {
        self.mark(Value::String(self.mode_key));
        while let Some(value) = self.grey.pop() {
            match value {
                Value::Table(id) => self.scan_table(id),
                Value::Function(id) => self.scan_function(id),
                Value::Thread(id) => self.scan_thread(id),
                _ => {}
            }
        }
        self.clear_weak();
        self.sweep();
        self.meter.plan_collection();
    }

    fn scan_table(&mut self, id: TableId) {
        let table = mem::take(&mut self.tables[id.0]);
        let (mut has_weak_keys, mut has_weak_values) = (false, false);
        if let Some(metatable) = table.metatable {
            self.mark(Value::Table(metatable));
            // A table that is its own metatable has just been taken out.
            let owner = if metatable == id { &table } else { &self.tables[metatable.0] };
            if let Value::String(mode) = owner.get_string(self.mode_key) {
                has_weak_keys = self.bytes(mode).contains(&b'k');
                has_weak_values = self.bytes(mode).contains(&b'v');
            }
        }
        if has_weak_keys || has_weak_values {
            self.weak.push(id);
        }
        for (key, value) in table.entries() {
            // Strings count as plain values: they never leave a weak table.
            if !has_weak_keys || matches!(key, Value::String(_)) {
                self.mark(key);
            }
            if !has_weak_values || matches!(value, Value::String(_)) {
                self.mark(value);
            }
        }
        self.tables[id.0] = table;
    }

    fn scan_function(&mut self, id: FunctionId) {
        let function = mem::take(&mut self.functions[id.0]);
        match &function {
            Function::Free => {}
            Function::Native(native) => {
                self.mark(Value::Table(native.environment));
                native.upvalues.iter().for_each(|value| self.mark(*value));
            }
            Function::Compiled(closure) => {
                self.mark(Value::Table(closure.environment));
                closure.upvalues.iter().for_each(|upvalue| self.mark_upvalue(*upvalue));
                self.mark_chunk(closure.chunk);
            }
        }
        self.functions[id.0] = function;
    }

    /// An open one is on a stack, which is looked at on its own, unless only this closure leads to it.
    pub(crate) fn mark_upvalue(&mut self, id: u32) {
        if self.upvalues.mark(id) {
            match self.upvalues[id] {
                Upvalue::Closed(value) => self.mark(value),
                Upvalue::Open { thread, .. } => self.mark(Value::Thread(thread)),
            }
        }
    }

    pub(crate) fn mark_chunk(&mut self, id: u32) {
        if self.chunks.mark(id) {
            let chunk = Arc::clone(self.chunk_of(id));
            chunk.constants.iter().for_each(|constant| self.mark(*constant));
            chunk.names.iter().for_each(|name| self.mark(Value::String(*name)));
        }
    }

    fn scan_thread(&mut self, id: ThreadId) {
        let mut thread = mem::take(&mut self.threads[id.0]);
        if let Some(globals) = thread.globals {
            self.mark(Value::Table(globals));
        }
        // What is above the top may be stale: nothing reads it, and nothing must find it later.
        let live = thread.live_slots();
        thread.stack[..live].iter().for_each(|value| self.mark(*value));
        thread.stack[live..].fill(Value::Nil);
        thread.open.iter().for_each(|upvalue| {
            self.upvalues.mark(*upvalue);
        });
        self.threads[id.0] = thread;
    }

    fn clear_weak(&mut self) {
        for id in mem::take(&mut self.weak) {
            let mut table = mem::take(&mut self.tables[id.0]);
            table.forget(|key, value| self.is_lost(key) || self.is_lost(value));
            self.tables[id.0] = table;
        }
    }

    fn is_lost(&self, value: Value) -> bool {
        match value {
            Value::Table(id) => !self.tables.is_marked(id.0),
            Value::Function(id) => !self.functions.is_marked(id.0),
            Value::Thread(id) => !self.threads.is_marked(id.0),
            Value::String(string) => !self.strings.is_marked(string),
            Value::Nil | Value::Boolean(_) | Value::Light(_) | Value::Number(_) => false,
        }
    }

    fn sweep(&mut self) {
        let mut freed = self.strings.sweep();
        self.tables.sweep(|_, table| freed += TABLE_OVERHEAD + table.bytes());
        self.functions.sweep(|_, function| freed += FUNCTION_OVERHEAD + function.bytes());
        self.upvalues.sweep(|_, _| freed += UPVALUE_OVERHEAD);
        self.threads.sweep(|_, thread| freed += THREAD_OVERHEAD + thread.stack.len() * size_of::<Value>());
        self.chunks.sweep(|_, chunk| freed += chunk.map_or(0, |chunk| chunk.bytes()));
        self.meter.release(freed);
    }
}
