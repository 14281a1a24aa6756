//! Golden rankings of single strategies on a small conversation, each in a preset of its own.
//! With a toy embedder: mechanics, not quality.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod letters;

use std::ops::ControlFlow;
use std::sync::Arc;

use kithkin::{ConversationId, Kithkin, Method, Now, Recall, RecallReport, Role, Scope, SessionId, Turn, TurnId};
use letters::Letters;

/// (id, session, time, text)
type Said<'a> = (&'a str, &'a str, &'a str, &'a str);

const BOATS: &[Said<'_>] = &[
    ("a", "1", "2023-01-10", "the boat is red"),
    ("b", "1", "2023-01-10", "a boat boat"),
    ("c", "2", "2023-05-02", "my boat is green"),
    ("d", "3", "2023-06-20", "bread with butter"),
    ("e", "3", "2023-06-20", "the boat is red"),
];

fn scope() -> Scope {
    Scope::new("t".parse().unwrap(), "p".parse().unwrap())
}

fn method(observe: &str, recall: &str) -> Method {
    let text = format!(
        "id = \"x\"\ntitle = \"x\"\nsummary = \"x\"\nstatus = \"preview\"\ncost = \"x\"\n{observe}\n[recall]\n{recall}\n\
         fuse = {{ strategy = \"weighted\" }}\nsessions = {{ strategy = \"best-turn\" }}\n\
         answer = {{ strategy = \"logistic\" }}\nabstain_below = 0.0"
    );
    Method::parse("x.toml", &text).unwrap()
}

fn built(method: &Method, said: &[Said<'_>]) -> Kithkin {
    built_with(method, said, &|_| "Ann")
}

/// The same where the id of a turn says who speaks.
fn built_with(method: &Method, said: &[Said<'_>], speaker: &dyn Fn(&str) -> &'static str) -> Kithkin {
    let kithkin = Kithkin::in_memory().embedder_object(Arc::new(Letters)).start();
    let person = kithkin.person(&scope());
    let turn = |(id, session, at, text): &Said<'_>| Turn {
        conversation: ConversationId::new("c").unwrap(),
        session: SessionId::new(*session).unwrap(),
        id: TurnId::new(*id).unwrap(),
        speaker: speaker(id).to_owned(),
        role: Role::User,
        said_at: Some(at.parse().unwrap()),
        text: (*text).to_owned(),
        attachments: Vec::new(),
    };
    person.observe(said.iter().map(turn).collect()).unwrap();
    person.rebuild(method, &mut |_| ControlFlow::Continue(())).unwrap();
    kithkin
}

fn ask(method: &Method, said: &[Said<'_>], question: &str, now: &str) -> RecallReport {
    let recall = Recall { method: Some(method.clone()), ..Recall::new(question, Now::At(now.parse().unwrap())) };
    built(method, said).person(&scope()).recall(&recall).unwrap()
}

/// The turns found, best first, under a preset with this `retrieve` and `rerank`.
fn check(observe: &str, recall: &str, question: &str, expect: &str) {
    let report = ask(&method(observe, recall), BOATS, question, "2023-07-01");
    let found: Vec<&str> = report.evidence.iter().map(|e| e.turn.as_str()).collect();
    assert_eq!(found.join(""), expect, "{recall}");
}

#[test]
fn words_and_time() {
    let bm25 = "retrieve = [{ strategy = \"bm25\" }]";
    check("", bm25, "a boat", "bace");
    let with = |rerank: &str| format!("{bm25}\nrerank = [{{ {rerank} }}]");
    check("", &with("strategy = \"decay\", weight = 9.0, half_life = 20.0"), "a boat", "ecba");
    check("", &with("strategy = \"time-range\", weight = 9.0"), "a boat in May", "cbae");
    check("", &with("strategy = \"time-range\", weight = 9.0"), "a boat", "bace");
    check("", &with("strategy = \"time\", weight = 9.0"), "a boat in January", "bace");
    check("", &with("strategy = \"diversity\", weight = 9.0"), "boat red", "abce");
}

#[test]
fn memories_lead_to_their_turns() {
    let session = "[observe]\nsegment = { strategy = \"session\" }";
    let over = |kind: &str, spread: &str| {
        format!("retrieve = [{{ strategy = \"memory-bm25\", kind = \"{kind}\", spread = \"{spread}\" }}]")
    };
    check(session, &over("session", "first"), "bread", "d");
    check(session, &over("session", "all"), "bread", "de");
    check("[observe]\nsegment = { strategy = \"round\" }", &over("round", "all"), "bread", "de");
    let window = "[observe]\nsegment = { strategy = \"window\", before = 0, after = 1 }";
    check(window, &over("window", "first"), "butter", "d");
    let summary =
        "[observe]\nsegment = { strategy = \"session\" }\nextract = [{ strategy = \"summary\", sentences = 1 }]";
    check(summary, &over("summary", "all"), "bread", "d");
    let phrases = "[observe]\nsegment = { strategy = \"session\" }\nextract = [{ strategy = \"keyphrases\" }]";
    check(phrases, &over("keyphrases", "all"), "butter", "de");
}

#[test]
fn a_tree_compares_fewer_than_a_flat_search() {
    let texts: Vec<String> = (0..400u32)
        .map(|i| "abcdefghij".repeat(1 + i as usize % 7).replace(char::from(b'a' + (i % 10) as u8), "zz"))
        .collect();
    let ids: Vec<String> = (0..400).map(|i| i.to_string()).collect();
    let said: Vec<Said<'_>> =
        ids.iter().zip(&texts).map(|(id, text)| (id.as_str(), "s", "2023-01-01", text.as_str())).collect();
    let compared = |recall: &str| ask(&method("", recall), &said, "abcdefzzhij", "2023-02-01");
    let (tree, flat) = (
        compared("retrieve = [{ strategy = \"topic-tree\", beam = 2, margin = 0.02 }]"),
        compared("retrieve = [{ strategy = \"dense\" }]"),
    );
    assert_eq!(flat.compared, 400);
    assert!(tree.compared < 250, "{}", tree.compared);
    assert_eq!(tree.evidence[0].score, flat.evidence[0].score);
}

/// Three themes of letters, two sessions each.
const THEMES: &[Said<'_>] = &[
    ("a", "1", "2023-01-10", "aaaa aaab"),
    ("b", "2", "2023-02-10", "pppp pppq"),
    ("c", "3", "2023-03-10", "xxxx xxxy"),
    ("d", "4", "2023-04-10", "aaaa aabb"),
    ("e", "5", "2023-05-10", "pppp ppqq"),
    ("f", "6", "2023-06-10", "xxxx xxyy"),
];

#[test]
fn a_hierarchy_opens_what_is_near() {
    let observe = "[observe]\nsegment = { strategy = \"session\" }\nextract = [{ strategy = \"summary\" }]";
    let with = |more: &str, question: &str, now: &str| {
        let recall = format!("retrieve = [{{ strategy = \"summary-hierarchy\", second = 0.9{more} }}]");
        let method = method(observe, &recall);
        let recall = Recall {
            explain: true,
            method: Some(method.clone()),
            ..Recall::new(question, Now::At(now.parse().unwrap()))
        };
        built(&method, THEMES).person(&scope()).recall(&recall).unwrap()
    };
    let found = |report: &RecallReport| report.evidence.iter().map(|e| e.turn.as_str()).collect::<String>();
    let check = |more: &str, expect: &str, compared: usize| {
        let report = with(more, "aabbp", "2023-07-01");
        assert_eq!((found(&report).as_str(), report.compared), (expect, compared), "{more}");
    };
    // Three memories of the second order, each a top memory of its own, or all in one.
    check(", top = 0.9, opened = 1", "da", 3 + 1 + 2);
    check(", top = 0.9, opened = 2", "dabe", 3 + 2 + 4);
    check(", top = -1.0, expanded = 1", "da", 1 + 3 + 2);
    // What is said later belongs to no level yet.
    let report = with(", top = 0.9, opened = 1", "aabbp", "2023-02-20");
    assert_eq!((found(&report).as_str(), report.compared), ("a", 2 + 1 + 1));
    let why = |report: RecallReport| report.evidence[0].why.to_string();
    insta::assert_snapshot!(why(with(", top = -1.0, weights = [1.0, 0.5, 0.25]", "aabbp", "2023-07-01")));
}

#[test]
fn topics_are_merged_across_sessions() {
    let observe = "[observe]\nsegment = { strategy = \"session\" }\nextract = [{ strategy = \"summary\" }]";
    let with = |near: &str, now: &str| {
        let method = method(observe, &format!("retrieve = [{{ strategy = \"topics\", near = {near} }}]"));
        let recall = Recall {
            explain: true,
            method: Some(method.clone()),
            ..Recall::new("aabb", Now::At(now.parse().unwrap()))
        };
        built(&method, THEMES).person(&scope()).recall(&recall).unwrap()
    };
    let check = |near: &str, now: &str, first: &str, compared: usize| {
        let report = with(near, now);
        let best = report.evidence[0].score;
        let found: String = report.evidence.iter().filter(|e| e.score == best).map(|e| e.turn.as_str()).collect();
        assert_eq!((found.as_str(), report.compared), (first, compared), "{near} {now}");
    };
    check("0.9", "2023-07-01", "ad", 3);
    check("1.0", "2023-07-01", "d", 6);
    check("-1.0", "2023-07-01", "abcdef", 1);
    check("0.9", "2023-04-01", "a", 3);
    insta::assert_snapshot!(with("0.9", "2023-07-01").evidence[0].why.to_string());
}

#[test]
fn association_ranks_sessions_by_what_they_belong_to() {
    let observe = "[observe]\nsegment = { strategy = \"session\" }\nextract = [{ strategy = \"span\" }, { strategy = \"keyphrases\" }]";
    let recall = |more: &str| {
        format!("retrieve = [{{ strategy = \"association\", kinds = [\"session\", \"keyphrases\"]{more} }}]")
    };
    check(observe, &recall(""), "bread butter", "deabc");
    check(observe, &recall(", seeds = 1, damping = 0.0"), "bread butter", "de");
}

const MOODS: &[Said<'_>] = &[
    ("a", "1", "2023-01-10", "the boat trip was sad and I had to cry"),
    ("b", "1", "2023-01-10", "the boat trip made me happy"),
    ("c", "2", "2023-05-02", "the boat trip was in May"),
];

#[test]
fn moods_attract_each_other() {
    let check = |rerank: &str, question: &str, expect: &str| {
        let recall =
            format!("retrieve = [{{ strategy = \"bm25\" }}]\nrerank = [{{ strategy = \"emotion\", {rerank} }}]");
        let report = ask(&method("", &recall), MOODS, question, "2023-07-01");
        let found: Vec<&str> = report.evidence.iter().map(|e| e.turn.as_str()).collect();
        assert_eq!(found.join(""), expect, "{rerank} {question}");
    };
    check("weight = 9.0", "which boat trip was full of joy", "bca");
    check("weight = 9.0", "boat trip, tears and grief", "abc");
    check("mode = \"sequential\"", "boat trip, tears and grief, lonely or sad", "abc");
}

const HOMES: &[Said<'_>] = &[
    ("a", "1", "2023-01-10", "I live in Oslo near the harbour."),
    ("b", "1", "2023-01-10", "My boat is red and old."),
    ("c", "2", "2023-05-02", "I live in Ulm now."),
];

#[test]
fn what_is_related_lends_a_part_of_its_score() {
    let observe = "[observe]\nsegment = { strategy = \"session\" }\nextract = [{ strategy = \"fragments\" }]";
    let with = |more: &str, now: &str| {
        let recall = format!("retrieve = [{{ strategy = \"relations\", near = 0.0, seeds = 1{more} }}]");
        let method = method(observe, &recall);
        let recall = Recall {
            method: Some(method.clone()),
            explain: true,
            ..Recall::new("in ulm now", Now::At(now.parse().unwrap()))
        };
        let report = built(&method, HOMES).person(&scope()).recall(&recall).unwrap();
        report.evidence.iter().map(|e| format!("{}: {}", e.turn, e.why)).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(with(", transformation = 1.0, connection = 0.0", "2023-07-01"));
    assert_eq!(with(", transformation = 0.0, connection = 0.0", "2023-07-01"), "");
    // What is not said yet lends nothing.
    assert_eq!(with(", transformation = 1.0", "2023-02-01"), "");
}

#[test]
fn a_compressed_memory_keeps_its_sources_and_time() {
    let memories = |compress: &str| {
        let observe = format!("[observe]\nsegment = {{ strategy = \"session\" }}\n{compress}");
        let method = method(&observe, "retrieve = [{ strategy = \"memory-bm25\", kind = \"session\" }]");
        built(&method, HOMES).person(&scope()).memories(Now::Clock).unwrap()
    };
    let short = memories("compress = { strategy = \"information\", keep = 0.5 }");
    let whole = memories("");
    assert_eq!(short[0].text, "I live Oslo harbour.\nboat red old.");
    assert_eq!(short.len(), whole.len());
    for (short, whole) in short.iter().zip(&whole) {
        assert_eq!((&short.kind, &short.sources, &short.valid_from), (&whole.kind, &whole.sources, &whole.valid_from));
    }
}

/// What somebody says of themselves by themes of letters: one in three sessions, one in two, one in one.
const THEMES_OF_ONESELF: &[Said<'_>] = &[
    ("a", "1", "2023-01-10", "I aaaa aaaa."),
    ("b", "1", "2023-01-10", "I pppp pppp."),
    ("c", "2", "2023-02-10", "I aaab aaaa."),
    ("d", "2", "2023-02-10", "I xxxx xxyx."),
    ("e", "3", "2023-03-10", "I aaaa aaba."),
    ("f", "3", "2023-03-10", "I xxxx xxyx. Do I pppp?"),
    ("g", "3", "2023-03-10", "pppp pppp"),
];

#[test]
fn groups_of_what_somebody_says_of_themselves_are_chosen() {
    let observe = "[observe]\nsegment = { strategy = \"session\" }\nextract = [{ strategy = \"own-statements\" }]";
    let check = |parameters: &str, question: &str, expect: &str| {
        let recall = format!("retrieve = [{{ strategy = \"chosen-groups\", near = 0.6, {parameters} }}]");
        let report = ask(&method(observe, &recall), THEMES_OF_ONESELF, question, "2023-07-01");
        let found: Vec<&str> = report.evidence.iter().map(|e| e.turn.as_str()).collect();
        assert_eq!(found.join(""), expect, "{parameters}");
        assert!(report.evidence.iter().all(|e| e.why.to_string().contains("cosine of the")));
    };
    // The nearest group alone, whole or by the one in its middle; what is no statement is in none.
    check("groups = 1, dense = 0.0", "pppp", "b");
    check("groups = 1, dense = 1.0", "xxxx", "df");
    check("groups = 1, dense = 0.5, one_each = true", "aaaa", "c");
    // The largest, whatever is asked; and what lasts before what was said once.
    check("groups = 1, by = \"size\", dense = 1.0", "pppp", "ace");
    check("dense = 1.0, lasting = 9.0, one_each = true", "pppp", "cdb");
    let of_question =
        ask(&method(observe, "retrieve = [{ strategy = \"chosen-groups\" }]"), THEMES_OF_ONESELF, "pppp", "2023-01-20");
    assert!(
        of_question.evidence.iter().all(|e| matches!(e.turn.as_str(), "a" | "b")),
        "what is said later is in no group"
    );
}

#[test]
fn what_was_answered_to_the_like_is_found() {
    let said: &[Said<'_>] = &[
        ("b1", "1", "2023-01-10", "pppp"),
        ("a1", "1", "2023-01-10", "aaaa"),
        ("a2", "1", "2023-01-10", "pppp pppp"),
        ("b2", "2", "2023-02-10", "xxxx"),
        ("a3", "2", "2023-02-10", "aaab"),
        ("b3", "2", "2023-02-10", "pppq"),
        ("a4", "2", "2023-02-10", "zzzz"),
    ];
    let check = |parameters: &str, question: &str, expect: &str| {
        let recall = format!("retrieve = [{{ strategy = \"answered\"{parameters} }}]");
        let method = method("", &recall);
        let kithkin = built_with(&method, said, &|id| if id.starts_with('a') { "Ann" } else { "Bo" });
        let now = Now::At("2023-07-01".parse().unwrap());
        let recall = Recall { method: Some(method), limit: expect.len() / 2, ..Recall::new(question, now) };
        let found = kithkin.person(&scope()).recall(&recall).unwrap();
        let found: Vec<&str> = found.evidence.iter().map(|e| e.turn.as_str()).collect();
        assert_eq!(found.concat(), expect, "{parameters}");
    };
    // The turn that follows one of the same speaker, and the first of a session, answer nothing.
    check("", "pppp", "a1a4");
    check("", "xxxx", "a3");
    // What is like most that its speaker says comes before what answers a little better, as `a4` does.
    check(", typical = 9.0", "pppq", "a1");
}
