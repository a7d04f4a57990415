//! The largest sizes that input can reach. Each has an error reply of its own when it is passed.

/// The longest string value, in bytes (512 MiB, Redis's `proto-max-bulk-len`).
pub const STRING_BYTES_MAX: usize = 512 * 1024 * 1024;
/// The most words in one request.
pub const REQUEST_WORDS_MAX: usize = 1024 * 1024;
/// The longest inline request (a line without RESP framing), in bytes.
pub const INLINE_BYTES_MAX: usize = 64 * 1024;
/// The most words in one request of a client that has not authenticated yet.
pub const UNAUTHENTICATED_WORDS_MAX: usize = 10;
/// The longest word of a client that has not authenticated yet, in bytes.
pub const UNAUTHENTICATED_WORD_BYTES_MAX: usize = 16 * 1024;
/// The number of hash slots, fixed by the Redis Cluster protocol.
pub const SLOT_COUNT: u16 = 16_384;
/// The number of logical databases that `SELECT` reaches unless configured otherwise.
pub const DATABASES_DEFAULT: u16 = 16;
/// The most requests that may wait between `MULTI` and `EXEC`.
pub const QUEUED_REQUESTS_MAX: usize = 1024 * 1024;
/// The most random elements that one request may ask for with repetition.
pub const RANDOM_REPEATED_MAX: u64 = 16 * 1024 * 1024;
/// How many stamps stand for the versions of all keys.
pub const VERSION_STAMPS: usize = 1 << 16;
/// How many keys are remembered for clients that track them, unless configured otherwise.
pub const TRACKED_KEYS_DEFAULT: usize = 1_000_000;
/// The most channels that remember their messages. Those that were silent for longest go first.
pub const HISTORY_CHANNELS_MAX: usize = 10_000;
/// What all of these messages take at most, in bytes.
pub const HISTORY_BYTES_MAX: usize = 64 * 1024 * 1024;
/// How many epochs of a channel's history are known: one for each life of the store in which it has told something.
pub const HISTORY_EPOCHS_MAX: usize = 16;
/// How many entries the log of what was denied has, unless configured otherwise.
pub const ACL_LOG_ENTRIES_DEFAULT: usize = 128;
/// How many scripts are known that `EVAL` alone has brought, fixed by Redis 7.4.
pub const EVALUATED_SCRIPTS_MAX: usize = 500;
/// The bytes that the lines of one script in the log of the host have together; lines behind them are dropped.
pub const SCRIPT_LOG_BYTES_MAX: usize = 64 * 1024;
/// The latest deadline of a field, in milliseconds since 1970.
pub const FIELD_DEADLINE_MS_MAX: i64 = (1 << 46) - 1;
