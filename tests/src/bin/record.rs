//! Records the replies of every transcript, or of those whose paths contain one of the arguments, from redis-server 7.0.

use redstart_tests::record::record;
use redstart_tests::transcript::Transcript;
use std::io::Write;

fn main() -> anyhow::Result<()> {
    let wanted: Vec<_> = std::env::args().skip(1).collect();
    let mut recorded = 0;
    for mut transcript in Transcript::load_all()? {
        let name = transcript.name();
        if !wanted.is_empty() && !wanted.iter().any(|part| name.contains(part.as_str())) {
            continue;
        }
        record(&mut transcript)?;
        std::fs::write(&transcript.path, transcript.to_string())?;
        recorded += 1;
    }
    writeln!(std::io::stdout(), "{recorded} transcripts recorded")?;
    Ok(())
}
