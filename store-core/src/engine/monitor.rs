//! `MONITOR`: sessions that are told of every command that runs.

use super::{Engine, Output, Session, SessionId};
use crate::clock::Millis;
use crate::spec::{Command, Flag};
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt::Write;

/// What stands in the place of a password.
const REDACTED: &[u8] = b"(redacted)";

impl Engine {
    /// Tells a session of every command from now on.
    pub(crate) fn start_monitoring(&mut self, session: SessionId) {
        self.monitors.insert(session);
    }

    /// Tells a session of no more commands.
    pub(crate) fn stop_monitoring(&mut self, session: SessionId) {
        self.monitors.remove(&session);
    }

    /// Tells the monitors of a command that ran. Administration is not for their eyes.
    pub(crate) fn feed_monitors(&mut self, now: Millis, id: SessionId, command: &Command, words: &[&[u8]]) {
        if !command.has(Flag::SkipMonitor) && !command.has(Flag::Admin) {
            self.tell_monitors(now, id, command, words);
        }
    }

    /// Tells the monitors of a command, whatever its flags.
    pub(crate) fn tell_monitors(&mut self, now: Millis, id: SessionId, command: &Command, words: &[&[u8]]) {
        if self.monitors.is_empty() {
            return;
        }
        let session = self.sessions.get(id);
        let (db, address) = (session.db.0, self.caller_name(session));
        let (seconds, micros) = (now.0.div_euclid(1000), now.0.rem_euclid(1000) * 1000);
        let mut line = format!("+{seconds}.{micros:06} [{db} {address}]");
        for word in shown(command, words) {
            line.push(' ');
            quote(&mut line, word);
        }
        line.push_str("\r\n");
        let bytes: Arc<[u8]> = Arc::from(line.as_bytes());
        let monitors: Vec<_> = self.monitors.iter().copied().collect();
        for session in monitors {
            self.emit(Output::Push { session, bytes: bytes.clone(), position: None });
        }
    }
}

impl Engine {
    /// Who calls, as monitors are shown it: a script, or the client.
    fn caller_name<'a>(&self, session: &'a Session) -> &'a str {
        if self.is_in_script() { "lua" } else { &session.options.address }
    }
}

/// The words of a request without its passwords.
pub(super) fn shown<'a>(command: &Command, words: &[&'a [u8]]) -> Vec<&'a [u8]> {
    let mut shown = words.to_vec();
    let secret = match command.name {
        "AUTH" => shown.get_mut(1..),
        "HELLO" => {
            let auth = words.iter().position(|word| word.eq_ignore_ascii_case(b"AUTH")).unwrap_or(words.len());
            let end = words.len().min(auth.saturating_add(3));
            shown.get_mut(auth.saturating_add(1)..end)
        }
        "ACL SETUSER" => shown.get_mut(2..),
        "ACL RESTTOKEN" => shown.get_mut(3..),
        "CONFIG SET" => {
            let requirepass = words.iter().position(|word| word.eq_ignore_ascii_case(b"requirepass"));
            requirepass.and_then(|at| shown.get_mut(at + 1..=at + 1))
        }
        _ => None,
    };
    secret.into_iter().flatten().for_each(|word| *word = REDACTED);
    shown
}

/// Appends a word in quotes, with everything that cannot be printed escaped.
fn quote(line: &mut String, word: &[u8]) {
    line.push('"');
    for byte in word {
        match byte {
            b'\\' | b'"' => line.extend(['\\', char::from(*byte)]),
            b'\n' => line.push_str("\\n"),
            b'\r' => line.push_str("\\r"),
            b'\t' => line.push_str("\\t"),
            0x07 => line.push_str("\\a"),
            0x08 => line.push_str("\\b"),
            b' '..=b'~' => line.push(char::from(*byte)),
            // Writing into a string cannot fail.
            _ => drop(write!(line, "\\x{byte:02x}")),
        }
    }
    line.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_as_redis_quotes_them() {
        let mut line = String::new();
        quote(&mut line, b"a\"\\\n\x07\x08\x00\xff z");
        assert_eq!(line, r#""a\"\\\n\a\b\x00\xff z""#);
    }

    #[cfg(feature = "scripting")]
    #[test]
    fn what_a_script_calls_is_shown_behind_it() {
        let mut engine = Engine::new(crate::Config::default(), 1);
        let [own, monitor] = [1, 2].map(|_| engine.open(Millis(1000), crate::SessionOptions::default()));
        let mut ask = |session, words: &[&[u8]]| {
            let mut reply = crate::ReplyBuffer::default();
            engine.execute(Millis(1000), session, &crate::Request::new(words), &mut reply);
        };
        ask(monitor, &[b"MONITOR"]);
        ask(own, &[b"EVAL", b"redis.call('select', 2) redis.call('nosuch')", b"0"]);
        let outputs = core::iter::from_fn(|| engine.poll_output());
        let lines = outputs.filter_map(|output| match output {
            Output::Push { bytes, .. } => Some(String::from_utf8_lossy(&bytes).into_owned()),
            _ => None,
        });
        let shown = [
            "+1.000000 [0 ] \"EVAL\" \"redis.call('select', 2) redis.call('nosuch')\" \"0\"\r\n",
            "+1.000000 [2 lua] \"select\" \"2\"\r\n",
        ];
        assert_eq!(lines.collect::<Vec<_>>(), shown);
    }

    #[test]
    fn passwords_are_hidden() {
        let command = |name| crate::commands::all().find(|command| command.name == name).unwrap();
        let text = |name, words: &[&[u8]]| {
            let shown = shown(command(name), words);
            shown.iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(text("AUTH", &[b"AUTH", b"u", b"p"]), "AUTH (redacted) (redacted)");
        let hello: &[&[u8]] = &[b"HELLO", b"3", b"auth", b"u", b"p", b"SETNAME", b"n"];
        assert_eq!(text("HELLO", hello), "HELLO 3 auth (redacted) (redacted) SETNAME n");
        assert_eq!(text("HELLO", &[b"HELLO"]), "HELLO");
        assert_eq!(text("GET", &[b"GET", b"auth"]), "GET auth");
        assert_eq!(text("ACL SETUSER", &[b"acl", b"setuser", b"u", b">p"]), "acl setuser (redacted) (redacted)");
        let config: &[&[u8]] = &[b"CONFIG", b"SET", b"maxmemory", b"1", b"RequirePass", b"p"];
        assert_eq!(text("CONFIG SET", config), "CONFIG SET maxmemory 1 RequirePass (redacted)");
        assert_eq!(text("CONFIG SET", &config[..5]), "CONFIG SET maxmemory 1 RequirePass");
    }
}
