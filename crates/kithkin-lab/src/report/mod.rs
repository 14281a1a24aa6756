//! A table as files: JSON, CSV, and plots of quality against tokens, questions, turns and milliseconds.

mod csv;
mod plot;

use std::path::{Path, PathBuf};

use crate::{LabError, Table};

/// Writes `TASK.json`, `TASK.csv`, `TASK-milliseconds.svg`, and, where a metric was taken at several budgets,
/// `TASK-tokens.svg` or `TASK-questions.svg`, or after several numbers of other turns, `TASK-turns.svg`, into a folder, which is
/// made if it is not there; gives their paths. Files of an earlier run are replaced. `quality` is the metric that is plotted
/// against milliseconds and turns.
///
/// # Errors
/// The folder or a file cannot be written; the error names it.
pub fn write_report(table: &Table, quality: &str, folder: &Path) -> Result<Vec<PathBuf>, LabError> {
    let unwritable =
        |path: &Path, e: std::io::Error| LabError::Unwritable { path: path.display().to_string(), why: e.to_string() };
    std::fs::create_dir_all(folder).map_err(|e| unwritable(folder, e))?;
    let json = serde_json::to_string_pretty(table).map_err(|e| LabError::Internal { what: e.to_string() })?;
    let mut files = vec![(".json", json), (".csv", csv::of(table))];
    files.push(("-milliseconds.svg", plot::against_milliseconds(table, quality)?));
    files.extend(plot::against_tokens(table)?.map(|svg| ("-tokens.svg", svg)));
    files.extend(plot::against_questions(table)?.map(|svg| ("-questions.svg", svg)));
    files.extend(plot::against_turns(table, quality)?.map(|svg| ("-turns.svg", svg)));
    let mut written = Vec::new();
    for (ending, text) in files {
        let path = folder.join(format!("{}{ending}", table.task));
        std::fs::write(&path, text).map_err(|e| unwritable(&path, e))?;
        written.push(path);
    }
    Ok(written)
}
