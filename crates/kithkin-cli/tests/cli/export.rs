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
fn feedback_is_part_of_an_export_and_comes_back_once() {
    let place = Place::new();
    let lines = [turn("1", "2023-01-01", "Ann", "tea"), turn("2", "2023-01-02", "Ann", "rice")];
    place.import("ann", &lines.concat());
    let give = |question: &str, useful: &str| {
        let args = ["feedback", "--person", "ann", question, "--shown", "1", "2", "--useful", useful];
        place.ok(&[&args[..], &["--now", "2023-02-01"]].concat());
    };
    give("What do I drink?", "1");
    place.import("ann", &turn("1", "2023-01-01", "Ann", "green tea"));
    give("What do I drink?", "1");
    give("What do I eat?", "2");
    place.ok(&["export", "--person", "ann", "-o", "ann.jsonl"]);
    let path = place.path("ann.jsonl").display().to_string();
    let other = Place::new();
    // Other places in the log, so that these cannot be what is written.
    other.import("ann", &turn("0", "2022-01-01", "Ann", "before"));
    let report = other.json(&["import", &path]);
    assert_eq!((&report["feedback"], &report["rejected"]), (&3.into(), &serde_json::json!([])));
    other.ok(&["forget", "--person", "ann", "--turn", "0"]);
    other.ok(&["export", "--person", "ann", "-o", "again.jsonl"]);
    assert_eq!(std::fs::read(other.path("again.jsonl")).unwrap(), std::fs::read(&path).unwrap());
    for known in [&place, &other] {
        assert_eq!(known.json(&["import", &path])["feedback"], 0, "nothing comes twice");
    }
    let text = std::fs::read_to_string(&path).unwrap();
    let broken = text.replace("\"id\":\"2\"", "\"id\":\"3\"");
    let third = Place::new();
    let report = third.json(&["import", &third.file("broken.jsonl", broken)]);
    assert_eq!(report["feedback"], 0);
    assert!(report["rejected"][0]["why"].as_str().unwrap().contains("showed the turn 2"), "{report}");
}

#[test]
fn the_same_file_twice_adds_nothing() {
    let place = Place::new();
    let lines: String = (0..50).map(|i| turn(&i.to_string(), "2023-01-01", "Ann", &format!("talk {i}"))).collect();
    assert_eq!(place.import("ann", &lines)["turns"], 50);
    let again = place.import("ann", &lines);
    assert_eq!((&again["turns"], &again["duplicates"]), (&0.into(), &50.into()));
}
