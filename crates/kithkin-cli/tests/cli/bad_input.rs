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
    check("blank.jsonl", b" \n\n", &["empty"]);
    check("begun.json", b"[{\"role\":\"us", &["--format"]);
    check("utf16.json", b"\xff\xfe[\x00{\x00", &["UTF-16", "iconv"]);
    check("unmarked.json", b"[\x00{\x00", &["UTF-16LE", "iconv"]);
    check("latin.json", b"[{\"role\":\"user\",\"content\":\"caf\xe9\"}]", &["0xE9 at byte 30", "iconv"]);
    place.fails(&["import", "absent.json", "--person", "p"], &["absent.json"]);
    // What the system says is said once.
    let folder = place.run(&["import", ".", "--person", "p"]);
    assert_eq!(folder.err.matches("directory").count(), 1, "{}", folder.err);
    folder.failed(&[". cannot be"]);
    assert_eq!(place.turns(), 0);
    let wrong = place.run(&["import", "x", "--format", "locmo"]);
    assert_eq!(wrong.code, Some(2), "{}", wrong.err);
    assert!(wrong.err.contains("locomo"), "{}", wrong.err);
}

#[test]
fn a_file_that_ends_early_keeps_what_was_whole() {
    let place = Place::new();
    let check = |name: &str, bytes: &[u8], says: &str| {
        let path = place.file(name, bytes);
        let report = place.json(&["import", &path, "--person", name]);
        assert_eq!((&report["turns"], report["rejected"].as_array().unwrap().len()), (&1.into(), 1), "{report}");
        let rejected = &report["rejected"][0];
        assert!(
            rejected["where"].as_str().unwrap().contains("line") && rejected["why"].as_str().unwrap().contains(says)
        );
    };
    let whole = turn("1", "2023-01-01", "Ann", "fine");
    check("cut.jsonl", &[whole.as_bytes(), b"{\"id\":\"2\",\"said_at\":\"20"].concat(), "EOF");
    check("latin.jsonl", &[whole.as_bytes(), b"{\"id\":\"2\",\"text\":\"caf\xe9\"}"].concat(), "iconv");
    check("cut.json", b"[{\"role\":\"user\",\"content\":\"fine\"},{\"role\":\"us", "ends early");
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
        turn("8", "-0044-03-15", "Ann", "before the year 1"),
        turn("9", "0001-01-01", "Ann", "of the first year"),
        turn("10", "2023-01-03", "Ann", &"x".repeat((4 << 20) + 1)),
        "{\"id\":\"7\",\"text\":\"cut".to_owned(),
    ];
    let report = place.import("p", &lines.concat());
    assert_eq!(report["turns"], 3, "{report}");
    let rejected: Vec<String> =
        report["rejected"].as_array().unwrap().iter().map(|r| format!("{}: {}", r["where"], r["why"])).collect();
    let says = ["time", "future", "year", "twice", "NUL", "not a time", "split it", "not valid JSON"];
    assert_eq!(rejected.len(), says.len(), "{rejected:?}");
    for (rejected, says) in rejected.iter().zip(says) {
        assert!(rejected.contains(says) && rejected.contains("line"), "{says}: {rejected}");
    }
    assert_eq!(place.json(&["show", "--person", "p", "--turn", "5"])[0]["text"], big);
    assert_eq!(evidence(&place.json(&["recall", "--person", "p", "fine", "--method", "bm25"])), ["1"]);
}

#[test]
fn what_is_not_there_is_named_with_what_gets_it() {
    let place = Place::new();
    place.fails(&["init"], &["exists already"]);
    place.fails(&["init", "--store", "no/kithkin.db"], &["no/kithkin.db cannot be written", "folder does not exist"]);
    place.import("p", &turn("1", "2023-01-01", "Ann", "fine"));
    place.fails(&["recall", "--person", "p", "fine", "--method", "hybird"], &["did you mean hybrid"]);
    place.fails(&["rebuild", "--person", "p", "--method", "BM52"], &["did you mean bm25"]);
    place.fails(&["recall", "--person", "p", "fine", "--method", "zzz"], &["no method \"zzz\"", "kithkin methods"]);
    place.fails(&["recall", "--person", "p", "fine", "--method", "mine.toml"], &["mine.toml cannot be read"]);
    place.fails(&["reembed", "--embedder", "all-MiniLM"], &["did you mean: all-MiniLM-L6-v2"]);
    place.fails(&["recall", "--person", "p", "fine"], &["needs an embedder", "--method bm25"]);
    place.fails(&["recall", "--person", "p", "  ", "--method", "bm25"], &["question is empty"]);
    place.fails(&["forget", "--person", "p", "--turn", "9"], &["no turn \"9\""]);
    place.fails(
        &["recall", "--person", "p", "fine", "--embedder", "all-MiniLM-L6-v2", "--models", "nowhere"],
        &["make weights", "nowhere"],
    );
    assert_eq!(place.run(&["forget", "--person", "p"]).code, Some(2));
    assert_eq!(place.run(&["recall", "--person", "", "fine"]).code, Some(2));
}

/// Every command that works on one person.
const OF_A_PERSON: &[&[&str]] = &[
    &["show"],
    &["show", "--turn", "1"],
    &["timeline"],
    &["memories"],
    &["audit"],
    &["export"],
    &["recall", "fine", "--method", "bm25"],
    &["context", "fine", "--method", "bm25"],
    &["forget", "--all"],
    &["forget", "--turn", "1"],
    &["rebuild", "--method", "bm25"],
];

#[test]
fn a_person_who_is_not_there_is_named_also_when_another_tenant_has_the_name() {
    let place = Place::new();
    place.import("p", &turn("1", "2023-01-01", "Ann", "fine"));
    for args in OF_A_PERSON {
        place.fails(&[args, &["--person", "q"][..]].concat(), &["no person default/q", "kithkin persons"]);
        let other = [args, &["--person", "p", "--tenant", "other"][..]].concat();
        place.fails(&other, &["no person other/p", "kithkin persons --tenant other"]);
    }
    assert_eq!(place.turns(), 1);
    assert_eq!(place.json(&["persons", "--tenant", "other"]), serde_json::json!([]));
}

/// Every command that opens the store.
fn on_a_store() -> impl Iterator<Item = Vec<&'static str>> {
    let others: [&[&str]; 5] =
        [&["persons"], &["doctor"], &["reembed"], &["import", "x.jsonl"], &["remember", "--person", "p", "fine"]];
    let of_a_person = OF_A_PERSON.iter().map(|args| [args, &["--person", "p"][..]].concat());
    others.into_iter().map(<[&str]>::to_vec).chain(of_a_person)
}

#[test]
fn no_command_but_init_makes_a_store() {
    let place = Place::empty();
    for args in on_a_store() {
        place.fails(&args, &["there is no store at", "kithkin init"]);
    }
    assert_eq!(std::fs::read_dir(place.dir.path()).unwrap().count(), 0);
}

#[test]
fn a_file_that_is_no_store_is_left_as_it_is() {
    let check = |bytes: &[u8], says: &[&str]| {
        let place = Place::empty();
        place.file("kithkin.db", bytes);
        for args in on_a_store() {
            place.fails(&args, says);
        }
        place.fails(&["init"], &["exists already"]);
        assert_eq!(std::fs::read(place.path("kithkin.db")).unwrap(), bytes);
    };
    check(b"", &["not a Kithkin store"]);
    check(b"hello", &["not a Kithkin store"]);
    check(&b"SQLite format 3\0".repeat(100), &["not a Kithkin store"]);
    let mut newer = std::fs::read(Place::new().path("kithkin.db")).unwrap();
    // SQLite's user version, which counts the schema, is the big-endian number at byte 60.
    newer[60..64].copy_from_slice(&1_000_000u32.to_be_bytes());
    check(&newer, &["has schema 1000000", "newer Kithkin"]);
    let place = Place::empty();
    std::fs::create_dir(place.path("kithkin.db")).unwrap();
    for args in on_a_store() {
        place.fails(&args, &["not a Kithkin store"]);
    }
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
    for person in ["🦊", "👩‍👩‍👧", "安娜", "مريم", "Ann Lee", "a/b", "../x", "O'Neil", "%"] {
        place.import(person, &turn("1", "2023-01-01", person, "My cat is called Miso."));
        let report = place.json(&["recall", "--person", person, "cat", "--method", "bm25"]);
        assert_eq!(report["evidence"][0]["speaker"], person);
        place.ok(&["remember", "--person", person, "--speaker", "دانا 🐢", "A tortoise came.", "--at", "2023-01-02"]);
        assert_eq!(place.json(&["timeline", "--person", person])[1]["speaker"], "دانا 🐢");
    }
    assert_eq!(place.json(&["persons"]).as_array().unwrap().len(), 9);
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
    check("abstain_below = 0.2", "abstain_below = 2", &["abstain_below"]);
    check("[recall]", "[recal]", &["recal"]);
}

#[test]
fn words_that_cannot_be_remembered_are_refused() {
    let place = Place::new();
    let check = |text: &str, at: &str, code: i32, says: &str| {
        let ran = place.run(&["remember", "--person", "p", text, "--at", at]);
        assert!(ran.code == Some(code) && ran.err.contains(says), "{text:?} {at}: {:?} {}", ran.code, ran.err);
    };
    check(" ", "2023-01-01", 1, "no text");
    check("fine", "2999-01-01", 1, "future");
    check("fine", "0000-01-01", 2, "years 1 to 9999");
    check("fine", "yesterday", 2, "not a time");
    assert_eq!(place.turns(), 0);
    check("fine", "0001-01-01", 0, "");
    assert_eq!(place.turns(), 1);
}
