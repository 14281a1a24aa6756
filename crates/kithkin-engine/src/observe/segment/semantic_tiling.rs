//! A new unit where the meaning changes, or where somebody asks about something else.
//!
//! TextTiling (see there) with embeddings for words: the cosine of the mean vectors of the blocks on both sides of a gap.
//! Three cues of a boundary are added up: how deep the valley is, how unlike both sides are, and whether the turn after
//! the gap asks, as people open topics with questions. What an assistant asks is left out: it asks in order to go on.
//!
//! The defaults were learned by grid search for the lowest Pk on parts of two datasets that count the same, chat (TIAGE,
//! train and dev) and tasks (DialSeg711, its first 300 dialogues); smoothing the curve made it worse. Needs an embedder;
//! costs one pass over the vectors for each turn in a block, beside one vector a turn, which recall needs anyway.

use std::ops::Range;

use kithkin_core::{ChatError, MemoryKind, Role};
use serde::Deserialize;

use super::valleys::depths;
use super::{Segment, Span, between};
use crate::chat::Chat;
use crate::method::Strategy;
use crate::observe::Sitting;

/// Signs that end a question: as most scripts have it, full-width, and Arabic.
const QUESTION_MARKS: [char; 3] = ['?', '？', '؟'];

/// Parameters of `semantic-tiling`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SemanticTiling {
    /// Turns in a block; 1 to 64, default 2.
    block: usize,
    /// What a gap needs for a boundary, of its depth (0 to 4) plus its distance (1 - cosine, 0 to 2) plus `question`;
    /// 0 to 10, default 1.4. Less makes more units.
    threshold: f32,
    /// What a turn that asks adds; 0 to 10, default 0.3.
    question: f32,
}

impl Default for SemanticTiling {
    fn default() -> Self {
        Self { block: 2, threshold: 1.4, question: 0.3 }
    }
}

impl Strategy for SemanticTiling {
    fn check(&self) -> Result<(), String> {
        if !(1..=64).contains(&self.block) {
            return Err(format!("block is {}; it must lie within 1 and 64", self.block));
        }
        for (name, value) in [("threshold", self.threshold), ("question", self.question)] {
            if !(0.0..=10.0).contains(&value) {
                return Err(format!("{name} is {value}; it must lie within 0 and 10"));
            }
        }
        Ok(())
    }
}

impl Segment for SemanticTiling {
    fn kind(&self) -> MemoryKind {
        MemoryKind::Segment
    }

    fn needs_vectors(&self) -> bool {
        true
    }

    fn spans(&self, sitting: &Sitting, _chat: &Chat<'_>) -> Result<Vec<Span>, ChatError> {
        let curve = self.cohesion(sitting);
        let cues = curve.iter().zip(depths(&curve)).zip(1..).filter(|((cosine, depth), turn)| {
            let question = if asks(sitting, *turn) { self.question } else { 0.0 };
            depth + (1.0 - *cosine) + question >= self.threshold
        });
        let starts: Vec<usize> = cues.map(|(_, turn)| turn).collect();
        Ok(between(&starts, sitting.len()))
    }
}

impl SemanticTiling {
    /// For each gap the cosine of both sides; 1 where a side has no vector, as nothing then speaks for a boundary.
    fn cohesion(&self, sitting: &Sitting) -> Vec<f32> {
        let turns = sitting.len();
        let cosine = |gap: usize| {
            let before = sum(sitting, gap.saturating_sub(self.block)..gap);
            let after = sum(sitting, gap..(gap + self.block).min(turns));
            let length = (dot(&before, &before) * dot(&after, &after)).sqrt();
            if length > 0.0 { dot(&before, &after) / length } else { 1.0 }
        };
        (1..turns).map(cosine).collect()
    }
}

/// The sum of the vectors of these turns, which points where their mean does. Empty where none has one.
fn sum(sitting: &Sitting, turns: Range<usize>) -> Vec<f32> {
    let mut sum: Vec<f32> = Vec::new();
    for vector in turns.filter_map(|turn| sitting.vector(turn)) {
        sum.resize(vector.len(), 0.0);
        sum.iter_mut().zip(vector).for_each(|(sum, x)| *sum += x);
    }
    sum
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Whether somebody who is no assistant asks in this turn.
fn asks(sitting: &Sitting, turn: usize) -> bool {
    sitting.turns().get(turn).is_some_and(|t| t.turn.role != Role::Assistant && t.turn.text.contains(QUESTION_MARKS))
}

#[cfg(test)]
mod tests {
    use super::super::shown;
    use super::*;

    /// A session about two things: each turn points the way of its topic, in degrees.
    fn check(texts: &[&str], degrees: &[f32], expect: &str) {
        let vectors = degrees.iter().map(|d| vec![d.to_radians().cos(), d.to_radians().sin()]).collect();
        let spans = SemanticTiling::default().spans(&Sitting::with_vectors(texts, vectors), &Chat::new(None)).unwrap();
        assert_eq!(shown(&spans), expect, "{texts:?}");
    }

    #[test]
    fn meaning_and_questions_make_boundaries() {
        check(&["a"; 6], &[0.0, 5.0, 0.0, 90.0, 85.0, 90.0], "0..3 3..6");
        check(&["a"; 6], &[0.0, 5.0, 0.0, 54.0, 59.0, 54.0], "0..6");
        check(&["a", "b", "c", "d?", "e", "f"], &[0.0, 5.0, 0.0, 54.0, 59.0, 54.0], "0..3 3..6");
        check(&["甲", "乙", "丙", "丁？", "戊", "己"], &[0.0, 5.0, 0.0, 54.0, 59.0, 54.0], "0..3 3..6");
        check(&["a?"; 6], &[0.0; 6], "0..6");
        check(&["a?"; 3], &[], "0..3");
    }
}
