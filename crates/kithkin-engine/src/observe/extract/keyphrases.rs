//! The phrases that a unit, or a session, is about.
//!
//! RAKE (Rose et al., *Automatic Keyword Extraction from Individual Documents*, 2010): a phrase is a run of content words
//! within a sentence, at most three; a word is worth the number of words it stands with over the number of times it
//! stands, a phrase the sum of its words, times how often it is said. In scripts without spaces the pairs of characters
//! take the place of words. Needs nothing; costs a pass.

use std::collections::HashMap;

use kithkin_core::{ChatError, Memory, MemoryKind};
use serde::Deserialize;

use super::{Extract, Of, memory_of};
use crate::chat::Chat;
use crate::index::{Kind, TermId, Words};
use crate::method::Strategy;
use crate::observe::Sitting;
use crate::observe::segment::Span;
use crate::observe::sentences::{Sentence, SessionWords};

/// The longest phrase in words.
const LONGEST: usize = 3;

/// Parameters of `keyphrases`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Keyphrases {
    /// What they are taken from: the whole `session` (default) or each `unit`.
    pub(super) of: Of,
    /// Phrases; 1 to 100, default 12.
    pub(super) phrases: usize,
}

impl Default for Keyphrases {
    fn default() -> Self {
        Self { of: Of::Session, phrases: 12 }
    }
}

impl Strategy for Keyphrases {
    fn check(&self) -> Result<(), String> {
        if (1..=100).contains(&self.phrases) {
            return Ok(());
        }
        Err(format!("phrases is {}; it must lie within 1 and 100", self.phrases))
    }
}

impl Extract for Keyphrases {
    fn kinds(&self, _units: MemoryKind) -> Vec<MemoryKind> {
        vec![MemoryKind::Keyphrases]
    }

    fn extract(
        &self,
        sitting: &Sitting,
        _kind: MemoryKind,
        spans: &[Span],
        _chat: &Chat<'_>,
    ) -> Result<Vec<Memory>, ChatError> {
        let mut words = SessionWords::of(sitting);
        let made = self.of.ranges(sitting, spans).into_iter().filter_map(|range| {
            let best = self.best(phrases(&words.sentences(sitting, range)));
            let text = best.iter().map(|p| p.text.as_str()).collect::<Vec<_>>().join("; ");
            let mut turns: Vec<usize> = best.iter().flat_map(|p| p.turns.iter().copied()).collect();
            turns.sort_unstable();
            turns.dedup();
            memory_of(sitting, MemoryKind::Keyphrases, text, turns)
        });
        Ok(made.collect())
    }
}

/// A phrase with the turns that say it.
struct Phrase {
    terms: Vec<TermId>,
    text: String,
    turns: Vec<usize>,
}

/// The phrases of some sentences, each once, in the order in which they were first said.
fn phrases(sentences: &[Sentence<'_>]) -> Vec<Phrase> {
    let mut phrases: Vec<Phrase> = Vec::new();
    let mut place: HashMap<Vec<TermId>, usize> = HashMap::new();
    let mut words = Words::default();
    for sentence in sentences {
        words.read(sentence.text);
        let mut run: Vec<(TermId, &str)> = Vec::new();
        let mut note = |run: &mut Vec<(TermId, &str)>| {
            let terms: Vec<TermId> = run.iter().map(|(term, _)| *term).collect();
            if !terms.is_empty() {
                let at = *place.entry(terms.clone()).or_insert_with(|| {
                    let text = run.iter().map(|(_, word)| *word).collect::<Vec<_>>().join(" ");
                    phrases.push(Phrase { terms, text, turns: Vec::new() });
                    phrases.len() - 1
                });
                phrases[at].turns.push(sentence.turn);
            }
            run.clear();
        };
        for ((word, kind), token) in words.iter().zip(&sentence.tokens) {
            if token.function || kind == Kind::Gram || run.len() == LONGEST {
                note(&mut run);
            }
            if !token.function {
                run.push((token.term, word));
            }
        }
        note(&mut run);
    }
    phrases
}

impl Keyphrases {
    /// The phrases that are worth most, best first; of equals the first said.
    fn best(&self, phrases: Vec<Phrase>) -> Vec<Phrase> {
        let (mut degree, mut frequency): (HashMap<TermId, f32>, HashMap<TermId, f32>) = Default::default();
        for phrase in &phrases {
            let said = phrase.turns.len() as f32;
            for term in &phrase.terms {
                *degree.entry(*term).or_default() += said * phrase.terms.len() as f32;
                *frequency.entry(*term).or_default() += said;
            }
        }
        let worth = |phrase: &Phrase| {
            let word = |term| degree.get(term).copied().unwrap_or(0.0) / frequency.get(term).copied().unwrap_or(1.0);
            phrase.terms.iter().map(word).sum::<f32>() * phrase.turns.len() as f32
        };
        let mut scored: Vec<(f32, Phrase)> = phrases.into_iter().map(|p| (worth(&p), p)).collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0));
        scored.into_iter().take(self.phrases).map(|(_, phrase)| phrase).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_runs_of_content_words() {
        let check = |texts: &[&str], expect: &str, sources: &[u64]| {
            let made = Keyphrases { of: Of::Session, phrases: 3 }
                .extract(&Sitting::of(texts), MemoryKind::Session, &[], &Chat::new(None))
                .unwrap();
            assert_eq!(made[0].text, expect);
            assert_eq!(made[0].sources.iter().map(|s| s.0).collect::<Vec<_>>(), sources);
        };
        let texts = ["I have a sailing boat and a dog.", "The sailing boat is old.", "It is a dog."];
        check(&texts, "sailing boat; dog; old", &[1, 2, 3]);
        check(&["我住在北京。"], "我住; 住在; 在北", &[1]);
    }
}
