//! Error messages: where it happened, and what the value was called.
//!
//! The name of a value is found by looking back for the instruction that loaded its register.

use super::{Frame, Place, Vm};
use crate::chunk::{Chunk, Proto};
use crate::fault::Fault;
use crate::instruction::Instruction;
use crate::number::write_number;
use crate::value::Value;
use alloc::vec::Vec;

/// What a name belongs to, and the name.
type Name = (&'static str, Vec<u8>);

impl Vm {
    /// Makes an error of a value.
    pub fn raise(&mut self, value: Value) -> Fault {
        self.thrown = value;
        Fault::Error
    }

    /// Makes an error of a text, as it is.
    pub fn raise_text(&mut self, text: impl AsRef<[u8]>) -> Fault {
        match self.heap.string(text.as_ref()) {
            Ok(string) => self.raise(Value::String(string)),
            Err(fault) => fault,
        }
    }

    /// An error in the running function, with its place if it is a compiled one.
    pub(crate) fn runtime_error(&mut self, text: impl AsRef<[u8]>) -> Fault {
        let place = if self.is_native { Vec::new() } else { self.place(1) };
        self.raise_text([&place, text.as_ref()].concat())
    }

    /// An error of a native function, with the place of its caller.
    pub fn error(&mut self, text: impl AsRef<[u8]>) -> Fault {
        let place = self.place(1);
        self.raise_text([&place, text.as_ref()].concat())
    }

    /// The frame of a level, 1 for the running compiled function; none where a tail call took it away.
    pub(crate) fn frame_at(&self, level: usize) -> Option<Option<&Frame>> {
        let mut rest = level as i64 - 1;
        for frame in self.frames.iter().rev() {
            if rest <= 0 {
                return Some((rest == 0).then_some(frame));
            }
            rest -= 1 + i64::from(frame.tail_calls);
        }
        (rest < 0).then_some(None)
    }

    /// `name:line: ` of the function at a level, if it is a compiled one.
    pub(crate) fn place(&self, level: usize) -> Vec<u8> {
        let Some(Some(frame)) = self.frame_at(level) else { return Vec::new() };
        let mut text = Vec::new();
        if frame.is_compiled() {
            let chunk = self.heap.chunk_of(frame.chunk);
            text.extend_from_slice(&chunk.source);
            text.push(b':');
            let line = chunk.lines.get((frame.pc as usize).wrapping_sub(1)).copied().unwrap_or(0);
            write_number(&mut text, f64::from(line));
            text.extend_from_slice(b": ");
        }
        text
    }

    /// Where the innermost function of a script is, if the innermost function is one or was called by one.
    pub(super) fn running_place(&self) -> Option<Place> {
        let frame = self.frames.last()?;
        if !frame.is_compiled() {
            return Some(Place { source: b"=[C]".to_vec(), line: -1 });
        }
        let chunk = self.heap.chunk_of(frame.chunk);
        let line = chunk.lines.get((frame.pc as usize).wrapping_sub(1)).copied().unwrap_or(0);
        Some(Place { source: chunk.origin.to_vec(), line: line.into() })
    }

    /// An error about an operand of the running instruction.
    pub(super) fn operand_error(&mut self, action: &str, value: Value, is_right: bool) -> Fault {
        let register = self.running_instruction().and_then(|instruction| instruction.operand_register(is_right));
        self.type_error_in(action, value, register)
    }

    /// An error about the object that the running instruction reads or writes.
    pub(super) fn type_error(&mut self, action: &str, value: Value) -> Fault {
        let instruction = self.running_instruction();
        if let Some(Instruction::GetGlobal { .. } | Instruction::SetGlobal { .. }) = instruction {
            return self.type_error_in(action, value, None);
        }
        // A handler in a chain of metatables has no name.
        let register = instruction.and_then(|instruction| instruction.object_register());
        let is_object = register.is_some_and(|register| self.register_value(register) == Some(value));
        self.type_error_in(action, value, register.filter(|_| is_object))
    }

    /// An error about a place on the stack.
    pub(super) fn type_error_at(&mut self, action: &str, value: Value, slot: Option<usize>) -> Fault {
        let base = self.frames.last().map_or(0, |frame| frame.base as usize);
        let register = slot.and_then(|slot| slot.checked_sub(base)).and_then(|offset| u8::try_from(offset).ok());
        self.type_error_in(action, value, register)
    }

    fn type_error_in(&mut self, action: &str, value: Value, register: Option<u8>) -> Fault {
        let name = register.filter(|_| !self.is_native).and_then(|register| self.name_of_register(register));
        let mut text = [b"attempt to ", action.as_bytes(), b" "].concat();
        if let Some((kind, name)) = name {
            text.extend_from_slice(&[kind.as_bytes(), b" '", &name[..], b"' (a "].concat());
            text.extend_from_slice(&[value.type_name().as_bytes(), b" value)"].concat());
        } else {
            text.extend_from_slice(&[b"a ", value.type_name().as_bytes(), b" value"].concat());
        }
        self.runtime_error(text)
    }

    pub(super) fn comparison_error(&mut self, left: Value, right: Value) -> Fault {
        let (left, right) = (left.type_name(), right.type_name());
        let text = if left == right {
            [b"attempt to compare two ", left.as_bytes(), b" values"].concat()
        } else {
            [b"attempt to compare ", left.as_bytes(), b" with ", right.as_bytes()].concat()
        };
        self.runtime_error(text)
    }

    fn register_value(&self, register: u8) -> Option<Value> {
        let frame = self.frames.last()?;
        self.stack.get(frame.base as usize + usize::from(register)).copied()
    }

    fn running_instruction(&self) -> Option<Instruction> {
        let frame = self.frames.last().filter(|frame| frame.is_compiled())?;
        self.heap.chunk_of(frame.chunk).code.get((frame.pc as usize).wrapping_sub(1)).copied()
    }

    fn name_of_register(&self, register: u8) -> Option<Name> {
        let frame = self.frames.last().filter(|frame| frame.is_compiled())?;
        let chunk = self.heap.chunk_of(frame.chunk);
        let Value::Function(function) = self.stack[frame.slot as usize] else { return None };
        let proto = &chunk.protos[self.closure(function.0).proto as usize];
        let finder = Finder { vm: self, chunk, proto };
        finder.name(register, frame.pc.checked_sub(1)?)
    }

    /// What the running native function was called by its caller.
    pub(crate) fn called_name(&self) -> Option<Name> {
        let frame = self.frames.last().filter(|frame| frame.is_compiled())?;
        match self.running_instruction()? {
            _ if frame.tail_calls > 0 && !self.is_native => None,
            Instruction::Call { a, .. } | Instruction::TailCall { a, .. } | Instruction::ForCall { a, .. } => {
                self.name_of_register(a)
            }
            _ => None,
        }
    }
}

/// Looks for the name of a register in one function.
struct Finder<'a> {
    vm: &'a Vm,
    chunk: &'a Chunk,
    proto: &'a Proto,
}

impl Finder<'_> {
    fn name(&self, register: u8, pc: u32) -> Option<Name> {
        if let Some(name) = self.proto.local_at(register, pc) {
            return Some(("local", self.text(self.chunk.names[name as usize].into())));
        }
        let loaded = self.loader(register, pc)?;
        match self.chunk.code[loaded as usize] {
            Instruction::GetGlobal { k, .. } => Some(("global", self.constant(k))),
            Instruction::Move { a, b } if b < a => self.name(b, loaded),
            Instruction::GetField { k, .. } => Some(("field", self.constant(k))),
            Instruction::GetTable { .. } => Some(("field", b"?".to_vec())),
            Instruction::GetUpvalue { b, .. } => {
                let name = self.proto.upvalue_names.get(usize::from(b))?;
                Some(("upvalue", self.text(self.chunk.names[*name as usize].into())))
            }
            Instruction::Method { a, k, .. } if a == register => Some(("method", self.constant(k))),
            _ => None,
        }
    }

    /// The last instruction before `pc` that changed a register, on the way that leads there.
    fn loader(&self, register: u8, end: u32) -> Option<u32> {
        let (mut pc, mut last) = (self.proto.start, None);
        while pc < end {
            let mut instruction = self.chunk.code[pc as usize];
            if instruction.writes(register) {
                last = Some(pc);
            }
            pc = match instruction.target() {
                Some(to) if *to > pc && *to <= end => *to,
                _ => pc + 1,
            };
        }
        last
    }

    fn constant(&self, k: u32) -> Vec<u8> {
        match self.chunk.constants[k as usize] {
            Value::String(_) => self.text(self.chunk.constants[k as usize]),
            _ => b"?".to_vec(),
        }
    }

    fn text(&self, value: Value) -> Vec<u8> {
        let mut text = Vec::new();
        self.vm.append_text(&mut text, value);
        text
    }
}

impl Instruction {
    /// The register of an operand, if it is in one.
    fn operand_register(self, is_right: bool) -> Option<u8> {
        match self {
            Self::Add { b, c, .. }
            | Self::Subtract { b, c, .. }
            | Self::Multiply { b, c, .. }
            | Self::Divide { b, c, .. }
            | Self::Modulo { b, c, .. }
            | Self::Power { b, c, .. } => Some(if is_right { c } else { b }),
            Self::AddConstant { b, .. }
            | Self::SubtractConstant { b, .. }
            | Self::MultiplyConstant { b, .. }
            | Self::DivideConstant { b, .. }
            | Self::ModuloConstant { b, .. }
            | Self::PowerConstant { b, .. }
            | Self::Negate { b, .. }
            | Self::Length { b, .. } => (!is_right).then_some(b),
            _ => None,
        }
    }

    /// The register of the object whose field is read or written.
    const fn object_register(self) -> Option<u8> {
        match self {
            Self::GetTable { b, .. } | Self::GetField { b, .. } | Self::Method { b, .. } => Some(b),
            Self::SetTable { a, .. } | Self::SetField { a, .. } => Some(a),
            _ => None,
        }
    }
}
