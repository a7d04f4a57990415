//! Requests that follow from the command table.
//!
//! Few keys, each mostly of the type that its name tells, and few values that are interesting: what is empty, a number,
//! nearly a number, an extreme. So that commands meet each other's data.

mod script;
mod stream;

use crate::target::find_command;
use redstart_core::commands;
use redstart_core::random::Random;
use redstart_core::rdb;
use redstart_core::spec::{Arg, ArgKind, Command, Flag, Group, Run};

/// A request's words.
pub type Words = Vec<Vec<u8>>;

/// How odd requests may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// What the grammar says, with values of the kinds that it says.
    Valid,
    /// Also values of other kinds, words too many and too few, keys of other types.
    Any,
}

/// A source of requests that follow from a seed.
#[derive(Clone, Debug)]
pub struct Generator {
    random: Random,
    oddity: Oddity,
    commands: Vec<&'static Command>,
    /// Whether only what Redis 7.0 knows is asked for.
    as_of_7_0: bool,
    /// How many keys the request in the making has announced.
    announced: usize,
    /// The milliseconds of the newest entry of any stream.
    newest_ms: u64,
}

impl Generator {
    /// Requests of these commands.
    pub fn new(seed: u64, oddity: Oddity, commands: Vec<&'static Command>) -> Self {
        Self { random: Random::new(seed), oddity, commands, as_of_7_0: false, announced: 1, newest_ms: 1 }
    }

    /// The same without the commands and options that Redis 7.0 does not know.
    pub fn as_of_redis_7_0(mut self) -> Self {
        self.commands.retain(|command| !is_newer(command));
        self.as_of_7_0 = true;
        self
    }

    /// A request. It takes several when it has to stand in a transaction, where nothing blocks.
    pub fn next_requests(&mut self) -> Vec<Words> {
        let command = self.commands[self.random.index(self.commands.len())];
        let mut words = self.request(command);
        if is_lexical(command, &words) {
            words.iter_mut().for_each(rename_key);
            let filled = [b"ZADD", &words[1][..], b"0", b"a", b"0", b"b", b"0", b"c", b"0", b"ab", b"0", b"A"];
            let mut requests = vec![filled.iter().map(|word| word.to_vec()).collect(), words];
            // A key of another name may hold a sorted set of any scores.
            let key = requests[1][1].clone();
            if !key.starts_with(EQUAL_SCORES) {
                requests.insert(0, vec![b"DEL".to_vec(), key]);
            }
            return requests;
        }
        let mut requests = if self.as_of_7_0 { stream::make_consumers(&words) } else { Vec::new() };
        if command.has(Flag::Blocking) {
            requests.extend([vec![b"MULTI".to_vec()], words, vec![b"EXEC".to_vec()]]);
            return requests;
        }
        if !requests.is_empty() {
            requests.push(words);
            return requests;
        }
        // Equal weights leave the order open.
        if self.as_of_7_0 && command.name.starts_with("SORT") && has(&words, "BY") {
            words.retain(|word| !word.eq_ignore_ascii_case(b"ALPHA"));
        }
        // Redis saturates what is far below a field at its other end, see `deviations.md`.
        if self.as_of_7_0 && command.name == "BITFIELD" && has(&words, "SAT") {
            words.iter_mut().filter(|word| word.starts_with(b"-9223372036854775")).for_each(|word| {
                *word = b"-4611686018427387904".to_vec();
            });
        }
        // What is taken out differs between stores, so what remains is cleared.
        if command.name == "SPOP" && words.len() > 1 {
            let clear = vec![b"DEL".to_vec(), words[1].clone()];
            return vec![words, clear];
        }
        vec![words]
    }

    /// A request of a command.
    pub fn request(&mut self, command: &Command) -> Words {
        let mut words: Words = command.name.split(' ').map(|word| word.as_bytes().to_vec()).collect();
        self.announced = 1;
        self.sequence(command, command.syntax, &mut words);
        if self.oddity == Oddity::Any && self.chance(6) {
            self.spoil(command.name_words(), &mut words);
        }
        words
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.random.below(100) < percent
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.random.index(from.len())]
    }

    /// Drops a word, adds one, or puts another in its place.
    fn spoil(&mut self, name_words: usize, words: &mut Words) {
        let junk = self.pick(&["", "x", "-1", "FOO", "LIMIT", "NX", "GET"]).as_bytes().to_vec();
        match self.random.below(3) {
            0 if words.len() > name_words => {
                words.pop();
            }
            1 if words.len() > name_words => {
                let at = name_words + self.random.index(words.len() - name_words);
                words[at] = junk;
            }
            _ => words.push(junk),
        }
    }

    fn sequence(&mut self, command: &Command, args: &[Arg], words: &mut Words) {
        for arg in args.iter().filter(|arg| !self.is_newer_option(command, arg)).collect::<Vec<_>>() {
            if arg.optional && !self.chance(35) {
                continue;
            }
            let times = match arg.multiple {
                false => 1,
                true if is_counted(command, arg) => self.announced,
                true => 1 + self.random.index(3),
            };
            for n in 0..times {
                if let Some(token) = arg.token.filter(|_| n == 0 || arg.multiple_token) {
                    words.push(token.as_bytes().to_vec());
                }
                self.value(command, arg, words);
            }
        }
    }

    fn is_newer_option(&self, command: &Command, arg: &Arg) -> bool {
        let named = |(name, tokens): &(&str, &[&str])| {
            command.name == *name && arg.token.is_some_and(|token| tokens.contains(&token))
        };
        let all = matches!(arg.kind, ArgKind::OneOf(all) if all.iter().all(|arg| self.is_newer_option(command, arg)));
        all || (self.as_of_7_0 && NEWER_OPTIONS.iter().any(named))
    }

    fn value(&mut self, command: &Command, arg: &Arg, words: &mut Words) {
        let text = match arg.kind {
            ArgKind::PureToken => return,
            ArgKind::String if command.name == "FUNCTION RESTORE" => return words.push(self.libraries_payload()),
            ArgKind::String if arg.name == "serialized-value" => return words.push(self.payload()),
            ArgKind::OneOf(choices) => {
                let choices: Vec<_> = choices.iter().filter(|arg| !self.is_newer_option(command, arg)).collect();
                let choice = match *choices[self.random.index(choices.len())] {
                    // An ID of now differs between stores.
                    Arg { name: "auto_id", .. } => Arg::string("id"),
                    choice => choice,
                };
                return self.sequence(command, &[Arg { optional: false, ..choice }], words);
            }
            ArgKind::Block([key, id]) if arg.name == "streams" => return self.streams(command, (key, id), words),
            ArgKind::Block(parts) => return self.sequence(command, parts, words),
            ArgKind::String | ArgKind::Integer if self.is_of_stream(arg, command) => self.stream_word(command, arg),
            ArgKind::Key(_) => self.key(command.group),
            ArgKind::Integer => self.integer(command, arg),
            ArgKind::Double => self.double(arg),
            ArgKind::Pattern if arg.name == "by-pattern" => self.pick(&["str*", "hash*->a", "*"]).into(),
            ArgKind::Pattern if arg.name == "get-pattern" => self.pick(&["#", "str*", "hash*->b", "zset*"]).into(),
            ArgKind::Pattern => self.pick(&["*", "*1", "[a-c]*", "?", "s*", "zzz"]).into(),
            ArgKind::UnixTime => self.unix_time(arg),
            ArgKind::String => self.script_word(arg).unwrap_or_else(|| self.string(arg)),
        };
        words.push(text.into_bytes());
    }

    fn key(&mut self, group: Group) -> String {
        let own = match group {
            Group::String | Group::Bitmap => Some("str"),
            Group::Hash => Some("hash"),
            Group::HyperLogLog => Some("hll"),
            Group::Geo => Some("geo"),
            Group::List => Some("list"),
            Group::Set => Some("set"),
            Group::SortedSet => Some("zset"),
            Group::Stream => Some("stream"),
            _ => None,
        };
        let mixed = self.oddity == Oddity::Any && self.chance(7);
        let kind = match own {
            Some(kind) if !mixed => kind,
            _ => self.pick(&["str", "hash", "list", "set", "zset", "hll", "stream", "geo"]),
        };
        format!("{kind}{}", self.random.below(3))
    }

    fn integer(&mut self, command: &Command, arg: &Arg) -> String {
        if self.oddity == Oddity::Any && self.chance(4) {
            return self.pick(&["abc", "", "1.5", " 1", "9223372036854775808", "01", "+1", "-"]).into();
        }
        let samples_many = command.name.contains("RAND");
        match arg.name {
            "numkeys" | "numfields" => {
                self.announced = 1 + self.random.index(2);
                self.announced.to_string()
            }
            "cursor" => "0".into(),
            "ttl" => self.pick(&["0", "100000", "1000000"]).into(),
            "seconds" => self.pick(&["100", "1000", "100000"]).into(),
            "milliseconds" => self.pick(&["100000", "1000000", "123456789"]).into(),
            "db" | "destination-db" | "index" if command.group != Group::List => self.pick(&["0", "1", "2"]).into(),
            "rank" => self.pick(&["1", "2", "-1", "-2"]).into(),
            "count" | "num-matches" | "len" | "limit" | "numreplicas" | "timeout" => {
                self.pick(&["1", "2", "3", "10"]).into()
            }
            "offset" if command.group != Group::Bitmap => self.pick(&["0", "1", "2", "5", "30"]).into(),
            "bit" => self.pick(&["0", "1"]).into(),
            "value" if command.name == "SETBIT" => self.pick(&["0", "1"]).into(),
            "offset" => self.pick(&["0", "1", "7", "8", "15", "70"]).into(),
            _ if self.oddity == Oddity::Any && !samples_many && self.chance(5) => self
                .pick(&["9223372036854775807", "-9223372036854775808", "-9223372036854775807", "4611686018427387904"])
                .into(),
            _ => self.pick(&["0", "1", "2", "3", "-1", "-2", "-3", "5", "10", "100"]).into(),
        }
    }

    /// Floats that are exact in few digits, so that every way of printing them agrees.
    fn double(&mut self, arg: &Arg) -> String {
        if self.oddity == Oddity::Any && self.chance(8) {
            return self.pick(&["inf", "-inf", "nan", "abc", "", "1e400", "1e3", "-0", "+5", ".5", "5."]).into();
        }
        match arg.name {
            "longitude" => {
                return self.pick(&["0", "13.361389", "15.087269", "15.1", "-122.4", "179.9", "-180"]).into();
            }
            "latitude" => return self.pick(&["0", "38.115556", "37.502669", "37.6", "-33.9", "84.9", "-85"]).into(),
            "radius" | "width" | "height" => {
                return self.pick(&["0", "1", "50", "200", "300", "9000", "200000", "9000000", "30000000"]).into();
            }
            _ => {}
        }
        self.pick(&["0", "1", "2", "3", "-1", "-2.5", "0.25", "1.5", "10", "100", "3.75"]).into()
    }

    fn unix_time(&mut self, arg: &Arg) -> String {
        let milliseconds = arg.name.contains("milli");
        match (self.chance(85), milliseconds) {
            (true, true) => self.pick(&["33177117420000", "33177117421500"]).into(),
            (true, false) => self.pick(&["33177117420", "33177117421"]).into(),
            (false, _) => self.pick(&["1", "1000"]).into(),
        }
    }

    fn string(&mut self, arg: &Arg) -> String {
        match arg.name {
            "min" | "max" | "start" | "stop" => self.bound(),
            "subcommand" => self.pick(&["getreg", "decode", "encoding", "todense"]).into(),
            "encoding" => self.pick(&["u1", "u4", "i8", "u8", "i5", "u63", "i64", "u16"]).into(),
            "type" => self.pick(&["string", "list", "set", "zset", "hash", "stream"]).into(),
            _ if self.chance(2) => "y".repeat(70),
            _ => self.pick(&["a", "b", "c", "d", "e", "1", "2", "3", "10", "-5", "", "1.5", "A", "ab", "héé"]).into(),
        }
    }

    /// What RESTORE takes, damaged at times.
    fn payload(&mut self) -> Vec<u8> {
        const BODIES: &[&[u8]] = &[
            b"\x00\x05hello",
            b"\x00\xc0\x05",
            b"\x00\xc3\x0b\x21\x03abca\xe0\x12\x02\x01bc",
            b"\x12\x01\x02\x11\x11\0\0\0\x03\0\x81a\x02\x01\x01\xf2\x90\xee\xfe\x04\xff",
            b"\x0b\x0e\x02\0\0\0\x03\0\0\0\x01\0\x02\0\x03\0",
            b"\x02\x02\x01a\xc0\x02",
            b"\x10\x12\x12\0\0\0\x04\0\x81f\x02\x81v\x02\x81n\x02\x0c\x01\xff",
            b"\x04\x01\x01a\xc0\x03",
            b"\x11\x17\x17\0\0\0\x06\0\x81c\x02\xdf\xfd\x02\x81a\x02\x01\x01\x81b\x02\x02\x01\xff",
            b"\x05\x01\x01a\0\0\0\0\0\0\xf0\x3f",
        ];
        let mut payload = rdb::seal(BODIES[self.random.index(BODIES.len())].to_vec(), 10);
        if self.oddity == Oddity::Any && self.chance(20) {
            let at = self.random.index(payload.len());
            payload[at] ^= 1;
        }
        payload
    }

    fn bound(&mut self) -> String {
        if self.oddity == Oddity::Valid {
            return self.pick(&["0", "1", "2", "-1"]).into();
        }
        self.pick(&["-inf", "+inf", "(1", "2", "0", "-1", "5", "[a", "(b", "[c", "-", "+", "(3", "10"]).into()
    }
}

/// Whether the command goes by the order of members, which has a meaning only where all scores are equal.
fn is_lexical(command: &Command, words: &Words) -> bool {
    words.len() > 1 && (command.name.contains("LEX") || words.iter().any(|word| word.eq_ignore_ascii_case(b"BYLEX")))
}

fn has(words: &Words, token: &str) -> bool {
    words.iter().any(|word| word.eq_ignore_ascii_case(token.as_bytes()))
}

/// Sorted sets of equal scores have names of their own.
const EQUAL_SCORES: &[u8] = b"lex";

fn rename_key(word: &mut Vec<u8>) {
    if let Some(number) = word.strip_prefix(b"zset") {
        *word = [EQUAL_SCORES, number].concat();
    }
}

/// Whether so many of this argument follow as the request has announced keys.
fn is_counted(command: &Command, arg: &Arg) -> bool {
    let announces = |name| command.syntax.iter().flat_map(parts).any(|arg| arg.name == name);
    let counted_key = matches!(arg.kind, ArgKind::Key(_)) || arg.name == "weight";
    (counted_key && announces("numkeys"))
        || (arg.name == "id" && announces("numids"))
        || (matches!(arg.name, "field" | "data") && (announces("numfields") || announces("numkeys")))
}

/// An argument, or the parts of a block.
fn parts(arg: &Arg) -> &[Arg] {
    if let ArgKind::Block(parts) = arg.kind { parts } else { core::slice::from_ref(arg) }
}

/// Commands and options of theirs that Redis 7.0 does not know.
const NEWER_OPTIONS: &[(&str, &[&str])] = &[
    ("BITOP", &["DIFF", "DIFF1", "ANDOR", "ONE"]),
    ("SET", &["IFEQ", "IFNE", "IFDEQ", "IFDNE"]),
    ("XADD", &["KEEPREF", "DELREF", "ACKED"]),
    ("XTRIM", &["KEEPREF", "DELREF", "ACKED"]),
    // Known, but what a C library makes of a sine may differ in its last binary digit.
    ("GEORADIUS", &["STOREDIST"]),
    ("GEORADIUSBYMEMBER", &["STOREDIST"]),
    ("GEOSEARCHSTORE", &["STOREDIST"]),
];

fn is_newer(command: &Command) -> bool {
    command.since.starts_with("7.2") || command.since.starts_with("7.4") || command.since.starts_with('8')
}

/// The commands on data.
pub fn data_commands() -> Vec<&'static Command> {
    let groups = [
        Group::String,
        Group::Bitmap,
        Group::HyperLogLog,
        Group::Geo,
        Group::Generic,
        Group::Hash,
        Group::List,
        Group::Set,
        Group::SortedSet,
        Group::Stream,
    ];
    let elsewhere = ["PFSELFTEST", "WAIT", "WAITAOF", "MIGRATE", "OBJECT"];
    commands::all()
        .filter(|command| groups.contains(&command.group) || script::COMMANDS.contains(&command.name))
        .filter(|command| !matches!(command.run, Run::Container))
        .filter(|command| {
            !elsewhere.iter().any(|name| command.name.starts_with(name)) && !command.name.ends_with(" HELP")
        })
        .collect()
}

/// The command of a request.
pub fn command_of(words: &Words) -> Option<&'static Command> {
    find_command(&words.iter().map(Vec::as_slice).collect::<Vec<_>>())
}
