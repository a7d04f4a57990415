//! The table of commands, as a program carries it: see `spec/pack.rs`.

use super::GROUPS;
use crate::spec::{Access, Command, KeySpec, TextWriter};

/// Every command of a running store, in the order of [`super::all`].
pub(crate) fn in_table() -> impl Iterator<Item = &'static Command> {
    TABLE.iter()
}

const LEN: usize = {
    let (mut len, mut group) = (0, 0);
    while group < GROUPS.len() {
        len += GROUPS[group].len();
        group += 1;
    }
    len
};

/// A command of the table as it is declared.
const fn declared(mut at: usize) -> &'static Command {
    let mut group = 0;
    while at >= GROUPS[group].len() {
        at -= GROUPS[group].len();
        group += 1;
    }
    &GROUPS[group][at]
}

/// All texts, and where those of each command end.
const WRITTEN: (TextWriter, [usize; LEN]) = {
    let (mut texts, mut ends, mut at) = (TextWriter::new(), [0; LEN], 0);
    while at < LEN {
        texts.command(declared(at));
        ends[at] = texts.len();
        at += 1;
    }
    (texts, ends)
};

static TEXTS: [u8; WRITTEN.0.len()] = WRITTEN.0.finish();

/// Where the key specifications of each command end.
const KEY_ENDS: [usize; LEN] = {
    let (mut ends, mut len, mut at) = ([0; LEN], 0, 0);
    while at < LEN {
        len += declared(at).key_specs().as_slice().len();
        ends[at] = len;
        at += 1;
    }
    ends
};

static KEYS: [KeySpec; KEY_ENDS[LEN - 1]] = {
    let mut all = [KeySpec::at(0, Access::RO); KEY_ENDS[LEN - 1]];
    let (mut len, mut at) = (0, 0);
    while at < LEN {
        let keys = declared(at).key_specs();
        let (_, free) = all.split_at_mut(len);
        free.split_at_mut(keys.as_slice().len()).0.copy_from_slice(keys.as_slice());
        (len, at) = (KEY_ENDS[at], at + 1);
    }
    all
};

static TABLE: [Command; LEN] = {
    let mut all = [*declared(0); LEN];
    let mut at = 0;
    while at < LEN {
        let (text, key) = if at == 0 { (0, 0) } else { (WRITTEN.1[at - 1], KEY_ENDS[at - 1]) };
        let (_, texts) = TEXTS.split_at(text);
        let (_, keys) = KEYS.split_at(key);
        all[at] = declared(at).in_table(texts.split_at(WRITTEN.1[at] - text).0, keys.split_at(KEY_ENDS[at] - key).0);
        at += 1;
    }
    all
};

#[cfg(test)]
mod tests {
    use super::in_table;
    use crate::commands::all;
    use crate::spec::{Arg, ArgKind, Elements};

    fn assert_same(declared: &[Arg], packed: Elements) {
        assert_eq!(declared.len(), packed.count());
        for (declared, packed) in declared.iter().zip(packed) {
            let arg = packed.arg;
            assert_eq!((declared.name, declared.token, declared.optional), (arg.name, arg.token, arg.optional));
            assert_eq!((declared.multiple, declared.multiple_token), (arg.multiple, arg.multiple_token));
            assert_eq!(declared.kind.name(), arg.kind.name());
            match declared.kind {
                ArgKind::OneOf(parts) | ArgKind::Block(parts) => assert_same(parts, packed.parts),
                _ => assert!(packed.parts.is_empty()),
            }
        }
    }

    #[test]
    fn the_table_says_what_is_declared() {
        assert_eq!(all().count(), in_table().count());
        for (declared, packed) in all().zip(in_table()) {
            let texts = packed.texts();
            assert_eq!((declared.name, declared.since), (packed.name, texts.since));
            assert_eq!((declared.summary, declared.complexity), (texts.summary, texts.complexity));
            assert!(texts.tips().eq(declared.tips.iter().copied()), "{}", declared.name);
            assert_same(declared.syntax, texts.syntax());
            assert_eq!(declared.arity(), packed.arity(), "{}", declared.name);
            assert_eq!(declared.key_specs().as_slice(), packed.key_specs().as_slice(), "{}", declared.name);
            assert_eq!(declared.legacy_keys(), packed.legacy_keys(), "{}", declared.name);
            assert_eq!(declared.flag_names(), packed.flag_names(), "{}", declared.name);
        }
    }
}
