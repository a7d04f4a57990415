//! Compiles a source text in one pass, straight to instructions.
//!
//! An expression is read into a description of where its value will be (an [`Expression`](expression::Expression)), and
//! only its use decides which instruction loads it and into which register. Registers are a stack: variables below,
//! intermediate values above. Jumps whose target is not known yet are kept in lists. The order in which registers are
//! taken is that of Lua 5.1, because error messages name the variable that a register held.
//!
//! Each token and each instruction is charged; nested constructs are counted, so that no text overflows the stack.

mod call;
mod code;
mod control;
mod expression;
mod jumps;
mod operator;
mod scope;
mod simple;
mod statement;

use crate::chunk::{Chunk, Proto, Varargs, display_name};
use crate::fault::Fault;
use crate::heap::Heap;
use crate::lexer::{Lexer, Token};
use crate::limits::SYNTAX_DEPTH_MAX;
use crate::value::{Str, Value};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use scope::FunctionState;

/// Why there is no chunk.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The text is wrong; what is to be said about it.
    Syntax(Vec<u8>),
    /// A budget is spent.
    Fault(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// What tells constants apart. Zeros of both signs are one constant inside a function, as in Lua 5.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum ConstantKey {
    Nil,
    Boolean(bool),
    Zero { function: usize },
    Number(u64),
    String(u32),
}

/// Compiles a text of this name: see [`Chunk::origin`].
pub(crate) fn compile(heap: &mut Heap, source: &[u8], origin: &[u8]) -> Result<Chunk, Stop> {
    let name = display_name(origin);
    heap.meter.charge(source.len() as u64 / 4)?;
    let mut compiler = Compiler {
        lexer: Lexer::new(heap, source, &name),
        functions: Vec::new(),
        code: Vec::new(),
        lines: Vec::new(),
        constants: Vec::new(),
        constant_index: BTreeMap::new(),
        protos: Vec::new(),
        names: Vec::new(),
        opened: 0,
        depth: 0,
    };
    compiler.main_function()?;
    Ok(Chunk {
        code: compiler.code.into(),
        lines: compiler.lines.into(),
        constants: compiler.constants.into(),
        protos: compiler.protos.into(),
        names: compiler.names.into(),
        source: name.into(),
        origin: origin.split(|byte| *byte == 0).next().unwrap_or_default().into(),
    })
}

struct Compiler<'a> {
    lexer: Lexer<'a>,
    /// The function that is read, below those around it.
    functions: Vec<FunctionState>,
    /// The functions that are done.
    code: Vec<crate::instruction::Instruction>,
    lines: Vec<u32>,
    constants: Vec<Value>,
    constant_index: BTreeMap<ConstantKey, u32>,
    protos: Vec<Proto>,
    names: Vec<Str>,
    /// How many functions were begun.
    opened: usize,
    depth: u32,
}

impl Compiler<'_> {
    fn main_function(&mut self) -> Result<(), Stop> {
        self.open_function(0);
        self.function().varargs = Varargs::Yes;
        self.lexer.advance()?;
        self.block_statements()?;
        self.check(Token::End)?;
        self.close_function()?;
        Ok(())
    }

    fn function(&mut self) -> &mut FunctionState {
        self.functions.last_mut().unwrap_or_else(|| unreachable!("a function is open as long as there is text"))
    }

    /// Goes one level deeper.
    fn enter(&mut self) -> Result<(), Stop> {
        self.depth += 1;
        if self.depth > SYNTAX_DEPTH_MAX {
            return Err(self.lexer.error_without_place(b"chunk has too many syntax levels"));
        }
        Ok(())
    }

    fn leave(&mut self) {
        self.depth -= 1;
    }

    fn constant(&mut self, value: Value) -> Result<u32, Stop> {
        let key = match value {
            Value::Nil => ConstantKey::Nil,
            Value::Boolean(value) => ConstantKey::Boolean(value),
            Value::Number(0.0) => ConstantKey::Zero { function: self.function().serial },
            Value::Number(number) => ConstantKey::Number(number.to_bits()),
            Value::String(string) => ConstantKey::String(string.id),
            _ => unreachable!("a source text holds no objects but strings"),
        };
        if let Some(index) = self.constant_index.get(&key) {
            return Ok(*index);
        }
        self.lexer.heap.meter.reserve_scratch(size_of::<(Value, ConstantKey, u32)>())?;
        let index = self.constants.len() as u32;
        self.constants.push(value);
        self.constant_index.insert(key, index);
        Ok(index)
    }

    // What the grammar asks of the next token.

    fn next_is(&mut self, token: Token) -> Result<bool, Stop> {
        let is_next = self.lexer.token == token;
        if is_next {
            self.lexer.advance()?;
        }
        Ok(is_next)
    }

    fn check(&self, token: Token) -> Result<(), Stop> {
        if self.lexer.token == token { Ok(()) } else { Err(self.expected(token)) }
    }

    fn expect(&mut self, token: Token) -> Result<(), Stop> {
        self.check(token)?;
        self.lexer.advance()
    }

    fn expected(&self, token: Token) -> Stop {
        self.lexer.error(&[b"'", &token.spelling()[..], b"' expected"].concat())
    }

    /// Expects what closes the construct that `opening` began on some line.
    fn expect_closing(&mut self, closing: Token, opening: Token, line: u32) -> Result<(), Stop> {
        if self.lexer.token == closing {
            return self.lexer.advance();
        }
        if line == self.lexer.line {
            return Err(self.expected(closing));
        }
        let mut message = [b"'", &closing.spelling()[..], b"' expected (to close '", &opening.spelling()[..]].concat();
        message.extend_from_slice(b"' at line ");
        crate::number::write_number(&mut message, f64::from(line));
        message.push(b')');
        Err(self.lexer.error(&message))
    }

    fn name(&mut self) -> Result<Str, Stop> {
        let Token::Name(name) = self.lexer.token else {
            return Err(self.lexer.error(b"'<name>' expected"));
        };
        self.lexer.advance()?;
        Ok(name)
    }
}
