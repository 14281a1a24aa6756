//! Replies through a real endpoint: what the model is shown, what it cites, what is remembered.

use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

use crate::endpoint::Endpoint;
use crate::harness::{Place, Ran, turn};

/// A person who told of a cat and of the rain.
fn place() -> Place {
    let place = Place::new();
    let said =
        [("1", "p", "I adopted a cat, it is called Miso."), ("2", "Bo", "Nice."), ("3", "p", "It rains in Bergen.")];
    place.import("p", &said.map(|(id, who, text)| turn(id, "2023-05-08T13:56", who, text)).concat());
    place
}

/// A model that names the first turn that it is shown, and one that there is not.
fn citing(words: &str) -> Option<String> {
    let shown = words.contains("<turns>");
    Some(if shown { "It is called Miso [1], or Mi [9].".to_owned() } else { "I do not know [1].".to_owned() })
}

fn respond(place: &Place, endpoint: &Endpoint, args: &[&str]) -> Ran {
    let model = ["--chat-url", &endpoint.url, "--chat-model", "small", "--method", "bm25"];
    place.run(&[&["respond", "--person", "p"], args, &model].concat())
}

fn report(ran: &Ran) -> Value {
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    serde_json::from_str(&ran.out).unwrap()
}

#[test]
fn a_reply_cites_the_turn_behind_it_and_is_remembered() {
    let (place, endpoint) = (place(), Endpoint::start(citing));
    let args = ["What is my cat called?", "--now", "2023-06-01T10:00", "--json"];
    let mut said = report(&respond(&place, &endpoint, &args));
    said["models"]["chat"] = "small".into();
    for turn in said["shown"].as_array_mut().unwrap() {
        (turn["score"], turn["why"]) = ("[score]".into(), "[tree]".into());
    }
    insta::assert_json_snapshot!(said);
    let log = place.json(&["timeline", "--person", "p"]);
    let texts: Vec<&str> = log.as_array().unwrap().iter().map(|t| t["text"].as_str().unwrap()).collect();
    assert_eq!(texts[3..], ["What is my cat called?", "It is called Miso, or Mi."]);
    // What was said in this conversation is heard as such, and not quoted as a memory.
    let again =
        report(&respond(&place, &endpoint, &["And my cat, what is it called?", "--now", "2023-06-01T10:01", "--json"]));
    assert_eq!(again["citations"], serde_json::json!(["1"]));
    let asked = &endpoint.asked()[1];
    let roles: Vec<&str> = asked["messages"].as_array().unwrap().iter().map(|m| m["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["system", "user", "assistant", "user"]);
    let last = asked["messages"][3]["content"].as_str().unwrap();
    assert!(!last.contains("What is my cat called?") && last.ends_with("And my cat, what is it called?"), "{last}");
}

#[test]
fn without_a_memory_that_answers_the_model_is_asked_as_without_one() {
    let (place, endpoint) = (place(), Endpoint::start(citing));
    let said = report(&respond(&place, &endpoint, &["Who won the election?", "--now", "2023-06-01", "--json"]));
    assert_eq!((&said["abstained"], &said["reply"]), (&Value::from(true), &Value::from("I do not know [1].")));
    // A person of whom nothing is known, whose question is the same, is asked for in the same words.
    let model = ["--chat-url", &endpoint.url, "--chat-model", "small", "--method", "bm25", "--read-only"];
    place.ok(&[&["respond", "--person", "new", "Who won the election?", "--now", "2023-06-01"], &model[..]].concat());
    let asked = endpoint.asked();
    assert_eq!(asked[0], asked[1]);
    place.fails(&["timeline", "--person", "new"], &["there is no person"]);
}

#[test]
fn a_card_says_as_whom_the_model_replies() {
    let (place, endpoint) = (place(), Endpoint::start(citing));
    let ask = |card: &str| {
        let file = place.file("ada.toml", card);
        respond(&place, &endpoint, &["What is my cat called?", "--now", "2023-06-01", "--read-only", "--card", &file])
    };
    let ran = ask("name = \"Ada\"\n[traits]\nopenness = \"high\"\n");
    assert!(ran.out.contains("It is called Miso [1]"), "{}", ran.out);
    let system = endpoint.asked()[0]["messages"][0]["content"].as_str().unwrap().to_owned();
    assert!(system.contains("name: Ada\ntraits: openness high"), "{system}");
    ask("name = \"Ada\"\nmood = \"sad\"\n").failed(&["ada.toml", "unknown field `mood`"]);
    respond(&place, &endpoint, &["Hello", "--card", "nowhere.toml"]).failed(&["the card nowhere.toml cannot be read"]);
    assert_eq!(endpoint.asked().len(), 1);
}

#[test]
fn a_conversation_with_a_character() {
    let (place, endpoint) = (place(), Endpoint::start(citing));
    let card = place.file("ada.toml", "name = \"Ada\"\nknows_until = \"2023-05-07\"\n");
    let chat = |card: &str, lines: &str| {
        let args = ["chat", "--person", "p", "--chat-url", &endpoint.url, "--chat-model", "small", "--method", "bm25"];
        let mut command = place.command(&[&args[..], &["--card", card]].concat());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // A card that cannot be read ends it before it hears anything.
        let _ = child.stdin.take().unwrap().write_all(lines.as_bytes());
        Ran::of(&child.wait_with_output().unwrap())
    };
    let ran = chat(&card, "What is my cat called?\n/method hybrid-window\n/method bm25\nAnd now?\n");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(ran.out.matches("I do not know [1].").count(), 2, "{}", ran.out);
    let asked = endpoint.asked();
    assert_eq!(asked.len(), 2);
    for body in &asked {
        // The card goes with every message, and what was said after the character's time is not shown.
        let told = body["messages"].to_string();
        assert!(told.contains("name: Ada") && told.contains("knows until: 2023-05-07"), "{told}");
        assert!(!told.contains("I adopted a cat"), "{told}");
    }
    assert_eq!(place.turns(), 7);
    let wrong = place.file("wrong.toml", "name = \"\"\n");
    chat(&wrong, "Hello\n").failed(&["wrong.toml", "name is empty"]);
    assert_eq!(endpoint.asked().len(), 2);
}

#[test]
fn what_was_said_is_remembered_when_the_reply_fails() {
    let (place, endpoint) = (place(), Endpoint::start(|_| None));
    respond(&place, &endpoint, &["I moved to Oslo."]).failed(&["the reply broke off after 5 characters"]);
    place.ok(&["recall", "--person", "p", "Oslo", "--method", "bm25"]);
    assert_eq!(place.turns(), 4);
    place.fails(&["respond", "--person", "p", "Hello"], &["a reply needs a chat model", "--chat-url"]);
    place.fails(&["respond", "--person", "p", " ", "--chat", "recorded:x"], &["no x"]);
    let none = ["--chat-url", "http://127.0.0.1:9/v1", "--chat-model", "small", "--method", "bm25"];
    let refused = place.run(&[&["respond", "--person", "p", "Hello", "--method", "bm25"], &none[..2]].concat());
    refused.failed(&["has no name", "--chat-model"]);
    let both = place.run(&[&["persons", "--chat", "recorded:x"], &none[..2]].concat());
    assert!(both.code == Some(2) && both.err.contains("cannot be used with"), "{}", both.err);
    let key = place.file("key", "a b");
    let bad_key = [&["respond", "--person", "p", "Hello", "--chat-key-file", &key], &none[..]].concat();
    place.fails(&bad_key, &["holds no key"]);
}

#[test]
fn a_conversation_in_the_terminal() {
    let (place, endpoint) = (place(), Endpoint::start(citing));
    let args = ["chat", "--person", "p", "--chat-url", &endpoint.url, "--chat-model", "small"];
    let mut child =
        place.command(&args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = "/why\n/method bm25\nWhat is my cat called?\n/why\n/forget\n/forget\n/fly\n/method x\n\nWhere does it rain? 🌧\n/quit\nnever\n";
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let ran = Ran::of(&child.wait_with_output().unwrap());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let out = ran.out.lines().filter(|line| !line.starts_with("      ")).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(format!("{out}\n---\n{}", ran.err));
    // The first exchange was forgotten, the second one is there.
    assert_eq!(place.turns(), 5);
}

#[test]
fn what_the_model_would_be_asked_is_shown_without_a_model() {
    let place = place();
    let dry = ["respond", "--person", "p", "What is my cat called?", "--now", "2023-06-01T10:00", "--method", "bm25"];
    let ran = place.run(&[&dry[..], &["--dry-run"]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let report = place.json(&[&dry[..], &["--dry-run"]].concat());
    let messages = report["messages"].as_array().unwrap();
    assert_eq!(report["shown"][0]["turn"], "1");
    for message in messages {
        assert!(ran.out.contains(message["content"].as_str().unwrap().trim_end()), "{}", ran.out);
    }
    // It is what a model is asked, word for word, and nothing of it is remembered.
    let endpoint = Endpoint::start(citing);
    assert_eq!(place.json(&["timeline", "--person", "p"]).as_array().unwrap().len(), 3);
    let ran = respond(&place, &endpoint, &dry[3..6]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(endpoint.asked()[0]["messages"], report["messages"]);
}

/// A writer, and a critic who finds a fault in its first draft.
fn criticised(words: &str) -> Option<String> {
    Some(match words {
        words if words.contains("was not sent yet") => "Miso would like a fish [1].".to_owned(),
        words if words.contains("<draft>") => "{\"faults\": [\"It does not name the cat.\"]}".to_owned(),
        _ => "Any cat would like a fish.".to_owned(),
    })
}

#[test]
fn a_draft_is_looked_at_again_where_the_method_says_so() {
    let (place, endpoint) = (place(), Endpoint::start(criticised));
    let method = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../methods/bm25.toml")).unwrap();
    let mine = place.file("mine.toml", method.clone() + "\n[respond]\nrefine = { strategy = \"critique\" }\n");
    let ask = |endpoint: &Endpoint, message: &str, method: &str| {
        let model = ["--chat-url", &endpoint.url, "--chat-model", "small", "--method", method];
        place.run(&[&["respond", "--person", "p", message, "--now", "2023-06-01T10:00"][..], &model].concat())
    };
    let ran = ask(&endpoint, "What would my cat called Miso like?", &mine);
    assert_eq!(ran.out.lines().next(), Some("Miso would like a fish [1]."), "{}", ran.err);
    assert!(ran.err.contains("a draft was written again: It does not name the cat."), "{}", ran.err);
    assert_eq!(endpoint.asked().len(), 3);
    // What is remembered is the last draft alone.
    let log = place.json(&["timeline", "--person", "p"]);
    let texts: Vec<&str> = log.as_array().unwrap().iter().map(|t| t["text"].as_str().unwrap()).collect();
    assert_eq!(texts[4..], ["Miso would like a fish."]);
    let wrong = place.file("wrong.toml", method + "\n[respond]\nrefine = { strategy = \"critique\", rounds = 9 }\n");
    let ran = ask(&endpoint, "What would my cat called Miso like?", &wrong);
    assert!(ran.err.contains("rounds is 9; it must lie within 1 and 5"), "{}", ran.err);
}

#[test]
fn a_policy_keeps_words_from_prompts_and_answers_some_messages() {
    let (place, endpoint) = (place(), Endpoint::start(citing));
    let policy = place.file(
        "policy.toml",
        "[[withhold]]\nname = \"weather\"\nwords = [\"rain*\"]\n\n[[route]]\nname = \"help\"\nwords = [\"mayday\"]\nreply = \"Call the coast guard.\"\n",
    );
    let ran = respond(&place, &endpoint, &["Does it rain in Bergen, Miso?", "--read-only", "--policy", &policy]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.err.contains("the policy's rule weather withheld 1 turns"), "{}", ran.err);
    let asked = endpoint.asked()[0]["messages"].to_string();
    assert!(!asked.contains("It rains in Bergen.") && asked.contains("Does it rain in Bergen, Miso?"), "{asked}");
    let ran = respond(&place, &endpoint, &["Mayday, mayday!", "--read-only", "--policy", &policy]);
    assert_eq!((ran.out.as_str(), endpoint.asked().len()), ("Call the coast guard.\n", 1), "{}", ran.err);
    let context = ["context", "--person", "p", "mayday", "--method", "bm25", "--policy", &policy];
    assert_eq!(place.run(&context).out, "Call the coast guard.\n");
    let wrong = place.file("wrong.toml", "[[withhold]]\nname = \"weather\"\n");
    place.fails(&["persons", "--policy", &wrong], &["wrong.toml", "the rule \"weather\" withholds nothing"]);
    place.fails(&["persons", "--policy", "none.toml"], &["the policy none.toml cannot be read"]);
}
