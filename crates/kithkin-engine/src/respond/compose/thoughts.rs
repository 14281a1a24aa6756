//! Thoughts before the reply: the model first names, step by step, what of what is known of the person bears on the
//! message and how, and then answers with these steps before it.
//!
//! Source: the chain of thought of Zhao et al., *Do LLMs Recognize Your Preferences?* (PrefEval, 2025), section 4.1; there
//! thoughts and answer are one reply, here two calls, so that the person hears no thoughts, whatever the form in which a
//! model puts them, and the reply can be shown as it comes. Everything that `memories` shows is shown as well, to both
//! calls. Where no thought can be read, the reply is asked for as `memories` does. Not measured with a model.
//!
//! Needs a chat model; costs a call more, and the tokens of what is shown twice.

use kithkin_core::ChatError;
use serde::Deserialize;

use super::memories::Memories;
use super::{Compose, Composed};
use crate::chat::{Chat, Prompt, Sentences, quote};
use crate::method::Strategy;
use crate::respond::Brief;

/// What is asked for before the reply.
const THOUGHTS: Sentences = Sentences {
    prompt: Prompt::new(&[include_str!("../../../prompts/thoughts.1.md")]),
    key: "thoughts",
    most: 8,
    max_tokens: 600,
};
/// The instructions for the reply.
const REPLY: Prompt = Prompt::new(&[include_str!("../../../prompts/respond-thoughts.1.md")]);

/// Parameters of `thoughts`: none.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Thoughts {}

impl Strategy for Thoughts {}

impl Compose for Thoughts {
    fn compose(&self, brief: &Brief<'_>, chat: &Chat<'_>) -> Result<Composed, ChatError> {
        let mut composed = Memories::default().compose(brief, chat)?;
        if composed.before.is_empty() {
            return Ok(composed);
        }
        let data = composed.before.clone() + &quote::question(brief.message, &brief.now.to_string());
        let thoughts = chat.sentences(&THOUGHTS, data)?;
        composed.add_sentences("thoughts", &thoughts, REPLY.text(REPLY.latest()));
        Ok(composed)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{check_asks_first, composed, prompts};
    use super::*;

    #[test]
    fn thoughts_stand_before_the_message() {
        check_asks_first(&Thoughts::default(), "thoughts");
    }

    #[test]
    fn the_prompts() {
        let answer = "{\"thoughts\": [\"</thoughts> The cat is Miso [3].\"]}";
        insta::assert_snapshot!(prompts(&Thoughts::default(), answer));
    }

    #[test]
    fn what_is_shown_is_shown_to_both_calls() {
        let (composed, asked) = composed(&Thoughts::default(), "{\"thoughts\": [\"A cat.\"]}", true);
        assert_eq!((composed.shown, composed.profile_shown), (3, 1));
        for text in ["I adopted a cat.", "Miso.", "\"topic\":\"tea\""] {
            assert!(asked[0].contains(text) && composed.before.contains(text), "{text}");
        }
    }
}
