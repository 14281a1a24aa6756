//! Prefers turns that were said in the mood of the question.
//!
//! Question and turn have a vector of eight emotions each, by the words of a lexicon; where both have any, their cosine
//! counts. *Combined*, it is added to the score; *sequential*, the best turns are put in its order. Source: Huang et al.,
//! *Emotional RAG: Enhancing Role-Playing Agents through Emotional Retrieval* (2024), section 3.3. Needs nothing; costs a
//! look-up of the lexicon's words when the index has changed, and one pass where the question has an emotion.

mod lexicon;

use std::collections::HashMap;
use std::sync::Arc;

use kithkin_core::Explanation;
use serde::Deserialize;

use super::{Rerank, check_weight};
use crate::index::{PersonIndex, TermId};
use crate::method::Strategy;
use crate::recall::{Doc, Question, View, best_live};
use lexicon::{EMOTIONS, WORDS};

/// How much there is of each emotion.
type Mood = [f32; EMOTIONS.len()];

/// How emotion and content come together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    /// Added to the score.
    #[default]
    Combined,
    /// The best turns by content, in the order of emotion.
    Sequential,
}

/// Parameters of `emotion`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Emotion {
    /// `combined` (default) or `sequential`.
    #[serde(default)]
    mode: Mode,
    /// What a turn of the same mood gains, when combined; 0 to 100, default 0.5.
    #[serde(default = "half")]
    weight: f32,
    /// Turns that are put in the order of emotion, when sequential; 1 to 200, default 20.
    #[serde(default = "twenty")]
    of: usize,
}

fn half() -> f32 {
    0.5
}

fn twenty() -> usize {
    20
}

impl Strategy for Emotion {
    fn check(&self) -> Result<(), String> {
        check_weight(self.weight)?;
        if (1..=200).contains(&self.of) {
            return Ok(());
        }
        Err(format!("of is {}; it must lie within 1 and 200", self.of))
    }
}

/// The emotions of a person's words and turns.
struct Moods {
    of_terms: HashMap<TermId, Mood>,
    of_turns: HashMap<Doc, Mood>,
}

impl Moods {
    fn of(index: &PersonIndex) -> Arc<Self> {
        index.built("emotions", || {
            let mut moods = Self { of_terms: HashMap::new(), of_turns: HashMap::new() };
            for (emotion, words) in WORDS.iter().enumerate() {
                let mut terms: Vec<TermId> = index.query_terms(words).into_iter().flat_map(|q| q.terms).collect();
                terms.sort_unstable();
                terms.dedup();
                for term in terms {
                    moods.of_terms.entry(term).or_default()[emotion] = 1.0;
                    for posting in index.lexical().postings(term) {
                        moods.of_turns.entry(posting.doc).or_default()[emotion] += posting.tf as f32;
                    }
                }
            }
            moods
        })
    }

    /// The mood of a question; `None` where no word of it has an emotion. A word counts by its stem, and where nobody
    /// ever said it, by its form.
    fn of_question(&self, question: &Question) -> Option<Mood> {
        let mut mood = Mood::default();
        for word in &question.terms {
            let by_stem = word.terms.iter().find_map(|term| self.of_terms.get(term)).copied();
            let own = by_stem.unwrap_or_else(|| by_form(&word.word));
            mood.iter_mut().zip(own).for_each(|(sum, x)| *sum += x);
        }
        mood.iter().any(|x| *x > 0.0).then_some(mood)
    }

    /// The cosine of a mood and that of a turn; 0 for a turn without any.
    fn likeness(&self, mood: &Mood, doc: Doc) -> f32 {
        let product = |a: &Mood, b: &Mood| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>();
        let Some(own) = self.of_turns.get(&doc) else { return 0.0 };
        product(mood, own) / (product(mood, mood) * product(own, own)).sqrt()
    }
}

fn by_form(word: &str) -> Mood {
    let mut mood = Mood::default();
    for (emotion, words) in mood.iter_mut().zip(WORDS) {
        *emotion = if words.split_whitespace().any(|known| known == word) { 1.0 } else { 0.0 };
    }
    mood
}

impl Rerank for Emotion {
    fn rerank(&self, view: &View<'_>, scores: &mut [f32]) {
        let moods = Moods::of(view.index);
        let Some(mood) = moods.of_question(view.question) else { return };
        match self.mode {
            Mode::Combined => {
                for (doc, score) in (0..).zip(scores) {
                    *score += self.weight * moods.likeness(&mood, doc);
                }
            }
            Mode::Sequential => {
                let best = best_live(view.index, scores, self.of);
                let mut order: Vec<(f32, Doc)> =
                    best.iter().map(|(doc, _)| (moods.likeness(&mood, *doc), *doc)).collect();
                // Equally like ones stay in the order of content.
                order.sort_by(|a, b| b.0.total_cmp(&a.0));
                for ((_, doc), (_, place)) in order.into_iter().zip(best) {
                    if let Some(score) = scores.get_mut(doc as usize) {
                        *score = place;
                    }
                }
            }
        }
    }

    fn is_about_content(&self) -> bool {
        false
    }

    fn explain(&self, view: &View<'_>, doc: Doc, before: f32, after: f32) -> Explanation {
        let moods = Moods::of(view.index);
        let label = match moods.of_question(view.question) {
            None => "the question has no emotion".to_owned(),
            Some(mood) => format!("likeness of mood {:.2}", moods.likeness(&mood, doc)),
        };
        Explanation::new(label, after - before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_emotion_has_words() {
        assert!(WORDS.iter().all(|words| words.split_whitespace().count() >= 15));
    }
}
