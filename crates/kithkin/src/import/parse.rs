//! From the text of one value to the value, with what is wrong told by its place in the file.

use std::fmt;

use serde_json::Value;

/// How many parts a value may have that is longer than a turn: in memory each takes many times its length.
const MAX_PARTS: usize = 1 << 20;

/// A position for a human: lines and columns count from 1, columns in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) line: u64,
    pub(super) column: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} column {}", self.line, self.column)
    }
}

/// Why [`parse`] gives no value.
#[derive(Debug)]
pub(super) enum Refused {
    Json(serde_json::Error),
    Parts,
}

/// Reads a value, unless it would fill the memory with its parts.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, Refused> {
    let parts = || bytes.iter().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count();
    if bytes.len() > kithkin_core::MAX_TURN_BYTES && parts() > MAX_PARTS {
        return Err(Refused::Parts);
    }
    serde_json::from_slice(bytes).map_err(Refused::Json)
}

impl Refused {
    /// The reason, with the place in the file where the value begins at `start`.
    pub(super) fn at(&self, start: Place) -> String {
        match self {
            Self::Json(error) => broken(error, start),
            Self::Parts => format!("the value at {start} has more than {MAX_PARTS} parts; split it"),
        }
    }
}

/// What `serde_json` says of a value that begins at `start`, with the place in the file.
pub(super) fn broken(error: &serde_json::Error, start: Place) -> String {
    let line = start.line + (error.line() as u64).saturating_sub(1);
    let column = error.column() as u64 + if error.line() <= 1 { start.column.saturating_sub(1) } else { 0 };
    let text = error.to_string();
    let what = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
    format!("not valid JSON at line {line} column {column}: {what}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_too_many_parts_is_refused_before_it_fills_the_memory() {
        let check = |parts: usize, expect: &str| {
            let text = format!("[{}1]", "1234,".repeat(parts));
            let start = Place { line: 7, column: 1 };
            let why = parse(text.as_bytes()).map_or_else(|refused| refused.at(start), |_| "read".to_owned());
            assert_eq!(why, expect);
        };
        check(MAX_PARTS - 1, "read");
        check(MAX_PARTS, "the value at line 7 column 1 has more than 1048576 parts; split it");
    }
}
