//! What is forgotten is in no answer, index, export or byte of the files.

use std::path::Path;

use crate::harness::{Place, evidence, turn, windows_preset};

/// The files of the store that hold the text.
fn files_with(dir: &Path, text: &str) -> Vec<String> {
    let holds = |bytes: &[u8]| bytes.windows(text.len()).any(|w| w == text.as_bytes());
    let files = std::fs::read_dir(dir).unwrap().map(|f| f.unwrap().path());
    let store = files.filter(|p| p.file_name().unwrap().to_string_lossy().starts_with("kithkin.db"));
    store.filter(|p| holds(&std::fs::read(p).unwrap())).map(|p| p.display().to_string()).collect()
}

fn filled() -> Place {
    let place = Place::new();
    let long = format!("The xylophone-secret stands here. {}", "word ".repeat(100_000));
    let mut lines = vec![
        turn("1", "2023-01-01", "Ann", "My marzipan-secret is safe."),
        turn("2", "2023-01-02", "Zorba-Only", &long),
    ];
    lines.extend((3..200).map(|i| turn(&i.to_string(), "2023-01-03", "Ann", &format!("Ordinary talk number {i}."))));
    place.import("ann", &lines.concat());
    place.import("bob-the-person", &turn("1", "2023-01-01", "Bob", "I keep the quokka-secret."));
    place
}

#[test]
fn forgotten_turns_are_gone_to_the_byte() {
    let place = filled();
    assert!(!files_with(place.dir.path(), "marzipan-secret").is_empty());
    let counted = place.json(&["forget", "--person", "ann", "--turn", "1", "--turn", "2", "--dry-run"]);
    assert_eq!((&counted["turns"], &counted["dry_run"]), (&2.into(), &true.into()));
    assert_eq!(evidence(&place.json(&["recall", "--person", "ann", "marzipan", "--method", "bm25"])), ["1"]);
    let gone = place.json(&["forget", "--person", "ann", "--turn", "1", "--turn", "2"]);
    assert_eq!((&gone["turns"], &gone["dry_run"]), (&2.into(), &false.into()));
    for text in ["marzipan-secret", "xylophone-secret", "Zorba-Only"] {
        assert_eq!(files_with(place.dir.path(), text), Vec::<String>::new(), "{text}");
    }
    assert!(evidence(&place.json(&["recall", "--person", "ann", "marzipan xylophone", "--method", "bm25"])).is_empty());
    assert!(!place.ok(&["export", "--person", "ann"]).out.contains("secret"));
    assert_eq!(place.json(&["persons"])[0]["turns"], 197);
}

#[test]
fn a_forgotten_person_leaves_no_name_and_others_stay() {
    let place = filled();
    place.ok(&["forget", "--person", "bob-the-person", "--all"]);
    for text in ["quokka-secret", "bob-the-person"] {
        assert_eq!(files_with(place.dir.path(), text), Vec::<String>::new(), "{text}");
    }
    place.fails(&["recall", "--person", "bob-the-person", "quokka", "--method", "bm25"], &["no person"]);
    assert_eq!(place.json(&["persons"])[0]["turns"], 199);
}

#[test]
fn sessions_conversations_and_ambiguous_ids() {
    let place = Place::new();
    for conversation in ["c1", "c2"] {
        let line = turn("1", "2023-01-01", "Ann", "tea").replace("\"c\"", &format!("\"{conversation}\""));
        place.import("ann", &line);
    }
    place.fails(&["forget", "--person", "ann", "--turn", "1"], &["c1, c2", "--conversation"]);
    place.fails(&["forget", "--person", "ann", "--session", "s"], &["--conversation"]);
    assert_eq!(place.json(&["forget", "--person", "ann", "--session", "s", "--conversation", "c1"])["turns"], 1);
    assert_eq!(place.json(&["forget", "--person", "ann", "--conversation", "c2"])["turns"], 1);
    place.fails(&["forget", "--person", "ann", "--conversation", "c2"], &["no conversation \"c2\""]);
}

#[test]
fn derived_memories_go_with_their_turns_and_equal_a_rebuild() {
    let place = Place::new();
    let lines: String =
        (1..6).map(|i| turn(&i.to_string(), "2023-01-01", "Ann", &format!("talk of thing{i}"))).collect();
    place.import("ann", &lines);
    let method = place.file("windows.toml", windows_preset("windows"));
    let ask = |place: &Place| {
        let report = place.json(&["recall", "--person", "ann", "thing3", "--method", &method]);
        let mut found: Vec<String> = evidence(&report).iter().map(|s| (*s).to_owned()).collect();
        found.sort_unstable();
        found
    };
    place.fails(&["recall", "--person", "ann", "thing3", "--method", &method], &["kithkin rebuild"]);
    place.ok(&["rebuild", "--person", "ann", "--method", &method]);
    assert_eq!(ask(&place), ["2", "3", "4"]);
    let gone = place.json(&["forget", "--person", "ann", "--turn", "3"]);
    assert_eq!(gone["memories"], 3);
    assert!(ask(&place).is_empty());
    let report = place.json(&["recall", "--person", "ann", "thing4", "--method", &method]);
    let mut found = evidence(&report);
    found.sort_unstable();
    assert_eq!(found, ["2", "4", "5"], "turn 2 and turn 4 are neighbours now");
}
