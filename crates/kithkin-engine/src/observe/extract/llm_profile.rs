//! What a chat model writes down of the speakers of a session: entries of their profiles, each with the turns that show it.
//!
//! The model reads the session in pieces of numbered turns. An entry that names no turn of its piece, or is about nobody
//! who speaks in it, is dropped: nothing could be cited for it. What becomes of the entries is the profile's to say; what a
//! person said by themselves, and what they confirmed, outranks them.
//!
//! Source: Wang et al., *AI PERSONA: Towards Life-long Personalization of LLMs* (2024), section 3: a dictionary of the
//! person that a model brings up to date at the end of each session. There the model is given the dictionary as it is and
//! writes it anew; here each session has entries of its own, so that an erased turn takes along what was read from it.
//!
//! Needs a chat model; costs a call for each piece, and a memory for each entry.

use kithkin_core::{ChatError, Memory, MemoryKind};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Extract, Writing, memory_of, named_turns};
use crate::chat::{Chat, Prompt, check_turns};
use crate::method::Strategy;
use crate::observe::Sitting;
use crate::observe::segment::Span;
use crate::profile::{EntryKind, Inferred};

/// The instructions.
const PROMPT: Prompt = Prompt::new(&[include_str!("../../../prompts/profile.1.md")]);

/// What a model may write down; whole sentences are the rules' to keep.
const KINDS: [EntryKind; 5] =
    [EntryKind::Attribute, EntryKind::Preference, EntryKind::Relation, EntryKind::Goal, EntryKind::Trait];

/// What an answer may take at most, in tokens.
const TOKENS: u32 = 3_000;

/// Parameters of `llm-profile`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LlmProfile {
    /// Turns that the model reads at once; 1 to 200, default 40.
    turns: usize,
    /// The version of the prompt; by default the latest.
    prompt: u32,
}

impl Default for LlmProfile {
    fn default() -> Self {
        Self { turns: 40, prompt: PROMPT.latest() }
    }
}

impl Strategy for LlmProfile {
    fn check(&self) -> Result<(), String> {
        check_turns(self.turns, 1)?;
        PROMPT.check(self.prompt)
    }
}

impl Extract for LlmProfile {
    fn kinds(&self, _units: MemoryKind) -> Vec<MemoryKind> {
        vec![MemoryKind::Entry]
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
        let writing = Writing {
            turns: self.turns,
            list: "entries",
            request: &|quoted| PROMPT.request(self.prompt, quoted, TOKENS, Some(entries_schema())),
            memory: &|piece, entry| entry_memory(sitting, piece, entry, false),
        };
        writing.of(sitting, &(0..sitting.len()).collect::<Vec<_>>(), chat)
    }
}

/// The memory of an entry, if it has all fields, is about a speaker, and names a turn of the piece. `expanded` says that it was
/// not shown by the turns, but guessed from them.
pub(super) fn entry_memory(sitting: &Sitting, piece: &[usize], entry: &Value, expanded: bool) -> Option<Memory> {
    let text = |field: &str| entry.get(field)?.as_str();
    let kind: EntryKind = text("kind")?.parse().ok().filter(|kind| KINDS.contains(kind))?;
    let named = text("about")?.trim().to_lowercase();
    let speakers = piece.iter().filter_map(|place| sitting.turns().get(*place)).map(|turn| &turn.turn.speaker);
    let about = speakers.into_iter().find(|speaker| speaker.to_lowercase() == named)?;
    let inferred = Inferred { expanded, ..Inferred::new(about, kind, text("topic")?, text("value")?)? };
    memory_of(sitting, MemoryKind::Entry, inferred.text(), named_turns(piece, entry)?)
}

/// The form of the answer, for models that can be held to one. It belongs to the version of the prompt.
pub(super) fn entries_schema() -> Value {
    let entry = json!({
        "type": "object",
        "properties": {
            "about": { "type": "string" },
            "kind": { "enum": KINDS.map(EntryKind::as_str) },
            "topic": { "type": "string" },
            "value": { "type": "string" },
            "turns": { "type": "array", "items": { "type": "integer" } },
        },
        "required": ["about", "kind", "topic", "value", "turns"],
        "additionalProperties": false,
    });
    json!({
        "type": "object",
        "properties": { "entries": { "type": "array", "items": entry } },
        "required": ["entries"],
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::Scripted;

    const TEXTS: [&str; 3] = ["I adopted a cat, in Oslo.", "What is it called?", "Miso. I can't stand coffee!"];

    /// What is made of an answer, and how much of it could not be read.
    fn check(answer: &str, expect: &[&str], unread: u64) {
        let model = Scripted::new([answer]);
        let chat = Chat::new(Some(&model));
        let made = LlmProfile::default().extract(&Sitting::of(&TEXTS), MemoryKind::Session, &[], &chat).unwrap();
        let shown = |m: &Memory| format!("{:?} {}", m.sources.iter().map(|seq| seq.0).collect::<Vec<_>>(), m.text);
        assert_eq!(
            (made.iter().map(shown).collect::<Vec<_>>(), chat.unread()),
            (expect.iter().map(ToString::to_string).collect(), unread),
            "{answer}"
        );
    }

    #[test]
    fn entries_name_a_speaker_and_the_turns_that_show_them() {
        let entry = |about: &str, kind: &str, topic: &str, turns: &str| {
            format!(
                "{{\"about\": {about:?}, \"kind\": {kind:?}, \"topic\": {topic:?}, \"value\": \"dislikes\", \"turns\": {turns}}}"
            )
        };
        let good = entry("ann", "preference", "strong | coffee", "[3, 1]");
        let expect = ["[3, 1] Ann | preference | strong / coffee | dislikes"];
        check(&format!("{{\"entries\": [{good}]}}"), &expect, 0);
        for wrong in [
            entry("Miso", "preference", "coffee", "[3]"),
            entry("Ann", "mood", "coffee", "[3]"),
            entry("Ann", "standing", "coffee", "[3]"),
            entry("Ann", "preference", " ", "[3]"),
            entry("Ann", "preference", &"x".repeat(241), "[3]"),
            entry("Ann", "preference", "coffee", "[0, 4]"),
            entry("Ann", "preference", "coffee", "\"3\""),
        ] {
            check(&format!("{{\"entries\": [{wrong}, {good}]}}"), &expect, 1);
        }
        check("refuse", &[], 1);
        check("They talk.", &[], 1);
        check("{\"entries\": []}", &[], 0);
    }

    #[test]
    fn the_prompt() {
        let model = Scripted::new([""]);
        let chat = Chat::new(Some(&model));
        LlmProfile::default().extract(&Sitting::of(&TEXTS), MemoryKind::Session, &[], &chat).unwrap();
        insta::assert_snapshot!(model.asked().join("\n"));
    }
}
