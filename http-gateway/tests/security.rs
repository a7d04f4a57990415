//! What must hold against people who mean harm: a file for each concern.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "security/program.rs"]
mod program;
#[path = "security/secrets.rs"]
mod secrets;
