//! Each unit with key phrases and a summary of it put before its text: one memory under a richer key.
//!
//! What is searched is the expansion and the text, what is found are the unit's turns. Source: Wu et al., *LongMemEval*
//! (2024), section 5.3, key expansion by merging. Needs nothing; costs the text of each unit once more.

use kithkin_core::{ChatError, Memory, MemoryKind};
use serde::Deserialize;

use super::keyphrases::Keyphrases;
use super::span::WholeSpan;
use super::summary::Summary;
use super::{Extract, Of};
use crate::chat::Chat;
use crate::method::Strategy;
use crate::observe::Sitting;
use crate::observe::segment::Span;

/// Parameters of `expanded`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Expanded {
    /// Key phrases to put before the text; 0 (default) to 100.
    phrases: usize,
    /// Sentences of the summary to put before the text; 0 (default) to 50.
    sentences: usize,
}

impl Strategy for Expanded {
    fn check(&self) -> Result<(), String> {
        if self.phrases > 100 {
            return Err(format!("phrases is {}; it must lie within 0 and 100", self.phrases));
        }
        if self.sentences > 50 {
            return Err(format!("sentences is {}; it must lie within 0 and 50", self.sentences));
        }
        Ok(())
    }
}

impl Extract for Expanded {
    fn kinds(&self, units: MemoryKind) -> Vec<MemoryKind> {
        vec![units]
    }

    fn extract(
        &self,
        sitting: &Sitting,
        kind: MemoryKind,
        spans: &[Span],
        chat: &Chat<'_>,
    ) -> Result<Vec<Memory>, ChatError> {
        let mut keys: Vec<Box<dyn Extract>> = Vec::new();
        if self.phrases > 0 {
            keys.push(Box::new(Keyphrases { of: Of::Unit, phrases: self.phrases }));
        }
        if self.sentences > 0 {
            keys.push(Box::new(Summary { of: Of::Unit, sentences: self.sentences, ..Summary::default() }));
        }
        let mut made = Vec::new();
        for unit in spans.chunks(1) {
            let Some(mut memory) = WholeSpan {}.extract(sitting, kind, unit, chat)?.into_iter().next() else {
                continue;
            };
            let mut texts = Vec::new();
            for key in &keys {
                texts.extend(key.extract(sitting, kind, unit, chat)?.into_iter().map(|key| key.text));
            }
            texts.push(memory.text);
            memory.text = texts.join("\n");
            made.push(memory);
        }
        Ok(made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_before_the_text() {
        let sitting = Sitting::of(&["I have a sailing boat.", "Nice! A sailing boat."]);
        let check = |phrases, sentences, expect: &str| {
            let made = Expanded { phrases, sentences }
                .extract(&sitting, MemoryKind::Round, &[Span::of(0..2)], &Chat::new(None))
                .unwrap();
            assert_eq!(made.iter().map(|m| m.text.as_str()).collect::<Vec<_>>(), [expect]);
        };
        check(0, 0, "I have a sailing boat.\nNice! A sailing boat.");
        check(1, 0, "sailing boat\nI have a sailing boat.\nNice! A sailing boat.");
        check(0, 1, "I have a sailing boat.\nI have a sailing boat.\nNice! A sailing boat.");
    }
}
