//! What a transcript can be run against.

mod core;
mod json;
mod mail;
mod observer;
mod resp;
mod rest;
mod wasm;
mod websocket;

pub use self::core::{CoreTarget, START, find_command, split_effects};
pub use resp::{Connection, RespTarget};
pub use rest::RestTarget;
pub use wasm::WasmTarget;
pub use websocket::WebSocketTarget;

use crate::value::Value;
use std::time::Duration;

/// How long to wait for a reply that has not come yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// The reply has to come.
    Expected,
    /// It is asked whether there is one.
    Glance(Duration),
}

/// A store with named sessions. A session comes to be when it is first used.
pub trait Target {
    /// Sends a request.
    ///
    /// # Errors
    /// Whatever keeps the store from being reached.
    fn send(&mut self, session: &str, words: &[&[u8]]) -> anyhow::Result<()>;

    /// Sends a request that is not answered now, and returns once the store has begun it: two connections have no order
    /// between them, and the next request may come on another one.
    ///
    /// # Errors
    /// Whatever keeps the store from being reached.
    fn send_unanswered(&mut self, session: &str, words: &[&[u8]]) -> anyhow::Result<()> {
        self.send(session, words)
    }

    /// The next thing that a session receives, if there is one.
    ///
    /// # Errors
    /// Whatever keeps the store from being reached, or bytes that are not RESP.
    fn receive(&mut self, session: &str, patience: Patience) -> anyhow::Result<Option<Value>>;

    /// Lets time pass.
    fn advance(&mut self, milliseconds: u64);

    /// A recorded reply as this target would give it.
    fn form(&self, recorded: &Value) -> Value {
        recorded.clone()
    }

    /// Whether a reply that is not there now will never come, so that silence can be checked.
    fn is_prompt(&self) -> bool {
        false
    }
}
