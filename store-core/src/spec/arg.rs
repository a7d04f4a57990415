//! The grammar of a command's arguments, and where its keys stand.

/// What a command does with a key, as in `COMMAND GETKEYSANDFLAGS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access(u16);

impl Access {
    /// Reads metadata or nothing of the value.
    pub const RO: Self = Self(1);
    /// Reads and writes.
    pub const RW: Self = Self(1 << 1);
    /// Overwrites without looking.
    pub const OW: Self = Self(1 << 2);
    /// Removes.
    pub const RM: Self = Self(1 << 3);
    /// Returns, copies or uses the value.
    pub const ACCESS: Self = Self(1 << 4);
    /// Changes existing data.
    pub const UPDATE: Self = Self(1 << 5);
    /// Adds data.
    pub const INSERT: Self = Self(1 << 6);
    /// Deletes data.
    pub const DELETE: Self = Self(1 << 7);
    /// The flags depend on the arguments.
    pub const VARIABLE: Self = Self(1 << 8);
    /// Not a key, though it hashes to a slot (a sharded channel).
    pub const NOT_KEY: Self = Self(1 << 9);

    /// `RO ACCESS`: the usual read.
    pub const READ: Self = Self::RO.and(Self::ACCESS);
    /// `OW UPDATE`: a destination.
    pub const STORE: Self = Self::OW.and(Self::UPDATE);

    /// Both.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` is in this.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The names of the flags in Redis's order.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        const NAMES: [&str; 10] =
            ["RO", "RW", "OW", "RM", "access", "update", "insert", "delete", "variable_flags", "not_key"];
        NAMES.into_iter().enumerate().filter(move |(bit, _)| self.0 & (1 << bit) != 0).map(|(_, name)| name)
    }
}

/// One element of a command's grammar.
#[derive(Clone, Copy, Debug)]
pub struct Arg {
    /// Its name in the documentation.
    pub name: &'static str,
    /// What stands there.
    pub kind: ArgKind,
    /// The keyword before it, if any.
    pub token: Option<&'static str>,
    /// Whether it may be left out.
    pub optional: bool,
    /// Whether it may stand several times.
    pub multiple: bool,
    /// Whether its keyword is repeated with it.
    pub multiple_token: bool,
}

/// What stands at a place of the grammar.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the names are Redis's own")]
pub enum ArgKind {
    Key(Access),
    String,
    Integer,
    Double,
    Pattern,
    UnixTime,
    /// A keyword and nothing else.
    PureToken,
    OneOf(&'static [Arg]),
    Block(&'static [Arg]),
}

impl ArgKind {
    /// Redis's name of the kind, as in `COMMAND DOCS`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Key(_) => "key",
            Self::String => "string",
            Self::Integer => "integer",
            Self::Double => "double",
            Self::Pattern => "pattern",
            Self::UnixTime => "unix-time",
            Self::PureToken => "pure-token",
            Self::OneOf(_) => "oneof",
            Self::Block(_) => "block",
        }
    }
}

impl Arg {
    const fn of(name: &'static str, kind: ArgKind) -> Self {
        Self { name, kind, token: None, optional: false, multiple: false, multiple_token: false }
    }

    /// A key.
    pub const fn key(name: &'static str, access: Access) -> Self {
        Self::of(name, ArgKind::Key(access))
    }

    /// Any bytes.
    pub const fn string(name: &'static str) -> Self {
        Self::of(name, ArgKind::String)
    }

    /// A 64-bit integer.
    pub const fn integer(name: &'static str) -> Self {
        Self::of(name, ArgKind::Integer)
    }

    /// A float.
    pub const fn double(name: &'static str) -> Self {
        Self::of(name, ArgKind::Double)
    }

    /// A glob pattern.
    pub const fn pattern(name: &'static str) -> Self {
        Self::of(name, ArgKind::Pattern)
    }

    /// A point in time.
    pub const fn unix_time(name: &'static str) -> Self {
        Self::of(name, ArgKind::UnixTime)
    }

    /// A keyword and nothing else.
    pub const fn flag(name: &'static str, token: &'static str) -> Self {
        Self::of(name, ArgKind::PureToken).token(token)
    }

    /// One of several.
    pub const fn one_of(name: &'static str, choices: &'static [Self]) -> Self {
        Self::of(name, ArgKind::OneOf(choices))
    }

    /// Several in a row.
    pub const fn block(name: &'static str, parts: &'static [Self]) -> Self {
        Self::of(name, ArgKind::Block(parts))
    }

    /// With a keyword before it.
    pub const fn token(mut self, token: &'static str) -> Self {
        self.token = Some(token);
        self
    }

    /// May be left out.
    pub const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// May stand several times.
    pub const fn multiple(mut self) -> Self {
        self.multiple = true;
        self
    }

    /// May stand several times, each with its keyword.
    pub const fn multiple_token(mut self) -> Self {
        self.multiple = true;
        self.multiple_token = true;
        self
    }
}

/// Where a run of keys begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStart {
    /// At this word (the name is word 0).
    Index(u16),
    /// Behind this keyword, searched from this word on (from the end when negative).
    Keyword(&'static str, i16),
    /// Redis cannot tell.
    Unknown,
}

/// How far a run of keys reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFind {
    /// Up to `last` words after the beginning (from the end of the request when negative), every `step`th word,
    /// and only the first 1/`limit` of them when `limit` is above 1.
    Range {
        /// The last key, relative.
        last: i16,
        /// Words from key to key.
        step: u16,
        /// Divides the words among keys and what follows them.
        limit: u16,
    },
    /// As many keys as the number at `number` says; the first stands at `first`, both relative.
    Count {
        /// Where the number stands.
        number: u16,
        /// Where the first key stands.
        first: u16,
        /// Words from key to key.
        step: u16,
    },
    /// Redis cannot tell.
    Unknown,
}

/// A run of keys in a request, and what the command does with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeySpec {
    /// What the command does with them.
    pub access: Access,
    /// Where they begin.
    pub start: KeyStart,
    /// How far they reach.
    pub find: KeyFind,
}

impl KeySpec {
    /// A single key at a word.
    pub const fn at(index: u16, access: Access) -> Self {
        Self::range(index, 0, 1, access)
    }

    /// Keys from a word on.
    pub const fn range(index: u16, last: i16, step: u16, access: Access) -> Self {
        Self { access, start: KeyStart::Index(index), find: KeyFind::Range { last, step, limit: 0 } }
    }

    /// A number of keys at a word, and the keys behind it.
    pub const fn counted(index: u16, access: Access) -> Self {
        Self { access, start: KeyStart::Index(index), find: KeyFind::Count { number: 0, first: 1, step: 1 } }
    }

    /// A single key behind a keyword.
    pub const fn after(keyword: &'static str, from: i16, access: Access) -> Self {
        Self { access, start: KeyStart::Keyword(keyword, from), find: KeyFind::Range { last: 0, step: 1, limit: 0 } }
    }
}
