//! The stage `answer`: can the evidence answer the question at all?

mod logistic;

use std::fmt::Debug;

use kithkin_core::Explanation;

use super::{Doc, Signal, View};
use crate::method::strategies;

/// Judges the evidence.
pub(crate) trait Answer: Debug + Send + Sync {
    /// How likely the evidence can answer, 0 to 1, and how that came about. `content` are the scores before speaker and
    /// time came in; `best` are the best turns, best first.
    fn answerable(
        &self,
        view: &View<'_>,
        signals: &[Signal],
        content: &[f32],
        best: &[(Doc, f32)],
    ) -> (f32, Explanation);
}

strategies! { "recall.answer", Answer:
    "logistic" => logistic::Logistic,
}
