//! Glob patterns as Redis matches them: `*`, `?`, `[a-z]`, `[^..]` and `\` to take a byte as it is.
//!
//! Bytes, not characters. The matcher keeps one place to return to, so its cost is at most the length of the
//! pattern times the length of the text, whatever the pattern (no nested backtracking).

/// Whether `text` matches the whole `pattern`.
pub fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    loop {
        if at < pattern.len() && pattern[at] == b'*' {
            at += 1;
            retry = Some((at, read));
            continue;
        }
        if read == text.len() {
            return pattern[at..].iter().all(|byte| *byte == b'*');
        }
        if let Some(width) = match_one(&pattern[at..], text[read]) {
            at += width;
            read += 1;
            continue;
        }
        match retry {
            Some((after_star, from)) => {
                at = after_star;
                read = from + 1;
                retry = Some((after_star, read));
            }
            None => return false,
        }
    }
}

/// Whether `pattern` has no byte with a special meaning, so that it matches only itself.
pub fn is_literal(pattern: &[u8]) -> bool {
    !pattern.iter().any(|byte| matches!(byte, b'*' | b'?' | b'[' | b'\\'))
}

/// How many bytes of the pattern the byte satisfies; none when it does not match.
fn match_one(pattern: &[u8], byte: u8) -> Option<usize> {
    match *pattern {
        [] => None,
        [b'?', ..] => Some(1),
        [b'[', ..] => match_class(pattern, byte),
        [b'\\', literal, ..] => (literal == byte).then_some(2),
        [literal, ..] => (literal == byte).then_some(1),
    }
}

/// Matches a `[...]` class. As in Redis an unclosed class ends with the pattern, and a reversed range is
/// read the right way round.
fn match_class(pattern: &[u8], byte: u8) -> Option<usize> {
    let negated = pattern.get(1) == Some(&b'^');
    let mut at = if negated { 2 } else { 1 };
    let mut found = false;
    while at < pattern.len() && pattern[at] != b']' {
        if pattern[at] == b'\\' && at + 1 < pattern.len() {
            found |= pattern[at + 1] == byte;
            at += 2;
        } else if pattern.len() - at >= 3 && pattern[at + 1] == b'-' {
            let (low, high) = (pattern[at].min(pattern[at + 2]), pattern[at].max(pattern[at + 2]));
            found |= (low..=high).contains(&byte);
            at += 3;
        } else {
            found |= pattern[at] == byte;
            at += 1;
        }
    }
    (found != negated).then_some((at + 1).min(pattern.len()))
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_as_in_redis() {
        let cases: [(&str, &str, bool); 19] = [
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("h?llo", "hello", true),
            ("h[ae]llo", "hallo", true),
            ("h[^e]llo", "hello", false),
            ("h[b-a]llo", "hallo", true),
            ("h\\*llo", "h*llo", true),
            ("h\\*llo", "hello", false),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "aXbY", false),
            ("user:*:name", "user:1:2:name", true),
            ("[", "a", false),
            ("[a", "a", true),
            ("a\\", "a\\", true),
            ("[\\]]", "]", true),
            ("**a", "bba", true),
            ("a?", "a", false),
            ("[a-]", "-", false),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn stars_do_not_blow_up() {
        let pattern = "a*".repeat(40);
        let text = "a".repeat(4000) + "b";
        assert!(!matches((pattern + "c").as_bytes(), text.as_bytes()));
    }
}
