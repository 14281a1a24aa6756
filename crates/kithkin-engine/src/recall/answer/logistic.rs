//! A logistic function of how well the best evidence matches the question.
//!
//! Observations, all free of scale: the largest share of the question's words, weighted by their idf, that a turn and its
//! neighbours hold; the highest cosine of a turn by itself; and whether what was found by its content alone was said by
//! the speaker whom the question names, which is how a question about the wrong person gives itself away. Needs nothing;
//! costs a pass. `docs/decisions/0006` says how the presets' coefficients were fitted.

use kithkin_core::Explanation;
use serde::Deserialize;

use super::Answer;
use crate::method::Strategy;
use crate::recall::{Doc, Signal, SignalKind, View, best_live};

/// Turns that are asked who said them.
const WITNESSES: usize = 20;
/// How far below the best score a turn counts e times less as a witness.
const TEMPERATURE: f32 = 0.5;

/// Parameters of `logistic`: the coefficient of each observation, all 0 by default.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Logistic {
    /// What it is when nothing matches; -100 to 100, as all.
    bias: f32,
    /// Of the share of the question's words, 0 to 1.
    coverage: f32,
    /// Of the highest cosine of a turn by itself, without its neighbours, among the best by content; 0 where no embeddings
    /// are compared.
    highest: f32,
    /// Of the share of the content that was said by the named speakers, less one half; 0 when none is named.
    agreement: f32,
}

impl Strategy for Logistic {
    fn check(&self) -> Result<(), String> {
        let all = [
            ("bias", self.bias),
            ("coverage", self.coverage),
            ("highest", self.highest),
            ("agreement", self.agreement),
        ];
        match all.into_iter().find(|(_, value)| !(-100.0..=100.0).contains(value)) {
            Some((name, value)) => Err(format!("{name} is {value}; it must lie within -100 and 100")),
            None => Ok(()),
        }
    }
}

impl Answer for Logistic {
    fn answerable(
        &self,
        view: &View<'_>,
        signals: &[Signal],
        content: &[f32],
        best: &[(Doc, f32)],
    ) -> (f32, Explanation) {
        if best.is_empty() {
            return (0.0, Explanation::new("nothing was found", 0.0));
        }
        let witnesses = best_live(view.index, content, WITNESSES);
        let observed = [
            ("share of the question's words in and around a turn", self.coverage, coverage(view, signals)),
            ("highest cosine of a turn by itself", self.highest, highest(view, &witnesses)),
            ("said by the named speaker, less one half", self.agreement, agreement(view, &witnesses)),
        ];
        let observed = observed.into_iter().filter(|(_, weight, _)| *weight != 0.0).collect::<Vec<_>>();
        let logit = self.bias + observed.iter().map(|(_, weight, value)| weight * value).sum::<f32>();
        let answerable = 1.0 / (1.0 + (-logit).exp());
        let root =
            Explanation::new("answerable: logistic of the sum", answerable).with(Explanation::new("bias", self.bias));
        let tree = observed.iter().fold(root, |root, (label, weight, value)| {
            root.with(Explanation::new(format!("{weight} x {value:.3}: {label}"), weight * value))
        });
        (answerable, tree)
    }
}

/// The highest score by words over the one of a turn that held all of them without end.
fn coverage(view: &View<'_>, signals: &[Signal]) -> f32 {
    let lexical = view.index.lexical();
    let all: f32 = view.question.terms.iter().map(|term| lexical.idf(&term.terms)).sum();
    let Some(words) = signals.iter().find(|s| s.kind == SignalKind::Words) else { return 0.0 };
    let score = words.scores.iter().copied().fold(0.0, f32::max);
    if all > 0.0 { (score * lexical.max_idf() / words.ceiling / all).clamp(0.0, 1.0) } else { 0.0 }
}

/// The highest cosine among these turns, each by itself.
fn highest(view: &View<'_>, witnesses: &[(Doc, f32)]) -> f32 {
    let (Some(vectors), Some(query)) = (view.index.vectors(), &view.question.vector) else { return 0.0 };
    witnesses.iter().filter_map(|(doc, _)| vectors.exact(*doc, query)).fold(0.0, f32::max)
}

/// The share of the best content that the named speakers said, each turn weighted by how good it is, less one half.
fn agreement(view: &View<'_>, witnesses: &[(Doc, f32)]) -> f32 {
    let about = &view.question.about;
    if about.is_empty() {
        return 0.0;
    }
    let Some(&(_, highest)) = witnesses.first() else { return 0.0 };
    let (mut said, mut all) = (0.0, 0.0);
    for &(doc, score) in witnesses {
        let weight = ((score - highest) / TEMPERATURE).exp();
        all += weight;
        said += if about.get(view.index.speaker(doc) as usize) == Some(&true) { weight } else { 0.0 };
    }
    said / all - 0.5
}
