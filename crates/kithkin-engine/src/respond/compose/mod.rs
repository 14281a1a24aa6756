//! The stage `respond.compose`: what of a person's memory a chat model is given to read, and how.

mod memories;
mod notes;
mod plain;

use std::fmt::Debug;

use kithkin_core::ChatError;

use super::Brief;
use crate::chat::Chat;
use crate::method::strategies;

/// What goes into a prompt beside the conversation itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Composed {
    /// Instructions that are added to those of every reply.
    pub(crate) instructions: Vec<&'static str>,
    /// What stands before the person's words.
    pub(crate) before: String,
    /// How many of the evidence, from the first, it shows.
    pub(crate) shown: usize,
    /// How many of the profile, from the first.
    pub(crate) profile_shown: usize,
}

/// Composes a prompt.
pub(crate) trait Compose: Debug + Send + Sync {
    /// What is added for this message. Where there is neither evidence nor a profile it MUST add nothing: without a memory, a reply is asked
    /// for exactly as one without Kithkin would be.
    ///
    /// # Errors
    /// A strategy that asks the chat model first: the model failed.
    fn compose(&self, brief: &Brief<'_>, chat: &Chat<'_>) -> Result<Composed, ChatError>;
}

strategies! { "respond.compose", Compose:
    "memories" => memories::Memories,
    "notes" => notes::Notes,
    "plain" => plain::Plain,
}
