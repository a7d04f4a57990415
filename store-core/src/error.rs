//! What a client is told when a request cannot be done.
//!
//! A closed list: the first word of each text is the code that clients branch on, the rest is Redis's text
//! byte for byte. A refused request has changed nothing.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use core::fmt;

/// Declares [`Error`], its variants with a fixed text, and [`Detail`], those that carry words of the request.
macro_rules! errors {
    ($($(#[doc = $doc:literal])* $name:ident => $text:literal,)* ; $($(#[doc = $ddoc:literal])* $dname:ident { $($field:ident : $kind:ty),* } => $dtext:literal,)*) => {
        /// An error reply, in two machine words: every result of a command carries one.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Error {
            $($(#[doc = $doc])* #[doc = $text] $name,)*
            /// Any other refusal whose text is fixed where it is made, code included.
            Message {
                /// The text, behind a thin reference.
                text: &'static &'static str,
            },
            /// A refusal whose text needs more than is known beforehand.
            Detailed(Box<Detail>),
        }

        /// A refusal that carries words of the request.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Detail {
            $($(#[doc = $ddoc])* #[doc = $dtext] $dname {
                $(#[doc = "Fills the text's place of the same name."] $field: $kind),*
            },)*
        }

        impl fmt::Display for Error {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$name => $text,)*
                    Self::Message { text } => text,
                    Self::Detailed(detail) => return detail.fmt(f),
                })
            }
        }

        impl fmt::Display for Detail {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$dname { $($field),* } => write!(f, $dtext),)*
                }
            }
        }
    };
}

errors! {
    Syntax => "ERR syntax error",
    WrongType => "WRONGTYPE Operation against a key holding the wrong kind of value",
    NotAnInteger => "ERR value is not an integer or out of range",
    NotAFloat => "ERR value is not a valid float",
    MinOrMaxNotAFloat => "ERR min or max is not a float",
    MinOrMaxNotLex => "ERR min or max not valid string range item",
    WeightNotAFloat => "ERR weight value is not a float",
    OutOfRange => "ERR value is out of range",
    NotPositive => "ERR value is out of range, must be positive",
    ValueOutOfRange => "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
    IntOutOfRange => "ERR value is out of range, value must between -2147483648 and 2147483647",
    IndexOutOfRange => "ERR index out of range",
    OffsetOutOfRange => "ERR offset is out of range",
    BitOffset => "ERR bit offset is not an integer or out of range",
    BitNotABit => "ERR bit is not an integer or out of range",
    NoSuchKey => "ERR no such key",
    SameObject => "ERR source and destination objects are the same",
    IncrementOverflow => "ERR increment or decrement would overflow",
    DecrementOverflow => "ERR decrement would overflow",
    IncrementNotFinite => "ERR increment would produce NaN or Infinity",
    ScoreNotANumber => "ERR resulting score is not a number (NaN)",
    StringTooLong => "ERR string exceeds maximum allowed size (proto-max-bulk-len)",
    TimeoutNotAFloat => "ERR timeout is not a float or out of range",
    TimeoutNotAnInteger => "ERR timeout is not an integer or out of range",
    TimeoutOutOfRange => "ERR timeout is out of range",
    TimeoutNegative => "ERR timeout is negative",
    InvalidStreamId => "ERR Invalid stream ID specified as stream command argument",
    InvalidCursor => "ERR invalid cursor",
    NumkeysNotPositive => "ERR numkeys should be greater than 0",
    NumkeysTooMany => "ERR Number of keys can't be greater than number of args",
    LimitNegative => "ERR LIMIT can't be negative",
    CountNotPositive => "ERR count should be greater than 0",
    DbIndexOutOfRange => "ERR DB index is out of range",
    InvalidFirstDbIndex => "ERR invalid first DB index",
    InvalidSecondDbIndex => "ERR invalid second DB index",
    NestedMulti => "ERR MULTI calls can not be nested",
    ExecWithoutMulti => "ERR EXEC without MULTI",
    DiscardWithoutMulti => "ERR DISCARD without MULTI",
    WatchInsideMulti => "ERR WATCH inside MULTI is not allowed",
    NotInTransaction => "ERR Command not allowed inside a transaction",
    ExecAborted => "EXECABORT Transaction discarded because of previous errors.",
    TooManyQueued => "ERR too many requests queued in this transaction",
    AuthRequired => "NOAUTH Authentication required.",
    HelloAuthRequired => "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time",
    WrongPassword => "WRONGPASS invalid username-password pair or user is disabled.",
    NoPasswordSet => "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?",
    ProtocolVersion => "NOPROTO unsupported protocol version",
    ProtocolVersionNotAnInteger => "ERR Protocol version is not an integer or out of range",
    InvalidCommandSpecified => "ERR Invalid command specified",
    NoKeyArguments => "ERR The command has no key arguments",
    InvalidKeyArguments => "ERR Invalid arguments specified for command",
    InvalidArguments => "ERR Invalid number of arguments specified for command",
    NoSuchClient => "ERR No such client",
    ClientIdInvalid => "ERR client-id should be greater than 0",
    ClientNameInvalid => "ERR Client names cannot contain spaces, newlines or special characters.",
    OutOfMemory => "OOM command not allowed when used memory > 'maxmemory'.",
    WritesStopped => "MISCONF Redstart cannot write its log, so writes are refused; reads go on. See the server's log for the reason.",
    Loading => "LOADING Redis is loading the dataset in memory",
    BusyScript => "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
    BusyFunction => "BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.",
    NotBusy => "NOTBUSY No scripts in execution right now.",
    Unkillable => "UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.",
    KeyDenied => "NOPERM No permissions to access a key",
    ChannelDenied => "NOPERM No permissions to access a channel",
    Paused => "TRYAGAIN clients are paused, and this request cannot wait",
    NotOverThisTransport => "ERR this command needs a connection that stays open, use RESP or WebSocket",
    ;
    /// The request names a command that does not exist.
    UnknownCommand { name: String, args: String } => "ERR unknown command '{name}', with args beginning with: {args}",
    /// The container has no such subcommand.
    UnknownSubcommand { name: String, container: String } => "ERR unknown subcommand '{name}'. Try {container} HELP.",
    /// The subcommand exists, but not with these words.
    SubcommandSyntax { name: String, container: String } => "ERR unknown subcommand or wrong number of arguments for '{name}'. Try {container} HELP.",
    /// Too few or too many words.
    WrongArity { command: String } => "ERR wrong number of arguments for '{command}' command",
    /// A command that combines keys was given none.
    NoInputKey { command: String } => "ERR at least 1 input key is needed for '{command}' command",
    /// A TTL that is zero, negative or beyond the calendar.
    InvalidExpire { command: &'static str } => "ERR invalid expire time in '{command}' command",
    /// A session in RESP2 that is subscribed may only manage its subscriptions.
    SubscribedOnly { command: String } => "ERR Can't execute '{command}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context",
    /// A parameter name or value that `CONFIG SET` refuses.
    ConfigSet { name: String, reason: String } => "ERR CONFIG SET failed (possibly related to argument '{name}') - {reason}",
    /// `CONFIG SET` was given a parameter that does not exist.
    UnknownParameter { name: String } => "ERR Unknown option or number of arguments for CONFIG SET - '{name}'",
    /// The session's user may not run the command.
    NoPermission { user: String, command: String } => "NOPERM User {user} has no permissions to run the '{command}' command",
    /// An option leads to keys that the request does not name.
    OptionDenied { option: &'static str } => "ERR {option} option of SORT denied due to insufficient ACL permissions.",
    /// A queued request is not allowed any more.
    DeniedSince { reason: &'static str } => "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. This command is no longer allowed for the following reason: {reason}",
    /// Any other refusal whose text needs words of the request.
    Text { text: String } => "{text}",
}

impl core::error::Error for Error {}

impl From<Detail> for Error {
    #[cold]
    fn from(detail: Detail) -> Self {
        Self::Detailed(Box::new(detail))
    }
}

impl Error {
    /// A refusal with a fixed text of its own, code included.
    pub const fn message(text: &'static &'static str) -> Self {
        Self::Message { text }
    }

    /// A refusal with a text made of words of the request, code included.
    #[cold]
    pub fn detail(text: String) -> Self {
        Detail::Text { text }.into()
    }

    /// The word that clients branch on, such as `ERR` or `WRONGTYPE`.
    pub fn code(&self) -> String {
        let mut text = self.to_string();
        text.truncate(text.find(' ').unwrap_or(text.len()));
        text
    }
}
