//! The pages as a browser gets them: what is on them, and what they refuse.

mod talk;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use kithkin_server::{Keys, RightName, Settings};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::harness::{ask, remembered, send, service, settings};
use crate::keys::new_key;

/// A person whose name has all that means something in paths, in HTML and in queries.
const HOSTILE: &str = "a/b \"c\" 'd' <i>🦊</i> &amp;?#%2F..";
/// What a turn says that would like to be a script.
const SCRIPT: &str = "I live in Oslo. <script>alert(1)</script><img src=x onerror='alert(2)'>\" onload=\"alert(3)";

fn segment(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

async fn get_with(router: &Router, path: &str, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, String) {
    let request =
        headers.iter().fold(Request::builder().uri(path), |request, (name, value)| request.header(*name, *value));
    let (status, headers, bytes) = send(router, request.body(Body::empty()).unwrap()).await;
    (status, headers, String::from_utf8(bytes.to_vec()).unwrap())
}

async fn get(router: &Router, path: &str) -> (StatusCode, HeaderMap, String) {
    get_with(router, path, &[]).await
}

/// Sends a form, as a browser does from a page of the service unless the headers say otherwise.
async fn post(router: &Router, path: &str, form: &str, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, String) {
    let own = [("sec-fetch-site", "same-origin")];
    let mut request =
        Request::builder().method("POST").uri(path).header("content-type", "application/x-www-form-urlencoded");
    for (name, value) in if headers.is_empty() { &own[..] } else { headers } {
        request = request.header(*name, *value);
    }
    let (status, headers, bytes) = send(router, request.body(Body::from(form.to_owned())).unwrap()).await;
    (status, headers, String::from_utf8(bytes.to_vec()).unwrap())
}

async fn say(router: &Router, person: &str, turns: &[(&str, &str)]) -> Vec<String> {
    let turns: Vec<Value> = turns.iter().map(|(at, text)| json!({ "text": text, "said_at": at })).collect();
    let (status, answer) =
        ask(router, "POST", &format!("/v1/persons/{}/turns", segment(person)), &json!({ "turns": turns })).await;
    assert_eq!(status, StatusCode::CREATED, "{answer}");
    answer["turns"].as_array().unwrap().iter().map(|turn| turn["turn"].as_str().unwrap().to_owned()).collect()
}

/// The pages of a person.
fn pages_of(person: &str) -> Vec<String> {
    let base = format!("/persons/{}", segment(person));
    vec![base.clone(), format!("{base}?q=Where+do+I+live%3F&as_of=2030-01-01"), format!("{base}/profile")]
}

/// The page is drawn, holds these words, and nothing that a browser would run.
async fn check(router: &Router, path: &str, words: &[&str]) {
    for language in ["en", "de", "zh"] {
        let (status, headers, page) = get_with(router, path, &[("accept-language", language)]).await;
        assert_eq!(status, StatusCode::OK, "{path}: {page}");
        for word in words {
            assert!(page.contains(word), "{path} ({language}) has no {word:?}: {page}");
        }
        assert!(page.contains(&format!("<html lang=\"{language}\">")), "{page}");
        is_safe(path, &headers, &page);
    }
}

fn is_safe(path: &str, headers: &HeaderMap, page: &str) {
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'; script-src 'self';") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(headers["referrer-policy"], "same-origin");
    assert_eq!(headers["cache-control"], "no-store");
    for (part, why) in page.split("<script").skip(1).map(|part| (part, "a script")) {
        assert!(part.starts_with(" src=\"/assets/"), "{path} has {why} of its own: {}", &part[..part.len().min(80)]);
    }
    for bad in ["<img src=x", "\" onload=", "<i>", " style=\"", "javascript:"] {
        assert!(!page.contains(bad), "{path} has {bad}");
    }
}

#[tokio::test]
async fn every_page_is_drawn_for_an_empty_a_normal_and_a_hostile_person() {
    let router = service(settings());
    check(&router, "/", &["data-drop", "htmx.min.js?v="]).await;
    check(&router, "/import?person=x", &["value=\"x\""]).await;
    for path in pages_of("nobody") {
        check(&router, &path, &["<bdi>nobody</bdi>"]).await;
    }
    let said = [("2024-05-01T10:00", "I live in Oslo."), ("2024-06-02T10:00", "I'm quite shy. I moved to Bergen.")];
    let turns = say(&router, "ann", &said).await;
    for path in pages_of("ann") {
        check(&router, &path, &["<bdi>ann</bdi>", "Bergen"]).await;
    }
    check(&router, "/persons/ann?q=Where+do+I+live%3F", &["bm25", "I live in Oslo.", "class=\"tree\""]).await;
    check(
        &router,
        "/persons/ann/profile",
        &["Oslo", "<svg class=\"chart\"", "id=\"traits-table\"", "id=\"topics-table\""],
    )
    .await;
    check(&router, &format!("/persons/ann/turns/{}", turns[1]), &["Bergen", "/profile\">"]).await;
    say(&router, HOSTILE, &[("2024-05-01T10:00", SCRIPT), ("2024-05-01T10:01", "<b>bold</b> & 'quoted'")]).await;
    for path in pages_of(HOSTILE) {
        check(&router, &path, &["&lt;i&gt;🦊&lt;&#x2f;i&gt;"]).await;
    }
    let home = "/persons/".to_owned() + &segment(HOSTILE);
    check(&router, &home, &["&lt;script&gt;alert(1)&lt;&#x2f;script&gt;"]).await;
    check(&router, &format!("{home}?q={}&as_of=2024-05", segment(SCRIPT)), &["&lt;script&gt;"]).await;
    check(&router, "/", &["/persons/ann\"", &segment(HOSTILE)]).await;
    check(&router, &format!("{home}/erase?what=all"), &["&lt;i&gt;"]).await;
}

#[tokio::test]
async fn a_copy_is_kept() {
    let router = service(settings());
    say(&router, HOSTILE, &[("2024-05-01T10:00", "I live in Oslo.")]).await;
    let (status, headers, copy) = get(&router, &format!("/persons/{}/export", segment(HOSTILE))).await;
    assert!(status == StatusCode::OK && copy.contains("I live in Oslo."), "{copy}");
    assert_eq!(headers["content-type"], "application/x-ndjson");
    assert_eq!(get(&router, "/persons/nobody/export").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_past_is_shown_as_it_was() {
    let router = service(settings());
    say(&router, "ann", &[("2024-05-01T10:00", "I live in Oslo."), ("2024-06-02T10:00", "I live in Bergen.")]).await;
    let (_, _, page) = get(&router, "/persons/ann?as_of=2024-05-20&q=Where+do+I+live%3F").await;
    assert!(page.contains("Oslo") && !page.contains("Bergen") && page.contains("max=\"32\" value=\"19\""), "{page}");
}

#[tokio::test]
async fn what_goes_wrong_is_a_page() {
    let router = service(settings());
    say(&router, "ann", &[("2024-05-01T10:00", "I live in Oslo.")]).await;
    let check = async |path: &str, expect: u16, words: &str| {
        let (status, headers, page) = get(&router, path).await;
        assert!(status == expect && page.contains(words) && page.contains("role=\"alert\""), "{path}: {status} {page}");
        is_safe(path, &headers, &page);
    };
    check("/persons/ann/turns/none", 404, "Not found").await;
    check("/persons/ann?as_of=%3Cscript%3E", 422, "&lt;script&gt;").await;
    check("/persons/ann/erase?what=world", 422, "unknown variant").await;
    check("/persons/ann/erase?what=turn&id=none", 404, "none").await;
    check("/persons/nobody/erase?what=all", 404, "nobody").await;
    check("/persons/%20", 422, "person id").await;
    check("/go?person=", 422, "person id").await;
    check("/assets/none.js", 404, "none.js").await;
    let (status, _, page) = post(&router, "/persons/ann/profile", "change=confirm&topic=none", &[]).await;
    assert!(status == 404 && page.contains("none"), "{page}");
}

#[tokio::test]
async fn an_entry_is_edited_confirmed_and_rejected() {
    let router = service(settings());
    say(&router, "ann", &[("2024-05-01T10:00", "I live in Oslo.")]).await;
    let profile = "/persons/ann/profile";
    let check = async |form: &str, words: &str| {
        let (status, headers, page) = post(&router, profile, form, &[]).await;
        assert_eq!(
            (status, headers["location"].to_str().unwrap()),
            (StatusCode::SEE_OTHER, "/persons/ann/profile?saved=true"),
            "{page}"
        );
        let (_, _, page) = get(&router, profile).await;
        assert!(page.contains(words), "{page}");
    };
    check("change=confirm&topic=home&which=Oslo&about=ann&value=Oslo", "tag good").await;
    check("change=edit&topic=home&which=Oslo&value=Bergen", "Before that: 1").await;
    check("change=reject&topic=home&which=Bergen", "Rejected: 1").await;
    check("change=edit&topic=favourite+tea&value=%3Cb%3Eoolong", "&lt;b&gt;oolong").await;
}

#[tokio::test]
async fn erasing_asks_first_and_gives_a_receipt() {
    let router = service(settings());
    let turns =
        say(&router, "ann", &[("2024-05-01T10:00", "I live in Oslo."), ("2024-05-01T10:01", "I like tea.")]).await;
    let turn = format!("what=turn&id={}&conversation=notes", turns[0]);
    let (status, _, page) = get(&router, &format!("/persons/ann/erase?{turn}")).await;
    assert!(status == 200 && page.contains("1 turn would go") && page.contains(&turns[0]), "{page}");
    assert_eq!(remembered(&router, "ann").await.len(), 2, "asking erases nothing");
    let (status, headers, page) = post(&router, "/persons/ann/erase", &turn, &[]).await;
    assert!(status == 200 && page.contains("It is erased.") && page.contains("<dt>Turns</dt><dd>1</dd>"), "{page}");
    is_safe("the receipt", &headers, &page);
    assert_eq!(remembered(&router, "ann").await.len(), 1);
    let (status, _, page) = post(&router, "/persons/ann/erase", "what=all&name=bob", &[]).await;
    assert!(status == 422 && page.contains("Nothing was erased"), "{page}");
    assert_eq!(remembered(&router, "ann").await.len(), 1);
    let (status, _, page) = post(&router, "/persons/ann/erase", "what=all&name=ann", &[]).await;
    assert!(status == 200 && page.contains("It is erased."), "{page}");
    assert!(remembered(&router, "ann").await.is_empty());
}

#[tokio::test]
async fn another_site_changes_nothing() {
    let router = service(settings());
    say(&router, "ann", &[("2024-05-01T10:00", "I live in Oslo.")]).await;
    let host = ("host", "localhost:7700");
    let foreign: [&[(&str, &str)]; 6] = [
        &[host],
        &[host, ("origin", "http://evil.example")],
        &[host, ("origin", "null")],
        &[host, ("origin", "http://localhost:3000")],
        &[host, ("sec-fetch-site", "cross-site")],
        &[host, ("sec-fetch-site", "same-site"), ("origin", "http://localhost:7700")],
    ];
    for headers in foreign {
        let (status, _, page) = post(&router, "/persons/ann/erase", "what=all&name=ann", headers).await;
        assert!(status == StatusCode::FORBIDDEN && page.contains("another site"), "{headers:?}: {page}");
        assert_eq!(remembered(&router, "ann").await.len(), 1, "{headers:?}");
    }
    for headers in [&[host, ("origin", "http://localhost:7700")], &[host, ("sec-fetch-site", "same-origin")]] {
        let (status, _, page) = post(&router, "/persons/ann/profile", "change=confirm&topic=home", headers).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{page}");
    }
    let (status, _, _) = get_with(&router, "/persons/ann", &[("host", "evil.example")]).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "a name that is made to lead here");
    let (status, _, _) = get_with(&router, "/v1/persons", &[host, ("origin", "http://evil.example")]).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_key_signs_in_and_out() {
    use RightName::{Admin, Erase, Read, Write};
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("keys.toml");
    let all = new_key(&file, "one", None, &[Read, Write, Erase, Admin]);
    let anns = new_key(&file, "one", Some("ann"), &[Read]);
    let router = service(Settings { keys: Some(Keys::open(&file).unwrap()), ..settings() });
    let turns = json!({ "turns": [{ "text": "I live in Oslo.", "said_at": "2024-05-01" }] });
    let mut told = crate::harness::request("POST", "/v1/persons/ann/turns", &turns);
    told.headers_mut().insert("authorization", format!("Bearer {all}").parse().unwrap());
    assert_eq!(send(&router, told).await.0, StatusCode::CREATED);

    let (status, headers, page) = get(&router, "/persons/ann?q=x").await;
    assert!(
        status == StatusCode::UNAUTHORIZED && page.contains("name=\"next\" value=\"&#x2f;persons&#x2f;ann?q=x\""),
        "{page}"
    );
    is_safe("the page that asks for a key", &headers, &page);
    let (status, _, page) = post(&router, "/sign-in", "key=kk-nobody-00&next=/", &[]).await;
    assert!(status == StatusCode::UNAUTHORIZED && page.contains("This key was not taken."), "{page}");
    let (status, _, _) = post(&router, "/sign-in", &format!("key={all}"), &[("origin", "http://evil.example")]).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "nobody is signed in from elsewhere");

    let (status, headers, _) = post(&router, "/sign-in", &format!("key={all}&next=//evil.example"), &[]).await;
    let cookie = headers["set-cookie"].to_str().unwrap().to_owned();
    assert_eq!((status, headers["location"].to_str().unwrap()), (StatusCode::SEE_OTHER, "/"));
    assert!(cookie.contains("; HttpOnly; SameSite=Strict") && !cookie.contains("Secure"), "{cookie}");
    let over_tls = [("sec-fetch-site", "same-origin"), ("x-forwarded-proto", "https")];
    let (_, headers, _) = post(&router, "/sign-in", &format!("key={all}&next=/"), &over_tls).await;
    assert!(headers["set-cookie"].to_str().unwrap().ends_with("; Secure"));

    let signed_in = |key: &str| format!("a=b; kithkin-key={key}");
    let (status, _, page) = get_with(&router, "/persons/ann", &[("cookie", &signed_in(&all))]).await;
    assert!(status == StatusCode::OK && page.contains("I live in Oslo.") && page.contains("/sign-out"), "{page}");
    let (status, _, _) = get_with(&router, "/v1/persons", &[("cookie", &signed_in(&all))]).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED, "the cookie is for the pages");
    let forged = [("cookie", signed_in(&all)), ("origin", "http://evil.example".to_owned())];
    let forged: Vec<(&str, &str)> = forged.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let (status, _, _) = post(&router, "/persons/ann/erase", "what=all&name=ann", &forged).await;
    assert_eq!(status, StatusCode::FORBIDDEN);

    // A key for one person, to read.
    let cookie = signed_in(&anns);
    let (status, headers, _) = get_with(&router, "/", &[("cookie", &cookie)]).await;
    assert_eq!((status, headers["location"].to_str().unwrap()), (StatusCode::SEE_OTHER, "/persons/ann"));
    for (path, expect) in
        [("/persons/ann", 200), ("/persons/bob", 403), ("/persons/ann/erase?what=all", 403), ("/import", 403)]
    {
        let (status, _, page) = get_with(&router, path, &[("cookie", &cookie)]).await;
        assert_eq!(status, expect, "{path}: {page}");
    }
    let (status, headers, _) = post(&router, "/sign-out", "", &[]).await;
    assert!(status == StatusCode::SEE_OTHER && headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
}

#[tokio::test]
async fn the_language_is_kept() {
    let router = service(settings());
    let (_, headers, page) = get(&router, "/?lang=de").await;
    assert!(page.contains("Beginnen Sie"), "{page}");
    let cookie = headers["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("kithkin-language=de;"), "{cookie}");
    let (_, headers, page) = get_with(&router, "/", &[("cookie", cookie), ("accept-language", "zh")]).await;
    assert!(page.contains("Beginnen Sie") && !headers.contains_key("set-cookie"), "{page}");
    let (_, headers, page) = get_with(&router, "/?lang=tlh", &[("accept-language", "zh-CN")]).await;
    assert!(page.contains("从已有的内容开始") && !headers.contains_key("set-cookie"), "{page}");
}

#[tokio::test]
async fn assets_are_kept_until_there_are_others() {
    let router = service(settings());
    let (_, _, page) = get(&router, "/").await;
    for part in page.split("\"/assets/").skip(1) {
        let path = format!("/assets/{}", part.split('"').next().unwrap());
        let (status, headers, _) = get(&router, &path).await;
        assert_eq!(
            (status, headers["cache-control"].to_str().unwrap()),
            (StatusCode::OK, "public, max-age=31536000, immutable")
        );
        let tag = headers["etag"].to_str().unwrap();
        let (status, _, body) = get_with(&router, &path, &[("if-none-match", tag)]).await;
        assert_eq!((status, body.len()), (StatusCode::NOT_MODIFIED, 0), "{path}");
        let (_, headers, _) = get(&router, path.split('?').next().unwrap()).await;
        assert_eq!(headers["cache-control"], "no-cache", "an asset without its hash may be another one tomorrow");
    }
}

#[tokio::test]
async fn a_dropped_file_is_imported_with_progress() {
    let router = service(settings());
    let send_file = async |path: &str, body: &str| {
        let request = Request::builder().method("POST").uri(path).header("sec-fetch-site", "same-origin");
        let (status, headers, bytes) = send(&router, request.body(Body::from(body.to_owned())).unwrap()).await;
        (status, headers["content-type"].to_str().unwrap().to_owned(), String::from_utf8(bytes.to_vec()).unwrap())
    };
    let lines =
        "{\"text\": \"I live in Oslo.\", \"said_at\": \"2024-05-01\", \"speaker\": \"<b>\"}\n{\"speaker\": \"ann\"}\n";
    let (status, form, told) = send_file("/import?person=ann", lines).await;
    assert_eq!((status, form.as_str()), (StatusCode::OK, "text/event-stream"));
    assert!(told.contains("event: done") && told.contains("1 turn of 1 conversation stored"), "{told}");
    assert!(told.contains("Not imported: 1 item") && told.contains("<td>line 2</td>"), "{told}");
    assert!(!told.contains("<b>"), "{told}");
    assert_eq!(remembered(&router, "ann").await.len(), 1);
    let (_, _, told) = send_file("/import?person=ann", "no format at all").await;
    assert!(told.contains("role=\\\"alert\\\""), "{told}");
    let (status, _, page) = send_file("/import?person=%07", "x").await;
    assert!(status == 422 && page.contains("role=\"alert\""), "{page}");
    let foreign = Request::builder().method("POST").uri("/import?person=ann").body(Body::from(lines)).unwrap();
    assert_eq!(send(&router, foreign).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_lab_shows_what_a_folder_has() {
    let router = service(settings());
    check(&router, "/lab", &["kithkin serve --lab runs"]).await;
    let dir = tempfile::tempdir().unwrap();
    let runs = dir.path().join("runs");
    std::fs::create_dir(&runs).unwrap();
    let write = |name: &str, text: &str| std::fs::write(runs.join(name), text).unwrap();
    let row = json!({
        "method": "<i>bm25", "metrics": { "recall@10": 0.5, "ndcg@10": 0.25 }, "by_category": { "dates": { "ndcg@10": 0.125 } },
        "n": 75, "query_ms": { "p50": 1.5, "p95": 2.0 }, "ingest_seconds": 1.0, "models": {}, "skipped": {},
    });
    let data = json!({ "path": "/home/somebody/file.json", "sha256": "0123456789abcdef", "items": 3 });
    write("recall.json", &json!({ "task": "recall", "data": data, "rows": [row] }).to_string());
    write("recall-milliseconds.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>");
    write("broken.json", "{");
    write(
        "rows.toml",
        "[[row]]\nid = \"a\"\ntask = \"t\"\nmethod = \"m\"\nn = 1\ntolerance = 0.1\nexpected = { x = 0.5 }",
    );
    write("../secret.svg", "secret");
    let router = service(Settings { lab: Some(runs), ..settings() });
    let words =
        ["0.2500", "0.1250", "/lab/plots/recall%2Dmilliseconds%2Esvg", "broken.json", "x 0.5000", "0123456789ab"];
    check(&router, "/lab", &words).await;
    assert!(!get(&router, "/lab").await.2.contains("somebody"));
    let (status, headers, _) = get(&router, "/lab/plots/recall-milliseconds.svg").await;
    assert_eq!((status, headers["content-type"].to_str().unwrap()), (StatusCode::OK, "image/svg+xml"));
    for name in ["..%2Fsecret.svg", "recall.json", "none.svg", "%2Fetc%2Fpasswd"] {
        assert_eq!(get(&router, &format!("/lab/plots/{name}")).await.0, StatusCode::NOT_FOUND, "{name}");
    }
}
