//! Answers of a chat model in this process, in the form of OpenAI's chat completions, and answers that no model gives.
//!
//! Such a model has no tools, reads no images, and gives one answer; a request for more is refused. It serves where nothing may
//! leave the machine.

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::sync::Arc;

use axum::Json;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use kithkin::{ChatError, ChatMessage, ChatModel, ChatReply, ChatRequest, ChatRole, Role};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::memory::Memory;
use crate::problem::Problem;
use crate::service::Service;
use crate::wire::{ChatBody, Dialect};

/// Tokens of an answer at most, where the request does not say.
const TOKENS: u32 = 800;

fn request_of(body: &ChatBody) -> Result<ChatRequest, Problem> {
    if let Some(field) =
        ["tools", "functions", "response_format", "logprobs"].into_iter().find(|field| body.asks(field))
    {
        let detail = format!("the model in this process cannot do what {field:?} asks for; leave it out");
        return Err(Problem::input(detail));
    }
    let message = |said: kithkin::Said| {
        let role = match said.role {
            Role::System | Role::Tool => ChatRole::System,
            Role::User => ChatRole::User,
            Role::Assistant => ChatRole::Assistant,
        };
        ChatMessage::new(role, said.text)
    };
    let messages: Vec<ChatMessage> = body.said().into_iter().map(message).collect();
    if messages.is_empty() {
        return Err(Problem::input("messages is empty or has no text"));
    }
    let limit = body.number("max_completion_tokens").or_else(|| body.number("max_tokens"));
    // A number that does not fit is cut to what does.
    let max_tokens = limit.map_or(TOKENS, |limit| limit as u32);
    let temperature = body.number("temperature").unwrap_or(0.3).clamp(0.0, 2.0);
    Ok(ChatRequest { messages, max_tokens, temperature, schema: None })
}

/// Answers with the model, and remembers the answer.
pub(super) async fn answer(
    service: &Service,
    model: &Arc<dyn ChatModel>,
    dialect: Dialect,
    bytes: &[u8],
    memory: Memory,
) -> Result<Response, Problem> {
    if dialect == Dialect::Responses {
        return Err(Problem::not_found("the model in this process speaks chat completions only"));
    }
    let body = ChatBody::parse(dialect, bytes)?;
    let request = request_of(&body)?;
    let (headers, service) = (memory.headers(), service.clone());
    let form = Form::new(model.model());
    let model = Arc::clone(model);
    if !body.streams() {
        let replied = tokio::task::spawn_blocking(move || model.reply(&request)).await;
        let reply = replied.map_err(|_| Problem::internal())?.map_err(failed)?;
        let whole = form.whole(&reply);
        memory.answered(&service, reply.text, reply.usage).await;
        return Ok((headers, Json(whole)).into_response());
    }
    let (events, sent) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let _under_way = service.metrics().stream();
        let (pieces, first) = (events.clone(), form.clone());
        let replied = tokio::task::spawn_blocking(move || {
            let _ = pieces.send(first.piece(&json!({ "role": "assistant", "content": "" }), None));
            model.stream(&request, &mut |piece| {
                // A client that has left is not heard, and the answer is remembered all the same.
                let _ = pieces.send(first.piece(&json!({ "content": piece }), None));
                ControlFlow::Continue(())
            })
        });
        match replied.await {
            Ok(Ok(reply)) => {
                let why = if reply.cut { "length" } else { "stop" };
                let _ = events.send(form.piece(&json!({}), Some(why)));
                let _ = events.send("[DONE]".to_owned());
                drop(events);
                memory.answered(&service, reply.text, reply.usage).await;
            }
            Ok(Err(error)) => {
                let error = json!({ "error": { "message": error.to_string(), "type": "server_error" } });
                let _ = events.send(error.to_string());
            }
            Err(panicked) => tracing::error!(error = %panicked, "a chat model panicked"),
        }
    });
    Ok((headers, as_events(sent)).into_response())
}

fn failed(error: ChatError) -> Problem {
    kithkin::Error::from(kithkin::EngineError::from(error)).into()
}

fn as_events(sent: mpsc::UnboundedReceiver<String>) -> Response {
    let next = |mut sent: mpsc::UnboundedReceiver<String>| async {
        sent.recv().await.map(|data| (Ok::<_, Infallible>(Event::default().data(data)), sent))
    };
    Sse::new(stream::unfold(sent, next)).into_response()
}

/// An answer of the policy, in the form that was asked for.
pub(super) fn said(body: &ChatBody, text: &str) -> Result<Response, Problem> {
    let form = Form::new("kithkin-policy");
    if !body.streams() {
        return Ok(Json(form.whole(&ChatReply::whole(text))).into_response());
    }
    let (events, sent) = mpsc::unbounded_channel();
    let _ = events.send(form.piece(&json!({ "role": "assistant", "content": text }), None));
    let _ = events.send(form.piece(&json!({}), Some("stop")));
    let _ = events.send("[DONE]".to_owned());
    Ok(as_events(sent))
}

/// The frame of an answer.
#[derive(Debug, Clone)]
struct Form {
    id: String,
    model: String,
    created: u64,
}

impl Form {
    fn new(model: &str) -> Self {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Self { id: format!("chatcmpl-{:x}", since.as_nanos()), model: model.to_owned(), created: since.as_secs() }
    }

    fn whole(&self, reply: &ChatReply) -> Value {
        let why = if reply.cut { "length" } else { "stop" };
        let usage = reply.usage.map(|usage| {
            let (read, said) = (usage.prompt_tokens, usage.completion_tokens);
            json!({ "prompt_tokens": read, "completion_tokens": said, "total_tokens": read + said })
        });
        let message = json!({ "role": "assistant", "content": reply.text });
        json!({
            "id": self.id, "object": "chat.completion", "created": self.created, "model": self.model,
            "choices": [{ "index": 0, "message": message, "finish_reason": why }],
            "usage": usage,
        })
    }

    fn piece(&self, delta: &Value, why: Option<&str>) -> String {
        let choice = json!({ "index": 0, "delta": delta, "finish_reason": why });
        let piece = json!({
            "id": self.id, "object": "chat.completion.chunk", "created": self.created, "model": self.model,
            "choices": [choice],
        });
        piece.to_string()
    }
}
