//! The arguments of native functions, and what is wrong with them.

use super::Vm;
use crate::fault::Fault;
use crate::number::write_number;
use crate::value::{Str, TableId, Value};
use alloc::vec::Vec;

/// Values in a row on the stack: the arguments of a native function, or the results of a call.
#[derive(Clone, Copy, Debug)]
pub struct Args {
    pub(crate) base: usize,
    pub(crate) count: usize,
}

impl Args {
    /// How many there are.
    #[must_use]
    pub const fn len(self) -> usize {
        self.count
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.count == 0
    }
}

/// What C makes of a number that does not fit into 64 bits.
const OUT_OF_RANGE: i64 = i64::MIN;

/// The integer that a number is cut to, as x86 does it.
pub(crate) fn to_integer(number: f64) -> i64 {
    const END: f64 = 9_223_372_036_854_775_808.0;
    if (-END..END).contains(&number) { number as i64 } else { OUT_OF_RANGE }
}

impl Vm {
    /// The values.
    #[must_use]
    pub fn values(&self, args: Args) -> &[Value] {
        &self.stack[args.base..args.base + args.count]
    }

    /// A value, nil if there are fewer. The first is 0.
    #[must_use]
    pub fn value(&self, args: Args, index: usize) -> Value {
        if index < args.count { self.stack[args.base + index] } else { Value::Nil }
    }

    pub(crate) fn check_any(&mut self, args: Args, index: usize) -> Result<Value, Fault> {
        if index < args.count {
            return Ok(self.stack[args.base + index]);
        }
        Err(self.argument_error(index, "value expected"))
    }

    pub(crate) fn check_number(&mut self, args: Args, index: usize) -> Result<f64, Fault> {
        match self.value(args, index) {
            Value::Number(number) => Ok(number),
            other => {
                self.charge_reading(other)?;
                self.to_number(other).ok_or_else(|| self.argument_type_error(args, index, "number"))
            }
        }
    }

    pub(crate) fn check_integer(&mut self, args: Args, index: usize) -> Result<i64, Fault> {
        self.check_number(args, index).map(to_integer)
    }

    /// An integer, or another one if there is none.
    pub(crate) fn integer_or(&mut self, args: Args, index: usize, otherwise: i64) -> Result<i64, Fault> {
        if self.value(args, index).is_nil() { Ok(otherwise) } else { self.check_integer(args, index) }
    }

    pub(crate) fn check_string(&mut self, args: Args, index: usize) -> Result<Str, Fault> {
        let value = self.value(args, index);
        match self.text_of(value)? {
            Some(string) => Ok(string),
            None => Err(self.argument_type_error(args, index, "string")),
        }
    }

    /// A string, or a number as one.
    pub(crate) fn text_of(&mut self, value: Value) -> Result<Option<Str>, Fault> {
        match value {
            Value::String(string) => Ok(Some(string)),
            Value::Number(number) => {
                let mut text = Vec::new();
                write_number(&mut text, number);
                self.heap.string(&text).map(Some)
            }
            _ => Ok(None),
        }
    }

    pub(crate) fn check_table(&mut self, args: Args, index: usize) -> Result<TableId, Fault> {
        match self.value(args, index) {
            Value::Table(table) => Ok(table),
            _ => Err(self.argument_type_error(args, index, "table")),
        }
    }

    pub(crate) fn check_function(&mut self, args: Args, index: usize) -> Result<Value, Fault> {
        match self.value(args, index) {
            function @ Value::Function(_) => Ok(function),
            _ => Err(self.argument_type_error(args, index, "function")),
        }
    }

    pub(crate) fn argument_type_error(&mut self, args: Args, index: usize, expected: &str) -> Fault {
        let got = if index < args.count { self.value(args, index).type_name() } else { "no value" };
        self.argument_error(index, &[expected, " expected, got ", got].concat())
    }

    /// An error about an argument: which one, of which function, and what is wrong.
    pub(crate) fn argument_error(&mut self, index: usize, what: &str) -> Fault {
        let (kind, name) = self.called_name().unwrap_or(("", b"?".to_vec()));
        let mut number = index + 1;
        if kind == "method" {
            number -= 1;
            if number == 0 {
                let text = [b"calling '", &name[..], b"' on bad self (", what.as_bytes(), b")"].concat();
                return self.error(text);
            }
        }
        let mut text = b"bad argument #".to_vec();
        write_number(&mut text, number as f64);
        text.extend_from_slice(&[b" to '", &name[..], b"' (", what.as_bytes(), b")"].concat());
        self.error(text)
    }
}
