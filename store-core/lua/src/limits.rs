//! What input can grow, and how far.

/// Nested native calls: metamethods, `pcall`, `sort`, coroutines. Each takes a piece of the host's stack.
pub(crate) const NATIVE_DEPTH_MAX: u32 = 200;
/// Nested calls of compiled functions.
pub(crate) const CALL_DEPTH_MAX: usize = 20_000;
/// More of them, while an error handler runs.
pub(crate) const CALL_DEPTH_RESERVE: usize = 512;
/// Nested blocks, functions and expressions in a source text.
pub(crate) const SYNTAX_DEPTH_MAX: u32 = 200;
/// Variables of one function.
pub(crate) const LOCALS_MAX: usize = 200;
/// Variables of outer functions that one function uses.
pub(crate) const UPVALUES_MAX: usize = 60;
/// Registers of one function.
pub(crate) const REGISTERS_MAX: u8 = 250;
/// Values on the stack of one native call.
pub(crate) const NATIVE_STACK_MAX: usize = 8_000;
/// Steps along `__index` and `__newindex`.
pub(crate) const META_LOOP_MAX: u32 = 100;
/// Items of a table constructor that are stored at once.
pub(crate) const ITEMS_PER_FLUSH: u32 = 50;
/// The longest string.
pub(crate) const STRING_LENGTH_MAX: usize = 512 << 20;
