//! From the claims of a token to the rules of its user.
//!
//! A claim is text that somebody else may have chosen. So it stands only within patterns of keys and channels, with what means
//! something in a pattern escaped, and nothing in it that could end a rule: a template of three rules makes three rules.

use super::Claims;
use crate::host::Turn;
use serde_json::Value;
use std::fmt;
use std::str::FromStr;

/// The longest text of a claim.
const CLAIM_BYTES_MAX: usize = 256;
/// What the name of a token's user begins with.
const USER: &str = "jwt";
/// The rules in which claims may stand.
const PATTERNS: [&str; 5] = ["~", "%R~", "%W~", "%RW~", "&"];

/// Rules with places for claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    rules: Vec<Vec<Piece>>,
}

/// A part of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Claim(String),
}

impl FromStr for Template {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let rules = text.split_ascii_whitespace().map(pieces).collect::<Result<Vec<_>, _>>()?;
        if rules.is_empty() { Err("there is no rule".to_owned()) } else { Ok(Self { rules }) }
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, rule) in self.rules.iter().enumerate() {
            f.write_str(if n == 0 { "" } else { " " })?;
            for piece in rule {
                match piece {
                    Piece::Text(text) => f.write_str(text)?,
                    Piece::Claim(name) => write!(f, "{{{name}}}")?,
                }
            }
        }
        Ok(())
    }
}

/// The pieces of a rule: `~{sub}:*` is `~`, the claim `sub`, and `:*`.
fn pieces(rule: &str) -> Result<Vec<Piece>, String> {
    if rule.starts_with('(') {
        return Err(format!("{rule}: selectors in parentheses cannot be used here"));
    }
    let (mut pieces, mut rest) = (Vec::new(), rule);
    while let Some((text, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or_else(|| format!("{rule}: a brace is not closed"))?;
        if name.is_empty() || name.contains('{') {
            return Err(format!("{rule}: there has to be the name of a claim in the braces"));
        }
        pieces.extend([Piece::Text(text.to_owned()), Piece::Claim(name.to_owned())]);
        rest = after;
    }
    let is_pattern = || PATTERNS.iter().any(|prefix| rule.to_ascii_uppercase().starts_with(prefix));
    if !pieces.is_empty() && !is_pattern() {
        return Err(format!("{rule}: claims can stand in patterns of keys (~) and channels (&) only"));
    }
    pieces.push(Piece::Text(rest.to_owned()));
    Ok(pieces)
}

impl Template {
    /// Whether a store takes the rules.
    pub(super) fn check(&self, turn: &mut Turn<'_>) -> Result<(), String> {
        let rules = self.fill(|_| Ok("claim".to_owned()))?;
        let rules: Vec<&[u8]> = rules.iter().map(String::as_bytes).collect();
        turn.make_guest(USER.as_bytes(), &rules).map(drop).map_err(str::to_owned)
    }

    /// The name and the rules of a token's user.
    pub(super) fn user(&self, claims: &Claims) -> Result<(String, Vec<String>), String> {
        let name = match claims.get("sub") {
            Some(subject) => format!("{USER}:{}", text(subject, "sub")?),
            None => USER.to_owned(),
        };
        let rules = self.fill(|name| {
            let claim = claims.get(name).ok_or_else(|| format!("it has no claim {name}"))?;
            Ok(escape(&text(claim, name)?))
        });
        Ok((name, rules?))
    }

    fn fill(&self, claim: impl Fn(&str) -> Result<String, String>) -> Result<Vec<String>, String> {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => Ok(text.clone()),
            Piece::Claim(name) => claim(name),
        };
        self.rules.iter().map(|rule| rule.iter().map(piece).collect()).collect()
    }
}

/// The text of a claim, if nothing in it could end a rule or a line.
fn text(claim: &Value, name: &str) -> Result<String, String> {
    let text = match claim {
        Value::String(text) => text.clone(),
        Value::Number(number) if !number.is_f64() => number.to_string(),
        _ => return Err(format!("its claim {name} is neither text nor a whole number")),
    };
    let is_wrong = |char: char| char.is_whitespace() || char.is_control();
    if text.is_empty() || text.len() > CLAIM_BYTES_MAX || text.contains(is_wrong) {
        return Err(format!("its claim {name} is empty, too long, or has blanks or control characters in it"));
    }
    Ok(text)
}

/// The pattern that only this text matches.
fn escape(text: &str) -> String {
    let escaped = text.chars().flat_map(|char| {
        let means_something = matches!(char, '*' | '?' | '[' | ']' | '^' | '-' | '\\');
        means_something.then_some('\\').into_iter().chain([char])
    });
    escaped.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use redstart_core::glob;
    use serde_json::json;

    fn rules(template: &str, claims: &Value) -> Result<(String, Vec<String>), String> {
        template.parse::<Template>()?.user(claims.as_object().unwrap())
    }

    #[test]
    fn claims_fill_their_places() {
        let (name, filled) = rules("~t:{org}:{sub}:* &{org} +@all -@admin", &json!({"sub": "ada", "org": 7})).unwrap();
        assert_eq!(
            (name.as_str(), filled),
            ("jwt:ada", ["~t:7:ada:*", "&7", "+@all", "-@admin"].map(String::from).into())
        );
        assert_eq!(rules("+get", &json!({})).unwrap().0, "jwt");
        let text = "~t:{org}:{sub}:* %R~{sub} +@all";
        assert_eq!(text.parse::<Template>().unwrap().to_string(), text);
    }

    #[test]
    fn a_claim_can_neither_add_rules_nor_match_more_than_itself() {
        for claim in ["a b", "a\n+@all", "a\u{a0}b", "", "a\0", &"x".repeat(257)] {
            assert!(rules("~{sub}:*", &json!({"sub": claim})).is_err(), "{claim:?}");
            assert!(rules("~{id}:*", &json!({"sub": "x", "id": claim})).is_err(), "{claim:?}");
        }
        for claim in [json!(null), json!(true), json!(1.5), json!(["a"]), json!({"a": 1})] {
            assert!(rules("~{sub}:*", &json!({"sub": claim})).is_err(), "{claim}");
        }
        assert!(rules("~{sub}:*", &json!({})).is_err());
        for claim in ["*", "?", "[a-z]", "a*", "\\", "a\\*", "[^b]", "+@all", "(~*)", "^", "ä", "a-b", "{sub}"] {
            let (_, filled) = rules("~{id}:*", &json!({"id": claim})).unwrap();
            let pattern = filled[0].strip_prefix('~').unwrap();
            assert!(glob::matches(pattern.as_bytes(), format!("{claim}:x").as_bytes()), "{pattern}");
            for other in ["a:x", "b:x", "ab:x", "z:x", ":x", "*a:x", "\\a:x"] {
                assert_eq!(
                    glob::matches(pattern.as_bytes(), other.as_bytes()),
                    other == format!("{claim}:x"),
                    "{pattern}"
                );
            }
        }
    }

    #[test]
    fn wrong_templates_are_named() {
        for template in ["", "+{role}", "~{sub", "~{}", "~{{a}}", "(~{sub} +get)", "{rule}", "on>{sub}"] {
            assert!(template.parse::<Template>().is_err(), "{template}");
        }
    }
}
