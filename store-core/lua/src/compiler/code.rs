//! Instructions and registers.

use super::{Compiler, Stop};
use crate::instruction::Instruction;
use crate::limits::REGISTERS_MAX;

impl Compiler<'_> {
    /// Appends an instruction, which belongs to the line of the last token; its place.
    pub(super) fn emit(&mut self, instruction: Instruction) -> Result<u32, Stop> {
        self.lexer.heap.meter.reserve_scratch(size_of::<Instruction>() + size_of::<u32>())?;
        let line = self.lexer.last_line;
        let function = self.function();
        function.code.push(instruction);
        function.lines.push(line);
        Ok(function.code.len() as u32 - 1)
    }

    /// Says that the last instruction belongs to another line.
    pub(super) fn fix_line(&mut self, line: u32) {
        if let Some(last) = self.function().lines.last_mut() {
            *last = line;
        }
    }

    pub(super) fn instruction(&mut self, pc: u32) -> &mut Instruction {
        &mut self.function().code[pc as usize]
    }

    /// Takes the next registers; the first of them.
    pub(super) fn take_registers(&mut self, count: usize) -> Result<u8, Stop> {
        let first = self.function().free;
        let free = usize::from(first) + count;
        if free >= usize::from(REGISTERS_MAX) {
            return Err(self.lexer.error(b"function or expression too complex"));
        }
        let function = self.function();
        function.free = free as u8;
        function.registers = function.registers.max(function.free);
        Ok(first)
    }

    /// Gives a register back, unless a variable lives there.
    pub(super) fn free_register(&mut self, register: u8) {
        let function = self.function();
        if register >= function.active_count() && register + 1 == function.free {
            function.free = register;
        }
    }

    /// Gives two registers back, the higher one first.
    pub(super) fn free_registers(&mut self, one: Option<u8>, other: Option<u8>) {
        let (low, high) = if one < other { (one, other) } else { (other, one) };
        for register in [high, low].into_iter().flatten() {
            self.free_register(register);
        }
    }
}
