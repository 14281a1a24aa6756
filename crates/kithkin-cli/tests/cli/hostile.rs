//! Texts and names that a terminal would obey are shown and not sent; JSON has them as they are.

use crate::harness::Place;

const TEXT: &str = "I live in Oslo.\u{1b}[2J\u{1b}]0;owned\u{7}\r\u{9b}31m\u{202e}olsO";
const NAME: &str = "Ann\u{1b}[31m";

fn place() -> Place {
    let place = Place::new();
    let turn = serde_json::json!({ "person": "p", "id": "1", "speaker": NAME, "said_at": "2024-05-01", "text": TEXT });
    let file = place.file("log.jsonl", turn.to_string());
    place.ok(&["import", &file]);
    place
}

fn is_obeyed(c: char) -> bool {
    (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c)
}

#[test]
fn a_terminal_is_shown_what_it_would_obey() {
    let place = place();
    for args in [
        &["recall", "Where does Ann live?", "--person", "p", "--method", "bm25"][..],
        &["timeline", "--person", "p"],
        &["show", "--turn", "1", "--person", "p"],
        &["profile", "--person", "p"],
        &["context", "Where does Ann live?", "--person", "p", "--method", "bm25"],
    ] {
        let out = place.ok(args).out;
        assert!(!out.contains(is_obeyed), "{args:?}: {out:?}");
    }
    assert!(place.ok(&["timeline", "--person", "p"]).out.contains("Oslo.\\u{1b}[2J"));
    let refused = place.run(&["show", "--turn", "a\u{202e}b", "--person", "p"]);
    assert!(!refused.err.contains(is_obeyed), "{:?}", refused.err);
}

#[test]
fn json_has_the_text_as_it_is() {
    let timeline = place().json(&["timeline", "--person", "p"]);
    assert_eq!((&timeline[0]["text"], &timeline[0]["speaker"]), (&TEXT.into(), &NAME.into()));
}
