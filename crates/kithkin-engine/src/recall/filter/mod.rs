//! The stage `filter`: which of the best turns are kept, judged by their texts.
//!
//! It runs after the search, on what was read from the store, so that no index is locked while a model thinks.

mod llm;

use std::fmt::Debug;

use kithkin_core::{ChatError, EventTime, StoredTurn};

use crate::chat::Chat;
use crate::method::strategies;

/// Chooses among the best turns.
pub(crate) trait Filter: Debug + Send + Sync {
    /// How many turns it looks at: those behind them are left out.
    fn candidates(&self) -> usize;

    /// The positions of the turns that are kept, ascending; `None` where the answer cannot be read: then all are.
    ///
    /// # Errors
    /// The chat model failed.
    fn keep(
        &self,
        question: &str,
        now: EventTime,
        turns: &[&StoredTurn],
        chat: &Chat<'_>,
    ) -> Result<Option<Vec<usize>>, ChatError>;
}

strategies! { "recall.filter", Filter:
    "llm" => llm::LlmFilter,
}
