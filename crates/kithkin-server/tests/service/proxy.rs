//! The proxy: what goes on, what comes back, and what is remembered of it.

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::harness::{ask, endpoint, remembered, remembered_at_last, request, send, service, settings, with_upstream};

const CHAT: &str = "/v1/chat/completions";
const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";
const REPLY: &str =
    r#"{"id":"1","choices":[{"index":0,"message":{"role":"assistant","content":"Rex, you said."}}],"x":1.50}"#;

fn pair(role: &str, text: &str) -> (String, String) {
    (role.to_owned(), text.to_owned())
}

async fn chat(router: &Router, messages: Value, headers: &[(&'static str, &str)]) -> (StatusCode, HeaderMap, Value) {
    let body = json!({ "model": "m", "messages": messages, "seed": 3, "tools": [{ "type": "function" }] });
    let mut request = request("POST", CHAT, &body);
    // What needs no model, whatever else is said.
    request.headers_mut().insert("x-kithkin-method", "bm25".parse().unwrap());
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    let (status, headers, bytes) = send(router, request).await;
    (status, headers, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

#[tokio::test]
async fn a_conversation_is_remembered_once_and_recalled_in_the_next() {
    let (base, sent) = endpoint(JSON, 200, vec![Some(REPLY)], 0).await;
    let router = with_upstream(&base);
    let ann = [("x-kithkin-person", "ann"), ("authorization", "Bearer of-the-client")];
    let mut messages = vec![json!({ "role": "system", "content": "Be kind." })];
    for (round, words) in ["My dog is called Rex.", "He is two years old.", "Yes."].into_iter().enumerate() {
        messages.push(json!({ "role": "user", "content": words }));
        let (status, headers, answer) = chat(&router, json!(messages), &ann).await;
        assert_eq!((status, answer), (StatusCode::OK, serde_json::from_str(REPLY).unwrap()));
        assert_eq!(headers["x-of-upstream"], "yes");
        messages.push(json!({ "role": "assistant", "content": "Rex, you said." }));
        assert_eq!(remembered_at_last(&router, "ann", 2 * round + 2).await.len(), 2 * round + 2);
    }
    let all = remembered(&router, "ann").await;
    assert_eq!(all[4], pair("user", "Yes."));

    let question = json!([{ "role": "user", "content": "What is my dog called?" }]);
    let (_, headers, _) = chat(&router, question.clone(), &ann).await;
    assert_eq!(headers["x-kithkin-memory"], "used");
    assert!(headers.contains_key("x-kithkin-recalled"));
    let (seen, body) = sent.lock().unwrap().last().cloned().unwrap();
    let block = body["messages"][0]["content"].as_str().unwrap_or_default().to_owned();
    assert!(block.starts_with("<recalled-memories") && block.contains("My dog is called Rex."), "{body}");
    assert_eq!((&body["messages"][1], &body["seed"]), (&question[0], &json!(3)));
    assert_eq!(seen["authorization"], "Bearer of-the-client");
    assert!(!seen.keys().any(|name| name.as_str().starts_with("x-kithkin")), "{seen:?}");

    // Another person knows nothing of it, and nobody is told anything.
    let (_, headers, _) = chat(&router, question.clone(), &[("x-kithkin-person", "bob")]).await;
    assert_eq!(headers["x-kithkin-memory"], "empty");
    let (_, headers, _) = chat(&router, question.clone(), &[]).await;
    assert_eq!(headers["x-kithkin-memory"], "no-person");
    let bodies: Vec<Value> = sent.lock().unwrap().iter().rev().take(2).map(|(_, body)| body.clone()).collect();
    assert!(bodies.iter().all(|body| body["messages"] == question), "{bodies:?}");
    let (_, disclosures) = ask(&router, "GET", "/v1/persons/ann/disclosures", &Value::Null).await;
    assert!(!disclosures["disclosures"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn a_conversation_is_found_again_after_much_else() {
    let (base, _) = endpoint(JSON, 200, vec![Some(REPLY)], 0).await;
    let router = with_upstream(&base);
    let ann = [("x-kithkin-person", "ann")];
    let mut messages = vec![json!({ "role": "user", "content": "My dog is called Rex." })];
    let (_, first, _) = chat(&router, json!(messages), &ann).await;
    remembered_at_last(&router, "ann", 2).await;
    let others: Vec<Value> = (0..300).map(|day| json!({ "text": format!("On day {day} it rained.") })).collect();
    ask(&router, "POST", "/v1/persons/ann/turns", &json!({ "turns": others })).await;
    messages.push(json!({ "role": "assistant", "content": "Rex, you said." }));
    messages.push(json!({ "role": "user", "content": "He is two years old." }));
    let (_, then, _) = chat(&router, json!(messages), &ann).await;
    assert_eq!(then["x-kithkin-conversation"], first["x-kithkin-conversation"]);
    let (_, report) = ask(&router, "GET", "/v1/persons/ann", &Value::Null).await;
    // What had been said before is not stored again; the answer may still be on its way.
    assert!((303..=304).contains(&report["turns"].as_u64().unwrap()), "{report}");
}

#[tokio::test]
async fn memory_is_switched_by_the_request() {
    let (base, _) = endpoint(JSON, 200, vec![Some(REPLY)], 0).await;
    let router = with_upstream(&base);
    let messages = || json!([{ "role": "user", "content": "My cat is called Mia." }]);
    let (_, headers, _) =
        chat(&router, messages(), &[("x-kithkin-person", "%E5%AE%89%E5%A8%9C"), ("x-kithkin-memory", "off")]).await;
    assert_eq!(headers["x-kithkin-memory"], "off");
    chat(&router, messages(), &[("x-kithkin-person", "安娜"), ("x-kithkin-memory", "read-only")]).await;
    assert!(remembered(&router, "%E5%AE%89%E5%A8%9C").await.is_empty());
    chat(&router, messages(), &[("x-kithkin-person", "安娜"), ("x-kithkin-conversation", "c/1")]).await;
    assert_eq!(remembered_at_last(&router, "%E5%AE%89%E5%A8%9C", 2).await.len(), 2);
    let (status, _, answer) = chat(&router, messages(), &[("x-kithkin-memory", "perhaps")]).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer["error"]["message"].as_str().unwrap().contains("read-only"), "{answer}");
    let (status, ..) = chat(&router, messages(), &[("x-kithkin-method", "nix")]).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_request_goes_on_when_memory_fails() {
    let (base, sent) = endpoint(JSON, 200, vec![Some(REPLY)], 0).await;
    let router = with_upstream(&base);
    ask(&router, "POST", "/v1/persons/ann/turns", &json!({ "turns": [{ "text": "hello there" }] })).await;
    let messages = json!([{ "role": "user", "content": "My dog is called Rex." }]);
    // There is no embedder here.
    let (status, headers, _) =
        chat(&router, messages, &[("x-kithkin-person", "ann"), ("x-kithkin-method", "dense")]).await;
    assert_eq!((status, headers["x-kithkin-memory"].to_str().unwrap()), (StatusCode::OK, "failed"));
    assert!(headers["x-kithkin-failure"].to_str().unwrap().contains("embedder"));
    assert_eq!(sent.lock().unwrap().len(), 1);
    // What was said and answered is remembered all the same.
    assert_eq!(remembered_at_last(&router, "ann", 3).await[1], pair("user", "My dog is called Rex."));
}

const STREAM: [&str; 4] = [
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"Rex\"}}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\", you",
    " said.\"}}]}\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4}}\n\n",
    "data: [DONE]\n\n",
];

async fn streamed(router: &Router) -> axum::http::Response<axum::body::Body> {
    let messages = json!([{ "role": "user", "content": "What is my dog called?" }]);
    let body = json!({ "model": "m", "stream": true, "user": "ann", "messages": messages });
    router.clone().oneshot(request("POST", CHAT, &body)).await.unwrap()
}

#[tokio::test]
async fn a_stream_passes_through_as_it_comes() {
    let (base, _) = endpoint(EVENTS, 200, STREAM.map(Some).to_vec(), 30).await;
    let router = with_upstream(&base);
    let mut body = streamed(&router).await.into_body();
    let mut pieces = Vec::new();
    while let Some(frame) = body.frame().await {
        pieces.push(frame.unwrap().into_data().unwrap());
    }
    assert_eq!(pieces.len(), STREAM.len(), "each piece comes when it is there");
    assert_eq!(pieces.concat(), STREAM.concat().as_bytes());
    assert_eq!(remembered_at_last(&router, "ann", 2).await[1], pair("assistant", "Rex, you said."));
}

#[tokio::test]
async fn the_answer_is_remembered_when_the_client_leaves() {
    let (base, _) = endpoint(EVENTS, 200, STREAM.map(Some).to_vec(), 30).await;
    let router = with_upstream(&base);
    let mut body = streamed(&router).await.into_body();
    body.frame().await.unwrap().unwrap();
    drop(body);
    assert_eq!(remembered_at_last(&router, "ann", 2).await[1], pair("assistant", "Rex, you said."));
}

#[tokio::test]
async fn a_stream_that_is_cut_is_seen_to_be() {
    let (base, _) = endpoint(EVENTS, 200, vec![Some(STREAM[0]), None], 10).await;
    let router = with_upstream(&base);
    let answer = streamed(&router).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.into_body().collect().await.is_err(), "the client is not told that it has all");
    assert_eq!(remembered_at_last(&router, "ann", 2).await[1], pair("assistant", "Rex"));
}

#[tokio::test]
async fn what_the_upstream_refuses_is_passed_on() {
    for (form, status, text) in [
        (JSON, 401, "{\"error\":{\"message\":\"wrong key\"}}"),
        (JSON, 429, "{\"error\":{\"message\":\"slow down\"}}"),
        ("text/html", 502, "<html>bad gateway</html>"),
        (JSON, 200, "garbage"),
    ] {
        let (base, _) = endpoint(form, status, vec![Some(text)], 0).await;
        let router = with_upstream(&base);
        let body = json!({ "messages": [{ "role": "user", "content": "hi" }], "user": "ann" });
        let (found, headers, bytes) = send(&router, request("POST", CHAT, &body)).await;
        assert_eq!((found.as_u16(), &bytes[..]), (status, text.as_bytes()));
        assert_eq!(headers["content-type"], form);
        assert_eq!(remembered(&router, "ann").await, [pair("user", "hi")], "what was said is there, and no answer");
    }
}

#[tokio::test]
async fn an_upstream_that_is_down_is_named() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/v1", listener.local_addr().unwrap());
    drop(listener);
    let router = with_upstream(&base);
    let body = json!({ "messages": [{ "role": "user", "content": "hi" }], "user": "ann" });
    for _ in 0..2 {
        let (status, answer) = ask(&router, "POST", CHAT, &body).await;
        assert_eq!(status, StatusCode::BAD_GATEWAY);
        assert!(answer["error"]["message"].as_str().unwrap().contains(&base), "{answer}");
    }
    assert_eq!(remembered(&router, "ann").await.len(), 1, "it was asked twice, and said once");
    let (status, answer) = ask(&service(settings()), "POST", CHAT, &body).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(answer["error"]["message"].as_str().unwrap().contains("--upstream"), "{answer}");
}

#[tokio::test]
async fn responses_are_spoken_as_well() {
    let events = [
        "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"Mia.\"}\n\n",
        "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"usage\":{\"input_tokens\":5,\"output_tokens\":1}}}\n\n",
    ];
    let (base, sent) = endpoint(EVENTS, 200, events.map(Some).to_vec(), 0).await;
    let router = with_upstream(&base);
    ask(&router, "POST", "/v1/persons/ann/turns", &json!({ "turns": [{ "text": "My cat is called Mia." }] })).await;
    let body = json!({ "model": "m", "input": "What is my cat called?", "user": "ann", "stream": true });
    let mut request = request("POST", "/v1/responses", &body);
    request.headers_mut().insert("x-kithkin-method", "bm25".parse().unwrap());
    let (status, headers, bytes) = send(&router, request).await;
    assert_eq!((status, &bytes[..]), (StatusCode::OK, events.concat().as_bytes()));
    assert_eq!(headers["x-kithkin-memory"], "used");
    let asked = sent.lock().unwrap()[0].1.clone();
    assert!(asked["instructions"].as_str().unwrap().contains("called Mia"), "{asked}");
    assert_eq!(asked["input"], body["input"]);
    assert_eq!(remembered_at_last(&router, "ann", 3).await[2], pair("assistant", "Mia."));
}

#[tokio::test]
async fn a_block_that_comes_back_is_not_remembered() {
    let (base, _) = endpoint(JSON, 200, vec![Some(REPLY)], 0).await;
    let router = with_upstream(&base);
    let block = "<recalled-memories note=\"x\">\n[1] 2024 ann: \"old\"\n</recalled-memories>";
    let messages = json!([
        { "role": "user", "content": block },
        { "role": "assistant", "content": format!("{block} Well.") },
        { "role": "user", "content": format!("{block}\nMy dog is called Rex.") },
    ]);
    chat(&router, messages, &[("x-kithkin-person", "ann")]).await;
    let turns = remembered_at_last(&router, "ann", 3).await;
    assert_eq!(turns[..2], [pair("assistant", "Well."), pair("user", "My dog is called Rex.")]);
}
