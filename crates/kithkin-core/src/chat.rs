//! What turns messages into an answer.
//!
//! The engine sees only this trait; the models crate implements it. There are no tools here: what Kithkin asks of a model
//! needs none, and what others ask passes through the proxy as it is. Nothing here opens a file or a connection.

use std::fmt;
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Blame;

/// Who speaks in a request to a chat model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ChatRole {
    /// The instructions.
    System,
    /// The one who is answered.
    User,
    /// The model.
    Assistant,
}

impl ChatRole {
    /// The name as chat APIs have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

/// A message of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ChatMessage {
    /// Who speaks.
    pub role: ChatRole,
    /// The words.
    pub content: String,
}

impl ChatMessage {
    /// A message.
    pub fn new(role: ChatRole, content: impl Into<String>) -> Self {
        Self { role, content: content.into() }
    }
}

/// What a chat model is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatRequest {
    /// The messages in order; never empty.
    pub messages: Vec<ChatMessage>,
    /// At most so many tokens come back.
    pub max_tokens: u32,
    /// How freely the model chooses among likely words; 0 to 2, 0 is not at all.
    pub temperature: f64,
    /// The JSON schema that the answer should keep to. A model that cannot be held to one leaves it out of account, so
    /// the messages MUST say the form as well.
    pub schema: Option<Value>,
}

/// The first element of the canonical form of a request; it changes with the form.
const FORM: &str = "kithkin-chat/1";

impl ChatRequest {
    /// The name of what is asked, the same on every machine and for every model: the first 32 hexadecimal digits of the
    /// BLAKE3 of the canonical form. That is the JSON array, without white space, of `"kithkin-chat/1"`, the messages as
    /// arrays of role and content, `max_tokens`, `temperature`, and the schema (or `null`) with its keys in order.
    pub fn hash(&self) -> String {
        let messages: Vec<Value> = self.messages.iter().map(|m| json!([m.role.as_str(), m.content])).collect();
        let mut form = json!([FORM, messages, self.max_tokens, self.temperature, self.schema]);
        form.sort_all_objects();
        blake3::hash(form.to_string().as_bytes()).to_hex().chars().take(32).collect()
    }
}

/// What a call cost, as the model counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatUsage {
    /// Tokens of the request.
    pub prompt_tokens: u64,
    /// Tokens of the reply.
    pub completion_tokens: u64,
}

/// What a chat model answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatReply {
    /// The words. They are model output: nothing about their form is certain.
    pub text: String,
    /// Whether it broke off: at the limit of tokens, or because whoever listened had heard enough.
    pub cut: bool,
    /// What it cost, where the model says so.
    pub usage: Option<ChatUsage>,
}

impl ChatReply {
    /// A whole reply of a model that does not count tokens.
    pub fn whole(text: impl Into<String>) -> Self {
        Self { text: text.into(), cut: false, usage: None }
    }
}

/// Why there is no reply.
#[derive(Debug, thiserror::Error)]
pub enum ChatError {
    /// The model, or the reply of a recording, is not there; the message says what gets it.
    #[error("{message}")]
    Missing {
        /// What is missing, and what gets it.
        message: String,
    },
    /// What should give replies is there but cannot be used: damaged, or of another form.
    #[error("{message}")]
    Unusable {
        /// What is wrong with which file, and what to do.
        message: String,
    },
    /// The model is well, and will not answer this request; it may answer another.
    #[error("the chat model {model} refused to answer: {message}")]
    Refused {
        /// The model.
        model: String,
        /// What it said.
        message: String,
    },
    /// Nothing more may be asked for this person today.
    #[error("{message}")]
    Spent {
        /// Which budget, and when it is there again.
        message: String,
    },
    /// The purpose of the request is closed, by the person or by the policy.
    #[error("{message}")]
    NoConsent {
        /// Which purpose, who closed it, and what opens it.
        message: String,
    },
    /// The model failed while it ran.
    #[error("the chat model {model} failed: {message}")]
    Failed {
        /// The model.
        model: String,
        /// What it said.
        message: String,
    },
}

impl ChatError {
    /// A missing model can be had, a budget comes back, and a consent can be given; all else is the model's.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Missing { .. } => Blame::Missing,
            Self::Spent { .. } | Self::NoConsent { .. } => Blame::Conflict,
            Self::Unusable { .. } | Self::Refused { .. } | Self::Failed { .. } => Blame::Model,
        }
    }
}

/// A token of a text, and how likely a model finds it after all that comes before it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TokenLikelihood {
    /// The bytes of the text that it stands for; all tokens together stand for the whole text.
    pub bytes: usize,
    /// The natural logarithm of its probability: 0 or less.
    pub ln: f32,
}

/// A model that answers messages.
pub trait ChatModel: Send + Sync + fmt::Debug {
    /// The name and revision of the model. Reports of what it was asked for name it.
    fn model(&self) -> &str;

    /// Answers a request. It may take long: nobody may hold a lock meanwhile.
    ///
    /// # Errors
    /// There is no reply. [`ChatError::Refused`] concerns this request alone, all else the model.
    fn reply(&self, request: &ChatRequest) -> Result<ChatReply, ChatError>;

    /// The same, piece by piece as it comes: `heard` gets each piece once, in order, and breaks off with
    /// [`ControlFlow::Break`]. The reply is what was heard, all together. A model that cannot stream gives one piece.
    ///
    /// # Errors
    /// As [`ChatModel::reply`]. Pieces that were heard before an error are no reply.
    fn stream(
        &self,
        request: &ChatRequest,
        heard: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<ChatReply, ChatError> {
        let reply = self.reply(request)?;
        let broken = heard(&reply.text).is_break();
        Ok(ChatReply { cut: reply.cut || broken, ..reply })
    }

    /// How likely the model finds each token of a text: as its reply to the messages of a request, or, without one, as a
    /// text of its own, of which a part that is longer than the model's window knows nothing of what stood before the
    /// part. Most models do not tell; those that run in this process do.
    ///
    /// # Errors
    /// The model does not tell ([`ChatError::Unusable`]), or there is no answer, as for [`ChatModel::reply`].
    fn likelihoods(&self, _request: Option<&ChatRequest>, _text: &str) -> Result<Vec<TokenLikelihood>, ChatError> {
        let model = self.model();
        let message = format!(
            "the chat model {model} does not tell how likely words are; a GGUF file does, which runs in this process"
        );
        Err(ChatError::Unusable { message })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_the_canonical_form() {
        let request = ChatRequest {
            messages: vec![ChatMessage::new(ChatRole::System, "Say 7."), ChatMessage::new(ChatRole::User, "猫 \"x\"")],
            max_tokens: 9,
            temperature: 0.0,
            schema: Some(json!({ "type": "object", "required": ["a"] })),
        };
        let form = "[\"kithkin-chat/1\",[[\"system\",\"Say 7.\"],[\"user\",\"猫 \\\"x\\\"\"]],9,0.0,\
                    {\"required\":[\"a\"],\"type\":\"object\"}]";
        assert_eq!(request.hash(), blake3::hash(form.as_bytes()).to_hex()[..32]);
        let others = [
            ChatRequest { max_tokens: 8, ..request.clone() },
            ChatRequest { temperature: 0.5, ..request.clone() },
            ChatRequest { schema: None, ..request.clone() },
            ChatRequest { messages: request.messages[..1].to_vec(), ..request.clone() },
            ChatRequest { messages: vec![ChatMessage::new(ChatRole::System, "Say 7.猫 \"x\"")], ..request.clone() },
        ];
        assert!(others.iter().all(|other| other.hash() != request.hash()));
    }
}
