//! A command's grammar as the parameters of a JavaScript method.
//!
//! Required arguments are positional. What may be left out is an options object, with the keywords as properties, as
//! `@upstash/redis` has it; where that takes or gives something that the grammar cannot tell, the method is written by
//! hand in `commands.ts`, and [`is_written`] names it.

use redstart_core::spec::{Arg, ArgKind};

/// Keywords whose property is not simply in lower case.
const PROPERTIES: [(&str, &str); 12] = [
    ("KEEPTTL", "keepTtl"),
    ("WITHSCORES", "withScores"),
    ("WITHSCORE", "withScore"),
    ("WITHVALUES", "withValues"),
    ("WITHMATCHLEN", "withMatchLen"),
    ("MINMATCHLEN", "minMatchLen"),
    ("BYSCORE", "byScore"),
    ("BYLEX", "byLex"),
    ("MAXLEN", "maxLen"),
    ("FILTERBY", "filterBy"),
    ("SKIPME", "skipMe"),
    ("NOVALUES", "noValues"),
];

/// Methods written by hand in `commands.ts`.
const WRITTEN: [&str; 16] = [
    "COPY",
    "FLUSHALL",
    "FLUSHDB",
    "HGETALL",
    "HMGET",
    "HMSET",
    "HRANDFIELD",
    "HSET",
    "LMPOP",
    "MSET",
    "MSETNX",
    "SMISMEMBER",
    "TIME",
    "ZADD",
    "ZMSCORE",
    "EXEC",
];

/// Methods written by hand in `streams.ts`, `geo.ts` and `field-expiry.ts`.
const OF_OTHER_FORM: [&str; 25] = [
    "GEOADD",
    "GEOHASH",
    "GEOPOS",
    "GEOSEARCH",
    "GEOSEARCHSTORE",
    "HEXPIRE",
    "HEXPIREAT",
    "HEXPIRETIME",
    "HPERSIST",
    "HPEXPIRE",
    "HPEXPIREAT",
    "HPEXPIRETIME",
    "HPTTL",
    "HTTL",
    "XACK",
    "XADD",
    "XAUTOCLAIM",
    "XCLAIM",
    "XDEL",
    "XPENDING",
    "XRANGE",
    "XREAD",
    "XREADGROUP",
    "XREVRANGE",
    "XTRIM",
];

/// Commands that change the session, which a `Redis` object does not show: it has methods of its own for them.
const OF_THE_SESSION: [&str; 20] = [
    "ASKING",
    "AUTH",
    "DISCARD",
    "HELLO",
    "MONITOR",
    "MULTI",
    "PSUBSCRIBE",
    "PUNSUBSCRIBE",
    "QUIT",
    "READONLY",
    "READWRITE",
    "RESET",
    "SELECT",
    "SSUBSCRIBE",
    "SUBSCRIBE",
    "SUNSUBSCRIBE",
    "UNSUBSCRIBE",
    "UNWATCH",
    "WATCH",
    "SHUTDOWN",
];

/// Whether a command has no generated method.
pub(super) fn is_written(name: &str) -> bool {
    let of_client = ["CLIENT REPLY", "CLIENT KILL", "CLIENT TRACKING", "CLIENT CACHING"];
    [&WRITTEN[..], &OF_OTHER_FORM, &OF_THE_SESSION, &of_client].iter().any(|names| names.contains(&name))
}

/// One parameter: how it is declared, and the expression that makes words of it.
pub(super) struct Parameter {
    /// `name: Type`, `name?: Type` or `...name: Type[]`.
    pub(super) declaration: String,
    /// An element or spread of the list of words.
    pub(super) words: String,
}

/// The parameters of a method, in order. None when the grammar has no JavaScript form of its own.
pub(super) fn parameters(syntax: &[Arg]) -> Option<Vec<Parameter>> {
    let options: Vec<_> = syntax.iter().filter(|arg| arg.optional).collect();
    let positional = is_positional(&options);
    let mut parameters = Vec::new();
    for (at, arg) in syntax.iter().enumerate() {
        let is_last = at + 1 == syntax.len();
        match (arg.optional, positional) {
            (false, _) => parameters.extend(required(arg, is_last)?),
            (true, true) => parameters.push(optional(arg)?),
            // All options are one object, where the first of them stands.
            (true, false) if std::ptr::eq(options[0], arg) => parameters.push(object(&options)?),
            (true, false) => {}
        }
    }
    let in_order = syntax.iter().skip_while(|arg| !arg.optional).all(|arg| arg.optional);
    in_order.then_some(parameters)
}

/// A single optional value or choice is an argument of its own, not an object.
fn is_positional(options: &[&Arg]) -> bool {
    match options {
        [only] => match only.kind {
            ArgKind::PureToken | ArgKind::Block(_) => false,
            ArgKind::OneOf(choices) => only.token.is_none() && choices.iter().all(is_pure_token),
            _ => only.token.is_none() && !only.multiple,
        },
        _ => false,
    }
}

fn required(arg: &Arg, is_last: bool) -> Option<Vec<Parameter>> {
    if let ArgKind::Block(parts) = arg.kind {
        return block(arg, parts);
    }
    if matches!(arg.kind, ArgKind::PureToken) {
        return None;
    }
    let name = if arg.multiple { plural(identifier(arg.name)) } else { identifier(arg.name) };
    let kind = type_of(arg)?;
    let token = arg.token.map_or(String::new(), |token| format!("\"{token}\", "));
    Some(vec![match (arg.multiple, is_last) {
        (false, _) => Parameter { declaration: format!("{name}: {kind}"), words: format!("{token}{name}") },
        (true, false) => Parameter {
            declaration: format!("{name}: {kind} | {}[]", in_parentheses(&kind)),
            words: format!("{token}...listOf({name})"),
        },
        (true, true) => rest(arg, &name, &kind, &token),
    }])
}

/// Keys may also come as one array, like in `mget(["a", "b"])`; in values, an array is a value.
fn rest(arg: &Arg, name: &str, kind: &str, token: &str) -> Parameter {
    let element = in_parentheses(kind);
    let (declared, words) = if matches!(arg.kind, ArgKind::Key(_)) {
        (format!("({kind} | {element}[])[]"), format!("{token}...{name}.flat()"))
    } else {
        (format!("{element}[]"), format!("{token}...{name}"))
    };
    Parameter { declaration: format!("...{name}: {declared}"), words }
}

/// Required blocks: one after the other when single; otherwise there is no plain form.
fn block(arg: &Arg, parts: &[Arg]) -> Option<Vec<Parameter>> {
    if arg.multiple || arg.token.is_some() {
        return None;
    }
    parts
        .iter()
        .map(|part| required(part, false))
        .collect::<Option<Vec<_>>>()
        .map(|found| found.into_iter().flatten().collect())
}

fn optional(arg: &Arg) -> Option<Parameter> {
    let name = identifier(arg.name);
    let kind = type_of(arg)?;
    Some(Parameter { declaration: format!("{name}?: {kind}"), words: format!("...someOf({name})") })
}

/// Of what the grammar offers as a choice, the object may have one.
fn object(options: &[&Arg]) -> Option<Parameter> {
    let mut free = Vec::new();
    let mut choices = Vec::new();
    let mut table = Vec::new();
    for option in options {
        match (option.kind, option.token) {
            (ArgKind::OneOf(all @ [_, _, ..]), None) => choices.push(at_most_one(all, &mut table)?),
            _ => add_option(option, &mut free, &mut table)?,
        }
    }
    let free = (!free.is_empty()).then(|| of_properties(&free));
    let kinds: Vec<_> = free.into_iter().chain(choices).collect();
    Some(Parameter {
        declaration: format!("options?: {}", kinds.join(" & ")),
        words: format!("...optionWords(options, [{}])", table.join(", ")),
    })
}

fn at_most_one(choices: &[Arg], table: &mut Vec<String>) -> Option<String> {
    let mut kinds = Vec::new();
    for choice in choices {
        let mut properties = Vec::new();
        add_option(choice, &mut properties, table)?;
        kinds.push(of_properties(&properties));
    }
    Some(format!("AtMostOne<{}>", kinds.join(" | ")))
}

fn of_properties(properties: &[String]) -> String {
    format!("{{ {} }}", properties.join("; "))
}

fn add_option(arg: &Arg, properties: &mut Vec<String>, table: &mut Vec<String>) -> Option<()> {
    match (arg.kind, arg.token) {
        (ArgKind::OneOf(choices), None) => choices.iter().try_for_each(|choice| add_option(choice, properties, table)),
        (ArgKind::Block(parts), token) => add_block(parts, token, properties, table),
        (ArgKind::PureToken, Some(token)) => {
            add_property(token, "boolean", token, properties, table);
            Some(())
        }
        (_, Some(token)) => {
            let kind = type_of(arg)?;
            let kind = if arg.multiple { format!("{}[]", in_parentheses(&kind)) } else { kind };
            add_property(token, &kind, token, properties, table);
            Some(())
        }
        (_, None) => None,
    }
}

/// `LIMIT offset count` is two properties, `COUNT count ANY` a property and a flag.
fn add_block(parts: &[Arg], token: Option<&str>, properties: &mut Vec<String>, table: &mut Vec<String>) -> Option<()> {
    let mut before = token;
    for part in parts {
        if part.token.is_some() {
            if before.is_some() {
                return None;
            }
            add_option(part, properties, table)?;
        } else {
            add_property(part.name, &type_of(part)?, before.take().unwrap_or_default(), properties, table);
        }
    }
    Some(())
}

fn add_property(name: &str, kind: &str, token: &str, properties: &mut Vec<String>, table: &mut Vec<String>) {
    let property =
        PROPERTIES.iter().find(|(token, _)| *token == name).map_or_else(|| identifier(name), |found| found.1.into());
    properties.push(format!("{property}?: {kind}"));
    table.push(format!("[\"{property}\", \"{token}\"]"));
}

fn type_of(arg: &Arg) -> Option<String> {
    Some(match arg.kind {
        ArgKind::Key(_) => "Key".into(),
        ArgKind::String => "Value".into(),
        ArgKind::Integer | ArgKind::Double | ArgKind::UnixTime => "Numeric".into(),
        ArgKind::Pattern => "string".into(),
        ArgKind::OneOf(choices) => choice(choices)?,
        ArgKind::PureToken | ArgKind::Block(_) => return None,
    })
}

/// Keywords to choose from, in both cases.
fn choice(choices: &[Arg]) -> Option<String> {
    if !choices.iter().all(is_pure_token) {
        return None;
    }
    let both = choices.iter().filter_map(|choice| choice.token).flat_map(|token| {
        let lower = token.to_ascii_lowercase();
        let lower = (lower != token).then(|| format!("\"{lower}\""));
        [Some(format!("\"{token}\"")), lower].into_iter().flatten()
    });
    Some(both.collect::<Vec<_>>().join(" | "))
}

fn is_pure_token(arg: &Arg) -> bool {
    matches!(arg.kind, ArgKind::PureToken) && arg.token.is_some()
}

fn in_parentheses(kind: &str) -> String {
    if kind.contains('|') { format!("({kind})") } else { kind.to_owned() }
}

fn plural(name: String) -> String {
    if name.ends_with('s') { name } else { name + "s" }
}

/// `unix-time-seconds` as `unixTimeSeconds`; a word that is taken gets an underscore.
fn identifier(name: &str) -> String {
    let mut words = name.split(['-', '_', ' ', '|']).map(str::to_ascii_lowercase);
    let mut result = words.next().unwrap_or_default();
    for word in words {
        let mut letters = word.chars();
        result.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        result.push_str(letters.as_str());
    }
    if ["default", "function", "delete", "new", "in", "command"].contains(&result.as_str()) {
        result.push('_');
    }
    result
}
