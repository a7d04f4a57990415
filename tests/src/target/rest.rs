//! The REST interface: one request is one session.

use super::{Patience, Target, json};
use crate::value::Value;
use anyhow::Context;
use serde_json::Value as Json;
use std::collections::VecDeque;
use std::fmt::Write;
use std::net::SocketAddr;

/// A gateway's REST interface.
#[derive(Debug)]
pub struct RestTarget {
    address: SocketAddr,
    agent: ureq::Agent,
    answers: VecDeque<Value>,
}

impl RestTarget {
    /// The gateway at an address, which is told to follow Redis everywhere.
    pub fn new(address: SocketAddr) -> Self {
        let config = ureq::Agent::config_builder().http_status_as_error(false).build();
        let target = Self { address, agent: config.into(), answers: VecDeque::new() };
        let told = target.post(&[b"CONFIG", b"SET", b"compat-upstash", b"no"]);
        assert!(told.is_ok_and(|answer| answer["result"] == "OK"), "a gateway in memory can be configured");
        target
    }

    /// Sends words in the body, or in the path where JSON could not hold them.
    fn post(&self, words: &[&[u8]]) -> anyhow::Result<Json> {
        let texts: Option<Vec<&str>> = words.iter().map(|word| std::str::from_utf8(word).ok()).collect();
        let mut response = match texts {
            Some(texts) => {
                let body = serde_json::to_string(&texts)?;
                self.agent.post(format!("http://{}/", self.address)).send(body)?
            }
            None => self.agent.post(format!("http://{}{}", self.address, path(words))).send_empty()?,
        };
        let body = response.body_mut().read_to_string()?;
        serde_json::from_str(&body).with_context(|| format!("the answer is not JSON: {body}"))
    }
}

fn path(words: &[&[u8]]) -> String {
    let mut path = String::new();
    for word in words {
        path.push('/');
        for byte in *word {
            if byte.is_ascii_alphanumeric() {
                path.push(char::from(*byte));
            } else {
                // Writing to a string cannot fail.
                let _ = write!(path, "%{byte:02X}");
            }
        }
    }
    path
}

impl Target for RestTarget {
    fn send(&mut self, _: &str, words: &[&[u8]]) -> anyhow::Result<()> {
        let answer = self.post(words)?;
        let value = match (answer.get("result"), answer.get("error")) {
            (Some(result), None) => json::value_of(result),
            (None, Some(error)) => Value::Error(json::error_text(error).unwrap_or_default().as_bytes().to_vec()),
            _ => anyhow::bail!("neither a result nor an error: {answer}"),
        };
        self.answers.push_back(value);
        Ok(())
    }

    fn receive(&mut self, _: &str, _: Patience) -> anyhow::Result<Option<Value>> {
        Ok(self.answers.pop_front())
    }

    fn advance(&mut self, milliseconds: u64) {
        std::thread::sleep(std::time::Duration::from_millis(milliseconds));
    }

    fn form(&self, recorded: &Value) -> Value {
        json::rest_form(recorded)
    }

    fn is_prompt(&self) -> bool {
        true
    }
}
