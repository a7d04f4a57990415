//! What must hold against people who mean harm: a file for each concern.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "security/access.rs"]
mod access;
#[path = "security/program.rs"]
mod program;
#[path = "security/secrets.rs"]
mod secrets;
#[path = "rest/server.rs"]
mod server;
#[path = "security/smuggling.rs"]
mod smuggling;
