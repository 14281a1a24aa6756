//! A service over a store in memory, with methods that need no model; and an endpoint that answers as it is told.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::BodyExt;
use kithkin::{ChatError, ChatModel, ChatReply, ChatRequest, Kithkin};
use kithkin_server::{Endpoint, Service, Settings, Upstream, app};
use serde_json::Value;
use tower::ServiceExt;

/// Settings of a tenant named `t`.
pub(crate) fn settings() -> Settings {
    Settings::new("t".parse().unwrap())
}

/// A router over an empty store.
pub(crate) fn service(settings: Settings) -> Router {
    app(Service::new(Kithkin::in_memory().start(), settings))
}

/// A chat model that gives its answers in order, and then fails.
#[derive(Debug)]
struct Told {
    answers: Mutex<std::collections::VecDeque<&'static str>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl ChatModel for Told {
    fn model(&self) -> &'static str {
        "told"
    }

    fn reply(&self, request: &ChatRequest) -> Result<ChatReply, ChatError> {
        self.asked.lock().unwrap().push(request.messages.last().unwrap().content.clone());
        let failed = || ChatError::Failed { model: "told".to_owned(), message: "there are no more answers".to_owned() };
        self.answers.lock().unwrap().pop_front().map(ChatReply::whole).ok_or_else(failed)
    }
}

/// A router over an empty store with a chat model that gives these answers.
pub(crate) fn with_chat(answers: &[&'static str]) -> Router {
    with_chat_that_tells(answers).0
}

/// The same, and what the model is asked last in each request.
pub(crate) fn with_chat_that_tells(answers: &[&'static str]) -> (Router, Arc<Mutex<Vec<String>>>) {
    let (answers, asked) = (Mutex::new(answers.iter().copied().collect()), Arc::default());
    let told = Told { answers, asked: Arc::clone(&asked) };
    (app(Service::new(Kithkin::in_memory().chat_object(Arc::new(told)).start(), settings())), asked)
}

/// A router with an endpoint behind its proxy.
pub(crate) fn with_upstream(base: &str) -> Router {
    let upstream = Some(Upstream::Http(Endpoint::new(base, None).unwrap()));
    service(Settings { upstream, ..settings() })
}

/// A request with a body of JSON, or without one for `Value::Null`.
pub(crate) fn request(method: &str, path: &str, body: &Value) -> Request<Body> {
    let request = Request::builder().method(method).uri(path);
    if body.is_null() {
        return request.body(Body::empty()).unwrap();
    }
    request.header("content-type", "application/json").body(Body::from(body.to_string())).unwrap()
}

/// Sends a request and reads the answer.
pub(crate) async fn send(router: &Router, request: Request<Body>) -> (StatusCode, HeaderMap, Bytes) {
    let (head, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    (head.status, head.headers, body.collect().await.unwrap().to_bytes())
}

/// The same, read as JSON.
pub(crate) async fn ask(router: &Router, method: &str, path: &str, body: &Value) -> (StatusCode, Value) {
    let (status, _, bytes) = send(router, request(method, path, body)).await;
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

/// What the endpoint was sent: the headers and the body.
pub(crate) type Sent = Arc<Mutex<Vec<(HeaderMap, Value)>>>;

/// An endpoint on a free port that answers every request in the same way, piece by piece with a pause between them. A piece
/// that is `None` breaks the connection off.
pub(crate) async fn endpoint(
    form: &'static str,
    status: u16,
    pieces: Vec<Option<&'static str>>,
    pause: u64,
) -> (String, Sent) {
    let sent = Sent::default();
    let seen = Arc::clone(&sent);
    let answer = move |headers: HeaderMap, body: Bytes| {
        seen.lock().unwrap().push((headers, serde_json::from_slice(&body).unwrap_or(Value::Null)));
        let pieces = pieces.clone();
        async move {
            let stream = futures_util::stream::unfold(pieces.into_iter(), move |mut pieces| async move {
                tokio::time::sleep(Duration::from_millis(pause)).await;
                let piece = pieces.next()?;
                let cut = || std::io::Error::other("cut");
                Some((piece.map(Bytes::from).ok_or_else(cut), pieces))
            });
            let answer = Response::builder().status(status).header("content-type", form).header("x-of-upstream", "yes");
            answer.body(Body::from_stream(stream)).unwrap()
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    (format!("http://{address}/v1"), sent)
}

/// The texts that are remembered of a person, with their roles.
pub(crate) async fn remembered(router: &Router, person: &str) -> Vec<(String, String)> {
    let (_, answer) = ask(router, "GET", &format!("/v1/persons/{person}/turns"), &Value::Null).await;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let turns = answer["turns"].as_array().cloned().unwrap_or_default();
    turns.iter().map(|turn| (text(&turn["role"]), text(&turn["text"]))).collect()
}

/// Waits until so many turns are remembered: an answer is written down after it has passed by.
pub(crate) async fn remembered_at_last(router: &Router, person: &str, count: usize) -> Vec<(String, String)> {
    for _ in 0..200 {
        let turns = remembered(router, person).await;
        if turns.len() >= count {
            return turns;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{:?} and no more", remembered(router, person).await);
}
