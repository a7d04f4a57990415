//! `INFO`: which sections are asked for, and their form.

use super::sections::SECTIONS;
use crate::args::Args;
use crate::engine::Caller;
use crate::error::Error;
use crate::reply::ReplyBuffer;
use crate::spec::{Arg, Command, Flag, Group, Shape};
use alloc::string::String;
use core::fmt::{Display, Write};

pub(super) const INFO: Command = Command::new("INFO", Group::Server, "1.0.0")
    .about("Tells about the server: what it is, what it has done, what it holds.", "O(1)")
    .flags(&[Flag::Loading, Flag::Stale])
    .syntax(&[Arg::string("section").optional().multiple()])
    .tips(&["nondeterministic_output", "request_policy:all_shards", "response_policy:special"])
    .override_group_category(&["dangerous"])
    .reply(Shape::Bulk)
    .session(info);

/// A section: its title, whether it is shown unasked, and what stands in it.
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) by_default: bool,
    pub(super) write: fn(&Caller<'_>, &mut Lines),
}

fn info(caller: &mut Caller<'_>, args: &mut Args<'_>, reply: &mut ReplyBuffer) -> Result<(), Error> {
    let mut text = String::new();
    for section in SECTIONS.iter().filter(|section| section.is_wanted(args.rest())) {
        if !text.is_empty() {
            text.push_str("\r\n");
        }
        section.append(caller, &mut text);
    }
    reply.verbatim(text.as_bytes());
    Ok(())
}

impl Section {
    fn is_wanted(&self, names: &[&[u8]]) -> bool {
        if names.is_empty() {
            return self.by_default;
        }
        names.iter().any(|name| match name.to_ascii_lowercase().as_slice() {
            b"all" | b"everything" => true,
            b"default" => self.by_default,
            name => name.eq_ignore_ascii_case(self.title.as_bytes()),
        })
    }

    fn append(&self, caller: &Caller<'_>, text: &mut String) {
        // Writing into a string cannot fail.
        let _ = write!(text, "# {}\r\n", self.title);
        let mut lines = Lines { text: core::mem::take(text) };
        (self.write)(caller, &mut lines);
        let facts = caller.engine.config.facts.iter();
        // How far loading has come is of no interest any more when it is over.
        let is_loading = caller.engine.is_loading();
        let facts = facts.filter(|fact| is_loading || !fact.name.starts_with("loading_"));
        for fact in facts.filter(|fact| fact.section.eq_ignore_ascii_case(self.title)) {
            lines.add(fact.name, &fact.value);
        }
        *text = lines.text;
    }
}

/// Lines in the making.
pub(super) struct Lines {
    text: String,
}

impl Lines {
    /// Adds lines about what there is none of here: their value is always zero.
    pub(super) fn none_of(&mut self, names: &[&str]) {
        names.iter().for_each(|name| self.add(name, 0));
    }

    /// Adds a line.
    pub(super) fn add(&mut self, name: impl Display, value: impl Display) {
        let _ = write!(self.text, "{name}:{value}\r\n");
    }
}
