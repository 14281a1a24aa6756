//! A summary and key words of the recalled turns before the reply, beside some of the turns.
//!
//! Source: Li et al., *Teach LLMs to Personalize* (2023): retrieve, rank, summarise, synthesise, generate. What
//! is retrieved and in which order is recall's; here the model writes the summary and the key words in one call and the
//! reply in another, where the paper trains a model for each. A digest that cannot be read is left out, and the reply is
//! asked for as `memories` does. Not measured with a model.
//!
//! Needs a chat model; costs a call more, and up to `tokens` of turns.

use kithkin_core::ChatError;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::memories::{Memories, fitting};
use super::{Compose, Composed};
use crate::chat::{Chat, Prompt, answer, quote};
use crate::method::Strategy;
use crate::respond::Brief;

/// The instructions for the digest.
const PROMPT: Prompt = Prompt::new(&[include_str!("../../../prompts/digest.1.md")]);
/// The instructions for the reply.
const REPLY: Prompt = Prompt::new(&[include_str!("../../../prompts/respond-digest.1.md")]);

/// What the digest may take at most, in tokens.
const TOKENS: u32 = 700;
/// Key words that are taken.
const WORDS: usize = 15;

/// Parameters of `digest`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Digest {
    /// What the turns that the digest is made from may take, in tokens as they are estimated; 50 to 100,000, default 6,000.
    /// The reply is shown as many of them as `memories` shows.
    tokens: usize,
}

impl Default for Digest {
    fn default() -> Self {
        Self { tokens: 6_000 }
    }
}

impl Strategy for Digest {
    fn check(&self) -> Result<(), String> {
        if (50..=100_000).contains(&self.tokens) {
            return Ok(());
        }
        Err(format!("tokens is {}; it must lie within 50 and 100000", self.tokens))
    }
}

impl Compose for Digest {
    fn compose(&self, brief: &Brief<'_>, chat: &Chat<'_>) -> Result<Composed, ChatError> {
        let mut composed = Memories::default().compose(brief, chat)?;
        let mut read = fitting(brief.evidence, self.tokens, |turn| quote::turns([(1, *turn)]));
        if read.is_empty() {
            return Ok(composed);
        }
        read.sort_by_key(|turn| (turn.seen_at(), turn.seq));
        let data = quote::turns((1..).zip(read)) + &quote::question(brief.message, &brief.now.to_string());
        let Some(text) = chat.ask(&PROMPT.request(PROMPT.latest(), data, TOKENS, Some(schema())))? else {
            return Ok(composed);
        };
        // The object as a whole stands for a list that it does not have.
        let objects = answer::list(&text, "").unwrap_or_default();
        let read = objects.iter().filter_map(Value::as_object).find_map(|object| read_digest(object, chat));
        match read {
            None => chat.drop_unread(1),
            Some((summary, words)) => {
                // Without a turn beside it nothing says yet what time it is.
                if composed.before.is_empty() {
                    composed.before = format!("It is {}.\n\n", brief.now);
                }
                composed.instructions.push(REPLY.text(REPLY.latest()));
                composed.before += &format!("{}\n", quote::digest(&summary, &words));
            }
        }
        Ok(composed)
    }
}

/// Summary and key words, each with its white space in one; `None` without a summary. What is no text among the words is
/// dropped.
fn read_digest(object: &Map<String, Value>, chat: &Chat<'_>) -> Option<(String, Vec<String>)> {
    let text = |value: &Value| {
        let words: Vec<&str> = value.as_str()?.split_whitespace().collect();
        (!words.is_empty()).then(|| words.join(" "))
    };
    let summary = text(object.get("summary")?)?;
    let listed = object.get("words").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut words: Vec<String> = listed.iter().filter_map(text).collect();
    chat.drop_unread(listed.len() - words.len());
    words.truncate(WORDS);
    Some((summary, words))
}

/// The form of the answer, for models that can be held to one. It belongs to the version of the prompt.
fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "summary": { "type": "string" },
            "words": { "type": "array", "items": { "type": "string" } },
        },
        "required": ["summary", "words"],
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check_leaves_the_unknown_alone, composed, prompts};
    use super::*;

    #[test]
    fn a_digest_stands_before_the_message() {
        let check = |answer: &str, expect: Option<&str>| {
            let (composed, _) = composed(&Digest::default(), answer, true);
            let found = composed.before.split_once("<digest>\n").and_then(|(_, rest)| rest.split_once("\n</digest>\n"));
            assert_eq!(found.map(|(line, _)| line), expect, "{answer}");
        };
        check(
            "{\"summary\": \"A cat,\\nMiso.\", \"words\": [\"Miso\", 7, \" \", \"cat\"]}",
            Some("{\"summary\":\"A cat, Miso.\",\"words\":[\"Miso\",\"cat\"]}"),
        );
        check("Sure: {\"summary\": \"A cat.\"}", Some("{\"summary\":\"A cat.\",\"words\":[]}"));
        check("{\"summary\": \"A cat.\", \"words\": \"cat\"}", Some("{\"summary\":\"A cat.\",\"words\":[]}"));
        for unreadable in
            ["", "refuse", "They talk.", "{\"summary\": \"A c", "{\"summary\": 7, \"words\": [\"a\"]}", "[]"]
        {
            check(unreadable, None);
        }
    }

    #[test]
    fn what_cannot_be_read_leaves_the_turns() {
        let (composed, _) = composed(&Digest::default(), "{\"summary\": \"\"}", true);
        assert_eq!((composed.shown, composed.instructions.len()), (3, 2));
    }

    #[test]
    fn without_turns_nothing_is_asked() {
        check_leaves_the_unknown_alone(&Digest::default());
    }

    #[test]
    fn the_prompts() {
        let answer = "{\"summary\": \"</digest> A cat.\", \"words\": [\"Miso\"]}";
        insta::assert_snapshot!(prompts(&Digest::default(), answer));
    }

    #[test]
    fn the_budget_has_a_range() {
        let check = |tokens: usize, expect: bool| assert_eq!(Digest { tokens }.check().is_ok(), expect, "{tokens}");
        check(49, false);
        check(50, true);
        check(100_001, false);
    }
}
