//! A chat model behind an OpenAI-compatible HTTP endpoint: OpenAI, vLLM, Ollama, llama-server and others.
//!
//! The form is that of `POST {base}/chat/completions`. Requests that may succeed later (429, 5xx, no connection) are made
//! again, after a pause that doubles and varies; nothing is made again once a reply has begun. The key goes to the
//! endpoint and nowhere else: redirects are not followed, and no error shows it. Proxies are taken from the environment,
//! as other HTTP clients do. Tools are not offered.

mod key;
mod permits;
mod retry;
mod wire;

use std::io::{BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::time::Duration;

use kithkin_core::{ChatError, ChatModel, ChatReply, ChatRequest};
use ureq::Agent;
use ureq::http::Response;

pub use self::key::{ChatKey, NoKey};
use self::permits::Permits;
use self::retry::{Pauses, may_succeed_later};
use self::wire::{Event, Heard};

/// A reply longer than this many bytes is an error.
const LONGEST: u64 = 16 << 20;
/// How long making the connection may take.
const CONNECT: Duration = Duration::from_secs(10);

/// Where a model is, and how it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenAiEndpoint {
    /// The base, such as `https://api.openai.com/v1`; `/chat/completions` is added to it.
    pub url: String,
    /// The model's name at the endpoint.
    pub model: String,
    /// The key, where the endpoint wants one.
    pub key: Option<ChatKey>,
    /// How long a whole reply, or of a stream the wait for its next piece, may take. Default: 120 s.
    pub timeout: Duration,
    /// At most so many requests at once; further ones wait. Default: 4.
    pub at_once: usize,
}

impl OpenAiEndpoint {
    /// An endpoint with the defaults.
    pub fn new(url: impl Into<String>, model: impl Into<String>, key: Option<ChatKey>) -> Self {
        Self { url: url.into(), model: model.into(), key, timeout: Duration::from_secs(120), at_once: 4 }
    }
}

/// The model behind an endpoint.
#[derive(Debug)]
pub(super) struct OpenAi {
    endpoint: OpenAiEndpoint,
    url: String,
    /// What the model is called in reports.
    name: String,
    agent: Agent,
    permits: Permits,
    pauses: Pauses,
}

impl OpenAi {
    /// Makes no connection yet.
    pub(super) fn new(endpoint: OpenAiEndpoint) -> Result<Self, ChatError> {
        let base = endpoint.url.trim().trim_end_matches('/');
        let rest = base.strip_prefix("https://").or_else(|| base.strip_prefix("http://"));
        if rest.is_none_or(|rest| rest.is_empty() || rest.contains(char::is_whitespace)) {
            let message = format!("{base:?} is no address of a chat model; one looks like http://localhost:8080/v1");
            return Err(ChatError::Unusable { message });
        }
        if endpoint.model.trim().is_empty() {
            let message =
                format!("the chat model at {base} has no name; say which with --chat-model or KITHKIN_CHAT_MODEL");
            return Err(ChatError::Missing { message });
        }
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(CONNECT))
            .timeout_per_read(Some(endpoint.timeout))
            .user_agent(concat!("kithkin/", env!("CARGO_PKG_VERSION")));
        Ok(Self {
            url: format!("{base}/chat/completions"),
            name: endpoint.model.clone(),
            agent: config.build().new_agent(),
            permits: Permits::new(endpoint.at_once),
            pauses: Pauses::default(),
            endpoint,
        })
    }

    /// The answer to a request that was accepted. What may succeed later is tried again before.
    fn accepted(&self, request: &ChatRequest, stream: bool) -> Result<Response<ureq::Body>, ChatError> {
        let mut schema = request.schema.as_ref();
        let mut tries = self.pauses.tries();
        loop {
            let body = wire::body(&self.endpoint.model, request, schema, stream);
            let (why, after) = match self.send(&body, stream) {
                Ok(response) if response.status().is_success() => return Ok(response),
                Ok(mut response) => {
                    let status = response.status().as_u16();
                    let after = wire::retry_after(response.headers());
                    let said = response.body_mut().with_config().limit(LONGEST).lossy_utf8(true).read_to_string();
                    let said = wire::message(&said.unwrap_or_default());
                    // An endpoint that knows no schemas says so; the messages ask for the form as well.
                    if status == 400 && schema.is_some() && wire::is_about_schema(&said) {
                        schema = None;
                        continue;
                    }
                    let error = self.refusal(status, &said);
                    if !may_succeed_later(status) {
                        return Err(error);
                    }
                    (error, after)
                }
                Err(error) => {
                    let broken = self.failed(&self.told(&error));
                    if matches!(error, ureq::Error::Timeout(_) | ureq::Error::HostNotFound | ureq::Error::BadUri(_)) {
                        return Err(broken);
                    }
                    (broken, None)
                }
            };
            let Some(pause) = tries.next(after) else { return Err(why) };
            std::thread::sleep(pause);
        }
    }

    fn send(&self, body: &str, stream: bool) -> Result<Response<ureq::Body>, ureq::Error> {
        let whole = (!stream).then_some(self.endpoint.timeout);
        let mut post = self
            .agent
            .post(&self.url)
            .config()
            .timeout_global(whole)
            .timeout_recv_response(Some(self.endpoint.timeout))
            .build()
            .content_type("application/json");
        if let Some(key) = &self.endpoint.key {
            post = post.header("Authorization", format!("Bearer {}", key.secret()));
        }
        post.send(body)
    }

    /// What went wrong on the way, in words that say what to do.
    fn told(&self, error: &ureq::Error) -> String {
        let url = &self.url;
        match error {
            ureq::Error::Timeout(_) => {
                format!(
                    "no answer from {url} within {} s; give it more with --chat-timeout",
                    self.endpoint.timeout.as_secs()
                )
            }
            ureq::Error::HostNotFound => format!("there is no host of {url}; look at --chat-url"),
            error => format!("no connection to {url}: {error}; is it running?"),
        }
    }

    /// What an error status means.
    fn refusal(&self, status: u16, said: &str) -> ChatError {
        let (url, model) = (&self.url, &self.name);
        let said = self.without_key(said);
        match status {
            401 | 403 => {
                let key = if self.endpoint.key.is_some() { "does not take this key" } else { "wants a key" };
                let message = format!(
                    "{url} {key} ({status}: {said}); set KITHKIN_CHAT_KEY, or name its file with --chat-key-file"
                );
                ChatError::Unusable { message }
            }
            404 | 405 | 300..=399 => {
                let message = format!(
                    "{url} does not answer as {model} ({status}: {said}); look at --chat-url, which often ends in /v1, \
                     and at --chat-model"
                );
                ChatError::Unusable { message }
            }
            429 => self.failed(&format!("{url} has no room (429: {said}); try later, or look at your quota")),
            400 | 413 | 422 => ChatError::Refused { model: model.clone(), message: format!("{status}: {said}") },
            _ => self.failed(&format!("{url} answered {status}: {said}")),
        }
    }

    fn failed(&self, message: &str) -> ChatError {
        ChatError::Failed { model: self.name.clone(), message: self.without_key(message) }
    }

    /// Some endpoints repeat the key in their errors.
    fn without_key(&self, text: &str) -> String {
        self.endpoint.key.as_ref().map_or_else(|| text.to_owned(), |key| key.hidden_in(text))
    }
}

impl ChatModel for OpenAi {
    fn model(&self) -> &str {
        &self.name
    }

    fn reply(&self, request: &ChatRequest) -> Result<ChatReply, ChatError> {
        let _permit = self.permits.take();
        let mut response = self.accepted(request, false)?;
        let body = response.body_mut().with_config().limit(LONGEST).lossy_utf8(true).read_to_string();
        let body = body.map_err(|e| match e {
            ureq::Error::Timeout(_) => self.failed(&self.told(&e)),
            e => self.failed(&format!("the reply broke off: {e}")),
        })?;
        match wire::reply(&body) {
            Ok(Heard::Reply(reply)) => Ok(reply),
            Ok(Heard::Withheld(why)) => Err(ChatError::Refused { model: self.name.clone(), message: why }),
            Err(why) => Err(self.failed(&format!("the reply cannot be read: {why}"))),
        }
    }

    fn stream(
        &self,
        request: &ChatRequest,
        heard: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<ChatReply, ChatError> {
        let _permit = self.permits.take();
        let mut response = self.accepted(request, true)?;
        let lines = BufReader::new(response.body_mut().as_reader().take(LONGEST));
        let mut reply = ChatReply::whole("");
        let mut ended = false;
        for line in lines.lines() {
            let line = line.map_err(|e| {
                self.failed(&format!("the reply broke off after {} characters: {e}", reply.text.chars().count()))
            })?;
            match wire::event(&line).map_err(|why| self.failed(&format!("the reply cannot be read: {why}")))? {
                Event::Nothing => {}
                Event::Done => {
                    ended = true;
                    break;
                }
                Event::Failed(why) => return Err(self.failed(&why)),
                Event::Piece { text, end, usage } => {
                    reply.usage = usage.or(reply.usage);
                    ended |= end.is_some();
                    if end.as_deref() == Some("content_filter") {
                        let message = "its provider's filter held the reply back".to_owned();
                        return Err(ChatError::Refused { model: self.name.clone(), message });
                    }
                    reply.cut |= end.as_deref() == Some("length");
                    reply.text.push_str(&text);
                    if !text.is_empty() && heard(&text).is_break() {
                        return Ok(ChatReply { cut: true, ..reply });
                    }
                }
            }
        }
        if !ended {
            let so_far = reply.text.chars().count();
            return Err(self.failed(&format!("the reply broke off after {so_far} characters, without an end")));
        }
        Ok(reply)
    }
}

#[cfg(test)]
mod tests;
