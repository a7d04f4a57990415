//! Values: small and copied, with an index in place of a pointer.
//!
//! A string carries its hash beside its index, so that a lookup in a table reads nothing but the table. Strings are
//! interned: equal strings have equal indices.

/// An interned string.
#[derive(Clone, Copy, Debug)]
pub struct Str {
    pub(crate) id: u32,
    pub(crate) hash: u32,
}

impl PartialEq for Str {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Str {}

/// A table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableId(pub(crate) u32);

/// A function: compiled, or of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunctionId(pub(crate) u32);

/// A coroutine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThreadId(pub(crate) u32);

/// A value. An index is good until the next collection of garbage, unless the value can be reached from the stack,
/// from a table or from an anchor.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Value {
    /// `nil`.
    #[default]
    Nil,
    /// `true` or `false`.
    Boolean(bool),
    /// A light userdata: a number that only the host understands.
    Light(u32),
    /// A number.
    Number(f64),
    /// A string.
    String(Str),
    /// A table.
    Table(TableId),
    /// A function.
    Function(FunctionId),
    /// A coroutine.
    Thread(ThreadId),
}

/// What stands in a node whose key was collected: equal to no value that a script can hold.
pub(crate) const DEAD_KEY: Value = Value::Light(u32::MAX);

impl Value {
    /// Whether a condition takes it for true: all but `nil` and `false`.
    #[inline]
    #[must_use]
    pub const fn is_truthy(self) -> bool {
        !matches!(self, Self::Nil | Self::Boolean(false))
    }

    /// Whether it is `nil`.
    #[inline]
    #[must_use]
    pub const fn is_nil(self) -> bool {
        matches!(self, Self::Nil)
    }

    /// What `type` answers.
    #[must_use]
    pub const fn type_name(self) -> &'static str {
        match self {
            Self::Nil => "nil",
            Self::Boolean(_) => "boolean",
            Self::Light(_) => "userdata",
            Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::Table(_) => "table",
            Self::Function(_) => "function",
            Self::Thread(_) => "thread",
        }
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Value {
    fn from(boolean: bool) -> Self {
        Self::Boolean(boolean)
    }
}

impl From<Str> for Value {
    fn from(string: Str) -> Self {
        Self::String(string)
    }
}

impl From<TableId> for Value {
    fn from(table: TableId) -> Self {
        Self::Table(table)
    }
}
