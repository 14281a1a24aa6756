//! Further queries of a recall, and what they add to the question's signals.
//!
//! Each retriever compares the turns with each aspect as it does with the question. The number of a turn is then that of
//! the question plus the highest that any aspect gives it, by its weight. Not their sum: a turn that answers to one aspect
//! well is better than one that is a little like all of them, as what somebody says speaks of one thing, not of a whole
//! profile. The question alone says who and when, and whether it can be answered at all is judged by it alone.
//!
//! Costs what the retrievers cost, once for each aspect; nothing without any.

use kithkin_core::Explanation;

use super::run::at;
use super::{Doc, Retrieve, Signal, View};
use crate::EngineError;
use crate::index::Scratch;

/// A further query of a recall: something else that a turn may answer to, such as an earlier utterance, a sentence of a
/// profile, or the question in other words.
#[derive(Debug, Clone, PartialEq)]
pub struct Aspect {
    /// The words, in any language.
    pub text: String,
    /// How much it counts, where the question counts 1; 0 to 100.
    pub weight: f32,
}

/// The longest question, and the longest aspect of one, in bytes: 256 KiB. What a question costs grows with its words.
pub const MAX_QUESTION_BYTES: usize = 256 << 10;

/// How many aspects a question may have: each costs an embedding and a scan of the index.
pub const MAX_ASPECTS: usize = 100;

/// Refuses a question without words, and one that is too long.
pub(crate) fn check_question(question: &str) -> Result<(), EngineError> {
    match question.len() {
        _ if question.trim().is_empty() => Err(EngineError::EmptyQuestion),
        bytes if bytes > MAX_QUESTION_BYTES => Err(EngineError::QuestionTooLong { bytes }),
        _ => Ok(()),
    }
}

impl Aspect {
    /// A query that counts as much as the question.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), weight: 1.0 }
    }

    /// Refuses too many aspects, those without words, those that are too long, and weights out of range.
    pub(crate) fn check(aspects: &[Self]) -> Result<(), EngineError> {
        if aspects.len() > MAX_ASPECTS {
            return Err(EngineError::TooManyAspects { count: aspects.len() });
        }
        for (number, Self { text, weight }) in (1..).zip(aspects) {
            let why = if text.trim().is_empty() {
                "is empty; give it words, or leave it out".to_owned()
            } else if text.len() > MAX_QUESTION_BYTES {
                format!("is {} bytes long; at most {MAX_QUESTION_BYTES} are allowed", text.len())
            } else if !(0.0..=100.0).contains(weight) {
                format!("has the weight {weight}; it must lie within 0 and 100")
            } else {
                continue;
            };
            return Err(EngineError::Aspect { number, why });
        }
        Ok(())
    }
}

/// What one retriever found for the aspects of a question.
pub(super) struct Aspects<'a> {
    retriever: &'a dyn Retrieve,
    view: View<'a>,
    /// The weight and the scores of each aspect.
    scored: Vec<(f32, Vec<f32>)>,
    compared: usize,
}

impl<'a> Aspects<'a> {
    /// Lets the retriever score every aspect; `weight` is what the method gives aspects in this retriever.
    pub(super) fn score(retriever: &'a dyn Retrieve, view: View<'a>, weight: f32, scratch: &mut Scratch) -> Self {
        let mut aspects = Self { retriever, view, scored: Vec::new(), compared: 0 };
        for facet in &view.question.aspects {
            let mut scores = Vec::with_capacity(view.index.docs());
            retriever.score(&View { index: view.index, question: &facet.question }, scratch, &mut scores);
            aspects.compared += scratch.compared.take().unwrap_or(view.index.docs());
            aspects.scored.push((weight * facet.weight, scores));
        }
        aspects
    }

    /// The question's signal with the best aspect of each turn added; a turn that is not known stays so.
    pub(super) fn joined(&self, own: &Signal) -> Signal {
        let scores = (0..).zip(&own.scores).map(|(doc, own)| own + self.best(doc).map_or(0.0, |(_, given)| given));
        let (scores, compared) = (scores.collect(), own.compared + self.compared);
        Signal { kind: own.kind, name: own.name.clone(), ceiling: own.ceiling, scores, compared }
    }

    /// The aspect that gives the turn most, and what it gives.
    fn best(&self, doc: Doc) -> Option<(usize, f32)> {
        let given = self.scored.iter().map(|(weight, scores)| weight * at(scores, doc)).enumerate();
        given.filter(|(_, given)| !given.is_nan()).reduce(|best, next| if next.1 > best.1 { next } else { best })
    }

    /// How the turn came to its number: the question's part, then each aspect's. Only the best one counts, and only it is
    /// explained further.
    pub(super) fn explain(&self, own: &Signal, doc: Doc) -> Explanation {
        let score = at(&own.scores, doc);
        let of_question = self.retriever.explain(&self.view, doc, score);
        let Some((best, given)) = self.best(doc) else { return of_question };
        let label = format!("{}, of the question and its best aspect", own.name);
        let root = Explanation::new(label, score + given).with(of_question);
        let parts = self.view.question.aspects.iter().zip(&self.scored).enumerate();
        parts.fold(root, |root, (aspect, (facet, (weight, scores)))| {
            let (text, score) = (&facet.text, at(scores, doc));
            root.with(if aspect == best {
                let view = View { index: self.view.index, question: &facet.question };
                Explanation::new(format!("aspect {text:?}, weight {weight}"), weight * score)
                    .with(self.retriever.explain(&view, doc, score))
            } else {
                Explanation::new(format!("aspect {text:?} gives {:.3}, not the most", weight * score), 0.0)
            })
        })
    }
}
