//! Jumps whose target comes later.

use super::{Compiler, Stop};
use crate::instruction::Instruction;
use alloc::vec::Vec;

/// Instructions that jump to the same place, once it is known.
pub(super) type JumpList = Vec<u32>;

/// Stands for the register of a test that keeps no value yet.
pub(super) const NO_REGISTER: u8 = 255;

impl Compiler<'_> {
    /// Where the next instruction will stand.
    pub(super) fn here(&mut self) -> u32 {
        self.function().code.len() as u32
    }

    pub(super) fn jump(&mut self) -> Result<u32, Stop> {
        self.emit(Instruction::Jump { to: 0 })
    }

    fn set_target(&mut self, jump: u32, target: u32) {
        if let Some(to) = self.function().code[jump as usize].target() {
            *to = target;
        }
    }

    /// Lets jumps lead to a place, without a value.
    pub(super) fn patch(&mut self, jumps: &JumpList, target: u32) {
        for jump in jumps {
            self.forget_value(*jump);
            self.set_target(*jump, target);
        }
    }

    pub(super) fn patch_here(&mut self, jumps: JumpList) {
        let here = self.here();
        self.patch(&jumps, here);
    }

    /// Lets tests of a list keep their values in a register and lead to `with_value`; the others lead to
    /// `without_value`.
    pub(super) fn patch_value(&mut self, jumps: &JumpList, register: u8, with_value: u32, without_value: u32) {
        for jump in jumps {
            let target = if self.keeps_value(*jump) { with_value } else { without_value };
            match &mut self.function().code[*jump as usize] {
                Instruction::TestSet { a, b, .. } | Instruction::TestNotSet { a, b, .. } if *b != register => {
                    *a = register
                }
                _ => self.forget_value(*jump),
            }
            self.set_target(*jump, target);
        }
    }

    pub(super) fn keeps_value(&mut self, jump: u32) -> bool {
        let instruction = self.function().code[jump as usize];
        matches!(instruction, Instruction::TestSet { .. } | Instruction::TestNotSet { .. })
    }

    /// Makes a test that keeps its value one that does not.
    pub(super) fn forget_value(&mut self, jump: u32) {
        let instruction = &mut self.function().code[jump as usize];
        *instruction = match *instruction {
            Instruction::TestSet { b, to, .. } => Instruction::Test { a: b, to },
            Instruction::TestNotSet { b, to, .. } => Instruction::TestNot { a: b, to },
            other => other,
        };
    }

    pub(super) fn invert(&mut self, jump: u32) {
        let instruction = &mut self.function().code[jump as usize];
        *instruction = instruction.inverted();
    }
}
