//! The sentences in which a speaker says something of themselves, each as it was said.
//!
//! A sentence counts where a clause of it has the speaker for its subject or owner ("I", "mein", "我"), as the profile's
//! rules part clauses; questions, suppositions and what others are reported to say do not. Nothing is made of what it
//! says: that a statement lasts, or belongs to others, is for whoever searches these memories (`chosen-groups`).
//!
//! Reads English, German and Chinese; of other languages it finds next to nothing. Needs nothing; costs one pass over the
//! words, and a memory for each sentence.

use kithkin_core::{ChatError, Memory, MemoryKind, Role};
use serde::Deserialize;
use unicode_segmentation::UnicodeSegmentation;

use super::{Extract, memory_of};
use crate::chat::Chat;
use crate::method::Strategy;
use crate::observe::Sitting;
use crate::observe::segment::Span;
use crate::profile::is_of_oneself;

/// Parameters of `own-statements`: none.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct OwnStatements {}

impl Strategy for OwnStatements {}

impl Extract for OwnStatements {
    fn kinds(&self, _units: MemoryKind) -> Vec<MemoryKind> {
        vec![MemoryKind::Fact]
    }

    fn extract(
        &self,
        sitting: &Sitting,
        _kind: MemoryKind,
        _spans: &[Span],
        _chat: &Chat<'_>,
    ) -> Result<Vec<Memory>, ChatError> {
        let mut made = Vec::new();
        for (place, turn) in sitting.turns().iter().enumerate() {
            if !matches!(turn.turn.role, Role::User | Role::Assistant) {
                continue;
            }
            let sentences = turn.turn.text.unicode_sentences().flat_map(parted).filter(|text| is_of_oneself(text));
            made.extend(sentences.filter_map(|text| memory_of(sitting, MemoryKind::Fact, text.to_owned(), [place])));
        }
        Ok(made)
    }
}

/// A sentence, or the sentences in it that end with a mark that stands by itself, as in tokenised text without capitals.
fn parted(sentence: &str) -> impl Iterator<Item = &str> {
    let mut before = ' ';
    let ends = move |c: char| {
        let apart = before.is_whitespace() && matches!(c, '.' | '!' | '?');
        before = c;
        apart
    };
    sentence.split_inclusive(ends).map(str::trim).filter(|text| text.chars().any(char::is_alphanumeric))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_about_its_speaker_is_kept_as_it_was_said() {
        let check = |texts: &[&str], expect: &[&str]| {
            let sitting = Sitting::of(texts);
            let chat = Chat::new(None);
            let made = OwnStatements {}.extract(&sitting, MemoryKind::Session, &[], &chat).unwrap();
            let shown: Vec<String> = made.iter().map(|m| format!("{} {}", m.sources[0].0, m.text)).collect();
            assert_eq!(shown, expect, "{texts:?}");
        };
        check(
            &["Hello! I drive a night bus. It rains.", "What do I care?", "my dogs are old . and yours ?"],
            &["1 I drive a night bus.", "3 my dogs are old ."],
        );
        check(&["Seit Mai arbeite ich nachts. Und du?"], &["1 Seit Mai arbeite ich nachts."]);
        check(&["我住在成都。他说，我喜欢茶。你呢？"], &["1 我住在成都。"]);
        check(&["", "…", "If I were rich.", "She told me, I hate tea."], &[]);
    }
}
