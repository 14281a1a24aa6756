//! A logistic function of the scores of a recall: how likely showing what it found makes a better reply.
//!
//! Source: Mysore et al., *PEARL: Personalizing Large Language Model Writing Assistants with Generation-Calibrated
//! Retrievers* (2024). There a retriever is trained so that its score is calibrated on what a document does for the
//! generated text, and where it is low the text is left to be revised without; here the retriever stays as it is, and two
//! observations of its scores are calibrated. They are how likely the evidence can answer, and the lead of the best turn: by
//! how much of its own score it is above the mean of the nine behind it, 0 to 1; one among many that are alike says little.
//! The lab's task `prefeval-gate` fits the coefficients and measures them.
//!
//! Needs nothing; costs nothing to speak of.

use kithkin_core::Explanation;
use serde::Deserialize;

use super::{Gate, Gated, Scored};
use crate::method::Strategy;

/// The turns that the best one is compared with.
const BEHIND: usize = 9;

/// Parameters of `benefit`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Benefit {
    /// What it is where both observations are 0; -100 to 100, default 0.
    bias: f32,
    /// The coefficient of how likely the evidence can answer; -100 to 100, default 0.
    answerable: f32,
    /// That of the lead of the best turn; -100 to 100, default 0.
    lead: f32,
    /// From which likelihood on what is known is shown; 0 to 1, default 0.5.
    threshold: f32,
}

impl Default for Benefit {
    fn default() -> Self {
        Self { bias: 0.0, answerable: 0.0, lead: 0.0, threshold: 0.5 }
    }
}

impl Strategy for Benefit {
    fn check(&self) -> Result<(), String> {
        let all = [("bias", self.bias), ("answerable", self.answerable), ("lead", self.lead)];
        if let Some((name, value)) = all.into_iter().find(|(_, value)| !(-100.0..=100.0).contains(value)) {
            return Err(format!("{name} is {value}; it must lie within -100 and 100"));
        }
        if !(0.0..=1.0).contains(&self.threshold) {
            return Err(format!("threshold is {}; it must lie within 0 and 1", self.threshold));
        }
        Ok(())
    }
}

impl Gate for Benefit {
    fn gate(&self, found: Scored<'_>) -> Gated {
        let lead = lead(found.scores);
        let parts = [
            Explanation::new("bias", self.bias),
            Explanation::new(format!("answerable {:.3}", found.answerable), self.answerable * found.answerable),
            Explanation::new(format!("lead of the best turn {lead:.3}"), self.lead * lead),
        ];
        let benefit = 1.0 / (1.0 + (-parts.iter().map(|part| part.value).sum::<f32>()).exp());
        let label = format!("likelihood that what is known helps; it is shown from {} on", self.threshold);
        let why = parts.into_iter().fold(Explanation::new(label, benefit), Explanation::with);
        let (open, answerable, threshold) = (benefit >= self.threshold, found.answerable, self.threshold);
        Gated { open, benefit, answerable, lead, threshold, why }
    }
}

/// By how much of its own score the first is above the mean of those behind it, 0 to 1; 0 for fewer than two.
fn lead(scores: &[f32]) -> f32 {
    let Some((first, rest)) = scores.split_first() else { return 0.0 };
    let behind = &rest[..rest.len().min(BEHIND)];
    if behind.is_empty() || first.is_nan() || *first <= 0.0 {
        return 0.0;
    }
    let mean = behind.iter().sum::<f32>() / behind.len() as f32;
    ((first - mean) / first).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lead_is_free_of_scale() {
        let check = |scores: &[f32], expect: f32| assert!((lead(scores) - expect).abs() < 1e-6, "{scores:?}");
        check(&[], 0.0);
        check(&[3.0], 0.0);
        check(&[4.0, 2.0, 2.0], 0.5);
        check(&[8.0, 4.0, 4.0], 0.5);
        check(&[1.0, 1.0], 0.0);
        check(&[1.0, -3.0], 1.0);
        check(&[-1.0, -2.0], 0.0);
        check(&[f32::NAN, 1.0], 0.0);
        // What is beyond ten does not count.
        check(&[[4.0].as_slice(), &[2.0; 9], &[4.0; 50]].concat(), 0.5);
    }

    #[test]
    fn it_opens_from_the_threshold_on() {
        let gate = Benefit { bias: -2.0, answerable: 2.0, lead: 4.0, threshold: 0.5 };
        let check = |answerable: f32, scores: &[f32], benefit: f32, open: bool| {
            let gated = gate.gate(Scored { answerable, scores });
            assert!((gated.benefit - benefit).abs() < 1e-3 && gated.open == open, "{gated:?}");
            assert_eq!((gated.why.value, gated.why.parts.len()), (gated.benefit, 3));
        };
        check(0.0, &[], 0.119, false);
        check(1.0, &[], 0.5, true);
        check(0.0, &[4.0, 2.0], 0.5, true);
        check(0.9, &[4.0, 4.0], 0.45, false);
    }

    #[test]
    fn parameters_have_ranges() {
        let check = |gate: Benefit, expect: bool| assert_eq!(gate.check().is_ok(), expect, "{gate:?}");
        check(Benefit::default(), true);
        check(Benefit { bias: 101.0, ..Benefit::default() }, false);
        check(Benefit { lead: f32::NAN, ..Benefit::default() }, false);
        check(Benefit { threshold: 1.1, ..Benefit::default() }, false);
    }
}
