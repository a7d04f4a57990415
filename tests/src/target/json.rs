//! Replies as JSON has them.

use crate::value::Value;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// A recorded reply of RESP2 as REST gives it: strings of any kind are strings, errors inside of an answer, too, and bytes
/// that are no text are replaced.
pub(super) fn rest_form(recorded: &Value) -> Value {
    match recorded {
        Value::Status(text) | Value::Bulk(text) => Value::Bulk(String::from_utf8_lossy(text).into_owned().into_bytes()),
        Value::NilArray => Value::Nil,
        Value::Array(all) => Value::Array(all.iter().map(inner_form).collect()),
        other => other.clone(),
    }
}

fn inner_form(recorded: &Value) -> Value {
    match recorded {
        Value::Error(text) => Value::Bulk(String::from_utf8_lossy(text).into_owned().into_bytes()),
        other => rest_form(other),
    }
}

/// A recorded reply of RESP3 as the WebSocket gives it.
pub(super) fn websocket_form(recorded: &Value) -> Value {
    match recorded {
        Value::Status(text) | Value::BigNumber(text) => Value::Bulk(text.clone()),
        Value::Verbatim(text) => Value::Bulk(text.get(4..).unwrap_or_default().to_vec()),
        Value::Double(text) => double(text),
        Value::NilArray => Value::Nil,
        Value::Array(all) | Value::Set(all) => Value::Array(all.iter().map(websocket_form).collect()),
        Value::Map(pairs) => {
            map(pairs.iter().map(|(key, value)| (websocket_form(key), websocket_form(value))).collect())
        }
        other => other.clone(),
    }
}

/// A JSON number has no mark of a float, and infinities are strings.
fn double(text: &[u8]) -> Value {
    let number: f64 = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).unwrap_or(f64::NAN);
    if number.is_finite() { plain_number(number) } else { Value::Bulk(text.to_vec()) }
}

fn plain_number(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 9.2e18 {
        return Value::Integer(number as i64);
    }
    Value::Double(format!("{number:e}").into_bytes())
}

/// In JSON a name comes once: the last value counts.
fn map(pairs: Vec<(Value, Value)>) -> Value {
    let by_name: BTreeMap<_, _> = pairs.into_iter().collect();
    Value::Map(by_name.into_iter().collect())
}

/// What stands in JSON.
pub(super) fn value_of(json: &Json) -> Value {
    match json {
        Json::Null => Value::Nil,
        Json::Bool(value) => Value::Boolean(*value),
        Json::Number(number) => match number.as_i64() {
            Some(value) => Value::Integer(value),
            None => plain_number(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::bulk(text),
        Json::Array(all) => Value::Array(all.iter().map(value_of).collect()),
        Json::Object(fields) => {
            if let Some(Json::String(bytes)) = fields.get("$bytes") {
                return Value::Bulk(BASE64_STANDARD.decode(bytes).unwrap_or_default());
            }
            if let Some(message) = fields.get("error").and_then(error_text).filter(|_| fields.len() == 1) {
                return Value::Error(message.as_bytes().to_vec());
            }
            map(fields.iter().map(|(key, value)| (Value::bulk(key), value_of(value))).collect())
        }
    }
}

/// The text of an error, in either contract's form.
pub(super) fn error_text(error: &Json) -> Option<&str> {
    error.as_str().or_else(|| error.get("message")?.as_str())
}

/// A request's word as JSON, text where it is text.
pub(super) fn word(word: &[u8]) -> Json {
    match std::str::from_utf8(word) {
        Ok(text) => Json::String(text.to_owned()),
        Err(_) => serde_json::json!({ "$bytes": BASE64_STANDARD.encode(word) }),
    }
}
