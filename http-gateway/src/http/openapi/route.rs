//! From a command's grammar to its path and parameters.

use redstart_core::spec::{Arg, ArgKind, Command};
use serde_json::{Value, json};
use std::fmt::Write;

/// A path with its parameters.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) path: String,
    pub(super) parameters: Vec<Value>,
}

impl Route {
    /// The words that a command needs are its path. Options can stand in the query only behind the last of them, for that
    /// is where the query's words go.
    pub(super) fn of(command: &Command) -> Self {
        let path = format!("/{}", command.name.to_ascii_lowercase().replace(' ', "/"));
        let mut route = Self { path, parameters: Vec::new() };
        let required = command.syntax.iter().rposition(|arg| !arg.optional).map_or(0, |last| last + 1);
        for (n, arg) in command.syntax.iter().enumerate() {
            match arg.optional {
                false => route.place(arg),
                true if n >= required => route.offer(arg),
                true => {}
            }
        }
        route
    }

    /// Adds what an element needs to the path.
    fn place(&mut self, arg: &Arg) {
        if let Some(token) = arg.token.filter(|token| !token.is_empty()) {
            self.path.push('/');
            self.path.push_str(token);
        }
        match arg.kind {
            ArgKind::PureToken => {}
            ArgKind::Block(parts) => parts.iter().filter(|part| !part.optional).for_each(|part| self.place(part)),
            ArgKind::OneOf(choices) => match tokens(choices) {
                Some(tokens) => self.segment(arg, &json!({ "enum": tokens })),
                None => choices.first().into_iter().for_each(|choice| self.place(choice)),
            },
            kind => self.segment(arg, &schema(kind)),
        }
    }

    fn segment(&mut self, arg: &Arg, schema: &Value) {
        let same = |parameter: &&Value| parameter["x-name"] == arg.name;
        let count = self.parameters.iter().filter(same).count();
        let name = if count == 0 { arg.name.to_owned() } else { format!("{}{}", arg.name, count + 1) };
        // Writing into memory does not fail.
        let _ = write!(self.path, "/{{{name}}}");
        let mut parameter = json!({
            "name": name, "x-name": arg.name, "in": "path", "required": true, "schema": schema,
        });
        if arg.multiple {
            parameter["description"] = "More of them may follow as further segments.".into();
        }
        self.parameters.push(parameter);
    }

    /// Adds an option to the query, if it is a name with one value or none.
    fn offer(&mut self, arg: &Arg) {
        match (arg.token, arg.kind) {
            (None, ArgKind::OneOf(choices)) => choices.iter().for_each(|choice| self.offer(choice)),
            (Some(token), ArgKind::PureToken) => self.query(token, json!({ "enum": [""] })),
            (Some(token), ArgKind::OneOf(choices)) => {
                if let Some(tokens) = tokens(choices) {
                    self.query(token, json!({ "enum": tokens }));
                }
            }
            (Some(token), kind) if !matches!(kind, ArgKind::Block(_)) => self.query(token, schema(kind)),
            _ => {}
        }
    }

    fn query(&mut self, name: &str, schema: Value) {
        if !self.parameters.iter().any(|parameter| parameter["name"] == name) {
            self.parameters.push(json!({ "name": name, "in": "query", "allowEmptyValue": true, "schema": schema }));
        }
    }
}

/// The keywords that stand for choices, if all are nothing but that.
fn tokens(choices: &[Arg]) -> Option<Vec<&'static str>> {
    choices.iter().map(|choice| choice.token.filter(|_| matches!(choice.kind, ArgKind::PureToken))).collect()
}

fn schema(kind: ArgKind) -> Value {
    match kind {
        ArgKind::Integer | ArgKind::UnixTime => json!({ "type": "integer", "format": "int64" }),
        ArgKind::Double => json!({ "type": "number" }),
        _ => json!({ "type": "string" }),
    }
}
