//! The parameters of a store, with Redis's names.
//!
//! Only parameters that mean something here exist; `CONFIG GET` does not show others, and `CONFIG SET` refuses them.

use crate::limits;
use crate::number;
use crate::values::hash::HashLimits;
use crate::values::set::SetLimits;
use crate::values::zset::ZsetLimits;
use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// The version of Redis whose commands and answers these are; clients choose their features by it.
pub const REDIS_VERSION: &str = "7.2.0";

/// The parameters of a store.
#[derive(Clone, Debug)]
pub struct Config {
    /// How many databases there are.
    pub databases: u16,
    /// Whether effects are put out as bytes. A host that keeps nothing and has no replicas can do without.
    pub record_effects: bool,
    /// The default user's password, if one is needed.
    pub password: Option<Vec<u8>>,
    /// When a hash is packed.
    pub hash: HashLimits,
    /// When a set is packed.
    pub set: SetLimits,
    /// When a sorted set is packed.
    pub zset: ZsetLimits,
    /// The size of a list's nodes, in Redis's code: entries when positive, a class of bytes when negative.
    pub list_max_listpack_size: i32,
    /// Parameters that belong to the host and are only shown, such as `port`: name and value.
    pub host: Vec<(String, String)>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            databases: limits::DATABASES_DEFAULT,
            record_effects: true,
            password: None,
            hash: HashLimits::default(),
            set: SetLimits::default(),
            zset: ZsetLimits::default(),
            list_max_listpack_size: -2,
            host: Vec::new(),
        }
    }
}

impl Config {
    /// A parameter of the host.
    pub fn host_parameter(&self, name: &str) -> Option<&str> {
        self.host.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
    }
}

/// A parameter as `CONFIG` sees it.
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Its value as text.
    pub show: fn(&Config) -> String,
    /// Changes it; none where that is not possible while the store runs. The error says what is wrong.
    pub change: Option<fn(&mut Config, &[u8]) -> Result<(), String>>,
}

macro_rules! count_parameter {
    ($name:literal, $($field:ident).+) => {
        Parameter {
            name: $name,
            show: |config| config.$($field).+.to_string(),
            change: Some(|config, value| {
                config.$($field).+ = parse_integer(value)?;
                Ok(())
            }),
        }
    };
}

/// Every parameter of the core, sorted by name.
pub const PARAMETERS: &[Parameter] = &[
    Parameter { name: "databases", show: |config| config.databases.to_string(), change: None },
    count_parameter!("hash-max-listpack-entries", hash.max_listpack_entries),
    count_parameter!("hash-max-listpack-value", hash.max_listpack_value),
    count_parameter!("list-max-listpack-size", list_max_listpack_size),
    Parameter { name: "proto-max-bulk-len", show: |_| limits::STRING_BYTES_MAX.to_string(), change: None },
    Parameter {
        name: "requirepass",
        show: |config| config.password.as_deref().map_or_else(String::new, |p| String::from_utf8_lossy(p).into_owned()),
        change: Some(|config, value| {
            config.password = (!value.is_empty()).then(|| value.to_owned());
            Ok(())
        }),
    },
    count_parameter!("set-max-intset-entries", set.max_intset_entries),
    count_parameter!("set-max-listpack-entries", set.max_listpack_entries),
    count_parameter!("set-max-listpack-value", set.max_listpack_value),
    count_parameter!("zset-max-listpack-entries", zset.max_listpack_entries),
    count_parameter!("zset-max-listpack-value", zset.max_listpack_value),
];

fn parse_integer<T: TryFrom<i64>>(value: &[u8]) -> Result<T, String> {
    let value = number::parse_i64(value).ok_or("argument couldn't be parsed into an integer")?;
    T::try_from(value).map_err(|_| "argument is out of range".to_owned())
}
