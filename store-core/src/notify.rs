//! Which keyspace events are published: the letters of `notify-keyspace-events`.
//!
//! `K` and `E` choose the channels, the other letters the classes of events. Nothing is published unless there is one
//! of each, so the usual store, with no letter at all, spends nothing on them.

use crate::effects::EventClass;
use alloc::string::String;

/// Classes of events and kinds of channels, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notifications(u16);

/// The classes that `A` stands for, in the order in which they are shown.
const ALL: [(char, EventClass); 10] = [
    ('g', EventClass::Generic),
    ('$', EventClass::String),
    ('l', EventClass::List),
    ('s', EventClass::Set),
    ('h', EventClass::Hash),
    ('z', EventClass::Zset),
    ('x', EventClass::Expired),
    ('e', EventClass::Evicted),
    ('t', EventClass::Stream),
    ('d', EventClass::Module),
];

const KEYSPACE: u16 = 1 << 14;
const KEYEVENT: u16 = 1 << 15;

/// What is shown behind the classes.
const CHANNELS: [(char, u16); 3] = [('K', KEYSPACE), ('E', KEYEVENT), ('m', bit(EventClass::KeyMiss))];

const fn bit(class: EventClass) -> u16 {
    1 << class as u16
}

fn all() -> u16 {
    ALL.iter().fold(0, |bits, (_, class)| bits | bit(*class))
}

impl Notifications {
    /// Reads the letters, in any order. None when there is another one among them.
    pub fn parse(letters: &[u8]) -> Option<Self> {
        letters.iter().try_fold(Self::default(), |so_far, letter| {
            let letter = char::from(*letter);
            let class = ALL.into_iter().find(|(name, _)| *name == letter).map(|(_, class)| bit(class));
            let channel = CHANNELS.into_iter().find(|(name, _)| *name == letter).map(|(_, bits)| bits);
            let bits = match letter {
                'A' => Some(all()),
                'n' => Some(bit(EventClass::New)),
                _ => class.or(channel),
            };
            bits.map(|bits| Self(so_far.0 | bits))
        })
    }

    /// The letters as Redis shows them: `A` for all that it stands for (and then no `n`).
    pub fn letters(self) -> String {
        let mut letters = String::new();
        if self.0 & all() == all() {
            letters.push('A');
        } else {
            letters.extend(ALL.into_iter().filter(|(_, class)| self.0 & bit(*class) != 0).map(|(letter, _)| letter));
            letters.extend((self.0 & bit(EventClass::New) != 0).then_some('n'));
        }
        letters.extend(CHANNELS.into_iter().filter(|(_, bits)| self.0 & bits != 0).map(|(letter, _)| letter));
        letters
    }

    /// Whether anything is ever published.
    pub const fn is_on(self) -> bool {
        let channels = KEYSPACE | KEYEVENT;
        self.0 & channels != 0 && self.0 & !channels != 0
    }

    /// Whether events of a class are published.
    pub const fn wants(self, class: EventClass) -> bool {
        self.is_on() && self.0 & bit(class) != 0
    }

    /// Whether they are published by key.
    pub const fn by_key(self) -> bool {
        self.0 & KEYSPACE != 0
    }

    /// Whether they are published by event.
    pub const fn by_event(self) -> bool {
        self.0 & KEYEVENT != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_shown_in_redis_order() {
        let shown = |letters: &str| Notifications::parse(letters.as_bytes()).map(Notifications::letters);
        for (given, expected) in
            [("KEA", "AKE"), ("AKEnm", "AKEm"), ("nmKE", "nKEm"), ("$gE", "g$E"), ("g$lshzxetd", "A"), ("", "")]
        {
            assert_eq!(shown(given).as_deref(), Some(expected));
        }
        assert_eq!(shown("Q"), None);
    }

    #[test]
    fn nothing_is_published_without_a_channel_or_without_a_class() {
        for (letters, on) in [("", false), ("KE", false), ("A", false), ("Kg", true), ("Em", true)] {
            assert_eq!(Notifications::parse(letters.as_bytes()).unwrap().is_on(), on, "{letters}");
        }
    }
}
