//! Scripts that use the store and every library: those of `tests/lua/store/scripts.txt`, each with several numbers.

use crate::project;
use anyhow::Context;

/// What `N` stands for.
const NUMBERS: [&str; 4] = ["1", "2", "3", "4"];

/// The requests that run the scripts, in order: they build on each other's keys.
///
/// # Errors
/// When the file is not there.
pub fn requests() -> anyhow::Result<Vec<Vec<Vec<u8>>>> {
    let path = project::tests().join("lua/store/scripts.txt");
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let scripts = text.split("\n\n").filter(|script| !script.starts_with('#'));
    Ok(scripts.flat_map(|script| NUMBERS.map(|number| request(script, number))).collect())
}

fn request(script: &str, number: &str) -> Vec<Vec<u8>> {
    let script = numbered(script.trim_end(), number);
    let (key, hash) = (format!("k:{number}"), format!("h:{number}"));
    ["EVAL", &script, "2", &key, &hash, number, "a b", "-1.50"].map(|word| word.as_bytes().to_vec()).into()
}

/// The script with a number in the place of each `N` that is no part of a name.
fn numbered(script: &str, number: &str) -> String {
    let is_part = |other: Option<char>| other.is_some_and(|other| other.is_ascii_uppercase());
    let mut out = String::with_capacity(script.len());
    let mut before = None;
    let mut letters = script.chars().peekable();
    while let Some(letter) = letters.next() {
        let stands_alone = letter == 'N' && !is_part(before) && !is_part(letters.peek().copied());
        if stands_alone {
            out.push_str(number)
        } else {
            out.push(letter)
        }
        before = Some(letter);
    }
    out
}
