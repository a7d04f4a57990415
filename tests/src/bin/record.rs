//! Records the replies of every transcript, or of those whose paths contain one of the arguments, from redis-server 7.0.

use anyhow::Context;
use redstart_tests::record::record;
use redstart_tests::transcript::Transcript;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Most of the time is spent waiting for silence, so more at once than there are processors.
const THREADS: usize = 6;

fn main() -> anyhow::Result<()> {
    let wanted: Vec<_> = std::env::args().skip(1).collect();
    let is_wanted = |name: String| wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str()));
    let transcripts: Vec<_> =
        Transcript::load_all()?.into_iter().filter(|transcript| is_wanted(transcript.name())).collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| record_some(&transcripts, &next))).collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a thread died"))))
    })?;
    writeln!(std::io::stdout(), "{} transcripts recorded", transcripts.len())?;
    Ok(())
}

/// Takes transcripts that nobody has taken, until there are none.
fn record_some(transcripts: &[Transcript], next: &AtomicUsize) -> anyhow::Result<()> {
    while let Some(transcript) = transcripts.get(next.fetch_add(1, Ordering::Relaxed)) {
        let mut transcript = transcript.clone();
        record(&mut transcript).with_context(|| format!("cannot record {}", transcript.name()))?;
        std::fs::write(&transcript.path, transcript.to_string())?;
    }
    Ok(())
}
