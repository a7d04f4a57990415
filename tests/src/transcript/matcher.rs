//! How a reply is compared with the recorded one.

use crate::value::Value;

/// How a reply is compared with the recorded one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Matcher {
    /// Byte for byte.
    #[default]
    Exact,
    /// The elements may come in any order.
    Unordered,
    /// The replies may come in any order.
    Shuffled,
    /// The pairs may come in any order.
    Pairs,
    /// Integers may differ by so much.
    Near(i64),
    /// Any reply that is an error exactly when the recorded one is.
    Any,
}

impl Matcher {
    /// The comparison that a step's marks ask for.
    pub(super) fn of(marks: &[String]) -> Self {
        for mark in marks {
            match mark.split_once(' ').unwrap_or((mark, "")) {
                ("unordered", _) => return Self::Unordered,
                ("shuffled", _) => return Self::Shuffled,
                ("pairs", _) => return Self::Pairs,
                ("any", _) => return Self::Any,
                ("near", distance) => return Self::Near(distance.parse().unwrap_or(0)),
                _ => {}
            }
        }
        Self::Exact
    }

    /// Whether replies are as good as the expected ones.
    pub fn matches_all(self, expected: &[&Value], got: &[Value]) -> bool {
        if self == Self::Shuffled {
            let mut sorted: Vec<_> = got.iter().collect();
            let mut expected = expected.to_vec();
            sorted.sort();
            expected.sort();
            return sorted == expected;
        }
        expected.len() == got.len() && expected.iter().zip(got).all(|(expected, got)| self.matches(expected, got))
    }

    /// Whether a reply is as good as the expected one.
    pub fn matches(self, expected: &Value, got: &Value) -> bool {
        match self {
            Self::Exact | Self::Shuffled => expected == got,
            Self::Unordered => unordered(expected.clone()) == unordered(got.clone()),
            Self::Pairs => paired(expected.clone()) == paired(got.clone()),
            Self::Near(distance) => near(expected, got, distance),
            Self::Any => expected.is_error() == got.is_error(),
        }
    }
}

fn unordered(value: Value) -> Value {
    let sorted = |all: Vec<Value>| {
        let mut all: Vec<_> = all.into_iter().map(unordered).collect();
        all.sort();
        all
    };
    match value {
        Value::Array(all) => Value::Array(sorted(all)),
        Value::Set(all) => Value::Set(sorted(all)),
        other => other,
    }
}

fn paired(value: Value) -> Value {
    match value {
        Value::Array(all) if all.len() % 2 == 0 => {
            let mut pairs: Vec<_> = all.chunks(2).map(<[Value]>::to_vec).collect();
            pairs.sort();
            Value::Array(pairs.concat())
        }
        Value::Map(mut pairs) => {
            pairs.sort();
            Value::Map(pairs)
        }
        other => other,
    }
}

fn near(expected: &Value, got: &Value, distance: i64) -> bool {
    match (expected, got) {
        (Value::Integer(expected), Value::Integer(got)) => expected.abs_diff(*got) <= distance.unsigned_abs(),
        (Value::Array(expected), Value::Array(got)) | (Value::Push(expected), Value::Push(got)) => {
            expected.len() == got.len() && expected.iter().zip(got).all(|(expected, got)| near(expected, got, distance))
        }
        (Value::Map(expected), Value::Map(got)) => {
            let alike = |((key, expected), (other, got)): (&(Value, Value), &(Value, Value))| {
                key == other && near(expected, got, distance)
            };
            expected.len() == got.len() && expected.iter().zip(got).all(alike)
        }
        _ => expected == got,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_free_where_it_is_said() {
        let (one, other) =
            (Value::Array(vec![1, 2, 3, 4].into_iter().map(Value::Integer).collect()), |order: [i64; 4]| {
                Value::Array(order.into_iter().map(Value::Integer).collect())
            });
        assert!(Matcher::Unordered.matches(&one, &other([4, 3, 2, 1])));
        assert!(Matcher::Pairs.matches(&one, &other([3, 4, 1, 2])));
        assert!(!Matcher::Pairs.matches(&one, &other([4, 3, 2, 1])));
        assert!(!Matcher::Exact.matches(&one, &other([3, 4, 1, 2])));
        assert!(Matcher::Near(2).matches(&Value::Integer(10), &Value::Integer(8)));
        assert!(!Matcher::Near(2).matches(&Value::Integer(10), &Value::Integer(7)));
        assert!(!Matcher::Any.matches(&Value::Integer(1), &Value::Error(vec![])));
    }
}
