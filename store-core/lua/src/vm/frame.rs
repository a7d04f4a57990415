//! The record of a call.

/// A native function that called another function.
const NATIVE: u32 = u32::MAX;
/// `pcall`.
const PROTECTED: u32 = u32::MAX - 1;

/// A function that runs or waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    /// Where the function itself stands; its results will start there.
    pub(crate) slot: u32,
    /// Its first register.
    pub(crate) base: u32,
    /// The instruction behind the one that runs.
    pub(crate) pc: u32,
    /// The chunk of its code; none for a native function.
    pub(crate) chunk: u32,
    /// The function itself; none for a native function.
    pub(crate) function: u32,
    /// How many calls were replaced by this one.
    pub(crate) tail_calls: u32,
    pub(crate) registers: u8,
    /// One more than the results that its caller wants, or [`ALL`](super::call::ALL).
    pub(crate) wanted: u8,
    /// Whether a native function waits for it.
    pub(crate) is_entry: bool,
}

impl Frame {
    pub(crate) const fn native(slot: usize) -> Self {
        let slot = slot as u32;
        Self {
            slot,
            base: slot,
            pc: 0,
            chunk: NATIVE,
            function: 0,
            tail_calls: 0,
            registers: 0,
            wanted: 0,
            is_entry: false,
        }
    }

    /// A call of `pcall`, and how deep native calls and those of `pcall` were nested around it.
    pub(crate) const fn protected(slot: usize, wanted: u8, native_depth: u32, protected_depth: u32) -> Self {
        Self { chunk: PROTECTED, wanted, pc: native_depth << 16 | protected_depth, ..Self::native(slot) }
    }

    /// The depths that a call of `pcall` was made with.
    pub(crate) const fn depths(&self) -> (u32, u32) {
        (self.pc >> 16, self.pc & 0xffff)
    }

    pub(crate) const fn is_compiled(&self) -> bool {
        self.chunk < PROTECTED
    }

    pub(crate) const fn is_protected(&self) -> bool {
        self.chunk == PROTECTED
    }

    /// The first place above its registers.
    pub(crate) const fn end(&self) -> usize {
        self.base as usize + self.registers as usize
    }
}
