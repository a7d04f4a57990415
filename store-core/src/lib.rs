//! The Redstart store: a deterministic engine that answers Redis commands.
//!
//! One [`Engine`] answers the same request with the same bytes in a browser tab, at the edge and on a server. It does
//! no I/O: time and a seed come in, replies and effects go out, and the host decides what durable means.
//!
//! ```text
//! request -> Engine::execute -> reply (held back)
//!                           \-> effects (LSN n) -> durable up to n? -> release every reply that saw LSN <= n
//! ```
//!
//! From top to bottom, and never the other way: [`engine`] -> [`commands`] -> [`keyspace`] -> [`values`] ->
//! ([`number`], [`ordered`], [`glob`], [`random`], [`limits`]). [`resp`] and [`rdb`] stand beside them: the one knows
//! bytes only, the other bytes and values.
//!
//! ```
//! use redstart_core::{Config, Engine, Millis, ReplyBuffer, Request, SessionOptions};
//!
//! let mut engine = Engine::new(Config::default(), 42);
//! let session = engine.open(Millis(0), SessionOptions::default());
//! let mut reply = ReplyBuffer::default();
//! engine.execute(Millis(0), session, &Request::new(&[b"SET", b"k", b"v"]), &mut reply);
//! engine.execute(Millis(0), session, &Request::new(&[b"GET", b"k"]), &mut reply);
//! assert_eq!(reply.as_bytes(), b"+OK\r\n$1\r\nv\r\n");
//! ```
#![no_std]
extern crate alloc;

pub mod acl;
pub mod args;
pub mod clock;
pub mod commands;
pub mod config;
pub mod effects;
pub mod engine;
pub mod error;
pub mod glob;
pub mod keyspace;
pub mod limits;
pub mod notify;
pub mod number;
pub mod ordered;
pub mod random;
pub mod rdb;
pub mod reply;
pub mod resp;
#[cfg(feature = "scripting")]
pub mod scripting;
pub mod sha1;
pub mod spec;
pub mod values;

pub use clock::Millis;
pub use config::Config;
pub use effects::{Batch, Lsn};
pub use engine::{
    Engine, Execution, HostRequest, LoadedFile, LogLevel, Outcome, Output, Purpose, ReplayError, Request, Save,
    SessionId, SessionKind, SessionOptions,
};
pub use error::Error;
pub use keyspace::{DbIndex, SnapshotCursor, slot_of};
pub use reply::{Protocol, ReplyBuffer};
