//! Calls, and lists of expressions.

use super::expression::{Expression, Kind};
use super::{Compiler, Stop};
use crate::instruction::Instruction;
use crate::lexer::Token;
use crate::value::Value;

impl Compiler<'_> {
    /// Reads expressions; all but the last are in registers then.
    pub(super) fn expression_list(&mut self) -> Result<(usize, Expression), Stop> {
        let mut count = 1;
        let mut last = self.expression()?;
        while self.next_is(Token::Symbol(b','))? {
            self.put_in_next_register(&mut last)?;
            last = self.expression()?;
            count += 1;
        }
        Ok((count, last))
    }

    /// `:name` and its arguments.
    pub(super) fn method_call(&mut self, mut object: Expression) -> Result<Expression, Stop> {
        self.lexer.advance()?;
        let name = self.name()?;
        let b = self.put_in_any_register(&mut object)?;
        self.free_register(b);
        let k = self.constant(Value::String(name))?;
        let a = self.function().free;
        self.emit(Instruction::Method { a, b, k })?;
        self.take_registers(2)?;
        self.call(a)
    }

    /// Arguments, and the call of what is in a register.
    pub(super) fn call(&mut self, function: u8) -> Result<Expression, Stop> {
        let line = self.lexer.line;
        let arguments = self.arguments(line)?;
        let b = match arguments {
            Some(arguments) if arguments.has_many_values() => {
                self.set_all_results(&arguments);
                if let Kind::Vararg(pc) = arguments.kind {
                    let register = self.take_registers(1)?;
                    self.instruction(pc).set_destination(register);
                }
                0
            }
            arguments => {
                if let Some(mut last) = arguments {
                    self.put_in_next_register(&mut last)?;
                }
                self.function().free - function
            }
        };
        let pc = self.emit(Instruction::Call { a: function, b, c: 2 })?;
        self.fix_line(line);
        self.function().free = function + 1;
        Ok(Kind::Call(pc).into())
    }

    fn arguments(&mut self, line: u32) -> Result<Option<Expression>, Stop> {
        match self.lexer.token {
            Token::Symbol(b'(') => {
                if line != self.lexer.last_line {
                    return Err(self.lexer.error(b"ambiguous syntax (function call x new statement)"));
                }
                self.lexer.advance()?;
                let last = match self.lexer.token {
                    Token::Symbol(b')') => None,
                    _ => Some(self.expression_list()?.1),
                };
                self.expect_closing(Token::Symbol(b')'), Token::Symbol(b'('), line)?;
                Ok(last)
            }
            Token::Symbol(b'{') | Token::String(_) => self.simple_expression().map(Some),
            _ => Err(self.lexer.error(b"function arguments expected")),
        }
    }
}
