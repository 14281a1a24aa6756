//! Methods that ask a chat model, with recorded answers and without a model.

use std::fmt::Write as _;

use serde_json::Value;

use crate::harness::{Place, evidence, turn};

/// Every strategy that asks a model, without an embedder: segments, facts, summaries, topics, and a filter.
const PRESET: &str = r#"
id = "mine"
title = "x"
summary = "x"
status = "preview"
cost = "x"
[observe]
segment = { strategy = "llm" }
extract = [{ strategy = "span" }, { strategy = "llm-facts" }, { strategy = "llm-summary" }, { strategy = "llm-topics" }]
[recall]
retrieve = [{ strategy = "bm25" }, { strategy = "memory-bm25", kind = "event" }]
fuse = { strategy = "weighted", weights = [1.0, 1.0] }
sessions = { strategy = "best-turn" }
answer = { strategy = "logistic" }
abstain_below = 0.0
filter = { strategy = "llm" }
"#;

/// What a model would answer to the prompts on the conversation, in the order in which they are asked.
const ANSWERS: [&str; 5] = [
    "{\"segments\": [{\"from\": 1, \"to\": 2}, {\"from\": 3, \"to\": 3}]}",
    "Here: {\"facts\": [{\"kind\": \"event\", \"text\": \"Ann adopted the cat Miso.\", \"turns\": [1], \"when\": \
     \"yesterday\"}, {\"kind\": \"event\", \"text\": \"Invented.\", \"turns\": [9]}]}",
    "Ann has a cat, and the rain.",
    "{\"topics\": [{\"summary\": \"Ann has a cat.\", \"turns\": [1]}]}",
    "{\"relevant\": [1]}",
];

fn place() -> Place {
    let place = Place::new();
    let said = [("1", "Ann", "I adopted a cat yesterday."), ("2", "Bo", "A cat! Miso?"), ("3", "Ann", "It rains.")];
    place.import("p", &said.map(|(id, who, text)| turn(id, "2023-05-08T13:56", who, text)).concat());
    place
}

/// Runs the command until every request that it makes has an answer in the recording, in the order of `answers`.
fn recorded<'a>(place: &Place, args: &[&str], answers: &mut impl Iterator<Item = &'a str>) -> Value {
    let (mut lines, file) = (std::fs::read_to_string(place.path("answers.jsonl")).unwrap_or_default(), "answers.jsonl");
    loop {
        place.file(file, &lines);
        let ran = place.run(&[args, &["--chat", "recorded:answers.jsonl", "--json"]].concat());
        let Some((_, asked)) = ran.err.split_once("has no reply to the request ") else {
            assert_eq!(ran.code, Some(0), "{}", ran.err);
            return serde_json::from_str(&ran.out).unwrap();
        };
        let (hash, prompt) = (asked.split(';').next().unwrap(), asked.split_once("begins: ").unwrap().1);
        let line = serde_json::json!({ "request": hash, "prompt": prompt, "reply": answers.next().unwrap() });
        writeln!(lines, "{line}").unwrap();
    }
}

#[test]
fn recorded_answers_make_memories_and_choose_evidence() {
    let place = place();
    let method = place.file("mine.toml", PRESET);
    let mut answers = ANSWERS.into_iter();
    let built = recorded(&place, &["rebuild", "--person", "p", "--method", &method], &mut answers);
    // The statement that names no turn of the session was dropped.
    assert_eq!((&built["sessions"], &built["unread"]), (&Value::from(1), &Value::from(1)));
    let memories = place.json(&["memories", "--person", "p"]);
    let shown = |m: &Value| format!("{} {} {}", m["kind"], m["sources"], m["text"]);
    let shown: Vec<String> = memories.as_array().unwrap().iter().map(shown).collect();
    assert_eq!(
        shown,
        [
            "\"segment\" [\"1\",\"2\"] \"I adopted a cat yesterday.\\nA cat! Miso?\"",
            "\"segment\" [\"3\"] \"It rains.\"",
            "\"event\" [\"1\"] \"Ann adopted the cat Miso. (2023-05-07)\"",
            "\"summary\" [\"1\",\"2\",\"3\"] \"Ann has a cat, and the rain.\"",
            "\"summary\" [\"1\"] \"Ann has a cat.\"",
        ]
    );
    let ask = ["recall", "--person", "p", "Who adopted the cat Miso?", "--now", "2023-06-01"];
    let report = recorded(&place, &ask, &mut answers);
    assert_eq!(evidence(&report), ["1"]);
    assert_eq!(report["filter"], serde_json::json!({ "candidates": 2, "relevant": 1, "readable": true }));
    assert_eq!(report["models"]["chat"], "recorded:answers.jsonl");
}

#[test]
fn without_a_model_the_method_is_refused() {
    let place = place();
    let method = place.file("mine.toml", PRESET);
    place.fails(&["rebuild", "--person", "p", "--method", &method], &["mine needs a chat model", "kithkin methods"]);
    let ran = place.run(&["methods", "premem-llm", "--json"]);
    assert!(ran.out.contains("\"needs_chat\": true"), "{}", ran.out);
    place.fails(&["lab", "run", "locomo-recall", "--data", "x", "--method", "premem-llm"], &["no chat model"]);
    place.fails(&["rebuild", "--person", "p", "--method", &method, "--chat", "recorded:no.jsonl"], &["no no.jsonl"]);
    let ran = place.run(&["persons", "--chat", "gpt"]);
    assert!(ran.code == Some(2) && ran.err.contains("there is recorded:FILE"), "{}", ran.err);
    let listed = place.ok(&["methods"]);
    assert!(
        listed.err.contains("methods that need a chat model cannot run") && listed.out.contains("chat model, rebuild")
    );
    // The log is there, and is found by its words all the same.
    place.ok(&["recall", "--person", "p", "cat", "--method", "bm25"]);
}
