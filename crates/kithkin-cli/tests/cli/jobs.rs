//! What is left to derive, what it would take, what was disclosed to a chat model, and what a budget keeps back.

use serde_json::{Value, json};

use crate::endpoint::Endpoint;
use crate::harness::{Place, extracting_preset, turn};

/// A person of two turns, a method that asks a model, and the model.
fn place() -> (Place, Endpoint) {
    let place = Place::new();
    place.file("mine.toml", extracting_preset("llm-facts"));
    let said = [("1", "Ann", "I adopted a cat yesterday."), ("2", "Bo", "A cat! Miso?")];
    place.import("p", &said.map(|(id, who, text)| turn(id, "2023-05-08", who, text)).concat());
    (place, Endpoint::start(|_| Some("{\"facts\": []}".to_owned())))
}

fn with<'a>(endpoint: &'a Endpoint, args: &[&'a str]) -> Vec<&'a str> {
    [args, &["--chat-url", &endpoint.url, "--chat-model", "small"]].concat()
}

/// The purpose, the turns and the calls of each disclosure.
fn disclosed(place: &Place) -> Vec<(String, Value, u64)> {
    let all = place.json(&["disclosures", "--person", "p"]);
    let row = |one: &Value| {
        assert_eq!(one["model"], "small");
        (one["purpose"].as_str().unwrap().to_owned(), one["turns"].clone(), one["spent"]["calls"].as_u64().unwrap())
    };
    all.as_array().unwrap().iter().map(row).collect()
}

#[test]
fn what_a_model_is_given_is_noted() {
    let (place, endpoint) = place();
    assert!(place.ok(&["disclosures", "--person", "p"]).out.contains("no chat model was given anything"));
    let rebuild = ["rebuild", "--person", "p", "--method", "mine.toml"];
    let estimate = place.json(&[&rebuild[..], &["--estimate"]].concat());
    assert_eq!((&estimate["sessions"], &estimate["spent"]["calls"]), (&json!(1), &json!(1)));
    assert!(estimate["spent"]["read"].as_u64() > Some(100) && disclosed(&place).is_empty());
    place.ok(&with(&endpoint, &rebuild));
    let ask = ["respond", "--person", "p", "Which cat did Ann adopt?", "--read-only", "--method", "bm25"];
    place.ok(&with(&endpoint, &ask));
    place.ok(&with(&endpoint, &[&ask[..], &["--dry-run"]].concat()));
    let [derive, reply] = disclosed(&place).try_into().unwrap();
    assert_eq!(derive, ("derive".to_owned(), json!(["1", "2"]), 1));
    assert_eq!((reply.0.as_str(), reply.2), ("reply", 1));
    assert!(reply.1.as_array().unwrap().contains(&json!("1")));
    // A turn that is gone was given all the same; of a person who is gone nothing is left.
    place.ok(&["forget", "--person", "p", "--turn", "1"]);
    let told = place.ok(&["disclosures", "--person", "p"]).out;
    assert!(told.contains("derive to small: 1 calls") && told.contains("[2] and 1 erased since"), "{told}");
    assert!(place.ok(&["disclosures", "--person", "p", "--since", "2999-01-01"]).out.contains("no chat model"));
    place.ok(&["forget", "--person", "p", "--all"]);
    place.fails(&["disclosures", "--person", "p"], &["there is no person"]);
}

#[test]
fn a_budget_keeps_back_what_is_beyond_it() {
    let (place, endpoint) = place();
    let config = format!(
        "chat-url = \"{}\"\nchat-model = \"small\"\nbudget = {{ calls = 2 }}\nprice = {{ read = 1e6, said = 0.0 }}",
        endpoint.url
    );
    place.file("c.toml", config);
    let run = |args: &[&str]| place.run(&[&["--config", "c.toml"], args].concat());
    let rebuild = ["rebuild", "--person", "p", "--method", "mine.toml"];
    assert!(run(&[&rebuild[..], &["--estimate"]].concat()).out.contains("in money"));
    assert_eq!(run(&rebuild).code, Some(0));
    let ask = ["respond", "--person", "p", "Hello there!", "--method", "bm25"];
    assert_eq!(run(&ask).code, Some(0));
    // The message is kept, and the model is not asked.
    let asked = endpoint.asked().len();
    run(&["respond", "--person", "p", "And now?", "--method", "bm25"]).failed(&["budget of today", "2 of 2 calls"]);
    assert!(place.ok(&["timeline", "--person", "p"]).out.contains("And now?"));
    // What is remembered waits to be derived, and is found by its words meanwhile.
    assert_eq!(run(&["remember", "--person", "p", "The vet weighed Miso."]).code, Some(0));
    assert_eq!(endpoint.asked().len(), asked);
    let jobs: Value = serde_json::from_str(&run(&["jobs", "--json"]).out).unwrap();
    assert_eq!(
        (&jobs[0]["method"], &jobs[0]["asks"], &jobs[0]["spent"]["calls"]),
        (&json!("mine"), &json!(true), &json!(2))
    );
    assert!(jobs[0]["waits"].as_str().unwrap().contains("2 of 2 calls"));
    run(&rebuild).failed(&["budget of today"]);
    assert!(run(&["recall", "--person", "p", "Who weighed Miso?"]).out.contains("The vet weighed"));
    // Without the budget it is done.
    place.ok(&with(&endpoint, &rebuild));
    assert_eq!(place.ok(&["jobs"]).out, "nothing is left to do\n");
}

#[test]
fn what_is_wrong_with_a_budget_is_said() {
    let (place, _) = place();
    let check = |config: &str, says: &str| {
        place.file("c.toml", config);
        place.fails(&["--config", "c.toml", "persons"], &["c.toml", says]);
    };
    check("budget = { money = 1.0 }", "needs a price");
    check("budget = { calls = -1 }", "calls");
    check("budget = { tokens = 1, day = 2 }", "unknown field `day`");
    check("price = { read = -1.0, said = 1.0 }", "the price of reading is -1");
}
