//! What is known of a person, and what a reply is given of it.

use crate::endpoint::Endpoint;
use crate::harness::{Place, turn};

fn place() -> Place {
    let place = Place::new();
    let said = [
        ("1", "2023-03-01", "I live in Bristol. I love black coffee."),
        ("2", "2023-05-08", "I moved to Hamburg last week, and I'm allergic to peanuts."),
        ("3", "2023-06-09", "I don't like black coffee any more because it keeps me awake."),
    ];
    place.import("p", &said.map(|(id, at, text)| turn(id, at, "p", text)).concat());
    place
}

#[test]
fn a_profile_has_its_sources_and_its_history() {
    let place = place();
    insta::assert_json_snapshot!(place.json(&["profile", "--person", "p", "--as-of", "2023-07-01"]));
    let then = place.ok(&["profile", "--person", "p", "--as-of", "2023-04-01"]).out;
    assert_eq!(
        then,
        "p Attribute home: Bristol, from 2023-03-01 [1]\np Preference black coffee: likes, from 2023-03-01 [1]\n"
    );
    // A block says it where no turn answers, too.
    let block =
        place.json(&["context", "--person", "p", "Where is my home?", "--method", "bm25", "--now", "2023-07-01"]);
    let text = block["text"].as_str().unwrap();
    assert!(text.contains("\nknown of p: home: Hamburg, since 2023-05-08\n"), "{text}");
    assert_eq!((block["profile"].as_array().unwrap().len(), &block["abstain"]), (3, &true.into()));
    // What an erased turn said is not known any longer, and what held before holds again.
    place.ok(&["forget", "--person", "p", "--turn", "2"]);
    let left = place.ok(&["profile", "--person", "p"]).out;
    assert!(left.contains("home: Bristol") && !left.contains("Hamburg") && !left.contains("peanuts"), "{left}");
    place.fails(&["profile", "--person", "nobody"], &["there is no person"]);
}

#[test]
fn a_reply_is_given_what_is_known_also_where_nothing_is_recalled() {
    let (place, endpoint) = (place(), Endpoint::start(|_| Some("Try a plum cake.".to_owned())));
    let model = ["--chat-url", &endpoint.url, "--chat-model", "small", "--method", "bm25", "--read-only"];
    let ask = ["respond", "--person", "p", "Suggest a dessert!", "--now", "2023-07-01"];
    let report = place.json(&[&ask[..], &model].concat());
    let used = report["profile_used"].as_array().unwrap();
    assert_eq!(
        used[0],
        serde_json::json!({"about": "p", "kind": "preference", "topic": "black coffee", "value": "no longer likes"})
    );
    assert_eq!((used.len(), &report["abstained"]), (3, &true.into()));
    let asked = &endpoint.asked()[0]["messages"];
    let told = asked[1]["content"].as_str().unwrap();
    assert!(
        told.starts_with("<profile>\n{\"about\":\"p\"") && told.contains("\"topic\":\"allergy\",\"value\":\"peanuts\""),
        "{told}"
    );
    assert!(told.ends_with("It is 2023-07-01.\n\nSuggest a dessert!"), "{told}");
}
