//! Metamethods, and reading and writing of fields.

use super::{Host, Vm};
use crate::fault::Fault;
use crate::heap::Heap;
use crate::limits::META_LOOP_MAX;
use crate::table::Table;
use crate::value::{Str, TableId, Value};

/// What a metamethod is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Index,
    NewIndex,
    Equal,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Power,
    Negate,
    Length,
    Less,
    LessEqual,
    Concat,
    Call,
    ToString,
    Metatable,
}

const EVENTS: [&str; 17] = [
    "__index",
    "__newindex",
    "__eq",
    "__add",
    "__sub",
    "__mul",
    "__div",
    "__mod",
    "__pow",
    "__unm",
    "__len",
    "__lt",
    "__le",
    "__concat",
    "__call",
    "__tostring",
    "__metatable",
];

/// Strings that the machine itself looks for.
#[derive(Debug)]
pub(crate) struct Names {
    events: [Str; EVENTS.len()],
    pub(crate) n: Str,
    pub(crate) no_memory: Str,
}

impl Names {
    pub(super) fn new(heap: &mut Heap) -> Result<Self, Fault> {
        let n = heap.string(b"n")?;
        let no_memory = heap.string(b"not enough memory")?;
        let mut events = [n; EVENTS.len()];
        for (name, event) in events.iter_mut().zip(EVENTS) {
            *name = heap.string(event.as_bytes())?;
        }
        Ok(Self { events, n, no_memory })
    }

    pub(super) fn all(&self) -> impl Iterator<Item = Str> + '_ {
        self.events.iter().copied().chain([self.n, self.no_memory])
    }
}

impl Table {
    /// What this table, as a metatable, has for an event. That it has nothing is remembered for the first events.
    #[inline]
    fn handler(&mut self, event: Event, names: &Names) -> Value {
        let bit = if event as u32 <= Event::Equal as u32 { 1 << event as u32 } else { 0 };
        if self.absent & bit != 0 {
            return Value::Nil;
        }
        let handler = self.get_string(names.events[event as usize]);
        if handler.is_nil() {
            self.absent |= bit;
        }
        handler
    }
}

impl Vm {
    /// The metatable of a value.
    #[must_use]
    pub fn metatable(&self, value: Value) -> Option<TableId> {
        match value {
            Value::Table(id) => self.heap.tables[id.0].metatable,
            Value::String(_) => self.string_metatable,
            _ => None,
        }
    }

    /// The metamethod of a value, or nil.
    pub(crate) fn metamethod(&mut self, value: Value, event: Event) -> Value {
        match self.metatable(value) {
            Some(metatable) => self.heap.tables[metatable.0].handler(event, &self.names),
            None => Value::Nil,
        }
    }

    #[inline]
    pub(super) fn global(
        &mut self,
        host: &mut dyn Host,
        function: u32,
        name: Value,
        pc: usize,
    ) -> Result<Value, Fault> {
        let environment = self.closure(function).environment;
        self.field(host, Value::Table(environment), name, pc)
    }

    /// `object.name`
    #[inline]
    pub(super) fn field(&mut self, host: &mut dyn Host, object: Value, name: Value, pc: usize) -> Result<Value, Fault> {
        if let (Value::Table(id), Value::String(key)) = (object, name) {
            let table = &self.heap.tables[id.0];
            let value = table.get_string(key);
            if !value.is_nil() || table.metatable.is_none() {
                return Ok(value);
            }
        }
        self.pause(pc);
        self.index(host, object, name)
    }

    /// `object[key]`
    #[inline]
    pub(super) fn element(
        &mut self,
        host: &mut dyn Host,
        object: Value,
        key: Value,
        pc: usize,
    ) -> Result<Value, Fault> {
        if let Value::Table(id) = object {
            let table = &self.heap.tables[id.0];
            let value = table.get(key);
            if !value.is_nil() || table.metatable.is_none() {
                return Ok(value);
            }
        }
        self.pause(pc);
        self.index(host, object, key)
    }

    /// `object[key] = value`
    #[inline]
    pub(super) fn assign(
        &mut self,
        host: &mut dyn Host,
        object: Value,
        key: Value,
        value: Value,
        pc: usize,
    ) -> Result<(), Fault> {
        if let Value::Table(id) = object {
            let table = &mut self.heap.tables[id.0];
            if !table.is_frozen && table.replace(key, value) {
                return Ok(());
            }
        }
        self.pause(pc);
        self.set_index(host, object, key, value)
    }

    /// Reads a field, with metamethods.
    pub(crate) fn index(&mut self, host: &mut dyn Host, object: Value, key: Value) -> Result<Value, Fault> {
        let mut object = object;
        for _ in 0..META_LOOP_MAX {
            if let Value::Table(id) = object {
                let value = self.heap.tables[id.0].get(key);
                if !value.is_nil() {
                    return Ok(value);
                }
            }
            let handler = self.metamethod(object, Event::Index);
            match (handler, object) {
                (Value::Nil, Value::Table(_)) => return Ok(Value::Nil),
                (Value::Nil, _) => return Err(self.type_error("index", object)),
                (Value::Function(_), _) => return self.call_for_one(host, handler, &[object, key]),
                _ => object = handler,
            }
        }
        Err(self.runtime_error("loop in gettable"))
    }

    /// Writes a field, with metamethods.
    pub(crate) fn set_index(
        &mut self,
        host: &mut dyn Host,
        object: Value,
        key: Value,
        value: Value,
    ) -> Result<(), Fault> {
        let mut object = object;
        for _ in 0..META_LOOP_MAX {
            if let Value::Table(id) = object {
                if self.heap.tables[id.0].is_frozen {
                    return Err(self.runtime_error("Attempt to modify a readonly table"));
                }
                if self.heap.tables[id.0].metatable.is_none() {
                    return self.raw_set(id, key, value);
                }
                if self.heap.tables[id.0].replace(key, value) {
                    return Ok(());
                }
            }
            let handler = self.metamethod(object, Event::NewIndex);
            if let (Value::Table(id), handler) = (object, handler) {
                // The key takes its place even if another table gets the value: the order of keys shows it.
                self.raw_set(id, key, if handler.is_nil() { value } else { Value::Nil })?;
            }
            match (handler, object) {
                (Value::Nil, Value::Table(_)) => return Ok(()),
                (Value::Nil, _) => return Err(self.type_error("index", object)),
                (Value::Function(_), _) => return self.call_for_none(host, handler, &[object, key, value]),
                _ => object = handler,
            }
        }
        Err(self.runtime_error("loop in settable"))
    }

    /// Writes a field past all metamethods.
    pub(crate) fn raw_set(&mut self, table: TableId, key: Value, value: Value) -> Result<(), Fault> {
        match key {
            Value::Nil => Err(self.runtime_error("table index is nil")),
            Value::Number(number) if number.is_nan() => Err(self.runtime_error("table index is NaN")),
            _ => self.heap.set(table, key, value),
        }
    }

    fn call_for_none(&mut self, host: &mut dyn Host, function: Value, arguments: &[Value]) -> Result<(), Fault> {
        self.call_for_one(host, function, arguments).map(|_| ())
    }

    /// Puts the metamethod of a value that is no function in its place, and the value before the arguments.
    pub(super) fn prepare_called_value(&mut self, slot: usize) -> Result<(), Fault> {
        let value = self.stack[slot];
        let handler = self.metamethod(value, Event::Call);
        if !matches!(handler, Value::Function(_)) {
            return Err(self.type_error_at("call", value, Some(slot)));
        }
        self.ensure_stack(self.top)?;
        self.stack.copy_within(slot..self.top, slot + 1);
        self.stack[slot] = handler;
        self.top += 1;
        Ok(())
    }
}
