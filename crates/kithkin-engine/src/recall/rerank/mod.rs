//! The stage `rerank`: changes to the fused scores, one after another.

mod decay;
mod diversity;
mod emotion;
mod learned;
mod question_share;
mod speaker;
mod specificity;
mod superseded;
mod time;
mod time_range;

use std::fmt::Debug;

use kithkin_core::Explanation;

use super::retrieve::Needs;
use super::{Doc, View};
use crate::method::strategies;

/// Changes the scores in place.
pub(crate) trait Rerank: Debug + Send + Sync {
    /// What it cannot do without.
    fn needs(&self) -> Needs {
        Needs::default()
    }

    /// Adds to, or takes from, the score of each turn.
    fn rerank(&self, view: &View<'_>, scores: &mut [f32]);

    /// Whether it looks at what is said only, not at who said it or when. Such ones MUST come first in a preset.
    fn is_about_content(&self) -> bool;

    /// How the turn's score went from `before` to `after`.
    fn explain(&self, view: &View<'_>, doc: Doc, before: f32, after: f32) -> Explanation;
}

strategies! { "recall.rerank", Rerank:
    "decay" => decay::Decay,
    "diversity" => diversity::Diversity,
    "emotion" => emotion::Emotion,
    "feedback" => learned::Learned,
    "question-share" => question_share::QuestionShare,
    "speaker" => speaker::SpeakerMatch,
    "specificity" => specificity::Specificity,
    "superseded" => superseded::Superseded,
    "time" => time::TimeMatch,
    "time-range" => time_range::TimeRange,
}

/// Checks a weight: within 0 and 100.
fn check_weight(weight: f32) -> Result<(), String> {
    if (0.0..=100.0).contains(&weight) {
        return Ok(());
    }
    Err(format!("weight is {weight}; it must lie within 0 and 100"))
}
