//! Writing JSON.

use super::settings::{InvalidNumbers, Settings};
use super::{check_one_argument, settings_of};
use crate::fault::Fault;
use crate::library::give;
use crate::number::{Style, write_float, write_number};
use crate::value::{Str, TableId, Value};
use crate::vm::{Args, Host, Vm};
use alloc::format;
use alloc::vec::Vec;

pub(super) fn encode(vm: &mut Vm, _: &mut dyn Host, args: Args) -> Result<usize, Fault> {
    check_one_argument(vm, args)?;
    let settings = *settings_of(vm, args);
    let value = vm.value(args, 0);
    let scratch = vm.heap.meter.scratch();
    let mut writer = Writer { vm, settings, text: Vec::new(), depth: 0 };
    writer.value(value)?;
    let text = writer.text;
    vm.heap.meter.restore_scratch(scratch);
    let string = vm.heap.string_of(text)?;
    give(vm, string)
}

struct Writer<'a> {
    vm: &'a mut Vm,
    settings: Settings,
    text: Vec<u8>,
    depth: i32,
}

impl Writer<'_> {
    fn value(&mut self, value: Value) -> Result<(), Fault> {
        let before = self.text.len();
        self.vm.heap.meter.charge(1)?;
        match value {
            Value::Nil | Value::Light(0) => self.text.extend_from_slice(b"null"),
            Value::Boolean(true) => self.text.extend_from_slice(b"true"),
            Value::Boolean(false) => self.text.extend_from_slice(b"false"),
            Value::Number(number) => self.number(number)?,
            Value::String(string) => self.string(string)?,
            Value::Table(table) => return self.table(table),
            other => return Err(self.refuse(other, "type not supported")),
        }
        self.vm.heap.meter.reserve_scratch(self.text.len() - before)
    }

    fn refuse(&mut self, value: Value, reason: &str) -> Fault {
        self.vm.error(format!("Cannot serialise {}: {reason}", value.type_name()))
    }

    fn number(&mut self, number: f64) -> Result<(), Fault> {
        if !number.is_finite() {
            match self.settings.encode_invalid {
                InvalidNumbers::Refused => return Err(self.refuse(Value::Number(number), "must not be NaN or Inf")),
                InvalidNumbers::Null => self.text.extend_from_slice(b"null"),
                InvalidNumbers::Written if number.is_nan() => self.text.extend_from_slice(b"nan"),
                InvalidNumbers::Written => write_number(&mut self.text, number),
            }
            return Ok(());
        }
        match self.settings.precision {
            14 => write_number(&mut self.text, number),
            precision => write_float(&mut self.text, number, Style::General, precision as usize, false),
        }
        Ok(())
    }

    fn string(&mut self, string: Str) -> Result<(), Fault> {
        self.vm.charge_bytes(self.vm.bytes(string).len())?;
        self.text.push(b'"');
        for byte in self.vm.heap.bytes(string) {
            let escape = match byte {
                b'"' => b'"',
                b'\\' => b'\\',
                b'/' => b'/',
                8 => b'b',
                b'\t' => b't',
                b'\n' => b'n',
                12 => b'f',
                b'\r' => b'r',
                0..=31 | 127 => {
                    self.text.extend_from_slice(format!("\\u{byte:04x}").as_bytes());
                    continue;
                }
                plain => {
                    self.text.push(*plain);
                    continue;
                }
            };
            self.text.extend_from_slice(&[b'\\', escape]);
        }
        self.text.push(b'"');
        Ok(())
    }

    fn table(&mut self, table: TableId) -> Result<(), Fault> {
        self.depth += 1;
        if self.depth > self.settings.encode_limit() {
            let depth = self.depth;
            return Err(self.vm.error(format!("Cannot serialise, excessive nesting ({depth})")));
        }
        match self.list_length(table)? {
            Some(length @ 1..) => self.list(table, length)?,
            _ => self.object(table)?,
        }
        self.depth -= 1;
        Ok(())
    }

    /// The largest key, if every key is a positive integer; none for a list with too many holes, too.
    fn list_length(&mut self, table: TableId) -> Result<Option<usize>, Fault> {
        let (mut largest, mut count) = (0.0_f64, 0_u64);
        self.vm.heap.meter.charge(self.vm.heap.tables[table.0].places() / 8)?;
        for (key, _) in self.vm.heap.tables[table.0].entries_in_order() {
            match key {
                Value::Number(number) if number >= 1.0 && crate::number::floor(number) == number => {
                    largest = largest.max(number);
                    count += 1;
                }
                _ => return Ok(None),
            }
        }
        let settings = &self.settings;
        let is_sparse = settings.sparse_ratio > 0
            && largest > count as f64 * f64::from(settings.sparse_ratio)
            && largest > f64::from(settings.sparse_safe);
        if is_sparse && !settings.converts_sparse {
            return Err(self.refuse(Value::Table(table), "excessively sparse array"));
        }
        Ok((!is_sparse).then_some(largest as usize))
    }

    fn list(&mut self, table: TableId, length: usize) -> Result<(), Fault> {
        self.text.push(b'[');
        for index in 1..=length {
            if index > 1 {
                self.text.push(b',');
            }
            let value = self.vm.get_item(table, index);
            self.value(value)?;
        }
        self.text.push(b']');
        self.vm.heap.meter.reserve_scratch(length + 1)
    }

    fn object(&mut self, table: TableId) -> Result<(), Fault> {
        self.text.push(b'{');
        let mut key = Value::Nil;
        while let Some((next, value)) = self.vm.next_entry(table, key)? {
            if !key.is_nil() {
                self.text.push(b',');
            }
            self.key(next)?;
            self.text.push(b':');
            self.value(value)?;
            key = next;
        }
        self.text.push(b'}');
        self.vm.heap.meter.reserve_scratch(2)
    }

    fn key(&mut self, key: Value) -> Result<(), Fault> {
        let before = self.text.len();
        match key {
            Value::Number(number) => {
                self.text.push(b'"');
                self.number(number)?;
                self.text.push(b'"');
            }
            Value::String(string) => self.string(string)?,
            other => return Err(self.refuse(other, "table key must be a number or string")),
        }
        self.vm.heap.meter.reserve_scratch(self.text.len() - before + 2)
    }
}
