//! The stage `fuse`: one number for every turn from those of the retrievers.

mod standardised;
mod weighted;

use std::fmt::Debug;

use kithkin_core::Explanation;

use super::{Doc, Signal, View};
use crate::method::strategies;

/// Makes one array of several.
pub(crate) trait Fuse: Debug + Send + Sync {
    /// Fills the empty `out` with one number for each turn.
    fn fuse(&self, view: &View<'_>, signals: &[Signal], out: &mut Vec<f32>);

    /// How the turn came to its number.
    fn explain(&self, view: &View<'_>, signals: &[Signal], doc: Doc) -> Explanation;
}

strategies! { "recall.fuse", Fuse:
    "standardised" => standardised::Standardised,
    "weighted" => weighted::Weighted,
}

/// The mean and the standard deviation of the numbers that are known.
fn moments(scores: &[f32]) -> (f32, f32) {
    let known = || scores.iter().filter(|s| !s.is_nan()).map(|s| f64::from(*s));
    let n = known().count().max(1) as f64;
    let mean = known().sum::<f64>() / n;
    let variance = known().map(|s| (s - mean) * (s - mean)).sum::<f64>() / n;
    (mean as f32, variance.sqrt() as f32)
}

/// Checks weights: each within 0 and 100.
fn check_weights(weights: &[f32]) -> Result<(), String> {
    match weights.iter().find(|w| !(0.0..=100.0).contains(*w)) {
        Some(weight) => Err(format!("weights has {weight}; each must lie within 0 and 100")),
        None => Ok(()),
    }
}

/// The weighted sum of `of(signal, score)`, a number that is not known counting as the signal's mean.
fn sum(signals: &[Signal], weights: &[f32], out: &mut Vec<f32>, of: impl Fn(f32, (f32, f32)) -> f32) {
    let docs = signals.first().map_or(0, |s| s.scores.len());
    out.resize(docs, 0.0);
    for (i, signal) in signals.iter().enumerate() {
        let weight = weights.get(i).copied().unwrap_or(1.0);
        let moments = moments(&signal.scores);
        for (total, score) in out.iter_mut().zip(&signal.scores) {
            let known = if score.is_nan() { moments.0 } else { *score };
            *total += weight * of(known, moments);
        }
    }
}
