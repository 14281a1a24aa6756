//! What a chat model leaves of a text.
//!
//! The model is told to leave words out and to change none. Its answer is laid against the text, word by word, and what
//! is kept are the pieces of the text that it names: it can invent nothing and put nothing into another order. An answer
//! with too many words that the text does not have, or with too few words at all, is refused; the text then stays as it
//! was. Signs and capitals come from the text.
//!
//! Source: the compression in Pan et al., *On Memory Construction and Retrieval for Personalized Conversational Agents*
//! (2025), section 3.2, and the way in which LLMLingua-2 (Pan et al. 2024, section 3) made its training data: a model that
//! may only leave out, fuzzy matching of its words within a window, and the share of words that it invented as a measure
//! of quality. Needs a chat model; costs a call for each text. Texts of more than 6,000 characters stay as they are.

use kithkin_core::ChatError;
use serde::Deserialize;

use super::pieces::{joined, pieces, slice};
use super::{Compress, check_share};
use crate::chat::{Chat, Prompt, quote};
use crate::index::{Kind, Words};
use crate::method::Strategy;
use crate::observe::Sitting;

/// The instructions.
const PROMPT: Prompt = Prompt::new(&[include_str!("../../../prompts/compress.1.md")]);

/// What an answer may take at most, in tokens: about that of the longest text.
const TOKENS: u32 = 6_000;

/// How far from the word found last the next one is looked for, in words, on either side.
const WINDOW: usize = 75;

/// An answer with a smaller share of the text's words was cut short, or is a summary.
const LEAST: f32 = 0.2;

/// Parameters of `llm`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LlmCompress {
    /// The share of the answer's words that may not be found in the text; 0 to 1, default 0.1. They are dropped.
    invented: f32,
    /// The version of the prompt; by default the latest.
    prompt: u32,
}

impl Default for LlmCompress {
    fn default() -> Self {
        Self { invented: 0.1, prompt: PROMPT.latest() }
    }
}

impl Strategy for LlmCompress {
    fn check(&self) -> Result<(), String> {
        check_share("invented", self.invented)?;
        PROMPT.check(self.prompt)
    }
}

impl Compress for LlmCompress {
    fn prompt(&self) -> Option<u32> {
        Some(self.prompt)
    }

    fn compress(&self, _sitting: &Sitting, texts: &[&str], chat: &Chat<'_>) -> Result<Vec<String>, ChatError> {
        texts.iter().map(|text| self.compressed(text, chat)).collect()
    }
}

impl LlmCompress {
    fn compressed(&self, text: &str, chat: &Chat<'_>) -> Result<String, ChatError> {
        let words = units(text).len();
        // A single word cannot be shortened, and a longer text would not be shown to the model as a whole.
        let Some(data) = quote::whole("text", text).filter(|_| words > 1) else { return Ok(text.to_owned()) };
        let request = PROMPT.request(self.prompt, data, TOKENS, None);
        let Some(answer) = chat.ask(&request)? else { return Ok(text.to_owned()) };
        let left = self.left(text, &answer);
        if left.is_none() {
            chat.drop_unread(1);
        }
        Ok(left.unwrap_or_else(|| text.to_owned()))
    }

    /// What the answer leaves of the text; `None` where the answer is refused.
    fn left(&self, text: &str, answer: &str) -> Option<String> {
        let (said, answered) = (units(text), units(answer));
        let named = named(&said, &answered);
        let found = named.iter().filter(|named| **named).count();
        let invented = answered.len() - found;
        let too_many = invented as f32 > self.invented * answered.len() as f32;
        if too_many || found == 0 || (found as f32) < LEAST * said.len() as f32 {
            return None;
        }
        let ranges = pieces(text, &(0..text.len()));
        let mut named = named.iter();
        let kept: Vec<bool> = ranges
            .iter()
            .map(|range| {
                let all = units(slice(text, range)).len();
                let found = named.by_ref().take(all).filter(|named| **named).count();
                all > 0 && 2 * found >= all
            })
            .collect();
        let left = joined(text, &ranges, |place| kept.get(place) == Some(&true));
        (!left.is_empty()).then_some(left)
    }
}

/// The words by which text and answer are compared; in scripts without spaces single characters, since a character that
/// is left out changes the pairs beside it.
fn units(text: &str) -> Vec<String> {
    let mut words = Words::default();
    words.read(text);
    let unit = |(word, kind): (&str, Kind)| match kind {
        Kind::Gram => word.chars().take(1).collect(),
        Kind::Word | Kind::Number => word.to_owned(),
    };
    words.iter().map(unit).collect()
}

/// Which words of the text the answer names: each of its words is looked for near the one found last, the nearest first,
/// and none is named twice.
fn named(said: &[String], answered: &[String]) -> Vec<bool> {
    let mut named = vec![false; said.len()];
    let mut next = 0;
    for word in answered {
        let near = (0..=WINDOW).flat_map(|off| [next + off, next.wrapping_sub(off + 1)]);
        let is_it = |place: &usize| said.get(*place) == Some(word) && named.get(*place) == Some(&false);
        if let Some(place) = near.into_iter().find(is_it) {
            named[place] = true;
            next = place + 1;
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chat::Scripted;

    const TEXT: &str =
        "Hi Bo! Well, I adopted a dog from the shelter yesterday.\nWow, that is so great! What is it called?";

    fn compress(text: &str, answer: &str) -> (String, usize, u64) {
        let model = Scripted::new([answer]);
        let chat = Chat::new(Some(&model));
        let made = LlmCompress::default().compress(&Sitting::of(&[text]), &[text], &chat).unwrap();
        assert_eq!(made.len(), 1);
        (made[0].clone(), model.asked().len(), chat.unread())
    }

    #[test]
    fn what_the_answer_names_is_left() {
        let check = |text: &str, answer: &str, expect: &str, calls: usize, unread: u64| {
            assert_eq!(compress(text, answer), (expect.to_owned(), calls, unread), "{answer}");
        };
        let short = "I adopted a dog from shelter yesterday.\nWhat called?";
        check(TEXT, "I adopted a dog from shelter yesterday. What called?", short, 1, 0);
        check(
            TEXT,
            "```\nadopted DOG shelter, yesterday What is called\n```",
            "adopted dog shelter yesterday.\nWhat is called?",
            1,
            0,
        );
        // One word of eleven is not in the text; two of them are too many.
        check(
            TEXT,
            "Bo I adopted a nice dog from the shelter yesterday called",
            "Bo! I adopted a dog from the shelter yesterday.\ncalled?",
            1,
            0,
        );
        check(TEXT, "Bo I adopted a nice young dog from the shelter called", TEXT, 1, 1);
        for refused in
            ["", "refuse", "dog", "I cannot do that.", "{\"text\": 7}", "A dog of Ann's; it lives with her now."]
        {
            check(TEXT, refused, TEXT, 1, 1);
        }
        check("我昨天去了市场买菜，你呢？我很好。", "我昨天去市场买菜", "我昨天去了市场买菜，", 1, 0);
        check("Hello!", "Hello", "Hello!", 0, 0);
        check("… !", "", "… !", 0, 0);
        let long = "a dog ".repeat(2_000);
        check(&long, "dog", &long, 0, 0);
    }

    #[test]
    fn the_prompt() {
        let model = Scripted::new([""]);
        let chat = Chat::new(Some(&model));
        LlmCompress::default().compress(&Sitting::of(&[TEXT]), &[TEXT], &chat).unwrap();
        insta::assert_snapshot!(model.asked().join("\n"));
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_say_what_was_not_said(
            text in "([abc]{1,2}[ ,.\n]|[我的猫，。]|\\PC){0,40}",
            answer in "([abc]{1,2}[ ,.\n]|[我的猫，。]|\\PC){0,40}",
            asked in any::<bool>(),
        ) {
            let answer = if asked { answer } else { text.replace("a ", "") };
            let (left, ..) = compress(&text, &answer);
            super::super::tests::holds(&text, &left)?;
        }
    }
}
