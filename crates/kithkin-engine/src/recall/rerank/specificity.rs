//! Prefers turns that say something particular over greetings and thanks.
//!
//! The specificity of a turn is the mean idf of its words in units of the rarest word, shrunk towards 0 for short turns.
//! Needs nothing; costs one pass.

use kithkin_core::Explanation;
use serde::Deserialize;

use super::{Rerank, check_weight};
use crate::method::Strategy;
use crate::recall::{Doc, View};

/// Parameters of `specificity`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Specificity {
    /// What a turn of nothing but unique words gains; 0 to 100.
    weight: f32,
}

impl Strategy for Specificity {
    fn check(&self) -> Result<(), String> {
        check_weight(self.weight)
    }
}

impl Rerank for Specificity {
    fn rerank(&self, view: &View<'_>, scores: &mut [f32]) {
        let specificity = view.index.specificity();
        for (score, specific) in scores.iter_mut().zip(specificity.iter()) {
            *score += self.weight * specific;
        }
    }

    fn is_about_content(&self) -> bool {
        true
    }

    fn explain(&self, _view: &View<'_>, _doc: Doc, before: f32, after: f32) -> Explanation {
        Explanation::new("how particular the turn's words are", after - before)
    }
}
