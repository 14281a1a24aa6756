//! A window of neighbouring turns around each turn, which it stands for.
//!
//! An answer often lacks the words of the question, because the turn before it has them; searched together they are
//! found. Needs nothing; costs one memory, and one vector, for each turn.

use kithkin_core::{ChatError, MemoryKind};
use serde::Deserialize;

use super::{Segment, Span};
use crate::chat::Chat;
use crate::method::Strategy;
use crate::observe::Sitting;

/// Parameters of `window`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Window {
    /// Turns before; 0 to 16, default 1.
    before: usize,
    /// Turns after; 0 to 16, default 1.
    after: usize,
}

impl Default for Window {
    fn default() -> Self {
        Self { before: 1, after: 1 }
    }
}

impl Strategy for Window {
    fn check(&self) -> Result<(), String> {
        for (name, value) in [("before", self.before), ("after", self.after)] {
            if value > 16 {
                return Err(format!("{name} is {value}; it must lie within 0 and 16"));
            }
        }
        Ok(())
    }
}

impl Segment for Window {
    fn kind(&self) -> MemoryKind {
        MemoryKind::Window
    }

    fn spans(&self, sitting: &Sitting, _chat: &Chat<'_>) -> Result<Vec<Span>, ChatError> {
        let turns = sitting.len();
        let around = |i: usize| i.saturating_sub(self.before)..(i + self.after + 1).min(turns);
        Ok((0..turns).map(|i| Span { stands_for: i, covers: around(i) }).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(before: usize, after: usize, turns: usize, expect: &str) {
        let spans = Window { before, after }.spans(&Sitting::of(&vec!["x"; turns]), &Chat::new(None)).unwrap();
        let shown: Vec<String> = spans.iter().map(|s| format!("{}:{:?}", s.stands_for, s.covers)).collect();
        assert_eq!(shown.join(" "), expect);
    }

    #[test]
    fn windows_stay_within_the_session() {
        check(1, 1, 0, "");
        check(1, 1, 1, "0:0..1");
        check(1, 1, 4, "0:0..2 1:0..3 2:1..4 3:2..4");
        check(2, 0, 3, "0:0..1 1:0..2 2:0..3");
    }
}
