//! What a person's data may be used for, as they and the policy say it.

use crate::endpoint::Endpoint;
use crate::harness::{Place, turn};

#[test]
fn a_person_gives_and_withdraws_their_consent() {
    let (place, endpoint) = (Place::new(), Endpoint::start(|_| Some("Tea is good for you.".to_owned())));
    place.import("p", &turn("1", "2023-05-08", "p", "I love tea."));
    let model = ["--chat-url", &endpoint.url, "--chat-model", "small", "--method", "bm25"];
    let say = |rest: &[&str]| place.run(&[&["respond", "--person", "p", "Tea?"], rest, &model].concat());
    let stands = |purpose: &str| {
        let all = place.json(&["consent", "--person", "p"]);
        let one = all.as_array().unwrap().iter().find(|one| one["purpose"] == purpose).unwrap().clone();
        (one["open"].as_bool().unwrap(), one["since"].is_string())
    };
    assert_eq!((stands("reply"), stands("persuade")), ((true, false), (false, false)));
    let out = place.ok(&["consent", "--person", "p", "withdraw", "reply"]).out;
    assert!(out.starts_with("reply     closed  policy allows it, person does not, since 2"), "{out}");
    assert_eq!(stands("reply"), (false, true));
    say(&[]).failed(&["the person has withdrawn their consent", "`kithkin consent --person p grant reply`"]);
    say(&["--dry-run"]).failed(&["has withdrawn their consent"]);
    let block = place.json(&["context", "--person", "p", "Tea?", "--method", "bm25"]);
    assert_eq!((&block["text"], &block["withheld"][0]["rule"]), (&"".into(), &"no consent to reply".into()));
    assert!(endpoint.asked().is_empty());
    place.ok(&["consent", "--person", "p", "grant", "reply"]);
    assert_eq!(say(&[]).out.lines().next(), Some("Tea is good for you."));
    // To persuade takes the operator and the person.
    let policy = place.file("policy.toml", "[purposes]\npersuade = true\n");
    say(&["--persuade"]).failed(&["the policy does not open this purpose", "[purposes] persuade = true"]);
    say(&["--persuade", "--policy", &policy]).failed(&["the person has not consented"]);
    place.ok(&["consent", "--person", "p", "grant", "persuade"]);
    let ran = say(&["--persuade", "--policy", &policy]);
    assert!(ran.out.contains("Note: this reply is meant to persuade you"), "{}{}", ran.out, ran.err);
    assert_eq!(endpoint.asked().len(), 2);
    let ran = place.run(&["consent", "--person", "p", "grant", "sell"]);
    assert!(ran.code == Some(2) && ran.err.contains("\"sell\" is no purpose"), "{}", ran.err);
}
