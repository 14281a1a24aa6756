//! What a request says about its memory, in headers.

use axum::http::HeaderMap;
use kithkin::{ConversationId, Kithkin, Method, PersonId};
use percent_encoding::percent_decode;

use crate::problem::Problem;

/// What is done with the memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Use {
    /// It is read and written.
    #[default]
    On,
    /// It is read.
    ReadOnly,
    /// Neither.
    Off,
}

/// The switches.
#[derive(Debug, Default)]
pub(crate) struct Switches {
    /// Who speaks: `X-Kithkin-Person`.
    pub(crate) person: Option<PersonId>,
    /// In which conversation: `X-Kithkin-Conversation`.
    pub(crate) conversation: Option<ConversationId>,
    /// How to recall: `X-Kithkin-Method`.
    pub(crate) method: Option<Method>,
    /// Tokens of the block at most: `X-Kithkin-Tokens`.
    pub(crate) tokens: Option<usize>,
    /// `X-Kithkin-Memory`: `on`, `read-only` or `off`.
    pub(crate) memory: Use,
    /// Whether the client says that it repeats itself.
    pub(crate) repeated: bool,
}

impl Switches {
    /// Reads the headers. Their values are percent-decoded, as headers carry ASCII only.
    pub(crate) fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        let text = |name: &str| -> Result<Option<String>, Problem> {
            let Some(value) = headers.get(name) else { return Ok(None) };
            let decoded = percent_decode(value.as_bytes()).decode_utf8();
            let unreadable = |_| Problem::input(format!("the header {name} is not UTF-8"));
            Ok(Some(decoded.map_err(unreadable)?.into_owned()))
        };
        let tokens = text("x-kithkin-tokens")?.map(|tokens| {
            tokens.parse().map_err(|_| Problem::input(format!("x-kithkin-tokens is {tokens:?}; give a number")))
        });
        let memory = match text("x-kithkin-memory")?.as_deref() {
            None | Some("on") => Use::On,
            Some("read-only") => Use::ReadOnly,
            Some("off") => Use::Off,
            Some(other) => {
                return Err(Problem::input(format!("x-kithkin-memory is {other:?}; use on, read-only or off")));
            }
        };
        // The clients of OpenAI's own libraries count how often they have sent a request.
        let again = text("x-stainless-retry-count")?.is_some_and(|count| count != "0");
        Ok(Self {
            person: text("x-kithkin-person")?.map(PersonId::new).transpose()?,
            conversation: text("x-kithkin-conversation")?.map(ConversationId::new).transpose()?,
            method: text("x-kithkin-method")?.as_deref().map(Kithkin::method).transpose()?,
            tokens: tokens.transpose()?,
            memory,
            repeated: again,
        })
    }
}
