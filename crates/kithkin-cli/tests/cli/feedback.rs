//! Feedback on what a recall showed.

use crate::harness::{Place, evidence, turn};

fn filled(place: &Place) {
    let lines = [
        turn("1", "2023-01-01", "Ann", "The boat is red."),
        turn("2", "2023-01-02", "Ann", "The kumquat-boat is green."),
        turn("3", "2023-01-03", "Ann", "I bake bread."),
    ];
    place.import("ann", &lines.concat());
}

const GIVE: &[&str] = &["feedback", "--person", "ann", "Which kumquat-boat is green?", "--shown", "1", "2"];

#[test]
fn feedback_is_kept_and_forgotten_with_what_it_showed() {
    let place = Place::new();
    filled(&place);
    let give = [GIVE, &["--useful", "2", "--now", "2023-02-01"]].concat();
    let ran = place.ok(&give);
    assert_eq!(ran.out, "kept: 1 of 2 turns were of use\n");
    assert!(ran.err.contains("no embedder"), "{}", ran.err);
    let gone = place.json(&["forget", "--person", "ann", "--turn", "3", "--dry-run"]);
    assert_eq!(gone["feedback"], 0);
    let gone = place.ok(&["forget", "--person", "ann", "--turn", "1"]);
    assert_eq!(gone.out, "1 turns, 0 memories, 0 vectors, 1 pieces of feedback erased\n");
    let bytes = std::fs::read(place.path("kithkin.db")).unwrap();
    let asked = b"Which kumquat-boat";
    assert!(!bytes.windows(asked.len()).any(|window| window == asked), "the question has left the file");
}

#[test]
fn wrong_feedback_is_refused() {
    let place = Place::new();
    filled(&place);
    let fails = |args: &[&str], says: &[&str]| place.fails(args, says);
    fails(&[GIVE, &["--useful", "3"]].concat(), &["\"3\"", "not among those shown", "--shown"]);
    fails(&[GIVE, &["9"]].concat(), &["no turn \"9\"", "kithkin timeline --person ann"]);
    fails(&[GIVE, &["--now", "2023-01-01"]].concat(), &["\"2\" was said after 2023-01-01", "--now"]);
    fails(&["feedback", "--person", "bob", "q", "--shown", "1"], &["bob"]);
    fails(&["feedback", "--person", "ann", " ", "--shown", "1"], &["question"]);
    place.import("ann", &turn("1", "2023-01-01", "Ann", "tea").replace("\"c\"", "\"c2\""));
    fails(GIVE, &["c, c2", "--conversation"]);
    place.ok(&[GIVE, &["--conversation", "c"]].concat());
}

#[test]
fn feedback_teaches_the_method_that_learns() {
    let Some(place) = Place::with_weights() else { return };
    filled(&place);
    place.ok(&["reembed"]);
    let ask = |method: &str| {
        let args = ["recall", "--person", "ann", "Which boat do I own?", "--method", method, "--explain"];
        place.json(&[&args[..], &["--now", "2023-03-01"]].concat())
    };
    let (before, plain) = (ask("rmm"), ask("hybrid"));
    assert_eq!(evidence(&before), evidence(&plain));
    for _ in 0..3 {
        let last = evidence(&before)[1];
        let give = ["feedback", "--person", "ann", "Which boat is mine?", "--shown", "1", "2", "--useful", last];
        place.ok(&[&give[..], &["--now", "2023-02-01"]].concat());
    }
    let after = ask("rmm");
    assert_eq!(evidence(&after)[0], evidence(&before)[1]);
    assert!(after["evidence"][0]["why"].to_string().contains("learned from feedback on 3 recalls"), "{after}");
    assert_eq!(evidence(&ask("hybrid")), evidence(&plain));
}
