//! Sessions and their users: logging in, refusing what is not allowed, and what a change of a user means for the
//! sessions that belong to it.

use super::{Engine, SessionId, SessionOptions, Topic};
use crate::acl::{Context, Denied, LogEntry, RuleError, Subject, User};
use crate::clock::Millis;
use crate::commands::{CommandId, client_line};
use crate::error::{Detail, Error};
use crate::spec::Command;
use crate::values::bytes::SmallBytes;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// Why a request is not admitted.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Whoever asks.
    Always(Error),
    /// Its user may not do it.
    Denied(CommandId, Denied),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Always(error)
    }
}

/// Refuses an option that leads to other keys than the request names, unless the user may read all keys.
pub(super) fn check_option(user: &User, id: CommandId, command: &Command, words: &[&[u8]]) -> Result<(), Error> {
    match command.option_with_pattern(words) {
        Some(option) if !user.reads_all_keys(id, command, words) => Err(Detail::OptionDenied { option }.into()),
        _ => Ok(()),
    }
}

impl Engine {
    /// Lets a session belong to a user, if the password is right. A wrong one stands in the log.
    pub(crate) fn authenticate(
        &mut self,
        now: Millis,
        id: SessionId,
        (name, password): (&[u8], &[u8]),
        command: &[u8],
    ) -> Result<(), Error> {
        let Some(user) = self.acl.authenticate(name, password).cloned() else {
            self.log_denial(now, id, (Subject::Auth, command), name, self.context_of(id));
            return Err(Error::WrongPassword);
        };
        let session = self.sessions.get_mut(id);
        session.user = user;
        session.authenticated = true;
        Ok(())
    }

    /// The user that a new session with these options belongs to, and whether it need not log in.
    pub(crate) fn user_of_new_session(&self, options: &SessionOptions) -> (Arc<User>, bool) {
        if let Some(guest) = &options.guest {
            return (guest.clone(), true);
        }
        if let Some(name) = &options.user {
            let user = self.acl.user(name).filter(|user| user.is_enabled()).cloned();
            // One that has gone since its token was looked at may do nothing.
            return (user.unwrap_or_else(|| Arc::new(User::new(name, &self.commands, false))), true);
        }
        let user = if options.read_only { self.acl.read_only_user() } else { self.acl.default_user() };
        (user.clone(), options.authenticated || user.is_open())
    }

    /// The user whose bearer token this is, as `ACL RESTTOKEN` makes them. It may not be allowed to log in.
    pub fn user_of_token(&self, token: &str) -> Option<&User> {
        self.acl.user_of_token(&self.config.secret, token).map(|user| &**user)
    }

    /// A user with these rules who is in no list and in no file, for sessions of a client that the host knows by other means:
    /// [`SessionOptions::guest`].
    ///
    /// # Errors
    /// What is wrong with a rule, in Redis's words.
    pub fn make_guest(&mut self, name: &[u8], rules: &[&[u8]]) -> Result<Arc<User>, &'static str> {
        self.acl.make_guest(&self.commands, name, rules).map_err(RuleError::text)
    }

    /// Adds or changes a user. Sessions that belong to it are bound by the change at once; those that listen to what it
    /// may not listen to any more are closed.
    pub(crate) fn set_user(&mut self, by: SessionId, user: User) {
        let before = self.acl.user(user.name()).cloned();
        let after = self.acl.put(user);
        let Some(before) = before else { return };
        for session in self.sessions_of(&before) {
            let listens = Topic::ALL.into_iter().flat_map(|topic| {
                let names = self.pubsub.names(session, topic);
                names.into_iter().map(move |name| (name, topic == Topic::Pattern)).collect::<Vec<_>>()
            });
            let is_revoked = listens.into_iter().any(|(name, is_pattern)| !after.may_listen(&name, is_pattern));
            self.sessions.get_mut(session).user = after.clone();
            if is_revoked {
                self.dismiss(by, session);
            }
        }
    }

    /// Removes a user, and closes the sessions that belong to it. False when there is no such user.
    pub(crate) fn remove_user(&mut self, by: SessionId, name: &[u8]) -> bool {
        let Some(user) = self.acl.user(name).cloned() else { return false };
        self.acl.remove(name);
        for id in self.sessions_of(&user) {
            let default = self.acl.default_user().clone();
            let session = self.sessions.get_mut(id);
            session.user = default;
            session.authenticated = false;
            self.dismiss(by, id);
        }
        true
    }

    /// Ends a session: the one that asks for it once it has been answered.
    pub(crate) fn dismiss(&mut self, by: SessionId, session: SessionId) {
        if session == by {
            self.sessions.get_mut(session).closing = true;
        } else {
            self.end_session(session);
        }
    }

    fn sessions_of(&self, user: &Arc<User>) -> Vec<SessionId> {
        let all = self.sessions.in_order().into_iter();
        all.filter(|session| Arc::ptr_eq(&session.user, user) && !session.closing).map(|session| session.id).collect()
    }

    /// The user whose permissions hide keys from a session; none where all keys are shown.
    pub(super) fn viewer(&self, id: SessionId) -> Option<&User> {
        if !self.acl.is_restricting() {
            return None;
        }
        let user = self.sessions.find(id).map(|session| &*session.user);
        user.filter(|user| self.config.acl_hide_keys && !user.is_unrestricted())
    }

    /// Whether a session may learn that there is a key.
    pub(super) fn may_see(&self, id: SessionId, key: &SmallBytes) -> bool {
        self.viewer(id).is_none_or(|user| user.may_read(key))
    }

    /// The error for a refused request. What was denied to a user stands in the log.
    pub(super) fn explain(&mut self, now: Millis, id: SessionId, words: &[&[u8]], refusal: Refusal) -> Error {
        let (command, denied) = match refusal {
            Refusal::Always(error) => return error,
            Refusal::Denied(command, denied) => (command, denied),
        };
        self.log_denied(now, id, command, words, denied, self.context_of(id));
        let user = String::from_utf8_lossy(self.sessions.get(id).user.name()).into_owned();
        match denied {
            Denied::Command => Detail::NoPermission { user, command: self.commands.get(command).full_name() }.into(),
            Denied::Key(_) => Error::KeyDenied,
            Denied::Channel(_) => Error::ChannelDenied,
        }
    }

    /// Looks again whether a queued request is allowed: its user may have changed since.
    ///
    /// # Errors
    /// What is in the way now.
    pub(crate) fn recheck(
        &mut self,
        now: Millis,
        id: SessionId,
        command: CommandId,
        words: &[&[u8]],
    ) -> Result<(), Error> {
        let Some(denied) = self.denied_to(id, command, words) else {
            return check_option(&self.sessions.get(id).user, command, self.commands.get(command), words);
        };
        self.log_denied(now, id, command, words, denied, Context::Multi);
        Err(Detail::DeniedSince {
            reason: match denied {
                Denied::Command => "no permission to execute the command or subcommand",
                Denied::Key(_) => "no permission to touch the specified keys",
                Denied::Channel(_) => "no permission to access one of the channels used as arguments",
            },
        }
        .into())
    }

    /// What of a request its session's user may not do.
    pub(crate) fn denied_to(&self, id: SessionId, command: CommandId, words: &[&[u8]]) -> Option<Denied> {
        let user = &self.sessions.get(id).user;
        if user.is_unrestricted() {
            return None;
        }
        user.check(command, self.commands.get(command), words).err()
    }

    pub(crate) fn log_denied(
        &mut self,
        now: Millis,
        id: SessionId,
        command: CommandId,
        words: &[&[u8]],
        denied: Denied,
        context: Context,
    ) {
        let word = |at: usize| words.get(at).copied().unwrap_or_default().to_vec();
        let (subject, object) = match denied {
            Denied::Command => (Subject::Command, self.commands.get(command).full_name().into_bytes()),
            Denied::Key(at) => (Subject::Key, word(at)),
            Denied::Channel(at) => (Subject::Channel, word(at)),
        };
        let user = self.sessions.get(id).user.clone();
        self.log_denial(now, id, (subject, &object), user.name(), context);
    }

    /// Where a session's requests run.
    pub(crate) fn context_of(&self, id: SessionId) -> Context {
        match self.sessions.get(id).transaction {
            _ if self.is_in_script() => Context::Lua,
            Some(_) => Context::Multi,
            None => Context::TopLevel,
        }
    }

    fn log_denial(
        &mut self,
        now: Millis,
        id: SessionId,
        (subject, object): (Subject, &[u8]),
        user: &[u8],
        context: Context,
    ) {
        if let Some(count) = self.stats.access_denied.get_mut(subject as usize) {
            *count += 1;
        }
        let session = self.sessions.get(id);
        let entry = LogEntry {
            count: 1,
            subject,
            context,
            object: object.to_vec(),
            user: user.to_vec(),
            client: client_line(self, now, session),
            id: 0,
            created: now,
            updated: now,
        };
        let len_max = self.config.acllog_max_len;
        self.acl.log.add(now, entry, len_max);
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::Output;
    use crate::engine::testing::{NOW, ask};
    use crate::{Config, Engine, Protocol, SessionId, SessionOptions};
    use alloc::string::String;
    use alloc::vec::Vec;

    fn pushed_to(engine: &mut Engine, to: SessionId) -> Vec<String> {
        let outputs = core::iter::from_fn(|| engine.poll_output());
        let push = |output| match output {
            Output::Push { session, bytes, .. } if session == to => Some(String::from_utf8_lossy(&bytes).into_owned()),
            _ => None,
        };
        outputs.filter_map(push).collect()
    }

    #[test]
    fn a_guest_may_do_what_its_rules_say_and_is_in_no_list() {
        let mut engine = Engine::new(Config::default(), 1);
        let admin = engine.open(NOW, SessionOptions::default());
        ask(&mut engine, admin, "MSET a:1 x b:1 y");
        let guest = engine.make_guest(b"jwt:ada", &[b"~a:*", b"+@all", b"-@admin"]).unwrap();
        let session = engine.open(NOW, SessionOptions { guest: Some(guest), ..SessionOptions::default() });
        assert_eq!(ask(&mut engine, session, "GET a:1"), "$1\r\nx\r\n");
        assert!(ask(&mut engine, session, "GET b:1").starts_with("-NOPERM"));
        assert!(ask(&mut engine, session, "CONFIG GET *").starts_with("-NOPERM"));
        assert_eq!(ask(&mut engine, session, "KEYS *"), "*1\r\n$3\r\na:1\r\n");
        assert_eq!(ask(&mut engine, session, "ACL WHOAMI"), "$7\r\njwt:ada\r\n");
        assert!(!ask(&mut engine, admin, "ACL LIST").contains("ada") && !engine.users_text().contains("ada"));
        assert!(engine.make_guest(b"x", &[b"+nosuch"]).is_err());
    }

    #[test]
    fn a_read_only_token_neither_writes_nor_administers() {
        let mut engine = Engine::new(Config::default(), 1);
        let options = SessionOptions { read_only: true, ..SessionOptions::default() };
        let session = engine.open(NOW, options);
        for line in ["SET k v", "BLPOP l 0", "CONFIG GET maxmemory", "FLUSHALL", "SHUTDOWN"] {
            assert!(ask(&mut engine, session, line).starts_with("-NOPERM User read-only has no"), "{line}");
        }
        assert_eq!(ask(&mut engine, session, "GET k"), "$-1\r\n");
        assert_eq!(ask(&mut engine, session, "ACL WHOAMI"), "$9\r\nread-only\r\n");
        assert_eq!(ask(&mut engine, session, "RESET"), "+RESET\r\n");
        assert!(ask(&mut engine, session, "SET k v").starts_with("-NOPERM"));
    }

    #[test]
    fn the_log_tells_that_it_was_in_a_transaction() {
        let mut engine = Engine::new(Config::default(), 1);
        let [own, other] = [1, 2].map(|_| engine.open(NOW, SessionOptions::default()));
        ask(&mut engine, own, "ACL SETUSER u on nopass ~* +@all");
        for line in ["AUTH u x", "MULTI", "INCR n"] {
            ask(&mut engine, other, line);
        }
        ask(&mut engine, own, "ACL SETUSER u -incr");
        assert!(ask(&mut engine, other, "EXEC").starts_with("*1\r\n-NOPERM ACLs rules changed"));
        assert!(ask(&mut engine, own, "ACL LOG").contains("context\r\n$5\r\nmulti\r\n"));
    }

    #[test]
    fn events_and_broadcasts_tell_only_of_keys_that_the_user_may_read() {
        for (config, all) in [("yes", 1), ("no", 2)] {
            let mut engine = Engine::new(Config::default(), 1);
            let own = engine.open(NOW, SessionOptions::default());
            let options = SessionOptions { protocol: Protocol::Resp3, ..SessionOptions::default() };
            let [listener, tracker] = [options.clone(), options].map(|options| engine.open(NOW, options));
            ask(&mut engine, own, "ACL SETUSER u on nopass +@all &* ~mine* %W~hidden");
            ask(&mut engine, own, &alloc::format!("CONFIG SET notify-keyspace-events E$ acl-hide-keys {config}"));
            for session in [listener, tracker] {
                assert_eq!(ask(&mut engine, session, "AUTH u x"), "+OK\r\n");
            }
            ask(&mut engine, listener, "PSUBSCRIBE *");
            ask(&mut engine, tracker, "CLIENT TRACKING ON BCAST");
            for session in [listener, tracker] {
                for key in ["mine", "hidden"] {
                    ask(&mut engine, own, &alloc::format!("SET {key} v"));
                }
                assert_eq!(pushed_to(&mut engine, session).len(), all, "{config}");
            }
        }
    }

    #[test]
    fn a_log_is_replayed_whatever_the_default_user_may_do() {
        let mut engine = Engine::new(Config::default(), 1);
        let own = engine.open(NOW, SessionOptions::default());
        ask(&mut engine, own, "ACL SETUSER default off -@all resetkeys");
        assert!(ask(&mut engine, own, "SET k v").starts_with("-NOPERM"));
        let effects = b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n";
        assert_eq!(engine.replay(effects), Ok(effects.len()));
    }
}
