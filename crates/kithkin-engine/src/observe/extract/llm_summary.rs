//! A summary that a chat model writes of a session, or of each unit.
//!
//! A longer one is read in pieces, and its summary is that of the pieces one after another. The sources are all turns that
//! were read. Source: the summaries of sessions of Xu et al., *Towards Multi-Granularity Memory Association and Selection*
//! (2025), section 3.1. Needs a chat model; costs a call for each piece. A piece whose answer is empty or refused has none.

use std::ops::Range;

use kithkin_core::{ChatError, Memory, MemoryKind};
use serde::Deserialize;

use super::{Extract, Of, memory_of, quoted};
use crate::chat::{Chat, Prompt, check_turns};
use crate::method::Strategy;
use crate::observe::Sitting;
use crate::observe::segment::Span;

/// The instructions.
const PROMPT: Prompt = Prompt::new(&[include_str!("../../../prompts/summary.1.md")]);

/// What an answer may take at most, in tokens.
const TOKENS: u32 = 400;

/// Parameters of `llm-summary`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LlmSummary {
    /// What is summarised: the whole `session` (default) or each `unit`.
    of: Of,
    /// Turns that the model reads at once; 1 to 200, default 80.
    turns: usize,
    /// The version of the prompt; by default the latest.
    prompt: u32,
}

impl Default for LlmSummary {
    fn default() -> Self {
        Self { of: Of::Session, turns: 80, prompt: PROMPT.latest() }
    }
}

impl Strategy for LlmSummary {
    fn check(&self) -> Result<(), String> {
        check_turns(self.turns, 1)?;
        PROMPT.check(self.prompt)
    }
}

impl Extract for LlmSummary {
    fn kinds(&self, _units: MemoryKind) -> Vec<MemoryKind> {
        vec![MemoryKind::Summary]
    }

    fn prompt(&self) -> Option<u32> {
        Some(self.prompt)
    }

    fn extract(
        &self,
        sitting: &Sitting,
        _kind: MemoryKind,
        spans: &[Span],
        chat: &Chat<'_>,
    ) -> Result<Vec<Memory>, ChatError> {
        let mut memories = Vec::new();
        for range in self.of.ranges(sitting, spans) {
            memories.extend(self.summary(sitting, range, chat)?);
        }
        Ok(memories)
    }
}

impl LlmSummary {
    fn summary(&self, sitting: &Sitting, range: Range<usize>, chat: &Chat<'_>) -> Result<Option<Memory>, ChatError> {
        let places: Vec<usize> = range.collect();
        let mut texts: Vec<String> = Vec::new();
        let mut read: Vec<usize> = Vec::new();
        for piece in places.chunks(self.turns.max(1)) {
            let request = PROMPT.request(self.prompt, quoted(sitting, piece), TOKENS, None);
            let Some(text) = chat.ask(&request)? else { continue };
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            if text.is_empty() {
                chat.drop_unread(1);
                continue;
            }
            texts.push(text);
            read.extend(piece);
        }
        Ok(memory_of(sitting, MemoryKind::Summary, texts.join(" "), read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::Scripted;

    const TEXTS: [&str; 3] = ["I adopted a cat yesterday.", "What is it called?", "Miso."];

    #[test]
    fn a_summary_stands_for_the_turns_that_were_read() {
        let check = |of: Of, turns: usize, answers: &[&str], expect: &[(&str, &[u64])], unread: u64| {
            let model = Scripted::new(answers.iter().copied());
            let chat = Chat::new(Some(&model));
            let summary = LlmSummary { of, turns, ..LlmSummary::default() };
            let spans = [Span::of(0..2), Span::of(2..3)];
            let made = summary.extract(&Sitting::of(&TEXTS), MemoryKind::Segment, &spans, &chat).unwrap();
            let found: Vec<(&str, Vec<u64>)> =
                made.iter().map(|m| (m.text.as_str(), m.sources.iter().map(|s| s.0).collect())).collect();
            let expect: Vec<(&str, Vec<u64>)> = expect.iter().map(|(text, turns)| (*text, turns.to_vec())).collect();
            assert_eq!((found, chat.unread()), (expect, unread), "{answers:?}");
        };
        check(Of::Session, 80, &["Ann has\n a cat."], &[("Ann has a cat.", &[1, 2, 3])], 0);
        check(Of::Session, 2, &["A cat.", "It is Miso."], &[("A cat. It is Miso.", &[1, 2, 3])], 0);
        check(Of::Session, 2, &["refuse", "It is Miso."], &[("It is Miso.", &[3])], 1);
        check(Of::Unit, 80, &["A cat.", "Miso."], &[("A cat.", &[1, 2]), ("Miso.", &[3])], 0);
        check(Of::Session, 80, &[" \n"], &[], 1);
    }

    #[test]
    fn the_prompt() {
        let model = Scripted::new([""]);
        let chat = Chat::new(Some(&model));
        LlmSummary::default().extract(&Sitting::of(&TEXTS), MemoryKind::Session, &[], &chat).unwrap();
        insta::assert_snapshot!(model.asked().join("\n"));
    }
}
