//! What of a statement bears on whether an earlier one still holds.

use super::{Cues, cues};
use crate::index::{Language, TermId, Token, Vocabulary};

/// A statement, as far as changes are concerned.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Frame {
    /// The thing of the speaker that it gives a value to, such as where they live.
    pub(super) slot: Option<Slot>,
    /// Whether somebody likes (1) or dislikes (-1) something in it, or neither.
    pub(super) polarity: i8,
    /// Whether it puts an earlier statement right.
    pub(super) corrects: bool,
    /// What it denies, and whether it says that something changed.
    pub(crate) cues: Cues,
    /// Whether it says of itself that it is of the past.
    pub(super) past: bool,
    /// The content words that it is about, sorted, each once.
    pub(super) topic: Box<[TermId]>,
}

/// A thing that has one value at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slot {
    /// What it is.
    pub(super) thing: Box<str>,
    /// The content words of the value, sorted, each once.
    pub(super) value: Box<[TermId]>,
}

impl Frame {
    /// Reads a statement as the strategies write it: the speaker's name and a colon, the words, and a resolved time in
    /// brackets, the first and the last of which do not count.
    pub(crate) fn of(text: &str, vocabulary: &mut Vocabulary, language: Option<Language>) -> Self {
        let said = words_of(text).to_lowercase();
        let mut tokens = Vec::new();
        let slot = cues::slot(&said).map(|(thing, value)| Slot {
            thing: thing.into(),
            value: content(value, vocabulary, language, &mut tokens),
        });
        Self {
            slot,
            polarity: cues::polarity(&said),
            corrects: cues::corrects(&said),
            cues: Cues::of(&said),
            past: cues::is_past(&said),
            topic: content(&cues::topic(&said), vocabulary, language, &mut tokens),
        }
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        let slot = self.slot.as_ref().map_or(0, |slot| slot.thing.len() + slot.value.len() * size_of::<TermId>());
        slot + self.topic.len() * size_of::<TermId>()
    }
}

/// The statement without the name before it and the time behind it.
fn words_of(text: &str) -> &str {
    let said = text.split_once(": ").map_or(text, |(_, said)| said);
    let dated = said.strip_suffix(')').and_then(|said| said.rsplit_once(" ("));
    match dated {
        Some((said, time)) if time.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '/')) => said,
        _ => said,
    }
}

/// The content words of a text, sorted, each once; all words where there are no others.
fn content(
    text: &str,
    vocabulary: &mut Vocabulary,
    language: Option<Language>,
    tokens: &mut Vec<Token>,
) -> Box<[TermId]> {
    vocabulary.read(text, language, tokens);
    if tokens.iter().any(|token| !token.function) {
        tokens.retain(|token| !token.function);
    }
    let mut terms: Vec<TermId> = tokens.iter().map(|token| token.term).collect();
    terms.sort_unstable();
    terms.dedup();
    terms.into()
}
