//! Prompts: instructions in versioned files of `prompts/`, compiled in.
//!
//! What is derived with a prompt depends on its words, so a version that is released never changes: another wording, or
//! another form of answer, is a new version. Methods name the version, by default the latest, and it is part of the
//! identity of what they derive.

use kithkin_core::{ChatMessage, ChatRequest, ChatRole};
use serde_json::Value;

/// The versions of a prompt, from 1.
#[derive(Debug)]
pub(crate) struct Prompt {
    versions: &'static [&'static str],
}

impl Prompt {
    /// The prompt with these versions, oldest first; at least one.
    pub(crate) const fn new(versions: &'static [&'static str]) -> Self {
        Self { versions }
    }

    /// The number of the latest version.
    pub(crate) const fn latest(&self) -> u32 {
        self.versions.len() as u32
    }

    /// Refuses a version that there is not.
    pub(crate) fn check(&self, version: u32) -> Result<(), String> {
        let latest = self.latest();
        if (1..=latest).contains(&version) {
            return Ok(());
        }
        Err(format!("prompt is {version}; it must lie within 1 and {latest}"))
    }

    /// The request that puts a version of the instructions before the data, for the likeliest answer of at most
    /// `max_tokens`.
    pub(crate) fn request(&self, version: u32, data: String, max_tokens: u32, schema: Option<Value>) -> ChatRequest {
        let messages =
            vec![ChatMessage::new(ChatRole::System, self.text(version)), ChatMessage::new(ChatRole::User, data)];
        ChatRequest { messages, max_tokens, temperature: 0.0, schema }
    }

    /// The words of a version; nothing where there is no such version.
    pub(crate) fn text(&self, version: u32) -> &'static str {
        let place = (version as usize).saturating_sub(1);
        self.versions.get(place).map_or("", |text| text.trim_end())
    }
}
