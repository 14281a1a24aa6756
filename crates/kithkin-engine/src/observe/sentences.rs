//! The sentences of a session, and the words of each: what extractors look at.

use unicode_segmentation::UnicodeSegmentation;

use super::Sitting;
use crate::index::{Language, Token, Vocabulary};

/// A sentence of a turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sentence<'a> {
    /// The position of the turn in the session.
    pub(crate) turn: usize,
    /// The sentence, without the white space around it.
    pub(crate) text: &'a str,
    /// Its words in order.
    pub(crate) tokens: Vec<Token>,
}

/// The words of a session: a vocabulary of its own, and the language that most of it is in.
#[derive(Debug, Default)]
pub(crate) struct SessionWords {
    vocabulary: Vocabulary,
    language: Option<Language>,
}

impl SessionWords {
    /// The words of a session in one language, which is detected over all of it.
    pub(crate) fn of(sitting: &Sitting) -> Self {
        let mut words = Self::default();
        let language = words.vocabulary.read(&sitting.texts().join("\n"), None, &mut Vec::new());
        words.language = language;
        words
    }

    /// The words of a text of the session. A text that is clearly in another language is read in that one.
    pub(crate) fn tokens(&mut self, text: &str) -> Vec<Token> {
        let mut tokens = Vec::new();
        self.vocabulary.read(text, self.language, &mut tokens);
        tokens
    }

    /// The sentences of some turns of the session (UAX 29); those without words are left out.
    pub(crate) fn sentences<'a>(
        &mut self,
        sitting: &'a Sitting,
        turns: impl IntoIterator<Item = usize>,
    ) -> Vec<Sentence<'a>> {
        let mut sentences = Vec::new();
        for turn in turns {
            for text in sitting.texts().get(turn).map(String::as_str).unwrap_or_default().unicode_sentences() {
                let tokens = self.tokens(text);
                if !tokens.is_empty() {
                    sentences.push(Sentence { turn, text: text.trim(), tokens });
                }
            }
        }
        sentences
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_cut_into_sentences_with_words() {
        let check = |texts: &[&str], expect: &[(usize, &str, usize)]| {
            let sitting = Sitting::of(texts);
            let sentences = SessionWords::of(&sitting).sentences(&sitting, 0..texts.len());
            let found: Vec<_> = sentences.iter().map(|s| (s.turn, s.text, s.tokens.len())).collect();
            assert_eq!(found, expect);
        };
        check(&["I am here. You?  Yes!", "…", ""], &[(0, "I am here.", 3), (0, "You?", 1), (0, "Yes!", 1)]);
        check(&["我住在北京。你呢？"], &[(0, "我住在北京。", 4), (0, "你呢？", 1)]);
    }
}
