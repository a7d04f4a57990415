//! `COMMAND`: what there is to know about the commands, all of it derived from their declarations.

pub(super) mod help;
