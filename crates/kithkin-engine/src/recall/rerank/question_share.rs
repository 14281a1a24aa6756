//! Holds turns back that are themselves questions: they hold the words of an answer, but not the answer.
//!
//! Needs nothing; costs one pass.

use kithkin_core::Explanation;
use serde::Deserialize;

use super::{Rerank, check_weight};
use crate::method::Strategy;
use crate::recall::{Doc, View};

/// Parameters of `question-share`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuestionShare {
    /// What a turn loses that is a question from end to end; 0 to 100.
    weight: f32,
}

impl Strategy for QuestionShare {
    fn check(&self) -> Result<(), String> {
        check_weight(self.weight)
    }
}

impl Rerank for QuestionShare {
    fn rerank(&self, view: &View<'_>, scores: &mut [f32]) {
        for (score, share) in scores.iter_mut().zip(view.index.question_shares()) {
            *score -= self.weight * share;
        }
    }

    fn is_about_content(&self) -> bool {
        true
    }

    fn explain(&self, view: &View<'_>, doc: Doc, before: f32, after: f32) -> Explanation {
        let share = view.index.question_shares().get(doc as usize).copied().unwrap_or_default() * 100.0;
        Explanation::new(format!("{share:.0} % of the turn is a question"), after - before)
    }
}
