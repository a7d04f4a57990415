//! Where the value of an expression is, and how it gets into a register.

use super::jumps::{JumpList, NO_REGISTER};
use super::scope::Variable;
use super::{Compiler, Stop};
use crate::instruction::Instruction;
use crate::value::{Str, Value};

/// Where the value is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    /// Nowhere: an empty list of expressions.
    Void,
    Nil,
    True,
    False,
    Number(f64),
    String(Str),
    Local(u8),
    Upvalue(u8),
    Global(Str),
    Field {
        table: u8,
        k: u32,
    },
    Index {
        table: u8,
        key: u8,
    },
    /// The instruction there compares, and jumps if the expression is true.
    Jump(u32),
    /// The instruction there gives the value to a register that is not chosen yet.
    Pending(u32),
    Register(u8),
    Call(u32),
    Vararg(u32),
}

/// An expression, with jumps that leave it early because it is true or false.
#[derive(Debug)]
pub(super) struct Expression {
    pub(super) kind: Kind,
    pub(super) if_true: JumpList,
    pub(super) if_false: JumpList,
}

impl From<Kind> for Expression {
    fn from(kind: Kind) -> Self {
        Self { kind, if_true: JumpList::new(), if_false: JumpList::new() }
    }
}

impl Expression {
    pub(super) fn has_jumps(&self) -> bool {
        !self.if_true.is_empty() || !self.if_false.is_empty()
    }

    /// The number that it is, if it is nothing else.
    pub(super) fn as_number(&self) -> Option<f64> {
        match self.kind {
            Kind::Number(number) if !self.has_jumps() => Some(number),
            _ => None,
        }
    }

    pub(super) const fn has_many_values(&self) -> bool {
        matches!(self.kind, Kind::Call(_) | Kind::Vararg(_))
    }

    /// The register that it takes.
    pub(super) const fn register(&self) -> Option<u8> {
        match self.kind {
            Kind::Register(register) => Some(register),
            _ => None,
        }
    }

    /// The value that is known already.
    pub(super) fn as_constant(&self) -> Option<Value> {
        match self.kind {
            _ if self.has_jumps() => None,
            Kind::Nil => Some(Value::Nil),
            Kind::True => Some(Value::Boolean(true)),
            Kind::False => Some(Value::Boolean(false)),
            Kind::Number(number) => Some(Value::Number(number)),
            Kind::String(string) => Some(Value::String(string)),
            _ => None,
        }
    }
}

impl Compiler<'_> {
    pub(super) fn variable(&mut self, name: Str) -> Result<Expression, Stop> {
        Ok(Expression::from(match self.find_variable(name)? {
            Variable::Local(register) => Kind::Local(register),
            Variable::Upvalue(index) => Kind::Upvalue(index),
            Variable::Global => Kind::Global(name),
        }))
    }

    /// Reads a variable: the value is in a register, or an instruction will put it there.
    pub(super) fn load(&mut self, expression: &mut Expression) -> Result<(), Stop> {
        expression.kind = match expression.kind {
            Kind::Local(register) => Kind::Register(register),
            Kind::Upvalue(b) => Kind::Pending(self.emit(Instruction::GetUpvalue { a: 0, b })?),
            Kind::Global(name) => {
                let k = self.constant(Value::String(name))?;
                Kind::Pending(self.emit(Instruction::GetGlobal { a: 0, k })?)
            }
            Kind::Field { table, k } => {
                self.free_register(table);
                Kind::Pending(self.emit(Instruction::GetField { a: 0, b: table, k })?)
            }
            Kind::Index { table, key } => {
                self.free_registers(Some(table), Some(key));
                Kind::Pending(self.emit(Instruction::GetTable { a: 0, b: table, c: key })?)
            }
            Kind::Call(pc) => {
                let Instruction::Call { a, .. } = *self.instruction(pc) else {
                    unreachable!("a call is described by its instruction")
                };
                self.set_results(expression, 1);
                Kind::Register(a)
            }
            Kind::Vararg(pc) => {
                self.set_results(expression, 1);
                Kind::Pending(pc)
            }
            other => other,
        };
        Ok(())
    }

    /// Says how many values of a call or of `...` are wanted.
    pub(super) fn set_results(&mut self, expression: &Expression, count: u8) {
        self.set_result_operand(expression, count + 1);
    }

    pub(super) fn set_all_results(&mut self, expression: &Expression) {
        self.set_result_operand(expression, 0);
    }

    fn set_result_operand(&mut self, expression: &Expression, operand: u8) {
        match expression.kind {
            Kind::Call(pc) => {
                if let Instruction::Call { c, .. } = self.instruction(pc) {
                    *c = operand;
                }
            }
            Kind::Vararg(pc) => {
                if let Instruction::Vararg { b, .. } = self.instruction(pc) {
                    *b = operand;
                }
            }
            _ => {}
        }
    }

    /// Puts the value into a register, jumps aside.
    fn discharge(&mut self, expression: &mut Expression, a: u8) -> Result<(), Stop> {
        self.load(expression)?;
        match expression.kind {
            Kind::Nil => {
                self.emit(Instruction::LoadNil { a, b: a })?;
            }
            Kind::True | Kind::False => {
                let value = expression.kind == Kind::True;
                self.emit(Instruction::LoadBoolean { a, value, skip: false })?;
            }
            Kind::Number(number) => self.load_constant(a, Value::Number(number))?,
            Kind::String(string) => self.load_constant(a, Value::String(string))?,
            Kind::Pending(pc) => self.instruction(pc).set_destination(a),
            Kind::Register(b) if b != a => {
                self.emit(Instruction::Move { a, b })?;
            }
            Kind::Register(_) => {}
            _ => return Ok(()),
        }
        expression.kind = Kind::Register(a);
        Ok(())
    }

    fn load_constant(&mut self, a: u8, value: Value) -> Result<(), Stop> {
        let k = self.constant(value)?;
        self.emit(Instruction::LoadConstant { a, k })?;
        Ok(())
    }

    /// Puts the value into a register, whichever way it comes about.
    pub(super) fn put_in_register(&mut self, expression: &mut Expression, register: u8) -> Result<(), Stop> {
        self.discharge(expression, register)?;
        let falls_through = !matches!(expression.kind, Kind::Jump(_));
        if let Kind::Jump(pc) = expression.kind {
            expression.if_true.push(pc);
        }
        if expression.has_jumps() {
            self.load_results(expression, register, falls_through)?;
        }
        *expression = Kind::Register(register).into();
        Ok(())
    }

    /// Gives jumps without a value a place that loads `true` or `false`.
    fn load_results(&mut self, expression: &Expression, register: u8, falls_through: bool) -> Result<(), Stop> {
        let (mut load_false, mut load_true) = (0, 0);
        let jumps = expression.if_true.iter().chain(&expression.if_false);
        let mut needs_value = false;
        for jump in jumps {
            needs_value |= !self.keeps_value(*jump);
        }
        if needs_value {
            let over = if falls_through { Some(self.jump()?) } else { None };
            load_false = self.emit(Instruction::LoadBoolean { a: register, value: false, skip: true })?;
            load_true = self.emit(Instruction::LoadBoolean { a: register, value: true, skip: false })?;
            self.patch_here(over.into_iter().collect());
        }
        let end = self.here();
        self.patch_value(&expression.if_false, register, end, load_false);
        self.patch_value(&expression.if_true, register, end, load_true);
        Ok(())
    }

    pub(super) fn put_in_next_register(&mut self, expression: &mut Expression) -> Result<u8, Stop> {
        self.load(expression)?;
        self.free_expression(expression);
        let register = self.take_registers(1)?;
        self.put_in_register(expression, register)?;
        Ok(register)
    }

    /// Puts the value into a register, where it is if it is in one.
    pub(super) fn put_in_any_register(&mut self, expression: &mut Expression) -> Result<u8, Stop> {
        self.load(expression)?;
        if let Kind::Register(register) = expression.kind {
            if !expression.has_jumps() {
                return Ok(register);
            }
            if register >= self.function().active_count() {
                self.put_in_register(expression, register)?;
                return Ok(register);
            }
        }
        self.put_in_next_register(expression)
    }

    pub(super) fn free_expression(&mut self, expression: &Expression) {
        if let Some(register) = expression.register() {
            self.free_register(register);
        }
    }

    /// Makes the value known: a constant, or in a register.
    pub(super) fn settle(&mut self, expression: &mut Expression) -> Result<(), Stop> {
        if expression.has_jumps() || matches!(expression.kind, Kind::Jump(_)) {
            self.put_in_any_register(expression)?;
        } else {
            self.load(expression)?;
        }
        Ok(())
    }

    /// Makes a table with a key the place of a value.
    pub(super) fn index(&mut self, table: &Expression, key: &mut Expression) -> Result<Expression, Stop> {
        let Some(table) = table.register() else {
            unreachable!("a table is put into a register before its key is read")
        };
        Ok(Expression::from(match key.as_constant() {
            Some(constant @ (Value::String(_) | Value::Number(_))) => {
                Kind::Field { table, k: self.constant(constant)? }
            }
            _ => Kind::Index { table, key: self.put_in_any_register(key)? },
        }))
    }

    /// Gives a variable or field the value of an expression.
    pub(super) fn store(&mut self, target: &Expression, value: &mut Expression) -> Result<(), Stop> {
        match target.kind {
            Kind::Local(register) => {
                self.free_expression(value);
                return self.put_in_register(value, register);
            }
            Kind::Upvalue(b) => {
                let a = self.put_in_any_register(value)?;
                self.emit(Instruction::SetUpvalue { a, b })?;
            }
            Kind::Global(name) => {
                let a = self.put_in_any_register(value)?;
                let k = self.constant(Value::String(name))?;
                self.emit(Instruction::SetGlobal { a, k })?;
            }
            Kind::Field { table, k } => {
                let c = self.put_in_any_register(value)?;
                self.emit(Instruction::SetField { a: table, c, k })?;
            }
            Kind::Index { table, key } => {
                let c = self.put_in_any_register(value)?;
                self.emit(Instruction::SetTable { a: table, b: key, c })?;
            }
            _ => unreachable!("the grammar lets nothing else be assigned to"),
        }
        self.free_expression(value);
        Ok(())
    }

    /// Leaves the expression early if it is false.
    pub(super) fn jump_if_false(&mut self, expression: &mut Expression) -> Result<(), Stop> {
        self.load(expression)?;
        let jump = match expression.kind {
            Kind::String(_) | Kind::Number(_) | Kind::True => None,
            Kind::False => Some(self.jump()?),
            Kind::Jump(pc) => {
                self.invert(pc);
                Some(pc)
            }
            _ => Some(self.jump_on(expression, false)?),
        };
        expression.if_false.extend(jump);
        self.patch_here(core::mem::take(&mut expression.if_true));
        Ok(())
    }

    /// Leaves the expression early if it is true.
    pub(super) fn jump_if_true(&mut self, expression: &mut Expression) -> Result<(), Stop> {
        self.load(expression)?;
        let jump = match expression.kind {
            Kind::Nil | Kind::False => None,
            Kind::True => Some(self.jump()?),
            Kind::Jump(pc) => Some(pc),
            _ => Some(self.jump_on(expression, true)?),
        };
        expression.if_true.extend(jump);
        self.patch_here(core::mem::take(&mut expression.if_false));
        Ok(())
    }

    fn jump_on(&mut self, expression: &mut Expression, condition: bool) -> Result<u32, Stop> {
        if let Kind::Pending(pc) = expression.kind
            && let Instruction::Not { b, .. } = *self.instruction(pc)
        {
            self.function().code.pop();
            self.function().lines.pop();
            let test = Instruction::Test { a: b, to: 0 };
            return self.emit(if condition { test.inverted() } else { test });
        }
        if expression.register().is_none() {
            let register = self.take_registers(1)?;
            self.discharge(expression, register)?;
        }
        self.free_expression(expression);
        let Some(b) = expression.register() else { unreachable!("a value was put into a register") };
        let test = Instruction::TestSet { a: NO_REGISTER, b, to: 0 };
        self.emit(if condition { test } else { test.inverted() })
    }
}
