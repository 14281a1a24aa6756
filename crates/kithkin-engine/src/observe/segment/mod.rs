//! The stage `segment`: which units a session is cut into, beside its single turns.

mod c99;
mod content;
mod fixed;
mod llm;
mod round;
mod semantic_tiling;
mod session;
mod texttiling;
mod time_gap;
mod valleys;
mod window;

use std::fmt::Debug;
use std::ops::Range;

use kithkin_core::{ChatError, MemoryKind};

use super::Sitting;
use crate::chat::Chat;
use crate::method::strategies;

/// A unit of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    /// The position in the session of the turn that the unit stands for.
    pub(crate) stands_for: usize,
    /// The positions that it covers.
    pub(crate) covers: Range<usize>,
}

impl Span {
    /// The unit of these positions, which stands for its first turn.
    pub(crate) fn of(covers: Range<usize>) -> Self {
        Self { stands_for: covers.start, covers }
    }
}

/// Cuts a session into units.
pub(crate) trait Segment: Debug + Send + Sync {
    /// What the units are.
    fn kind(&self) -> MemoryKind;

    /// Whether it looks at the vectors of the turns.
    fn needs_vectors(&self) -> bool {
        false
    }

    /// The version of the prompt that it puts to a chat model; `None` where it asks none.
    fn prompt(&self) -> Option<u32> {
        None
    }

    /// The units of a session. Every turn MUST be covered, and every position exist, whatever a model answers. A session
    /// of no turns has none.
    ///
    /// # Errors
    /// The chat model failed: nothing is derived from the session then.
    fn spans(&self, sitting: &Sitting, chat: &Chat<'_>) -> Result<Vec<Span>, ChatError>;
}

strategies! { "observe.segment", Segment:
    "c99" => c99::C99,
    "fixed" => fixed::Fixed,
    "llm" => llm::LlmSegments,
    "round" => round::Round,
    "semantic-tiling" => semantic_tiling::SemanticTiling,
    "session" => session::WholeSession,
    "texttiling" => texttiling::TextTiling,
    "time-gap" => time_gap::TimeGap,
    "window" => window::Window,
}

/// The units between boundaries: `starts` are the positions, above 0 and ascending, at which a new unit begins.
pub(crate) fn between(starts: &[usize], turns: usize) -> Vec<Span> {
    let ends = starts.iter().copied().chain([turns]);
    let mut from = 0;
    let units = ends.filter_map(|end| {
        let covers = from..end.min(turns);
        from = covers.end.max(from);
        (!covers.is_empty()).then(|| Span::of(covers))
    });
    units.collect()
}

/// What the tests of strategies print of their units: `0..3 3..5`.
#[cfg(test)]
pub(crate) fn shown(spans: &[Span]) -> String {
    spans.iter().map(|s| format!("{:?}", s.covers)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chat::Scripted;

    #[test]
    fn boundaries_become_units() {
        let check = |starts: &[usize], turns: usize, expect: &str| assert_eq!(shown(&between(starts, turns)), expect);
        check(&[], 0, "");
        check(&[], 3, "0..3");
        check(&[1, 2], 3, "0..1 1..2 2..3");
        check(&[3, 9], 3, "0..3");
    }

    /// Every strategy with its defaults.
    fn registered() -> impl Iterator<Item = Box<dyn Segment>> {
        let table = |name: &&str| toml::Table::from_iter([("strategy".to_owned(), toml::Value::from(*name))]);
        NAMES.iter().map(move |name| parse(table(name)).unwrap())
    }

    /// Whether the units are what a segmenter promises: within the session, none empty, and all turns covered; once and
    /// in order, but for windows, which overlap.
    fn holds(segmenter: &dyn Segment, sitting: &Sitting, answers: &[String]) -> Result<(), TestCaseError> {
        let spans_of = || segmenter.spans(sitting, &Chat::new(Some(&Scripted::new(answers)))).unwrap();
        let spans = spans_of();
        prop_assert!(spans.iter().all(|s| s.covers.contains(&s.stands_for) && s.covers.end <= sitting.len()));
        if segmenter.kind() == MemoryKind::Window {
            prop_assert_eq!(spans.len(), sitting.len());
        } else {
            let covered: Vec<usize> = spans.iter().flat_map(|s| s.covers.clone()).collect();
            prop_assert_eq!(covered, (0..sitting.len()).collect::<Vec<_>>(), "{:?}", segmenter);
        }
        prop_assert_eq!(spans_of(), spans);
        Ok(())
    }

    /// What a model may answer: ranges that may lie anywhere, text that looks like JSON, any text, a refusal.
    fn answer() -> impl Strategy<Value = String> {
        let ranges = prop::collection::vec((0usize..45, 0usize..45), 0..9);
        let object = ranges.prop_map(|ranges| {
            let ranges: Vec<String> = ranges.iter().map(|(a, b)| format!("{{\"from\": {a}, \"to\": {b}}}")).collect();
            format!("{{\"segments\": [{}]}}", ranges.join(", "))
        });
        prop_oneof![object, "[\\[\\]{}\":,a-z0-9 ]{0,60}", "\\PC{0,60}", Just("refuse".to_owned())]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn every_segmenter_covers_every_session(
            texts in prop::collection::vec(
                prop_oneof!["(the|cat|cats|train|late|why\\?| ){0,6}", "[我的猫火车很晚？。]{0,8}", "\\PC{0,12}"], 0..40,
            ),
            angles in prop::collection::vec(prop_oneof![Just(0.0f32), 0.0f32..6.3], 0..40),
            answers in prop::collection::vec(answer(), 1..4),
        ) {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let vectors = angles.iter().map(|a| vec![a.cos(), a.sin()]).collect();
            let sitting = Sitting::with_vectors(&texts, vectors);
            for segmenter in registered() {
                holds(&*segmenter, &sitting, &answers)?;
            }
        }
    }

    #[test]
    fn long_and_uniform_sessions_are_covered() {
        for turns in [0, 1, 2, 1_000] {
            for text in ["", "the same words"] {
                let sitting = Sitting::with_vectors(&vec![text; turns], vec![vec![1.0, 0.0]; turns]);
                registered().for_each(|segmenter| holds(&*segmenter, &sitting, &[String::new()]).unwrap());
            }
        }
    }
}
