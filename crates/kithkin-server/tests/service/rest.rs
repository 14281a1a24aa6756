//! The REST routes: what goes in comes out, and what is wrong is told.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::harness::{ask, remembered, request, send, service, settings};

const TURNS: &str = "/v1/persons/ann/turns";

#[tokio::test]
async fn what_is_remembered_is_found_corrected_exported_and_erased() {
    let router = service(settings());
    let turns = json!({ "turns": [
        { "text": "I live in Oslo.", "said_at": "2024-05-01T10:00", "conversation": "a" },
        { "text": "My dog is called Rex.", "said_at": "2024-05-02T10:00", "conversation": "b" },
    ] });
    let (status, answer) = ask(&router, "POST", TURNS, &turns).await;
    assert_eq!((status, answer["turns"][0]["duplicate"].clone()), (StatusCode::CREATED, json!(false)));
    let (_, again) = ask(&router, "POST", TURNS, &turns).await;
    assert_eq!(again["turns"][1]["duplicate"], true);

    let recall = json!({ "question": "What is my dog called?", "method": "bm25", "limit": 1 });
    let (status, found) = ask(&router, "POST", "/v1/persons/ann/recall", &recall).await;
    assert_eq!((status, found["evidence"][0]["text"].as_str()), (StatusCode::OK, Some("My dog is called Rex.")));
    let before = json!({ "question": "What is my dog called?", "method": "bm25", "now": "2024-05-01T12:00" });
    let (_, found) = ask(&router, "POST", "/v1/persons/ann/recall", &before).await;
    assert!(!found.to_string().contains("Rex"), "{found}");
    let context = json!({ "message": "What is my dog called?", "method": "bm25" });
    let (_, context) = ask(&router, "POST", "/v1/persons/ann/context", &context).await;
    assert!(context["text"].as_str().unwrap().contains("called Rex"), "{context}");

    let (_, profile) = ask(&router, "GET", "/v1/persons/ann/profile", &Value::Null).await;
    assert_eq!(profile["entries"][0]["value"], "Oslo");
    let correct = json!({ "topic": "home", "value": "Bergen" });
    let (status, _) = ask(&router, "POST", "/v1/persons/ann/profile", &correct).await;
    assert_eq!(status, StatusCode::OK);
    let (_, profile) = ask(&router, "GET", "/v1/persons/ann/profile", &Value::Null).await;
    assert_eq!(profile["entries"][0]["value"], "Bergen");
    let (_, profile) = ask(&router, "GET", "/v1/persons/ann/profile?as_of=2024-06", &Value::Null).await;
    assert_eq!(profile["entries"][0]["value"], "Oslo");

    let (status, _, export) = send(&router, request("GET", "/v1/persons/ann/export", &Value::Null)).await;
    assert_eq!(status, StatusCode::OK);
    let copy = service(settings());
    let import = Request::builder().method("POST").uri("/v1/import").body(Body::from(export)).unwrap();
    let (status, _, report) = send(&copy, import).await;
    assert_eq!(status, StatusCode::OK, "{report:?}");
    assert_eq!(remembered(&copy, "ann").await, remembered(&router, "ann").await);

    let counted = json!({ "conversation": "b", "dry_run": true });
    let (_, counted) = ask(&router, "POST", "/v1/persons/ann/forget", &counted).await;
    assert_eq!((counted["turns"].clone(), remembered(&router, "ann").await.len()), (json!(1), 3));
    assert_eq!(counted.get("receipt"), None);
    let named = json!({ "conversation": "b", "receipt": true });
    let (_, erased) = ask(&router, "POST", "/v1/persons/ann/forget", &named).await;
    let receipt = &erased["receipt"];
    assert_eq!(
        (&receipt["entry"], &receipt["what"], &receipt["turns"]),
        (&json!(1), &json!("conversation"), &json!(1))
    );
    assert!(kithkin::Receipt::parse("the answer", &receipt.to_string()).is_ok(), "{erased}");
    let (status, erased) = ask(&router, "DELETE", "/v1/persons/ann", &Value::Null).await;
    assert_eq!((status, erased["turns"].clone()), (StatusCode::OK, json!(2)));
    let (status, _) = ask(&router, "GET", "/v1/persons/ann", &Value::Null).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_request_with_a_key_may_be_sent_again() {
    let router = service(settings());
    for _ in 0..3 {
        let mut request = request("POST", TURNS, &json!({ "turns": [{ "text": "Yes." }, { "text": "Yes." }] }));
        request.headers_mut().insert("idempotency-key", "one".parse().unwrap());
        assert_eq!(send(&router, request).await.0, StatusCode::CREATED);
        // The next comes at another time.
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert_eq!(remembered(&router, "ann").await.len(), 2, "two of the same words are two turns");
}

#[tokio::test]
async fn lists_come_in_parts() {
    let router = service(settings());
    for person in ["a", "b", "c d", "e/f", "安娜", "🦊"] {
        let path = format!(
            "/v1/persons/{}/turns",
            percent_encoding::utf8_percent_encode(person, percent_encoding::NON_ALPHANUMERIC)
        );
        let turns: Vec<Value> = (0..5).map(|i| json!({ "text": format!("{person} {i}") })).collect();
        let (status, _) = ask(&router, "POST", &path, &json!({ "turns": turns })).await;
        assert_eq!(status, StatusCode::CREATED, "{person}");
        let mut texts = Vec::new();
        let mut next = Value::from(0);
        while !next.is_null() {
            let (_, part) = ask(&router, "GET", &format!("{path}?limit=2&cursor={next}"), &Value::Null).await;
            texts.extend(part["turns"].as_array().unwrap().iter().map(|turn| turn["text"].clone()));
            next = part["next"].clone();
        }
        assert_eq!(texts.len(), 5, "{texts:?}");
    }
    let (_, part) = ask(&router, "GET", "/v1/persons?limit=4", &Value::Null).await;
    assert_eq!((part["persons"].as_array().unwrap().len(), part["next"].as_str()), (4, Some("e/f")));
    let (_, part) = ask(&router, "GET", "/v1/persons?cursor=e%2Ff", &Value::Null).await;
    assert_eq!((part["persons"].as_array().unwrap().len(), part["next"].clone()), (2, Value::Null));
}

/// A body is refused with this status, and in words that hold these.
async fn refused(method: &str, path: &str, form: &str, body: impl Into<Body>, status: u16, words: &str) {
    let router = service(settings());
    ask(&router, "POST", TURNS, &json!({ "turns": [{ "text": "hello" }] })).await;
    let request = Request::builder().method(method).uri(path).header("content-type", form).body(body.into()).unwrap();
    let (found, headers, bytes) = send(&router, request).await;
    let problem: Value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    let detail = problem["detail"].as_str().unwrap_or_default();
    assert!(found == status && detail.contains(words), "{method} {path}: {found} {problem}");
    assert_eq!(headers["content-type"], "application/problem+json");
    assert!(headers.contains_key("x-request-id"));
    assert_eq!(remembered(&router, "ann").await.len(), 1, "nothing is lost and nothing is added");
}

#[tokio::test]
async fn bad_input_is_told_by_name() {
    let json = "application/json";
    let deep = "[".repeat(100_000);
    refused("POST", TURNS, json, "{", 400, "no JSON").await;
    refused("POST", TURNS, json, "", 400, "no JSON").await;
    refused("POST", TURNS, json, deep, 422, "expected a string").await;
    refused("POST", TURNS, json, vec![0xff, 0xfe], 400, "no JSON").await;
    refused("POST", TURNS, json, "{}", 422, "missing field `turns`").await;
    refused("POST", TURNS, json, "{\"turns\":[]}", 422, "send 1 to 10000").await;
    refused("POST", TURNS, json, "{\"turns\":[{\"text\":\"\"}]}", 422, "no text").await;
    refused("POST", TURNS, json, "{\"turns\":[{\"text\":\"a\\u0000b\"}]}", 422, "NUL").await;
    refused("POST", TURNS, json, "{\"turns\":[{\"text\":\"a\",\"said_at\":\"yesterday\"}]}", 422, "yesterday").await;
    refused("POST", TURNS, json, "{\"turns\":[{\"text\":\"a\",\"said_at\":\"2999\"}]}", 422, "future").await;
    refused("POST", TURNS, json, "{\"turns\":[{\"text\":\"a\",\"role\":\"god\"}]}", 422, "god").await;
    refused("POST", TURNS, json, "{\"turns\":[{\"text\":\"a\",\"speeker\":\"x\"}]}", 422, "speeker").await;
    refused("POST", TURNS, "text/plain", "{\"turns\":[{\"text\":\"a\"}]}", 415, "text/plain").await;
    refused("POST", TURNS, "application/x-www-form-urlencoded", "turns=1", 415, "application/json").await;
    refused("POST", TURNS, json, vec![b' '; 33 << 20], 413, "too large").await;
    refused("PUT", TURNS, json, "{}", 405, "no such method").await;
    refused("GET", "/v1/nothing", json, "", 404, "no such route").await;
    refused("GET", "/v1/persons/%00/turns", json, "", 422, "control character").await;
    refused("GET", "/v1/persons/%20/turns", json, "", 422, "empty").await;
    refused("GET", "/v1/persons/..%2F..%2Fetc/turns", json, "", 404, "no person").await;
    refused("GET", "/v1/persons/%27%20OR%201=1/turns", json, "", 404, "no person").await;
    refused("GET", "/v1/persons/%ff/turns", json, "", 422, "not UTF-8").await;
    refused("GET", "/v1/persons/ann/turns?limit=0", json, "", 422, "within 1 and 1000").await;
    refused("GET", "/v1/persons/ann/turns?limit=x", json, "", 422, "limit").await;
    refused("GET", "/v1/persons/ann/turns?page=2", json, "", 422, "page").await;
    refused("GET", "/v1/persons/ann/turns/none", json, "", 404, "none").await;
    refused("GET", "/v1/persons/ann/profile?as_of=soon", json, "", 422, "soon").await;
    refused("GET", "/v1/methods/bm26", json, "", 404, "bm25").await;
    refused("POST", "/v1/persons/ann/recall", json, "{\"question\":\" \"}", 422, "empty").await;
    refused("POST", "/v1/persons/ann/recall", json, "{\"question\":\"x\",\"method\":\"nix\"}", 404, "nix").await;
    refused("POST", "/v1/persons/ann/recall", json, "{\"question\":\"x\",\"limit\":9999}", 422, "at most 1000").await;
    refused("POST", "/v1/persons/ann/recall", json, "{\"question\":\"x\",\"method\":\"dense\"}", 503, "embedder").await;
    refused("POST", "/v1/persons/ann/respond", json, "{\"message\":\"x\"}", 503, "chat model").await;
    refused("POST", "/v1/persons/ann/forget", json, "{}", 422, "exactly one").await;
    refused("POST", "/v1/persons/ann/forget", json, "{\"all\":true,\"conversation\":\"a\"}", 422, "exactly one").await;
    let both = "{\"all\":true,\"dry_run\":true,\"receipt\":true}";
    refused("POST", "/v1/persons/ann/forget", json, both, 422, "has no receipt").await;
    refused("POST", "/v1/import", "application/octet-stream", "{broken", 422, "").await;
    refused("POST", "/v1/import?format=chatgpt", "application/octet-stream", "", 422, "").await;
    refused("POST", "/v1/import?format=floppy", "application/octet-stream", "x", 422, "floppy").await;
}

#[tokio::test]
async fn a_page_of_another_site_is_refused() {
    let router = service(settings());
    for (header, value, expect) in [
        ("host", "127.0.0.1:7700", StatusCode::OK),
        ("host", "localhost", StatusCode::OK),
        ("host", "rebound.example", StatusCode::FORBIDDEN),
        ("sec-fetch-site", "same-origin", StatusCode::OK),
        ("sec-fetch-site", "none", StatusCode::OK),
        ("sec-fetch-site", "cross-site", StatusCode::FORBIDDEN),
        ("sec-fetch-site", "same-site", StatusCode::FORBIDDEN),
    ] {
        let mut request = request("GET", "/v1/persons", &Value::Null);
        request.headers_mut().insert(header, value.parse().unwrap());
        let (status, headers, _) = send(&router, request).await;
        assert_eq!(status, expect, "{header}: {value}");
        assert!(!headers.contains_key("access-control-allow-origin"));
        assert_eq!(headers["cache-control"], "no-store");
    }
}

#[tokio::test]
async fn health_is_told_from_use() {
    let router = service(settings());
    for path in ["/livez", "/readyz", "/metrics", "/openapi.json"] {
        assert_eq!(send(&router, request("GET", path, &Value::Null)).await.0, StatusCode::OK, "{path}");
    }
    ask(&router, "GET", "/v1/persons/somebody-secret", &Value::Null).await;
    let (_, _, metrics) = send(&router, request("GET", "/metrics", &Value::Null)).await;
    let metrics = String::from_utf8(metrics.to_vec()).unwrap();
    assert!(metrics.contains("route=\"/v1/persons/{person}\",status=\"404\""), "{metrics}");
    assert!(!metrics.contains("somebody"), "{metrics}");
}

#[tokio::test]
async fn a_state_has_a_name_that_changes_with_it() {
    let router = service(settings());
    let turns = |text: &str| json!({ "turns": [{ "text": text, "said_at": "2024-05-01" }] });
    ask(&router, "POST", TURNS, &turns("I live in Oslo.")).await;
    let paths = ["/v1/persons/ann", "/v1/persons/ann/profile", "/v1/persons/ann/memories"];
    let tag = async |path: &str| {
        let (status, headers, _) = send(&router, request("GET", path, &Value::Null)).await;
        assert_eq!(status, StatusCode::OK);
        headers["etag"].clone()
    };
    let with = async |method: &str, path: &str, name: &'static str, tag: &axum::http::HeaderValue, body: &Value| {
        let mut request = request(method, path, body);
        request.headers_mut().insert(name, tag.clone());
        let (status, _, bytes) = send(&router, request).await;
        (status, bytes.len())
    };
    let first = tag(paths[0]).await;
    for path in paths {
        let known = with("GET", path, "if-none-match", &tag(path).await, &Value::Null).await;
        assert_eq!(known, (StatusCode::NOT_MODIFIED, 0), "{path}");
    }
    let correct = json!({ "topic": "home", "value": "Bergen" });
    let profile = paths[1];
    assert_eq!(with("POST", profile, "if-match", &first, &correct).await.0, StatusCode::OK);
    assert_eq!(with("POST", profile, "if-match", &first, &correct).await.0, StatusCode::PRECONDITION_FAILED);
    for path in paths {
        assert_eq!(with("GET", path, "if-none-match", &first, &Value::Null).await.0, StatusCode::OK, "{path}");
    }
    // Somebody who is erased and says the same again is in another state.
    let before = tag(paths[0]).await;
    ask(&router, "DELETE", "/v1/persons/ann", &Value::Null).await;
    ask(&router, "POST", TURNS, &turns("I live in Oslo.")).await;
    ask(&router, "POST", "/v1/persons/ann/profile", &correct).await;
    assert_ne!(tag(paths[0]).await, before);
}

#[tokio::test]
async fn a_person_says_what_their_data_may_be_used_for() {
    let router = service(settings());
    ask(&router, "POST", TURNS, &json!({ "turns": [{ "text": "I live in Oslo." }] })).await;
    let path = "/v1/persons/ann/consents";
    let open = async |body: &Value| {
        let (status, answer) = ask(&router, if body.is_null() { "GET" } else { "POST" }, path, body).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let consents = answer["consents"].as_array().unwrap().clone();
        let open = consents.iter().filter(|one| one["open"] == true);
        open.map(|one| one["purpose"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(open(&Value::Null).await, ["reply", "derive", "filter", "ask"]);
    assert_eq!(open(&json!({ "purpose": "reply", "given": false })).await, ["derive", "filter", "ask"]);
    let (status, answer) =
        ask(&router, "POST", "/v1/persons/ann/prompt", &json!({ "message": "Where do I live?" })).await;
    assert!(status.is_client_error(), "{answer}");
    let persuade = json!({ "message": "Buy it?", "persuade": true });
    let (status, answer) = ask(&router, "POST", "/v1/persons/ann/prompt", &persuade).await;
    assert!(status.is_client_error() && answer["detail"].as_str().unwrap().contains("persuade"), "{answer}");
    let (status, _) = ask(&router, "POST", path, &json!({ "purpose": "sell", "given": true })).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn what_is_in_memory_is_counted() {
    let router = service(settings());
    ask(&router, "POST", TURNS, &json!({ "turns": [{ "text": "I live in Oslo." }] })).await;
    for _ in 0..3 {
        ask(&router, "POST", "/v1/persons/ann/recall", &json!({ "question": "Oslo?", "method": "bm25" })).await;
    }
    let (_, _, text) = send(&router, request("GET", "/metrics", &Value::Null)).await;
    let text = String::from_utf8(text.to_vec()).unwrap();
    let number = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(&format!("kithkin_{name} "))).unwrap();
        line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()
    };
    assert!(number("indexes") == number("index_misses") && number("index_hits") >= 2, "{text}");
    assert!(number("index_bytes") > 100 && number("chat_calls") == 0, "{text}");
    assert!(!text.contains("ann"), "{text}");
}
