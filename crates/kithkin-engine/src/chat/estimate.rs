//! A chat model that is none: it counts what it would be asked, and answers nothing.
//!
//! What a strategy asks may depend on the answers before, so that a count is an estimate: of the calls, and of what would
//! be read; what would be said is at most what each request allows.

use std::sync::{Mutex, PoisonError};

use kithkin_core::{ChatError, ChatModel, ChatReply, ChatRequest, Spent, TokenLikelihood};

use super::estimated_tokens;
use super::meter::request_tokens;

/// Counts requests.
#[derive(Debug, Default)]
pub(crate) struct Estimating {
    counted: Mutex<Spent>,
}

impl Estimating {
    /// What was asked so far.
    pub(crate) fn counted(&self) -> Spent {
        *self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, read: u64, said: u64) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        *counted = counted.and(Spent { calls: 1, read, said });
    }
}

impl ChatModel for Estimating {
    fn model(&self) -> &str {
        "none"
    }

    fn reply(&self, request: &ChatRequest) -> Result<ChatReply, ChatError> {
        self.count(request_tokens(request), request.max_tokens.into());
        Ok(ChatReply::whole(""))
    }

    fn likelihoods(&self, request: Option<&ChatRequest>, text: &str) -> Result<Vec<TokenLikelihood>, ChatError> {
        self.count(request.map_or(0, request_tokens) + estimated_tokens(text) as u64, 0);
        Ok(vec![TokenLikelihood { bytes: text.len(), ln: 0.0 }])
    }
}
