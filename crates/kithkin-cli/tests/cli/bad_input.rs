//! What is wrong is named with what would be right; the rest is imported, and nothing stored is lost.

use crate::harness::{Place, evidence, turn};

#[test]
fn files_that_cannot_be_read() {
    let place = Place::new();
    let check = |name: &str, bytes: &[u8], says: &[&str]| {
        let path = place.file(name, bytes);
        place.fails(&["import", &path, "--person", "p"], &[&[name], says].concat());
    };
    check("empty.json", b"", &["empty"]);
    check("prose.txt", b"hello there", &["jsonl"]);
    check("utf16.json", b"\xff\xfe[\x00{\x00", &["UTF-16", "iconv"]);
    place.fails(&["import", "absent.json", "--person", "p"], &["absent.json"]);
    let wrong = place.run(&["import", "x", "--format", "locmo"]);
    assert_eq!(wrong.code, Some(2), "{}", wrong.err);
    assert!(wrong.err.contains("locomo"), "{}", wrong.err);
}

#[test]
fn items_that_cannot_be_imported_are_listed_and_the_rest_is_stored() {
    let place = Place::new();
    let big = "x ".repeat(500_000);
    let lines = [
        turn("1", "2023-01-01", "Ann 🦊", "fine"),
        "{\"id\":\"2\",\"text\":\"no time\"}\n".to_owned(),
        turn("3", "2999-01-01", "Ann", "of the future"),
        turn("4", "0000-01-01", "Ann", "year zero"),
        turn("1", "2023-01-01", "Ann 🦊", "another text under the same id"),
        turn("5", "2023-01-02", "مريم", &big),
        turn("6", "2023-01-02", "Ann", "a\0b"),
        "{\"id\":\"7\",\"text\":\"cut".to_owned(),
    ];
    let report = place.import("p", &lines.concat());
    assert_eq!(report["turns"], 2, "{report}");
    let rejected: Vec<String> =
        report["rejected"].as_array().unwrap().iter().map(|r| format!("{}: {}", r["where"], r["why"])).collect();
    for (i, says) in [(0, "time"), (1, "future"), (2, "year"), (3, "twice"), (4, "NUL")] {
        assert!(rejected[i].contains(says) && rejected[i].contains("line"), "{says}: {}", rejected[i]);
    }
    assert_eq!(rejected.len(), 6, "{rejected:?}");
    assert_eq!(evidence(&place.json(&["recall", "--person", "p", "fine", "--method", "bm25"])), ["1"]);
}

#[test]
fn what_is_not_there_is_named_with_what_gets_it() {
    let place = Place::empty();
    place.fails(&["persons"], &["there is no store at", "kithkin init"]);
    place.fails(&["import", "x.json"], &["kithkin init"]);
    assert!(!place.path("kithkin.db").exists(), "reading must not make a store");
    place.ok(&["init"]);
    place.fails(&["init"], &["exists already"]);
    place.import("p", &turn("1", "2023-01-01", "Ann", "fine"));
    place.fails(&["recall", "--person", "p", "fine", "--method", "hybird"], &["did you mean hybrid"]);
    place.fails(&["recall", "--person", "p", "fine"], &["needs an embedder", "--method bm25"]);
    place.fails(&["recall", "--person", "q", "fine", "--method", "bm25"], &["no person default/q"]);
    place.fails(&["recall", "--person", "p", "  ", "--method", "bm25"], &["question is empty"]);
    place.fails(&["forget", "--person", "p", "--turn", "9"], &["no turn \"9\""]);
    place.fails(
        &["recall", "--person", "p", "fine", "--embedder", "all-MiniLM-L6-v2", "--models", "nowhere"],
        &["make weights", "nowhere"],
    );
    assert_eq!(place.run(&["forget", "--person", "p"]).code, Some(2));
    assert_eq!(place.run(&["recall", "--person", "", "fine"]).code, Some(2));
}

#[test]
fn a_file_that_is_no_store_is_left_as_it_is() {
    let place = Place::empty();
    let check = |bytes: &[u8]| {
        place.file("kithkin.db", bytes);
        place.fails(&["persons"], &["not a Kithkin store"]);
        place.fails(&["init"], &["exists already"]);
        assert_eq!(std::fs::read(place.path("kithkin.db")).unwrap(), bytes);
    };
    check(b"");
    check(b"hello");
    check(&b"SQLite format 3\0".repeat(100));
}

#[test]
fn missing_weights_cost_no_turn() {
    let place = Place::new();
    let path = place.file("turns.jsonl", turn("1", "2023-01-01", "Ann", "My cat is called Miso."));
    let args = ["import", &path, "--person", "p", "--embedder", "all-MiniLM-L6-v2", "--models", "nowhere"];
    place.fails(&args, &["the turns are stored", "make weights"]);
    assert_eq!(evidence(&place.json(&["recall", "--person", "p", "cat", "--method", "bm25"])), ["1"]);
}

#[test]
fn names_of_every_script_are_kept() {
    let place = Place::new();
    for person in ["🦊", "安娜", "مريم", "Ann Lee", "a/b", "../x", "O'Neil", "%"] {
        place.import(person, &turn("1", "2023-01-01", person, "My cat is called Miso."));
        let report = place.json(&["recall", "--person", person, "cat", "--method", "bm25"]);
        assert_eq!(report["evidence"][0]["speaker"], person);
    }
    assert_eq!(place.json(&["persons"]).as_array().unwrap().len(), 8);
}

#[test]
fn a_preset_that_is_wrong_is_named_with_the_field() {
    let place = Place::new();
    place.import("p", &turn("1", "2023-01-01", "Ann", "fine"));
    let preset = include_str!("../../../../methods/bm25.toml");
    let check = |from: &str, to: &str, says: &[&str]| {
        let path = place.file("mine.toml", preset.replace(from, to));
        place.fails(&["recall", "--person", "p", "fine", "--method", &path], says);
    };
    check("k1 = 0.9", "k1 = 90", &["k1 is 90", "0 and 10"]);
    check("k1 = 0.9", "k9 = 0.9", &["k9", "k1"]);
    check("strategy = \"bm25\"", "strategy = \"bm52\"", &["bm52", "did you mean bm25"]);
    check("abstain_below = 0.25", "abstain_below = 2", &["abstain_below"]);
    check("[recall]", "[recal]", &["recal"]);
}
