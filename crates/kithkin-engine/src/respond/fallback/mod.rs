//! The stage `respond.fallback`: how it is said that something is not known.
//!
//! A method without this stage leaves that to the chat model. It bears only on messages for which recall abstained though
//! the person has a memory; whoever has none is replied to as without Kithkin.

mod chinese;
mod english;
mod german;
mod rewritten;

use std::fmt::Debug;

use crate::method::strategies;

/// Says that something is not known.
pub(crate) trait Fallback: Debug + Send + Sync {
    /// The sentence for a message to which no turn is an answer; `None` for one that does not ask for something about the
    /// person, or for what was said, so that a model may know the answer all the same.
    fn unknown(&self, message: &str) -> Option<String>;
}

strategies! { "respond.fallback", Fallback:
    "rewritten" => rewritten::Rewritten,
}
