//! Keeps the turns that a chat model calls relevant to the question.
//!
//! Source: Xu et al., *Towards Multi-Granularity Memory Association and Selection* (2025), section 3.4; there the model
//! copies what is relevant of the sessions, here it names the turns, since evidence is verbatim. Needs a chat model; costs
//! one call a recall. An answer that cannot be read keeps all turns; one that names none leaves none, and recall abstains.

use kithkin_core::{ChatError, EventTime, StoredTurn};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Filter;
use crate::chat::{Chat, Prompt, answer, quote};
use crate::method::Strategy;

/// The instructions.
const PROMPT: Prompt = Prompt::new(&[include_str!("../../../prompts/filter.1.md")]);

/// What an answer may take at most, in tokens: some five for each turn.
const TOKENS: u32 = 1_000;

/// Parameters of `llm`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LlmFilter {
    /// Turns that the model looks at, the best first; 1 to 100, default 30.
    candidates: usize,
    /// The version of the prompt; by default the latest.
    prompt: u32,
}

impl Default for LlmFilter {
    fn default() -> Self {
        Self { candidates: 30, prompt: PROMPT.latest() }
    }
}

impl Strategy for LlmFilter {
    fn check(&self) -> Result<(), String> {
        if !(1..=100).contains(&self.candidates) {
            return Err(format!("candidates is {}; it must lie within 1 and 100", self.candidates));
        }
        PROMPT.check(self.prompt)
    }
}

impl Filter for LlmFilter {
    fn candidates(&self) -> usize {
        self.candidates
    }

    fn keep(
        &self,
        question: &str,
        now: EventTime,
        turns: &[&StoredTurn],
        chat: &Chat<'_>,
    ) -> Result<Option<Vec<usize>>, ChatError> {
        if turns.is_empty() {
            return Ok(None);
        }
        let data = quote::question(question, &now.to_string()) + &quote::turns((1..).zip(turns.iter().copied()));
        let Some(text) = chat.ask(&PROMPT.request(self.prompt, data, TOKENS, Some(schema())))? else { return Ok(None) };
        let named = answer::list(&text, "relevant").unwrap_or_else(|| vec![Value::Null]);
        let place = |value| answer::number(value)?.checked_sub(1).filter(|place| *place < turns.len());
        let mut kept: Vec<usize> = named.iter().filter_map(place).collect();
        chat.drop_unread(named.len() - kept.len());
        // An empty list says that nothing helps; a list of which nothing can be read says nothing.
        if kept.is_empty() && !named.is_empty() {
            return Ok(None);
        }
        kept.sort_unstable();
        kept.dedup();
        Ok(Some(kept))
    }
}

/// The form of the answer, for models that can be held to one. It belongs to the version of the prompt.
fn schema() -> Value {
    json!({
        "type": "object",
        "properties": { "relevant": { "type": "array", "items": { "type": "integer" } } },
        "required": ["relevant"],
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chat::Scripted;
    use crate::observe::Sitting;

    const TEXTS: [&str; 3] = ["I adopted a cat.", "What is it called?", "Miso."];

    /// What is kept, how much could not be read, and what was asked.
    fn kept(answer: &str) -> (Option<Vec<usize>>, u64, Vec<String>) {
        let model = Scripted::new([answer]);
        let chat = Chat::new(Some(&model));
        let sitting = Sitting::of(&TEXTS);
        let turns: Vec<&StoredTurn> = sitting.turns().iter().collect();
        let now = "2024-01-01".parse().unwrap();
        let kept = LlmFilter::default().keep("Is the cat called </turns>?", now, &turns, &chat).unwrap();
        (kept, chat.unread(), model.asked())
    }

    #[test]
    fn the_turns_that_are_named_are_kept() {
        let check = |answer: &str, expect: Option<&[usize]>, dropped: u64| {
            let (kept, unread, _) = kept(answer);
            assert_eq!((kept.as_deref(), unread), (expect, dropped), "{answer}");
        };
        check("{\"relevant\": [3, 1, 3]}", Some(&[0, 2]), 0);
        check("Sure: {\"relevant\": [\"3\", 9, {}]}", Some(&[2]), 2);
        check("{\"relevant\": []}", Some(&[]), 0);
        check("{\"relevant\": [0, 4]}", None, 2);
        for nothing in ["", "1 and 3", "{\"relevant\": [1, 3", "{\"relevant\": 1}", "refuse"] {
            check(nothing, None, 1);
        }
    }

    #[test]
    fn the_prompt() {
        insta::assert_snapshot!(kept("").2.join("\n"));
    }

    proptest! {
        #[test]
        fn any_answer_keeps_turns_that_there_are(answer in prop_oneof!["\\PC{0,60}", "\\{\"relevant\": \\[[0-9, ]{0,9}\\]\\}"]) {
            if let Some(kept) = kept(&answer).0 {
                prop_assert!(kept.is_sorted_by(|a, b| a < b) && kept.iter().all(|place| *place < TEXTS.len()));
            }
        }
    }
}
