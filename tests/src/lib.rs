//! Tests that cross a crate border.
//!
//! Expected replies are recorded from a real Redis, never typed: see [`transcript`]. Command sequences that follow from
//! the command table are compared with a running redis-server: see [`oracle`].

pub mod check;
pub mod generate;
pub mod ids;
pub mod look;
pub mod lua;
pub mod oracle;
pub mod project;
pub mod python;
pub mod record;
pub mod server;
pub mod target;
pub mod transcript;
pub mod value;
