//! The first line of a library: `#!lua name=mylib`.

use alloc::format;
use alloc::string::String;

const BAD_NAME: &str =
    "Library names can only contain letters, numbers, or underscores(_) and must be at least one character long";

/// What the first line of a library says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header<'a> {
    pub(super) name: &'a [u8],
    /// The text behind the line, whose end stays so that lines keep their numbers.
    pub(super) body: &'a [u8],
}

impl<'a> Header<'a> {
    /// Reads the first line.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(code: &'a [u8]) -> Result<Self, String> {
        let rest = code.strip_prefix(b"#!").ok_or("Missing library metadata")?;
        let end = memchr::memchr(b'\n', rest).ok_or("Invalid library metadata")?;
        let (line, body) = rest.split_at(end);
        let (engine, options) = match line.iter().position(u8::is_ascii_whitespace) {
            Some(at) => line.split_at(at),
            None => (line, &b""[..]),
        };
        let mut name = None;
        for option in options.split(u8::is_ascii_whitespace).filter(|option| !option.is_empty()) {
            let (key, value) = option.split_at_checked(5).unwrap_or_default();
            if !key.eq_ignore_ascii_case(b"name=") {
                return Err(format!("Invalid metadata value given: {}", String::from_utf8_lossy(option)));
            }
            if name.replace(value).is_some() {
                return Err("Invalid metadata value, name argument was given multiple times".into());
            }
        }
        let name = name.ok_or("Library name was not given")?;
        check_name(name)?;
        if !engine.eq_ignore_ascii_case(b"lua") {
            return Err(format!("Engine '{}' not found", String::from_utf8_lossy(engine)));
        }
        Ok(Self { name, body })
    }
}

/// Refuses what is no name of a library or function.
pub(super) fn check_name(name: &[u8]) -> Result<(), &'static str> {
    if is_name(name) { Ok(()) } else { Err(BAD_NAME) }
}

/// Whether this may be the name of a library or function.
fn is_name(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}
