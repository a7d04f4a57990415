//! What follows from a declaration: arity, keys, flags and ACL categories.

use super::{Access, Arg, ArgKind, Command, Flag, Group, KeyFind, KeySpec, KeyStart, Run};
use crate::error::Error;
use crate::number;
use alloc::string::String;
use alloc::vec::Vec;

/// The flags in Redis's order of `COMMAND INFO`, with their names.
const FLAG_NAMES: [(Flag, &str); 19] = [
    (Flag::Write, "write"),
    (Flag::ReadOnly, "readonly"),
    (Flag::DenyOom, "denyoom"),
    (Flag::Admin, "admin"),
    (Flag::PubSub, "pubsub"),
    (Flag::NoScript, "noscript"),
    (Flag::Blocking, "blocking"),
    (Flag::Loading, "loading"),
    (Flag::Stale, "stale"),
    (Flag::SkipMonitor, "skip_monitor"),
    (Flag::SkipSlowlog, "skip_slowlog"),
    (Flag::Asking, "asking"),
    (Flag::Fast, "fast"),
    (Flag::NoAuth, "no_auth"),
    (Flag::MayReplicate, "may_replicate"),
    (Flag::NoAsyncLoading, "no_async_loading"),
    (Flag::NoMulti, "no_multi"),
    (Flag::NoMandatoryKeys, "no_mandatory_keys"),
    (Flag::AllowBusy, "allow_busy"),
];

/// The ACL categories in Redis's order.
pub(crate) const CATEGORIES: [&str; 21] = [
    "keyspace",
    "read",
    "write",
    "set",
    "sortedset",
    "list",
    "hash",
    "string",
    "bitmap",
    "hyperloglog",
    "geo",
    "stream",
    "pubsub",
    "admin",
    "fast",
    "slow",
    "blocking",
    "dangerous",
    "connection",
    "transaction",
    "scripting",
];

impl Command {
    /// Whether it has a property, declared or given by the handler's kind.
    pub const fn has(&self, flag: Flag) -> bool {
        let by_kind = matches!(
            (flag, self.run),
            (Flag::ReadOnly, Run::Read(_) | Run::BlockingRead(_))
                | (Flag::Write, Run::Write(_))
                | (Flag::Write | Flag::Blocking, Run::Blocking(_))
                | (Flag::Blocking, Run::BlockingRead(_))
        );
        by_kind || self.flags & flag as u32 != 0
    }

    /// The name as clients see it in `COMMAND INFO`: lower case, `config|set` for a subcommand.
    pub fn full_name(&self) -> String {
        self.name.to_ascii_lowercase().replace(' ', "|")
    }

    /// The container's name, if this is a subcommand.
    pub fn container(&self) -> Option<&'static str> {
        self.name.split_once(' ').map(|(container, _)| container)
    }

    /// How many words the name has.
    pub const fn name_words(&self) -> usize {
        self.name_words as usize
    }

    /// The number of words that a request has, the name included; negative for "at least".
    pub const fn arity(&self) -> i16 {
        if let Some(arity) = self.arity {
            return arity;
        }
        if matches!(self.run, Run::Container) {
            return -2;
        }
        let (least, open) = words_of(self.syntax);
        let words = (least + self.name_words()) as i16;
        if open { -words } else { words }
    }

    /// Where its keys stand.
    pub(crate) const fn key_specs(&self) -> KeySpecs {
        match self.keys {
            Some(keys) => KeySpecs::of(keys),
            None => keys_of(self.syntax, self.name_words()),
        }
    }

    /// Whether the keys' places depend on the arguments.
    pub fn has_movable_keys(&self) -> bool {
        self.key_specs()
            .as_slice()
            .iter()
            .any(|spec| !matches!((spec.start, spec.find), (KeyStart::Index(_), KeyFind::Range { limit: 0 | 1, .. })))
    }

    /// First key, last key and step, as older clients know them: zeros when they cannot be told so.
    pub fn legacy_keys(&self) -> (i16, i16, i16) {
        if let Some(keys) = self.legacy_keys {
            return keys;
        }
        let mut result = (0, 0, 0);
        for spec in self.key_specs().as_slice().iter().copied() {
            let (KeyStart::Index(index), KeyFind::Range { last, step, limit: 0 | 1 }) = (spec.start, spec.find) else {
                continue;
            };
            let index = i16::try_from(index).unwrap_or(i16::MAX);
            let end = if last < 0 { last } else { index + last };
            if result.0 == 0 {
                result = (index, end, i16::try_from(step).unwrap_or(1));
            } else if result.1 == index - 1 {
                result.1 = end;
            }
        }
        result
    }

    /// The keys that a request names; none when it does not have those that it announces.
    pub fn named_keys<'w>(&self, words: &[&'w [u8]]) -> Vec<&'w [u8]> {
        let is_key = |spec: &KeySpec| !spec.access.contains(Access::NOT_KEY);
        let found = self.keys_in(words).unwrap_or_default().into_iter();
        found.filter(|(_, spec)| is_key(spec)).filter_map(|(at, _)| words.get(at).copied()).collect()
    }

    /// The keys of a request and what is done with them, as indexes of its words.
    ///
    /// # Errors
    /// [`Error::InvalidKeyArguments`] when the request does not have the keys that it announces.
    pub fn keys_in(&self, words: &[&[u8]]) -> Result<Vec<(usize, KeySpec)>, Error> {
        let mut found = Vec::new();
        for spec in self.key_specs().as_slice().iter().copied() {
            let Some(start) = start_of(&spec, words) else { continue };
            match spec.find {
                KeyFind::Range { last, step, limit } => {
                    let end = last_of(start, last, limit, words.len()).ok_or(Error::InvalidKeyArguments)?;
                    found.extend((start..=end).step_by(usize::from(step.max(1))).map(|at| (at, spec)));
                }
                KeyFind::Count { number, first, step } => {
                    let count = words.get(start + usize::from(number)).and_then(|word| number::parse_i64(word));
                    let count = count.and_then(|n| usize::try_from(n).ok()).ok_or(Error::InvalidKeyArguments)?;
                    let (first, step) = (start + usize::from(first), usize::from(step.max(1)));
                    if count > words.len() || first + count * step > words.len() + step - 1 {
                        return Err(Error::InvalidKeyArguments);
                    }
                    found.extend((0..count).map(|n| (first + n * step, spec)));
                }
                KeyFind::Unknown => {}
            }
        }
        if let Some((access, find)) = self.hidden_key {
            found.extend(find(words).and_then(|at| Some((at, KeySpec::at(u16::try_from(at).ok()?, access)))));
        }
        Ok(found)
    }

    /// The option of this request that needs permission to read all keys, if there is one.
    pub fn option_with_pattern(&self, words: &[&[u8]]) -> Option<&'static str> {
        self.option_with_pattern.and_then(|find| find(words))
    }

    /// What this request does with its keys of a specification.
    pub fn access_in(&self, spec: KeySpec, words: &[&[u8]]) -> Access {
        match self.access {
            Some(access) if spec.access.contains(Access::VARIABLE) => access(words),
            _ => spec.access,
        }
    }

    /// The flags' names in Redis's order, `movablekeys` included.
    pub fn flag_names(&self) -> Vec<&'static str> {
        let mut names: Vec<_> =
            FLAG_NAMES.into_iter().filter(|(flag, _)| self.has(*flag)).map(|(_, name)| name).collect();
        if self.has_movable_keys() {
            names.push("movablekeys");
        }
        if self.has(Flag::TouchesArbitraryKeys) {
            names.push("touches-arbitrary-keys");
        }
        names
    }

    /// The ACL categories, without their `@`, in Redis's order.
    pub fn categories(&self) -> Vec<&'static str> {
        let mut names = Vec::from(self.categories);
        match self.group_category {
            Some(categories) => names.extend(categories),
            None if matches!(self.run, Run::Container) => {}
            None => names.extend(group_category(self.group)),
        }
        let by_flag = [
            (Flag::Write, "write"),
            (Flag::ReadOnly, "read"),
            (Flag::Admin, "admin"),
            (Flag::Admin, "dangerous"),
            (Flag::PubSub, "pubsub"),
            (Flag::Fast, "fast"),
            (Flag::Blocking, "blocking"),
        ];
        names.extend(by_flag.into_iter().filter(|(flag, _)| self.has(*flag)).map(|(_, name)| name));
        if !self.has(Flag::Fast) {
            names.push("slow");
        }
        // Redis counts a reading command as `@read` only outside of scripts' own group.
        if self.group == Group::Scripting {
            names.retain(|name| *name != "read");
        }
        CATEGORIES.into_iter().filter(|name| names.contains(name)).collect()
    }
}

const fn group_category(group: Group) -> Option<&'static str> {
    match group {
        Group::Bitmap => Some("bitmap"),
        Group::Connection => Some("connection"),
        Group::Generic => Some("keyspace"),
        Group::Geo => Some("geo"),
        Group::Hash => Some("hash"),
        Group::HyperLogLog => Some("hyperloglog"),
        Group::List => Some("list"),
        Group::Scripting => Some("scripting"),
        Group::PubSub | Group::Server => None,
        Group::Set => Some("set"),
        Group::SortedSet => Some("sortedset"),
        Group::Stream => Some("stream"),
        Group::String => Some("string"),
        Group::Transactions => Some("transaction"),
    }
}

/// The key specifications of a command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeySpecs {
    specs: [KeySpec; Self::LEN_MAX],
    len: usize,
}

impl KeySpecs {
    /// No command has more.
    const LEN_MAX: usize = 4;

    const fn of(specs: &[KeySpec]) -> Self {
        let mut all = Self { specs: [KeySpec::at(0, Access::RO); Self::LEN_MAX], len: 0 };
        while all.len < specs.len() {
            all.push(specs[all.len]);
        }
        all
    }

    const fn push(&mut self, spec: KeySpec) {
        self.specs[self.len] = spec;
        self.len += 1;
    }

    /// One after the other.
    pub(crate) const fn as_slice(&self) -> &[KeySpec] {
        self.specs.split_at(self.len).0
    }
}

/// The least number of words of a sequence, and whether it may be longer.
const fn words_of(args: &[Arg]) -> (usize, bool) {
    let (mut sum, mut open, mut at) = (0, false, 0);
    while at < args.len() {
        let (least, more) = words_of_one(&args[at]);
        (sum, open, at) = (sum + least, open || more, at + 1);
    }
    (sum, open)
}

const fn words_of_one(arg: &Arg) -> (usize, bool) {
    let (inner, open) = match arg.kind {
        ArgKind::PureToken => (0, false),
        ArgKind::Block(parts) => words_of(parts),
        ArgKind::OneOf(choices) => words_of_any(choices),
        _ => (1, false),
    };
    let words = inner + arg.token.is_some() as usize;
    if arg.optional { (0, true) } else { (words, open || arg.multiple) }
}

/// The same of the shortest of several, which is not all if they differ.
const fn words_of_any(choices: &[Arg]) -> (usize, bool) {
    let [first, others @ ..] = choices else { return (0, false) };
    let ((mut least, mut open), mut at) = (words_of_one(first), 0);
    while at < others.len() {
        let (words, more) = words_of_one(&others[at]);
        open = open || more || words != least;
        least = if words < least { words } else { least };
        at += 1;
    }
    (least, open)
}

/// The key specifications of a grammar in which the keys' places follow from their order.
const fn keys_of(args: &[Arg], first: usize) -> KeySpecs {
    let mut found = KeySpecs::of(&[]);
    let (mut n, mut at) = (0, first);
    while n < args.len() {
        let (index, (before, after)) = (at as u16, args.split_at(n + 1));
        match (args[n].kind, args[n].multiple) {
            (ArgKind::Key(access), false) => found.push(KeySpec::at(index, access)),
            (ArgKind::Key(access), true) if follows_numkeys(before) => found.push(KeySpec::counted(index - 1, access)),
            (ArgKind::Key(access), true) => found.push(KeySpec::range(index, -1 - words_after(after), 1, access)),
            (ArgKind::Block(parts), true) => {
                if let Some(spec) = key_in_block(parts, index, words_after(after)) {
                    found.push(spec);
                }
            }
            _ => {}
        }
        let (words, open) = words_of_one(&args[n]);
        if open {
            break;
        }
        (n, at) = (n + 1, at + words);
    }
    found
}

/// Whether the last element stands behind the number of keys.
const fn follows_numkeys(args: &[Arg]) -> bool {
    match args {
        [.., number, _] => matches!(number.name.as_bytes(), b"numkeys"),
        _ => false,
    }
}

/// The keys of a repeated block such as `key value [key value ..]`.
const fn key_in_block(parts: &[Arg], index: u16, after: i16) -> Option<KeySpec> {
    let (width, _) = words_of(parts);
    match parts {
        [Arg { kind: ArgKind::Key(access), .. }, ..] => Some(KeySpec::range(index, -1 - after, width as u16, *access)),
        _ => None,
    }
}

const fn words_after(args: &[Arg]) -> i16 {
    words_of(args).0 as i16
}

fn start_of(spec: &KeySpec, words: &[&[u8]]) -> Option<usize> {
    match spec.start {
        KeyStart::Index(index) => (usize::from(index) < words.len()).then_some(usize::from(index)),
        KeyStart::Keyword(keyword, from) => {
            let is_keyword = |at: &usize| words[*at].eq_ignore_ascii_case(keyword.as_bytes());
            let found = match usize::try_from(from) {
                Ok(from) => (from..words.len()).find(is_keyword),
                Err(_) => {
                    let from = words.len().checked_sub(usize::from(from.unsigned_abs()))?;
                    (1..=from).rev().find(is_keyword)
                }
            };
            found.map(|at| at + 1).filter(|at| *at < words.len())
        }
        KeyStart::Unknown => None,
    }
}

/// The index of the last key of a range.
fn last_of(start: usize, last: i16, limit: u16, words: usize) -> Option<usize> {
    let end = match usize::try_from(last) {
        Ok(last) => start + last,
        Err(_) if limit > 1 => start + (words - start) / usize::from(limit) - 1,
        Err(_) => words.checked_sub(usize::from(last.unsigned_abs()))?,
    };
    (end < words && end >= start).then_some(end)
}
