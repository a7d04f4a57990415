//! From the shapes of replies to schemas of the JSON that they become.

use redstart_core::spec::{Command, Flag, Shape};
use serde_json::{Value, json};

/// The schema of what a command answers.
pub(super) fn of_result(command: &Command) -> Value {
    let result = of(&command.reply);
    // A wait that lasts longer than a request may ends with null.
    let result = if command.has(Flag::Blocking) { json!({ "anyOf": [result, { "type": "null" }] }) } else { result };
    json!({ "type": "object", "required": ["result"], "properties": { "result": result } })
}

/// The schemas that have names.
pub(super) fn named() -> Value {
    let error = json!({ "type": "object", "required": ["error"], "properties": { "error": { "type": "string" } } });
    let result = json!({ "type": "object", "required": ["result"], "properties": { "result": {} } });
    json!({
        "Error": error,
        "Answer": { "anyOf": [result, { "$ref": "#/components/schemas/Error" }] },
        "Words": { "type": "array", "minItems": 1, "items": { "type": ["string", "number", "boolean"] } },
    })
}

/// REST answers in RESP2: there a map is a flat array and a float a string.
fn of(shape: &Shape) -> Value {
    match shape {
        Shape::Ok => json!({ "const": "OK" }),
        Shape::Status | Shape::Bulk | Shape::Double => json!({ "type": "string" }),
        Shape::Integer => json!({ "type": "integer" }),
        Shape::Null => json!({ "type": "null" }),
        Shape::Array(each) | Shape::Set(each) => json!({ "type": "array", "items": of(each) }),
        Shape::Tuple(parts) => {
            let items: Vec<_> = parts.iter().map(of).collect();
            json!({ "type": "array", "prefixItems": items, "minItems": items.len(), "maxItems": items.len() })
        }
        Shape::Map(key, value) | Shape::FlatPairs(key, value) => {
            json!({ "type": "array", "items": { "anyOf": [of(key), of(value)] } })
        }
        Shape::OneOf(shapes) => json!({ "anyOf": shapes.iter().map(of).collect::<Vec<_>>() }),
        Shape::Pushes | Shape::Any => json!({}),
    }
}
