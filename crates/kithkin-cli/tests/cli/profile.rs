//! What is known of a person, and what a reply is given of it.

use crate::endpoint::Endpoint;
use crate::harness::{Place, extracting_preset, turn};

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
fn a_profile_places_people_on_the_five_traits_by_their_own_words() {
    let place = Place::new();
    let said = [
        ("1", "2023-03-01", "p", "I'm quite shy, and I'm a very curious person."),
        ("2", "2023-03-02", "p", "Ich bin eher schüchtern."),
        ("3", "2023-03-03", "Bo", "I am really outgoing."),
        ("4", "2023-04-01", "p", "I am not shy any more."),
    ];
    place.import("p", &said.map(|(id, at, who, text)| turn(id, at, who, text)).concat());
    let text = place.ok(&["profile", "--person", "p", "--as-of", "2023-03-31"]).out;
    insta::assert_snapshot!(text);
    let json = place.json(&["profile", "--person", "p", "--as-of", "2023-03-31"]);
    insta::assert_json_snapshot!(json["traits"]);
    // What was said later moves the place, and what is erased counts no longer.
    let traits = |args: &[&str]| place.json(&[&["profile", "--person", "p"], args].concat())["traits"].clone();
    assert_ne!(traits(&["--as-of", "2023-05-01"]), json["traits"]);
    place.ok(&["forget", "--person", "p", "--turn", "4", "--turn", "1", "--turn", "2"]);
    let left = traits(&[]);
    assert_eq!((left.as_array().unwrap().len(), &left[0]["about"]), (1, &"Bo".into()), "{left}");
    place.ok(&["forget", "--person", "p", "--turn", "3"]);
    assert!(!place.ok(&["profile", "--person", "p"]).out.contains("the five traits"));
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

#[test]
fn a_person_corrects_their_profile() {
    let place = place();
    let says = |args: &[&str], expect: &str| {
        let (verb, rest) = args.split_first().unwrap();
        let out = place.ok(&[&["profile", verb, "--person", "p", "--at", "2023-07-01"], rest].concat()).out;
        assert!(out.starts_with(expect), "{out}");
    };
    says(&["edit", "HOME", "Kiel"], "p Attribute home: Kiel [n-");
    says(&["edit", "tea", "likes"], "p Preference tea: likes [n-");
    says(&["edit", "allergy", "walnuts"], "p Attribute allergy: walnuts [n-");
    says(&["confirm", "black coffee"], "p Preference black coffee: no longer likes [n-");
    says(&["reject", "home", "--value", "bristol"], "p Attribute home: Kiel [n-");
    // The import that is done again, and a rebuild, change nothing of it; what is said again does not come back.
    place.import("p", &turn("4", "2023-07-02", "p", "I live in Bristol, and I am allergic to peanuts."));
    place.ok(&["rebuild", "--person", "p", "--method", "bm25"]);
    insta::assert_snapshot!(place.ok(&["profile", "--person", "p", "--as-of", "2023-08-01"]).out);
    let before = place.ok(&["profile", "--person", "p", "--as-of", "2023-06-30"]).out;
    assert!(before.contains("home: Hamburg") && !before.contains("Kiel"), "{before}");
    // An equal person comes of the export.
    place.ok(&["export", "--person", "p", "-o", "p.jsonl"]);
    place.ok(&["import", "p.jsonl", "--person", "q"]);
    let [mine, theirs] = ["p", "q"].map(|p| place.json(&["profile", "--person", p, "--as-of", "2023-08-01"]));
    assert_eq!(mine, theirs);
    // What quotes an entry goes with all that the entry was read from.
    place.ok(&["forget", "--person", "p", "--turn", "2", "--turn", "4"]);
    let left = place.ok(&["export", "--person", "p"]).out;
    assert!(!left.contains("peanuts") && left.contains("Kiel") && left.contains("walnuts"), "{left}");
}

#[test]
fn what_is_wrong_with_a_correction_is_said() {
    let place = place();
    let fails = |args: &[&str], says: &[&str]| place.fails(&[&["profile"], args].concat(), says);
    fails(
        &["confirm", "--person", "p", "shoe size"],
        &["nothing of that value about \"shoe size\"", "kithkin profile"],
    );
    fails(&["reject", "--person", "p", "home", "--value", "Oslo"], &["nothing of that value about \"home\""]);
    fails(&["edit", "--person", "p", "home", " "], &["the value of a correction is empty or longer than 500"]);
    fails(&["edit", "--person", "p", "\n", "Kiel"], &["the topic of a correction is empty"]);
    fails(&["edit", "--person", "p", "home", &"x".repeat(501)], &["the value of a correction"]);
    assert!(
        place.ok(&["profile", "edit", "--person", "p", "home", "Kiel\n am  Meer"]).out.contains("home: Kiel am Meer [")
    );
    fails(&["edit", "--person", "nobody", "home", "Kiel"], &["there is no person"]);
    fails(&["edit", "--person", "p", "home", "Kiel", "--at", "2999-01-01"], &["lies in the future"]);
    place.ok(&["profile", "edit", "--person", "p", "allergy", "walnuts", "--value", "peanuts"]);
    place.ok(&["profile", "edit", "--person", "p", "allergy", "cats", "--about", "Bo"]);
    fails(
        &["confirm", "--person", "p", "allergy"],
        &["several values about \"allergy\": walnuts (p), cats (Bo)", "--about"],
    );
    for (args, says) in [
        (&[][..], "--person <P>"),
        (&["edit", "--person", "p", "pet", "cat", "--kind", "a"], "\"a\" is no kind of an entry"),
    ] {
        let ran = place.run(&[&["profile"], args].concat());
        assert!(ran.code == Some(2) && ran.err.contains(says), "{}", ran.err);
    }
}

#[test]
fn a_model_reads_more_than_rules_do_and_is_corrected() {
    let place = place();
    let answer = r#"{"entries": [
        {"about": "p", "kind": "trait", "topic": "sleep", "value": "light sleeper", "turns": [3]},
        {"about": "p", "kind": "attribute", "topic": "home", "value": "Germany", "turns": [2]},
        {"about": "Eve", "kind": "trait", "topic": "temper", "value": "quick", "turns": [1]}]}"#;
    let endpoint = Endpoint::start(move |_| Some(answer.to_owned()));
    place.file("mine.toml", extracting_preset("llm-profile"));
    let model = ["--chat-url", &endpoint.url, "--chat-model", "small"];
    let rebuild = [&["rebuild", "--person", "p", "--method", "mine.toml"][..], &model].concat();
    assert_eq!(place.json(&rebuild)["unread"], 1);
    let profile = || place.ok(&["profile", "--person", "p", "--as-of", "2023-08-01"]).out;
    let inferred = "p Trait sleep: light sleeper, from 2023-06-09, inferred by a model [3]\n";
    assert!(profile().contains(inferred) && profile().contains("home: Hamburg") && !profile().contains("Eve"));
    assert!(!place.ok(&["profile", "--person", "p", "--as-of", "2023-06-01"]).out.contains("sleep"));
    // A prompt has it; by a method that derives none it has not.
    let prompt = |method: &str| {
        let ask = ["respond", "--person", "p", "Hello!", "--now", "2023-08-01", "--dry-run", "--method", method];
        place.ok(&[&ask[..], &model].concat()).out
    };
    assert!(prompt("mine.toml").contains("light sleeper") && !prompt("bm25").contains("light sleeper"));
    place.ok(&["profile", "reject", "--person", "p", "sleep", "--at", "2023-07-01"]);
    place.ok(&rebuild);
    assert!(profile().contains("p Trait sleep: not light sleeper [3 "), "{}", profile());
    place.ok(&["forget", "--person", "p", "--turn", "3"]);
    let left = place.ok(&["export", "--person", "p"]).out;
    assert!(!profile().contains("sleep") && !left.contains("sleep"), "{left}");
}
