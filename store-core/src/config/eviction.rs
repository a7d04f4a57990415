//! The parameters about how much a store may hold, and what goes when it holds more.

/// Which keys are evicted first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Those that have not been used for the longest time.
    #[default]
    Lru,
    /// Those that are used least often.
    Lfu,
    /// Any.
    Random,
    /// Those that would expire first.
    Ttl,
}

/// Which keys may be evicted at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Candidates {
    /// None: writes are refused instead.
    #[default]
    None,
    /// Those with a deadline.
    Volatile,
    /// All.
    All,
}

/// `maxmemory-policy`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Which keys may go.
    pub candidates: Candidates,
    /// Which of them go first.
    pub order: Order,
}

impl Policy {
    /// The policies with their names, in Redis's order.
    const NAMES: [(&'static str, Self); 8] = [
        ("volatile-lru", Self::new(Candidates::Volatile, Order::Lru)),
        ("volatile-lfu", Self::new(Candidates::Volatile, Order::Lfu)),
        ("volatile-random", Self::new(Candidates::Volatile, Order::Random)),
        ("volatile-ttl", Self::new(Candidates::Volatile, Order::Ttl)),
        ("allkeys-lru", Self::new(Candidates::All, Order::Lru)),
        ("allkeys-lfu", Self::new(Candidates::All, Order::Lfu)),
        ("allkeys-random", Self::new(Candidates::All, Order::Random)),
        ("noeviction", Self::new(Candidates::None, Order::Lru)),
    ];

    const fn new(candidates: Candidates, order: Order) -> Self {
        Self { candidates, order }
    }

    /// The policy's name.
    pub fn name(self) -> &'static str {
        Self::NAMES.into_iter().find(|(_, policy)| *policy == self).map_or("noeviction", |(name, _)| name)
    }

    /// The policy of this name, in any case.
    pub fn from_name(name: &[u8]) -> Option<Self> {
        Self::NAMES.into_iter().find(|(known, _)| known.as_bytes().eq_ignore_ascii_case(name)).map(|(_, policy)| policy)
    }

    /// The names of all policies.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().map(|(name, _)| name)
    }

    /// Whether it goes by how often keys are used. Only then is that counted, in the place of the time of the last use.
    pub fn counts_uses(self) -> bool {
        self.order == Order::Lfu
    }
}

/// The parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EvictionConfig {
    /// `maxmemory`: how much the keys may take, in bytes as the store counts them; 0 for any amount.
    pub max_bytes: usize,
    /// `maxmemory-policy`
    pub policy: Policy,
    /// `maxmemory-samples`: how many keys are looked at for each that goes.
    pub samples: usize,
    /// `maxmemory-eviction-tenacity`: how much is done about it at once, from 0 to 100.
    pub tenacity: usize,
    /// `lfu-log-factor`: the more, the more uses it takes to count as often used.
    pub lfu_log_factor: u32,
    /// `lfu-decay-time`: in how many minutes the count of uses falls by one; 0 for never.
    pub lfu_decay_minutes: u32,
}

impl Default for EvictionConfig {
    fn default() -> Self {
        Self {
            max_bytes: 0,
            policy: Policy::default(),
            samples: 5,
            tenacity: 10,
            lfu_log_factor: 10,
            lfu_decay_minutes: 1,
        }
    }
}
