//! Asking a chat model, and reading what it answers.
//!
//! A [`Prompt`] is a versioned text of instructions; what was said goes beside it as quoted data ([`quote`]), never into
//! it. What comes back is model output and is read like broken source ([`answer`]): what is readable is taken, the rest is
//! dropped and counted. No strategy asks while a lock is held.

pub(crate) mod answer;
mod budget;
mod estimate;
mod meter;
mod prompt;
pub(crate) mod quote;
mod tokens;
mod totals;

pub(crate) use budget::day_of;
pub use budget::{Budget, NoBudget, Price};
pub(crate) use estimate::Estimating;
pub(crate) use meter::{Ledger, Metered, spent_since};
pub(crate) use prompt::Prompt;
pub use tokens::estimated_tokens;
pub(crate) use totals::Totals;

use std::cell::Cell;

use kithkin_core::{ChatError, ChatModel, ChatReply, ChatRequest, ChatUsage, TokenLikelihood};
use serde_json::{Value, json};

use crate::error::CHAT_ADVICE;

/// The most turns that a model is given to read at once.
const MOST_TURNS: usize = 200;

/// Refuses a number of turns to read at once that is below `least` or above 200.
pub(crate) fn check_turns(turns: usize, least: usize) -> Result<(), String> {
    if (least..=MOST_TURNS).contains(&turns) {
        return Ok(());
    }
    Err(format!("turns is {turns}; it must lie within {least} and {MOST_TURNS}"))
}

/// A list of sentences that a model is asked for.
#[derive(Debug)]
pub(crate) struct Sentences {
    /// The instructions.
    pub(crate) prompt: Prompt,
    /// The name of the list in the answer.
    pub(crate) key: &'static str,
    /// How many are taken.
    pub(crate) most: usize,
    /// What the answer may take at most, in tokens.
    pub(crate) max_tokens: u32,
}

/// What a strategy asks: the chat model, where there is one. It counts what could not be read of the answers.
#[derive(Debug)]
pub(crate) struct Chat<'a> {
    model: Option<&'a dyn ChatModel>,
    unread: Cell<u64>,
    usage: Cell<Option<ChatUsage>>,
}

impl<'a> Chat<'a> {
    /// Asks this model. Without one only strategies that ask nothing can run.
    pub(crate) fn new(model: Option<&'a dyn ChatModel>) -> Self {
        Self { model, unread: Cell::new(0), usage: Cell::new(None) }
    }

    /// The answer. `None`, which counts as unreadable, where the model refuses this one request: another may be answered,
    /// and one session that no model will read must not keep all others from being derived.
    ///
    /// # Errors
    /// The model failed, or is not there.
    pub(crate) fn ask(&self, request: &ChatRequest) -> Result<Option<String>, ChatError> {
        Ok(self.reply(request)?.map(|reply| reply.text))
    }

    /// The same, whole.
    ///
    /// # Errors
    /// As [`Chat::ask`].
    pub(crate) fn reply(&self, request: &ChatRequest) -> Result<Option<ChatReply>, ChatError> {
        let reply = self.unless_refused(self.model()?.reply(request))?;
        self.usage.set(sum(self.usage.get(), reply.as_ref().and_then(|reply| reply.usage)));
        Ok(reply)
    }

    /// What the answers cost together, as far as the model says it.
    pub(crate) fn usage(&self) -> Option<ChatUsage> {
        self.usage.get()
    }

    /// The sentences of the list `key` of the answer to the latest version of a prompt, each with its white space in one;
    /// the first `most` of those that can be read. None where the model refuses, or answers with no such list.
    ///
    /// # Errors
    /// As [`Chat::ask`].
    pub(crate) fn sentences(&self, wanted: &Sentences, data: String) -> Result<Vec<String>, ChatError> {
        let Sentences { prompt, key, most, max_tokens } = wanted;
        let schema = json!({
            "type": "object",
            "properties": { *key: { "type": "array", "items": { "type": "string" } } },
            "required": [key],
            "additionalProperties": false,
        });
        let request = prompt.request(prompt.latest(), data, *max_tokens, Some(schema));
        let Some(text) = self.ask(&request)? else { return Ok(Vec::new()) };
        let Some(list) = answer::list(&text, key) else {
            self.drop_unread(1);
            return Ok(Vec::new());
        };
        let words = |item: &Value| {
            let words: Vec<&str> = item.as_str()?.split_whitespace().collect();
            (!words.is_empty()).then(|| words.join(" "))
        };
        let mut sentences: Vec<String> = list.iter().filter_map(words).collect();
        self.drop_unread(list.len() - sentences.len());
        sentences.truncate(*most);
        Ok(sentences)
    }

    /// How likely the model finds each token of a text. `None`, which counts as unreadable, where it refuses this text.
    ///
    /// # Errors
    /// The model failed, is not there, or does not tell.
    pub(crate) fn likelihoods(&self, text: &str) -> Result<Option<Vec<TokenLikelihood>>, ChatError> {
        self.unless_refused(self.model()?.likelihoods(None, text))
    }

    fn model(&self) -> Result<&'a dyn ChatModel, ChatError> {
        self.model.ok_or_else(|| ChatError::Missing { message: format!("there is no chat model; {CHAT_ADVICE}") })
    }

    fn unless_refused<T>(&self, answer: Result<T, ChatError>) -> Result<Option<T>, ChatError> {
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(ChatError::Refused { .. }) => {
                self.drop_unread(1);
                Ok(None)
            }
            Err(e) => Err(e),
        }
    }

    /// Notes that so many pieces of answers, or whole answers, could not be read.
    pub(crate) fn drop_unread(&self, pieces: usize) {
        self.unread.set(self.unread.get() + pieces as u64);
    }

    /// How many pieces of answers could not be read so far.
    pub(crate) fn unread(&self) -> u64 {
        self.unread.get()
    }
}

/// What two calls cost together.
pub(crate) fn sum(one: Option<ChatUsage>, other: Option<ChatUsage>) -> Option<ChatUsage> {
    let (Some(one), Some(other)) = (one, other) else { return one.or(other) };
    Some(ChatUsage {
        prompt_tokens: one.prompt_tokens + other.prompt_tokens,
        completion_tokens: one.completion_tokens + other.completion_tokens,
    })
}

/// A model for the tests of strategies: it gives its answers in order, the last one again and again, and keeps what it
/// was asked.
#[cfg(test)]
#[derive(Debug, Default)]
pub(crate) struct Scripted {
    answers: Vec<String>,
    asked: std::sync::Mutex<Vec<ChatRequest>>,
}

#[cfg(test)]
impl Scripted {
    pub(crate) fn new<S: Into<String>>(answers: impl IntoIterator<Item = S>) -> Self {
        Self { answers: answers.into_iter().map(Into::into).collect(), asked: std::sync::Mutex::default() }
    }

    /// What it was asked, as a reader sees it: the messages one after another.
    pub(crate) fn asked(&self) -> Vec<String> {
        let shown = |request: &ChatRequest| {
            let messages = request.messages.iter().map(|m| format!("[{}]\n{}", m.role.as_str(), m.content.trim_end()));
            messages.collect::<Vec<_>>().join("\n")
        };
        self.asked.lock().unwrap().iter().map(shown).collect()
    }

    /// At which temperatures it was asked.
    pub(crate) fn temperatures(&self) -> Vec<f64> {
        self.asked.lock().unwrap().iter().map(|request| request.temperature).collect()
    }
}

#[cfg(test)]
impl ChatModel for Scripted {
    fn model(&self) -> &str {
        "scripted"
    }

    /// The answer `refuse` is a refusal, `fail` a failure.
    fn reply(&self, request: &ChatRequest) -> Result<ChatReply, ChatError> {
        let mut asked = self.asked.lock().unwrap();
        asked.push(request.clone());
        let (model, message) = ("scripted".to_owned(), "as told".to_owned());
        match self.answers.get(asked.len() - 1).or(self.answers.last()).map(String::as_str) {
            None | Some("fail") => Err(ChatError::Failed { model, message }),
            Some("refuse") => Err(ChatError::Refused { model, message }),
            Some(answer) => Ok(ChatReply::whole(answer)),
        }
    }

    /// Each answer tells the likelihood of one token: a piece of the text and, behind a space, a logarithm. Where they do
    /// not, every character is a token and as likely as its number says.
    fn likelihoods(&self, _request: Option<&ChatRequest>, text: &str) -> Result<Vec<TokenLikelihood>, ChatError> {
        if self.answers.iter().any(|answer| answer == "refuse") {
            return Err(ChatError::Refused { model: "scripted".to_owned(), message: "as told".to_owned() });
        }
        let token = |answer: &String| {
            let (piece, ln) = answer.rsplit_once(' ')?;
            Some(TokenLikelihood { bytes: piece.len(), ln: ln.parse().ok()? })
        };
        let character = |c: char| TokenLikelihood { bytes: c.len_utf8(), ln: -((u32::from(c) % 7) as f32) };
        let told: Option<Vec<TokenLikelihood>> = self.answers.iter().map(token).collect();
        Ok(told.unwrap_or_else(|| text.chars().map(character).collect()))
    }
}
