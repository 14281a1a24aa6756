//! How much a word tells in its session: the rarer among the session's sentences, the more.
//!
//! The statistics are those of one session, because what is stored depends on one session only.

use crate::index::{Lexical, TermId};
use crate::observe::Sitting;
use crate::observe::sentences::SessionWords;

/// The words of a session with their rarity.
#[derive(Debug)]
pub(super) struct Rarity {
    words: SessionWords,
    sentences: Lexical,
}

/// A word of a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Weighed {
    /// Its rarity among the sentences of the session, as an idf; above 0.
    pub(super) rarity: f32,
    /// Whether it is a function word in the language of the text.
    pub(super) function: bool,
}

impl Weighed {
    /// What it tells: its rarity, or nothing where it is a function word.
    pub(super) fn information(self) -> f32 {
        if self.function { 0.0 } else { self.rarity }
    }
}

impl Rarity {
    /// Counts the words of a session. Cost: two passes over it.
    pub(super) fn of(sitting: &Sitting) -> Self {
        let mut words = SessionWords::of(sitting);
        let mut sentences = Lexical::default();
        for sentence in words.sentences(sitting, 0..sitting.len()) {
            sentences.push(sentence.tokens.iter().map(|token| token.term));
        }
        Self { words, sentences }
    }

    /// The words of a text, such as a sentence of the session.
    pub(super) fn read(&mut self, text: &str) -> Vec<Weighed> {
        let tokens = self.words.tokens(text);
        let rarity = |term: TermId| self.sentences.idf(&[term]);
        tokens.iter().map(|token| Weighed { rarity: rarity(token.term), function: token.function }).collect()
    }
}
