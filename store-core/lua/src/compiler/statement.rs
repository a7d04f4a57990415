//! Statements: assignments, local variables, functions, `return`.

use super::expression::{Expression, Kind};
use super::{Compiler, Stop};
use crate::instruction::Instruction;
use crate::lexer::Token;
use crate::limits::SYNTAX_DEPTH_MAX;
use alloc::vec::Vec;

/// Whether a block goes on behind a statement.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    On,
    Last,
}

impl Compiler<'_> {
    /// Statements up to the end of the block.
    pub(super) fn block_statements(&mut self) -> Result<(), Stop> {
        self.enter()?;
        while !self.lexer.token.ends_block() {
            let flow = self.statement()?;
            self.next_is(Token::Symbol(b';'))?;
            let function = self.function();
            function.free = function.active_count();
            if flow == Flow::Last {
                break;
            }
        }
        self.leave();
        Ok(())
    }

    /// A block with variables of its own.
    pub(super) fn block(&mut self) -> Result<(), Stop> {
        self.enter_block(false);
        self.block_statements()?;
        self.leave_block()
    }

    fn statement(&mut self) -> Result<Flow, Stop> {
        let line = self.lexer.line;
        match self.lexer.token {
            Token::If => self.if_statement(line)?,
            Token::While => self.while_statement(line)?,
            Token::Do => {
                self.lexer.advance()?;
                self.block()?;
                self.expect_closing(Token::EndKeyword, Token::Do, line)?;
            }
            Token::For => self.for_statement(line)?,
            Token::Repeat => self.repeat_statement(line)?,
            Token::Function => self.function_statement(line)?,
            Token::Local => {
                self.lexer.advance()?;
                if self.next_is(Token::Function)? { self.local_function()? } else { self.local_statement()? }
            }
            Token::Return => {
                self.return_statement()?;
                return Ok(Flow::Last);
            }
            Token::Break => {
                self.lexer.advance()?;
                self.break_statement()?;
                return Ok(Flow::Last);
            }
            _ => self.expression_statement()?,
        }
        Ok(Flow::On)
    }

    fn function_statement(&mut self, line: u32) -> Result<(), Stop> {
        self.lexer.advance()?;
        let name = self.name()?;
        let mut target = self.variable(name)?;
        while self.lexer.token == Token::Symbol(b'.') {
            target = self.field(target)?;
        }
        let is_method = self.lexer.token == Token::Symbol(b':');
        if is_method {
            target = self.field(target)?;
        }
        let mut body = self.function_body(is_method, line)?;
        self.store(&target, &mut body)?;
        self.fix_line(line);
        Ok(())
    }

    fn local_function(&mut self) -> Result<(), Stop> {
        let name = self.name()?;
        self.declare(name)?;
        let register = self.take_registers(1)?;
        self.activate(1);
        let line = self.lexer.line;
        let mut body = self.function_body(false, line)?;
        self.store(&Kind::Local(register).into(), &mut body)
    }

    fn local_statement(&mut self) -> Result<(), Stop> {
        let mut variables = 0;
        loop {
            let name = self.name()?;
            self.declare(name)?;
            variables += 1;
            if !self.next_is(Token::Symbol(b','))? {
                break;
            }
        }
        let (count, last) = match self.next_is(Token::Symbol(b'='))? {
            true => self.expression_list()?,
            false => (0, Kind::Void.into()),
        };
        self.adjust(variables, count, last)?;
        self.activate(variables);
        Ok(())
    }

    /// Brings as many values into registers as there are variables for them.
    pub(super) fn adjust(&mut self, variables: usize, count: usize, mut last: Expression) -> Result<(), Stop> {
        let missing = variables.saturating_sub(count);
        if last.has_many_values() {
            let wanted = (variables + 1).saturating_sub(count);
            self.set_results(&last, wanted as u8);
            match last.kind {
                // The first result takes the register of the function.
                Kind::Call(_) => self.take_registers(wanted.saturating_sub(1))?,
                Kind::Vararg(pc) => {
                    let register = self.take_registers(wanted.max(1))?;
                    self.instruction(pc).set_destination(register);
                    register
                }
                _ => 0,
            };
            return Ok(());
        }
        if last.kind != Kind::Void {
            self.put_in_next_register(&mut last)?;
        }
        if missing > 0 {
            let a = self.take_registers(missing)?;
            self.emit(Instruction::LoadNil { a, b: a + (missing - 1) as u8 })?;
        }
        Ok(())
    }

    fn expression_statement(&mut self) -> Result<(), Stop> {
        let expression = self.primary_expression()?;
        if let Kind::Call(_) = expression.kind {
            self.set_results(&expression, 0);
            return Ok(());
        }
        self.assignment(expression)
    }

    fn assignment(&mut self, first: Expression) -> Result<(), Stop> {
        let mut targets = Vec::from([first]);
        self.check_target(&targets)?;
        while self.next_is(Token::Symbol(b','))? {
            let target = self.primary_expression()?;
            if let Kind::Local(register) = target.kind {
                self.keep_assigned(&mut targets, register)?;
            }
            targets.push(target);
            self.check_target(&targets)?;
        }
        self.expect(Token::Symbol(b'='))?;
        let (count, mut last) = self.expression_list()?;
        if count == targets.len() {
            self.load(&mut last)?;
            if let Some(target) = targets.pop() {
                self.store(&target, &mut last)?;
            }
        } else {
            let variables = targets.len();
            self.adjust(variables, count, last)?;
            let surplus = count.saturating_sub(variables) as u8;
            self.function().free -= surplus;
        }
        while let Some(target) = targets.pop() {
            let register = self.function().free - 1;
            self.store(&target, &mut Kind::Register(register).into())?;
        }
        Ok(())
    }

    fn check_target(&self, targets: &[Expression]) -> Result<(), Stop> {
        if targets.len() > SYNTAX_DEPTH_MAX as usize {
            return Err(self.lexer.error_without_place(b"too many variables in assignment"));
        }
        match targets.last().map(|target| target.kind) {
            Some(Kind::Local(_) | Kind::Upvalue(_) | Kind::Global(_) | Kind::Field { .. } | Kind::Index { .. }) => {
                Ok(())
            }
            _ => Err(self.lexer.error(b"syntax error")),
        }
    }

    /// A variable is assigned to that an earlier target needs as a table or as a key: that one uses a copy.
    fn keep_assigned(&mut self, targets: &mut [Expression], register: u8) -> Result<(), Stop> {
        let copy = self.function().free;
        let mut is_needed = false;
        for target in targets {
            match &mut target.kind {
                Kind::Field { table, .. } if *table == register => *table = copy,
                Kind::Index { table, key } if *table == register || *key == register => {
                    *table = if *table == register { copy } else { *table };
                    *key = if *key == register { copy } else { *key };
                }
                _ => continue,
            }
            is_needed = true;
        }
        if is_needed {
            self.emit(Instruction::Move { a: copy, b: register })?;
            self.take_registers(1)?;
        }
        Ok(())
    }

    fn return_statement(&mut self) -> Result<(), Stop> {
        self.lexer.advance()?;
        if self.lexer.token.ends_block() || self.lexer.token == Token::Symbol(b';') {
            self.emit(Instruction::Return { a: 0, b: 1 })?;
            return Ok(());
        }
        let (count, mut last) = self.expression_list()?;
        let first = self.function().active_count();
        let (a, b) = if last.has_many_values() {
            self.return_all(&last, count)?;
            (first, 0)
        } else if count == 1 {
            (self.put_in_any_register(&mut last)?, 2)
        } else {
            self.put_in_next_register(&mut last)?;
            (first, self.function().free - first + 1)
        };
        self.emit(Instruction::Return { a, b })?;
        Ok(())
    }

    /// Prepares to return all values of a call or of `...`. The only call is the last thing that the function does.
    fn return_all(&mut self, last: &Expression, count: usize) -> Result<(), Stop> {
        self.set_all_results(last);
        match last.kind {
            Kind::Call(pc) if count == 1 => {
                let call = self.instruction(pc);
                if let Instruction::Call { a, b, .. } = *call {
                    *call = Instruction::TailCall { a, b };
                }
            }
            Kind::Vararg(pc) => {
                let register = self.take_registers(1)?;
                self.instruction(pc).set_destination(register);
            }
            _ => {}
        }
        Ok(())
    }
}
