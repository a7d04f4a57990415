//! What the compiler makes of one source text.
//!
//! The functions of a text stand one behind the other in one list of instructions and share their constants, so that a
//! call inside it changes nothing but the place in that list. A chunk never changes; closures name it by its index, and
//! the collector frees it when no closure is left.

use crate::instruction::Instruction;
use crate::value::{Str, Value};
use alloc::boxed::Box;
use alloc::vec::Vec;

/// A compiled source text.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) code: Box<[Instruction]>,
    /// The line of each instruction.
    pub(crate) lines: Box<[u32]>,
    pub(crate) constants: Box<[Value]>,
    pub(crate) protos: Box<[Proto]>,
    /// Names of variables, for error messages.
    pub(crate) names: Box<[Str]>,
    /// How the source is called in error messages.
    pub(crate) source: Box<[u8]>,
    /// The name that it was given: `@` and a name, `=` and a name, or the text itself.
    pub(crate) origin: Box<[u8]>,
}

impl Chunk {
    pub(crate) fn bytes(&self) -> usize {
        let variables: usize = self.protos.iter().map(Proto::bytes).sum();
        self.code.len() * (size_of::<Instruction>() + size_of::<u32>())
            + self.constants.len() * size_of::<Value>()
            + self.names.len() * size_of::<Str>()
            + self.source.len()
            + self.origin.len()
            + variables
    }
}

/// Where a closure finds a variable of an outer function.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Capture {
    /// In a register of the function around it.
    Register(u8),
    /// Among the upvalues of the function around it.
    Upvalue(u8),
}

/// The longest name of a source.
const NAME_MAX: usize = 60;

/// `=name` and `@name` are names; anything else is a text, of which the first line is shown.
pub(crate) fn display_name(source: &[u8]) -> Vec<u8> {
    let source = source.split(|byte| *byte == 0).next().unwrap_or_default();
    match source {
        [b'=', name @ ..] => name[..name.len().min(NAME_MAX - 1)].to_vec(),
        [b'@', name @ ..] if name.len() > NAME_MAX - 8 => [b"...", &name[name.len() - (NAME_MAX - 8)..]].concat(),
        [b'@', name @ ..] => name.to_vec(),
        text => {
            let line = text.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
            let room = NAME_MAX - b"[string \"...\"] ".len() - 2;
            let shown = &line[..line.len().min(room)];
            let is_cut = shown.len() < text.len();
            let dots: &[u8] = if is_cut { b"..." } else { b"" };
            [b"[string \"", shown, dots, b"\"]"].concat()
        }
    }
}

/// A variable, and the instructions during which it is one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LocalVariable {
    /// In the chunk's names.
    pub(crate) name: u32,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// What a function takes behind its named parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Varargs {
    No,
    Yes,
    /// As a table in the register behind the parameters: code from before Lua 5.1 reads `arg`.
    Table,
}

/// A function, without the variables that it captures.
#[derive(Debug)]
pub(crate) struct Proto {
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) parameters: u8,
    pub(crate) varargs: Varargs,
    pub(crate) registers: u8,
    pub(crate) captures: Box<[Capture]>,
    /// In the chunk's names, one for each capture.
    pub(crate) upvalue_names: Box<[u32]>,
    /// In the order in which they come into being.
    pub(crate) locals: Box<[LocalVariable]>,
}

impl Proto {
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.captures.len() * 8 + self.locals.len() * size_of::<LocalVariable>()
    }

    /// The name of the variable that a register is, when the instruction at `pc` runs.
    pub(crate) fn local_at(&self, register: u8, pc: u32) -> Option<u32> {
        let alive = self.locals.iter().take_while(|local| local.start <= pc).filter(|local| pc < local.end);
        alive.map(|local| local.name).nth(usize::from(register))
    }
}
