//! The store in WebAssembly, in Node.js, on a clock that only moves when it is told to.

use super::mail::{Mail, Received};
use super::{Patience, START, Target};
use crate::project;
use crate::value::Value;
use anyhow::{Context, ensure};
use redstart_core::{Millis, Protocol};
use serde_json::{Value as Json, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A Node.js process with one store.
#[derive(Debug)]
pub struct WasmTarget {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// The time.
    pub now: Millis,
    protocol: Protocol,
    mail: Mail<u64>,
}

impl WasmTarget {
    /// An empty store whose sessions begin in a protocol.
    ///
    /// # Errors
    /// When the module has not been built, or there is no Node.js.
    pub fn new(protocol: Protocol, seed: u64) -> anyhow::Result<Self> {
        let module = project::root().join("wasm/npm/dist/wasm/redstart_wasm_bg.wasm");
        ensure!(module.exists(), "the module has not been built: run `cargo xtask build-wasm`");
        let mut child = Command::new("node")
            .arg(project::tests().join("wasm/driver.mjs"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("Node.js is missing")?;
        let input = child.stdin.take().context("the child's input was not piped")?;
        let output = BufReader::new(child.stdout.take().context("the child's output was not piped")?);
        let mut target = Self { child, input, output, now: START, protocol, mail: Mail::new() };
        target.reset(protocol, seed)?;
        Ok(target)
    }

    /// Begins again with an empty store.
    ///
    /// # Errors
    /// When the process has ended.
    pub fn reset(&mut self, protocol: Protocol, seed: u64) -> anyhow::Result<()> {
        self.ask(&json!({ "op": "new", "seed": seed }))?;
        self.now = START;
        self.protocol = protocol;
        self.mail = Mail::new();
        Ok(())
    }

    /// The digest of all data.
    ///
    /// # Errors
    /// When the process has ended.
    pub fn digest(&mut self) -> anyhow::Result<u64> {
        let answer = self.ask(&json!({ "op": "digest" }))?;
        Ok(answer["digest"].as_str().context("no digest")?.parse()?)
    }

    /// Executes a request and gives the bytes of the reply; none when it blocks.
    ///
    /// # Errors
    /// When the process has ended.
    pub fn execute(&mut self, session: &str, words: &[&[u8]]) -> anyhow::Result<Option<Vec<u8>>> {
        let id = self.session(session)?;
        self.expire(self.now)?;
        self.execute_in(id, words)
    }

    fn execute_in(&mut self, id: u64, words: &[&[u8]]) -> anyhow::Result<Option<Vec<u8>>> {
        let words: Vec<_> = words.iter().map(|word| to_hex(word)).collect();
        let answer = self.ask(&json!({ "op": "execute", "now": self.now.0, "session": id, "words": words }))?;
        let reply = answer["reply"].as_str().map(from_hex).transpose()?;
        self.take_outputs(&answer)?;
        Ok(reply)
    }

    fn session(&mut self, name: &str) -> anyhow::Result<u64> {
        if let Some(id) = self.mail.session(name) {
            return Ok(id);
        }
        let id = self.ask(&json!({ "op": "open", "now": self.now.0 }))?["session"].as_u64().context("no session")?;
        self.mail.add_session(name, id);
        if self.protocol == Protocol::Resp3 {
            self.execute_in(id, &[b"HELLO", b"3"])?;
        }
        Ok(id)
    }

    /// Does what is due at a time, and says when there is more to do.
    fn expire(&mut self, now: Millis) -> anyhow::Result<Option<Millis>> {
        let answer = self.ask(&json!({ "op": "timeout", "now": now.0 }))?;
        self.take_outputs(&answer)?;
        Ok(answer["due"].as_i64().map(Millis))
    }

    fn take_outputs(&mut self, answer: &Json) -> anyhow::Result<()> {
        for output in answer["outputs"].as_array().into_iter().flatten() {
            let session = output["session"].as_u64().unwrap_or_default();
            match output["kind"].as_str() {
                Some("Push" | "Reply") => {
                    let bytes = from_hex(output["bytes"].as_str().unwrap_or_default())?;
                    self.mail.inbox(session).extend(bytes);
                }
                Some("Close") => self.mail.close(session),
                _ => {}
            }
        }
        Ok(())
    }

    fn ask(&mut self, request: &Json) -> anyhow::Result<Json> {
        writeln!(self.input, "{request}")?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        serde_json::from_str(&line).context("the driver has ended")
    }
}

impl Target for WasmTarget {
    fn send(&mut self, session: &str, words: &[&[u8]]) -> anyhow::Result<()> {
        let reply = self.execute(session, words)?;
        let id = self.session(session)?;
        // What has come for the session while it asked stands behind the reply.
        let inbox = self.mail.inbox(id);
        let late = std::mem::take(inbox);
        inbox.extend(reply.into_iter().flatten().chain(late));
        // A host comes back for what is due at once.
        self.expire(self.now).map(drop)
    }

    fn receive(&mut self, session: &str, _: Patience) -> anyhow::Result<Option<Value>> {
        Ok(match self.mail.receive(session)? {
            Received::Nothing => None,
            Received::Value(value) => Some(value),
            Received::End(id) => {
                self.ask(&json!({ "op": "close", "session": id }))?;
                Some(Value::Closed)
            }
        })
    }

    fn advance(&mut self, milliseconds: u64) {
        let end = self.now.after(i64::try_from(milliseconds).unwrap_or(i64::MAX));
        // A driver that has ended is noticed by the next request.
        let mut due = self.expire(self.now).unwrap_or_default();
        while let Some(time) = due.filter(|time| *time <= end) {
            self.now = self.now.max(time);
            due = self.expire(self.now).unwrap_or_default();
        }
        self.now = end;
    }

    fn is_prompt(&self) -> bool {
        true
    }
}

impl Drop for WasmTarget {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> anyhow::Result<Vec<u8>> {
    text.as_bytes().chunks(2).map(|pair| Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?)).collect()
}
