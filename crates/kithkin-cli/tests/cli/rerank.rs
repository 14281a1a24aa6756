//! Methods that let a cross-encoder order the turns: with a tiny model of made-up weights, with wrong folders, and without.

use serde_json::Value;

use crate::harness::{Place, evidence, sample, turn};
use crate::tiny;

/// Finds every turn, the newest first, and lets the model order as many as stand here.
fn preset(candidates: usize) -> String {
    include_str!("../../../../methods/recent.toml").replace("id = \"recent\"", "id = \"mine\"")
        + &format!("rescore = {{ strategy = \"cross-encoder\", candidates = {candidates}, deadline_ms = 60000 }}\n")
}

const QUESTION: &str = "Who adopted a cat?";

/// Texts with the score that `transformers` gives them for the question, as in the models' own test.
const SAID: [(&str, f64); 3] =
    [("Zebras, 猫 and Miso", -0.546614), ("I adopted a cat.", -0.519445), ("We saw the red boats.", -0.496410)];

fn place() -> Place {
    let place = Place::new();
    tiny::write(&place.path("tiny"));
    let line =
        |(n, (text, _)): (usize, &(&str, f64))| turn(&n.to_string(), &format!("2023-05-08T13:5{n}"), "Ann", text);
    place.import("p", &SAID.iter().enumerate().map(line).collect::<String>());
    place
}

#[test]
fn the_model_orders_the_turns_and_the_report_says_so() {
    let place = place();
    let ask = |candidates: usize| {
        let method = place.file(&format!("{candidates}.toml"), preset(candidates));
        let ask = ["recall", "--person", "p", QUESTION, "--now", "2023-06-01", "--method", &method];
        (place.json(&[&ask[..], &["--reranker", "tiny"]].concat()), ask.map(str::to_owned))
    };
    let (report, command) = ask(3);
    let mut best: Vec<usize> = (0..SAID.len()).collect();
    best.sort_by(|a, b| SAID[*b].1.total_cmp(&SAID[*a].1));
    assert_eq!(evidence(&report), best.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(report["rescore"], serde_json::json!({ "candidates": 3, "scored": 3 }));
    assert_eq!(report["models"], serde_json::json!({ "reranker": "tiny" }));
    for (shown, n) in report["evidence"].as_array().unwrap().iter().zip(&best) {
        let moved = shown["why"]["parts"].as_array().unwrap().last().unwrap();
        // The newest is first before.
        assert_eq!(moved["label"], format!("moved by the reranker tiny, from place {}", SAID.len() - n));
        assert!((moved["parts"][0]["value"].as_f64().unwrap() - SAID[*n].1).abs() < 2e-5, "{moved}");
    }
    let command: Vec<&str> = command.iter().map(String::as_str).collect();
    let mut named = place.command(&command);
    let named = named.env("KITHKIN_RERANKER", place.path("tiny")).output().unwrap();
    let printed = String::from_utf8(named.stdout).unwrap();
    assert!(printed.contains("the reranker read 3 of the best 3 turns"), "{printed}");
    assert!(printed.contains("method mine with tiny"), "{printed}");
    let (report, _) = ask(1);
    assert_eq!(evidence(&report), ["2", "1", "0"]);
    assert_eq!(report["rescore"], serde_json::json!({ "candidates": 1, "scored": 1 }));
}

#[test]
fn without_a_model_the_method_is_refused() {
    let place = place();
    let method = place.file("mine.toml", preset(3));
    let ask = ["recall", "--person", "p", QUESTION, "--method", &method];
    place.fails(&ask, &["mine needs a reranker and none is configured", "--reranker", "kithkin methods"]);
    let listed = place.ok(&["methods"]);
    assert!(listed.out.contains("embedder, reranker"), "{}", listed.out);
    let why = "methods that need a reranker cannot run: no reranker is configured; name the folder of a cross-encoder";
    assert!(listed.err.contains(why), "{}", listed.err);
    let described = |more: &[&str]| place.json(&[&["methods", &method], more].concat());
    let about = &described(&[])[0];
    assert_eq!(about["about"]["needs_reranker"], true);
    assert!(about["unavailable"].as_str().unwrap().contains("--reranker"), "{about}");
    assert!(described(&["--reranker", "tiny"])[0]["unavailable"].is_null());
}

#[test]
fn a_wrong_folder_is_named_with_what_to_do() {
    let place = place();
    let method = place.file("mine.toml", preset(3));
    let check = |folder: &str, says: &[&str]| {
        let ask = ["recall", "--person", "p", QUESTION, "--method", &method, "--reranker", folder];
        place.fails(&ask, &[says, &["name a folder with the config.json, tokenizer.json"]].concat());
        let listed = place.ok(&["methods", "--reranker", folder]);
        assert!(says.iter().all(|part| listed.err.contains(part)), "{}", listed.err);
    };
    check("none", &["the weights of none are missing: no none/config.json"]);
    check("mine.toml", &["no mine.toml/config.json"]);
    std::fs::remove_file(place.path("tiny/tokenizer.json")).unwrap();
    check("tiny", &["no tiny/tokenizer.json"]);
    std::fs::write(place.path("tiny/model.safetensors"), "x").unwrap();
    check("tiny", &["tiny/model.safetensors cannot be used: truncated"]);
    // A method that needs none does not look at it.
    place.ok(&["recall", "--person", "p", "cat", "--method", "bm25", "--reranker", "none"]);
}

#[test]
fn the_lab_measures_it_where_a_model_is_named() {
    let place = place();
    let (method, data) = (place.file("mine.toml", preset(3)), sample().display().to_string());
    let lab = |data: &str, methods: &str, more: &[&str]| {
        place.run(&[&["lab", "run", "locomo-recall", "--data", data, "--method", methods], more].concat())
    };
    let without = "no reranker is named with --reranker";
    lab(&data, &method, &[]).failed(&[without, "these methods need one: mine"]);
    lab("none.json", "all", &[]).failed(&[&format!("left out, as {without}: hybrid-cross-encoder"), "none.json"]);
    let ran = lab(&data, &method, &["--reranker", "tiny", "--limit", "5", "--json"]);
    let table: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(table["rows"][0]["models"], serde_json::json!({ "reranker": "tiny" }), "{}", ran.err);
}
