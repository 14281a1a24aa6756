//! A chat model in this process: a GGUF file of the llama architecture, on the processor.
//!
//! It needs one file, with the weights, the vocabulary and the chat template, and asks nobody. One reply is made at a
//! time, others wait: they would share the same processors. What the last conversation read is kept, so that one that
//! goes on need not be read anew. The model is not held to a JSON schema; the messages ask for the form, as
//! [`ChatRequest::schema`] says they must. Cost: see `model`.

mod cache;
mod file;
mod layer;
mod likelihood;
mod matrix;
mod model;
mod sample;
mod stop;
mod template;
mod tile;
mod tokenizer;

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kithkin_core::{ChatError, ChatMessage, ChatModel, ChatReply, ChatRequest, ChatUsage, TokenLikelihood};

use self::cache::Cache;
use self::file::GgufFile;
use self::model::Model;
use self::sample::Sampler;
use self::stop::StopTexts;
use self::template::Template;
use self::tokenizer::{Characters, Vocabulary};

/// A chat model in memory.
#[derive(Debug)]
pub(super) struct Gguf {
    name: String,
    vocabulary: Vocabulary,
    template: Template,
    model: Model,
    cache: Mutex<Cache>,
}

impl Gguf {
    /// Loads the file under the name that reports give it, in about 0.5 s for 100 MB.
    pub(super) fn open(path: &Path, name: String) -> Result<Self, ChatError> {
        let file = GgufFile::open(path)?;
        let vocabulary = Vocabulary::load(&file)?;
        let template = Template::load(&file, vocabulary.first_sign(), vocabulary.last_sign())?;
        let model = Model::load(&file, vocabulary.len())?;
        let cache = Mutex::new(model.cache());
        Ok(Self { name, vocabulary, template, model, cache })
    }

    /// The tokens of a request.
    fn prompt(&self, request: &ChatRequest) -> Result<Vec<u32>, ChatError> {
        let refused = |message: String| self.refused(message);
        let plain = |m: &ChatMessage| ChatMessage::new(m.role, self.vocabulary.without_signs(&m.content));
        let messages: Vec<ChatMessage> = request.messages.iter().map(plain).collect();
        let rendered = self.template.render(&messages);
        let rendered = rendered.map_err(|e| refused(format!("its template does not take these messages: {e}")))?;
        let tokens = self.vocabulary.tokens(&rendered).map_err(|e| refused(format!("no tokens: {e}")))?;
        let window = self.model.window();
        match tokens.len() {
            0 => Err(refused("the messages give no token".to_owned())),
            count if count >= window => {
                Err(refused(format!("the messages have {count} tokens, and with a reply it takes at most {window}")))
            }
            _ => Ok(tokens),
        }
    }

    fn refused(&self, message: String) -> ChatError {
        ChatError::Refused { model: self.name.clone(), message }
    }

    /// The error of scores that are no numbers.
    fn damaged(&self) -> ChatError {
        let message = "a score is not finite; the weights may be damaged".to_owned();
        ChatError::Failed { model: self.name.clone(), message }
    }

    /// The cache, when nobody else has it.
    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(|poisoned: PoisonError<_>| {
            // Whoever held it may have left a layer half read.
            let mut cache = poisoned.into_inner();
            cache.cut(0);
            cache
        })
    }
}

impl ChatModel for Gguf {
    fn model(&self) -> &str {
        &self.name
    }

    fn reply(&self, request: &ChatRequest) -> Result<ChatReply, ChatError> {
        self.stream(request, &mut |_| ControlFlow::Continue(()))
    }

    fn stream(
        &self,
        request: &ChatRequest,
        heard: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<ChatReply, ChatError> {
        let prompt = self.prompt(request)?;
        let mut cache = self.cache();
        let room = self.model.window() - prompt.len();
        let most = usize::try_from(request.max_tokens).unwrap_or(room).min(room);
        let (mut sampler, mut characters) = (Sampler::new(request), Characters::default());
        let mut stops = StopTexts::new(self.vocabulary.end_texts());
        let mut reply = ChatReply { text: String::new(), cut: true, usage: None };
        let mut say = |piece: &str| {
            reply.text.push_str(piece);
            if piece.is_empty() { ControlFlow::Continue(()) } else { heard(piece) }
        };
        let (mut made, mut cut) = (0, true);
        let mut unread = cache.reuse(&prompt).to_vec();
        while made < most {
            let scores = self.model.read(&unread, &mut cache);
            if scores.iter().any(|score| !score.is_finite()) {
                cache.cut(0);
                return Err(self.damaged());
            }
            let token = sampler.choose(&scores);
            if self.vocabulary.ends(token) {
                cut = false;
                break;
            }
            made += 1;
            unread = vec![token];
            let (piece, stopped) = stops.push(&characters.push(self.vocabulary.bytes(token)));
            if say(&piece).is_break() {
                stops.clear();
                characters = Characters::default();
                break;
            }
            if stopped {
                cut = false;
                break;
            }
        }
        let (piece, stopped) = stops.push(&characters.finish());
        let _ = say(&(piece + &stops.finish()));
        let usage = ChatUsage { prompt_tokens: prompt.len() as u64, completion_tokens: made as u64 };
        Ok(ChatReply { cut: cut && !stopped, usage: Some(usage), ..reply })
    }

    fn likelihoods(&self, request: Option<&ChatRequest>, text: &str) -> Result<Vec<TokenLikelihood>, ChatError> {
        likelihood::of(self, request, text)
    }
}

#[cfg(test)]
mod tests;
