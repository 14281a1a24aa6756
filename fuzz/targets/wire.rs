//! The service: requests to any route, bodies of the proxy, and answers of the model behind it.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Request, Response};
use http_body_util::BodyExt;
use kithkin::{ChatError, ChatModel, ChatReply, ChatRequest, Kithkin};
use kithkin_fuzz::fuzz;
use kithkin_server::{Endpoint, Service, Settings, Upstream, app};
use tokio::runtime::Runtime;
use tower::ServiceExt;

use crate::letters::Letters;

const WORDS: [&str; 26] = [
    "POST /v1/persons/p/turns\n",
    "POST /v1/persons/p/recall\n",
    "POST /v1/persons/p/forget\n",
    "GET /v1/persons/p/profile?as_of=2024\n",
    "PATCH /v1/persons/p/profile\n",
    "POST /mcp\n",
    "POST /v1/import\n",
    "GET /persons/p/memory\n",
    "POST /v1/chat/completions\n",
    "%00",
    "%ff",
    "../",
    "?limit=-1",
    "\"turns\":[{\"text\":\"x\"}]",
    "\"attachments\":[{\"kind\":\"consent\"}]",
    "\"role\":\"system\"",
    "\"role\":\"assistant\"",
    "\"content\":[{\"type\":\"image_url\"}]",
    "\"user\":\"p\"",
    "\"stream\":true",
    "\"jsonrpc\":\"2.0\"",
    "\"method\":\"tools/call\"",
    "\"messages\":[",
    "\"input\":\"x\"",
    "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n",
    "<recalled-memories>",
];

/// Repeats what it is told last.
#[derive(Debug)]
struct Echo;

impl ChatModel for Echo {
    fn model(&self) -> &str {
        "echo"
    }

    fn reply(&self, request: &ChatRequest) -> Result<ChatReply, ChatError> {
        let last = request.messages.last().map(|message| message.content.clone());
        Ok(ChatReply::whole(last.unwrap_or_default()))
    }
}

fn service(upstream: Upstream) -> Router {
    let settings = Settings { upstream: Some(upstream), ..Settings::new("t".parse().unwrap()) };
    app(Service::new(Kithkin::in_memory().embedder_object(Arc::new(Letters)).start(), settings))
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Sends a request; a service that fails answers 500, which no input may bring about.
async fn sent(router: &Router, method: &str, path: &str, body: &[u8]) {
    let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    let request = request
        .header("host", "localhost")
        .header("x-kithkin-person", "p")
        .header("accept", "application/json, text/event-stream");
    // What is no request never reaches the router.
    let Ok(request) = request.body(Body::from(body.to_vec())) else { return };
    let answer = router.clone().oneshot(request).await.unwrap();
    let (status, body) = (answer.status(), answer.into_body().collect().await);
    assert_ne!(status.as_u16(), 500, "{method} {path}: {body:?}");
}

/// The first line is the method and the path, the rest the body.
#[test]
fn requests() {
    let (runtime, router) = (runtime(), service(Upstream::Local(Arc::new(Echo))));
    fuzz("requests", &WORDS, |input| {
        let (line, body) = input.split_at(input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len()));
        let line = String::from_utf8_lossy(line);
        let (method, path) = line.split_once(' ').unwrap_or(("POST", &line));
        runtime.block_on(sent(&router, method, path, body.get(1..).unwrap_or_default()));
    });
}

#[test]
fn proxy() {
    let (runtime, router) = (runtime(), service(Upstream::Local(Arc::new(Echo))));
    fuzz("proxy", &WORDS, |input| {
        for path in ["/v1/chat/completions", "/v1/responses"] {
            runtime.block_on(sent(&router, "POST", path, input));
        }
    });
}

/// The first byte says whether the answer is a stream; the rest is the answer.
#[test]
fn streams() {
    let (runtime, given) = (runtime(), Arc::new(Mutex::new((false, Bytes::new()))));
    let answer = Arc::clone(&given);
    let handler = move || {
        let (events, body) = answer.lock().unwrap().clone();
        let form = if events { "text/event-stream" } else { "application/json" };
        async move { Response::builder().header("content-type", form).body(Body::from(body)).unwrap() }
    };
    let router = runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/v1", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(handler)).await });
        service(Upstream::Http(Endpoint::new(&base, None).unwrap()))
    });
    fuzz("streams", &WORDS, |input| {
        let [first, rest @ ..] = input else { return };
        *given.lock().unwrap() = (first % 2 == 1, Bytes::copy_from_slice(rest));
        let body = br#"{"model":"m","stream":true,"messages":[{"role":"user","content":"Where do I live?"}]}"#;
        for path in ["/v1/chat/completions", "/v1/responses"] {
            runtime.block_on(sent(&router, "POST", path, body));
        }
    });
}
