//! Operators on what is not a pair of numbers.

use super::{Event, Host, Vm};
use crate::fault::Fault;
use crate::number::{self, modulo, power, write_number};
use crate::value::Value;
use alloc::vec::Vec;

impl Vm {
    /// The number that a value is or reads as.
    #[inline]
    pub(crate) fn to_number(&self, value: Value) -> Option<f64> {
        match value {
            Value::Number(number) => Some(number),
            Value::String(string) => number::parse(self.bytes(string)),
            _ => None,
        }
    }

    /// Arithmetic: on numbers, on strings that read as numbers, by metamethods.
    pub(crate) fn arithmetic(
        &mut self,
        host: &mut dyn Host,
        event: Event,
        left: Value,
        right: Value,
    ) -> Result<Value, Fault> {
        self.charge_reading(left)?;
        self.charge_reading(right)?;
        if let (Some(x), Some(y)) = (self.to_number(left), self.to_number(right)) {
            return Ok(Value::Number(match event {
                Event::Add => x + y,
                Event::Subtract => x - y,
                Event::Multiply => x * y,
                Event::Divide => x / y,
                Event::Modulo => modulo(x, y),
                Event::Power => power(x, y),
                _ => -x,
            }));
        }
        match self.binary_handler(left, right, event) {
            Value::Nil => {
                let culprit = if self.to_number(left).is_none() { left } else { right };
                Err(self.operand_error("perform arithmetic on", culprit, self.to_number(left).is_some()))
            }
            handler => self.call_for_one(host, handler, &[left, right]),
        }
    }

    fn binary_handler(&mut self, left: Value, right: Value, event: Event) -> Value {
        match self.metamethod(left, event) {
            Value::Nil => self.metamethod(right, event),
            handler => handler,
        }
    }

    /// `==`
    pub(crate) fn equals(&mut self, host: &mut dyn Host, left: Value, right: Value) -> Result<bool, Fault> {
        let (Value::Table(one), Value::Table(other)) = (left, right) else { return Ok(left == right) };
        if one == other {
            return Ok(true);
        }
        match self.common_handler(left, right, Event::Equal) {
            Value::Nil => Ok(false),
            handler => Ok(self.call_for_one(host, handler, &[left, right])?.is_truthy()),
        }
    }

    /// A metamethod that both values have.
    fn common_handler(&mut self, left: Value, right: Value, event: Event) -> Value {
        let handler = self.metamethod(left, event);
        if !handler.is_nil() && handler == self.metamethod(right, event) { handler } else { Value::Nil }
    }

    /// `<`
    pub(crate) fn less(&mut self, host: &mut dyn Host, left: Value, right: Value) -> Result<bool, Fault> {
        match (left, right) {
            (Value::Number(x), Value::Number(y)) => Ok(x < y),
            (Value::String(x), Value::String(y)) => {
                self.charge_bytes(self.bytes(x).len().min(self.bytes(y).len()))?;
                Ok(self.bytes(x) < self.bytes(y))
            }
            _ => match self.order_handler(left, right, Event::Less) {
                Value::Nil => Err(self.comparison_error(left, right)),
                handler => Ok(self.call_for_one(host, handler, &[left, right])?.is_truthy()),
            },
        }
    }

    /// `<=`
    pub(crate) fn less_or_equal(&mut self, host: &mut dyn Host, left: Value, right: Value) -> Result<bool, Fault> {
        match (left, right) {
            (Value::Number(x), Value::Number(y)) => Ok(x <= y),
            (Value::String(x), Value::String(y)) => {
                self.charge_bytes(self.bytes(x).len().min(self.bytes(y).len()))?;
                Ok(self.bytes(x) <= self.bytes(y))
            }
            _ => {
                let handler = self.order_handler(left, right, Event::LessEqual);
                if !handler.is_nil() {
                    return Ok(self.call_for_one(host, handler, &[left, right])?.is_truthy());
                }
                match self.order_handler(right, left, Event::Less) {
                    Value::Nil => Err(self.comparison_error(left, right)),
                    handler => Ok(!self.call_for_one(host, handler, &[right, left])?.is_truthy()),
                }
            }
        }
    }

    /// Only values of one type have an order.
    fn order_handler(&mut self, left: Value, right: Value, event: Event) -> Value {
        if left.type_name() == right.type_name() { self.common_handler(left, right, event) } else { Value::Nil }
    }

    /// `#`
    pub(crate) fn length(&mut self, host: &mut dyn Host, value: Value) -> Result<Value, Fault> {
        match value {
            Value::Table(id) => Ok(Value::Number(self.heap.tables[id.0].len() as f64)),
            Value::String(string) => Ok(Value::Number(self.bytes(string).len() as f64)),
            other => match self.metamethod(other, Event::Length) {
                Value::Nil => Err(self.operand_error("get length of", other, false)),
                handler => self.call_for_one(host, handler, &[other, Value::Nil]),
            },
        }
    }

    /// Joins `count` values from `slot` on, from the right; the result is at `slot`.
    pub(super) fn concat(&mut self, host: &mut dyn Host, slot: usize, count: usize) -> Result<(), Fault> {
        let mut count = count;
        while count > 1 {
            let texts = self.text_run(slot, count);
            if texts >= 2 {
                self.join(slot + count - texts, texts)?;
                count -= texts - 1;
            } else {
                self.concat_by_handler(host, slot + count - 2)?;
                count -= 1;
            }
        }
        Ok(())
    }

    /// How many values at the end are strings or numbers.
    fn text_run(&self, slot: usize, count: usize) -> usize {
        let values = &self.stack[slot..slot + count];
        values.iter().rev().take_while(|value| matches!(value, Value::String(_) | Value::Number(_))).count()
    }

    fn join(&mut self, slot: usize, count: usize) -> Result<(), Fault> {
        let strings = self.stack[slot..slot + count].iter();
        // A number takes at most two dozen bytes.
        let bytes: usize =
            strings.map(|value| if let Value::String(string) = value { self.bytes(*string).len() } else { 24 }).sum();
        self.charge_bytes(bytes)?;
        let scratch = self.heap.meter.scratch();
        self.heap.meter.reserve_scratch(bytes)?;
        let mut text = Vec::with_capacity(bytes);
        for value in &self.stack[slot..slot + count] {
            self.append_text(&mut text, *value);
        }
        self.heap.meter.restore_scratch(scratch);
        self.stack[slot] = Value::String(self.heap.string_of(text)?);
        Ok(())
    }

    /// Writes a string or a number.
    pub(crate) fn append_text(&self, text: &mut Vec<u8>, value: Value) {
        match value {
            Value::String(string) => text.extend_from_slice(self.bytes(string)),
            Value::Number(number) => write_number(text, number),
            _ => {}
        }
    }

    fn concat_by_handler(&mut self, host: &mut dyn Host, slot: usize) -> Result<(), Fault> {
        let (left, right) = (self.stack[slot], self.stack[slot + 1]);
        match self.binary_handler(left, right, Event::Concat) {
            Value::Nil => {
                let is_text = matches!(left, Value::String(_) | Value::Number(_));
                let (culprit, at) = if is_text { (right, slot + 1) } else { (left, slot) };
                Err(self.type_error_at("concatenate", culprit, Some(at)))
            }
            handler => {
                self.stack[slot] = self.call_for_one(host, handler, &[left, right])?;
                Ok(())
            }
        }
    }

    /// Charges for reading a number where it is a string.
    pub(crate) fn charge_reading(&mut self, value: Value) -> Result<(), Fault> {
        if let Value::String(text) = value { self.charge_bytes(self.bytes(text).len()) } else { Ok(()) }
    }

    /// Charges for work on bytes: one instruction for each 16.
    pub(crate) fn charge_bytes(&mut self, bytes: usize) -> Result<(), Fault> {
        self.heap.meter.charge(bytes as u64 / 16)
    }
}
