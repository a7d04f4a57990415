//! `commands.gen.ts`: a typed method for each command, with its documentation.

use std::fmt::Write;

use redstart_core::commands;
use redstart_core::spec::{Command, Flag, Run, Shape};

use super::signature::{Parameter, is_written, parameters};

const HEADER: &str = r#"// Made by `cargo xtask generate` from the command table. Do not edit.
/** The commands whose form follows from their grammar. */
import { command, flatPairs, listOf, optionWords, scanned, someOf, type AtMostOne, type Command } from "./command.js";
import type { Mode, Out } from "./mode.js";
import type { Key, Numeric, Value } from "./values.js";

"#;

/// Answers that are byte strings on the wire but numbers in JavaScript, and texts that nobody stored.
const RESULTS: [(&str, &str); 10] = [
    ("CLIENT INFO", "string"),
    ("CLIENT LIST", "string"),
    ("INCRBYFLOAT", "number"),
    ("HINCRBYFLOAT", "number"),
    ("ECHO", "string"),
    ("GETRANGE", "string"),
    ("SUBSTR", "string"),
    ("KEYS", "string[]"),
    ("RANDOMKEY", "string | null"),
    ("INFO", "string"),
];

/// Commands whose whole answer is the type parameter, as in `@upstash/redis`: `mget<[string, number]>()`.
const WHOLE: [&str; 3] = ["MGET", "SMEMBERS", "ZRANGE"];

/// The whole file.
pub(super) fn commands() -> String {
    let mut interface = String::new();
    let mut table = String::new();
    let mut all: Vec<_> = commands::all().filter(|command| is_generated(command)).collect();
    all.sort_by_key(|command| command.name);
    for command in all {
        let found = parameters(command.syntax);
        let parameters = found.unwrap_or_else(free_parameters);
        add_method(&mut interface, command, &parameters);
        add_encoder(&mut table, command, &parameters);
    }
    format!(
        "{HEADER}/** Commands in the form that a place gives them. */\nexport interface GeneratedCommands<M extends Mode> \
         {{{interface}}}\n\n/** The same as words. */\nexport const generated = {{\n{table}}} satisfies \
         {{ [Name in keyof GeneratedCommands<\"encode\">]: (...args: never[]) => Command<unknown> }};\n\n{}",
        read_only()
    )
}

fn is_generated(command: &Command) -> bool {
    !matches!(command.run, Run::Container) && !is_written(command.name)
}

/// A grammar without a plain form: the words as they are.
fn free_parameters() -> Vec<Parameter> {
    vec![Parameter { declaration: "...args: Value[]".into(), words: "...args".into() }]
}

fn add_method(interface: &mut String, command: &Command, parameters: &[Parameter]) {
    let declarations: Vec<_> = parameters.iter().map(|parameter| parameter.declaration.as_str()).collect();
    let (generic, result) = result_of(command);
    let _ = write!(
        interface,
        "\n  /**\n   * {}\n   *\n   * {} Since Redis {}.\n   */\n  {}{generic}({}): Out<M, {result}>;\n",
        sentence(command.summary),
        sentence(command.complexity),
        command.since,
        method(command.name),
        declarations.join(", ")
    );
}

fn add_encoder(table: &mut String, command: &Command, parameters: &[Parameter]) {
    let bindings: Vec<_> = parameters.iter().map(|parameter| typed(&parameter.declaration)).collect();
    let name = command.name.split(' ').map(|word| format!("\"{word}\""));
    let words: Vec<_> = name.chain(parameters.iter().map(|parameter| parameter.words.clone())).collect();
    let decode = match () {
        () if has_pairs(&command.reply) => ", flatPairs",
        () if is_scan(command) => ", scanned",
        () => "",
    };
    let _ = writeln!(
        table,
        "  {}: ({}) => command([{}]{decode}),",
        method(command.name),
        bindings.join(", "),
        words.join(", ")
    );
}

/// The implementation's parameters need no more of the types than whether something may be missing.
fn typed(declaration: &str) -> String {
    let (name, _) = declaration.split_once(':').unwrap_or((declaration, ""));
    match name.strip_prefix("...") {
        Some(_) => format!("{name}: unknown[]"),
        None if name == "options?" => format!("{name}: object"),
        None => format!("{name}: unknown"),
    }
}

fn read_only() -> String {
    let names: Vec<_> = commands::all()
        .filter(|command| command.has(Flag::ReadOnly) && command.container().is_none())
        .map(|command| command.name)
        .collect();
    format!(
        "/** Commands that change nothing: running one of them twice does no harm. */\n\
         export const readOnlyCommands: ReadonlySet<string> = new Set(\n  \"{}\".split(\" \"),\n);\n",
        names.join(" ")
    )
}

/// `CLIENT SETNAME` as `clientSetname`.
fn method(name: &str) -> String {
    let mut words = name.split([' ', '.', '-']).map(str::to_ascii_lowercase);
    let first = words.next().unwrap_or_default();
    words.fold(first, |method, word| {
        let (head, tail) = word.split_at(1);
        format!("{method}{}{tail}", head.to_ascii_uppercase())
    })
}

fn sentence(text: &str) -> String {
    let text = text.trim().replace("*/", "* /");
    if text.is_empty() || text.ends_with('.') { text } else { format!("{text}.") }
}

fn result_of(command: &Command) -> (String, String) {
    if let Some((_, result)) = RESULTS.iter().find(|(name, _)| *name == command.name) {
        return (String::new(), (*result).into());
    }
    if WHOLE.contains(&command.name) {
        return ("<T extends unknown[] = string[]>".into(), "T".into());
    }
    if is_scan(command) {
        return ("<T = string | number>".into(), "[string, T[]]".into());
    }
    let shapes = alternatives(&command.reply);
    let has = |wanted: fn(&Shape) -> bool| shapes.iter().any(|shape| wanted(shape));
    let has_one = has(|shape| matches!(shape, Shape::Bulk));
    let has_null = has(|shape| matches!(shape, Shape::Null));
    let has_many = has(|shape| matches!(shape, Shape::Array(Shape::Bulk) | Shape::Set(Shape::Bulk)));
    let only_values = shapes.iter().all(|shape| matches!(shape, Shape::Bulk | Shape::Null));
    let (generic, result) = match () {
        () if !mentions_value(&command.reply) => ("", type_of(&command.reply)),
        // With a count the answer is a list: the caller says so by the type parameter, as in `@upstash/redis`.
        () if has_one && (has_many || only_values) && has_null => ("<T = unknown>", "T | null".into()),
        () if only_values => ("<T = unknown>", "T".into()),
        () if has_pairs(&command.reply) => ("<T = string | number>", "T[]".into()),
        () => ("<T = string>", type_of(&command.reply)),
    };
    (generic.into(), result)
}

/// A cursor is a name, not a number: it may be longer than a number can say.
fn is_scan(command: &Command) -> bool {
    command.name.ends_with("SCAN")
}

/// Whether members may come with scores, flat or (in RESP3) as pairs. Our form is the flat one.
fn has_pairs(shape: &Shape) -> bool {
    let shapes = alternatives(shape);
    shapes.iter().any(|shape| matches!(shape, Shape::FlatPairs(..)))
        && shapes.iter().any(|shape| matches!(shape, Shape::Array(Shape::Tuple([_, _]))))
}

/// The shapes that an answer may have, with choices within choices laid flat.
fn alternatives(shape: &Shape) -> Vec<&Shape> {
    match shape {
        Shape::OneOf(shapes) => shapes.iter().flat_map(alternatives).collect(),
        shape => vec![shape],
    }
}

fn mentions_value(shape: &Shape) -> bool {
    match shape {
        Shape::Bulk => true,
        Shape::Array(inner) | Shape::Set(inner) => mentions_value(inner),
        Shape::Tuple(shapes) | Shape::OneOf(shapes) => shapes.iter().any(mentions_value),
        Shape::Map(key, value) | Shape::FlatPairs(key, value) => mentions_value(key) || mentions_value(value),
        _ => false,
    }
}

fn type_of(shape: &Shape) -> String {
    match shape {
        Shape::Ok => "\"OK\"".into(),
        Shape::Status => "string".into(),
        Shape::Bulk => "T".into(),
        Shape::Integer | Shape::Double => "number".into(),
        Shape::Null => "null".into(),
        Shape::Array(inner) | Shape::Set(inner) => list(&type_of(inner)),
        Shape::Tuple(shapes) => format!("[{}]", shapes.iter().map(type_of).collect::<Vec<_>>().join(", ")),
        Shape::Map(key, value) | Shape::FlatPairs(key, value) => list(&union([type_of(key), type_of(value)])),
        Shape::OneOf(shapes) => union(shapes.iter().map(type_of)),
        _ => "unknown".into(),
    }
}

fn list(element: &str) -> String {
    if element.contains('|') { format!("({element})[]") } else { format!("{element}[]") }
}

/// Each type once, in order.
fn union(types: impl IntoIterator<Item = String>) -> String {
    let mut seen: Vec<String> = Vec::new();
    for kind in types.into_iter().flat_map(|kind| kind.split(" | ").map(str::to_owned).collect::<Vec<_>>()) {
        if !seen.contains(&kind) {
            seen.push(kind);
        }
    }
    seen.join(" | ")
}
