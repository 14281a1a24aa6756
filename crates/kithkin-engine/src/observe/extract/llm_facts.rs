//! What a chat model writes down of a session: facts, events and opinions, each with the turns that say it and the time
//! that it speaks of.
//!
//! The model reads the session in pieces of numbered turns. A statement that names no turn of its piece is dropped, as
//! nothing could be cited for it; a time that it names is resolved against the date of the turn by the grammar that also
//! reads questions, and left out where that reads none. Sources: the facts about the user of Wu et al., *LongMemEval*
//! (2024), section 5.2, and the three categories of Kim et al., *Pre-Storage Reasoning for Episodic Memory* (2025), section
//! 3.1.
//!
//! Needs a chat model; costs a call for each piece, and a memory for each statement.

use kithkin_core::{ChatError, EventTime, Memory, MemoryKind, Role};
use serde::Deserialize;
use serde_json::{Value, json};

use super::fragments::spoken_of;
use super::{Extract, Writing, memory_of, named_turns};
use crate::chat::{Chat, Prompt, check_turns};
use crate::method::Strategy;
use crate::observe::Sitting;
use crate::observe::segment::Span;

/// The instructions.
const PROMPT: Prompt = Prompt::new(&[include_str!("../../../prompts/facts.1.md")]);

/// What a model may write down.
const KINDS: [MemoryKind; 3] = [MemoryKind::Fact, MemoryKind::Event, MemoryKind::Opinion];

/// What an answer may take at most, in tokens.
const TOKENS: u32 = 4_000;

/// Parameters of `llm-facts`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LlmFacts {
    /// Turns that the model reads at once; 1 to 200, default 40.
    turns: usize,
    /// Whether it reads what an assistant says, too; default true.
    assistant: bool,
    /// The version of the prompt; by default the latest.
    prompt: u32,
}

impl Default for LlmFacts {
    fn default() -> Self {
        Self { turns: 40, assistant: true, prompt: PROMPT.latest() }
    }
}

impl Strategy for LlmFacts {
    fn check(&self) -> Result<(), String> {
        check_turns(self.turns, 1)?;
        PROMPT.check(self.prompt)
    }
}

impl Extract for LlmFacts {
    fn kinds(&self, _units: MemoryKind) -> Vec<MemoryKind> {
        KINDS.to_vec()
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
        let read = |place: &usize| {
            let turn = sitting.turns().get(*place);
            turn.is_some_and(|turn| self.assistant || turn.turn.role != Role::Assistant)
        };
        let places: Vec<usize> = (0..sitting.len()).filter(read).collect();
        let writing = Writing {
            turns: self.turns,
            list: "facts",
            request: &|quoted| PROMPT.request(self.prompt, quoted, TOKENS, Some(schema())),
            memory: &|piece, fact| memory(sitting, piece, fact),
        };
        writing.of(sitting, &places, chat)
    }
}

/// The memory of a statement, if it has a kind, words, and a turn of the piece that says it.
fn memory(sitting: &Sitting, piece: &[usize], fact: &Value) -> Option<Memory> {
    let text = |field: &str| {
        let words: Vec<&str> = fact.get(field)?.as_str()?.split_whitespace().collect();
        (!words.is_empty()).then(|| words.join(" "))
    };
    let kind: MemoryKind = text("kind")?.parse().ok().filter(|kind| KINDS.contains(kind))?;
    let statement = text("text")?;
    let sources = named_turns(piece, fact)?;
    let said_at = sitting.turns().get(*sources.first()?)?.turn.said_at;
    let when = text("when").and_then(|phrase| days(&phrase, said_at?));
    let when = when.map_or_else(String::new, |when| format!(" ({when})"));
    memory_of(sitting, kind, statement + &when, sources)
}

/// The days that a phrase means, said at this time. The grammar reads a year or a season only behind a preposition.
fn days(phrase: &str, said_at: EventTime) -> Option<String> {
    spoken_of(phrase, said_at).or_else(|| spoken_of(&format!("in {phrase}"), said_at))
}

/// The form of the answer, for models that can be held to one. It belongs to the version of the prompt.
fn schema() -> Value {
    let fact = json!({
        "type": "object",
        "properties": {
            "kind": { "enum": KINDS.map(MemoryKind::as_str) },
            "text": { "type": "string" },
            "turns": { "type": "array", "items": { "type": "integer" } },
            "when": { "type": "string" },
        },
        "required": ["kind", "text", "turns"],
        "additionalProperties": false,
    });
    json!({
        "type": "object",
        "properties": { "facts": { "type": "array", "items": fact } },
        "required": ["facts"],
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chat::Scripted;

    const TEXTS: [&str; 3] = ["I adopted a cat yesterday, in Oslo.", "What is it called?", "Miso. I love cats!"];

    /// What is made of an answer, as `kind [sources] text`, and how much of it could not be read.
    fn made(facts: &LlmFacts, answers: &[&str]) -> (Vec<String>, u64) {
        let model = Scripted::new(answers.iter().copied());
        let chat = Chat::new(Some(&model));
        let made = facts.extract(&Sitting::of(&TEXTS), MemoryKind::Session, &[], &chat).unwrap();
        let shown = |m: &Memory| {
            let sources: Vec<u64> = m.sources.iter().map(|seq| seq.0).collect();
            format!("{} {sources:?} {}", m.kind, m.text)
        };
        (made.iter().map(shown).collect(), chat.unread())
    }

    fn check(answer: &str, expect: &[&str], unread: u64) {
        let (found, dropped) = made(&LlmFacts::default(), &[answer]);
        assert_eq!((found, dropped), (expect.iter().map(ToString::to_string).collect(), unread), "{answer}");
    }

    #[test]
    fn statements_become_memories_with_days() {
        check("{\"facts\": []}", &[], 0);
        check(
            "{\"facts\": [{\"kind\": \"event\", \"text\": \"Ann adopted a cat.\", \"turns\": [1, 3, 1], \"when\": \
             \"yesterday\"}, {\"kind\": \"opinion\", \"text\": \"Ann loves\\ncats.\", \"turns\": [\"3\"]}]}",
            &["event [1, 3] Ann adopted a cat. (2023-11-13)", "opinion [3] Ann loves cats."],
            0,
        );
        let dated = |when: &str, expect: &str| {
            let answer = format!("{{\"kind\": \"fact\", \"text\": \"It is.\", \"turns\": [1], \"when\": {when}}}");
            check(&answer, &[&format!("fact [1] It is.{expect}")], 0);
        };
        dated("\"2023-05-07\"", " (2023-05-07)");
        dated("\"2019\"", " (2019-01-01/2019-12-31)");
        dated("\"last May\"", " (2023-05-01/2023-05-31)");
        dated("\"some day\"", "");
        dated("7", "");
    }

    #[test]
    fn what_cannot_be_read_is_dropped_and_counted() {
        check("They talk about a cat.", &[], 1);
        check("refuse", &[], 1);
        let good = "{\"kind\": \"fact\", \"text\": \"The cat is called Miso.\", \"turns\": [3]}";
        let expect = ["fact [3] The cat is called Miso."];
        check(&format!("Here you are: [{good}] Anything else?"), &expect, 0);
        check(&format!("{{\"facts\": [{good}, {{\"kind\": \"fact\", \"text\": \"cut"), &expect, 0);
        for wrong in [
            "{\"kind\": \"fact\", \"text\": \"From nowhere.\", \"turns\": [0, 4, -1]}",
            "{\"kind\": \"fact\", \"text\": \"Without turns.\"}",
            "{\"kind\": \"fact\", \"text\": \" \", \"turns\": [1]}",
            "{\"kind\": \"window\", \"text\": \"Of another kind.\", \"turns\": [1]}",
            "{\"kind\": \"fact\", \"text\": [\"A list.\"], \"turns\": [1]}",
            "{\"kind\": \"fact\", \"text\": \"No list.\", \"turns\": 1}",
            "\"text\"",
        ] {
            check(&format!("{{\"facts\": [{wrong}, {good}]}}"), &expect, 1);
        }
    }

    #[test]
    fn a_session_is_read_in_pieces() {
        let facts = LlmFacts { turns: 2, ..LlmFacts::default() };
        let fact = |turn: usize| format!("{{\"kind\": \"fact\", \"text\": \"It is.\", \"turns\": [{turn}]}}");
        // The second piece holds the third turn alone.
        let (found, unread) = made(&facts, &[&fact(2), &fact(3)]);
        assert_eq!((found.len(), unread), (2, 0));
        assert_eq!(made(&facts, &[&fact(3), &fact(2)]), (Vec::new(), 2));
    }

    #[test]
    fn the_prompt() {
        let model = Scripted::new([""]);
        let chat = Chat::new(Some(&model));
        LlmFacts::default().extract(&Sitting::of(&TEXTS), MemoryKind::Session, &[], &chat).unwrap();
        insta::assert_snapshot!(model.asked().join("\n"));
    }

    proptest! {
        #[test]
        fn any_answer_makes_memories_of_the_session(
            answer in prop_oneof![
                "\\PC{0,80}",
                "(\\{\"kind\": \"(fact|event|day)\", \"text\": \"[a-z ]{0,9}\", \"turns\": \\[[0-9, ]{0,6}\\]\\}?,? ?){0,4}",
            ],
        ) {
            let model = Scripted::new([answer]);
            let sitting = Sitting::of(&TEXTS);
            let facts = LlmFacts::default();
            for memory in facts.extract(&sitting, MemoryKind::Session, &[], &Chat::new(Some(&model))).unwrap() {
                prop_assert!(!memory.sources.is_empty() && !memory.text.is_empty());
                prop_assert!(memory.sources.iter().all(|seq| (1..=3).contains(&seq.0)));
            }
        }
    }
}
