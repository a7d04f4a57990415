//! Floats from and to decimal texts, for the store and for its scripts.
//!
//! The standard library's reader brings a table that cannot be compressed; a page would load it for the store and for
//! scripts alike. What is read here agrees with it bit by bit.
//!
//! This crate knows digits. It knows neither Redis's rules of what is a number nor Lua's.
#![no_std]
extern crate alloc;

mod decimal;
mod digits;
mod extended;

pub use decimal::parse as parse_decimal;
pub use digits::{fixed_digits, significant_digits};
pub use extended::Extended;
