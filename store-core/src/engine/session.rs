//! What the engine remembers of a client between its requests.

use super::pubsub::Topic;
use super::tracking::Tracking;
use super::watch::WatchedKey;
use crate::acl::User;
use crate::clock::Millis;
use crate::config::Dialect;
use crate::keyspace::DbIndex;
use crate::reply::Protocol;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// The number of a session. Never used twice in the life of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// How a client is connected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SessionKind {
    /// A RESP connection.
    #[default]
    Resp,
    /// A WebSocket.
    WebSocket,
    /// One HTTP request. Nothing of the session outlives it.
    Rest,
    /// A stream of server-sent events.
    EventStream,
    /// A caller in the same process.
    Local,
}

impl SessionKind {
    /// All kinds.
    pub const ALL: [Self; 5] = [Self::Resp, Self::WebSocket, Self::Rest, Self::EventStream, Self::Local];

    /// Its name in `CLIENT LIST`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Resp => "resp",
            Self::WebSocket => "websocket",
            Self::Rest => "rest",
            Self::EventStream => "sse",
            Self::Local => "local",
        }
    }
}

/// What the host knows of a client that has come.
#[derive(Clone, Debug, Default)]
pub struct SessionOptions {
    /// How it is connected.
    pub kind: SessionKind,
    /// The protocol that it speaks until it says otherwise.
    pub protocol: Protocol,
    /// Its address, as `CLIENT LIST` shows it.
    pub address: Arc<str>,
    /// The address that it connected to.
    pub local_address: Arc<str>,
    /// Whether the host has checked who it is (a bearer token), so that it needs no `AUTH`.
    pub authenticated: bool,
    /// Whether several of its requests may be under way at once, so that none can be held back.
    pub multiplexed: bool,
    /// Whether it may only read (a read-only token).
    pub read_only: bool,
    /// The user whose token it has shown ([`Engine::user_of_token`](super::Engine::user_of_token)), by name.
    pub user: Option<Vec<u8>>,
    /// The user that the host has had made for it ([`Engine::make_guest`](super::Engine::make_guest)).
    pub guest: Option<Arc<User>>,
    /// What waits on its connection, if the host tells.
    pub buffers: Option<Arc<dyn Buffers>>,
}

/// A connection whose host tells what waits on it.
pub trait Buffers: fmt::Debug + Send + Sync {
    /// What waits now.
    fn waiting(&self) -> Waiting;
}

/// What waits on a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Bytes that have come and are not executed.
    pub input_bytes: usize,
    /// Messages and late answers that nobody has taken to be sent.
    pub output_items: usize,
    /// Bytes that are to be sent, those of the items included.
    pub output_bytes: usize,
}

/// Whether a session wants its replies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReplyMode {
    /// All of them.
    #[default]
    On,
    /// None.
    Off,
    /// Not the one to the request in progress.
    SkipThis,
    /// Not the next one.
    SkipNext,
}

/// Requests that wait for `EXEC`.
#[derive(Clone, Debug, Default)]
pub struct Transaction {
    /// The requests, in order.
    pub queued: Vec<Vec<Vec<u8>>>,
    /// A request was refused while it was queued, so `EXEC` will refuse them all.
    pub aborted: bool,
}

/// Who runs a request, and on what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Actor {
    /// Its session.
    pub(crate) id: SessionId,
    /// The database that it works on.
    pub(crate) db: DbIndex,
    /// Whether what it does counts as a use of the keys.
    pub(crate) records_uses: bool,
    /// Whose rules hold for it.
    pub(crate) dialect: Dialect,
}

/// A client of the store.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its number.
    pub id: SessionId,
    /// What the host said of it.
    pub options: SessionOptions,
    /// The database that it works on.
    pub db: DbIndex,
    /// The protocol of its replies.
    pub protocol: Protocol,
    /// Whether it has authenticated, or need not.
    pub authenticated: bool,
    /// The user that it belongs to.
    pub user: Arc<User>,
    /// Its name, from `CLIENT SETNAME`.
    pub name: String,
    /// Its library's name and version, from `CLIENT SETINFO`.
    pub library: (String, String),
    /// When it came.
    pub created: Millis,
    /// When it last executed something.
    pub last_active: Millis,
    /// The command that it executed last, as in `CLIENT LIST`.
    pub last_command: &'static str,
    /// Whether it wants its replies.
    pub reply_mode: ReplyMode,
    /// Whether it asked not to be evicted.
    pub no_evict: bool,
    /// Whether it asked that its reads do not count as uses of a key.
    pub no_touch: bool,
    /// The requests since `MULTI`.
    pub transaction: Option<Transaction>,
    /// The keys that it watches.
    pub watching: Vec<WatchedKey>,
    /// A watched key has changed, so the next `EXEC` does nothing.
    pub watch_broken: bool,
    /// How many channels and patterns it is subscribed to, counted separately.
    pub subscriptions: Subscriptions,
    /// How it tracks keys, if it does.
    pub tracking: Option<Box<Tracking>>,
    /// Whose rules hold for it.
    pub dialect: Dialect,
    /// It ends once the answer in progress has been sent.
    pub closing: bool,
}

/// How many subscriptions a session has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Subscriptions {
    /// To channels.
    pub channels: usize,
    /// To patterns.
    pub patterns: usize,
    /// To sharded channels.
    pub shard_channels: usize,
}

impl Subscriptions {
    /// The number that a confirmation tells: sharded channels are counted apart from all others.
    pub(crate) const fn confirmed(&self, topic: Topic) -> usize {
        match topic {
            Topic::ShardChannel => self.shard_channels,
            Topic::Channel | Topic::Pattern => self.channels + self.patterns,
        }
    }

    pub(crate) const fn of_topic(&mut self, topic: Topic) -> &mut usize {
        match topic {
            Topic::Channel => &mut self.channels,
            Topic::Pattern => &mut self.patterns,
            Topic::ShardChannel => &mut self.shard_channels,
        }
    }

    /// All of them.
    pub const fn total(&self) -> usize {
        self.channels + self.patterns + self.shard_channels
    }
}

impl Transaction {
    /// The bytes of the words that wait.
    pub(crate) fn bytes(&self) -> usize {
        self.queued.iter().flatten().map(Vec::len).sum()
    }
}

impl Session {
    /// What its next request has to know of it.
    pub(crate) const fn actor(&self) -> Actor {
        Actor { id: self.id, db: self.db, records_uses: !self.no_touch, dialect: self.dialect }
    }

    fn new(id: SessionId, now: Millis, options: SessionOptions, (user, authenticated): (Arc<User>, bool)) -> Self {
        Self {
            id,
            db: DbIndex(0),
            protocol: options.protocol,
            authenticated,
            user,
            name: String::new(),
            library: (String::new(), String::new()),
            created: now,
            last_active: now,
            last_command: "NULL",
            reply_mode: ReplyMode::On,
            no_evict: false,
            no_touch: false,
            transaction: None,
            watching: Vec::new(),
            watch_broken: false,
            subscriptions: Subscriptions::default(),
            tracking: None,
            dialect: Dialect::Redis,
            closing: false,
            options,
        }
    }

    /// Whether only subscription commands are allowed: in RESP2 nobody could tell a message from a reply.
    pub const fn is_subscribed_only(&self) -> bool {
        matches!(self.protocol, Protocol::Resp2) && self.subscriptions.total() > 0
    }
}

/// The open sessions.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    open: HashMap<SessionId, Session, FixedState>,
    last: u64,
}

impl Sessions {
    pub(crate) fn open(&mut self, now: Millis, options: SessionOptions, user: (Arc<User>, bool)) -> SessionId {
        self.last += 1;
        let id = SessionId(self.last);
        self.open.insert(id, Session::new(id, now, options, user));
        id
    }

    pub(crate) fn close(&mut self, id: SessionId) {
        self.open.remove(&id);
    }

    pub(crate) fn find(&self, id: SessionId) -> Option<&Session> {
        self.open.get(&id)
    }

    pub(crate) fn get(&self, id: SessionId) -> &Session {
        match self.open.get(&id) {
            Some(session) => session,
            None => unreachable!("the host executes only for sessions that it has opened"),
        }
    }

    pub(crate) fn get_mut(&mut self, id: SessionId) -> &mut Session {
        match self.open.get_mut(&id) {
            Some(session) => session,
            None => unreachable!("the host executes only for sessions that it has opened"),
        }
    }

    pub(crate) fn find_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        self.open.get_mut(&id)
    }

    /// All sessions in the order in which they came.
    pub(crate) fn in_order(&self) -> Vec<&Session> {
        let mut all: Vec<_> = self.open.values().collect();
        all.sort_unstable_by_key(|session| session.id);
        all
    }

    /// All sessions in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Session> {
        self.open.values()
    }

    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }
}
