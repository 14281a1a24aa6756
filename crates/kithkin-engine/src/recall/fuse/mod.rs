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
pub(crate) fn check_weights(weights: &[f32]) -> Result<(), String> {
    match weights.iter().find(|w| !(0.0..=100.0).contains(*w)) {
        Some(weight) => Err(format!("weights has {weight}; each must lie within 0 and 100")),
        None => Ok(()),
    }
}

/// The weight of the retriever at this place; 1 where none is given.
pub(crate) fn weight(weights: &[f32], place: usize) -> f32 {
    weights.get(place).copied().unwrap_or(1.0)
}

/// Adds `of(score)` of every turn to `out`, which grows to the number of turns.
fn add(scores: &[f32], out: &mut Vec<f32>, of: impl Fn(f32) -> f32) {
    out.resize(scores.len(), 0.0);
    out.iter_mut().zip(scores).for_each(|(total, score)| *total += of(*score));
}
