//! Every way to compose, gate, refine or fall back, from end to end through an endpoint with recorded answers.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use crate::endpoint::Endpoint;
use crate::harness::{Place, turn};

/// What the model answers where a strategy asks it for something in a form, by the first field of the form.
const ANSWERS: [(&str, &str); 7] = [
    ("thoughts", "{\"thoughts\": [\"The cat is Miso [1].\"]}"),
    ("rules", "{\"rules\": [\"Answer in one sentence.\"]}"),
    ("traits", "{\"traits\": [\"openness: high\", \"kindness: high\"]}"),
    ("notes", "{\"notes\": [{\"n\": 1, \"note\": \"The cat is Miso.\"}]}"),
    ("summary", "{\"summary\": \"A cat called Miso.\", \"words\": [\"cat\"]}"),
    ("faults", "{\"faults\": [\"It does not name the cat.\"]}"),
    ("better", "{\"better\": 2}"),
];

/// The first field that the request's form requires.
fn form(body: &Value) -> Option<&str> {
    body["response_format"]["json_schema"]["schema"]["required"][0].as_str()
}

fn recorded(body: &Value) -> Option<String> {
    let answer = match form(body) {
        Some(form) => ANSWERS.iter().find(|(known, _)| *known == form)?.1,
        None => "It is called Miso [1], or Mi [9].",
    };
    Some(answer.to_owned())
}

/// The presets that say how to reply, each with a search by words in place of its own, since there are no weights here.
fn presets() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../methods");
    let bm25 = std::fs::read_to_string(folder.join("bm25.toml")).unwrap();
    let mut presets: Vec<(String, String)> = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let (id, text) = (path.file_stem().unwrap().display().to_string(), std::fs::read_to_string(&path).unwrap());
        let Some(at) = text.find("\n[respond]") else { continue };
        // Its memories, where the reply shows summaries of them.
        let observe = text.find("\n[observe]").filter(|_| text.contains("summary_tokens"));
        let observe = observe.map_or("", |at| &text[at..text.find("\n[recall]").unwrap()]);
        let named = bm25.replace("id = \"bm25\"", &format!("id = \"my-{id}\""));
        presets.push((id, format!("{named}{observe}\n{}", &text[at..])));
    }
    presets.sort();
    presets
}

#[test]
fn every_way_to_reply_works_through_an_endpoint() {
    let mut table = String::new();
    let mut remedies = 0;
    for (id, preset) in presets() {
        let (place, endpoint) = (Place::new(), Endpoint::answering(recorded));
        let said = [("1", "p", "I adopted a cat, it is called Miso."), ("2", "Bo", "Nice."), ("3", "p", "I love tea.")];
        place.import("p", &said.map(|(id, who, text)| turn(id, "2023-05-08T13:56", who, text)).concat());
        let method = place.file("mine.toml", preset);
        place.ok(&["rebuild", "--person", "p", "--method", &method]);
        let model = ["--chat-url", &endpoint.url, "--chat-model", "small", "--method", &method];
        let ask = ["respond", "--person", "p", "What is my cat called?", "--now", "2023-06-01T10:00", "--explain"];
        let report = place.json(&[&ask[..], &model].concat());
        let asked = endpoint.asked();
        let forms: Vec<&str> = asked.iter().map(|body| form(body).unwrap_or("reply")).collect();
        // The first request without a form is the one for the reply.
        let told = asked.iter().find(|body| form(body).is_none()).unwrap()["messages"][1]["content"].as_str().unwrap();
        let blocks: Vec<&str> = told
            .lines()
            .filter_map(|line| line.strip_prefix('<')?.strip_suffix('>'))
            .filter(|b| !b.starts_with('/'))
            .collect();
        let count = |field: &str| report[field].as_array().map_or(0, Vec::len);
        let (cited, used, invented) = (count("citations"), count("profile_used"), count("invented"));
        let gate = report["gate"]["open"].as_bool().map_or(String::new(), |open| format!(", gate open: {open}"));
        writeln!(
            table,
            "{id}: asked for {}; shown {}; cites {cited}, profile {used}, invented {invented}{gate}",
            forms.join(" "),
            blocks.join(" "),
        )
        .unwrap();
        assert_eq!(report["method"], format!("my-{id}"));
        assert!(report["reply"].as_str().unwrap().starts_with("It is called Miso"), "{id}: {report}");
        assert_eq!(place.turns(), 5, "{id}: message and reply are remembered");
        remedies += usize::from(id.starts_with("prefeval-"));
    }
    assert_eq!(remedies, 6, "all remedies of PrefEval");
    insta::assert_snapshot!(table);
}
