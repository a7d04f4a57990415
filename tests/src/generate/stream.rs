//! Words of requests about streams: IDs that mostly grow, a few groups and consumers.

use super::{Generator, Oddity, Words};
use redstart_core::spec::{Arg, Command, Group};

/// Redis 7.0 makes a consumer when it gets its first entry, later versions when it asks for one: so it is made before.
pub(super) fn make_consumers(words: &Words) -> Vec<Words> {
    let name = words.first().map(Vec::as_slice).unwrap_or_default();
    let (group, consumer, keys): (_, _, &[Vec<u8>]) = match (name, words.as_slice()) {
        (b"XCLAIM" | b"XAUTOCLAIM", [_, key, group, consumer, ..]) => (group, consumer, std::slice::from_ref(key)),
        (b"XREADGROUP", [_, _, group, consumer, rest @ ..]) => {
            let streams = rest.iter().position(|word| word == b"STREAMS").map_or(rest.len(), |at| at + 1);
            (group, consumer, rest.get(streams..streams + (rest.len() - streams) / 2).unwrap_or_default())
        }
        _ => return Vec::new(),
    };
    let create = |key: &Vec<u8>| -> Words {
        vec![b"XGROUP".to_vec(), b"CREATECONSUMER".to_vec(), key.clone(), group.clone(), consumer.clone()]
    };
    keys.iter().map(create).collect()
}

impl Generator {
    pub(super) fn is_of_stream(&self, arg: &Arg, command: &Command) -> bool {
        const NAMES: &[&str] = &[
            "id",
            "last-id",
            "max_deleted_entry_id",
            "start",
            "end",
            "group",
            "groupname",
            "consumer",
            "consumername",
            "threshold",
            "min-idle-time",
            "numids",
        ];
        command.group == Group::Stream && NAMES.contains(&arg.name)
    }

    pub(super) fn stream_word(&mut self, command: &Command, arg: &Arg) -> String {
        // Redis 7.0 allows an ID below deleted ones, see `deviations.md`.
        let is_free = arg.name != "last-id" || !self.as_of_7_0;
        if is_free && self.oddity == Oddity::Any && self.chance(2) {
            let odd = ["", "x", "-", "$", ">", "1-1-1", "0-0", "99999999999999999999", "+"];
            // Redis 7.0 cannot read from the last entry on.
            let known = if self.as_of_7_0 { odd.len() - 1 } else { odd.len() };
            return self.pick(&odd[..known]).into();
        }
        match (arg.name, command.name) {
            ("id", "XADD") => self.new_id(),
            ("last-id", _) if self.as_of_7_0 => format!("{}-9", self.newest_ms),
            ("last-id", _) => self.old_id(),
            ("start" | "end", _) => self.interval_end(),
            ("group" | "groupname", _) => self.pick(&["g1", "g2"]).into(),
            ("consumer" | "consumername", _) => self.pick(&["c1", "c2", "c3"]).into(),
            ("min-idle-time", _) => self.pick(&["0", "0", "0", "100000", "-1"]).into(),
            ("threshold", _) if self.chance(50) => self.pick(&["0", "1", "2", "3", "5"]).into(),
            ("threshold", _) => self.newest_ms.saturating_sub(self.random.below(5)).to_string(),
            ("numids", _) => {
                self.announced = 1 + self.random.index(2);
                self.announced.to_string()
            }
            _ => self.old_id(),
        }
    }

    /// Keys, and as many words that say from where on each is read.
    pub(super) fn streams(&mut self, command: &Command, (key, id): (&Arg, &Arg), words: &mut Words) {
        let count = 1 + self.random.index(2);
        let once = |arg: &Arg| Arg { multiple: false, ..*arg };
        (0..count).for_each(|_| self.value(command, &once(key), words));
        for _ in 0..count {
            match command.name {
                "XREADGROUP" if self.chance(70) => words.push(b">".to_vec()),
                "XREAD" if self.chance(10) => words.push(b"$".to_vec()),
                _ => self.value(command, &once(id), words),
            }
        }
    }

    fn new_id(&mut self) -> String {
        if self.chance(10) {
            return self.old_id();
        }
        self.newest_ms += self.random.below(2);
        match self.random.below(3) {
            0 => format!("{}-{}", self.newest_ms, self.random.below(3)),
            1 => self.newest_ms.to_string(),
            _ => format!("{}-*", self.newest_ms),
        }
    }

    fn old_id(&mut self) -> String {
        let ms = self.newest_ms.saturating_sub(self.random.below(6));
        match self.random.below(4) {
            0 => ms.to_string(),
            seq => format!("{ms}-{}", seq - 1),
        }
    }

    fn interval_end(&mut self) -> String {
        match self.random.below(6) {
            0 => "-".into(),
            1 => "+".into(),
            2 => format!("({}", self.old_id()),
            _ => self.old_id(),
        }
    }
}
