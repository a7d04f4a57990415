//! Conditional requests: `If-Match` and `If-None-Match` (RFC 9110, section 13).

use axum::http::{HeaderMap, HeaderName, header};

/// What becomes of a request under its conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is done.
    Go,
    /// The client has what it asks for.
    Unchanged,
    /// It is not done.
    Failed,
}

/// The conditions of a request.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    matches: Option<Tags>,
    matches_none: Option<Tags>,
}

/// The tags that a condition names.
#[derive(Debug)]
enum Tags {
    /// Whatever is there.
    Any,
    /// One of these, as they are written. (A tag with a comma in it falls apart, but none of ours has one.)
    OneOf(Vec<String>),
}

impl Conditions {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        Self { matches: Tags::of(headers, &header::IF_MATCH), matches_none: Tags::of(headers, &header::IF_NONE_MATCH) }
    }

    /// For reading what has this tag.
    pub(super) fn check_read(&self, etag: &str) -> Verdict {
        if self.matches.as_ref().is_some_and(|tags| !tags.name(etag)) {
            Verdict::Failed
        } else if self.matches_none.as_ref().is_some_and(|tags| tags.name_weakly(etag)) {
            Verdict::Unchanged
        } else {
            Verdict::Go
        }
    }

    /// For changing what has this tag, or is not there.
    pub(super) fn check_write(&self, etag: Option<&str>) -> Verdict {
        let is_matched = |tags: &Tags| etag.is_some_and(|etag| tags.name(etag));
        let is_none = |tags: &Tags| !etag.is_some_and(|etag| tags.name_weakly(etag));
        if self.matches.as_ref().is_none_or(is_matched) && self.matches_none.as_ref().is_none_or(is_none) {
            Verdict::Go
        } else {
            Verdict::Failed
        }
    }
}

impl Tags {
    fn of(headers: &HeaderMap, name: &HeaderName) -> Option<Self> {
        let lines: Vec<_> = headers.get_all(name).iter().filter_map(|line| line.to_str().ok()).collect();
        if !headers.contains_key(name) {
            return None;
        }
        let all = lines.join(",");
        if all.trim() == "*" {
            return Some(Self::Any);
        }
        Some(Self::OneOf(all.split(',').map(|tag| tag.trim().to_owned()).collect()))
    }

    /// Whether this tag is named, as one that stands for equal bytes.
    fn name(&self, etag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(tags) => tags.iter().any(|tag| tag == etag),
        }
    }

    /// Whether this tag is named, perhaps as one that stands for equal meaning.
    fn name_weakly(&self, etag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(tags) => tags.iter().any(|tag| tag.strip_prefix("W/").unwrap_or(tag) == etag),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn conditions(name: HeaderName, value: &'static str) -> Conditions {
        Conditions::of(&HeaderMap::from_iter([(name, HeaderValue::from_static(value))]))
    }

    #[test]
    fn tags_are_compared_strongly_or_weakly() {
        let (is, is_not) = (header::IF_MATCH, header::IF_NONE_MATCH);
        for (value, matched, unmatched) in [
            (r#""a""#, Verdict::Go, Verdict::Unchanged),
            (r#""b" , "a""#, Verdict::Go, Verdict::Unchanged),
            (r#"W/"a""#, Verdict::Failed, Verdict::Unchanged),
            (r#""b""#, Verdict::Failed, Verdict::Go),
            ("*", Verdict::Go, Verdict::Unchanged),
            ("", Verdict::Failed, Verdict::Go),
        ] {
            assert_eq!(conditions(is.clone(), value).check_read(r#""a""#), matched, "If-Match: {value}");
            assert_eq!(conditions(is_not.clone(), value).check_read(r#""a""#), unmatched, "If-None-Match: {value}");
        }
    }

    #[test]
    fn nothing_has_no_tag() {
        assert_eq!(conditions(header::IF_MATCH, "*").check_write(None), Verdict::Failed);
        assert_eq!(conditions(header::IF_NONE_MATCH, "*").check_write(None), Verdict::Go);
        assert_eq!(conditions(header::IF_NONE_MATCH, "*").check_write(Some(r#""a""#)), Verdict::Failed);
        assert_eq!(Conditions::default().check_write(None), Verdict::Go);
    }
}
