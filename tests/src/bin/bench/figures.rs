//! What a run against a server shows, and two servers side by side.

use crate::report::median;

/// What one run showed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    pub(crate) per_second: f64,
    /// Microseconds of the server's processor time per request.
    pub(crate) processor_us: f64,
}

/// The medians of both servers and our ratio to theirs: of requests a second, then of processor time.
pub(crate) fn compared(theirs: &[Figures], ours: &[Figures]) -> Vec<String> {
    let middle = |figures: &[Figures], of: fn(&Figures) -> f64| median(figures.iter().map(of).collect());
    let per_second = [theirs, ours].map(|figures| middle(figures, |figures| figures.per_second));
    let processor = [theirs, ours].map(|figures| middle(figures, |figures| figures.processor_us));
    vec![
        format!("{:.0}", per_second[0]),
        format!("{:.0}", per_second[1]),
        format!("{:.2}", per_second[1] / per_second[0]),
        format!("{:.2}", processor[0]),
        format!("{:.2}", processor[1]),
        format!("{:.2}", processor[1] / processor[0]),
    ]
}
