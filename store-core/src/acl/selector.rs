//! A selector: commands, and the keys and channels on which they may be used.

use super::absent::is_absent;
use super::user::Denied;
use crate::commands::{CommandId, CommandTable};
use crate::glob;
use crate::spec::{Access, Command, Flag};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

/// Why a rule is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleError {
    /// It is no rule.
    Syntax,
    /// It names a command or a category that does not exist.
    Unknown,
    /// A key pattern beside all keys.
    KeyBesideAll,
    /// A channel pattern beside all channels.
    ChannelBesideAll,
    /// What is given as a password's digest is none.
    BadHash,
    /// The password to be removed is not there.
    NoSuchPassword,
    /// A first argument of a subcommand.
    FirstArgOfSubcommand,
}

impl RuleError {
    /// Redis's text.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Syntax => "Syntax error",
            Self::Unknown => "Unknown command or category name in ACL",
            Self::KeyBesideAll => {
                "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. Try 'resetkeys' to start with an empty list of patterns"
            }
            Self::ChannelBesideAll => {
                "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any effect. Try 'resetchannels' to start with an empty list of channels"
            }
            Self::BadHash => {
                "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters"
            }
            Self::NoSuchPassword => "The password you are trying to remove from the user does not exist",
            Self::FirstArgOfSubcommand => "Allowing first-arg of a subcommand is not supported",
        }
    }
}

/// What may be done with the keys that a pattern matches.
#[derive(Clone, Debug, PartialEq, Eq)]
struct KeyPattern {
    pattern: Vec<u8>,
    read: bool,
    write: bool,
}

impl KeyPattern {
    fn text(&self) -> String {
        let pattern = String::from_utf8_lossy(&self.pattern);
        match (self.read, self.write) {
            (true, true) => format!("~{pattern}"),
            (true, false) => format!("%R~{pattern}"),
            _ => format!("%W~{pattern}"),
        }
    }
}

/// Commands, keys and channels.
#[derive(Clone, Debug)]
pub struct Selector {
    /// A bit for each command.
    commands: Vec<u64>,
    /// No command was ever taken away.
    all_commands: bool,
    /// What comes before the rules: everything, or nothing.
    begins_with_all: bool,
    /// The rules since then, as they are shown.
    rules: Vec<String>,
    /// Commands that are allowed with certain first arguments only.
    first_args: Vec<(CommandId, Vec<u8>)>,
    all_keys: bool,
    keys: Vec<KeyPattern>,
    all_channels: bool,
    channels: Vec<Vec<u8>>,
}

impl Selector {
    /// Nothing at all, but perhaps all channels.
    pub(super) fn new(commands: &CommandTable, all_channels: bool) -> Self {
        Self {
            commands: vec![0; commands.len().div_ceil(64)],
            all_commands: false,
            begins_with_all: false,
            rules: Vec::new(),
            first_args: Vec::new(),
            all_keys: false,
            keys: Vec::new(),
            all_channels,
            channels: Vec::new(),
        }
    }

    /// Whether everything is allowed.
    pub(super) const fn allows_all(&self) -> bool {
        self.all_commands && self.all_keys && self.all_channels
    }

    /// Applies a rule about commands, keys or channels.
    pub(super) fn apply(&mut self, commands: &CommandTable, rule: &[u8]) -> Result<(), RuleError> {
        match rule.to_ascii_lowercase().as_slice() {
            b"allkeys" | b"~*" => self.set_keys(true),
            b"resetkeys" => self.set_keys(false),
            b"allchannels" | b"&*" => self.set_channels(true),
            b"resetchannels" => self.set_channels(false),
            b"allcommands" | b"+@all" => self.set_commands(true),
            b"nocommands" | b"-@all" => self.set_commands(false),
            _ => return self.apply_part(commands, rule),
        }
        Ok(())
    }

    fn apply_part(&mut self, commands: &CommandTable, rule: &[u8]) -> Result<(), RuleError> {
        match rule {
            [b'~' | b'%', ..] => self.add_key(rule),
            [b'&', channel @ ..] => self.add_channel(channel),
            [sign @ (b'+' | b'-'), b'@', ..] => self.set_category(commands, *sign == b'+', &rule[1..]),
            [sign @ (b'+' | b'-'), name @ ..] if is_absent(name) => {
                self.note_rule(*sign == b'+', &lowercase(name));
                Ok(())
            }
            [b'+', name @ ..] if name.contains(&b'|') => self.allow_part_of_command(commands, name),
            [sign @ (b'+' | b'-'), name @ ..] => {
                let id = commands.id_of(name).ok_or(RuleError::Unknown)?;
                self.set_command(commands, id, *sign == b'+');
                self.note_rule(*sign == b'+', &commands.get(id).full_name());
                Ok(())
            }
            _ => Err(RuleError::Syntax),
        }
    }

    fn set_keys(&mut self, all: bool) {
        self.all_keys = all;
        self.keys.clear();
    }

    fn set_channels(&mut self, all: bool) {
        self.all_channels = all;
        self.channels.clear();
    }

    fn set_commands(&mut self, all: bool) {
        self.commands.fill(if all { u64::MAX } else { 0 });
        (self.all_commands, self.begins_with_all) = (all, all);
        self.rules.clear();
        self.first_args.clear();
    }

    /// `~pattern`, `%R~pattern`, `%W~pattern`, `%RW~pattern`.
    fn add_key(&mut self, rule: &[u8]) -> Result<(), RuleError> {
        if self.all_keys {
            return Err(RuleError::KeyBesideAll);
        }
        let at = rule.iter().position(|byte| *byte == b'~').ok_or(RuleError::Syntax)?;
        let (permissions, pattern) = (rule[..at].to_ascii_uppercase(), rule[at + 1..].to_vec());
        let (read, write) = match permissions.as_slice() {
            b"" | b"%RW" | b"%WR" => (true, true),
            b"%R" => (true, false),
            b"%W" => (false, true),
            _ => return Err(RuleError::Syntax),
        };
        if has_spaces(&pattern) {
            return Err(RuleError::Syntax);
        }
        match self.keys.iter_mut().find(|known| known.pattern == pattern) {
            Some(known) => (known.read, known.write) = (known.read | read, known.write | write),
            None => self.keys.push(KeyPattern { pattern, read, write }),
        }
        Ok(())
    }

    fn add_channel(&mut self, channel: &[u8]) -> Result<(), RuleError> {
        if self.all_channels {
            return Err(RuleError::ChannelBesideAll);
        }
        if has_spaces(channel) {
            return Err(RuleError::Syntax);
        }
        if !self.channels.iter().any(|known| known == channel) {
            self.channels.push(channel.to_vec());
        }
        Ok(())
    }

    /// `@category`, on or off.
    fn set_category(&mut self, commands: &CommandTable, allow: bool, category: &[u8]) -> Result<(), RuleError> {
        let wanted = lowercase(&category[1..]);
        if !crate::spec::CATEGORIES.contains(&wanted.as_str()) {
            return Err(RuleError::Unknown);
        }
        self.note_rule(allow, &format!("@{wanted}"));
        let members = commands.ids().filter(|(_, command)| command.categories().contains(&wanted.as_str()));
        members.for_each(|(id, _)| self.set_command(commands, id, allow));
        Ok(())
    }

    /// `container|subcommand`, or `command|first-argument` of a command without subcommands.
    fn allow_part_of_command(&mut self, commands: &CommandTable, name: &[u8]) -> Result<(), RuleError> {
        let at = name.iter().rposition(|byte| *byte == b'|').ok_or(RuleError::Syntax)?;
        let (of, part) = (&name[..at], &name[at + 1..]);
        let id = commands.id_of(of).ok_or(RuleError::Unknown)?;
        if commands.get(id).container().is_some() {
            return Err(RuleError::FirstArgOfSubcommand);
        }
        if part.is_empty() {
            return Err(RuleError::Syntax);
        }
        if commands.subcommands(id).next().is_some() {
            let id = commands.id_of(name).ok_or(RuleError::Unknown)?;
            self.set_command(commands, id, true);
        } else {
            if !self.allows_first_arg(id, part) {
                self.first_args.push((id, part.to_vec()));
            }
        }
        self.note_rule(true, &lowercase(name));
        Ok(())
    }

    /// Allows a command with all its subcommands, or forbids it.
    fn set_command(&mut self, commands: &CommandTable, id: CommandId, allow: bool) {
        self.set_bit(id, allow);
        self.first_args.retain(|(of, _)| *of != id);
        for subcommand in commands.subcommands(id) {
            self.set_bit(subcommand, allow);
        }
        self.all_commands &= allow;
    }

    fn set_bit(&mut self, id: CommandId, allow: bool) {
        let (word, bit) = (id.index() / 64, 1 << (id.index() % 64));
        if let Some(word) = self.commands.get_mut(word) {
            *word = if allow { *word | bit } else { *word & !bit };
        }
    }

    fn has_bit(&self, id: CommandId) -> bool {
        self.commands.get(id.index() / 64).is_some_and(|word| word & (1 << (id.index() % 64)) != 0)
    }

    /// Adds a rule to those that are shown, in the place of older ones about the same commands.
    fn note_rule(&mut self, allow: bool, about: &str) {
        let is_covered = |rule: &String| {
            rule.get(1..)
                .is_some_and(|old| old.strip_prefix(about).is_some_and(|rest| rest.is_empty() || rest.starts_with('|')))
        };
        self.rules.retain(|rule| !is_covered(rule));
        self.rules.push(format!("{}{about}", if allow { '+' } else { '-' }));
    }

    /// Whether a request of these words is allowed, and if not, what is in the way.
    pub(super) fn check(&self, id: CommandId, command: &Command, words: &[&[u8]]) -> Result<(), Denied> {
        let allowed = self.all_commands || command.has(Flag::NoAuth) || self.has_bit(id);
        if !allowed && !words.get(1).is_some_and(|word| self.allows_first_arg(id, word)) {
            return Err(Denied::Command);
        }
        if !self.all_keys {
            self.check_keys(command, words)?;
        }
        if self.all_channels { Ok(()) } else { self.check_channels(command, words) }
    }

    fn allows_first_arg(&self, id: CommandId, word: &[u8]) -> bool {
        self.first_args.iter().any(|(of, arg)| *of == id && arg.eq_ignore_ascii_case(word))
    }

    fn check_keys(&self, command: &Command, words: &[&[u8]]) -> Result<(), Denied> {
        for (at, spec) in command.keys_in(words).unwrap_or_default() {
            let access = command.access_in(spec, words);
            if access.contains(Access::NOT_KEY) {
                continue;
            }
            let reads = access.contains(Access::ACCESS);
            let writes = [Access::INSERT, Access::DELETE, Access::UPDATE].iter().any(|write| access.contains(*write));
            if !words.get(at).is_some_and(|key| self.allows_key(key, reads, writes)) {
                return Err(Denied::Key(at));
            }
        }
        Ok(())
    }

    /// Whether a key may be read and written, or, if neither is asked for, looked at.
    pub(super) fn allows_key(&self, key: &[u8], reads: bool, writes: bool) -> bool {
        let suffices = |known: &KeyPattern| (known.read || !reads) && (known.write || !writes);
        self.all_keys || self.keys.iter().any(|known| suffices(known) && glob::matches(&known.pattern, key))
    }

    /// Whether every key may be read, by a rule for all.
    pub(super) fn reads_all_keys(&self) -> bool {
        self.all_keys || self.keys.iter().any(|known| known.read && known.pattern == b"*")
    }

    fn check_channels(&self, command: &Command, words: &[&[u8]]) -> Result<(), Denied> {
        let (places, is_pattern) = match command.name {
            "SUBSCRIBE" | "SSUBSCRIBE" => (1..words.len(), false),
            "PSUBSCRIBE" => (1..words.len(), true),
            "PUBLISH" | "SPUBLISH" => (1..2, false),
            _ => return Ok(()),
        };
        for at in places {
            if !words.get(at).is_some_and(|channel| self.allows_channel(channel, is_pattern)) {
                return Err(Denied::Channel(at));
            }
        }
        Ok(())
    }

    /// Whether a channel may be used. A pattern only if it is one of the selector's own, letter by letter.
    pub(super) fn allows_channel(&self, channel: &[u8], is_pattern: bool) -> bool {
        let matches = |known: &Vec<u8>| if is_pattern { known == channel } else { glob::matches(known, channel) };
        self.all_channels || self.channels.iter().any(matches)
    }

    /// The rules about commands, as they are shown.
    pub fn commands_text(&self) -> String {
        let mut text = String::from(if self.begins_with_all { "+@all" } else { "-@all" });
        self.rules.iter().for_each(|rule| text.extend([" ", rule]));
        text
    }

    /// The rules about keys, as they are shown.
    pub fn keys_text(&self) -> String {
        if self.all_keys {
            return "~*".to_string();
        }
        self.keys.iter().map(KeyPattern::text).collect::<Vec<_>>().join(" ")
    }

    /// The rules about channels, as they are shown.
    pub fn channels_text(&self) -> String {
        if self.all_channels {
            return "&*".to_string();
        }
        let text = |channel: &Vec<u8>| format!("&{}", String::from_utf8_lossy(channel));
        self.channels.iter().map(text).collect::<Vec<_>>().join(" ")
    }

    /// All rules, as they stand in a line of `ACL LIST`.
    pub fn text(&self) -> String {
        let channels = match (self.all_channels, self.channels_text()) {
            (true, all) => all,
            (false, none) if none.is_empty() => "resetchannels".to_string(),
            (false, some) => format!("resetchannels {some}"),
        };
        let parts = [self.keys_text(), channels, self.commands_text()];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

/// Whether a text could not stand in a line of rules.
pub(super) fn has_spaces(text: &[u8]) -> bool {
    text.iter().any(|byte| byte.is_ascii_whitespace() || *byte == 0 || *byte == 0x0b)
}

/// The name of a command or a category, as it is shown.
fn lowercase(name: &[u8]) -> String {
    String::from_utf8_lossy(name).to_ascii_lowercase()
}
