//! Prefers the turns of the speakers that the question is about.
//!
//! Needs nothing; costs one pass. A question that names nobody, or everybody, changes nothing.

use kithkin_core::Explanation;
use serde::Deserialize;

use super::{Rerank, check_weight};
use crate::method::Strategy;
use crate::recall::{Doc, View};

/// Parameters of `speaker`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpeakerMatch {
    /// What a turn of a named speaker gains; 0 to 100.
    weight: f32,
}

impl Strategy for SpeakerMatch {
    fn check(&self) -> Result<(), String> {
        check_weight(self.weight)
    }
}

impl Rerank for SpeakerMatch {
    fn rerank(&self, view: &View<'_>, scores: &mut [f32]) {
        let about = &view.question.about;
        if about.is_empty() {
            return;
        }
        for (score, speaker) in scores.iter_mut().zip(view.index.speaker_numbers()) {
            let named = about.get(*speaker as usize) == Some(&true);
            *score += if named { self.weight } else { 0.0 };
        }
    }

    fn is_about_content(&self) -> bool {
        false
    }

    fn explain(&self, _view: &View<'_>, _doc: Doc, before: f32, after: f32) -> Explanation {
        Explanation::new("said by the speaker that the question is about", after - before)
    }
}
