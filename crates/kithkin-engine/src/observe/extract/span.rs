//! Each unit as it is: the texts of its turns, one a line.
//!
//! Needs nothing; costs the text once more for each unit that a turn is in.

use kithkin_core::{ChatError, Memory, MemoryKind};
use serde::Deserialize;

use super::{Extract, memory_of};
use crate::chat::Chat;
use crate::method::Strategy;
use crate::observe::Sitting;
use crate::observe::segment::Span;

/// Parameters of `span`: none.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct WholeSpan {}

impl Strategy for WholeSpan {}

impl Extract for WholeSpan {
    fn kinds(&self, units: MemoryKind) -> Vec<MemoryKind> {
        vec![units]
    }

    fn extract(
        &self,
        sitting: &Sitting,
        kind: MemoryKind,
        spans: &[Span],
        _chat: &Chat<'_>,
    ) -> Result<Vec<Memory>, ChatError> {
        let memory = |span: &Span| {
            let text = sitting.texts().get(span.covers.clone())?.join("\n");
            let others = span.covers.clone().filter(|i| *i != span.stands_for);
            memory_of(sitting, kind, text, std::iter::once(span.stands_for).chain(others))
        };
        Ok(spans.iter().filter_map(memory).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_lists_the_turn_it_stands_for_first() {
        let sitting = Sitting::of(&["a", "b", "c"]);
        let made = WholeSpan {}
            .extract(&sitting, MemoryKind::Window, &[Span { stands_for: 1, covers: 0..3 }], &Chat::new(None))
            .unwrap();
        assert_eq!(made.len(), 1);
        assert_eq!(made[0].text, "a\nb\nc");
        assert_eq!(made[0].sources.iter().map(|s| s.0).collect::<Vec<_>>(), [2, 1, 3]);
    }
}
