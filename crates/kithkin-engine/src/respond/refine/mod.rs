//! The stage `respond.refine`: a draft is looked at again, and may be written anew, or give way to another one, before the
//! person hears it.
//!
//! A method without this stage has its reply heard as the model says it; one with it has the reply heard when it is done.

mod critique;
mod dials;

use std::fmt::Debug;

use kithkin_core::{ChatError, ChatReply};
use serde::Serialize;

use super::{Asked, Brief};
use crate::chat::Chat;
use crate::method::strategies;

/// What a look at a draft led to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Revision {
    /// What was wrong with the draft, as the model said it.
    pub faults: Vec<String>,
    /// Whether the draft was written anew and the new one was kept.
    pub kept: bool,
}

/// A draft after all looks at it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refined {
    /// The reply.
    pub(crate) reply: ChatReply,
    /// The looks that found something, in order.
    pub(crate) revisions: Vec<Revision>,
}

/// Refines drafts.
pub(crate) trait Refine: Debug + Send + Sync {
    /// What becomes of a draft. It MUST be the draft itself where nothing of the person was shown: without a memory a reply
    /// is what it would be without Kithkin.
    ///
    /// # Errors
    /// The chat model failed.
    fn refine(&self, brief: &Brief<'_>, asked: &Asked, draft: ChatReply, chat: &Chat<'_>)
    -> Result<Refined, ChatError>;
}

strategies! { "respond.refine", Refine:
    "critique" => critique::Critique,
    "dials" => dials::Dials,
}

#[cfg(test)]
mod tests {
    use kithkin_core::{ChatMessage, ChatRequest, ChatRole};

    use super::*;

    /// What a draft was asked for with, where this stands before the message.
    pub(super) fn asked(before: &str) -> Asked {
        let messages =
            vec![ChatMessage::new(ChatRole::System, "Answer."), ChatMessage::new(ChatRole::User, "Where shall I eat?")];
        let request = ChatRequest { messages, max_tokens: 100, temperature: 0.0, schema: None };
        let before = before.to_owned();
        Asked {
            request,
            before,
            shown: 0,
            profile_shown: 1,
            summaries_shown: 0,
            gated: None,
            unknown: None,
            unread: 0,
            usage: None,
        }
    }
}
