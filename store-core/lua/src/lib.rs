//! Lua 5.1 for scripts that run inside a store.
//!
//! A compiler and a register machine that follow the semantics of Lua 5.1, down to the order of `pairs` and the texts of
//! errors. The same script gives the same bytes on every platform: transcendental functions come from `libm`, dice from
//! one generator with a fixed seed, and nothing asks a clock but through the [`Host`].
//!
//! A script cannot hurt its host: instructions and bytes have budgets that no script can evade, and neither source
//! texts nor calls overflow the host's stack.
//!
//! This crate knows values, functions of the host and budgets. It knows nothing of the store.
#![no_std]
extern crate alloc;

mod chunk;
mod compiler;
mod fault;
mod heap;
mod instruction;
mod lexer;
mod library;
mod limits;
mod number;
mod table;
mod value;
mod vm;

pub use fault::{Failure, Fault};
pub use value::{FunctionId, Str, TableId, ThreadId, Value};
pub use vm::{Anchor, Args, Host, Limits, NoHost, Place, Verdict, Vm};
