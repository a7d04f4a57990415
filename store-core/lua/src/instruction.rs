//! Instructions of the register machine: eight bytes each, as an enum, so that decoding needs no check.
//!
//! `a` is mostly the register that is written. A constant is named by its index in the chunk. A comparison carries the
//! place to which it jumps, so that a condition is one instruction; `c` of a comparison is a register below
//! [`FIRST_CONSTANT`] and a constant from there on. Loops go back through instructions of their own, which charge the
//! budget.

/// The first value of an operand that means a constant.
pub(crate) const FIRST_CONSTANT: u16 = 256;

/// A number of entries, rounded up as the constructor of Lua 5.1 rounds it: three bits behind the first, and a power
/// of two. It decides the first layout of a table, and so the order of its keys.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Room(u8);

impl Room {
    pub(crate) const fn new(count: u32) -> Self {
        let (mut mantissa, mut power) = (count, 0);
        while mantissa >= 16 {
            mantissa = mantissa.div_ceil(2);
            power += 1;
        }
        Self(if mantissa < 8 { mantissa as u8 } else { (power + 1) << 3 | (mantissa - 8) as u8 })
    }

    pub(crate) const fn count(self) -> usize {
        let (power, low) = (self.0 >> 3, (self.0 & 7) as usize);
        if power == 0 { low } else { (low + 8) << (power - 1) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Instruction {
    Move {
        a: u8,
        b: u8,
    },
    LoadConstant {
        a: u8,
        k: u32,
    },
    LoadBoolean {
        a: u8,
        value: bool,
        skip: bool,
    },
    /// The registers from `a` to `b`.
    LoadNil {
        a: u8,
        b: u8,
    },
    GetUpvalue {
        a: u8,
        b: u8,
    },
    SetUpvalue {
        a: u8,
        b: u8,
    },
    GetGlobal {
        a: u8,
        k: u32,
    },
    SetGlobal {
        a: u8,
        k: u32,
    },
    GetTable {
        a: u8,
        b: u8,
        c: u8,
    },
    GetField {
        a: u8,
        b: u8,
        k: u32,
    },
    /// `a[b] = c`.
    SetTable {
        a: u8,
        b: u8,
        c: u8,
    },
    /// `a[k] = c`.
    SetField {
        a: u8,
        c: u8,
        k: u32,
    },
    /// With room for items and for named fields: see [`Room`].
    NewTable {
        a: u8,
        items: Room,
        fields: Room,
    },
    /// Stores the `count` values above `a` (all, if it is none) in the table `a`, from index `first` on.
    SetList {
        a: u8,
        count: u16,
        first: u32,
    },
    /// `a + 1 = b; a = b[k]`.
    Method {
        a: u8,
        b: u8,
        k: u32,
    },
    Add {
        a: u8,
        b: u8,
        c: u8,
    },
    AddConstant {
        a: u8,
        b: u8,
        k: u32,
    },
    Subtract {
        a: u8,
        b: u8,
        c: u8,
    },
    SubtractConstant {
        a: u8,
        b: u8,
        k: u32,
    },
    Multiply {
        a: u8,
        b: u8,
        c: u8,
    },
    MultiplyConstant {
        a: u8,
        b: u8,
        k: u32,
    },
    Divide {
        a: u8,
        b: u8,
        c: u8,
    },
    DivideConstant {
        a: u8,
        b: u8,
        k: u32,
    },
    Modulo {
        a: u8,
        b: u8,
        c: u8,
    },
    ModuloConstant {
        a: u8,
        b: u8,
        k: u32,
    },
    Power {
        a: u8,
        b: u8,
        c: u8,
    },
    PowerConstant {
        a: u8,
        b: u8,
        k: u32,
    },
    Negate {
        a: u8,
        b: u8,
    },
    Not {
        a: u8,
        b: u8,
    },
    Length {
        a: u8,
        b: u8,
    },
    /// The registers from `b` to `c`.
    Concat {
        a: u8,
        b: u8,
        c: u8,
    },
    Jump {
        to: u32,
    },
    /// A jump back.
    Loop {
        to: u32,
    },
    /// Jumps if `a` is true.
    Test {
        a: u8,
        to: u32,
    },
    TestNot {
        a: u8,
        to: u32,
    },
    /// Jumps if `b` is true, with its value in `a`.
    TestSet {
        a: u8,
        b: u8,
        to: u32,
    },
    TestNotSet {
        a: u8,
        b: u8,
        to: u32,
    },
    Equal {
        b: u8,
        c: u16,
        to: u32,
    },
    NotEqual {
        b: u8,
        c: u16,
        to: u32,
    },
    Less {
        b: u8,
        c: u16,
        to: u32,
    },
    NotLess {
        b: u8,
        c: u16,
        to: u32,
    },
    LessEqual {
        b: u8,
        c: u16,
        to: u32,
    },
    NotLessEqual {
        b: u8,
        c: u16,
        to: u32,
    },
    /// `c < b`, and its operands are looked at in this order.
    Greater {
        b: u8,
        c: u16,
        to: u32,
    },
    NotGreater {
        b: u8,
        c: u16,
        to: u32,
    },
    GreaterEqual {
        b: u8,
        c: u16,
        to: u32,
    },
    NotGreaterEqual {
        b: u8,
        c: u16,
        to: u32,
    },
    /// Calls `a` with the `b - 1` values above it, or all if `b` is 0; wants `c - 1` results, or all.
    Call {
        a: u8,
        b: u8,
        c: u8,
    },
    TailCall {
        a: u8,
        b: u8,
    },
    Return {
        a: u8,
        b: u8,
    },
    ForPrepare {
        a: u8,
        to: u32,
    },
    ForLoop {
        a: u8,
        to: u32,
    },
    /// Calls the iterator for `c` variables.
    ForCall {
        a: u8,
        c: u8,
    },
    /// Goes back if the iterator gave a value.
    ForNext {
        a: u8,
        to: u32,
    },
    Close {
        a: u8,
    },
    Closure {
        a: u8,
        proto: u32,
    },
    Vararg {
        a: u8,
        b: u8,
    },
}

impl Instruction {
    /// Where it may jump to.
    pub(crate) const fn target(&mut self) -> Option<&mut u32> {
        match self {
            Self::Jump { to }
            | Self::Loop { to }
            | Self::Test { to, .. }
            | Self::TestNot { to, .. }
            | Self::TestSet { to, .. }
            | Self::TestNotSet { to, .. }
            | Self::Equal { to, .. }
            | Self::NotEqual { to, .. }
            | Self::Less { to, .. }
            | Self::NotLess { to, .. }
            | Self::LessEqual { to, .. }
            | Self::NotLessEqual { to, .. }
            | Self::Greater { to, .. }
            | Self::NotGreater { to, .. }
            | Self::GreaterEqual { to, .. }
            | Self::NotGreaterEqual { to, .. }
            | Self::ForPrepare { to, .. }
            | Self::ForLoop { to, .. }
            | Self::ForNext { to, .. } => Some(to),
            _ => None,
        }
    }

    /// The register for the result of an instruction that computes one, wherever it is to go.
    const fn destination(&mut self) -> Option<&mut u8> {
        match self {
            Self::GetUpvalue { a, .. }
            | Self::GetGlobal { a, .. }
            | Self::GetTable { a, .. }
            | Self::GetField { a, .. }
            | Self::Add { a, .. }
            | Self::AddConstant { a, .. }
            | Self::Subtract { a, .. }
            | Self::SubtractConstant { a, .. }
            | Self::Multiply { a, .. }
            | Self::MultiplyConstant { a, .. }
            | Self::Divide { a, .. }
            | Self::DivideConstant { a, .. }
            | Self::Modulo { a, .. }
            | Self::ModuloConstant { a, .. }
            | Self::Power { a, .. }
            | Self::PowerConstant { a, .. }
            | Self::Negate { a, .. }
            | Self::Not { a, .. }
            | Self::Length { a, .. }
            | Self::Concat { a, .. }
            | Self::Closure { a, .. }
            | Self::Vararg { a, .. } => Some(a),
            _ => None,
        }
    }

    /// Chooses the register for its result.
    pub(crate) const fn set_destination(&mut self, register: u8) {
        if let Some(a) = self.destination() {
            *a = register;
        }
    }

    /// The same condition the other way round.
    pub(crate) const fn inverted(self) -> Self {
        match self {
            Self::Test { a, to } => Self::TestNot { a, to },
            Self::TestNot { a, to } => Self::Test { a, to },
            Self::TestSet { a, b, to } => Self::TestNotSet { a, b, to },
            Self::TestNotSet { a, b, to } => Self::TestSet { a, b, to },
            Self::Equal { b, c, to } => Self::NotEqual { b, c, to },
            Self::NotEqual { b, c, to } => Self::Equal { b, c, to },
            Self::Less { b, c, to } => Self::NotLess { b, c, to },
            Self::NotLess { b, c, to } => Self::Less { b, c, to },
            Self::LessEqual { b, c, to } => Self::NotLessEqual { b, c, to },
            Self::NotLessEqual { b, c, to } => Self::LessEqual { b, c, to },
            Self::Greater { b, c, to } => Self::NotGreater { b, c, to },
            Self::NotGreater { b, c, to } => Self::Greater { b, c, to },
            Self::GreaterEqual { b, c, to } => Self::NotGreaterEqual { b, c, to },
            Self::NotGreaterEqual { b, c, to } => Self::GreaterEqual { b, c, to },
            other => other,
        }
    }

    /// Whether it changes a register, or tests it: no value has a name from before that.
    pub(crate) const fn writes(mut self, register: u8) -> bool {
        match self {
            Self::Move { a, .. }
            | Self::LoadConstant { a, .. }
            | Self::LoadBoolean { a, .. }
            | Self::NewTable { a, .. }
            | Self::Test { a, .. }
            | Self::TestNot { a, .. }
            | Self::TestSet { a, .. }
            | Self::TestNotSet { a, .. }
            | Self::ForPrepare { a, .. }
            | Self::ForLoop { a, .. } => a == register,
            Self::LoadNil { a, b } => a <= register && register <= b,
            Self::Method { a, .. } => register == a || register == a + 1,
            Self::Call { a, .. } | Self::TailCall { a, .. } => register >= a,
            Self::Vararg { a, b } => register >= a && (b == 0 || register < a + (b - 1)),
            Self::ForCall { a, .. } => register >= a + 2,
            _ => matches!(self.destination(), Some(a) if *a == register),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_rounded_up() {
        for count in 0..5_000 {
            let room = Room::new(count).count();
            assert!(room >= count as usize && room <= count as usize + count as usize / 8 + 1, "{count} {room}");
        }
        assert_eq!(Room::new(17).count(), 18);
    }

    #[test]
    fn an_instruction_takes_eight_bytes() {
        assert_eq!(size_of::<Instruction>(), 8);
    }
}
