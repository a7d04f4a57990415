//! Operations a second inside a page: measured by a script, which prints one `name<TAB>figure` a line.

use crate::report::Table;
use anyhow::{Context, ensure};
use redstart_tests::project;
use std::process::Command;

/// The script, below the workspace.
const SCRIPT: &str = "tests/bench/page.mjs";

/// What the script prints; nothing when it is not there.
pub(crate) fn measure() -> anyhow::Result<Vec<Table>> {
    let script = project::root().join(SCRIPT);
    if !script.exists() {
        return Ok(Vec::new());
    }
    let output = Command::new("node").arg(&script).current_dir(project::root()).output().context("node is missing")?;
    ensure!(output.status.success(), "{SCRIPT} failed: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let rows =
        text.lines().filter_map(|line| line.split_once('\t')).map(|(name, figure)| vec![name.into(), figure.into()]);
    Ok(vec![Table {
        title: "In a page, operations a second where nothing else is said".into(),
        columns: ["what", "figure"].map(str::to_owned).into(),
        rows: rows.collect(),
    }])
}
