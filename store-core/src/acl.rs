//! Access control: users, what each may do, and what was denied.
//!
//! A [`User`] has passwords and [`Selector`]s; a selector is a set of commands together with the keys and channels on
//! which they may be used, and a request is allowed when one of the user's selectors allows all of it. Sessions share
//! the user that they belong to; a change makes a new one and hands it to them, so that a request needs one look at one
//! flag when its user may do everything.
//!
//! This module knows users and rules; sessions and connections are the engine's.

mod absent;
mod log;
mod selector;
mod sha256;
mod token;
mod user;

pub use log::{AclLog, Context, LogEntry, Subject};
pub use selector::{RuleError, Selector};
pub use sha256::{hex, sha256};
pub use token::is_user_token;
pub use user::{Denied, User};

use crate::commands::CommandTable;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

/// The name of the user that sessions belong to until they say otherwise.
pub const DEFAULT_USER: &[u8] = b"default";
/// The name of the user that a session belongs to when its token allows reading only.
const READ_ONLY_USER: &[u8] = b"read-only";

/// The users by name, and the log of what was denied.
#[derive(Debug)]
pub struct Acl {
    /// In order of their names.
    users: Vec<Arc<User>>,
    /// Not among the users: it comes with a token, and cannot be changed.
    read_only: Arc<User>,
    /// Nor is this one, who repeats what the store's own log says.
    unrestricted: Arc<User>,
    /// Whether a user may not do everything.
    is_restricting: bool,
    /// Whether there has been a guest who may not.
    is_restricting_guests: bool,
    /// What was denied.
    pub log: AclLog,
}

impl Acl {
    /// The default user, who may do everything, with this password or none.
    pub(crate) fn new(commands: &CommandTable, password: Option<&[u8]>) -> Self {
        let user = |name: &[u8], rules: &[&[u8]]| {
            let mut user = User::new(name, commands, false);
            for rule in rules {
                let applied = user.apply(commands, rule);
                assert_eq!(applied, Ok(()), "the built-in rules are right");
            }
            Arc::new(user)
        };
        let unrestricted = user(DEFAULT_USER, &[b"on", b"nopass", b"+@all", b"~*", b"&*"]);
        let read_only = user(READ_ONLY_USER, &[b"on", b"+@all", b"-@write", b"-@admin", b"~*", b"&*"]);
        let users = vec![unrestricted.clone()];
        let mut acl = Self {
            users,
            read_only,
            unrestricted,
            is_restricting: false,
            is_restricting_guests: false,
            log: AclLog::default(),
        };
        acl.put(acl.default_user().with_password(password));
        acl
    }

    /// The default user.
    pub fn default_user(&self) -> &Arc<User> {
        match self.user(DEFAULT_USER) {
            Some(user) => user,
            None => unreachable!("the default user cannot be removed"),
        }
    }

    /// The user of read-only tokens.
    pub const fn read_only_user(&self) -> &Arc<User> {
        &self.read_only
    }

    /// A user who may do everything, whatever becomes of the others.
    pub const fn unrestricted_user(&self) -> &Arc<User> {
        &self.unrestricted
    }

    /// The user of this name.
    pub fn user(&self, name: &[u8]) -> Option<&Arc<User>> {
        self.users.get(self.place(name).ok()?)
    }

    /// The users in order of their names.
    pub fn users(&self) -> impl Iterator<Item = &Arc<User>> {
        self.users.iter()
    }

    /// Whether some user may not do everything.
    pub const fn is_restricting(&self) -> bool {
        self.is_restricting || self.is_restricting_guests
    }

    /// A user with these rules who is not among the users: the host knows who it is, and gives it to sessions.
    pub(crate) fn make_guest(
        &mut self,
        commands: &CommandTable,
        name: &[u8],
        rules: &[&[u8]],
    ) -> Result<Arc<User>, RuleError> {
        let mut user = User::new(name, commands, false);
        for rule in [&[b"on".as_slice()], rules].concat() {
            user.apply(commands, rule)?;
        }
        self.is_restricting_guests |= !user.is_unrestricted();
        Ok(Arc::new(user))
    }

    /// Adds a user, in the place of the one of the same name.
    pub fn put(&mut self, user: User) -> Arc<User> {
        let user = Arc::new(user);
        match self.place(user.name()) {
            Ok(at) => self.users[at] = user.clone(),
            Err(at) => self.users.insert(at, user.clone()),
        }
        self.is_restricting = self.users.iter().any(|user| !user.is_unrestricted());
        user
    }

    /// Removes a user. False when there is none of this name.
    pub fn remove(&mut self, name: &[u8]) -> bool {
        self.place(name).map(|at| self.users.remove(at)).is_ok()
    }

    /// The user of this name, if the password is right.
    pub fn authenticate(&self, name: &[u8], password: &[u8]) -> Option<&Arc<User>> {
        self.user(name).filter(|user| user.accepts(password))
    }

    /// A bearer token for a user, if the password is right.
    pub(crate) fn make_token(&self, secret: &[u8; 32], name: &[u8], password: &[u8]) -> Option<String> {
        self.authenticate(name, password).map(|user| token::for_password(secret, user, password))
    }

    /// The user whose token this is.
    pub(crate) fn user_of_token(&self, secret: &[u8; 32], token: &str) -> Option<&Arc<User>> {
        let user = self.user(&token::name_in(token)?)?;
        token::belongs_to(secret, token, user).then_some(user)
    }

    /// Where the user of a name stands, or would.
    fn place(&self, name: &[u8]) -> Result<usize, usize> {
        self.users.binary_search_by(|user| user.name().cmp(name))
    }
}

/// The rules, with those in one pair of parentheses joined to one.
///
/// # Errors
/// The word that opens a pair of parentheses that is not closed.
pub(crate) fn join_selectors<'a>(words: &[&'a [u8]]) -> Result<Vec<Vec<u8>>, &'a [u8]> {
    let mut rules: Vec<Vec<u8>> = Vec::new();
    let mut open: Option<(&[u8], Vec<u8>)> = None;
    for word in words {
        let (first, rule) = match open.take() {
            Some((first, rule)) => (first, [&rule, &b" "[..], word].concat()),
            None => (*word, word.to_vec()),
        };
        if rule.starts_with(b"(") && !rule.ends_with(b")") {
            open = Some((first, rule));
        } else {
            rules.push(rule);
        }
    }
    open.map_or(Ok(rules), |(first, _)| Err(first))
}
