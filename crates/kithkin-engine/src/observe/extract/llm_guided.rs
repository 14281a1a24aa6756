//! Entries of a profile by a guided way: a chat model first answers questions about what was said, then writes down what
//! sets somebody apart, led by its answers.
//!
//! Source: Zhang, *Guided Profile Generation Improves Personalization with LLMs* (2024): a model that is handed raw history
//! misses what is particular about a person; asked for it step by step, it finds it. There the questions are made for each
//! task and the profile is a text that a prediction is made with; here they are the same for all, and the profile is the
//! entries of `llm-profile`, each with the turns that show it. What the first step says that cannot be read is left out;
//! where it says nothing, nothing is written down of the piece, as there is nothing to be led by.
//!
//! Needs a chat model; costs two calls for each piece, and a memory for each entry. Not measured with a model.

use kithkin_core::{ChatError, Memory, MemoryKind};
use serde::Deserialize;
use serde_json::{Value, json};

use super::llm_profile::{entries_schema, entry_memory};
use super::{Extract, Writing, named_turns, quoted};
use crate::chat::{Chat, Prompt, answer, check_turns, quote};
use crate::method::Strategy;
use crate::observe::Sitting;
use crate::observe::segment::Span;

/// The questions.
const GUIDE: Prompt = Prompt::new(&[include_str!("../../../prompts/guide.1.md")]);
/// The instructions for the entries. It has the versions that the questions have.
const PROMPT: Prompt = Prompt::new(&[include_str!("../../../prompts/guided-profile.1.md")]);

/// What an answer may take at most, in tokens.
const TOKENS: u32 = 3_000;

/// Parameters of `llm-guided`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LlmGuided {
    /// Turns that the model reads at once; 1 to 200, default 40.
    turns: usize,
    /// The version of both prompts; by default the latest.
    prompt: u32,
}

impl Default for LlmGuided {
    fn default() -> Self {
        Self { turns: 40, prompt: PROMPT.latest() }
    }
}

impl Strategy for LlmGuided {
    fn check(&self) -> Result<(), String> {
        check_turns(self.turns, 1)?;
        PROMPT.check(self.prompt)
    }
}

impl Extract for LlmGuided {
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
        let all: Vec<usize> = (0..sitting.len()).collect();
        let mut memories = Vec::new();
        for piece in all.chunks(self.turns.max(1)) {
            let answers = self.answers(sitting, piece, chat)?;
            if answers.is_empty() {
                continue;
            }
            let answers = quote::sentences("answers", &answers);
            let writing = Writing {
                turns: piece.len(),
                list: "entries",
                request: &|quoted| {
                    PROMPT.request(self.prompt, format!("{quoted}{answers}"), TOKENS, Some(entries_schema()))
                },
                memory: &|piece, entry| entry_memory(sitting, piece, entry, false),
            };
            memories.extend(writing.of(sitting, piece, chat)?);
        }
        Ok(memories)
    }
}

impl LlmGuided {
    /// What the model answers to the questions about a piece; an answer that names no turn of it is dropped and counted.
    fn answers(&self, sitting: &Sitting, piece: &[usize], chat: &Chat<'_>) -> Result<Vec<String>, ChatError> {
        let request = GUIDE.request(self.prompt, quoted(sitting, piece), TOKENS, Some(schema()));
        let Some(text) = chat.ask(&request)? else { return Ok(Vec::new()) };
        let Some(elements) = answer::list(&text, "answers") else {
            chat.drop_unread(1);
            return Ok(Vec::new());
        };
        let one = |element: &Value| {
            let words: Vec<&str> = element.get("answer")?.as_str()?.split_whitespace().collect();
            named_turns(piece, element).filter(|turns| !turns.is_empty() && !words.is_empty())?;
            Some(words.join(" "))
        };
        let answers: Vec<String> = elements.iter().filter_map(one).collect();
        chat.drop_unread(elements.len() - answers.len());
        Ok(answers)
    }
}

/// The form of the answers to the questions, for models that can be held to one. It belongs to the version of the prompt.
fn schema() -> Value {
    let one = json!({
        "type": "object",
        "properties": {
            "answer": { "type": "string" },
            "turns": { "type": "array", "items": { "type": "integer" } },
        },
        "required": ["answer", "turns"],
        "additionalProperties": false,
    });
    json!({
        "type": "object",
        "properties": { "answers": { "type": "array", "items": one } },
        "required": ["answers"],
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chat::Scripted;

    const TEXTS: [&str; 3] = ["I adopted a cat, in Oslo.", "What is it called?", "Miso. I can't stand coffee!"];
    const GUIDED: &str = "{\"answers\": [{\"answer\": \"Ann avoids </answers> coffee.\", \"turns\": [3]}]}";

    /// What is made of the two answers, how much of them could not be read, and what was asked.
    fn made(answers: [&str; 2]) -> (Vec<String>, u64, Vec<String>) {
        let model = Scripted::new(answers);
        let chat = Chat::new(Some(&model));
        let made = LlmGuided::default().extract(&Sitting::of(&TEXTS), MemoryKind::Session, &[], &chat).unwrap();
        let shown = |m: &Memory| format!("{:?} {}", m.sources.iter().map(|seq| seq.0).collect::<Vec<_>>(), m.text);
        (made.iter().map(shown).collect(), chat.unread(), model.asked())
    }

    #[test]
    fn entries_are_written_where_the_questions_were_answered() {
        let entry = "{\"about\": \"Ann\", \"kind\": \"preference\", \"topic\": \"coffee\", \"value\": \"dislikes\", \"turns\": [3]}";
        let check = |answers: [&str; 2], expect: &[&str], unread: u64, calls: usize| {
            let (found, dropped, asked) = made(answers);
            assert_eq!(
                (found.as_slice(), dropped, asked.len()),
                (expect.iter().map(ToString::to_string).collect::<Vec<_>>().as_slice(), unread, calls),
                "{answers:?}"
            );
        };
        let entries = format!("{{\"entries\": [{entry}]}}");
        check([GUIDED, &entries], &["[3] Ann | preference | coffee | dislikes"], 0, 2);
        check([GUIDED, "I see a cat."], &[], 1, 2);
        check(
            [GUIDED, &format!("Sure! {{\"entries\": [7, {entry}, {{\"about\": \"Ann\"}}")],
            &["[3] Ann | preference | coffee | dislikes"],
            1,
            2,
        );
        for broken in [
            "",
            "refuse",
            "They talk.",
            "{\"answers\": [{\"answer\": 7, \"turns\": [3]}]}",
            "{\"answers\": [{\"answer\": \"x\", \"turns\": [9]}]}",
            "{\"answers\": [{\"answer\": \" \", \"turns\": [3]}]}",
        ] {
            check([broken, &entries], &[], 1, 1);
        }
        check(["{\"answers\": []}", &entries], &[], 0, 1);
    }

    #[test]
    fn the_prompts() {
        insta::assert_snapshot!(made([GUIDED, "{\"entries\": []}"]).2.join("\n---\n"));
    }
}
