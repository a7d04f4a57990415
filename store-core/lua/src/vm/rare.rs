//! Instructions that make objects, or that are not in every loop.

use super::{Event, Host, Vm};
use crate::chunk::Varargs;
use crate::fault::Fault;
use crate::instruction::Instruction;
use crate::value::Value;

impl Vm {
    /// Runs an instruction of a function with its first register and its open list's end; where to go on, if not
    /// behind it.
    pub(super) fn run_rare(
        &mut self,
        host: &mut dyn Host,
        constants: &[Value],
        (base, function, open): (usize, u32, usize),
        instruction: Instruction,
    ) -> Result<Option<usize>, Fault> {
        let at = |register: u8| base + usize::from(register);
        match instruction {
            Instruction::SetUpvalue { a, b } => {
                let value = self.stack[at(a)];
                self.set_upvalue(function, b, value);
            }
            Instruction::SetGlobal { a, k } => {
                let environment = Value::Table(self.closure(function).environment);
                let value = self.stack[at(a)];
                self.set_index(host, environment, constants[k as usize], value)?;
            }
            Instruction::NewTable { a, items, fields } => {
                let table = self.heap.table(items.count(), fields.count())?;
                self.stack[at(a)] = Value::Table(table);
                self.collect_if_due();
            }
            Instruction::SetList { a, count, first } => self.set_list(at(a), count, first, open)?,
            Instruction::Power { a, b, c } => {
                let (left, right) = (self.stack[at(b)], self.stack[at(c)]);
                self.stack[at(a)] = self.arithmetic(host, Event::Power, left, right)?;
            }
            Instruction::PowerConstant { a, b, k } => {
                let left = self.stack[at(b)];
                self.stack[at(a)] = self.arithmetic(host, Event::Power, left, constants[k as usize])?;
            }
            Instruction::Negate { a, b } => {
                let operand = self.stack[at(b)];
                self.stack[at(a)] = match operand {
                    Value::Number(number) => Value::Number(-number),
                    other => self.arithmetic(host, Event::Negate, other, other)?,
                };
            }
            Instruction::Length { a, b } => {
                let operand = self.stack[at(b)];
                self.stack[at(a)] = self.length(host, operand)?;
            }
            Instruction::Concat { a, b, c } => {
                self.concat(host, at(b), usize::from(c - b) + 1)?;
                self.stack[at(a)] = self.stack[at(b)];
                self.collect_if_due();
            }
            Instruction::ForPrepare { a, to } => {
                self.prepare_loop(at(a))?;
                return Ok(Some(to as usize));
            }
            Instruction::Close { a } => self.close_upvalues(at(a)),
            Instruction::Closure { a, proto } => {
                self.stack[at(a)] = self.make_closure(function, base, proto)?;
                self.collect_if_due();
            }
            Instruction::Vararg { a, b } => self.load_varargs(base, at(a), b)?,
            _ => unreachable!("the loop runs all other instructions"),
        }
        Ok(None)
    }

    pub(super) fn collect_if_due(&mut self) {
        if self.heap.meter.is_due() || self.collects_always {
            self.collect_garbage();
        }
    }

    fn set_list(&mut self, slot: usize, count: u16, first: u32, open: usize) -> Result<(), Fault> {
        let Value::Table(table) = self.stack[slot] else { unreachable!("a constructor fills its own table") };
        let count = if count == 0 { open - slot - 1 } else { usize::from(count) };
        let last = (first as usize + count).saturating_sub(1);
        self.heap.grow_array(table, last)?;
        for offset in (0..count).rev() {
            let key = Value::Number((first as usize + offset) as f64);
            let value = self.stack[slot + 1 + offset];
            self.heap.set(table, key, value)?;
        }
        Ok(())
    }

    /// Makes the three values of a numeric loop numbers, and steps back once.
    fn prepare_loop(&mut self, slot: usize) -> Result<(), Fault> {
        const MESSAGES: [&str; 3] =
            ["'for' initial value must be a number", "'for' limit must be a number", "'for' step must be a number"];
        let mut numbers = [0.0; 3];
        for (offset, message) in MESSAGES.into_iter().enumerate() {
            numbers[offset] = match self.to_number(self.stack[slot + offset]) {
                Some(number) => number,
                None => return Err(self.runtime_error(message)),
            };
        }
        self.stack[slot] = Value::Number(numbers[0] - numbers[2]);
        self.stack[slot + 1] = Value::Number(numbers[1]);
        self.stack[slot + 2] = Value::Number(numbers[2]);
        Ok(())
    }

    fn load_varargs(&mut self, base: usize, target: usize, b: u8) -> Result<(), Fault> {
        let Some(frame) = self.frames.last() else { return Ok(()) };
        let Value::Function(function) = self.stack[frame.slot as usize] else { return Ok(()) };
        let first = frame.slot as usize + 1 + usize::from(self.closure(function.0).entry.parameters);
        let available = base - first;
        let count = if b == 0 { available } else { usize::from(b - 1) };
        self.heap.meter.charge(count as u64 / 4)?;
        self.ensure_stack(target + count)?;
        for offset in 0..count {
            self.stack[target + offset] = if offset < available { self.stack[first + offset] } else { Value::Nil };
        }
        if b == 0 {
            self.top = target + count;
        }
        Ok(())
    }

    /// Moves the named parameters above the others, and makes the table `arg` where it is wanted.
    pub(super) fn move_parameters(
        &mut self,
        slot: usize,
        base: usize,
        arguments: usize,
        parameters: usize,
    ) -> Result<(), Fault> {
        for offset in 0..parameters {
            self.stack[base + offset] = core::mem::take(&mut self.stack[slot + 1 + offset]);
        }
        self.stack[base + parameters] = Value::Nil;
        let Value::Function(function) = self.stack[slot] else { return Ok(()) };
        let closure = self.closure(function.0);
        let proto = &self.heap.chunk_of(closure.chunk).protos[closure.proto as usize];
        if proto.varargs != Varargs::Table {
            return Ok(());
        }
        let surplus = arguments.saturating_sub(parameters);
        let table = self.heap.table(surplus, 1)?;
        for offset in 0..surplus {
            let value = self.stack[slot + 1 + parameters + offset];
            self.heap.set(table, Value::Number((offset + 1) as f64), value)?;
        }
        let key = self.names.n;
        self.heap.set(table, Value::String(key), Value::Number(surplus as f64))?;
        self.stack[base + parameters] = Value::Table(table);
        Ok(())
    }
}
