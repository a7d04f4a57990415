//! The value types that a key can hold.

pub mod bytes;
pub mod dense;
