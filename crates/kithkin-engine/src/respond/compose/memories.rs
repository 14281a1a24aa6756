//! The recalled turns as quoted, numbered data before the person's words, within a budget of tokens.
//!
//! They stand in the person's message and not among the instructions: what somebody once said has no more authority than
//! what they say now, and the messages before it stay as they were, so that a model that keeps them read need not read
//! them again. Needs nothing; costs the tokens of the turns.

use kithkin_core::StoredTurn;
use serde::Deserialize;

use super::{Compose, Composed};
use crate::chat::{Prompt, estimated_tokens, quote};
use crate::method::Strategy;
use crate::respond::Brief;

/// The instructions.
const PROMPT: Prompt = Prompt::new(&[include_str!("../../../prompts/respond-memories.1.md")]);

/// Parameters of `memories`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Memories {
    /// What the turns may take, in tokens as they are estimated without a tokenizer; 50 to 100,000, default 1,500.
    tokens: usize,
    /// The version of the prompt; by default the latest.
    prompt: u32,
}

impl Default for Memories {
    fn default() -> Self {
        Self { tokens: 1_500, prompt: PROMPT.latest() }
    }
}

impl Strategy for Memories {
    fn check(&self) -> Result<(), String> {
        if !(50..=100_000).contains(&self.tokens) {
            return Err(format!("tokens is {}; it must lie within 50 and 100000", self.tokens));
        }
        PROMPT.check(self.prompt)
    }
}

impl Compose for Memories {
    fn compose(&self, brief: &Brief<'_>) -> Composed {
        let mut left = self.tokens;
        let fits = |turn: &&StoredTurn| {
            let cost = estimated_tokens(&quote::turns([(1, *turn)]));
            let fits = cost <= left;
            left = left.saturating_sub(cost);
            fits
        };
        let shown: Vec<&StoredTurn> = brief.evidence.iter().take_while(fits).collect();
        if shown.is_empty() {
            return Composed::default();
        }
        // A reader follows the order of time; the numbers are those of the ranks.
        let mut told: Vec<(usize, &StoredTurn)> = (1..).zip(shown.iter().copied()).collect();
        told.sort_by_key(|(_, turn)| (turn.seen_at(), turn.seq));
        Composed { instructions: vec![PROMPT.text(self.prompt)], before: quote::turns(told) + "\n", shown: shown.len() }
    }
}
