//! What a client asks for in a message, read from JSON or MessagePack by the same rules.

use crate::encoding::{BYTES_KEY, Encoder};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use redstart_core::engine::Position;
use redstart_core::number;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;

/// What tells an answer's request from others. The client chooses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Id {
    Integer(i64),
    Text(String),
}

impl Id {
    pub(super) fn write(&self, encoder: &mut dyn Encoder) {
        match self {
            Self::Integer(id) => encoder.integer(*id),
            Self::Text(id) => encoder.text(id),
        }
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IdVisitor)
    }
}

struct IdVisitor;

impl Visitor<'_> for IdVisitor {
    type Value = Id;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number without fraction, or a text, as `id`")
    }

    fn visit_i64<E: Error>(self, id: i64) -> Result<Id, E> {
        Ok(Id::Integer(id))
    }

    fn visit_u64<E: Error>(self, id: u64) -> Result<Id, E> {
        i64::try_from(id).map(Id::Integer).map_err(|_| E::invalid_value(Unexpected::Unsigned(id), &self))
    }

    fn visit_str<E: Error>(self, id: &str) -> Result<Id, E> {
        Ok(Id::Text(id.to_owned()))
    }
}

/// One request, or several that are answered together.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Message<'a, R = Request<'a>> {
    One(R),
    Batch(Vec<R>, PhantomData<&'a ()>),
}

impl<'a> Message<'a> {
    /// The numbers of its requests, and whether they are a batch.
    pub(super) fn ids(&self) -> (Vec<&Id>, bool) {
        match self {
            Self::One(request) => (vec![&request.id], false),
            Self::Batch(requests, _) => (requests.iter().map(|request| &request.id).collect(), true),
        }
    }

    /// The commands that it comes to.
    pub(super) fn commands(&self) -> Vec<Vec<&[u8]>> {
        match self {
            Self::One(request) => request.body.commands(),
            Self::Batch(requests, _) => requests.iter().flat_map(|request| request.body.commands()).collect(),
        }
    }

    /// How many commands it asks for.
    pub(super) fn command_count(&self) -> usize {
        let count = |request: &Request<'a>| match &request.body {
            Body::Multi { commands, .. } => commands.len(),
            _ => 1,
        };
        match self {
            Self::One(request) => count(request),
            Self::Batch(requests, _) => requests.iter().map(count).sum(),
        }
    }
}

/// A request with its number.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Request<'a> {
    pub(super) id: Id,
    pub(super) body: Body<'a>,
}

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Body<'a> {
    /// A command.
    Command(Words<'a>),
    /// Commands as one transaction, which depends on these versions of keys.
    Multi { commands: Vec<Words<'a>>, watch: HashMap<Word<'a>, Word<'a>> },
    /// Messages of these channels, and of those that match these patterns.
    Subscribe {
        channels: Words<'a>,
        patterns: Words<'a>,
        /// What the client has seen of channels before it came.
        recover: HashMap<Word<'a>, Seen>,
    },
    /// No more messages. An empty list means all.
    Unsubscribe { channels: Option<Words<'a>>, patterns: Option<Words<'a>> },
    /// To be who this token belongs to.
    Auth(String),
}

impl Body<'_> {
    /// The commands that it comes to.
    fn commands(&self) -> Vec<Vec<&[u8]>> {
        match self {
            Self::Command(words) => vec![slices(words)],
            Self::Multi { commands, .. } => commands.iter().map(|words| slices(words)).collect(),
            Self::Subscribe { channels, patterns, .. } => {
                let both = [(&b"SUBSCRIBE"[..], channels), (b"PSUBSCRIBE", patterns)];
                let both = both.into_iter().filter(|(_, names)| !names.is_empty());
                both.map(|(name, names)| [&[name][..], &slices(names)].concat()).collect()
            }
            Self::Unsubscribe { .. } => vec![vec![&b"UNSUBSCRIBE"[..]]],
            Self::Auth(_) => Vec::new(),
        }
    }
}

/// A place in the history of a channel, as clients write it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub(super) struct Seen {
    epoch: String,
    offset: u64,
}

impl Seen {
    /// Nothing where no history was ever called so.
    pub(super) fn position(&self) -> Option<Position> {
        let epoch = u64::from_str_radix(&self.epoch, 16).ok()?;
        Some(Position { epoch, offset: self.offset })
    }
}

/// The words of a command.
pub(super) type Words<'a> = Vec<Word<'a>>;

/// A word: bytes, borrowed from the message where they stand in it as they are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Word<'a>(Cow<'a, [u8]>);

impl AsRef<[u8]> for Word<'_> {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Words as the engine takes them.
pub(super) fn slices<'a>(words: &'a [Word<'_>]) -> Vec<&'a [u8]> {
    words.iter().map(AsRef::as_ref).collect()
}

/// A message that cannot be understood.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It is not a message at all.
    Protocol,
    /// It is one, with numbers to answer to.
    Invalid { ids: Vec<Id>, is_batch: bool, reason: String },
}

/// Reads a message of JSON.
///
/// # Errors
/// [`Refusal`].
pub(super) fn read_json(json: &[u8]) -> Result<Message<'_>, Refusal> {
    let read = serde_json::from_slice(json).map_err(|error| error.to_string());
    read.map_err(|reason| refusal(reason, serde_json::from_slice(json).ok()))
}

/// Reads a message of MessagePack.
///
/// # Errors
/// [`Refusal`].
pub(super) fn read_msgpack(msgpack: &[u8]) -> Result<Message<'_>, Refusal> {
    whole_msgpack(msgpack).map_err(|reason| refusal(reason, whole_msgpack(msgpack).ok()))
}

/// Reads a value that takes up all of the bytes.
fn whole_msgpack<'a, T: Deserialize<'a>>(msgpack: &'a [u8]) -> Result<T, String> {
    let mut deserializer = rmp_serde::Deserializer::from_read_ref(msgpack);
    let value = T::deserialize(&mut deserializer).map_err(|error| error.to_string())?;
    // The only way to ask whether the end has been reached: nothing more can be read, not even the kind of a value.
    match bool::deserialize(&mut deserializer) {
        Err(rmp_serde::decode::Error::InvalidMarkerRead(_)) => Ok(value),
        _ => Err("there are bytes behind the message".to_owned()),
    }
}

/// The number of a request of which nothing else is understood.
#[derive(serde::Deserialize)]
struct Numbered {
    id: Id,
}

fn refusal(reason: String, numbered: Option<Message<'_, Numbered>>) -> Refusal {
    match numbered {
        None => Refusal::Protocol,
        Some(Message::One(Numbered { id })) => Refusal::Invalid { ids: vec![id], is_batch: false, reason },
        Some(Message::Batch(all, _)) => {
            Refusal::Invalid { ids: all.into_iter().map(|one| one.id).collect(), is_batch: true, reason }
        }
    }
}

impl<'de: 'a, 'a, R: Deserialize<'de>> Deserialize<'de> for Message<'a, R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MessageVisitor(PhantomData))
    }
}

struct MessageVisitor<'a, R>(PhantomData<(&'a (), R)>);

impl<'de: 'a, 'a, R: Deserialize<'de>> Visitor<'de> for MessageVisitor<'a, R> {
    type Value = Message<'a, R>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a request or a list of requests")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        R::deserialize(MapAccessDeserializer::new(map)).map(Message::One)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut requests = Vec::new();
        while let Some(request) = seq.next_element()? {
            requests.push(request);
        }
        Ok(Message::Batch(requests, PhantomData))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Request<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RequestVisitor(PhantomData))
    }
}

/// The fields of a request.
#[derive(serde::Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Field {
    Id,
    Cmd,
    Multi,
    Watch,
    Subscribe,
    Psubscribe,
    Recover,
    Unsubscribe,
    Punsubscribe,
    Auth,
    /// One that nobody knows: it is passed over.
    #[serde(other)]
    Unknown,
}

struct RequestVisitor<'a>(PhantomData<&'a ()>);

impl<'de: 'a, 'a> Visitor<'de> for RequestVisitor<'a> {
    type Value = Request<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a request")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut id, mut body) = (None, None);
        let (mut watch, mut recover) = (None, None);
        while let Some(field) = map.next_key()? {
            let part = match field {
                Field::Id => {
                    id = Some(map.next_value()?);
                    None
                }
                Field::Watch => {
                    watch = map.next_value()?;
                    None
                }
                Field::Recover => {
                    recover = map.next_value()?;
                    None
                }
                Field::Unknown => map.next_value::<IgnoredAny>().map(|_| None)?,
                Field::Cmd => map.next_value::<Option<_>>()?.map(Body::Command),
                Field::Multi => map.next_value::<Option<_>>()?.map(Body::multi),
                Field::Subscribe => {
                    map.next_value::<Option<_>>()?.map(|channels| Body::subscribe(channels, Vec::new()))
                }
                Field::Psubscribe => {
                    map.next_value::<Option<_>>()?.map(|patterns| Body::subscribe(Vec::new(), patterns))
                }
                Field::Unsubscribe => map
                    .next_value::<Option<_>>()?
                    .map(|channels| Body::Unsubscribe { channels: Some(channels), patterns: None }),
                Field::Punsubscribe => map
                    .next_value::<Option<_>>()?
                    .map(|patterns| Body::Unsubscribe { channels: None, patterns: Some(patterns) }),
                Field::Auth => map.next_value::<Option<_>>()?.map(Body::Auth),
            };
            if let Some(part) = part {
                body = Some(Body::join(body, part).map_err(A::Error::custom)?);
            }
        }
        let id = id.ok_or_else(|| A::Error::missing_field("id"))?;
        let body = body.ok_or(ONE_BODY).and_then(|body| body.with(watch, recover)).map_err(A::Error::custom)?;
        Ok(Request { id, body })
    }
}

const ONE_BODY: &str =
    "a request has one of `cmd`, `multi`, `subscribe`, `psubscribe`, `unsubscribe`, `punsubscribe`, `auth`";

impl<'a> Body<'a> {
    fn multi(commands: Vec<Words<'a>>) -> Self {
        Self::Multi { commands, watch: HashMap::new() }
    }

    fn subscribe(channels: Words<'a>, patterns: Words<'a>) -> Self {
        Self::Subscribe { channels, patterns, recover: HashMap::new() }
    }

    /// What two fields ask for together: channels and patterns go together, nothing else does.
    fn join(one: Option<Self>, other: Self) -> Result<Self, &'static str> {
        match (one, other) {
            (None, other) => Ok(other),
            (
                Some(Self::Subscribe { mut channels, mut patterns, .. }),
                Self::Subscribe { channels: more_channels, patterns: more_patterns, .. },
            ) => {
                channels.extend(more_channels);
                patterns.extend(more_patterns);
                Ok(Self::subscribe(channels, patterns))
            }
            (
                Some(Self::Unsubscribe { channels, patterns }),
                Self::Unsubscribe { channels: other_channels, patterns: other_patterns },
            ) => Ok(Self::Unsubscribe { channels: channels.or(other_channels), patterns: patterns.or(other_patterns) }),
            (Some(_), _) => Err(ONE_BODY),
        }
    }

    /// The same, with what belongs to some kinds of requests. A position to recover from means nothing elsewhere.
    fn with(
        mut self,
        versions: Option<HashMap<Word<'a>, Word<'a>>>,
        positions: Option<HashMap<Word<'a>, Seen>>,
    ) -> Result<Self, &'static str> {
        match (&mut self, versions, positions) {
            (Self::Multi { watch, .. }, Some(versions), _) => *watch = versions,
            (_, Some(_), _) => return Err("`watch` belongs to `multi`"),
            (Self::Subscribe { recover, .. }, None, Some(positions)) => *recover = positions,
            _ => {}
        }
        Ok(self)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Word<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WordVisitor).map(Word)
    }
}

struct WordVisitor;

impl<'de> Visitor<'de> for WordVisitor {
    type Value = Cow<'de, [u8]>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a word: text, a number, true, false or {{\"{BYTES_KEY}\":\"<base64>\"}}")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text.as_bytes()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.as_bytes().to_vec()))
    }

    fn visit_borrowed_bytes<E: Error>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(bytes))
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        Ok(Cow::Owned(bytes.to_vec()))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(if value { b"true" } else { b"false" }))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(number_word(|out| number::write_i64(out, value)))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(number_word(|out| number::write_u64(out, value)))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(number_word(|out| number::write_f64(out, value)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Some((key, base64)) = map.next_entry::<Cow<'_, str>, Cow<'_, str>>()? else {
            return Err(A::Error::invalid_length(0, &self));
        };
        if key != BYTES_KEY || map.next_key::<IgnoredAny>()?.is_some() {
            return Err(A::Error::custom(format_args!("an object as a word is {{\"{BYTES_KEY}\":\"<base64>\"}}")));
        }
        STANDARD.decode(base64.as_bytes()).map(Cow::Owned).map_err(A::Error::custom)
    }
}

fn number_word<'a>(write: impl FnOnce(&mut Vec<u8>)) -> Cow<'a, [u8]> {
    let mut word = Vec::new();
    write(&mut word);
    Cow::Owned(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&'static str]) -> Words<'static> {
        words.iter().map(|word| Word(Cow::Borrowed(word.as_bytes()))).collect()
    }

    fn one(id: i64, body: Body<'static>) -> Message<'static> {
        Message::One(Request { id: Id::Integer(id), body })
    }

    /// Reads a message in both formats; they have to agree.
    fn check(json: &str, expected: &Message<'_>) {
        assert_eq!(read_json(json.as_bytes()).as_ref(), Ok(expected), "{json}");
        let value: serde_json::Value = serde_json::from_str(json).unwrap();
        let msgpack = rmp_serde::to_vec_named(&value).unwrap();
        assert_eq!(read_msgpack(&msgpack).as_ref(), Ok(expected), "{json} as MessagePack");
    }

    #[test]
    fn each_form_of_request_is_read() {
        check(r#"{"id":1,"cmd":["SET","k","v"]}"#, &one(1, Body::Command(words(&["SET", "k", "v"]))));
        check(r#"{"cmd":["\u0041"],"id":-1,"new":[{}]}"#, &one(-1, Body::Command(words(&["A"]))));
        check(r#"{"id":0,"auth":"t"}"#, &one(0, Body::Auth("t".into())));
        check(
            r#"{"id":5,"multi":[["INCR","a"],[]]}"#,
            &one(5, Body::Multi { commands: vec![words(&["INCR", "a"]), Vec::new()], watch: HashMap::new() }),
        );
        check(
            r#"{"id":6,"subscribe":["n"],"psubscribe":["u*"],"recover":{"n":{"epoch":"x","offset":1}}}"#,
            &one(
                6,
                Body::Subscribe {
                    channels: words(&["n"]),
                    patterns: words(&["u*"]),
                    recover: HashMap::from([(words(&["n"]).remove(0), Seen { epoch: "x".to_owned(), offset: 1 })]),
                },
            ),
        );
        check(
            r#"{"id":7,"punsubscribe":[]}"#,
            &one(7, Body::Unsubscribe { channels: None, patterns: Some(Vec::new()) }),
        );
        let request = Request { id: Id::Text("a".into()), body: Body::Command(words(&["PING"])) };
        check(r#"[{"id":"a","cmd":["PING"]}]"#, &Message::Batch(vec![request], PhantomData));
        check("[]", &Message::Batch(Vec::new(), PhantomData));
    }

    #[test]
    fn channels_and_patterns_go_together_in_any_order() {
        let subscribe = Body::Subscribe {
            channels: words(&["n"]),
            patterns: words(&["u*"]),
            recover: HashMap::from([(words(&["n"]).remove(0), Seen { epoch: "x".to_owned(), offset: 1 })]),
        };
        check(
            r#"{"recover":{"n":{"epoch":"x","offset":1}},"psubscribe":["u*"],"auth":null,"subscribe":["n"],"id":1}"#,
            &one(1, subscribe),
        );
        check(
            r#"{"punsubscribe":["u*"],"unsubscribe":["n"],"id":1}"#,
            &one(1, Body::Unsubscribe { channels: Some(words(&["n"])), patterns: Some(words(&["u*"])) }),
        );
        let watch = HashMap::from([(words(&["a"]).remove(0), words(&["1"]).remove(0))]);
        check(r#"{"watch":{"a":"1"},"multi":[],"id":1}"#, &one(1, Body::Multi { commands: Vec::new(), watch }));
    }

    #[test]
    fn words_of_other_kinds_become_text() {
        let expected = words(&["1", "-2", "1.5", "18446744073709551615", "true", "false", "x"]);
        check(
            r#"{"id":1,"cmd":[1,-2,1.5,18446744073709551615,true,false,{"$bytes":"eA=="}]}"#,
            &one(1, Body::Command(expected)),
        );
        let binary = b"\x82\xa2id\x01\xa3cmd\x91\xc4\x02\xff\x00";
        let expected = vec![Word(Cow::Borrowed(b"\xff\x00".as_slice()))];
        assert_eq!(read_msgpack(binary), Ok(one(1, Body::Command(expected))));
    }

    #[test]
    fn what_has_a_number_is_answered() {
        for json in [
            r#"{"id":3,"cmd":"PING"}"#,
            r#"{"id":3,"cmd":[null]}"#,
            r#"{"id":3,"cmd":[["a"]]}"#,
            r#"{"id":3,"cmd":[{"$bytes":"%"}]}"#,
            r#"{"id":3,"cmd":[{"$bytes":"eA==","more":1}]}"#,
            r#"{"id":3,"cmd":[{"other":"eA=="}]}"#,
            r#"{"id":3,"cmd":[{}]}"#,
            r#"{"id":3}"#,
            r#"{"id":3,"cmd":["PING"],"auth":"t"}"#,
            r#"{"id":3,"subscribe":["n"],"unsubscribe":["n"]}"#,
            r#"{"id":3,"recover":{}}"#,
            r#"{"id":3,"cmd":["PING"],"watch":{"a":"1"}}"#,
        ] {
            let value: serde_json::Value = serde_json::from_str(json).unwrap();
            let msgpack = rmp_serde::to_vec_named(&value).unwrap();
            for refused in [read_json(json.as_bytes()), read_msgpack(&msgpack)] {
                let Err(Refusal::Invalid { ids, is_batch: false, .. }) = refused else { panic!("{json}: {refused:?}") };
                assert_eq!(ids, [Id::Integer(3)]);
            }
        }
        let not_text = read_json(b"{\"id\":3,\"cmd\":[\"\xff\"]}");
        assert!(matches!(not_text, Err(Refusal::Invalid { .. })), "{not_text:?}");
        let refused = read_json(br#"[{"id":1,"cmd":["PING"]},{"id":2}]"#);
        let Err(Refusal::Invalid { ids, is_batch: true, .. }) = refused else { panic!("{refused:?}") };
        assert_eq!(ids, [Id::Integer(1), Id::Integer(2)]);
    }

    #[test]
    fn what_has_none_breaks_the_protocol() {
        for json in
            ["", "{", "1", "null", "\"PING\"", "{}", r#"{"id":1.5,"cmd":["PING"]}"#, "[1]", "{\"id\":1} x", "\u{0}"]
        {
            assert_eq!(read_json(json.as_bytes()), Err(Refusal::Protocol), "{json}");
        }
        assert_eq!(read_json("[".repeat(100_000).as_bytes()), Err(Refusal::Protocol));
        for msgpack in [
            b"".as_slice(),
            b"\xc1",
            b"\x81",
            b"\x82\xa2id",
            b"\x81\xa2id\x01\x81",
            b"\xdd\xff\xff\xff\xff",
            b"\xdf\xff\xff\xff\xff",
        ] {
            assert_eq!(read_msgpack(msgpack), Err(Refusal::Protocol), "{msgpack:?}");
        }
    }
}
