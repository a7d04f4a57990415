//! Expressions without operators: literals, variables, fields, constructors and functions.

use super::expression::{Expression, Kind};
use super::{Compiler, Stop};
use crate::chunk::Varargs;
use crate::instruction::{Instruction, Room};
use crate::lexer::Token;
use crate::limits::ITEMS_PER_FLUSH;

/// A table constructor that is being read.
struct Constructor {
    table: u8,
    items: u32,
    fields: u32,
    /// How many items are in registers.
    waiting: u32,
    /// The item that was read last.
    last: Option<Expression>,
}

impl Compiler<'_> {
    pub(super) fn simple_expression(&mut self) -> Result<Expression, Stop> {
        let kind = match self.lexer.token {
            Token::Number(number) => Kind::Number(number),
            Token::String(string) => Kind::String(string),
            Token::Nil => Kind::Nil,
            Token::True => Kind::True,
            Token::False => Kind::False,
            Token::Dots => {
                if self.function().varargs == Varargs::No {
                    return Err(self.lexer.error(b"cannot use '...' outside a vararg function"));
                }
                self.function().varargs = Varargs::Yes;
                Kind::Vararg(self.emit(Instruction::Vararg { a: 0, b: 1 })?)
            }
            Token::Symbol(b'{') => return self.constructor(),
            Token::Function => {
                self.lexer.advance()?;
                let line = self.lexer.line;
                return self.function_body(false, line);
            }
            _ => return self.primary_expression(),
        };
        self.lexer.advance()?;
        Ok(kind.into())
    }

    fn prefix_expression(&mut self) -> Result<Expression, Stop> {
        match self.lexer.token {
            Token::Name(_) => {
                let name = self.name()?;
                self.variable(name)
            }
            Token::Symbol(b'(') => {
                let line = self.lexer.line;
                self.lexer.advance()?;
                let mut inner = self.expression()?;
                self.expect_closing(Token::Symbol(b')'), Token::Symbol(b'('), line)?;
                self.load(&mut inner)?;
                Ok(inner)
            }
            _ => Err(self.lexer.error(b"unexpected symbol")),
        }
    }

    /// A variable or a call, with all that follows it.
    pub(super) fn primary_expression(&mut self) -> Result<Expression, Stop> {
        let mut expression = self.prefix_expression()?;
        loop {
            expression = match self.lexer.token {
                Token::Symbol(b'.') => self.field(expression)?,
                Token::Symbol(b'[') => {
                    self.put_in_any_register(&mut expression)?;
                    let mut key = self.bracketed_key()?;
                    self.index(&expression, &mut key)?
                }
                Token::Symbol(b':') => self.method_call(expression)?,
                Token::Symbol(b'(' | b'{') | Token::String(_) => {
                    let function = self.put_in_next_register(&mut expression)?;
                    self.call(function)?
                }
                _ => return Ok(expression),
            };
        }
    }

    /// `.name`
    pub(super) fn field(&mut self, mut table: Expression) -> Result<Expression, Stop> {
        self.put_in_any_register(&mut table)?;
        self.lexer.advance()?;
        let name = self.name()?;
        self.index(&table, &mut Kind::String(name).into())
    }

    fn bracketed_key(&mut self) -> Result<Expression, Stop> {
        self.lexer.advance()?;
        let mut key = self.expression()?;
        self.settle(&mut key)?;
        self.expect(Token::Symbol(b']'))?;
        Ok(key)
    }

    fn constructor(&mut self) -> Result<Expression, Stop> {
        let line = self.lexer.line;
        let table = self.take_registers(1)?;
        let room = Room::new(0);
        let pc = self.emit(Instruction::NewTable { a: table, items: room, fields: room })?;
        let mut constructor = Constructor { table, items: 0, fields: 0, waiting: 0, last: None };
        self.expect(Token::Symbol(b'{'))?;
        while self.lexer.token != Token::Symbol(b'}') {
            self.close_item(&mut constructor)?;
            self.constructor_entry(&mut constructor)?;
            if !self.next_is(Token::Symbol(b','))? && !self.next_is(Token::Symbol(b';'))? {
                break;
            }
        }
        self.expect_closing(Token::Symbol(b'}'), Token::Symbol(b'{'), line)?;
        self.close_items(&mut constructor)?;
        if let Instruction::NewTable { items, fields, .. } = self.instruction(pc) {
            *items = Room::new(constructor.items);
            *fields = Room::new(constructor.fields);
        }
        Ok(Kind::Register(table).into())
    }

    fn constructor_entry(&mut self, constructor: &mut Constructor) -> Result<(), Stop> {
        let token = self.lexer.token;
        match token {
            Token::Name(name) if self.lexer.peek()? == Token::Symbol(b'=') => {
                self.lexer.advance()?;
                self.constructor_field(constructor, Kind::String(name).into())
            }
            Token::Symbol(b'[') => {
                let free = self.function().free;
                let key = self.bracketed_key()?;
                self.constructor_field(constructor, key)?;
                self.function().free = free;
                Ok(())
            }
            _ => {
                constructor.last = Some(self.expression()?);
                constructor.items += 1;
                constructor.waiting += 1;
                Ok(())
            }
        }
    }

    fn constructor_field(&mut self, constructor: &mut Constructor, mut key: Expression) -> Result<(), Stop> {
        let free = self.function().free;
        constructor.fields += 1;
        self.expect(Token::Symbol(b'='))?;
        let target = self.index(&Kind::Register(constructor.table).into(), &mut key)?;
        let mut value = self.expression()?;
        self.store(&target, &mut value)?;
        self.function().free = free;
        Ok(())
    }

    /// Puts the last item into its register, and the items into the table when there are many.
    fn close_item(&mut self, constructor: &mut Constructor) -> Result<(), Stop> {
        let Some(mut item) = constructor.last.take() else { return Ok(()) };
        self.put_in_next_register(&mut item)?;
        if constructor.waiting == ITEMS_PER_FLUSH {
            self.store_items(constructor, ITEMS_PER_FLUSH as u16)?;
        }
        Ok(())
    }

    fn close_items(&mut self, constructor: &mut Constructor) -> Result<(), Stop> {
        match constructor.last.take() {
            Some(item) if item.has_many_values() => {
                self.set_all_results(&item);
                if let Kind::Vararg(pc) = item.kind {
                    let register = self.take_registers(1)?;
                    self.instruction(pc).set_destination(register);
                }
                self.store_items(constructor, 0)?;
                constructor.items -= 1;
            }
            last => {
                if let Some(mut item) = last {
                    self.put_in_next_register(&mut item)?;
                }
                if constructor.waiting > 0 {
                    self.store_items(constructor, constructor.waiting as u16)?;
                }
            }
        }
        Ok(())
    }

    fn store_items(&mut self, constructor: &mut Constructor, count: u16) -> Result<(), Stop> {
        let first = constructor.items - constructor.waiting + 1;
        self.emit(Instruction::SetList { a: constructor.table, count, first })?;
        self.function().free = constructor.table + 1;
        constructor.waiting = 0;
        Ok(())
    }

    /// A function behind its keyword or its name.
    pub(super) fn function_body(&mut self, is_method: bool, line: u32) -> Result<Expression, Stop> {
        self.open_function(line);
        self.expect(Token::Symbol(b'('))?;
        if is_method {
            self.declare_hidden(b"self")?;
            self.activate(1);
        }
        self.parameters()?;
        self.expect(Token::Symbol(b')'))?;
        self.block_statements()?;
        self.expect_closing(Token::EndKeyword, Token::Function, line)?;
        let proto = self.close_function()?;
        Ok(Kind::Pending(self.emit(Instruction::Closure { a: 0, proto })?).into())
    }

    fn parameters(&mut self) -> Result<(), Stop> {
        let mut count = 0;
        while self.lexer.token != Token::Symbol(b')') {
            match self.lexer.token {
                Token::Name(name) => {
                    self.declare(name)?;
                    self.lexer.advance()?;
                    count += 1;
                }
                Token::Dots => {
                    self.lexer.advance()?;
                    self.declare_hidden(b"arg")?;
                    self.function().varargs = Varargs::Table;
                    break;
                }
                _ => return Err(self.lexer.error(b"<name> or '...' expected")),
            }
            if !self.next_is(Token::Symbol(b','))? {
                break;
            }
            if self.lexer.token == Token::Symbol(b')') {
                return Err(self.lexer.error(b"<name> or '...' expected"));
            }
        }
        let has_varargs = self.function().varargs != Varargs::No;
        self.activate(count);
        let parameters = self.function().active_count();
        self.activate(usize::from(has_varargs));
        self.function().parameters = parameters;
        self.take_registers(usize::from(parameters) + usize::from(has_varargs))?;
        Ok(())
    }
}
