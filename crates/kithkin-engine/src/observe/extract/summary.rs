//! An extractive summary: the sentences of a unit, or of a session, whose words are most frequent in it.
//!
//! SumBasic (Nenkova and Vanderwende, *The Impact of Frequency on Summarization*, 2005): a sentence is worth the mean
//! probability of its content words; each time one is taken, the probabilities of its words are squared, so that the
//! next says something else. Every word of the summary was said, and its sources are the turns that its sentences stand
//! in, or all that it summarises. Needs nothing; costs a pass over the unit for each sentence taken.

use std::collections::HashMap;

use kithkin_core::{ChatError, Memory, MemoryKind};
use serde::Deserialize;

use super::{Extract, Of, memory_of};
use crate::chat::Chat;
use crate::index::TermId;
use crate::method::Strategy;
use crate::observe::Sitting;
use crate::observe::segment::Span;
use crate::observe::sentences::{Sentence, SessionWords};

/// Parameters of `summary`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Summary {
    /// What is summarised: the whole `session` (default) or each `unit`.
    pub(super) of: Of,
    /// Sentences; 1 to 50, default 4.
    pub(super) sentences: usize,
    /// The turns that it leads to: those of its `sentences` (default), or `all` that it summarises.
    pub(super) sources: Sources,
}

/// The turns that a summary leads to; either way it stands for the turn of its first sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Sources {
    /// Those of its sentences.
    #[default]
    Sentences,
    /// All that it summarises.
    All,
}

impl Default for Summary {
    fn default() -> Self {
        Self { of: Of::Session, sentences: 4, sources: Sources::Sentences }
    }
}

impl Strategy for Summary {
    fn check(&self) -> Result<(), String> {
        if (1..=50).contains(&self.sentences) {
            return Ok(());
        }
        Err(format!("sentences is {}; it must lie within 1 and 50", self.sentences))
    }
}

impl Extract for Summary {
    fn kinds(&self, _units: MemoryKind) -> Vec<MemoryKind> {
        vec![MemoryKind::Summary]
    }

    fn extract(
        &self,
        sitting: &Sitting,
        _kind: MemoryKind,
        spans: &[Span],
        _chat: &Chat<'_>,
    ) -> Result<Vec<Memory>, ChatError> {
        let mut words = SessionWords::of(sitting);
        let summaries = self.of.ranges(sitting, spans).into_iter().filter_map(|range| {
            let sentences = words.sentences(sitting, range.clone());
            let taken: Vec<&Sentence<'_>> = self.most_telling(&sentences).iter().map(|i| &sentences[*i]).collect();
            let text = taken.iter().map(|s| s.text).collect::<Vec<_>>().join(" ");
            let mut turns: Vec<usize> = taken.iter().map(|s| s.turn).collect();
            turns.dedup();
            if self.sources == Sources::All {
                let first = *turns.first()?;
                turns = std::iter::once(first).chain(range.filter(|turn| *turn != first)).collect();
            }
            memory_of(sitting, MemoryKind::Summary, text, turns)
        });
        Ok(summaries.collect())
    }
}

impl Summary {
    /// The places of the sentences that are taken, in the order in which they were said.
    fn most_telling(&self, sentences: &[Sentence<'_>]) -> Vec<usize> {
        let content: Vec<Vec<TermId>> = sentences
            .iter()
            .map(|s| s.tokens.iter().filter(|token| !token.function).map(|token| token.term).collect())
            .collect();
        let total = content.iter().map(Vec::len).sum::<usize>().max(1) as f32;
        let mut probability: HashMap<TermId, f32> = HashMap::new();
        for term in content.iter().flatten() {
            *probability.entry(*term).or_default() += 1.0 / total;
        }
        let mut taken: Vec<usize> = Vec::new();
        while taken.len() < self.sentences {
            let worth = |terms: &Vec<TermId>| {
                let sum: f32 = terms.iter().filter_map(|term| probability.get(term)).sum();
                sum / terms.len().max(1) as f32
            };
            let left = (0..sentences.len()).filter(|i| !taken.contains(i));
            // Of equals the first is taken.
            let best = left.map(|i| (worth(&content[i]), i)).max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
            let Some((worth, best)) = best else { break };
            if worth <= 0.0 && !taken.is_empty() {
                break;
            }
            for term in &content[best] {
                if let Some(p) = probability.get_mut(term) {
                    *p *= *p;
                }
            }
            taken.push(best);
        }
        taken.sort_unstable();
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequent_content_is_kept_and_repetition_is_not() {
        let check = |texts: &[&str], sentences: usize, sources: Sources, text: &str, expect: &[u64]| {
            let made = Summary { of: Of::Session, sentences, sources }
                .extract(&Sitting::of(texts), MemoryKind::Session, &[], &Chat::new(None))
                .unwrap();
            assert_eq!(made.len(), 1);
            assert_eq!(made[0].text, text);
            assert_eq!(made[0].sources.iter().map(|s| s.0).collect::<Vec<_>>(), expect, "{texts:?} {sources:?}");
        };
        let dog = [
            "I adopted a dog. The dog is called Rex!",
            "How nice. A dog is a friend.",
            "Rex the dog barks loudly. It rained.",
        ];
        check(&dog, 2, Sources::Sentences, "I adopted a dog. The dog is called Rex!", &[1]);
        check(&dog, 2, Sources::All, "I adopted a dog. The dog is called Rex!", &[1, 2, 3]);
        check(&["It rained.", "Rex! Rex!"], 1, Sources::All, "Rex!", &[2, 1]);
    }

    #[test]
    fn a_session_without_words_has_none() {
        let made = |texts: &[&str]| {
            Summary::default().extract(&Sitting::of(texts), MemoryKind::Session, &[], &Chat::new(None)).unwrap().len()
        };
        assert_eq!((made(&[]), made(&["…"]), made(&["the"]), made(&["Rex"])), (0, 0, 1, 1));
    }
}
