//! Control structures.

use super::expression::Kind;
use super::jumps::JumpList;
use super::{Compiler, Stop};
use crate::instruction::Instruction;
use crate::lexer::Token;
use crate::value::{Str, Value};

/// The two loops that `for` makes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Loop {
    Numeric,
    Generic,
}

impl Compiler<'_> {
    /// A condition; the jumps that leave if it is false.
    fn condition(&mut self) -> Result<JumpList, Stop> {
        let mut condition = self.expression()?;
        if condition.kind == Kind::Nil {
            condition.kind = Kind::False;
        }
        self.jump_if_false(&mut condition)?;
        Ok(condition.if_false)
    }

    pub(super) fn if_statement(&mut self, line: u32) -> Result<(), Stop> {
        let mut ends = JumpList::new();
        let mut otherwise = self.then_block()?;
        while self.lexer.token == Token::ElseIf {
            ends.push(self.jump()?);
            self.patch_here(otherwise);
            otherwise = self.then_block()?;
        }
        if self.lexer.token == Token::Else {
            ends.push(self.jump()?);
            self.patch_here(otherwise);
            self.lexer.advance()?;
            self.block()?;
        } else {
            ends.append(&mut otherwise);
        }
        self.patch_here(ends);
        self.expect_closing(Token::EndKeyword, Token::If, line)
    }

    /// A condition with its block; the jumps that pass the block by.
    fn then_block(&mut self) -> Result<JumpList, Stop> {
        self.lexer.advance()?;
        let otherwise = self.condition()?;
        self.expect(Token::Then)?;
        self.block()?;
        Ok(otherwise)
    }

    pub(super) fn while_statement(&mut self, line: u32) -> Result<(), Stop> {
        self.lexer.advance()?;
        let start = self.here();
        let exits = self.condition()?;
        self.enter_block(true);
        self.expect(Token::Do)?;
        self.block()?;
        self.emit(Instruction::Loop { to: start })?;
        self.expect_closing(Token::EndKeyword, Token::While, line)?;
        self.leave_block()?;
        self.patch_here(exits);
        Ok(())
    }

    /// The condition sees the variables of the block, which end on both ways out of it.
    pub(super) fn repeat_statement(&mut self, line: u32) -> Result<(), Stop> {
        let start = self.here();
        self.enter_block(true);
        self.enter_block(false);
        self.lexer.advance()?;
        self.block_statements()?;
        self.expect_closing(Token::Until, Token::Repeat, line)?;
        let mut condition = self.expression()?;
        if condition.kind == Kind::Nil {
            condition.kind = Kind::False;
        }
        self.jump_if_true(&mut condition)?;
        let block = self.function().blocks.last().map(|block| (block.has_upvalue, block.active));
        if let Some((true, a)) = block {
            self.emit(Instruction::Close { a })?;
        }
        self.emit(Instruction::Loop { to: start })?;
        self.patch_here(condition.if_true);
        self.leave_block()?;
        self.leave_block()
    }

    pub(super) fn break_statement(&mut self) -> Result<(), Stop> {
        let blocks = &self.function().blocks;
        let Some(index) = blocks.iter().rposition(|block| block.is_loop) else {
            return Err(self.lexer.error(b"no loop to break"));
        };
        let (has_upvalue, a) = (blocks[index..].iter().any(|block| block.has_upvalue), blocks[index].active);
        if has_upvalue {
            self.emit(Instruction::Close { a })?;
        }
        let jump = self.jump()?;
        self.function().blocks[index].breaks.push(jump);
        Ok(())
    }

    pub(super) fn for_statement(&mut self, line: u32) -> Result<(), Stop> {
        self.enter_block(true);
        self.lexer.advance()?;
        let name = self.name()?;
        match self.lexer.token {
            Token::Symbol(b'=') => self.numeric_for(name, line)?,
            Token::Symbol(b',') | Token::In => self.generic_for(name)?,
            _ => return Err(self.lexer.error(b"'=' or 'in' expected")),
        }
        self.expect_closing(Token::EndKeyword, Token::For, line)?;
        self.leave_block()
    }

    fn numeric_for(&mut self, name: Str, line: u32) -> Result<(), Stop> {
        let base = self.function().free;
        for hidden in [&b"(for index)"[..], b"(for limit)", b"(for step)"] {
            self.declare_hidden(hidden)?;
        }
        self.declare(name)?;
        self.lexer.advance()?;
        self.for_value()?;
        self.expect(Token::Symbol(b','))?;
        self.for_value()?;
        if self.next_is(Token::Symbol(b','))? {
            self.for_value()?;
        } else {
            let k = self.constant(Value::Number(1.0))?;
            let a = self.take_registers(1)?;
            self.emit(Instruction::LoadConstant { a, k })?;
        }
        self.for_body(base, line, 1, Loop::Numeric)
    }

    fn for_value(&mut self) -> Result<(), Stop> {
        let mut value = self.expression()?;
        self.put_in_next_register(&mut value)?;
        Ok(())
    }

    fn generic_for(&mut self, first: Str) -> Result<(), Stop> {
        let base = self.function().free;
        for hidden in [&b"(for generator)"[..], b"(for state)", b"(for control)"] {
            self.declare_hidden(hidden)?;
        }
        self.declare(first)?;
        let mut variables = 1;
        while self.next_is(Token::Symbol(b','))? {
            let name = self.name()?;
            self.declare(name)?;
            variables += 1;
        }
        self.expect(Token::In)?;
        let line = self.lexer.line;
        let (count, last) = self.expression_list()?;
        self.adjust(3, count, last)?;
        // The call of the iterator needs three registers.
        self.take_registers(3)?;
        self.function().free = base + 3;
        self.for_body(base, line, variables, Loop::Generic)
    }

    fn for_body(&mut self, base: u8, line: u32, variables: usize, kind: Loop) -> Result<(), Stop> {
        self.activate(3);
        self.expect(Token::Do)?;
        let entry = match kind {
            Loop::Numeric => self.emit(Instruction::ForPrepare { a: base, to: 0 })?,
            Loop::Generic => self.jump()?,
        };
        self.enter_block(false);
        self.activate(variables);
        self.take_registers(variables)?;
        self.block()?;
        self.leave_block()?;
        self.patch_here(JumpList::from([entry]));
        let to = entry + 1;
        match kind {
            Loop::Numeric => {
                self.emit(Instruction::ForLoop { a: base, to })?;
                self.fix_line(line);
            }
            Loop::Generic => {
                self.emit(Instruction::ForCall { a: base, c: variables as u8 })?;
                self.fix_line(line);
                self.emit(Instruction::ForNext { a: base, to })?;
            }
        }
        Ok(())
    }
}
