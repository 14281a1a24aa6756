//! A new unit every so many turns, whatever is said: the baseline of every segmenter.
//!
//! Needs nothing; costs one pass. The last unit has what is left.

use kithkin_core::{ChatError, MemoryKind};
use serde::Deserialize;

use super::{Segment, Span, between};
use crate::chat::Chat;
use crate::method::Strategy;
use crate::observe::Sitting;

/// Parameters of `fixed`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Fixed {
    /// Turns in a unit; 1 to 1,000, default 6.
    turns: usize,
}

impl Default for Fixed {
    fn default() -> Self {
        Self { turns: 6 }
    }
}

impl Strategy for Fixed {
    fn check(&self) -> Result<(), String> {
        if !(1..=1_000).contains(&self.turns) {
            return Err(format!("turns is {}; it must lie within 1 and 1000", self.turns));
        }
        Ok(())
    }
}

impl Segment for Fixed {
    fn kind(&self) -> MemoryKind {
        MemoryKind::Segment
    }

    fn spans(&self, sitting: &Sitting, _chat: &Chat<'_>) -> Result<Vec<Span>, ChatError> {
        let starts: Vec<usize> = (0..sitting.len()).step_by(self.turns.max(1)).skip(1).collect();
        Ok(between(&starts, sitting.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::shown;
    use super::*;

    #[test]
    fn the_last_unit_has_what_is_left() {
        let check = |turns, expect: &str| {
            assert_eq!(
                shown(&Fixed { turns }.spans(&Sitting::of(&["a", "b", "c", "d", "e"]), &Chat::new(None)).unwrap()),
                expect
            );
        };
        check(1, "0..1 1..2 2..3 3..4 4..5");
        check(2, "0..2 2..4 4..5");
        check(5, "0..5");
    }
}
