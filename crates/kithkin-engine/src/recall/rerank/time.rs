//! Prefers turns said at, or near, the time that the question means.
//!
//! A turn gains the whole weight within the time that is meant, and from a share of it just outside on less the further
//! away it was said: people speak of what happened some days ago. Turns of unknown time gain nothing. Needs nothing; costs one pass, and only when the
//! question means a time.

use kithkin_core::Explanation;
use serde::Deserialize;

use super::{Rerank, check_weight};
use crate::method::Strategy;
use crate::recall::{Doc, View};

const DAY: f32 = 24.0 * 3600.0 * 1000.0;

/// Parameters of `time`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TimeMatch {
    /// What a turn gains that was said within the time meant; 0 to 100.
    weight: f32,
    /// Days after which e times less is gained; 0.1 to 1,000, default 7.
    #[serde(default = "week")]
    days: f32,
    /// The share of the weight that is gained just outside the time meant; 0 to 1, default 0.7.
    #[serde(default = "most")]
    outside: f32,
}

fn most() -> f32 {
    0.7
}

fn week() -> f32 {
    7.0
}

impl Strategy for TimeMatch {
    fn check(&self) -> Result<(), String> {
        check_weight(self.weight)?;
        if !(0.1..=1000.0).contains(&self.days) {
            return Err(format!("days is {}; it must lie within 0.1 and 1000", self.days));
        }
        if !(0.0..=1.0).contains(&self.outside) {
            return Err(format!("outside is {}; it must lie within 0 and 1", self.outside));
        }
        Ok(())
    }
}

impl TimeMatch {
    /// How near the turn was said to a time that is meant: 1 within it, towards 0 far away.
    fn nearness(&self, view: &View<'_>, doc: Doc) -> f32 {
        let Some(said) = view.index.dated(doc) else { return 0.0 };
        let near = view.question.mentions.iter().map(|meant| {
            let outside = meant.from.saturating_sub(said).max(said.saturating_sub(meant.to)).max(0);
            let gap = (outside.saturating_sub(meant.vagueness).max(0)) as f32 / DAY;
            if gap > 0.0 { self.outside * (-gap / self.days).exp() } else { 1.0 }
        });
        near.fold(0.0, f32::max)
    }
}

impl Rerank for TimeMatch {
    fn rerank(&self, view: &View<'_>, scores: &mut [f32]) {
        if view.question.mentions.is_empty() {
            return;
        }
        for (doc, score) in (0..).zip(scores) {
            *score += self.weight * self.nearness(view, doc);
        }
    }

    fn is_about_content(&self) -> bool {
        false
    }

    fn explain(&self, view: &View<'_>, _doc: Doc, before: f32, after: f32) -> Explanation {
        let label = if view.question.mentions.is_empty() {
            "the question means no time"
        } else {
            "said at or near the time that the question means"
        };
        Explanation::new(label, after - before)
    }
}
