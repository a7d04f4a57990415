//! The users in a file: `ACL LOAD` and `ACL SAVE`. The host reads and writes it; who has asked waits meanwhile.
//!
//! A line of the file is a line of `ACL LIST`. It is read whole or not at all: one wrong rule, and all users stay as they
//! are.

use super::{Engine, SessionId};
use crate::acl::{DEFAULT_USER, RuleError, User, join_selectors};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

impl Engine {
    /// The users as the lines of a file.
    pub fn users_text(&self) -> String {
        self.acl.users().flat_map(|user| [user.text(), "\n".into()]).collect()
    }

    /// Whether clients need no password.
    pub fn is_open(&self) -> bool {
        self.acl.default_user().is_open()
    }

    /// Replaces the users by those of a file, which stands at `path`, and answers the sessions that wait for it. Sessions
    /// of users that are gone or changed are closed; those of the default user stay, bound by its new rules. Without a line
    /// it may do everything, with the password that is configured.
    ///
    /// # Errors
    /// A sentence for each wrong line; then nothing was changed.
    pub fn load_users(&mut self, awaited: &[SessionId], path: &str, text: &[u8]) -> Result<(), String> {
        let users = self.parse_users(path, text);
        self.answer_file(awaited, users.as_ref().map(drop).map_err(String::as_str));
        let users = users?;
        let by = SessionId(0);
        let known: Vec<_> = self.acl.users().cloned().collect();
        let is_same = |old: &User, new: &User| old.name() == new.name() && old.text() == new.text();
        for old in known.iter().filter(|old| old.name() != DEFAULT_USER) {
            if !users.iter().any(|new| is_same(old, new)) {
                self.remove_user(by, old.name());
            }
        }
        if !users.iter().any(|user| user.name() == DEFAULT_USER) {
            self.set_user(by, self.acl.unrestricted_user().with_password(self.config.password.as_deref()));
        }
        for user in users.into_iter().filter(|new| !known.iter().any(|old| is_same(old, new))) {
            self.set_user(by, user);
        }
        Ok(())
    }

    fn parse_users(&self, path: &str, text: &[u8]) -> Result<Vec<User>, String> {
        let (mut users, mut errors) = (Vec::<User>::new(), String::new());
        for (line, number) in text.split(|byte| *byte == b'\n').zip(1..) {
            let place = format!("{path}:{number}");
            let mut words = line.trim_ascii().split(|byte| *byte == b' ');
            match (words.next(), words.next()) {
                (Some(b""), _) => {}
                (Some(b"user"), Some(name)) if users.iter().any(|user| user.name() == name) => {
                    let name = String::from_utf8_lossy(name);
                    errors += &format!("WARNING: Duplicate user '{name}' found on line {number}. ");
                }
                (Some(b"user"), Some(name)) => {
                    let mut user = User::new(name, &self.commands, self.config.acl_opens_channels);
                    let words: Vec<_> = words.map(<[u8]>::trim_ascii).collect();
                    errors += &self.apply_line(&mut user, &place, &words);
                    users.push(user);
                }
                _ => errors += &format!("{place} should start with user keyword followed by the username. "),
            }
        }
        if errors.is_empty() {
            return Ok(users);
        }
        Err(errors + "WARNING: ACL errors detected, no change to the previously active ACL rules was performed")
    }

    /// Applies a line's rules. Gives Redis's sentences about those that are wrong: about each that names no command, since
    /// that is no secret, and about the first other one.
    fn apply_line(&self, user: &mut User, place: &str, words: &[&[u8]]) -> String {
        let Ok(rules) = join_selectors(words) else {
            return format!("{place}: Unmatched parenthesis in selector definition.");
        };
        let (mut errors, mut is_told) = (String::new(), false);
        for rule in rules {
            match user.apply(&self.commands, &rule) {
                Ok(()) => {}
                Err(error @ RuleError::Unknown) => {
                    let rule = String::from_utf8_lossy(&rule);
                    errors += &format!("{place}: Error in applying operation '{rule}': {}. ", error.text());
                }
                Err(error) if !is_told => {
                    is_told = true;
                    errors += &format!("{place}: {}. ", error.text());
                }
                Err(_) => {}
            }
        }
        errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::testing::{NOW, ask};
    use crate::engine::{FileTask, Output};
    use crate::{Config, SessionOptions};

    fn engine_with_file() -> Engine {
        let host = [("aclfile".into(), "users.acl".into())].into();
        Engine::new(Config { host, ..Config::default() }, 1)
    }

    #[test]
    fn what_was_saved_loads_as_the_same_users() {
        let mut engine = engine_with_file();
        let session = engine.open(NOW, SessionOptions::default());
        ask(&mut engine, session, "ACL SETUSER alice on >secret ~a:* &news +get (~b:* +set)");
        ask(&mut engine, session, "ACL SETUSER default >word");
        let text = engine.users_text();
        let mut other = engine_with_file();
        other.load_users(&[], "users.acl", text.as_bytes()).unwrap();
        assert_eq!(other.users_text(), text);
        other.load_users(&[], "users.acl", b"").unwrap();
        assert_eq!(other.users_text(), "user default on nopass ~* &* +@all\n");
        assert!(other.is_open());
        other.config_mut().password = Some(b"word".into());
        other.load_users(&[], "users.acl", b"").unwrap();
        assert!(!other.is_open());
    }

    #[test]
    fn sessions_of_changed_users_are_closed_and_others_stay() {
        let mut engine = engine_with_file();
        engine.load_users(&[], "users.acl", b"user a on nopass +@all ~*\nuser b on nopass +@all ~*").unwrap();
        let [a, b, asks] = [(); 3].map(|()| engine.open(NOW, SessionOptions::default()));
        ask(&mut engine, a, "AUTH a x");
        ask(&mut engine, b, "AUTH b x");
        assert_eq!(ask(&mut engine, asks, "ACL LOAD"), "");
        let awaited = engine.take_file_awaited(FileTask::LoadUsers);
        assert_eq!(awaited, [asks]);
        engine.load_users(&awaited, "users.acl", b"user a on nopass +get ~*\nuser b on nopass +@all ~*").unwrap();
        let outputs: Vec<_> = core::iter::from_fn(|| engine.poll_output()).collect();
        assert!(outputs.iter().any(|output| matches!(output, Output::Close(id) if *id == a)));
        assert!(!outputs.iter().any(|output| matches!(output, Output::Close(id) if *id == b)));
        assert!(outputs.iter().any(|output| {
            matches!(output, Output::Reply { session, bytes, .. } if *session == asks && bytes == b"+OK\r\n")
        }));
    }

    #[test]
    fn wrong_lines_are_named_and_change_nothing() {
        let mut engine = engine_with_file();
        let before = engine.users_text();
        let file = b"user a on\nfoo bar\nuser\nuser b +nosuch ~x\nuser a off\nuser c ~* ~a zzz\nuser d (~a +get\n\n";
        let error = engine.load_users(&[], "u", file).unwrap_err();
        assert_eq!(
            error,
            "u:2 should start with user keyword followed by the username. u:3 should start with user keyword followed by \
             the username. u:4: Error in applying operation '+nosuch': Unknown command or category name in ACL. WARNING: \
             Duplicate user 'a' found on line 5. u:6: Adding a pattern after the * pattern (or the 'allkeys' flag) is not \
             valid and does not have any effect. Try 'resetkeys' to start with an empty list of patterns. u:7: Unmatched \
             parenthesis in selector definition.WARNING: ACL errors detected, no change to the previously active ACL \
             rules was performed"
        );
        assert_eq!(engine.users_text(), before);
    }
}
