//! What the collector of garbage starts from.

use super::Vm;
use crate::value::Value;

impl Vm {
    /// The first place of the stack above all that is in use.
    pub(super) fn live_end(&self) -> usize {
        let end = self.frames.last().map_or(0, |frame| if frame.is_compiled() { frame.end() } else { 0 });
        self.top.max(end).min(self.stack.len())
    }

    /// Frees what can no longer be reached. Only between two instructions: native functions hold values that nothing
    /// else leads to.
    /// Every object is looked at, which is charged by what they take.
    pub(crate) fn collect_garbage(&mut self) {
        self.heap.meter.burden(self.heap.meter.used() as u64 / 16);
        let live = self.live_end();
        for slot in 0..live {
            self.heap.mark(self.stack[slot]);
        }
        self.stack[live..].fill(Value::Nil);
        for upvalue in &self.open {
            self.heap.mark_upvalue(*upvalue);
        }
        for thread in self.resumers.iter().chain([&self.thread]) {
            self.heap.mark(Value::Thread(*thread));
        }
        for table in [Some(self.globals), Some(self.registry), self.string_metatable].into_iter().flatten() {
            self.heap.mark(Value::Table(table));
        }
        for name in self.names.all() {
            self.heap.mark(Value::String(name));
        }
        for value in &self.anchors {
            self.heap.mark(*value);
        }
        self.heap.mark(self.thrown);
        self.heap.mark(self.next.map_or(Value::Nil, Value::Function));
        self.heap.finish_collection();
    }
}
