//! The parameters of a store, with Redis's names.
//!
//! Only parameters that mean something here exist; `CONFIG GET` does not show others, and `CONFIG SET` refuses them.

mod connections;
mod eviction;
mod history;
mod timing;

pub use connections::{ConnectionConfig, OutputLimit, OutputLimits};
pub use eviction::{Candidates, EvictionConfig, Order, Policy};
pub use history::HistoryConfig;
pub use timing::TimingConfig;

use crate::glob;
use crate::limits;
use crate::notify::Notifications;
use crate::number;
use crate::values::hash::HashLimits;
use crate::values::set::SetLimits;
use crate::values::stream::StreamLimits;
use crate::values::zset::ZsetLimits;
use alloc::borrow::ToOwned;
use alloc::format;
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
    /// The longest sparse HyperLogLog, in bytes.
    pub hll_sparse_max_bytes: usize,
    /// When a set is packed.
    pub set: SetLimits,
    /// When a sorted set is packed.
    pub zset: ZsetLimits,
    /// `compat-upstash`: whether sessions over REST find the rules of Upstash where they differ from Redis's.
    pub compat_upstash: bool,
    /// Who may use `DEBUG`.
    pub debug_permission: DebugPermission,
    /// How much the store may hold, and what goes when it holds more.
    pub eviction: EvictionConfig,
    /// The size of a list's nodes, in Redis's code: entries when positive, a class of bytes when negative.
    pub list_max_listpack_size: i32,
    /// How many nodes at each end of a list Redis leaves uncompressed, 0 for all. Kept for those who set it: lists are not
    /// compressed here.
    pub list_compress_depth: i32,
    /// What nobody outside of the host knows; passwords that the store makes up follow from it.
    pub secret: [u8; 32],
    /// Whether a user is shown only the keys that it may read.
    pub acl_hide_keys: bool,
    /// `acl-pubsub-default`: whether new users may use all channels.
    pub acl_opens_channels: bool,
    /// How many entries the log of what was denied has at most.
    pub acllog_max_len: usize,
    /// What connections may take.
    pub connections: ConnectionConfig,
    /// Which channels remember their messages.
    pub history: HistoryConfig,
    /// Which keyspace events are published.
    pub notifications: Notifications,
    /// How many keys are remembered for those who track them; 0 means any number.
    pub tracking_table_max_keys: usize,
    /// How much a node of a stream holds.
    pub stream: StreamLimits,
    /// What is measured and remembered of how long requests take.
    pub timing: TimingConfig,
    /// By how many percent the log outgrows its base before it is rewritten; 0 is never.
    pub log_rewrite_percentage: u32,
    /// How long the log is at least before it is rewritten, in bytes.
    pub log_rewrite_min_bytes: usize,
    /// What scripts may take.
    pub scripts: ScriptLimits,
    /// Parameters that belong to the host and are only shown, such as `port`: name and value.
    pub host: Vec<(String, String)>,
    /// The file that `CONFIG REWRITE` writes; empty where there is none.
    pub file: String,
    /// What `INFO` tells besides what the store knows itself. The host keeps it up to date.
    pub facts: Vec<Fact>,
}

/// What a script may take before it is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScriptLimits {
    /// The instructions of one run without a break: by default it may take some seconds. Nobody else is answered
    /// meanwhile.
    pub max_instructions: u64,
    /// Whether scripts make breaks, so that other sessions can be answered: for hosts that know
    /// [`Outcome::Running`](crate::Outcome::Running).
    pub makes_breaks: bool,
    /// The bytes of everything that scripts hold, those of `EVAL` and functions apart.
    pub max_bytes: usize,
    /// After how many milliseconds other clients are told that a script runs; 0 is never. The host heeds this.
    pub busy_reply_threshold_ms: u64,
}

impl Default for ScriptLimits {
    fn default() -> Self {
        Self { max_instructions: 1 << 30, makes_breaks: false, max_bytes: 256 << 20, busy_reply_threshold_ms: 5000 }
    }
}

/// A line of `INFO` that only the host can write, such as how much memory the process uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The section that it belongs to, in lower case, such as `memory`.
    pub section: &'static str,
    /// Its name, such as `used_memory`.
    pub name: &'static str,
    /// Its value.
    pub value: String,
}

/// Whose rules hold where a client of REST, whose libraries were made for Upstash, expects others than Redis's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// Redis's.
    #[default]
    Redis,
    /// Those of Upstash, which differ in a few places.
    Upstash,
}

/// `enable-debug-command`: who may use `DEBUG`. Redis says nobody unless told otherwise; here nothing in `DEBUG` can end
/// the process or damage data, so local connections may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DebugPermission {
    /// Nobody.
    No,
    /// Connections from the same machine, and callers in the same process.
    #[default]
    Local,
    /// Everybody.
    Yes,
}

impl DebugPermission {
    const fn name(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Local => "local",
            Self::Yes => "yes",
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        // What clients ask for first of all, as it is when there is no host to say something else.
        let host = [("appendonly", "no"), ("save", "")];
        Self {
            databases: limits::DATABASES_DEFAULT,
            record_effects: true,
            password: None,
            hash: HashLimits::default(),
            hll_sparse_max_bytes: 3000,
            set: SetLimits::default(),
            zset: ZsetLimits::default(),
            compat_upstash: true,
            debug_permission: DebugPermission::default(),
            eviction: EvictionConfig::default(),
            list_max_listpack_size: -2,
            list_compress_depth: 0,
            secret: [0; 32],
            acl_hide_keys: true,
            acl_opens_channels: false,
            acllog_max_len: limits::ACL_LOG_ENTRIES_DEFAULT,
            connections: ConnectionConfig::default(),
            history: HistoryConfig::default(),
            notifications: Notifications::default(),
            tracking_table_max_keys: limits::TRACKED_KEYS_DEFAULT,
            stream: StreamLimits::default(),
            timing: TimingConfig::default(),
            log_rewrite_percentage: 100,
            log_rewrite_min_bytes: 64 << 20,
            scripts: ScriptLimits::default(),
            host: host.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            file: String::new(),
            facts: Vec::new(),
        }
    }
}

impl Config {
    /// A parameter of the host.
    pub fn host_parameter(&self, name: &str) -> Option<&str> {
        self.host.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
    }

    /// Sets a parameter of the host.
    pub fn set_host_parameter(&mut self, name: &str, value: &str) {
        match self.host.iter_mut().find(|(of, _)| of == name) {
            Some((_, old)) => value.clone_into(old),
            None => self.host.push((name.to_owned(), value.to_owned())),
        }
    }

    /// Sets a line of `INFO`.
    pub fn set_fact(&mut self, section: &'static str, name: &'static str, value: String) {
        match self.facts.iter_mut().find(|fact| fact.section == section && fact.name == name) {
            Some(fact) => fact.value = value,
            None => self.facts.push(Fact { section, name, value }),
        }
    }

    /// These parameters with some changed, all of them or none. To say of a parameter what it is already is no change.
    ///
    /// # Errors
    /// What is wrong with the first one that cannot be changed so.
    pub fn changed(&self, pairs: &[[&[u8]; 2]]) -> Result<Self, Refused> {
        self.check_names(pairs)?;
        let mut changed = self.clone();
        for [name, value] in pairs {
            if let Some(change) = find(name).and_then(|parameter| parameter.change) {
                change(&mut changed, value).map_err(|reason| Refused::new(name, &reason))?;
            }
        }
        Ok(changed)
    }

    /// Refuses parameters that do not exist, that cannot be changed, and those that are named twice.
    fn check_names(&self, pairs: &[[&[u8]; 2]]) -> Result<(), Refused> {
        for (n, [name, value]) in pairs.iter().enumerate() {
            let mut parameters = self.parameters();
            let Some((_, current)) = parameters.find(|(known, _)| known.as_bytes().eq_ignore_ascii_case(name)) else {
                return Err(Refused { name: String::from_utf8_lossy(name).into_owned(), reason: None });
            };
            let fixed = find(name).is_none_or(|parameter| parameter.change.is_none());
            if fixed && current.as_bytes() != *value {
                return Err(Refused::new(name, "can't set immutable config"));
            }
            if pairs.iter().take(n).any(|[other, _]| other.eq_ignore_ascii_case(name)) {
                return Err(Refused::new(name, "duplicate parameter"));
            }
        }
        Ok(())
    }

    /// Every parameter with its value as text.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, String)> {
        let own = PARAMETERS.iter().map(|parameter| (parameter.name, (parameter.show)(self)));
        own.chain(self.host.iter().map(|(name, value)| (name.as_str(), value.clone())))
    }

    /// The parameters that a pattern matches, in any case.
    pub fn parameters_like(&self, pattern: &[u8]) -> impl Iterator<Item = (&str, String)> {
        let pattern = pattern.to_ascii_lowercase();
        self.parameters().filter(move |(name, _)| glob::matches(&pattern, name.as_bytes()))
    }
}

/// A parameter that is not changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its name, as it was given.
    pub name: String,
    /// What is wrong with the value; none where there is no such parameter.
    pub reason: Option<String>,
}

impl Refused {
    fn new(name: &[u8], reason: &str) -> Self {
        Self { name: String::from_utf8_lossy(name).into_owned(), reason: Some(reason.to_owned()) }
    }
}

/// Reads a value into a parameter, or says what is wrong with it.
pub type Change = fn(&mut Config, &[u8]) -> Result<(), String>;

/// A parameter as `CONFIG` sees it.
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Its value as text.
    pub show: fn(&Config) -> String,
    /// Changes it; none where that is not possible while the store runs.
    pub change: Option<Change>,
}

/// A parameter that is a number from `$low` to `$high`.
macro_rules! count_parameter {
    ($name:literal, $($field:ident).+, $low:expr, $high:expr) => {
        Parameter {
            name: $name,
            show: |config| config.$($field).+.to_string(),
            change: Some(|config, value| {
                config.$($field).+ = parse_integer(value, $low.into(), $high.into())?;
                Ok(())
            }),
        }
    };
    ($name:literal, $($field:ident).+) => {
        count_parameter!($name, $($field).+, 0_i64, i64::MAX)
    };
}

/// A parameter that is `yes` or `no`.
macro_rules! switch_parameter {
    ($name:literal, $($field:ident).+) => {
        Parameter {
            name: $name,
            show: |config| show_switch(config.$($field).+),
            change: Some(|config, value| {
                config.$($field).+ = parse_switch(value)?;
                Ok(())
            }),
        }
    };
}

/// A parameter that says what is always so here.
macro_rules! fixed_parameter {
    ($name:literal, $value:literal) => {
        Parameter { name: $name, show: |_| $value.to_owned(), change: None }
    };
}

/// A parameter that is a number of bytes.
macro_rules! size_parameter {
    ($name:literal, $($field:ident).+) => {
        Parameter {
            name: $name,
            show: |config| config.$($field).+.to_string(),
            change: Some(|config, value| {
                config.$($field).+ = parse_size(value)?;
                Ok(())
            }),
        }
    };
}

/// Every parameter of the core, sorted by name. Those of Redis before 7.0 have a second name.
pub const PARAMETERS: &[Parameter] = &[
    switch_parameter!("acl-hide-keys", acl_hide_keys),
    Parameter {
        name: "acl-pubsub-default",
        show: |config| if config.acl_opens_channels { "allchannels" } else { "resetchannels" }.to_owned(),
        change: Some(|config, value| {
            config.acl_opens_channels = match value.to_ascii_lowercase().as_slice() {
                b"allchannels" => true,
                b"resetchannels" => false,
                _ => return Err("argument(s) must be one of the following: allchannels, resetchannels".to_owned()),
            };
            Ok(())
        }),
    },
    count_parameter!("acllog-max-len", acllog_max_len),
    size_parameter!("auto-aof-rewrite-min-size", log_rewrite_min_bytes),
    count_parameter!("auto-aof-rewrite-percentage", log_rewrite_percentage, 0_i64, i32::MAX),
    count_parameter!("busy-reply-threshold", scripts.busy_reply_threshold_ms),
    fixed_parameter!("aof-use-rdb-preamble", "yes"),
    Parameter {
        name: "client-output-buffer-limit",
        show: |config| config.connections.output.show(),
        change: Some(|config, value| config.connections.output.change(value)),
    },
    fixed_parameter!("cluster-enabled", "no"),
    switch_parameter!("compat-upstash", compat_upstash),
    fixed_parameter!("daemonize", "no"),
    Parameter { name: "databases", show: |config| config.databases.to_string(), change: None },
    Parameter { name: "enable-debug-command", show: |config| config.debug_permission.name().to_owned(), change: None },
    count_parameter!("hash-max-listpack-entries", hash.max_listpack_entries),
    size_parameter!("hash-max-listpack-value", hash.max_listpack_value),
    count_parameter!("hash-max-ziplist-entries", hash.max_listpack_entries),
    size_parameter!("hash-max-ziplist-value", hash.max_listpack_value),
    size_parameter!("hll-sparse-max-bytes", hll_sparse_max_bytes),
    count_parameter!("latency-monitor-threshold", timing.monitor_ms),
    switch_parameter!("latency-tracking", timing.tracking),
    Parameter {
        name: "latency-tracking-info-percentiles",
        show: |config| config.timing.show_percentiles(),
        change: Some(|config, value| {
            config.timing.percentiles = TimingConfig::parse_percentiles(value)?;
            Ok(())
        }),
    },
    count_parameter!("lfu-decay-time", eviction.lfu_decay_minutes, 0_i64, i32::MAX),
    count_parameter!("lfu-log-factor", eviction.lfu_log_factor, 0_i64, i32::MAX),
    fixed_parameter!("lazyfree-lazy-user-flush", "yes"),
    count_parameter!("list-compress-depth", list_compress_depth, 0_i64, i32::MAX),
    count_parameter!("list-max-listpack-size", list_max_listpack_size, i32::MIN, i32::MAX),
    count_parameter!("list-max-ziplist-size", list_max_listpack_size, i32::MIN, i32::MAX),
    count_parameter!("lua-time-limit", scripts.busy_reply_threshold_ms),
    count_parameter!("maxclients", connections.max_clients, 1_i64, u32::MAX),
    size_parameter!("maxmemory", eviction.max_bytes),
    count_parameter!("maxmemory-eviction-tenacity", eviction.tenacity, 0_i64, 100_i64),
    Parameter {
        name: "maxmemory-policy",
        show: |config| config.eviction.policy.name().to_owned(),
        change: Some(|config, value| {
            let names: Vec<_> = Policy::names().collect();
            let reason = || format!("argument(s) must be one of the following: {}", names.join(", "));
            config.eviction.policy = Policy::from_name(value).ok_or_else(reason)?;
            Ok(())
        }),
    },
    count_parameter!("maxmemory-samples", eviction.samples, 1_i64, i32::MAX),
    Parameter {
        name: "notify-keyspace-events",
        show: |config| config.notifications.letters(),
        change: Some(|config, value| {
            const REASON: &str = "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.";
            config.notifications = Notifications::parse(value).ok_or_else(|| REASON.to_owned())?;
            Ok(())
        }),
    },
    Parameter { name: "proto-max-bulk-len", show: |_| limits::STRING_BYTES_MAX.to_string(), change: None },
    Parameter {
        name: "pubsub-history-channels",
        show: |config| String::from_utf8_lossy(&config.history.channels.join(&b' ')).into_owned(),
        change: Some(|config, value| {
            let patterns = value.split(u8::is_ascii_whitespace).filter(|pattern| !pattern.is_empty());
            config.history.channels = patterns.map(<[u8]>::to_vec).collect();
            Ok(())
        }),
    },
    count_parameter!("pubsub-history-size", history.size, 0_i64, 1_000_000_i64),
    count_parameter!("pubsub-history-ttl", history.ttl_seconds, 0_i64, i32::MAX),
    Parameter {
        name: "requirepass",
        // Whether there is one is all that anybody is told.
        show: |config| if config.password.is_some() { "***" } else { "" }.to_owned(),
        change: Some(|config, value| {
            config.password = (!value.is_empty()).then(|| value.to_owned());
            Ok(())
        }),
    },
    fixed_parameter!("rdbchecksum", "yes"),
    fixed_parameter!("rdbcompression", "yes"),
    fixed_parameter!("replicaof", ""),
    fixed_parameter!("sanitize-dump-payload", "yes"),
    count_parameter!("set-max-intset-entries", set.max_intset_entries),
    count_parameter!("set-max-listpack-entries", set.max_listpack_entries),
    size_parameter!("set-max-listpack-value", set.max_listpack_value),
    count_parameter!("slowlog-log-slower-than", timing.slowlog_us, -1_i64, i64::MAX),
    count_parameter!("slowlog-max-len", timing.slowlog_max_len),
    count_parameter!("tcp-keepalive", connections.keepalive_seconds, 0_i64, i32::MAX),
    count_parameter!("timeout", connections.timeout_seconds, 0_i64, i32::MAX),
    count_parameter!("tracking-table-max-keys", tracking_table_max_keys),
    size_parameter!("stream-node-max-bytes", stream.node_max_bytes),
    count_parameter!("stream-node-max-entries", stream.node_max_entries),
    count_parameter!("zset-max-listpack-entries", zset.max_listpack_entries),
    size_parameter!("zset-max-listpack-value", zset.max_listpack_value),
    count_parameter!("zset-max-ziplist-entries", zset.max_listpack_entries),
    size_parameter!("zset-max-ziplist-value", zset.max_listpack_value),
];

/// Names of before Redis 7.0, and those that they have become.
const OLD_NAMES: &[(&str, &str)] = &[
    ("hash-max-ziplist-entries", "hash-max-listpack-entries"),
    ("hash-max-ziplist-value", "hash-max-listpack-value"),
    ("list-max-ziplist-size", "list-max-listpack-size"),
    ("lua-time-limit", "busy-reply-threshold"),
    ("zset-max-ziplist-entries", "zset-max-listpack-entries"),
    ("zset-max-ziplist-value", "zset-max-listpack-value"),
];

/// The name that a parameter has today.
pub fn today_name(name: &str) -> &str {
    OLD_NAMES.iter().find(|(old, _)| *old == name).map_or(name, |(_, today)| today)
}

fn find(name: &[u8]) -> Option<&'static Parameter> {
    PARAMETERS.iter().find(|parameter| parameter.name.as_bytes().eq_ignore_ascii_case(name))
}

fn parse_integer<T: TryFrom<i64>>(value: &[u8], low: i64, high: i64) -> Result<T, String> {
    let value = number::parse_i64(value).ok_or("argument couldn't be parsed into an integer")?;
    let within = Some(value).filter(|value| (low..=high).contains(value)).and_then(|value| T::try_from(value).ok());
    within.ok_or_else(|| format!("argument must be between {low} and {high} inclusive"))
}

fn show_switch(on: bool) -> String {
    if on { "yes".to_owned() } else { "no".to_owned() }
}

fn parse_switch(value: &[u8]) -> Result<bool, String> {
    match value.to_ascii_lowercase().as_slice() {
        b"yes" => Ok(true),
        b"no" => Ok(false),
        _ => Err("argument must be 'yes' or 'no'".to_owned()),
    }
}

/// Reads a number of bytes: `64`, `1kb`, `1m`.
pub(crate) fn parse_size(value: &[u8]) -> Result<usize, String> {
    const UNITS: [(&[u8], usize); 8] = [
        (b"", 1),
        (b"b", 1),
        (b"k", 1000),
        (b"kb", 1 << 10),
        (b"m", 1_000_000),
        (b"mb", 1 << 20),
        (b"g", 1_000_000_000),
        (b"gb", 1 << 30),
    ];
    let digits = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, unit) = value.split_at(digits);
    let unit = UNITS.into_iter().find(|(name, _)| unit.eq_ignore_ascii_case(name)).map(|(_, size)| size);
    let number = number::parse_u64(number).and_then(|number| usize::try_from(number).ok());
    let size = number.zip(unit).and_then(|(number, unit)| number.checked_mul(unit));
    size.ok_or_else(|| "argument must be a memory value".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        for (text, size) in [("0", 0), ("64", 64), ("64B", 64), ("2k", 2000), ("2Kb", 2048), ("1mb", 1 << 20)] {
            assert_eq!(parse_size(text.as_bytes()), Ok(size), "{text}");
        }
        for text in ["", "kb", "-1", "1x", "1 kb", "1.5kb", "99999999999999999999"] {
            assert!(parse_size(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn old_names_mean_what_new_ones_mean() {
        let mut config = Config::default();
        for (old, today) in OLD_NAMES {
            let [old, today] = [old, today].map(|name| find(name.as_bytes()).unwrap());
            old.change.unwrap()(&mut config, b"77").unwrap();
            assert_eq!((today.show)(&config), "77", "{}", today.name);
        }
    }

    #[test]
    fn every_parameter_takes_the_value_that_it_shows() {
        let mut config = Config::default();
        for parameter in PARAMETERS {
            let shown = (parameter.show)(&config);
            if let Some(change) = parameter.change {
                assert_eq!(change(&mut config, shown.as_bytes()), Ok(()), "{}", parameter.name);
            }
            assert_eq!((parameter.show)(&config), shown, "{}", parameter.name);
        }
    }
}
