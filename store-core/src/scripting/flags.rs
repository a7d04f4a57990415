//! The flags of a script, and the line `#!lua flags=..` that declares them.

use alloc::format;
use alloc::string::String;

/// What a script says of itself. A script without the line says nothing, and is taken as scripts were before there were
/// flags: [`ScriptFlags::UNDECLARED`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScriptFlags(u8);

impl ScriptFlags {
    /// It writes nothing.
    pub const NO_WRITES: Self = Self(1);
    /// It may run where memory is short.
    pub const ALLOW_OOM: Self = Self(1 << 1);
    /// It may run on a replica that has lost its source.
    pub const ALLOW_STALE: Self = Self(1 << 2);
    /// It may not run in a cluster.
    pub const NO_CLUSTER: Self = Self(1 << 3);
    /// It may use keys of several slots.
    pub const ALLOW_CROSS_SLOT_KEYS: Self = Self(1 << 4);
    /// It declared no flags.
    pub const UNDECLARED: Self = Self(1 << 7);

    const NAMES: [(&'static str, Self); 5] = [
        ("no-writes", Self::NO_WRITES),
        ("allow-oom", Self::ALLOW_OOM),
        ("allow-stale", Self::ALLOW_STALE),
        ("no-cluster", Self::NO_CLUSTER),
        ("allow-cross-slot-keys", Self::ALLOW_CROSS_SLOT_KEYS),
    ];

    /// The flag of this name. That of another store's, about locking, is accepted and means nothing.
    pub fn from_name(name: &[u8]) -> Option<Self> {
        const IGNORED: &[u8] = b"allow-key-locking";
        let known = Self::NAMES.iter().find(|(known, _)| known.as_bytes() == name).map(|(_, flag)| *flag);
        known.or_else(|| (name == IGNORED).then_some(Self(0)))
    }

    /// The names of the flags that are set.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().filter(move |(_, flag)| self.has(*flag)).map(|(name, _)| name)
    }

    /// Whether a flag is set.
    pub const fn has(self, flag: Self) -> bool {
        self.0 & flag.0 != 0
    }

    /// These flags and others.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The flags of a script, and what of it is to be compiled: all but the line that declares them, whose end stays so that
/// lines keep their numbers.
///
/// # Errors
/// What is wrong with the line.
pub(super) fn shebang(script: &[u8]) -> Result<(ScriptFlags, &[u8]), String> {
    if !script.starts_with(b"#!") {
        return Ok((ScriptFlags::UNDECLARED, script));
    }
    let end = memchr::memchr(b'\n', script).ok_or("Invalid script shebang")?;
    let (line, code) = script.split_at(end);
    let mut parts = line.split(u8::is_ascii_whitespace).filter(|part| !part.is_empty());
    let engine = parts.next().unwrap_or_default();
    if engine != b"#!lua" {
        return Err(format!("Unexpected engine in script shebang: {}", String::from_utf8_lossy(engine)));
    }
    let mut flags = ScriptFlags::default();
    for part in parts {
        let unknown = || format!("Unknown lua shebang option: {}", String::from_utf8_lossy(part));
        let names = part.strip_prefix(b"flags=").ok_or_else(unknown)?;
        for name in names.split(|byte| *byte == b',').filter(|_| !names.is_empty()) {
            let unexpected = || format!("Unexpected flag in script shebang: {}", String::from_utf8_lossy(name));
            flags = flags.and(ScriptFlags::from_name(name).ok_or_else(unexpected)?);
        }
    }
    Ok((flags, code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_line_declares_flags() {
        assert_eq!(shebang(b"return 1"), Ok((ScriptFlags::UNDECLARED, &b"return 1"[..])));
        assert_eq!(shebang(b"#!lua\nreturn 1"), Ok((ScriptFlags::default(), &b"\nreturn 1"[..])));
        let (flags, _) = shebang(b"#!lua  flags=no-writes,allow-oom flags=allow-key-locking\n").unwrap();
        assert_eq!(flags.names().collect::<alloc::vec::Vec<_>>(), ["no-writes", "allow-oom"]);
        for (line, error) in [
            ("#!lua", "Invalid script shebang"),
            ("#!js\n", "Unexpected engine in script shebang: #!js"),
            ("#!lua x=1\n", "Unknown lua shebang option: x=1"),
            ("#!lua flags=no-writes,\n", "Unexpected flag in script shebang: "),
        ] {
            assert_eq!(shebang(line.as_bytes()), Err(error.into()));
        }
    }
}
