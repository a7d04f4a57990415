//! Functions, blocks and the variables in them.

use super::jumps::JumpList;
use super::{Compiler, Stop};
use crate::chunk::{Capture, LocalVariable, Proto, Varargs};
use crate::instruction::Instruction;
use crate::limits::{LOCALS_MAX, UPVALUES_MAX};
use crate::number::write_number;
use crate::value::Str;
use alloc::vec::Vec;

/// A function that is being read.
pub(super) struct FunctionState {
    pub(super) code: Vec<Instruction>,
    pub(super) lines: Vec<u32>,
    /// Every variable, for error messages.
    locals: Vec<LocalVariable>,
    /// The variables of this moment, by their register: their places in `locals`.
    active: Vec<usize>,
    /// How many variables at the end of `locals` were named and do not exist yet.
    declared: usize,
    upvalues: Vec<(Str, Capture)>,
    pub(super) blocks: Vec<Block>,
    /// The first register that holds nothing.
    pub(super) free: u8,
    pub(super) registers: u8,
    pub(super) parameters: u8,
    pub(super) varargs: Varargs,
    line: u32,
    pub(super) serial: usize,
}

/// A block. Either its end is the end of variables, or `break` leads to it.
pub(super) struct Block {
    pub(super) breaks: JumpList,
    pub(super) active: u8,
    /// Whether a closure captured one of its variables.
    pub(super) has_upvalue: bool,
    pub(super) is_loop: bool,
}

/// Where a name leads.
#[derive(Clone, Copy)]
pub(super) enum Variable {
    Local(u8),
    Upvalue(u8),
    Global,
}

impl FunctionState {
    /// How many variables there are: the first register above them.
    pub(super) fn active_count(&self) -> u8 {
        self.active.len() as u8
    }
}

impl Compiler<'_> {
    pub(super) fn open_function(&mut self, line: u32) {
        self.opened += 1;
        self.functions.push(FunctionState {
            code: Vec::new(),
            lines: Vec::new(),
            locals: Vec::new(),
            active: Vec::new(),
            declared: 0,
            upvalues: Vec::new(),
            blocks: Vec::new(),
            free: 0,
            registers: 2,
            parameters: 0,
            varargs: Varargs::No,
            line,
            serial: self.opened,
        });
        self.enter_block(false);
    }

    /// Appends the function to the chunk; its place among the protos, and its captures.
    pub(super) fn close_function(&mut self) -> Result<u32, Stop> {
        self.emit(Instruction::Return { a: 0, b: 1 })?;
        self.drop_variables(0);
        let Some(mut function) = self.functions.pop() else { unreachable!("each function is closed once") };
        let start = self.code.len() as u32;
        for instruction in &mut function.code {
            if let Some(target) = instruction.target() {
                *target += start;
            }
        }
        self.code.append(&mut function.code);
        self.lines.append(&mut function.lines);
        for local in &mut function.locals {
            local.start += start;
            local.end += start;
        }
        let mut upvalue_names = Vec::with_capacity(function.upvalues.len());
        for (name, _) in &function.upvalues {
            upvalue_names.push(self.names.len() as u32);
            self.names.push(*name);
        }
        self.protos.push(Proto {
            start,
            end: self.code.len() as u32,
            parameters: function.parameters,
            varargs: function.varargs,
            registers: function.registers,
            captures: function.upvalues.iter().map(|(_, capture)| *capture).collect(),
            upvalue_names: upvalue_names.into(),
            locals: function.locals.into(),
        });
        Ok(self.protos.len() as u32 - 1)
    }

    pub(super) fn enter_block(&mut self, is_loop: bool) {
        let active = self.function().active_count();
        self.function().blocks.push(Block { breaks: JumpList::new(), active, has_upvalue: false, is_loop });
    }

    pub(super) fn leave_block(&mut self) -> Result<(), Stop> {
        let Some(block) = self.function().blocks.pop() else { unreachable!("each block is left once") };
        self.drop_variables(block.active);
        if block.has_upvalue {
            self.emit(Instruction::Close { a: block.active })?;
        }
        self.function().free = block.active;
        self.patch_here(block.breaks);
        Ok(())
    }

    /// Names a variable that exists from the next [`Self::activate`] on.
    pub(super) fn declare(&mut self, name: Str) -> Result<(), Stop> {
        let function = self.function();
        if function.active.len() + function.declared + 1 > LOCALS_MAX {
            return Err(self.limit_error(LOCALS_MAX, b"local variables"));
        }
        self.lexer.heap.meter.reserve_scratch(size_of::<LocalVariable>() + size_of::<Str>())?;
        let index = self.names.len() as u32;
        self.names.push(name);
        let function = self.function();
        function.locals.push(LocalVariable { name: index, start: 0, end: 0 });
        function.declared += 1;
        Ok(())
    }

    /// Names a variable that the text does not name.
    pub(super) fn declare_hidden(&mut self, name: &[u8]) -> Result<(), Stop> {
        let name = self.lexer.heap.string(name)?;
        self.declare(name)
    }

    /// Lets the next declared variables exist.
    pub(super) fn activate(&mut self, count: usize) {
        let function = self.function();
        let start = function.code.len() as u32;
        for _ in 0..count {
            let index = function.locals.len() - function.declared;
            function.locals[index].start = start;
            function.active.push(index);
            function.declared -= 1;
        }
    }

    pub(super) fn drop_variables(&mut self, keep: u8) {
        let function = self.function();
        let end = function.code.len() as u32;
        for index in function.active.drain(usize::from(keep)..) {
            function.locals[index].end = end;
        }
    }

    pub(super) fn find_variable(&mut self, name: Str) -> Result<Variable, Stop> {
        let innermost = self.functions.len() - 1;
        self.find_variable_in(innermost, name)
    }

    fn find_variable_in(&mut self, level: usize, name: Str) -> Result<Variable, Stop> {
        if let Some(register) = self.find_local(level, name) {
            return Ok(Variable::Local(register));
        }
        let known = self.functions[level].upvalues.iter().position(|(other, _)| *other == name);
        if let Some(index) = known {
            return Ok(Variable::Upvalue(index as u8));
        }
        if level == 0 {
            return Ok(Variable::Global);
        }
        let capture = match self.find_variable_in(level - 1, name)? {
            Variable::Global => return Ok(Variable::Global),
            Variable::Local(register) => {
                self.mark_captured(level - 1, register);
                Capture::Register(register)
            }
            Variable::Upvalue(index) => Capture::Upvalue(index),
        };
        self.add_upvalue(level, name, capture)
    }

    fn find_local(&self, level: usize, name: Str) -> Option<u8> {
        let function = &self.functions[level];
        let is_named = |index: &usize| self.names[function.locals[*index].name as usize] == name;
        function.active.iter().rposition(is_named).map(|register| register as u8)
    }

    fn mark_captured(&mut self, level: usize, register: u8) {
        let block = self.functions[level].blocks.iter_mut().rev().find(|block| block.active <= register);
        if let Some(block) = block {
            block.has_upvalue = true;
        }
    }

    fn add_upvalue(&mut self, level: usize, name: Str, capture: Capture) -> Result<Variable, Stop> {
        if self.functions[level].upvalues.len() >= UPVALUES_MAX {
            let line = self.functions[level].line;
            return Err(self.limit_error_at(line, UPVALUES_MAX, b"upvalues"));
        }
        let upvalues = &mut self.functions[level].upvalues;
        upvalues.push((name, capture));
        Ok(Variable::Upvalue((upvalues.len() - 1) as u8))
    }

    fn limit_error(&mut self, limit: usize, what: &[u8]) -> Stop {
        let line = self.function().line;
        self.limit_error_at(line, limit, what)
    }

    fn limit_error_at(&self, line: u32, limit: usize, what: &[u8]) -> Stop {
        let mut message = Vec::new();
        if line == 0 {
            message.extend_from_slice(b"main function");
        } else {
            message.extend_from_slice(b"function at line ");
            write_number(&mut message, f64::from(line));
        }
        message.extend_from_slice(b" has more than ");
        write_number(&mut message, limit as f64);
        message.push(b' ');
        message.extend_from_slice(what);
        self.lexer.error_without_place(&message)
    }
}
