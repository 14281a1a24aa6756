//! Holds turns back that were said outside the time that the question means.
//!
//! The range is that of the question's expressions of time, resolved against `now`; turns of unknown time, and all turns
//! where the question means no time, stay as they are. Where `time` prefers what is near, this filters: with a large
//! weight nothing outside the range comes before anything inside. Source: Wu et al., *LongMemEval* (2024), section 5.4,
//! time-aware query expansion. Needs nothing; costs one pass, and only when the question means a time.

use kithkin_core::Explanation;
use serde::Deserialize;

use super::{Rerank, check_weight};
use crate::method::Strategy;
use crate::recall::{Doc, View};

const DAY: i64 = 24 * 3600 * 1000;

/// Parameters of `time-range`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TimeRange {
    /// What a turn outside the range loses; 0 to 100.
    weight: f32,
    /// Days after the range that still belong to it, since things are told after they happened; 0 to 366, default 3.
    #[serde(default = "three")]
    days_after: u16,
}

fn three() -> u16 {
    3
}

impl Strategy for TimeRange {
    fn check(&self) -> Result<(), String> {
        check_weight(self.weight)?;
        if self.days_after <= 366 {
            return Ok(());
        }
        Err(format!("days_after is {}; it must lie within 0 and 366", self.days_after))
    }
}

impl TimeRange {
    /// Whether the turn was said outside every time that is meant.
    fn is_outside(&self, view: &View<'_>, doc: Doc) -> bool {
        let Some(said) = view.index.dated(doc) else { return false };
        let late = i64::from(self.days_after) * DAY;
        let meant = &view.question.mentions;
        !meant.is_empty()
            && meant.iter().all(|time| {
                let from = time.from.saturating_sub(time.vagueness);
                let to = time.to.saturating_add(time.vagueness).saturating_add(late);
                !(from..=to).contains(&said)
            })
    }
}

impl Rerank for TimeRange {
    fn rerank(&self, view: &View<'_>, scores: &mut [f32]) {
        if view.question.mentions.is_empty() {
            return;
        }
        for (doc, score) in (0..).zip(scores) {
            if self.is_outside(view, doc) {
                *score -= self.weight;
            }
        }
    }

    fn is_about_content(&self) -> bool {
        false
    }

    fn explain(&self, view: &View<'_>, doc: Doc, before: f32, after: f32) -> Explanation {
        let label = match (view.question.mentions.is_empty(), self.is_outside(view, doc)) {
            (true, _) => "the question means no time",
            (_, true) => "said outside the time that the question means",
            (_, false) => "said within the time that the question means",
        };
        Explanation::new(label, after - before)
    }
}
