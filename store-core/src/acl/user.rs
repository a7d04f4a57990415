//! A user: whether it may log in, with which passwords, and what it may do then.

use super::selector::{RuleError, Selector, has_spaces};
use super::sha256::{hex, sha256};
use crate::commands::{CommandId, CommandTable};
use crate::spec::Command;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// What is in the way of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Denied {
    /// The command.
    Command,
    /// The key at this word.
    Key(usize),
    /// The channel at this word.
    Channel(usize),
}

/// A user.
#[derive(Clone, Debug)]
pub struct User {
    name: Vec<u8>,
    enabled: bool,
    /// Any password will do.
    no_password: bool,
    /// What was said about payloads of RESTORE, if anything. They are always checked.
    sanitizes: Option<bool>,
    /// Whether it may use all channels where its rules do not say otherwise.
    opens_channels: bool,
    /// The digests of its passwords, in hexadecimal.
    passwords: Vec<String>,
    /// The first is that of the rules outside of parentheses.
    root: Selector,
    others: Vec<Selector>,
}

impl User {
    /// A user who may not log in and may do nothing, but perhaps use all channels.
    pub(crate) fn new(name: &[u8], commands: &CommandTable, opens_channels: bool) -> Self {
        Self {
            name: name.to_vec(),
            enabled: false,
            no_password: false,
            sanitizes: None,
            opens_channels,
            passwords: Vec::new(),
            root: Selector::new(commands, opens_channels),
            others: Vec::new(),
        }
    }

    /// The same user, whose next selectors begin with all channels or none.
    #[must_use]
    pub fn with_opening_of_channels(&self, opens_channels: bool) -> Self {
        Self { opens_channels, ..self.clone() }
    }

    /// Whether a name can be a user's.
    pub fn is_name(name: &[u8]) -> bool {
        !has_spaces(name)
    }

    /// Its name.
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// The digests of its passwords, in hexadecimal.
    pub fn passwords(&self) -> &[String] {
        &self.passwords
    }

    /// Its rules outside of parentheses.
    pub const fn root(&self) -> &Selector {
        &self.root
    }

    /// Its rules in parentheses.
    pub fn selectors(&self) -> &[Selector] {
        &self.others
    }

    /// Whether it may do everything.
    pub const fn is_unrestricted(&self) -> bool {
        self.root.allows_all()
    }

    /// Whether it may log in at all.
    pub const fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// Whether any password lets it in.
    pub const fn has_no_password(&self) -> bool {
        self.no_password
    }

    /// Whether a session may belong to it without having logged in.
    pub const fn is_open(&self) -> bool {
        self.no_password && self.enabled
    }

    /// Whether the password lets it in. The time that this takes tells nothing of the password: digests are compared.
    pub fn accepts(&self, password: &[u8]) -> bool {
        let digest = hex(&sha256(password));
        self.enabled && (self.no_password || self.passwords.contains(&digest))
    }

    /// The same user with this password alone, or with none.
    #[must_use]
    pub fn with_password(&self, password: Option<&[u8]>) -> Self {
        let passwords: Vec<_> = password.iter().map(|password| hex(&sha256(password))).collect();
        Self { no_password: passwords.is_empty(), passwords, ..self.clone() }
    }

    /// Applies a rule. An empty one is none.
    ///
    /// # Errors
    /// What is wrong with the rule; then nothing was changed.
    pub(crate) fn apply(&mut self, commands: &CommandTable, rule: &[u8]) -> Result<(), RuleError> {
        match rule.to_ascii_lowercase().as_slice() {
            b"" => {}
            b"on" => self.enabled = true,
            b"off" => self.enabled = false,
            b"nopass" => {
                self.no_password = true;
                self.passwords.clear();
            }
            b"resetpass" => {
                self.no_password = false;
                self.passwords.clear();
            }
            b"sanitize-payload" => self.sanitizes = Some(true),
            b"skip-sanitize-payload" => self.sanitizes = Some(false),
            b"clearselectors" => self.others.clear(),
            b"reset" => *self = Self { sanitizes: Some(true), ..Self::new(&self.name, commands, self.opens_channels) },
            _ => return self.apply_part(commands, rule),
        }
        Ok(())
    }

    fn apply_part(&mut self, commands: &CommandTable, rule: &[u8]) -> Result<(), RuleError> {
        match rule {
            [b'>', password @ ..] => self.add_password(hex(&sha256(password))),
            [b'#', digest @ ..] => self.add_password(parse_digest(digest)?),
            [b'<', password @ ..] => return self.remove_password(&hex(&sha256(password))),
            [b'!', digest @ ..] => return self.remove_password(&parse_digest(digest)?),
            [b'(', rules @ .., b')'] => {
                let mut selector = Selector::new(commands, self.opens_channels);
                for rule in rules.split(u8::is_ascii_whitespace).filter(|rule| !rule.is_empty()) {
                    selector.apply(commands, rule)?;
                }
                self.others.push(selector);
            }
            rule => return self.root.apply(commands, rule),
        }
        Ok(())
    }

    fn add_password(&mut self, digest: String) {
        if !self.passwords.contains(&digest) {
            self.passwords.push(digest);
        }
        self.no_password = false;
    }

    fn remove_password(&mut self, digest: &str) -> Result<(), RuleError> {
        let at = self.passwords.iter().position(|known| known == digest).ok_or(RuleError::NoSuchPassword)?;
        self.passwords.remove(at);
        Ok(())
    }

    /// Whether a request of these words is allowed. What is in the way is told of the selector that comes closest.
    ///
    /// # Errors
    /// What is in the way.
    pub(crate) fn check(&self, id: CommandId, command: &Command, words: &[&[u8]]) -> Result<(), Denied> {
        let mut closest = Denied::Command;
        for selector in self.all_selectors() {
            match selector.check(id, command, words) {
                Ok(()) => return Ok(()),
                Err(denied) => closest = closest.max(denied),
            }
        }
        Err(closest)
    }

    /// Whether a request of these words may read any key beside those that it names.
    pub(crate) fn reads_all_keys(&self, id: CommandId, command: &Command, words: &[&[u8]]) -> bool {
        self.all_selectors().any(|selector| selector.reads_all_keys() && selector.check(id, command, words).is_ok())
    }

    /// Whether it may know what a key holds.
    pub fn may_read(&self, key: &[u8]) -> bool {
        self.all_selectors().any(|selector| selector.allows_key(key, true, false))
    }

    /// Whether it may listen to a channel or a pattern.
    pub fn may_listen(&self, channel: &[u8], is_pattern: bool) -> bool {
        self.all_selectors().any(|selector| selector.allows_channel(channel, is_pattern))
    }

    fn all_selectors(&self) -> impl Iterator<Item = &Selector> {
        core::iter::once(&self.root).chain(&self.others)
    }

    /// Its flags, as they are shown.
    pub fn flags(&self) -> Vec<&'static str> {
        let mut flags = vec![if self.enabled { "on" } else { "off" }];
        flags.extend(self.no_password.then_some("nopass"));
        flags.extend(self.sanitizes.map(|on| if on { "sanitize-payload" } else { "skip-sanitize-payload" }));
        flags
    }

    /// Its line in `ACL LIST`.
    pub fn text(&self) -> String {
        let mut text = format!("user {}", String::from_utf8_lossy(&self.name));
        self.flags().iter().for_each(|flag| text.extend([" ", flag]));
        self.passwords.iter().for_each(|digest| text.extend([" #", digest]));
        text.extend([" ", &self.root.text()]);
        self.others.iter().for_each(|selector| text.extend([" (", &selector.text(), ")"]));
        text
    }
}

fn parse_digest(text: &[u8]) -> Result<String, RuleError> {
    let is_digest = text.len() == 64 && text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if is_digest { Ok(String::from_utf8_lossy(text).into_owned()) } else { Err(RuleError::BadHash) }
}
