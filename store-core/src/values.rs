//! The value types that a key can hold.

mod bptree;
pub mod bytes;
pub mod dense;
pub mod hash;
pub mod intset;
pub mod list;
pub mod listpack;
pub mod set;
pub mod zset;
