//! Export and import give an equal person.

use crate::harness::{Place, turn};

#[test]
fn an_export_comes_back_equal() {
    let place = Place::new();
    place.import(
        "ann",
        &[
            turn("1", "2023-01-01", "Ann 🦊", "我住在奥斯陆"),
            turn("2", "2023-01-02T10:00:00+02:00", "Bo", "two\nlines"),
        ]
        .concat(),
    );
    place.import("ann", &turn("1", "2023-01-01", "Ann 🦊", "我住在卑尔根"));
    place.ok(&["export", "--person", "ann", "-o", "ann.jsonl"]);
    place.fails(&["export", "--person", "ann", "-o", "ann.jsonl"], &["ann.jsonl", "new name"]);
    let before = place.json(&["timeline", "--person", "ann"]);
    let other = Place::new();
    let path = place.path("ann.jsonl").display().to_string();
    let report = other.json(&["import", &path, "--format", "kithkin"]);
    assert_eq!((&report["turns"], &report["rejected"]), (&3.into(), &serde_json::json!([])));
    assert_eq!(other.json(&["timeline", "--person", "ann"]), before);
    other.ok(&["export", "--person", "ann", "-o", "again.jsonl"]);
    assert_eq!(std::fs::read(other.path("again.jsonl")).unwrap(), std::fs::read(&path).unwrap());
}

#[test]
fn the_same_file_twice_adds_nothing() {
    let place = Place::new();
    let lines: String = (0..50).map(|i| turn(&i.to_string(), "2023-01-01", "Ann", &format!("talk {i}"))).collect();
    assert_eq!(place.import("ann", &lines)["turns"], 50);
    let again = place.import("ann", &lines);
    assert_eq!((&again["turns"], &again["duplicates"]), (&0.into(), &50.into()));
}
