//! Why a socket is closed, as its client is told.
//!
//! After a code from 4000 to 4499 coming back is of no use; after one from 4500 on it is.

use crate::host::Ending;

/// The end of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Close {
    pub(super) code: u16,
    pub(super) reason: &'static str,
}

impl Close {
    /// How a session ends that was ended from outside.
    pub(super) const fn of(ending: Ending) -> Self {
        match ending {
            Ending::Killed => Self::KILLED,
            Ending::UserGone => Self::USER_GONE,
        }
    }

    pub(super) const NORMAL: Self = Self { code: 1000, reason: "bye" };
    pub(super) const NOT_AUTHENTICATED: Self = Self { code: 4401, reason: "not authenticated" };
    pub(super) const EXPIRED: Self = Self { code: 4401, reason: "the token has expired" };
    pub(super) const FORBIDDEN: Self = Self { code: 4403, reason: "the user of this token may not log in" };
    pub(super) const USER_GONE: Self = Self { code: 4403, reason: "there is no such user any more" };
    pub(super) const PROTOCOL: Self = Self { code: 4408, reason: "protocol error" };
    pub(super) const TOO_MANY_REQUESTS: Self = Self { code: 4408, reason: "too many requests in one batch" };
    pub(super) const TOO_MANY_SUBSCRIPTIONS: Self = Self { code: 4408, reason: "too many subscriptions" };
    pub(super) const STOPPING: Self = Self { code: 4500, reason: "shutting down" };
    pub(super) const KILLED: Self = Self { code: 4501, reason: "closed by CLIENT KILL" };
    pub(super) const TOO_SLOW: Self = Self { code: 4508, reason: "too slow" };
    pub(super) const RATE_LIMITED: Self = Self { code: 4529, reason: "rate limited" };
    pub(super) const NO_PONG: Self = Self { code: 4508, reason: "no pong" };
}
