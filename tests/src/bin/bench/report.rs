//! Tables, and the file that they are written into.

use redstart_tests::project;
use std::fmt;
use std::time::SystemTime;

/// A table of results.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    /// What was measured, and how.
    pub(crate) title: String,
    /// The heads of its columns.
    pub(crate) columns: Vec<String>,
    /// Its rows.
    pub(crate) rows: Vec<Vec<String>>,
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "## {}\n", self.title)?;
        writeln!(f, "| {} |", self.columns.join(" | "))?;
        writeln!(f, "|{}", " --- |".repeat(self.columns.len()))?;
        self.rows.iter().try_for_each(|row| writeln!(f, "| {} |", row.join(" | ")))
    }
}

/// Everything that was measured in a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    /// Its tables.
    pub(crate) tables: Vec<Table>,
}

impl Report {
    /// Writes `RESULTS.md`.
    pub(crate) fn write(&self) -> anyhow::Result<()> {
        let tables: Vec<_> = self.tables.iter().map(ToString::to_string).collect();
        let head = "# Results\n\nWritten by `cargo xtask bench`; ratios are Redstart's figure divided by the other's, \
                    in the same run.";
        let text = format!("{head}\nMachine: {}. Date: {}.\n\n{}", machine(), date(), tables.join("\n"));
        let folder = project::tests().join("bench");
        std::fs::create_dir_all(&folder)?;
        Ok(std::fs::write(folder.join("RESULTS.md"), text)?)
    }
}

/// The middle one of some figures.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

fn machine() -> String {
    let about = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = about.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{}, {cores} cores", model.map_or("an unknown processor", |(_, name)| name.trim()))
}

/// Today, as year-month-day (the days since 1970 to a date, after Howard Hinnant).
fn date() -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let days = since.as_secs() / 86_400 + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year}-{month:02}-{day:02}")
}
