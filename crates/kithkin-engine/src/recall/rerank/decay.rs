//! Prefers what was said lately: the score falls with the age of a turn.
//!
//! A turn gains the whole weight when it was said at `now`, half of it after `half_life` days, and so on. Source: the
//! recency of Park et al., *Generative Agents* (2023), section 4.1, as exponential decay. Needs nothing; costs one pass.

use kithkin_core::Explanation;
use serde::Deserialize;

use super::{Rerank, check_weight};
use crate::method::Strategy;
use crate::recall::{Doc, View};

const DAY: f32 = 24.0 * 3600.0 * 1000.0;

/// Parameters of `decay`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Decay {
    /// What a turn gains that was said now; 0 to 100.
    weight: f32,
    /// Days after which half of it is left; 0.01 to 36,500, default 30.
    #[serde(default = "month")]
    half_life: f32,
}

fn month() -> f32 {
    30.0
}

impl Strategy for Decay {
    fn check(&self) -> Result<(), String> {
        check_weight(self.weight)?;
        if (0.01..=36_500.0).contains(&self.half_life) {
            return Ok(());
        }
        Err(format!("half_life is {}; it must lie within 0.01 and 36500", self.half_life))
    }
}

impl Rerank for Decay {
    fn rerank(&self, view: &View<'_>, scores: &mut [f32]) {
        for (doc, score) in (0 as Doc..).zip(scores) {
            let age = view.question.now.saturating_sub(view.index.said_at(doc)).max(0) as f32 / DAY;
            *score += self.weight * (-age / self.half_life).exp2();
        }
    }

    fn is_about_content(&self) -> bool {
        false
    }

    fn explain(&self, _view: &View<'_>, _doc: Doc, before: f32, after: f32) -> Explanation {
        Explanation::new("how lately it was said", after - before)
    }
}
