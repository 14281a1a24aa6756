//! What a chat model writes down of a session, topic by topic: what a speaker says about it, with the turns that say it.
//!
//! The model reads the session in pieces of numbered turns. A topic that names no turn of its piece is dropped, as nothing
//! could be cited for it. What speaks of the same in other sessions is not looked at here: topics are merged over the
//! person's index, by the retriever `topics`. Source: the memory extraction of Tan et al., *In Prospect and Retrospect:
//! Reflective Memory Management* (2025), section 5 and appendix D.1.1, which asks once for each speaker; here one call asks
//! for all of them.
//!
//! Needs a chat model; costs a call for each piece, and a memory for each topic.

use kithkin_core::{ChatError, Memory, MemoryKind};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Extract, Writing, memory_of, named_turns};
use crate::chat::{Chat, Prompt, check_turns};
use crate::method::Strategy;
use crate::observe::Sitting;
use crate::observe::segment::Span;

/// The instructions.
const PROMPT: Prompt = Prompt::new(&[include_str!("../../../prompts/topics.1.md")]);

/// What an answer may take at most, in tokens.
const TOKENS: u32 = 4_000;

/// Parameters of `llm-topics`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LlmTopics {
    /// Turns that the model reads at once; 1 to 200, default 80.
    turns: usize,
    /// The version of the prompt; by default the latest.
    prompt: u32,
}

impl Default for LlmTopics {
    fn default() -> Self {
        Self { turns: 80, prompt: PROMPT.latest() }
    }
}

impl Strategy for LlmTopics {
    fn check(&self) -> Result<(), String> {
        check_turns(self.turns, 1)?;
        PROMPT.check(self.prompt)
    }
}

impl Extract for LlmTopics {
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
        _spans: &[Span],
        chat: &Chat<'_>,
    ) -> Result<Vec<Memory>, ChatError> {
        let places: Vec<usize> = (0..sitting.len()).collect();
        let writing = Writing {
            turns: self.turns,
            list: "topics",
            request: &|quoted| PROMPT.request(self.prompt, quoted, TOKENS, Some(schema())),
            memory: &|piece, topic| memory(sitting, piece, topic),
        };
        writing.of(sitting, &places, chat)
    }
}

/// The memory of a topic, if it has words, and a turn of the piece that says it.
fn memory(sitting: &Sitting, piece: &[usize], topic: &Value) -> Option<Memory> {
    let words: Vec<&str> = topic.get("summary")?.as_str()?.split_whitespace().collect();
    let sources = named_turns(piece, topic)?;
    if words.is_empty() {
        return None;
    }
    memory_of(sitting, MemoryKind::Summary, words.join(" "), sources)
}

/// The form of the answer, for models that can be held to one. It belongs to the version of the prompt.
fn schema() -> Value {
    let topic = json!({
        "type": "object",
        "properties": {
            "summary": { "type": "string" },
            "turns": { "type": "array", "items": { "type": "integer" } },
        },
        "required": ["summary", "turns"],
        "additionalProperties": false,
    });
    json!({
        "type": "object",
        "properties": { "topics": { "type": "array", "items": topic } },
        "required": ["topics"],
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chat::Scripted;

    const TEXTS: [&str; 3] = ["I adopted a cat yesterday, in Oslo.", "What is it called?", "Miso. I love cats!"];

    /// What is made of an answer, as `[sources] text`, and how much of it could not be read.
    fn made(topics: &LlmTopics, answers: &[&str]) -> (Vec<String>, u64) {
        let model = Scripted::new(answers.iter().copied());
        let chat = Chat::new(Some(&model));
        let made = topics.extract(&Sitting::of(&TEXTS), MemoryKind::Session, &[], &chat).unwrap();
        let shown = |m: &Memory| {
            let sources: Vec<u64> = m.sources.iter().map(|seq| seq.0).collect();
            assert_eq!(m.kind, MemoryKind::Summary);
            format!("{sources:?} {}", m.text)
        };
        (made.iter().map(shown).collect(), chat.unread())
    }

    fn check(answer: &str, expect: &[&str], unread: u64) {
        let (found, dropped) = made(&LlmTopics::default(), &[answer]);
        assert_eq!((found, dropped), (expect.iter().map(ToString::to_string).collect(), unread), "{answer}");
    }

    #[test]
    fn topics_become_memories() {
        check("{\"topics\": []}", &[], 0);
        check(
            "{\"topics\": [{\"summary\": \"Ann has a\\ncat, Miso.\", \"turns\": [3, 1, 3]}, {\"summary\": \"Bo asks.\", \
             \"turns\": [\"2\"]}]}",
            &["[3, 1] Ann has a cat, Miso.", "[2] Bo asks."],
            0,
        );
    }

    #[test]
    fn what_cannot_be_read_is_dropped_and_counted() {
        check("They talk about a cat.", &[], 1);
        check("NO_TRAIT", &[], 1);
        check("refuse", &[], 1);
        let good = "{\"summary\": \"The cat is called Miso.\", \"turns\": [3]}";
        let expect = ["[3] The cat is called Miso."];
        check(&format!("Here you are: [{good}] Anything else?"), &expect, 0);
        check(&format!("{{\"topics\": [{good}, {{\"summary\": \"cut"), &expect, 0);
        for wrong in [
            "{\"summary\": \"From nowhere.\", \"turns\": [0, 4, -1]}",
            "{\"summary\": \"Without turns.\"}",
            "{\"summary\": \" \", \"turns\": [1]}",
            "{\"summary\": [\"A list.\"], \"turns\": [1]}",
            "{\"summary\": \"No list.\", \"turns\": 1}",
            "\"text\"",
        ] {
            check(&format!("{{\"topics\": [{wrong}, {good}]}}"), &expect, 1);
        }
    }

    #[test]
    fn a_session_is_read_in_pieces() {
        let topics = LlmTopics { turns: 2, ..LlmTopics::default() };
        let topic = |turn: usize| format!("{{\"summary\": \"It is.\", \"turns\": [{turn}]}}");
        // The second piece holds the third turn alone.
        let (found, unread) = made(&topics, &[&topic(2), &topic(3)]);
        assert_eq!((found.len(), unread), (2, 0));
        assert_eq!(made(&topics, &[&topic(3), &topic(2)]), (Vec::new(), 2));
    }

    #[test]
    fn the_prompt() {
        let model = Scripted::new([""]);
        let chat = Chat::new(Some(&model));
        LlmTopics::default().extract(&Sitting::of(&TEXTS), MemoryKind::Session, &[], &chat).unwrap();
        insta::assert_snapshot!(model.asked().join("\n"));
    }

    proptest! {
        #[test]
        fn any_answer_makes_memories_of_the_session(
            answer in prop_oneof![
                "\\PC{0,80}",
                "(\\{\"summary\": \"[a-z ]{0,9}\", \"turns\": \\[[0-9, ]{0,6}\\]\\}?,? ?){0,4}",
            ],
        ) {
            let model = Scripted::new([answer]);
            let sitting = Sitting::of(&TEXTS);
            let topics = LlmTopics::default();
            for memory in topics.extract(&sitting, MemoryKind::Session, &[], &Chat::new(Some(&model))).unwrap() {
                prop_assert!(!memory.sources.is_empty() && !memory.text.is_empty());
                prop_assert!(memory.sources.iter().all(|seq| (1..=3).contains(&seq.0)));
            }
        }
    }
}
