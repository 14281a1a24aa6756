//! A chat model that keeps what it is asked, in front of another one or of none.

use std::sync::{Arc, Mutex, PoisonError};

use kithkin::{ChatError, ChatModel, ChatReply, ChatRequest, TokenLikelihood};

/// What is answered where there is no model: a note on each of the first turns, so that something is shown.
const NOTES: usize = 20;

/// What was asked so far.
#[derive(Debug)]
pub(super) struct Listener {
    inner: Option<Arc<dyn ChatModel>>,
    heard: Mutex<Vec<String>>,
}

impl Listener {
    pub(super) fn new(inner: Option<Arc<dyn ChatModel>>) -> Self {
        Self { inner, heard: Mutex::default() }
    }

    /// What was asked since the last time.
    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.heard.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn hear(&self, text: String) {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }

    fn hear_request(&self, request: &ChatRequest) {
        let told: Vec<&str> = request.messages.iter().map(|message| message.content.as_str()).collect();
        self.hear(told.join("\n"));
    }
}

impl ChatModel for Listener {
    fn model(&self) -> &str {
        self.inner.as_ref().map_or("listener", |inner| inner.model())
    }

    fn reply(&self, request: &ChatRequest) -> Result<ChatReply, ChatError> {
        self.hear_request(request);
        if let Some(inner) = &self.inner {
            return inner.reply(request);
        }
        let notes: Vec<String> = (1..=NOTES).map(|n| format!("{{\"n\": {n}, \"note\": \"said\"}}")).collect();
        Ok(ChatReply::whole(format!("{{\"notes\": [{}]}}", notes.join(", "))))
    }

    fn likelihoods(&self, request: Option<&ChatRequest>, text: &str) -> Result<Vec<TokenLikelihood>, ChatError> {
        self.hear(text.to_owned());
        match &self.inner {
            Some(inner) => inner.likelihoods(request, text),
            None => Err(ChatError::Missing { message: "nobody tells here".to_owned() }),
        }
    }
}
