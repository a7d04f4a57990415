//! A command's grammar as one line for people: `GETEX key [EX seconds | PX milliseconds | PERSIST]`.

use super::{ArgKind, Command, Element, Elements};
use alloc::string::String;

impl Command {
    /// How a command of the table is called.
    pub fn usage(&self) -> String {
        let mut line = String::from(self.name);
        write_all(&mut line, self.texts().syntax(), " ", " ");
        line
    }
}

/// Appends each element behind a separator; `first` stands before the first one.
fn write_all(line: &mut String, elements: Elements, first: &str, separator: &str) {
    for (n, element) in elements.enumerate() {
        line.push_str(if n == 0 { first } else { separator });
        write_element(line, &element);
    }
}

fn write_element(line: &mut String, element: &Element) {
    if element.arg.optional {
        line.push('[');
        write_repeated(line, element);
        line.push(']');
    } else {
        write_repeated(line, element);
    }
}

fn write_repeated(line: &mut String, element: &Element) {
    write_token(line, element);
    write_operand(line, element);
    if element.arg.multiple {
        line.push_str(" [");
        if element.arg.multiple_token {
            write_token(line, element);
        }
        write_operand(line, element);
        line.push_str(" ...]");
    }
}

fn write_token(line: &mut String, element: &Element) {
    if let Some(token) = element.arg.token {
        line.push_str(token);
        if !matches!(element.arg.kind, ArgKind::PureToken) {
            line.push(' ');
        }
    }
}

fn write_operand(line: &mut String, Element { arg, parts }: &Element) {
    match arg.kind {
        ArgKind::PureToken => {}
        ArgKind::Block(_) => write_all(line, *parts, "", " "),
        // The brackets of an option hold its choices already.
        ArgKind::OneOf(_) if arg.optional && arg.token.is_none() => write_all(line, *parts, "", " | "),
        ArgKind::OneOf(_) => {
            line.push('<');
            write_all(line, *parts, "", " | ");
            line.push('>');
        }
        _ => line.push_str(arg.name),
    }
}

#[cfg(test)]
mod tests {
    use crate::spec::{Access, Arg, Command, Group, TextWriter};

    #[test]
    fn every_part_of_a_grammar_has_its_brackets() {
        const COMMAND: Command = Command::new("TRY", Group::Generic, "1.0.0").syntax(&[
            Arg::key("key", Access::READ),
            Arg::one_of("way", &[Arg::flag("up", "UP"), Arg::flag("down", "DOWN")]),
            Arg::one_of("when", &[Arg::integer("seconds").token("EX"), Arg::flag("keep", "KEEP")]).optional(),
            Arg::block("pair", &[Arg::string("field"), Arg::string("value")]).multiple(),
            Arg::pattern("pattern").token("GET").optional().multiple_token(),
        ]);
        const WRITTEN: TextWriter = {
            let mut texts = TextWriter::new();
            texts.command(&COMMAND);
            texts
        };
        static TEXTS: [u8; WRITTEN.len()] = WRITTEN.finish();
        let usage =
            "TRY key <UP | DOWN> [EX seconds | KEEP] field value [field value ...] [GET pattern [GET pattern ...]]";
        assert_eq!(COMMAND.in_table(&TEXTS, &[]).usage(), usage);
    }
}
