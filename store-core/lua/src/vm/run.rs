//! The loop that runs instructions.
//!
//! Registers are seen through a window of 256 places, so that an operand of eight bits needs no check. What an
//! instruction cannot do at once (a metamethod, an error, a new object) is done elsewhere, after [`Vm::pause`] wrote
//! down where the function stands.
//!
//! The budget is charged with the length of a function when it is called, and with the length of a loop at each turn:
//! an upper bound of what runs, without a counter at each instruction.

use super::call::{Place, Started, WINDOW};
use super::{Event, Host, Verdict, Vm};
use crate::chunk::Chunk;
use crate::fault::Fault;
use crate::instruction::{FIRST_CONSTANT, Instruction};
use crate::number::modulo;
use crate::value::Value;
use alloc::sync::Arc;
use core::ops::{Index, IndexMut};

/// The registers of the running function.
struct Registers<'a>(&'a mut [Value; WINDOW]);

impl Index<u8> for Registers<'_> {
    type Output = Value;

    #[inline(always)]
    fn index(&self, register: u8) -> &Value {
        &self.0[usize::from(register)]
    }
}

impl IndexMut<u8> for Registers<'_> {
    #[inline(always)]
    fn index_mut(&mut self, register: u8) -> &mut Value {
        &mut self.0[usize::from(register)]
    }
}

impl Registers<'_> {
    /// A register or a constant.
    #[inline(always)]
    fn operand<'v>(&'v self, operand: u16, constants: &'v [Value]) -> &'v Value {
        match operand.checked_sub(FIRST_CONSTANT) {
            None => &self[operand as u8],
            Some(index) => &constants[usize::from(index)],
        }
    }
}

#[inline(always)]
fn window(stack: &mut [Value], base: usize) -> Registers<'_> {
    match stack.get_mut(base..).and_then(<[Value]>::first_chunk_mut) {
        Some(registers) => Registers(registers),
        None => unreachable!("a call made room for its registers"),
    }
}

/// Computes with two numbers at once, or else with metamethods. `$registers` is what `$right` calls the registers.
/// Operands are looked at where they are: copies of whole values cost more than the addition.
macro_rules! arithmetic {
    ($vm:ident, $host:ident, $base:ident, $pc:ident, $a:expr, $b:expr, $registers:ident, $right:expr, $event:ident, $compute:expr) => {{
        let mut $registers = window(&mut $vm.stack, $base);
        if let (Value::Number(x), Value::Number(y)) = (&$registers[$b], &$right) {
            $registers[$a] = Value::Number($compute(*x, *y));
        } else {
            let (left, right) = ($registers[$b], $right);
            $vm.pause($pc);
            let result = $vm.arithmetic($host, Event::$event, left, right)?;
            $vm.stack[$base + usize::from($a)] = result;
        }
    }};
}

/// Jumps if two values compare as wanted. `$order` exchanges the operands where need be.
macro_rules! compare {
    ($vm:ident, $host:ident, $base:ident, $pc:ident, $constants:ident, $b:expr, $c:expr, $to:expr, $wanted:expr,
     $order:expr, $compute:expr, $slow:ident) => {{
        let registers = window(&mut $vm.stack, $base);
        let (left, right) = $order(&registers[$b], registers.operand($c, $constants));
        let holds = if let (Value::Number(x), Value::Number(y)) = (left, right) {
            $compute(x, y)
        } else {
            let (left, right) = (*left, *right);
            $vm.pause($pc);
            $vm.$slow($host, left, right)?
        };
        if holds == $wanted {
            $pc = $to as usize;
        }
    }};
}

const fn keep<'v>(left: &'v Value, right: &'v Value) -> (&'v Value, &'v Value) {
    (left, right)
}

const fn swap<'v>(left: &'v Value, right: &'v Value) -> (&'v Value, &'v Value) {
    (right, left)
}

impl Vm {
    /// Runs until as many frames are left.
    pub(super) fn execute(&mut self, host: &mut dyn Host, floor: usize) -> Result<(), Fault> {
        let checkpoint = self.checkpoint();
        while self.frames.len() > floor {
            let Some(frame) = self.frames.last() else { return Ok(()) };
            if frame.is_protected() {
                self.finish_protected();
                continue;
            }
            let chunk = Arc::clone(self.heap.chunk_of(frame.chunk));
            if let Err(fault) = self.run(host, &chunk, frame.chunk) {
                self.catch(fault, floor, checkpoint)?;
            }
        }
        Ok(())
    }

    /// Writes down where the running function stands.
    #[inline]
    pub(super) fn pause(&mut self, pc: usize) {
        if let Some(frame) = self.frames.last_mut() {
            frame.pc = pc as u32;
            self.top = frame.end();
        }
    }

    /// Where the running function goes on.
    #[inline(always)]
    fn resume_point(&self) -> Place {
        let Some(frame) = self.frames.last() else { unreachable!("a running function has a frame") };
        Place { base: frame.base as usize, pc: frame.pc as usize, function: frame.function, chunk: frame.chunk }
    }

    #[inline(always)]
    fn charge_loop(&mut self, host: &mut dyn Host, pc: usize, to: u32) -> Result<(), Fault> {
        let cost = (pc - to as usize) as u64;
        if self.heap.meter.take(cost) { Ok(()) } else { self.charge_paused(host, pc, to, cost) }
    }

    #[cold]
    fn charge_paused(&mut self, host: &mut dyn Host, pc: usize, to: u32, cost: u64) -> Result<(), Fault> {
        self.pause(pc);
        if self.charge_and_ask(host, cost)? == Verdict::Pause && self.can_pause() {
            self.pause(to as usize);
            return Err(Fault::Pause);
        }
        Ok(())
    }

    /// Runs until a function has returned that a native one waits for, or one of another chunk is to run. One line for each
    /// instruction, whatever its length.
    #[rustfmt::skip]
    fn run(&mut self, host: &mut dyn Host, chunk: &Chunk, id: u32) -> Result<(), Fault> {
        use Instruction as I;
        let (code, constants) = (&*chunk.code, &*chunk.constants);
        let Place { mut base, mut pc, mut function, .. } = self.resume_point();
        macro_rules! registers { () => { window(&mut self.stack, base) } }
        macro_rules! math { ($a:expr, $b:expr, $r:ident, $right:expr, $event:ident, $op:expr) => { arithmetic!(self, host, base, pc, $a, $b, $r, $right, $event, $op) } }
        macro_rules! branch { ($b:expr, $c:expr, $to:expr, $wanted:expr, $order:expr, $op:expr, $slow:ident) => { compare!(self, host, base, pc, constants, $b, $c, $to, $wanted, $order, $op, $slow) } }
        macro_rules! go_to { ($place:expr) => { { let place = $place; if place.chunk != id { return Ok(()) } (base, pc, function) = (place.base, place.pc, place.function); } } }
        macro_rules! enter { ($started:expr) => { if $started == Started::Compiled { go_to!(self.resume_point()) } } }
        loop {
            let instruction = code[pc];
            pc += 1;
            match instruction {
                I::Move { a, b } => { let mut r = registers!(); r[a] = r[b]; }
                I::LoadConstant { a, k } => registers!()[a] = constants[k as usize],
                I::LoadBoolean { a, value, skip } => { registers!()[a] = Value::Boolean(value); pc += usize::from(skip); }
                I::LoadNil { a, b } => (a..=b).for_each(|register| registers!()[register] = Value::Nil),
                I::GetUpvalue { a, b } => { let value = self.upvalue(function, b); registers!()[a] = value; }
                I::GetGlobal { a, k } => { let value = self.global(host, function, constants[k as usize], pc)?; registers!()[a] = value; }
                I::GetField { a, b, k } => { let object = registers!()[b]; let value = self.field(host, object, constants[k as usize], pc)?; registers!()[a] = value; }
                I::GetTable { a, b, c } => { let r = registers!(); let (object, key) = (r[b], r[c]); let value = self.element(host, object, key, pc)?; registers!()[a] = value; }
                I::SetTable { a, b, c } => { let r = registers!(); let (object, key, value) = (r[a], r[b], r[c]); self.assign(host, object, key, value, pc)?; }
                I::SetField { a, c, k } => { let r = registers!(); let (object, value) = (r[a], r[c]); self.assign(host, object, constants[k as usize], value, pc)?; }
                I::Method { a, b, k } => { let object = registers!()[b]; let method = self.field(host, object, constants[k as usize], pc)?; let mut r = registers!(); r[a + 1] = object; r[a] = method; }
                I::Add { a, b, c } => math!(a, b, r, r[c], Add, |x: f64, y: f64| x + y),
                I::AddConstant { a, b, k } => math!(a, b, r, constants[k as usize], Add, |x: f64, y: f64| x + y),
                I::Subtract { a, b, c } => math!(a, b, r, r[c], Subtract, |x: f64, y: f64| x - y),
                I::SubtractConstant { a, b, k } => math!(a, b, r, constants[k as usize], Subtract, |x: f64, y: f64| x - y),
                I::Multiply { a, b, c } => math!(a, b, r, r[c], Multiply, |x: f64, y: f64| x * y),
                I::MultiplyConstant { a, b, k } => math!(a, b, r, constants[k as usize], Multiply, |x: f64, y: f64| x * y),
                I::Divide { a, b, c } => math!(a, b, r, r[c], Divide, |x: f64, y: f64| x / y),
                I::DivideConstant { a, b, k } => math!(a, b, r, constants[k as usize], Divide, |x: f64, y: f64| x / y),
                I::Modulo { a, b, c } => math!(a, b, r, r[c], Modulo, modulo),
                I::ModuloConstant { a, b, k } => math!(a, b, r, constants[k as usize], Modulo, modulo),
                I::Not { a, b } => { let mut r = registers!(); r[a] = Value::Boolean(!r[b].is_truthy()); }
                I::Jump { to } => pc = to as usize,
                I::Loop { to } => { self.charge_loop(host, pc, to)?; pc = to as usize; }
                I::Test { a, to } => if registers!()[a].is_truthy() { pc = to as usize },
                I::TestNot { a, to } => if !registers!()[a].is_truthy() { pc = to as usize },
                I::TestSet { a, b, to } => { let mut r = registers!(); if r[b].is_truthy() { r[a] = r[b]; pc = to as usize; } }
                I::TestNotSet { a, b, to } => { let mut r = registers!(); if !r[b].is_truthy() { r[a] = r[b]; pc = to as usize; } }
                I::Equal { b, c, to } => branch!(b, c, to, true, keep, f64::eq, equals),
                I::NotEqual { b, c, to } => branch!(b, c, to, false, keep, f64::eq, equals),
                I::Less { b, c, to } => branch!(b, c, to, true, keep, f64::lt, less),
                I::NotLess { b, c, to } => branch!(b, c, to, false, keep, f64::lt, less),
                I::LessEqual { b, c, to } => branch!(b, c, to, true, keep, f64::le, less_or_equal),
                I::NotLessEqual { b, c, to } => branch!(b, c, to, false, keep, f64::le, less_or_equal),
                I::Greater { b, c, to } => branch!(b, c, to, true, swap, f64::lt, less),
                I::NotGreater { b, c, to } => branch!(b, c, to, false, swap, f64::lt, less),
                I::GreaterEqual { b, c, to } => branch!(b, c, to, true, swap, f64::le, less_or_equal),
                I::NotGreaterEqual { b, c, to } => branch!(b, c, to, false, swap, f64::le, less_or_equal),
                I::Call { a, b, c } => { let slot = self.aim_call(base, a, b, pc); match self.start_plain_call(slot, c) { Some(place) => go_to!(place), None => enter!(self.start_call(host, slot, c)?) } }
                I::TailCall { a, b } => { let slot = self.aim_call(base, a, b, pc); enter!(self.start_tail_call(host, slot)?) }
                I::Return { a, b } => {
                    let first = base + usize::from(a);
                    let count = if b == 0 { self.top - first } else { usize::from(b - 1) };
                    if self.finish_call(first, count) { return Ok(()) }
                    go_to!(self.resume_point())
                }
                I::ForLoop { a, to } => if self.step(base, a) { self.charge_loop(host, pc, to)?; pc = to as usize },
                I::ForCall { a, c } => if !self.step_over_table(base, a, c) { let slot = self.aim_iterator(base, a, pc); enter!(self.start_call(host, slot, c + 1)?) },
                I::ForNext { a, to } => { let mut r = registers!(); if !r[a + 3].is_nil() { r[a + 2] = r[a + 3]; self.charge_loop(host, pc, to)?; pc = to as usize } }
                other => { let open = self.top; self.pause(pc); if let Some(to) = self.run_rare(host, constants, (base, function, open), other)? { pc = to } }
            }
        }
    }

    /// Prepares a call: where the function stands.
    #[inline]
    fn aim_call(&mut self, base: usize, a: u8, b: u8, pc: usize) -> usize {
        let slot = base + usize::from(a);
        if let Some(frame) = self.frames.last_mut() {
            frame.pc = pc as u32;
        }
        if b != 0 {
            self.top = slot + usize::from(b);
        }
        slot
    }

    /// Copies an iterator and its two arguments above them.
    fn aim_iterator(&mut self, base: usize, a: u8, pc: usize) -> usize {
        let from = base + usize::from(a);
        self.pause(pc);
        self.stack.copy_within(from..from + 3, from + 3);
        self.top = from + 6;
        from + 3
    }

    /// Counts a numeric loop on; whether it goes on.
    #[inline(always)]
    fn step(&mut self, base: usize, a: u8) -> bool {
        let mut registers = window(&mut self.stack, base);
        let (Value::Number(index), Value::Number(limit), Value::Number(step)) =
            (registers[a], registers[a + 1], registers[a + 2])
        else {
            unreachable!("the loop was prepared with numbers")
        };
        let next = index + step;
        let goes_on = if step > 0.0 { next <= limit } else { limit <= next };
        if goes_on {
            registers[a] = Value::Number(next);
            registers[a + 3] = Value::Number(next);
        }
        goes_on
    }

    /// Steps on in a loop whose iterator is `next`, without a call. Whether it is such a loop.
    #[inline]
    fn step_over_table(&mut self, base: usize, a: u8, variables: u8) -> bool {
        let mut registers = window(&mut self.stack, base);
        let (Value::Function(iterator), Value::Table(table)) = (registers[a], registers[a + 1]) else { return false };
        if Some(iterator) != self.next {
            return false;
        }
        let table = &self.heap.tables[table.0];
        let Some(position) = table.position_after(registers[a + 2]) else { return false };
        let (entry, passed) = table.entry_from(position);
        let (key, value) = entry.unwrap_or_default();
        self.heap.meter.burden(passed as u64 / 8);
        registers[a + 3] = key;
        registers[a + 4] = value;
        (2..variables).for_each(|variable| registers[a + 3 + variable] = Value::Nil);
        true
    }
}
