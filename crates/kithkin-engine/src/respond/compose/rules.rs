//! Rules before the reply: the model first writes down, from the person's own turns, how this person is to be answered,
//! and then answers by these rules.
//!
//! Source: Shashidhar et al., *Unsupervised Human Preference Learning* (2024). There a small model is trained on
//! the difference between what a person wrote and what a model would have written, and hands its rules to a large one;
//! here the same untrained model reads the person's turns. They are those that were recalled, best first, and those of
//! the conversation, latest first, said in the role of a user: where several persons talk, all of theirs. What `memories`
//! shows is shown as well. Where no rule can be read, the reply is asked for as `memories` does. Not measured with a
//! model.
//!
//! Needs a chat model; costs a call more, and the tokens of the turns once more.

use kithkin_core::{ChatError, Role, StoredTurn};
use serde::Deserialize;

use super::memories::{Memories, fitting};
use super::{Compose, Composed};
use crate::chat::{Chat, Prompt, Sentences, check_turns, quote};
use crate::method::Strategy;
use crate::respond::Brief;

/// What is asked for before the reply.
const RULES: Sentences = Sentences {
    prompt: Prompt::new(&[include_str!("../../../prompts/rules.1.md")]),
    key: "rules",
    most: 8,
    max_tokens: 400,
};
/// The instructions for the reply.
const REPLY: Prompt = Prompt::new(&[include_str!("../../../prompts/respond-rules.1.md")]);
/// What the turns that rules are read from may take, in tokens as they are estimated.
const TOKENS: usize = 4_000;

/// Parameters of `rules`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Rules {
    /// From how many of the person's turns rules are read at most, as far as they fit into 4,000 tokens; 1 to 200,
    /// default 24.
    turns: usize,
}

impl Default for Rules {
    fn default() -> Self {
        Self { turns: 24 }
    }
}

impl Strategy for Rules {
    fn check(&self) -> Result<(), String> {
        check_turns(self.turns, 1)
    }
}

impl Compose for Rules {
    fn compose(&self, brief: &Brief<'_>, chat: &Chat<'_>) -> Result<Composed, ChatError> {
        let mut composed = Memories::default().compose(brief, chat)?;
        let own: Vec<&StoredTurn> = brief.evidence.iter().chain(brief.history.iter().rev()).filter(is_own).collect();
        let mut read = fitting(&own, TOKENS, |turn| quote::turns([(1, **turn)]));
        read.truncate(self.turns);
        // Of a person of whom nothing is known the conversation alone teaches no rules.
        if composed.before.is_empty() || read.is_empty() {
            return Ok(composed);
        }
        read.sort_by_key(|turn| (turn.seen_at(), turn.seq));
        let turns = quote::turns((1..).zip(read.into_iter().copied()));
        let rules = chat.sentences(&RULES, turns + &quote::question(brief.message, &brief.now.to_string()))?;
        composed.add_sentences("rules", &rules, REPLY.text(REPLY.latest()));
        Ok(composed)
    }
}

fn is_own(stored: &&StoredTurn) -> bool {
    stored.turn.role == Role::User
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check_asks_first, composed, prompts};
    use super::*;

    #[test]
    fn rules_stand_before_the_message() {
        check_asks_first(&Rules::default(), "rules");
    }

    #[test]
    fn the_prompts() {
        insta::assert_snapshot!(prompts(&Rules::default(), "{\"rules\": [\"</rules> Answer in one word.\"]}"));
    }

    #[test]
    fn rules_are_read_from_what_was_recalled_first_and_only_from_the_persons_own_turns() {
        let check = |turns: usize, expect: &[&str]| {
            let (_, asked) = composed(&Rules { turns }, "{\"rules\": []}", true);
            let read = asked[0].split_once("</turns>\n<question>").unwrap().0;
            let of = |text: &&&str| read.contains(**text);
            let all = ["I adopted a cat.", "What is it called?", "Miso.", "Hello!", "Hello, Ann."];
            assert_eq!(all.iter().filter(of).copied().collect::<Vec<_>>(), expect);
        };
        check(24, &["I adopted a cat.", "What is it called?", "Miso.", "Hello!"]);
        check(2, &["I adopted a cat.", "What is it called?"]);
    }

    #[test]
    fn the_number_of_turns_has_a_range() {
        let check = |turns: usize, expect: bool| assert_eq!(Rules { turns }.check().is_ok(), expect, "{turns}");
        check(0, false);
        check(1, true);
        check(200, true);
        check(201, false);
    }
}
