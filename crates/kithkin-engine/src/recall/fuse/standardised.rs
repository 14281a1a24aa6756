//! The weighted sum of the scores, each in standard deviations from its mean over the person's turns.
//!
//! It fits retrievers whose scores have no common unit. Needs nothing; costs three passes a signal.

use kithkin_core::Explanation;
use serde::Deserialize;

use super::{Fuse, add, check_weights, moments, weight};
use crate::method::Strategy;
use crate::recall::{Doc, Signal, View};

/// Parameters of `standardised`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Standardised {
    /// The weight of each retriever, in their order; 1 for those not listed.
    weights: Vec<f32>,
}

impl Strategy for Standardised {
    fn check(&self) -> Result<(), String> {
        check_weights(&self.weights)
    }
}

/// Scores that are all the same say nothing, so they count as 0.
fn standard(score: f32, (mean, deviation): (f32, f32)) -> f32 {
    if deviation > 0.0 { (score - mean) / deviation } else { 0.0 }
}

impl Fuse for Standardised {
    fn fuse(&self, _view: &View<'_>, signals: &[Signal], out: &mut Vec<f32>) {
        for (i, signal) in signals.iter().enumerate() {
            let weight = weight(&self.weights, i);
            let moments = moments(&signal.scores);
            add(&signal.scores, out, |score| weight * if score.is_nan() { 0.0 } else { standard(score, moments) });
        }
    }

    fn explain(&self, _view: &View<'_>, signals: &[Signal], doc: Doc) -> Explanation {
        let mut root = Explanation::new("sum of standardised scores", 0.0);
        for (i, signal) in signals.iter().enumerate() {
            let weight = weight(&self.weights, i);
            let (mean, deviation) = moments(&signal.scores);
            let score = signal.scores.get(doc as usize).copied().filter(|s| !s.is_nan()).unwrap_or(mean);
            let value = weight * standard(score, (mean, deviation));
            root.value += value;
            let label = format!("{weight} x ({score:.3} - {mean:.3}) / {deviation:.3}: {}", signal.name);
            root.parts.push(Explanation::new(label, value));
        }
        root
    }
}
