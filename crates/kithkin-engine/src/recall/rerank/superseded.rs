//! Turns whose statements no longer hold lose, so that what holds now comes first; what was said once is still found.
//!
//! A turn loses the weight where all statements that it makes were ended by later ones ([`crate::change`]). Needs
//! memories that state something; costs one pass, and a comparison of all statements when the index has changed.

use kithkin_core::Explanation;
use serde::Deserialize;

use super::{Needs, Rerank, check_weight};
use crate::change::{BUILT, Changes, STATEMENTS};
use crate::method::Strategy;
use crate::recall::{Doc, View};

/// Parameters of `superseded`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Superseded {
    /// What such a turn loses; 0 to 100.
    weight: f32,
}

impl Strategy for Superseded {
    fn check(&self) -> Result<(), String> {
        check_weight(self.weight)
    }
}

impl Rerank for Superseded {
    fn needs(&self) -> Needs {
        Needs { memories: Vec::from(STATEMENTS), frames: true, ..Needs::default() }
    }

    fn rerank(&self, view: &View<'_>, scores: &mut [f32]) {
        let changes = view.index.built(BUILT, || Changes::of(view.index));
        for doc in changes.superseded() {
            if let Some(score) = scores.get_mut(*doc as usize) {
                *score -= self.weight;
            }
        }
    }

    fn is_about_content(&self) -> bool {
        false
    }

    fn explain(&self, _view: &View<'_>, _doc: Doc, before: f32, after: f32) -> Explanation {
        let label = if after < before { "what it states no longer holds" } else { "what it states holds" };
        Explanation::new(label, after - before)
    }
}
