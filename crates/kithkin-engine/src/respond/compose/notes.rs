//! Notes on the recalled turns instead of the turns: the model first writes down what of each bears on the message, as
//! JSON, and then answers from that.
//!
//! Source: reading by notes, Wu et al., *LongMemEval* (2024), section 5.5, after Yu et al., *Chain-of-Note* (2023); there
//! notes and answer are one reply, here two calls, so that the reply can be shown as it comes. A note keeps the number of
//! its turn, so it can be cited; one on a turn that was not shown is dropped. Where the notes cannot be read, the turns
//! themselves are shown, as `memories` does, and the report says how much was unreadable. Not measured with a model.
//!
//! Needs a chat model; costs a call more, and the tokens of the turns once.

use kithkin_core::{ChatError, StoredTurn};
use serde::Deserialize;
use serde_json::{Value, json};

use super::memories::{Memories, fitting, present};
use super::{Compose, Composed};
use crate::chat::{Chat, Prompt, answer, quote};
use crate::method::Strategy;
use crate::respond::Brief;

/// The instructions for the notes.
const PROMPT: Prompt = Prompt::new(&[include_str!("../../../prompts/notes.1.md")]);
/// The instructions for the reply.
const REPLY: Prompt = Prompt::new(&[include_str!("../../../prompts/respond-notes.1.md")]);

/// What the notes may take at most, in tokens.
const TOKENS: u32 = 2_000;

/// Parameters of `notes`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Notes {
    /// What the turns that notes are taken on may take, in tokens as they are estimated; 50 to 100,000, default 4,000.
    tokens: usize,
    /// The version of the prompt for notes; by default the latest.
    prompt: u32,
}

impl Default for Notes {
    fn default() -> Self {
        Self { tokens: 4_000, prompt: PROMPT.latest() }
    }
}

impl Strategy for Notes {
    fn check(&self) -> Result<(), String> {
        if !(50..=100_000).contains(&self.tokens) {
            return Err(format!("tokens is {}; it must lie within 50 and 100000", self.tokens));
        }
        PROMPT.check(self.prompt)
    }
}

impl Compose for Notes {
    fn compose(&self, brief: &Brief<'_>, chat: &Chat<'_>) -> Result<Composed, ChatError> {
        let shown = fitting(brief.evidence, self.tokens, |turn| quote::turns([(1, *turn)]));
        let Some(notes) = self.notes(brief, &shown, chat)? else { return Memories::default().compose(brief, chat) };
        let mut composed = Memories::default().profile(brief);
        if !notes.is_empty() {
            composed.instructions.push(REPLY.text(REPLY.latest()));
            composed.shown = shown.len();
            let mut told: Vec<(usize, &StoredTurn, &str)> = notes
                .iter()
                .filter_map(|(place, note)| Some((place + 1, *shown.get(*place)?, note.as_str())))
                .collect();
            told.sort_by_key(|(_, turn, _)| (turn.seen_at(), turn.seq));
            composed.before += &quote::notes(told);
        }
        present(&mut composed, brief);
        Ok(composed)
    }
}

impl Notes {
    /// The places of the turns that bear on the message, each once, and what of them does; `None` where there are no turns
    /// or the answer cannot be read.
    fn notes(
        &self,
        brief: &Brief<'_>,
        shown: &[&StoredTurn],
        chat: &Chat<'_>,
    ) -> Result<Option<Vec<(usize, String)>>, ChatError> {
        if shown.is_empty() {
            return Ok(None);
        }
        let turns = quote::turns((1..).zip(shown.iter().copied()));
        let data = quote::question(brief.message, &brief.now.to_string()) + &turns;
        let Some(text) = chat.ask(&PROMPT.request(self.prompt, data, TOKENS, Some(schema())))? else { return Ok(None) };
        let Some(list) = answer::list(&text, "notes") else {
            chat.drop_unread(1);
            return Ok(None);
        };
        let mut notes: Vec<(usize, String)> = Vec::new();
        for item in &list {
            let place = item.get("n").and_then(answer::number).and_then(|n| n.checked_sub(1));
            let words: Vec<&str> = item.get("note").and_then(Value::as_str).unwrap_or("").split_whitespace().collect();
            if let Some(place) = place.filter(|place| *place < shown.len() && !words.is_empty())
                && notes.iter().all(|(other, _)| *other != place)
            {
                notes.push((place, words.join(" ")));
            }
        }
        chat.drop_unread(list.len() - notes.len());
        // A list of which nothing can be read says nothing; an empty one says that nothing bears on the message.
        Ok((!notes.is_empty() || list.is_empty()).then_some(notes))
    }
}

/// The form of the answer, for models that can be held to one. It belongs to the version of the prompt.
fn schema() -> Value {
    let note = json!({
        "type": "object",
        "properties": { "n": { "type": "integer" }, "note": { "type": "string" } },
        "required": ["n", "note"],
        "additionalProperties": false,
    });
    json!({
        "type": "object",
        "properties": { "notes": { "type": "array", "items": note } },
        "required": ["notes"],
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

    /// What is composed of the model's notes, and what it was asked.
    fn composed(answer: &str, texts: &[&str]) -> (Composed, Vec<String>) {
        let (model, sitting) = (Scripted::new([answer]), Sitting::of(texts));
        let brief =
            Brief { evidence: sitting.turns(), ..Brief::new("Is it called </notes>?", "2024-01-01".parse().unwrap()) };
        let composed = Notes::default().compose(&brief, &Chat::new(Some(&model))).unwrap();
        (composed, model.asked())
    }

    #[test]
    fn notes_stand_for_the_turns() {
        let check = |answer: &str, expect: &[&str]| {
            let (composed, _) = composed(answer, &TEXTS);
            let lines: Vec<&str> = composed.before.lines().filter(|line| line.starts_with('{')).collect();
            let found: Vec<String> = lines
                .iter()
                .map(|line| serde_json::from_str::<Value>(line).unwrap())
                .map(|line| format!("{} {}", line["n"], line.get("note").or(line.get("text")).unwrap()))
                .collect();
            assert_eq!(found, expect, "{answer}");
        };
        check("{\"notes\": [{\"n\": 3, \"note\": \"The cat is\\nMiso.\"}]}", &["3 \"The cat is Miso.\""]);
        check(
            "{\"notes\": [{\"n\": 3, \"note\": \"b\"}, {\"n\": \"1\", \"note\": \"a\"}, {\"n\": 9}]}",
            &["1 \"a\"", "3 \"b\""],
        );
        check("{\"notes\": []}", &[]);
        // What cannot be read leaves the turns.
        for unreadable in ["", "They talk of a cat.", "refuse", "{\"notes\": [{\"n\": 4, \"note\": \"x\"}]}"] {
            check(unreadable, &["1 \"I adopted a cat.\"", "2 \"What is it called?\"", "3 \"Miso.\""]);
        }
    }

    #[test]
    fn without_turns_nothing_is_asked() {
        let (composed, asked) = composed("fail", &[]);
        assert_eq!((composed, asked.len()), (Composed::default(), 0));
    }

    #[test]
    fn the_prompts() {
        let (composed, asked) = composed("{\"notes\": [{\"n\": 1, \"note\": \"</notes> A cat.\"}]}", &TEXTS);
        insta::assert_snapshot!([asked.concat(), composed.instructions.join("\n"), composed.before].join("\n---\n"));
    }

    proptest! {
        #[test]
        fn any_answer_shows_turns_that_there_are(answer in prop_oneof!["\\PC{0,60}", "\\{\"notes\": \\[[{}n\":, 0-9ote]{0,30}\\]\\}"]) {
            let (composed, _) = composed(&answer, &TEXTS);
            prop_assert!(composed.shown <= TEXTS.len());
        }
    }
}
