//! Words that nobody must see: tokens, passwords, keys. They show in no log, since what they print of themselves is a mask.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::str::FromStr;
use subtle::ConstantTimeEq;

/// What is shown instead.
pub const MASK: &str = "***";
/// The permission of everybody else to read a file.
const OTHERS_READ: u32 = 0o004;

/// A word that nobody must see.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The word itself, for those who have to compare with it or to send it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether this is what somebody shows. The time that this takes depends on the lengths only.
    pub fn is(&self, shown: &str) -> bool {
        self.0.as_bytes().ct_eq(shown.as_bytes()).into()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads a file that holds a secret and nothing else; an end of the line behind it does not count.
    ///
    /// # Errors
    /// When the file cannot be read, or is no text.
    pub fn read(path: &Path) -> io::Result<Self> {
        let text = std::fs::read_to_string(path)?;
        if std::fs::metadata(path)?.permissions().mode() & OTHERS_READ != 0 {
            tracing::warn!("everybody on this machine may read {}, which holds a secret", path.display());
        }
        let text = text.strip_suffix('\n').unwrap_or(&text);
        Ok(Self(text.strip_suffix('\r').unwrap_or(text).to_owned()))
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl FromStr for Secret {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(text.into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_compared_and_not_shown() {
        let secret = Secret::from("word");
        assert!(secret.is("word") && !secret.is("wor") && !secret.is("wore") && !secret.is(""));
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "*** Some(***)");
    }

    #[test]
    fn the_end_of_a_line_is_no_part_of_a_secret() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (text, expected) in
            [("word", "word"), ("word\n", "word"), ("word\r\n", "word"), ("word\n\n", "word\n"), ("", "")]
        {
            std::fs::write(file.path(), text).unwrap();
            assert_eq!(Secret::read(file.path()).unwrap().expose(), expected, "{text:?}");
        }
        std::fs::write(file.path(), b"\xff").unwrap();
        assert!(Secret::read(file.path()).is_err());
    }
}
