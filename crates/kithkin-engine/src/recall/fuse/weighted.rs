//! The weighted sum of the scores as they are.
//!
//! It fits retrievers whose scores have a meaning of their own, such as a cosine and a BM25 score in units of the rarest
//! word: a signal that finds nothing remarkable then adds little, where standardising would blow its noise up. Needs
//! nothing; costs one pass a signal.

use kithkin_core::Explanation;
use serde::Deserialize;

use super::{Fuse, add, check_weights, moments, weight};
use crate::method::Strategy;
use crate::recall::{Doc, Signal, View};

/// Parameters of `weighted`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Weighted {
    /// The weight of each retriever, in their order; 1 for those not listed.
    weights: Vec<f32>,
}

impl Strategy for Weighted {
    fn check(&self) -> Result<(), String> {
        check_weights(&self.weights)
    }
}

impl Fuse for Weighted {
    fn fuse(&self, _view: &View<'_>, signals: &[Signal], out: &mut Vec<f32>) {
        for (i, signal) in signals.iter().enumerate() {
            let weight = weight(&self.weights, i);
            // A turn whose number is not known counts as the mean one. That is rare, and the mean costs a pass.
            let unknown = if signal.scores.iter().any(|s| s.is_nan()) { moments(&signal.scores).0 } else { 0.0 };
            add(&signal.scores, out, |score| weight * if score.is_nan() { unknown } else { score });
        }
    }

    fn explain(&self, _view: &View<'_>, signals: &[Signal], doc: Doc) -> Explanation {
        let mut root = Explanation::new("weighted sum", 0.0);
        for (i, signal) in signals.iter().enumerate() {
            let weight = weight(&self.weights, i);
            let score = signal.scores.get(doc as usize).copied().unwrap_or(f32::NAN);
            let (known, note) =
                if score.is_nan() { (moments(&signal.scores).0, " (not known, so the mean)") } else { (score, "") };
            root.value += weight * known;
            root.parts.push(Explanation::new(format!("{weight} x {}{note}", signal.name), weight * known));
        }
        root
    }
}
