//! What a command is: one declaration from which everything else about it follows.
//!
//! A command stands once, as a `const` directly above its handler. Lookup, arity, key positions, ACL categories,
//! `COMMAND INFO` and `COMMAND DOCS`, the typed JavaScript methods and the test generators are derived from it
//! (see `spec/derive.rs`), never written again. Where Redis's own metadata breaks the rule, the declaration says
//! so with a visible `override_*`.

mod arg;
mod derive;
mod pack;
mod shape;
mod usage;

pub use arg::{Access, Arg, ArgKind, KeyFind, KeySpec, KeyStart};
pub(crate) use derive::CATEGORIES;
pub(crate) use pack::{Element, Elements, Texts, Writer as TextWriter};
pub use shape::{Shape, ShapeMismatch};

use crate::args::Args;
use crate::engine::{Attempt, Caller};
use crate::error::Error;
use crate::keyspace::{Reader, Writer};
use crate::reply::ReplyBuffer;

/// The group that a command is documented in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are Redis's own")]
pub enum Group {
    Bitmap,
    Connection,
    Generic,
    Geo,
    Hash,
    HyperLogLog,
    List,
    PubSub,
    Scripting,
    Server,
    Set,
    SortedSet,
    Stream,
    String,
    Transactions,
}

impl Group {
    /// Redis's name, as in `COMMAND DOCS`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bitmap => "bitmap",
            Self::Connection => "connection",
            Self::Generic => "generic",
            Self::Geo => "geo",
            Self::Hash => "hash",
            Self::HyperLogLog => "hyperloglog",
            Self::List => "list",
            Self::PubSub => "pubsub",
            Self::Scripting => "scripting",
            Self::Server => "server",
            Self::Set => "set",
            Self::SortedSet => "sorted-set",
            Self::Stream => "stream",
            Self::String => "string",
            Self::Transactions => "transactions",
        }
    }
}

/// A property of a command that its handler's kind does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are Redis's own")]
#[repr(u32)]
pub enum Flag {
    DenyOom = 1 << 0,
    Admin = 1 << 1,
    PubSub = 1 << 2,
    NoScript = 1 << 3,
    Loading = 1 << 4,
    Stale = 1 << 5,
    SkipMonitor = 1 << 6,
    SkipSlowlog = 1 << 7,
    Fast = 1 << 8,
    NoAuth = 1 << 9,
    NoAsyncLoading = 1 << 10,
    NoMulti = 1 << 11,
    AllowBusy = 1 << 12,
    MayReplicate = 1 << 13,
    /// The handler's kind does not show that it writes (`EXEC` runs others' writes).
    Write = 1 << 14,
    /// The handler's kind does not show that it reads.
    ReadOnly = 1 << 15,
    /// It may wait for something to happen, though its handler is of another kind.
    Blocking = 1 << 16,
    TouchesArbitraryKeys = 1 << 17,
    Asking = 1 << 18,
    /// It changes what later requests of the same session mean, so it has no sense where a session is one request.
    Stateful = 1 << 19,
    /// A subscribed session in RESP2 may run it.
    WhileSubscribed = 1 << 20,
    /// It runs at once between `MULTI` and `EXEC`, where others are queued.
    ControlsTransaction = 1 << 21,
    /// It may wait for something that the host does.
    WaitsForHost = 1 << 22,
    /// Its number of keys may be zero.
    NoMandatoryKeys = 1 << 23,
    /// Its answers are messages, which a session gets also when it wants no answers.
    AnswersByMessages = 1 << 24,
    /// By Upstash's rules it may be asked for nothing.
    UpstashWithoutWords = 1 << 25,
}

/// The power that a handler is given; it decides the flags `write`, `readonly` and `blocking`.
#[derive(Clone, Copy, Debug)]
pub enum Run {
    /// Sees the data.
    Read(fn(&Reader<'_>, &mut Args<'_>, &mut ReplyBuffer) -> Result<(), Error>),
    /// Changes the data, by effects.
    Write(fn(&mut Writer<'_>, &mut Args<'_>, &mut ReplyBuffer) -> Result<(), Error>),
    /// Changes the data, or says what it waits for.
    Blocking(fn(&mut Writer<'_>, &mut Args<'_>, &mut ReplyBuffer) -> Result<Attempt, Error>),
    /// Sees the data, or says what it waits for.
    BlockingRead(fn(&Reader<'_>, &mut Args<'_>, &mut ReplyBuffer) -> Result<Attempt, Error>),
    /// Acts on the session or on the engine around it.
    Session(fn(&mut Caller<'_>, &mut Args<'_>, &mut ReplyBuffer) -> Result<(), Error>),
    /// Holds subcommands and does nothing by itself.
    Container,
}

/// What a request of these words does with its keys.
pub type VaryingAccess = fn(&[&[u8]]) -> Access;

/// Finds the word that is a key in a request of these words.
pub type KeyFinder = fn(&[&[u8]]) -> Option<usize>;

/// Finds the option of a request of these words that needs all keys.
pub type OptionFinder = fn(&[&[u8]]) -> Option<&'static str>;

/// A command, declared. In the table of a running store, what people read of it stands elsewhere ([`Self::in_table`]).
///
/// The fields lie in memory as they stand here: those that every command has lie together, so that a table compresses.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Command {
    /// Upper case; a subcommand has its container's name before it (`CONFIG SET`).
    pub name: &'static str,
    /// Its handler.
    pub run: Run,
    /// What people read of it, in the table of a running store.
    texts: &'static [u8],
    keys: Option<&'static [KeySpec]>,
    flags: u32,
    arity: Option<i16>,
    name_words: u8,
    /// Where it is documented.
    pub group: Group,
    /// The first Redis version that had it.
    pub since: &'static str,
    /// One sentence for people.
    pub summary: &'static str,
    /// Its cost, for people.
    pub complexity: &'static str,
    /// The grammar of its arguments.
    pub syntax: &'static [Arg],
    /// Hints for cluster clients, as in `COMMAND INFO`.
    pub tips: &'static [&'static str],
    /// The shape of its answer.
    pub reply: Shape,
    legacy_keys: Option<(i16, i16, i16)>,
    categories: &'static [&'static str],
    group_category: Option<&'static [&'static str]>,
    access: Option<VaryingAccess>,
    hidden_key: Option<(Access, KeyFinder)>,
    option_with_pattern: Option<OptionFinder>,
}

impl Command {
    /// A declaration with nothing but a name, a group and the first Redis version that had it.
    pub const fn new(name: &'static str, group: Group, since: &'static str) -> Self {
        Self {
            name,
            group,
            since,
            summary: "",
            complexity: "",
            syntax: &[],
            reply: Shape::Any,
            run: Run::Container,
            tips: &[],
            name_words: 1 + count_spaces(name) as u8,
            flags: 0,
            arity: None,
            keys: None,
            legacy_keys: None,
            categories: &[],
            group_category: None,
            access: None,
            hidden_key: None,
            option_with_pattern: None,
            texts: &[],
        }
    }

    /// The same command as it stands in the table of a running store: what people read of it has been written as
    /// `texts`, what follows from its grammar is `keys` and its arity.
    pub(crate) const fn in_table(self, texts: &'static [u8], keys: &'static [KeySpec]) -> Self {
        Self {
            since: "",
            summary: "",
            complexity: "",
            syntax: &[],
            tips: &[],
            arity: Some(self.arity()),
            keys: Some(keys),
            texts,
            ..self
        }
    }

    /// What people read of a command in the table.
    pub(crate) fn texts(&self) -> Texts {
        Texts::read(self.texts)
    }

    /// What it does and what it costs, for people.
    pub const fn about(mut self, summary: &'static str, complexity: &'static str) -> Self {
        self.summary = summary;
        self.complexity = complexity;
        self
    }

    /// Properties that the handler's kind does not tell.
    pub const fn flags(mut self, flags: &[Flag]) -> Self {
        let mut at = 0;
        while at < flags.len() {
            self.flags |= flags[at] as u32;
            at += 1;
        }
        self
    }

    /// The grammar of its arguments.
    pub const fn syntax(mut self, syntax: &'static [Arg]) -> Self {
        self.syntax = syntax;
        self
    }

    /// The shape of its answer. No command's answer depends on it: without the feature `shapes` it is not kept.
    pub const fn reply(mut self, reply: Shape) -> Self {
        if cfg!(feature = "shapes") {
            self.reply = reply;
        }
        self
    }

    /// Hints for cluster clients.
    pub const fn tips(mut self, tips: &'static [&'static str]) -> Self {
        self.tips = tips;
        self
    }

    /// A handler that reads.
    pub const fn read(self, run: fn(&Reader<'_>, &mut Args<'_>, &mut ReplyBuffer) -> Result<(), Error>) -> Self {
        self.run(Run::Read(run))
    }

    /// A handler that writes.
    pub const fn write(self, run: fn(&mut Writer<'_>, &mut Args<'_>, &mut ReplyBuffer) -> Result<(), Error>) -> Self {
        self.run(Run::Write(run))
    }

    /// A handler that writes or waits.
    pub const fn blocking(
        self,
        run: fn(&mut Writer<'_>, &mut Args<'_>, &mut ReplyBuffer) -> Result<Attempt, Error>,
    ) -> Self {
        self.run(Run::Blocking(run))
    }

    /// A handler that reads or waits.
    pub const fn blocking_read(
        self,
        run: fn(&Reader<'_>, &mut Args<'_>, &mut ReplyBuffer) -> Result<Attempt, Error>,
    ) -> Self {
        self.run(Run::BlockingRead(run))
    }

    /// A handler that acts on the session or the engine.
    pub const fn session(self, run: fn(&mut Caller<'_>, &mut Args<'_>, &mut ReplyBuffer) -> Result<(), Error>) -> Self {
        self.run(Run::Session(run))
    }

    const fn run(mut self, run: Run) -> Self {
        self.run = run;
        self
    }

    /// Redis's arity where the grammar gives another one: the number of words, negative for "at least".
    pub const fn override_arity(mut self, arity: i16) -> Self {
        self.arity = Some(arity);
        self
    }

    /// Redis's key positions where the grammar gives others.
    pub const fn override_keys(mut self, keys: &'static [KeySpec]) -> Self {
        self.keys = Some(keys);
        self
    }

    /// What a request of these words does with its key, where that depends on the words ([`Access::VARIABLE`]).
    pub const fn varying_access(mut self, access: VaryingAccess) -> Self {
        self.access = Some(access);
        self
    }

    /// A key that Redis finds in a request, though no specification of its says where.
    pub const fn hidden_key(mut self, access: Access, find: KeyFinder) -> Self {
        self.hidden_key = Some((access, find));
        self
    }

    /// Options that lead to keys which a request does not name, so that they need permission to read all keys.
    pub const fn needs_all_keys(mut self, find: OptionFinder) -> Self {
        self.option_with_pattern = Some(find);
        self
    }

    /// Redis's first key, last key and step where the key specifications give others.
    pub const fn override_legacy_keys(mut self, first: i16, last: i16, step: i16) -> Self {
        self.legacy_keys = Some((first, last, step));
        self
    }

    /// ACL categories in the place of the one that follows from the group.
    pub const fn override_group_category(mut self, categories: &'static [&'static str]) -> Self {
        self.group_category = Some(categories);
        self
    }

    /// ACL categories besides those that follow from group and flags.
    pub const fn extra_categories(mut self, categories: &'static [&'static str]) -> Self {
        self.categories = categories;
        self
    }
}

const fn count_spaces(text: &str) -> usize {
    let (bytes, mut at, mut count) = (text.as_bytes(), 0, 0);
    while at < bytes.len() {
        count += (bytes[at] == b' ') as usize;
        at += 1;
    }
    count
}
