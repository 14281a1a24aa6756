//! A memory for any OpenAI-compatible client: it changes its base address, and nothing else.
//!
//! What is new of a request's messages is remembered, what bears on its last message is put into its instructions as one quoted
//! block, and the answer is remembered when it has passed by, whether or not the client is still there. All else passes
//! through as it came. When the memory fails, the request goes on without it, and a header says so.

mod heard;
mod local;
mod memory;
mod switches;
mod upstream;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http_body_util::BodyExt;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::json;
use tokio::sync::mpsc;

use crate::access::{Caller, Read, Write};
use crate::extract::{is_json, whole};
use crate::problem::Problem;
use crate::service::Service;
use crate::wire::{ChatBody, Dialect, ServerEvent};

use heard::Heard;
use memory::{Memory, Outcome};
use switches::{Switches, Use};
use upstream::passes;
pub use upstream::{Endpoint, NoUpstream, Upstream};

/// Pieces of an answer that wait for a slow client before the upstream has to wait too.
const PIECES: usize = 64;

/// Everything that is not plain in a list of ids.
const NOT_PLAIN: &AsciiSet = &CONTROLS.add(b' ').add(b',').add(b'%').add(b'"');

/// Completes a chat, with memory: the request and the answer are OpenAI's.
///
/// The person is named by the header `X-Kithkin-Person` or by the field `user`; without either the request passes through as it is.
#[utoipa::path(post, path = "/v1/chat/completions", tag = "proxy", params(
    ("X-Kithkin-Person" = Option<String>, Header, description = "Who speaks; percent-encoded, as all of these"),
    ("X-Kithkin-Conversation" = Option<String>, Header, description = "The conversation; found by its messages where it is not given"),
    ("X-Kithkin-Method" = Option<String>, Header, description = "How to recall"),
    ("X-Kithkin-Tokens" = Option<String>, Header, description = "Tokens that the block of memories takes at most"),
    ("X-Kithkin-Memory" = Option<String>, Header, description = "`on`, `read-only` or `off`")
), request_body(content = serde_json::Value, content_type = "application/json"), responses(
    (status = 200, description = "The upstream's answer", content(
        (serde_json::Value = "application/json"), (ServerEvent = "text/event-stream")
    )),
    (status = "4XX", body = serde_json::Value),
    (status = "5XX", body = serde_json::Value)
))]
pub(crate) async fn complete(State(service): State<Service>, request: Request) -> Response {
    forwarded(service, request, Dialect::Chat).await.unwrap_or_else(|problem| refused(&problem))
}

/// Makes a response, with memory: the request and the answer are OpenAI's. The headers are those of chat completions.
#[utoipa::path(post, path = "/v1/responses", tag = "proxy",
    request_body(content = serde_json::Value, content_type = "application/json"), responses(
    (status = 200, description = "The upstream's answer", content(
        (serde_json::Value = "application/json"), (ServerEvent = "text/event-stream")
    )),
    (status = "4XX", body = serde_json::Value),
    (status = "5XX", body = serde_json::Value)
))]
pub(crate) async fn responses(State(service): State<Service>, request: Request) -> Response {
    forwarded(service, request, Dialect::Responses).await.unwrap_or_else(|problem| refused(&problem))
}

/// Lists the upstream's models.
#[utoipa::path(get, path = "/v1/models", tag = "proxy", responses(
    (status = 200, body = serde_json::Value),
    (status = "4XX", body = serde_json::Value),
    (status = "5XX", body = serde_json::Value)
))]
pub(crate) async fn models(State(service): State<Service>, headers: HeaderMap) -> Response {
    let listed = async {
        Caller::of::<Read>(&headers, &service).await?;
        match upstream_of(&service)? {
            Upstream::Local(model) => {
                let model = json!({ "id": model.model(), "object": "model", "created": 0, "owned_by": "kithkin" });
                Ok(Json(json!({ "object": "list", "data": [model] })).into_response())
            }
            Upstream::Http(endpoint) => {
                let answer = endpoint.send(Method::GET, "/models", &onward(&service, &headers), Body::empty()).await?;
                let (head, body) = answer.into_parts();
                Ok((head.status, passed(&head.headers), Body::new(body)).into_response())
            }
        }
    };
    listed.await.unwrap_or_else(|problem| refused(&problem))
}

/// A refusal as OpenAI's clients read it.
fn refused(problem: &Problem) -> Response {
    let status = problem.status();
    let kind = if status.is_client_error() { "invalid_request_error" } else { "server_error" };
    let code = problem.kind.trim_start_matches("urn:").replace(':', "_");
    let error = json!({ "message": problem.detail, "type": kind, "param": null, "code": code });
    (status, Json(json!({ "error": error }))).into_response()
}

fn upstream_of(service: &Service) -> Result<&Upstream, Problem> {
    let none = || Problem::not_found("there is no model behind this service; start it with --upstream or --chat");
    service.settings().upstream.as_ref().ok_or_else(none)
}

/// The client's headers without a key of this service.
fn onward(service: &Service, headers: &HeaderMap) -> HeaderMap {
    let mut onward = headers.clone();
    if service.has_keys() {
        onward.remove(header::AUTHORIZATION);
    }
    onward
}

async fn forwarded(service: Service, request: Request, dialect: Dialect) -> Result<Response, Problem> {
    let headers = request.headers().clone();
    let onward = onward(&service, &headers);
    let switches = Switches::read(&headers)?;
    let caller = if switches.memory == Use::On {
        Caller::of::<Write>(&headers, &service).await?
    } else {
        Caller::of::<Read>(&headers, &service).await?
    };
    let upstream = upstream_of(&service)?;
    is_json(&headers)?;
    let bytes = whole(request, &service).await?;
    let body = ChatBody::parse(dialect, &bytes)?;
    let memory = Memory::of(&service, &caller, switches, &body, &upstream.asked(body.model())).await?;
    if let Outcome::Routed(reply) = &memory.outcome {
        let reply = reply.clone();
        let memory = memory.kept(&service).await;
        let answer = local::said(&body, &reply)?;
        memory.keep(&service, reply).await;
        return Ok((memory.headers(), answer).into_response());
    }
    let bytes = match memory.block() {
        Some(block) => Bytes::from(body.with_block(block).map_err(|_| Problem::internal())?),
        None => bytes,
    };
    match upstream {
        Upstream::Local(model) => local::answer(&service, model, dialect, &bytes, memory.kept(&service).await).await,
        Upstream::Http(endpoint) => {
            let answer = endpoint.send(Method::POST, dialect.path(), &onward, Body::from(bytes)).await;
            let memory = memory.kept(&service).await;
            Ok(passed_on(service, answer?, dialect, memory))
        }
    }
}

/// The headers of an answer that are for the client.
fn passed(headers: &HeaderMap) -> HeaderMap {
    let own = headers.iter().filter(|(name, _)| passes(name));
    own.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The answer on its way to the client, with a listener beside it. When the client leaves, the rest is heard all the same.
fn passed_on(
    service: Service,
    answer: axum::http::Response<hyper::body::Incoming>,
    dialect: Dialect,
    memory: Memory,
) -> Response {
    let (head, mut body) = answer.into_parts();
    let form = head.headers.get(header::CONTENT_TYPE).and_then(|form| form.to_str().ok()).unwrap_or_default();
    let mut heard = Heard::new(dialect, form.starts_with("text/event-stream"));
    let (pieces, sent) = mpsc::channel::<Result<Bytes, hyper::Error>>(PIECES);
    let headers = (passed(&head.headers), memory.headers());
    let answers = head.status.is_success();
    tokio::spawn(async move {
        let _under_way = service.metrics().stream();
        while let Some(frame) = body.frame().await {
            match frame.map(hyper::body::Frame::into_data) {
                Ok(Ok(bytes)) => {
                    let _ = pieces.send(Ok(bytes.clone())).await;
                    heard.push(&bytes);
                }
                Ok(Err(_trailers)) => {}
                Err(broken) => {
                    let _ = pieces.send(Err(broken)).await;
                    break;
                }
            }
        }
        drop(pieces);
        if answers {
            let (text, usage) = heard.end();
            memory.answered(&service, text, usage).await;
        }
    });
    let body = stream::unfold(sent, |mut sent| async { sent.recv().await.map(|piece| (piece, sent)) });
    (head.status, headers.0, headers.1, Body::from_stream(body)).into_response()
}

/// A header that tells of the memory; what cannot stand in one is percent-encoded.
fn told(headers: &mut HeaderMap, name: &'static str, text: &str) {
    let value = utf8_percent_encode(text, NOT_PLAIN).to_string();
    if let Ok(value) = HeaderValue::from_str(&value) {
        headers.append(HeaderName::from_static(name), value);
    }
}
