//! The chat models: which there are, and how a user names one.

mod gguf;
mod known;
mod openai;
mod recorded;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use kithkin_core::{ChatError, ChatModel};

use self::gguf::Gguf;
pub use self::known::{CHAT_MODELS, ChatSpec};
use self::openai::OpenAi;
pub use self::openai::{ChatKey, NoKey, OpenAiEndpoint};
use self::recorded::Recorded;

/// Where the answers of a chat model come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChatSource {
    /// A file of answers that were written down before; see [`ChatSource::open`] for its form. As text: `recorded:FILE`.
    Recorded(PathBuf),
    /// A GGUF file of the llama architecture, which runs in this process. As text: `gguf:FILE`.
    Gguf(PathBuf),
    /// One of [`CHAT_MODELS`], by its name.
    Named(&'static ChatSpec),
    /// An OpenAI-compatible endpoint. It has no form as text, since it is more than an address.
    OpenAi(OpenAiEndpoint),
}

/// A text that names no chat model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no chat model {name:?}; there is recorded:FILE, which answers from a file of recorded answers, gguf:FILE, \
     which runs a model in this process, {names}, and any endpoint, named with --chat-url"
)]
pub struct UnknownChat {
    /// The text.
    pub name: String,
    names: String,
}

impl FromStr for ChatSource {
    type Err = UnknownChat;

    fn from_str(name: &str) -> Result<Self, UnknownChat> {
        match name.split_once(':') {
            Some(("recorded", file)) if !file.is_empty() => Ok(Self::Recorded(file.into())),
            Some(("gguf", file)) if !file.is_empty() => Ok(Self::Gguf(file.into())),
            _ => CHAT_MODELS.iter().find(|spec| spec.name == name).map(Self::Named).ok_or_else(|| {
                let names: Vec<&str> = CHAT_MODELS.iter().map(|spec| spec.name).collect();
                UnknownChat { name: name.to_owned(), names: names.join(", ") }
            }),
        }
    }
}

impl fmt::Display for ChatSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recorded(file) => write!(f, "recorded:{}", file.display()),
            Self::Named(spec) => f.write_str(spec.name),
            Self::Gguf(file) => write!(f, "gguf:{}", file.display()),
            Self::OpenAi(endpoint) => write!(f, "{} at {}", endpoint.model, endpoint.url),
        }
    }
}

impl ChatSource {
    /// The model. A recording is a file of JSON lines `{"request": …, "prompt": …, "reply": …}`: the hash of a request
    /// ([`kithkin_core::ChatRequest::hash`]), a text for the reader of the file, and the answer. It is read whole, as a
    /// GGUF file is; that of a model with a name is in a folder of that name under `models_dir`. An endpoint is not asked
    /// anything yet.
    ///
    /// # Errors
    /// [`ChatError::Missing`] names a file that is not there, or that the endpoint's model has no name;
    /// [`ChatError::Unusable`] the line, or the address, that is wrong.
    pub fn open(&self, models_dir: &Path) -> Result<Box<dyn ChatModel>, ChatError> {
        match self {
            Self::Recorded(file) => Ok(Box::new(Recorded::open(file)?)),
            Self::Gguf(file) => Ok(Box::new(Gguf::open(file, self.to_string())?)),
            Self::Named(spec) => Ok(Box::new(Gguf::open(&spec.path(models_dir), self.to_string())?)),
            Self::OpenAi(endpoint) => Ok(Box::new(OpenAi::new(endpoint.clone())?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_named_by_scheme_and_place() {
        let check = |name: &str| assert_eq!(name.parse::<ChatSource>().unwrap().to_string(), name);
        check("recorded:answers.jsonl");
        check("recorded:C:/answers.jsonl");
        check("gguf:model.gguf");
        check("SmolLM2-135M-Instruct");
        for name in ["", "recorded", "recorded:", "gguf:", "model.gguf", "openai:gpt"] {
            let error = name.parse::<ChatSource>().unwrap_err().to_string();
            assert!(
                error.contains(&format!("{name:?}")) && error.contains("recorded:FILE") && error.contains("gguf:FILE")
            );
        }
    }
}
