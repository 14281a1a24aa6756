//! The chat template of a GGUF file: from messages to the text that the model was trained to go on from.
//!
//! Templates are written in Jinja; `minijinja` runs them as the models' authors do, with blocks trimmed. A template can
//! neither read files nor run for ever: its steps are counted.

use kithkin_core::{ChatError, ChatMessage};
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Error, ErrorKind, Value, context};

use super::file::GgufFile;

const KEY: &str = "tokenizer.chat_template";
/// Steps that a template may take: far more than any needs for a conversation of a full window.
const STEPS: u64 = 1_000_000;

/// A compiled template.
#[derive(Debug)]
pub(super) struct Template {
    environment: Environment<'static>,
    first: String,
    last: String,
}

impl Template {
    /// Compiles the file's template. `first` and `last` are the signs that begin and end a text.
    pub(super) fn load(file: &GgufFile, first: String, last: String) -> Result<Self, ChatError> {
        if file.value(KEY).is_none() {
            return Err(file.bad(&format!("it has no chat template ({KEY}); perhaps it is no model for conversations")));
        }
        let mut environment = Environment::new();
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.map_err(|e| file.bad(&format!("no chat template can be read ({e})")))?);
        environment.set_fuel(Some(STEPS));
        environment.add_function("raise_exception", |message: String| -> Result<Value, Error> {
            Err(Error::new(ErrorKind::InvalidOperation, message))
        });
        environment
            .add_template_owned("chat", file.text(KEY)?.to_owned())
            .map_err(|e| file.bad(&format!("its chat template ({KEY}) cannot be used ({e})")))?;
        Ok(Self { environment, first, last })
    }

    /// The text for these messages, up to where the model goes on. The error is the template's own.
    pub(super) fn render(&self, messages: &[ChatMessage]) -> Result<String, String> {
        let message = |m: &ChatMessage| context! { role => m.role.as_str(), content => m.content.as_str() };
        let messages: Vec<Value> = messages.iter().map(message).collect();
        let values = context! {
            messages => messages,
            add_generation_prompt => true,
            bos_token => self.first.as_str(),
            eos_token => self.last.as_str(),
        };
        self.environment.get_template("chat").and_then(|t| t.render(values)).map_err(|e| e.to_string())
    }
}
