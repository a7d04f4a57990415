//! The Redstart server: sockets, files, clock and dice around one [`redstart_core::Engine`].
//!
//! ```text
//! resp, http (REST, SSE, WebSocket) -> host -> Engine
//!                                        |  \-> effects -> log
//!                                        \-> gate: lets replies out once their effects are durable
//! ```
//!
//! - [`host`] owns the engine and knows when an answer may leave.
//! - [`loader`] loads them at the start, behind open ports.
//! - [`follow`] brings the data of a Redis that runs.
//! - [`log`] keeps effects in files and reads them back.
//! - [`resp`] and [`http`] turn bytes into requests and answers into bytes.
//! - [`backup`] takes the data of a gateway that runs.
//! - [`facts`] are what `INFO` shows of the process.
//! - [`admission`] and [`crowd`] say who may come in, [`throttle`] how much they may ask for, and [`counters`] how many have.
//! - [`peer`] says where clients have come from, and [`sockets`] how their connections behave.
//! - [`offline`] is what is done with files while no server runs: import, export, check.
//! - [`traces`] are spans of requests for a collector; `outbound` makes the requests of the server itself.
//! - [`supervisor`] tells systemd how it goes.
//! - `users` reads and writes the file of users.
//! - [`server`] starts and stops all of them, as [`options`] say.
//!
//! Architecture invariant: no Redis rule stands here. What a command means, who may run it and what it answers is the
//! engine's business; the gateway moves bytes and knows when they are safe.

pub mod access;
pub mod admission;
pub mod backup;
pub mod configuration;
pub mod counters;
pub mod crowd;
mod encoding;
pub mod facts;
pub mod follow;
pub mod host;
pub mod http;
pub mod jwt;
pub mod loader;
pub mod log;
pub mod offline;
pub mod options;
pub mod origins;
mod outbound;
pub mod peer;
pub mod resp;
pub mod secret;
pub mod server;
pub mod sockets;
pub mod supervisor;
pub mod throttle;
pub mod tls;
pub mod traces;
mod users;
pub mod websocket;
