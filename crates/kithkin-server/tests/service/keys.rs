//! Who may do what: rights, tenants, and a key for one person.

use axum::Router;
use axum::http::StatusCode;
use kithkin_server::{Keys, NewKey, RightName, Settings, add_key};
use serde_json::{Value, json};

use crate::harness::{request, send, service, settings};

pub(crate) fn new_key(file: &std::path::Path, tenant: &str, person: Option<&str>, rights: &[RightName]) -> String {
    let person = person.map(|person| person.parse().unwrap());
    let rights = rights.iter().copied().collect();
    let (tenant, expires, per_second, note) = (tenant.parse().unwrap(), None, None, String::new());
    let new = NewKey { tenant, person, rights, expires, per_second, note };
    add_key(file, new).unwrap()
}

async fn with_key(router: &Router, key: &str, method: &str, path: &str, body: &Value) -> (StatusCode, Value) {
    let mut request = request(method, path, body);
    if !key.is_empty() {
        request.headers_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
    }
    let (status, _, bytes) = send(router, request).await;
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

#[tokio::test]
async fn a_key_opens_what_it_is_for() {
    use RightName::{Admin, Erase, Read, Write};
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("keys.toml");
    let all = new_key(&file, "one", None, &[Read, Write, Erase, Admin]);
    let reads = new_key(&file, "one", None, &[Read]);
    let writes = new_key(&file, "one", None, &[Write]);
    let anns = new_key(&file, "one", Some("ann"), &[Read, Write]);
    let router = service(Settings { keys: Some(Keys::open(&file).unwrap()), ..settings() });
    let turns = json!({ "turns": [{ "text": "hello" }] });
    let check = async |key: &str, method: &str, path: &str, body: &Value, expect: u16| {
        let (status, answer) = with_key(&router, key, method, path, body).await;
        assert_eq!(status.as_u16(), expect, "{method} {path}: {answer}");
    };
    let (anns_turns, bobs_turns) = ("/v1/persons/ann/turns", "/v1/persons/bob/turns");
    check("", "GET", "/livez", &Value::Null, 200).await;
    check("", "GET", "/v1/persons", &Value::Null, 401).await;
    check("kk-nobody-0000", "GET", "/v1/persons", &Value::Null, 401).await;
    check(&all[..all.len() - 2], "GET", "/v1/persons", &Value::Null, 401).await;
    check(&all, "POST", anns_turns, &turns, 201).await;
    check(&writes, "POST", bobs_turns, &turns, 201).await;
    check(&reads, "POST", anns_turns, &turns, 403).await;
    check(&reads, "GET", bobs_turns, &Value::Null, 200).await;
    check(&writes, "GET", bobs_turns, &Value::Null, 403).await;
    check(&reads, "DELETE", "/v1/persons/bob", &Value::Null, 403).await;
    check(&reads, "GET", "/metrics", &Value::Null, 403).await;
    check(&anns, "GET", anns_turns, &Value::Null, 200).await;
    check(&anns, "GET", bobs_turns, &Value::Null, 403).await;
    check(&anns, "POST", bobs_turns, &turns, 403).await;
    check(&anns, "GET", "/v1/persons", &Value::Null, 403).await;
    let beside = json!({ "message": "hello", "neighbours": ["bob"] });
    check(&anns, "POST", "/v1/persons/ann/prompt", &beside, 403).await;
    check(&anns, "POST", "/v1/persons/ann/respond", &beside, 403).await;
    check(&all, "DELETE", "/v1/persons/bob", &Value::Null, 200).await;
    check(&all, "GET", "/metrics", &Value::Null, 200).await;
}

/// A stream of numbers that is the same each time.
fn numbers(seed: u64) -> impl FnMut(usize) -> usize {
    let mut state = seed;
    move |below| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    }
}

#[tokio::test]
async fn two_tenants_with_equal_names_never_see_each_other() {
    use RightName::{Admin, Erase, Read, Write};
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("keys.toml");
    let rights = [Read, Write, Erase, Admin];
    let keys = ["crimson", "cobalt"].map(|tenant| (tenant, new_key(&file, tenant, None, &rights)));
    let router = service(Settings { keys: Some(Keys::open(&file).unwrap()), ..settings() });
    let mut next = numbers(7);
    let (mut answered, mut told) = (0, 0);
    for _ in 0..10_000 {
        let side = next(2);
        let (own, key) = &keys[side];
        let other = keys[1 - side].0;
        let person = format!("/v1/persons/p{}", next(3));
        // Each tenant's words hold its name, and only one of the other's may show it.
        let text = format!("the {own} kettle number {} stands in the {own} kitchen", next(40));
        let (method, path, body) = match next(40) {
            0..=15 => ("POST", format!("{person}/turns"), json!({ "turns": [{ "text": text }] })),
            16..=21 => {
                ("POST", format!("{person}/recall"), json!({ "question": "Where is the kettle?", "method": "bm25" }))
            }
            22..=24 => {
                ("POST", format!("{person}/context"), json!({ "message": "Where is the kettle?", "method": "bm25" }))
            }
            25..=27 => ("GET", format!("{person}/turns"), Value::Null),
            28 | 29 => ("GET", format!("{person}/profile"), Value::Null),
            30 | 31 => ("GET", format!("{person}/export"), Value::Null),
            32 | 33 => ("GET", "/v1/persons".to_owned(), Value::Null),
            34 | 35 => ("GET", person, Value::Null),
            36 | 37 => {
                ("POST", format!("{person}/prompt"), json!({ "message": "Where is the kettle?", "method": "bm25" }))
            }
            38 => ("DELETE", person, Value::Null),
            _ => ("GET", format!("{person}/audit"), Value::Null),
        };
        let mut request = request(method, &path, &body);
        request.headers_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
        let (status, _, bytes) = send(&router, request).await;
        let answer = String::from_utf8_lossy(&bytes);
        assert!(!answer.contains(other), "{own} asked {method} {path} and saw {answer}");
        assert!(status.is_success() || status == StatusCode::NOT_FOUND, "{method} {path}: {status} {answer}");
        answered += usize::from(status.is_success());
        told += usize::from(answer.contains(&format!("the {own} kettle")));
    }
    assert!(answered > 9_000 && told > 2_000, "{answered} were answered, {told} showed what was said");
}
