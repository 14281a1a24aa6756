//! Everything that reaches the terminal: tables, trees, progress, errors. The one module that may print.
//!
//! Names and texts of others may hold what a terminal obeys; it is shown, and not sent. JSON goes out as it is.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::borrow::Cow;
use std::io::{IsTerminal, Write};

use anyhow::Result;
use comfy_table::{ContentArrangement, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

/// Prints a line. A closed pipe is an error that [`is_broken_pipe`] knows.
pub(crate) fn line(text: &str) -> Result<()> {
    writeln!(std::io::stdout().lock(), "{}", shown(text))?;
    Ok(())
}

/// The text with what a terminal would obey written out, as `\u{1b}`: control characters but line breaks and tabs, and those
/// that turn around the order in which a line is shown.
fn shown(text: &str) -> Cow<'_, str> {
    let obeyed = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\t')) || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(obeyed) {
        return Cow::Borrowed(text);
    }
    let write_out = |c: char| if obeyed(c) { c.escape_unicode().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(write_out).collect())
}

/// Prints a piece of a line, and shows it at once.
pub(crate) fn piece(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    write!(out, "{}", shown(text))?;
    out.flush()?;
    Ok(())
}

/// Prints a note that is no part of the result.
pub(crate) fn note(text: &str) {
    eprintln!("{}", shown(text));
}

/// Prints a value as JSON.
pub(crate) fn json(value: &impl Serialize) -> Result<()> {
    writeln!(std::io::stdout().lock(), "{}", serde_json::to_string_pretty(value)?)?;
    Ok(())
}

/// Prints rows under headings, as wide as the terminal.
pub(crate) fn table(headings: &[&str], rows: Vec<Vec<String>>) -> Result<()> {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_header(headings);
    // Before the columns are measured.
    table.add_rows(rows.into_iter().map(|row| row.into_iter().map(|cell| shown(&cell).into_owned())));
    line(&table.lines().map(|l| l.trim_end().to_owned()).collect::<Vec<_>>().join("\n"))
}

/// Writes what happens from now on to standard error, a JSON object a line, from a level on.
pub(crate) fn log(level: &str) -> Result<()> {
    let level: tracing::level_filters::LevelFilter = level.parse()?;
    // Where nobody reads the log any more, a request must not fail for it.
    let log = tracing_subscriber::fmt().json().with_max_level(level).with_writer(std::io::stderr);
    log.log_internal_errors(false).init();
    Ok(())
}

/// Prints an error and what to do, on standard error.
pub(crate) fn error(e: &anyhow::Error) {
    eprintln!("error: {}", shown(&format!("{e:#}")));
}

/// Whether the reader of the output went away, which is no failure.
pub(crate) fn is_broken_pipe(e: &anyhow::Error) -> bool {
    e.chain().any(|cause| {
        cause.downcast_ref::<std::io::Error>().is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
    })
}

/// A progress bar on standard error; nothing where that is no terminal.
pub(crate) fn progress(label: &'static str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::no_length();
    let style = ProgressStyle::with_template("{prefix} {bar:30} {human_pos}/{human_len} {per_sec} {eta}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_prefix(label);
    bar
}
