//! A sitting is as good as its best turns together: the soft maximum t · ln Σ exp(score / t) over its turns, less what
//! a sitting gains by its length alone, t · ln n to a share. As t nears 0 it is the best turn. A sitting in whose turns
//! nothing was found is left out. Needs nothing; costs one pass.

use serde::Deserialize;

use super::Sessions;
use crate::method::Strategy;
use crate::recall::{Doc, Signal, View, known};

/// Parameters of `soft-best`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SoftBest {
    /// How far below the best turn another counts e times less; 0.01 to 100.
    temperature: f32,
    /// The share of t · ln n, n being the turns of the sitting, that is taken off; 0 to 1, default 0.
    #[serde(default)]
    length: f32,
}

impl Strategy for SoftBest {
    fn check(&self) -> Result<(), String> {
        if !(0.01..=100.0).contains(&self.temperature) {
            return Err(format!("temperature is {}; it must lie within 0.01 and 100", self.temperature));
        }
        if !(0.0..=1.0).contains(&self.length) {
            return Err(format!("length is {}; it must lie within 0 and 1", self.length));
        }
        Ok(())
    }
}

/// A soft maximum that is being taken: the highest score so far, and the sum of exponentials relative to it.
#[derive(Debug, Clone, Copy)]
struct Sum {
    highest: f32,
    sum: f32,
    turns: f32,
    found: bool,
}

impl Sum {
    const NONE: Self = Self { highest: f32::NEG_INFINITY, sum: 0.0, turns: 0.0, found: false };

    fn add(&mut self, score: f32, temperature: f32) {
        self.turns += 1.0;
        if score > self.highest {
            self.sum = self.sum * ((self.highest - score) / temperature).exp() + 1.0;
            self.highest = score;
        } else {
            self.sum += ((score - self.highest) / temperature).exp();
        }
    }
}

impl Sessions for SoftBest {
    fn rank(&self, view: &View<'_>, signals: &[Signal], scores: &[f32]) -> Vec<(u32, f32)> {
        let mut sums = vec![Sum::NONE; view.index.sessions()];
        for (doc, score) in (0 as Doc..).zip(scores) {
            if score.is_nan() || !view.index.is_live(doc) {
                continue;
            }
            if let Some(sum) = sums.get_mut(view.index.session_of(doc) as usize) {
                sum.add(*score, self.temperature);
                sum.found |= known(signals, doc);
            }
        }
        let ranked = (0..).zip(sums).filter(|(_, sum)| sum.found).map(|(session, sum)| {
            let length = self.length * sum.turns.ln();
            (session, sum.highest + self.temperature * (sum.sum.ln() - length))
        });
        ranked.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_soft_maximum_in_any_order() {
        let check = |scores: &[f32], temperature: f32, expect: f32| {
            let mut sum = Sum::NONE;
            scores.iter().for_each(|score| sum.add(*score, temperature));
            let got = sum.highest + temperature * sum.sum.ln();
            assert!((got - expect).abs() < 1e-5, "{scores:?}: {got}, not {expect}");
        };
        check(&[2.0], 1.0, 2.0);
        check(&[1.0, 1.0], 1.0, 1.0 + 2.0_f32.ln());
        check(&[1.0, 3.0, 2.0], 1.0, (1_f32.exp() + 2_f32.exp() + 3_f32.exp()).ln());
        check(&[3.0, 2.0, 1.0], 1.0, (1_f32.exp() + 2_f32.exp() + 3_f32.exp()).ln());
        check(&[-1000.0, 1000.0], 0.01, 1000.0);
    }
}
