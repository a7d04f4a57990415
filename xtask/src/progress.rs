//! What the reader of the terminal sees: one line per step, on stderr, so that stdout stays for results.

use std::time::Instant;

/// Runs one step between two lines: what is being done, and how long it took.
pub(crate) fn step<T>(name: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    eprintln!("==> {name}");
    let start = Instant::now();
    let value = work()?;
    eprintln!("    {name}: done in {:.1} s", start.elapsed().as_secs_f64());
    Ok(value)
}

/// Says that a step has nothing to do.
pub(crate) fn up_to_date(name: &str) {
    eprintln!("==> {name}: up to date");
}

/// One detail below a step.
pub(crate) fn note(text: &str) {
    eprintln!("    {text}");
}

/// The whole chain of an error, outermost first.
pub(crate) fn failure(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}
