//! The value types that a key can hold.
//!
//! A small collection is packed into one run of bytes; above Redis's own thresholds it becomes a real structure. A
//! value takes 24 bytes in its key's entry, whatever its type and form.

pub mod bits;
mod bptree;
pub mod bytes;
pub mod dense;
pub mod geo;
pub mod hash;
pub mod hyperloglog;
pub mod intset;
pub mod list;
pub mod listpack;
pub mod set;
mod size;
pub mod stream;
pub mod zset;

use alloc::boxed::Box;
use bytes::SmallBytes;
use hash::Hash;
use list::List;
use set::Set;
use stream::Stream;
use zset::Zset;

/// What a key holds.
#[derive(Clone, Debug)]
pub enum Value {
    /// Bytes.
    String(SmallBytes),
    /// A sequence.
    List(List),
    /// Fields with values.
    Hash(Hash),
    /// Different members.
    Set(Set),
    /// Members ordered by score.
    Zset(Zset),
    /// Entries ordered by ID.
    Stream(Box<Stream>),
}

const _: () = assert!(size_of::<Value>() == 24, "a value is stored beside its key in the keyspace's tables");

/// The type of a value, as `TYPE` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are Redis's own")]
pub enum ValueType {
    String,
    List,
    Hash,
    Set,
    Zset,
    Stream,
}

impl ValueType {
    /// Redis's name of the type.
    pub const fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::List => "list",
            Self::Hash => "hash",
            Self::Set => "set",
            Self::Zset => "zset",
            Self::Stream => "stream",
        }
    }

    /// The type of this name, in any case.
    pub fn from_name(name: &[u8]) -> Option<Self> {
        [Self::String, Self::List, Self::Hash, Self::Set, Self::Zset, Self::Stream]
            .into_iter()
            .find(|kind| kind.name().as_bytes().eq_ignore_ascii_case(name))
    }
}

impl Value {
    /// Its type.
    pub const fn value_type(&self) -> ValueType {
        match self {
            Self::String(_) => ValueType::String,
            Self::List(_) => ValueType::List,
            Self::Hash(_) => ValueType::Hash,
            Self::Set(_) => ValueType::Set,
            Self::Zset(_) => ValueType::Zset,
            Self::Stream(_) => ValueType::Stream,
        }
    }

    /// The name of its form, as in `OBJECT ENCODING`. A string is named by its content.
    pub fn encoding_name(&self) -> &'static str {
        match self {
            Self::String(bytes) => string_encoding(bytes),
            Self::List(list) => list.encoding_name(),
            Self::Hash(hash) => hash.encoding_name(),
            Self::Set(set) => set.encoding_name(),
            Self::Zset(zset) => zset.encoding_name(),
            Self::Stream(_) => "stream",
        }
    }
}

/// The longest string that Redis calls embedded, in bytes.
const EMBEDDED_BYTES_MAX: usize = 44;

fn string_encoding(bytes: &SmallBytes) -> &'static str {
    match bytes {
        SmallBytes::Grown(_) => "raw",
        _ if crate::number::parse_i64(bytes).is_some() => "int",
        _ if bytes.len() <= EMBEDDED_BYTES_MAX => "embstr",
        _ => "raw",
    }
}

/// A type that a command works on.
pub trait Typed: Sized {
    /// The value, if it is of this type.
    fn of(value: &Value) -> Option<&Self>;
    /// The value to be changed, if it is of this type.
    fn of_mut(value: &mut Value) -> Option<&mut Self>;
    /// As a value.
    fn into_value(self) -> Value;
    /// Whether parts of it can expire by themselves.
    const MAY_EXPIRE_WITHIN: bool;
    /// Whether it holds nothing. A collection that does is removed; a string or a stream never is.
    fn is_empty(&self) -> bool;
}

macro_rules! typed {
    ($kind:ident, $variant:ident, $is_empty:expr) => {
        impl Typed for $kind {
            fn of(value: &Value) -> Option<&Self> {
                if let Value::$variant(inner) = value { Some(inner) } else { None }
            }

            fn of_mut(value: &mut Value) -> Option<&mut Self> {
                if let Value::$variant(inner) = value { Some(inner) } else { None }
            }

            fn into_value(self) -> Value {
                Value::$variant(self)
            }

            const MAY_EXPIRE_WITHIN: bool = matches!(ValueType::$variant, ValueType::Hash);

            fn is_empty(&self) -> bool {
                $is_empty(self)
            }
        }
    };
}

typed!(SmallBytes, String, |_| false);
typed!(List, List, List::is_empty);
typed!(Hash, Hash, Hash::is_empty);
typed!(Set, Set, Set::is_empty);
typed!(Zset, Zset, Zset::is_empty);

/// A stream stays when its last entry goes.
impl Typed for Stream {
    fn of(value: &Value) -> Option<&Self> {
        if let Value::Stream(stream) = value { Some(stream) } else { None }
    }

    fn of_mut(value: &mut Value) -> Option<&mut Self> {
        if let Value::Stream(stream) = value { Some(stream) } else { None }
    }

    fn into_value(self) -> Value {
        Value::Stream(Box::new(self))
    }

    const MAY_EXPIRE_WITHIN: bool = false;

    fn is_empty(&self) -> bool {
        false
    }
}
