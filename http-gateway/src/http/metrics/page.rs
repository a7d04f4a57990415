//! The text format of Prometheus: families of samples.

use std::fmt::{Display, Write};

/// What the samples of a family are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A number that only grows.
    Counter,
    /// A number.
    Gauge,
    /// How many of something were not above each of some bounds.
    Histogram,
}

/// A page of families.
#[derive(Debug, Default)]
pub(super) struct Page {
    text: String,
}

impl Page {
    /// Begins a family.
    pub(super) fn family(&mut self, name: &'static str, kind: Kind, help: &str) -> Family<'_> {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        // Writing into memory does not fail.
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        Family { page: self, name }
    }

    /// The whole page.
    pub(super) fn into_text(self) -> String {
        self.text
    }
}

/// A family, whose samples follow its head.
#[derive(Debug)]
pub(super) struct Family<'a> {
    page: &'a mut Page,
    name: &'static str,
}

/// Names and values of what tells samples of a family from each other.
type Labels<'a> = [(&'a str, &'a str)];

impl Family<'_> {
    /// Adds a sample.
    pub(super) fn sample(&mut self, labels: &Labels<'_>, value: impl Display) -> &mut Self {
        self.line("", labels, None, value);
        self
    }

    /// Adds a histogram: its bounds, with how many were not above each of them, and the sum of all. The last bound is above
    /// all of them.
    pub(super) fn histogram(&mut self, labels: &Labels<'_>, buckets: impl Iterator<Item = (f64, u64)>, sum: f64) {
        let mut count = 0;
        for (bound, below) in buckets {
            self.line("_bucket", labels, Some(&bound.to_string()), below);
            count = below;
        }
        self.line("_bucket", labels, Some("+Inf"), count);
        self.line("_sum", labels, None, sum);
        self.line("_count", labels, None, count);
    }

    fn line(&mut self, suffix: &str, labels: &Labels<'_>, bound: Option<&str>, value: impl Display) {
        let text = &mut self.page.text;
        text.push_str(self.name);
        text.push_str(suffix);
        let bound = bound.map(|bound| ("le", bound));
        let mut before = '{';
        for (name, value) in labels.iter().copied().chain(bound) {
            text.push(before);
            before = ',';
            text.push_str(name);
            text.push_str("=\"");
            escape(text, value);
            text.push('"');
        }
        if before == ',' {
            text.push('}');
        }
        // Writing into memory does not fail.
        let _ = writeln!(text, " {value}");
    }
}

fn escape(text: &mut String, value: &str) {
    for char in value.chars() {
        match char {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            char => text.push(char),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_written_as_prometheus_reads_them() {
        let mut page = Page::default();
        page.family("a_total", Kind::Counter, "All.").sample(&[], 1).sample(&[("code", "a\"\\\n")], 2);
        let buckets = [(0.001, 1), (0.5, 3)].into_iter();
        page.family("b_seconds", Kind::Histogram, "Times.").histogram(&[("c", "d")], buckets, 0.75);
        let expected = "# HELP a_total All.\n# TYPE a_total counter\na_total 1\na_total{code=\"a\\\"\\\\\\n\"} 2\n\
                        # HELP b_seconds Times.\n# TYPE b_seconds histogram\n\
                        b_seconds_bucket{c=\"d\",le=\"0.001\"} 1\nb_seconds_bucket{c=\"d\",le=\"0.5\"} 3\n\
                        b_seconds_bucket{c=\"d\",le=\"+Inf\"} 3\nb_seconds_sum{c=\"d\"} 0.75\nb_seconds_count{c=\"d\"} 3\n";
        assert_eq!(page.into_text(), expected);
    }
}
