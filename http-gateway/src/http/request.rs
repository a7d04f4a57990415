//! From paths, queries and bodies to the words of a command.

use super::answer::Refusal;
use axum::http::{HeaderMap, Uri, header};
use percent_encoding::percent_decode_str;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The words of a command.
pub(super) type Words = Vec<Vec<u8>>;

/// A key, and the version of it that a client has seen.
pub(super) type KeyVersion = (Vec<u8>, Vec<u8>);

/// The token that a client shows, in its header or in the query.
pub(super) fn token(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let in_header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    match in_header.and_then(|value| value.split_once(' ')) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Some(token.trim().to_owned()),
        _ => query_pairs(uri).find(|(name, _)| name == b"_token").map(|(_, value)| lossy(value.unwrap_or_default())),
    }
}

/// The words in a path, then the body if there is one, then the query's.
pub(super) fn from_path<'a>(uri: &'a Uri, body: &'a [u8]) -> Vec<Cow<'a, [u8]>> {
    let mut words = segments(uri.path());
    if !body.is_empty() {
        words.push(Cow::Borrowed(body));
    }
    for (name, value) in query_pairs(uri).filter(|(name, _)| name != b"_token") {
        words.push(Cow::Owned(name));
        words.extend(value.filter(|value| !value.is_empty()).map(Cow::Owned));
    }
    words
}

/// Refuses what is not percent-encoded as it has to be: it would mean something else than its writer thinks.
pub(super) fn check_encoding(uri: &Uri) -> Result<(), Refusal> {
    let is_encoded = |text: &str| {
        text.split('%').skip(1).all(|rest| {
            let digits = rest.as_bytes().get(..2);
            digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
        })
    };
    if is_encoded(uri.path()) && is_encoded(uri.query().unwrap_or_default()) {
        return Ok(());
    }
    Err(Refusal::bad_request("the address has a % that is not followed by two hexadecimal digits"))
}

/// The percent-decoded segments of a path. An empty one is an empty word; a slash at the end adds none.
pub(super) fn segments(path: &str) -> Vec<Cow<'_, [u8]>> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.is_empty() {
        Vec::new()
    } else {
        path.split('/').map(|segment| percent_decode_str(segment).into()).collect()
    }
}

/// What `Redstart-Watch: <key>=<version>, ..` says of keys, whose names are percent-encoded.
pub(super) fn versions(headers: &HeaderMap) -> Result<Vec<KeyVersion>, Refusal> {
    let bad = || Refusal::bad_request("Redstart-Watch has to be <key>=<version>, with commas between several");
    let lines = headers.get_all("redstart-watch").iter().map(|line| line.to_str().map_err(|_| bad()));
    let mut versions = Vec::new();
    for line in lines {
        for pair in line?.split(',') {
            let (key, version) = pair.trim().rsplit_once('=').ok_or_else(bad)?;
            versions.push((decode(key), version.as_bytes().to_vec()));
        }
    }
    Ok(versions)
}

/// The words of one command in JSON: an array.
pub(super) fn from_json(body: &[u8]) -> Result<Words, Refusal> {
    let words: Vec<&RawValue> = parse(body, "an array of words, such as [\"SET\",\"key\",\"value\"]")?;
    Ok(words.into_iter().map(word).collect())
}

/// The words of several commands in JSON: an array of arrays.
pub(super) fn many_from_json(body: &[u8]) -> Result<Vec<Words>, Refusal> {
    let commands: Vec<Vec<&RawValue>> =
        parse(body, "an array of commands, such as [[\"SET\",\"key\",\"value\"],[\"GET\",\"key\"]]")?;
    Ok(commands.into_iter().map(|words| words.into_iter().map(word).collect()).collect())
}

fn parse<'a, T: serde::Deserialize<'a>>(body: &'a [u8], expected: &str) -> Result<T, Refusal> {
    serde_json::from_slice(body)
        .map_err(|error| Refusal::bad_request(&format!("the body has to be {expected}: {error}")))
}

/// A JSON value as a word: a string's text, and of anything else its JSON.
fn word(value: &RawValue) -> Vec<u8> {
    match serde_json::from_str::<String>(value.get()) {
        Ok(text) => text.into_bytes(),
        Err(_) => value.get().as_bytes().to_vec(),
    }
}

/// The value of a name in the query.
pub(super) fn query_value(uri: &Uri, name: &[u8]) -> Option<Vec<u8>> {
    query_pairs(uri).find(|(of, _)| of == name).map(|(_, value)| value.unwrap_or_default())
}

fn query_pairs(uri: &Uri) -> impl Iterator<Item = (Vec<u8>, Option<Vec<u8>>)> {
    uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()).map(|pair| match pair.split_once('=') {
        Some((name, value)) => (decode_query(name), Some(decode_query(value))),
        None => (decode_query(pair), None),
    })
}

/// The bytes that a percent-encoded text stands for.
pub(super) fn decode(text: &str) -> Vec<u8> {
    percent_decode_str(text).collect()
}

/// In a query a plus stands for a blank.
fn decode_query(text: &str) -> Vec<u8> {
    decode(&text.replace('+', " "))
}

fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(uri: &str, body: &str) -> Vec<String> {
        from_path(&uri.parse().unwrap(), body.as_bytes()).into_iter().map(|word| lossy(word.into_owned())).collect()
    }

    #[test]
    fn a_path_its_body_and_its_query_are_the_words() {
        assert_eq!(words("/SET/foo/bar/EX/100", ""), ["SET", "foo", "bar", "EX", "100"]);
        assert_eq!(words("/set/foo?EX=100&NX&_token=t", "a body"), ["set", "foo", "a body", "EX", "100", "NX"]);
        assert_eq!(words("/get/a%2Fb%20c/", ""), ["get", "a/b c"]);
        assert_eq!(words("/set/k//", ""), ["set", "k", ""]);
        assert_eq!(words("/", ""), Vec::<String>::new());
    }

    #[test]
    fn json_values_become_words() {
        let words = from_json(br#"["SET","k\u0041",1.50,true,null,{"a": [1]}]"#).unwrap();
        assert_eq!(words, [&b"SET"[..], b"kA", b"1.50", b"true", b"null", br#"{"a": [1]}"#]);
        assert!(from_json(br#"{"a":1}"#).is_err());
        assert!(many_from_json(br#"["GET"]"#).is_err());
    }

    #[test]
    fn a_token_is_found_in_both_places() {
        let mut headers = HeaderMap::new();
        assert_eq!(token(&headers, &"/get/k?_token=a%2Bb".parse().unwrap()).as_deref(), Some("a+b"));
        headers.insert(header::AUTHORIZATION, "Bearer  secret".parse().unwrap());
        assert_eq!(token(&headers, &"/".parse().unwrap()).as_deref(), Some("secret"));
    }
}
