//! The JSON of each command, and the help, as snapshots.

use serde_json::Value;

use crate::harness::{Place, turn};

/// The value with what changes from run to run replaced.
fn stable(mut value: Value, volatile: &[&str]) -> Value {
    fn walk(value: &mut Value, volatile: &[&str]) {
        match value {
            Value::Object(fields) => {
                for (name, field) in fields {
                    if volatile.contains(&name.as_str()) {
                        *field = Value::from("[volatile]");
                    } else {
                        walk(field, volatile);
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| walk(item, volatile)),
            _ => {}
        }
    }
    walk(&mut value, volatile);
    value
}

#[test]
fn json_shapes() {
    let place = Place::new();
    let lines =
        [turn("1", "2023-05-08T13:56", "Ann", "I adopted a cat."), turn("2", "2023-05-08T13:57", "Bo", "A cat!")];
    let import = place.import("ann", &(lines.concat() + "{}\n"));
    insta::assert_json_snapshot!("import", stable(import, &["seconds", "where"]));
    let ask = ["recall", "--person", "ann", "Who adopted a cat?", "--now", "2023-06-01", "--method", "bm25"];
    insta::assert_json_snapshot!("recall", stable(place.json(&ask), &["embed", "load", "search", "total"]));
    insta::assert_json_snapshot!(
        "context",
        place.json(&["context", "--person", "ann", "Who adopted a cat?", "--method", "bm25"])
    );
    let give = ["feedback", "--person", "ann", "Who adopted a cat?", "--shown", "1", "2", "--useful", "1"];
    insta::assert_json_snapshot!("feedback", place.json(&[&give[..], &["--now", "2023-06-01"]].concat()));
    insta::assert_json_snapshot!("persons", place.json(&["persons"]));
    insta::assert_json_snapshot!(
        "show",
        stable(place.json(&["show", "--person", "ann", "--turn", "1"]), &["recorded_at"])
    );
    insta::assert_json_snapshot!("audit", place.json(&["audit", "--person", "ann"]));
    place.ok(&["rebuild", "--person", "ann", "--method", "hybrid-window"]);
    insta::assert_json_snapshot!("memories", place.json(&["memories", "--person", "ann"]));
    insta::assert_json_snapshot!("forget", place.json(&["forget", "--person", "ann", "--turn", "2"]));
}

#[test]
fn help() {
    let place = Place::empty();
    let mut text = place.ok(&["--help"]).out;
    for command in [
        "import",
        "remember",
        "recall",
        "feedback",
        "context",
        "forget",
        "export",
        "rebuild",
        "lab run",
        "lab reproduce",
    ] {
        let args: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        text += &format!("\n=== {command}\n{}", place.ok(&args).out);
    }
    insta::assert_snapshot!(text);
}
