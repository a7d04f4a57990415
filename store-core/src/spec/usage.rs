//! A command's grammar as one line for people: `GETEX key [EX seconds | PX milliseconds | PERSIST]`.

use super::{Arg, ArgKind, Command};
use alloc::string::String;

impl Command {
    /// How it is called.
    pub fn usage(&self) -> String {
        let mut line = String::from(self.name);
        write_all(&mut line, self.syntax, " ", " ");
        line
    }
}

/// Appends each element behind a separator; `first` stands before the first one.
fn write_all(line: &mut String, args: &[Arg], first: &str, separator: &str) {
    for (n, arg) in args.iter().enumerate() {
        line.push_str(if n == 0 { first } else { separator });
        write_arg(line, arg);
    }
}

fn write_arg(line: &mut String, arg: &Arg) {
    if arg.optional {
        line.push('[');
        write_repeated(line, arg);
        line.push(']');
    } else {
        write_repeated(line, arg);
    }
}

fn write_repeated(line: &mut String, arg: &Arg) {
    write_token(line, arg);
    write_operand(line, arg);
    if arg.multiple {
        line.push_str(" [");
        if arg.multiple_token {
            write_token(line, arg);
        }
        write_operand(line, arg);
        line.push_str(" ...]");
    }
}

fn write_token(line: &mut String, arg: &Arg) {
    if let Some(token) = arg.token {
        line.push_str(token);
        if !matches!(arg.kind, ArgKind::PureToken) {
            line.push(' ');
        }
    }
}

fn write_operand(line: &mut String, arg: &Arg) {
    match arg.kind {
        ArgKind::PureToken => {}
        ArgKind::Block(parts) => write_all(line, parts, "", " "),
        // The brackets of an option hold its choices already.
        ArgKind::OneOf(choices) if arg.optional && arg.token.is_none() => write_all(line, choices, "", " | "),
        ArgKind::OneOf(choices) => {
            line.push('<');
            write_all(line, choices, "", " | ");
            line.push('>');
        }
        _ => line.push_str(arg.name),
    }
}

#[cfg(test)]
mod tests {
    use crate::spec::{Access, Arg, Command, Group};

    #[test]
    fn every_part_of_a_grammar_has_its_brackets() {
        const COMMAND: Command = Command::new("TRY", Group::Generic, "1.0.0").syntax(&[
            Arg::key("key", Access::READ),
            Arg::one_of("way", &[Arg::flag("up", "UP"), Arg::flag("down", "DOWN")]),
            Arg::one_of("when", &[Arg::integer("seconds").token("EX"), Arg::flag("keep", "KEEP")]).optional(),
            Arg::block("pair", &[Arg::string("field"), Arg::string("value")]).multiple(),
            Arg::pattern("pattern").token("GET").optional().multiple_token(),
        ]);
        let usage =
            "TRY key <UP | DOWN> [EX seconds | KEEP] field value [field value ...] [GET pattern [GET pattern ...]]";
        assert_eq!(COMMAND.usage(), usage);
    }
}
