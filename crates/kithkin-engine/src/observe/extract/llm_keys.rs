//! Each unit under keys that a chat model writes: facts and key phrases put before its text, one memory under a richer key.
//!
//! What is searched is the keys and the text, what is found are the unit's turns: a key that says what nobody said leads to
//! what was said. A longer unit is read in pieces. Source: Wu et al., *LongMemEval* (2024), section 5.3, key expansion by
//! merging with facts about the user and with key phrases. Needs a chat model; costs a call for each unit, or piece of one,
//! and the text of each unit once more. A unit whose answer cannot be read has its text alone.

use kithkin_core::{ChatError, Memory, MemoryKind};
use serde::Deserialize;
use serde_json::{Value, json};

use super::span::WholeSpan;
use super::{Extract, quoted};
use crate::chat::{Chat, Prompt, answer, check_turns};
use crate::method::Strategy;
use crate::observe::Sitting;
use crate::observe::segment::Span;

/// The instructions.
const PROMPT: Prompt = Prompt::new(&[include_str!("../../../prompts/keys.1.md")]);

/// What an answer may take at most, in tokens.
const TOKENS: u32 = 1_000;

/// The longest key that is taken, in characters: a longer one is no key.
const LONGEST: usize = 300;

/// Parameters of `llm-keys`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LlmKeys {
    /// Facts to put before the text, of each piece; 0 to 50, default 10.
    facts: usize,
    /// Key phrases to put before the text, of each piece; 0 to 50, default 8.
    phrases: usize,
    /// Turns that the model reads at once; 1 to 200, default 40.
    turns: usize,
    /// The version of the prompt; by default the latest.
    prompt: u32,
}

impl Default for LlmKeys {
    fn default() -> Self {
        Self { facts: 10, phrases: 8, turns: 40, prompt: PROMPT.latest() }
    }
}

impl Strategy for LlmKeys {
    fn check(&self) -> Result<(), String> {
        for (name, number) in [("facts", self.facts), ("phrases", self.phrases)] {
            if number > 50 {
                return Err(format!("{name} is {number}; it must lie within 0 and 50"));
            }
        }
        check_turns(self.turns, 1)?;
        PROMPT.check(self.prompt)
    }
}

impl Extract for LlmKeys {
    fn kinds(&self, units: MemoryKind) -> Vec<MemoryKind> {
        vec![units]
    }

    fn prompt(&self) -> Option<u32> {
        Some(self.prompt)
    }

    fn extract(
        &self,
        sitting: &Sitting,
        kind: MemoryKind,
        spans: &[Span],
        chat: &Chat<'_>,
    ) -> Result<Vec<Memory>, ChatError> {
        let mut made = Vec::new();
        for unit in spans.chunks(1) {
            let Some(mut memory) = WholeSpan {}.extract(sitting, kind, unit, chat)?.into_iter().next() else {
                continue;
            };
            let places: Vec<usize> = unit.iter().flat_map(|span| span.covers.clone()).collect();
            let mut texts = Vec::new();
            for piece in places.chunks(self.turns.max(1)) {
                texts.extend(self.keys(sitting, piece, chat)?);
            }
            texts.push(memory.text);
            memory.text = texts.join("\n");
            made.push(memory);
        }
        Ok(made)
    }
}

impl LlmKeys {
    /// The keys of a piece of a unit.
    fn keys(&self, sitting: &Sitting, piece: &[usize], chat: &Chat<'_>) -> Result<Vec<String>, ChatError> {
        let request = PROMPT.request(self.prompt, quoted(sitting, piece), TOKENS, Some(schema()));
        let Some(text) = chat.ask(&request)? else { return Ok(Vec::new()) };
        let lists = [("facts", self.facts), ("phrases", self.phrases)];
        // Where the list is not there, the answer's objects come in its place; no key is one.
        let is_there = |elements: &Vec<Value>| elements.is_empty() || !elements.iter().all(Value::is_object);
        let list = |name| answer::list(&text, name).filter(is_there);
        let found = lists.map(|(name, most)| list(name).map(|elements| (elements, most)));
        if found.iter().all(Option::is_none) {
            chat.drop_unread(1);
        }
        let mut keys: Vec<String> = Vec::new();
        for (elements, most) in found.into_iter().flatten() {
            let read: Vec<String> = elements.iter().filter_map(key).collect();
            chat.drop_unread(elements.len() - read.len());
            for key in read.into_iter().take(most) {
                if !keys.contains(&key) {
                    keys.push(key);
                }
            }
        }
        Ok(keys)
    }
}

/// The words of a key; `None` where there are none, or too many.
fn key(element: &Value) -> Option<String> {
    let key = element.as_str()?.split_whitespace().collect::<Vec<_>>().join(" ");
    (!key.is_empty() && key.chars().count() <= LONGEST).then_some(key)
}

/// The form of the answer, for models that can be held to one. It belongs to the version of the prompt.
fn schema() -> Value {
    let texts = json!({ "type": "array", "items": { "type": "string" } });
    json!({
        "type": "object",
        "properties": { "facts": texts, "phrases": texts },
        "required": ["facts", "phrases"],
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::Scripted;

    const TEXTS: [&str; 3] = ["I adopted a terrier yesterday.", "What is it called?", "Rex."];

    #[test]
    fn keys_come_before_the_text() {
        let check = |keys: &LlmKeys, answers: &[&str], expect: &[&str], unread: u64| {
            let model = Scripted::new(answers.iter().copied());
            let chat = Chat::new(Some(&model));
            let spans = [Span::of(0..2), Span::of(2..3)];
            let made = keys.extract(&Sitting::of(&TEXTS), MemoryKind::Round, &spans, &chat).unwrap();
            let texts: Vec<&str> = made.iter().map(|memory| memory.text.as_str()).collect();
            assert_eq!((texts.as_slice(), chat.unread()), (expect, unread), "{answers:?}");
        };
        let (first, last) = ("I adopted a terrier yesterday.\nWhat is it called?", "Rex.");
        let plain = LlmKeys::default();
        check(
            &plain,
            &[r#"{"facts": ["Ann has\n a dog."], "phrases": ["dog", "dog", " ", 7]}"#, r#"{"phrases": ["Rex"]}"#],
            &[&format!("Ann has a dog.\ndog\n{first}"), "Rex\nRex."],
            2,
        );
        check(&plain, &["none", "refuse"], &[first, last], 2);
        let answer = r#"{"facts": ["Ann has a dog."], "phrases": ["dog", "pet"]}"#;
        check(
            &LlmKeys { phrases: 1, facts: 0, ..plain.clone() },
            &[answer],
            &[&format!("dog\n{first}"), &format!("dog\n{last}")],
            0,
        );
        // A unit is read in pieces where it is longer.
        let pieces = [r#"{"phrases": ["a"]}"#, r#"{"phrases": ["b"]}"#, r#"{"phrases": ["c"]}"#];
        check(&LlmKeys { turns: 1, ..plain }, &pieces, &[&format!("a\nb\n{first}"), &format!("c\n{last}")], 0);
    }

    #[test]
    fn the_prompt() {
        let model = Scripted::new([""]);
        let chat = Chat::new(Some(&model));
        LlmKeys::default().extract(&Sitting::of(&TEXTS), MemoryKind::Round, &[Span::of(0..3)], &chat).unwrap();
        insta::assert_snapshot!(model.asked().join("\n"));
    }
}
