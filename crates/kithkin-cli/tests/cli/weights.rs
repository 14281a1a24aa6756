//! The default method with the real weights.

use crate::harness::{Place, Ran, evidence, interrupt, many, sample, turn};

#[test]
fn the_sample_answers() {
    let Some(place) = Place::with_weights() else { return };
    let report = place.json(&["import", sample().to_str().unwrap()]);
    assert_eq!(report["vectors"], 208);
    let check = |question: &str, expect: &[&str]| {
        let report = place.json(&["recall", "--person", "sample", question]);
        assert_eq!(report["models"]["embedder"], "all-MiniLM-L6-v2");
        let found = evidence(&report);
        assert!(expect.iter().all(|id| found.contains(id)), "{question}: {found:?}");
    };
    check("On what date did Gustav surprise Theo by laying an egg?", &["D10:6"]);
    check("Ivy 的外婆退休前是做什么工作的,做了多少年?", &["D8:6"]);
    check("What turned out to be behind Theo's rash?", &["D9:6"]);
}

#[test]
fn committed_rows_on_the_sample_hold() {
    let Some(place) = Place::with_weights() else { return };
    let datasets = sample().parent().unwrap().parent().unwrap().display().to_string();
    place.ok(&["lab", "reproduce", "sample-hybrid", "--samples", &datasets]);
}

#[test]
fn vectors_come_behind_and_say_so() {
    let Some(place) = Place::with_weights() else { return };
    let path = place.file("turns.jsonl", turn("1", "2023-01-01", "Ann", "My cat is called Miso."));
    place.ok(&["import", &path, "--person", "p", "--embedder", "none"]);
    let ask = ["recall", "--person", "p", "What is the pet's name?"];
    let report = place.json(&ask);
    assert_eq!((&report["partial"]["vectors"], &report["partial"]["turns"]), (&0.into(), &1.into()));
    assert!(!place.run(&["doctor"]).out.contains("all is well"));
    place.ok(&["reembed"]);
    assert_eq!(place.json(&ask)["partial"], serde_json::Value::Null);
    assert!(place.ok(&["doctor"]).out.contains("all is well"));
}

#[test]
fn windows_are_derived_embedded_and_erased() {
    let Some(place) = Place::with_weights() else { return };
    place.ok(&["import", sample().to_str().unwrap()]);
    place.ok(&["rebuild", "--person", "sample", "--method", "hybrid-window"]);
    let report = place.json(&["recall", "--person", "sample", "When did Gustav lay an egg?"]);
    assert_eq!(report["method"], "hybrid-window");
    assert!(evidence(&report).contains(&"D10:6"));
    let gone = place.json(&["forget", "--person", "sample", "--turn", "D10:6"]);
    assert_eq!((&gone["turns"], &gone["memories"], &gone["vectors"]), (&1.into(), &3.into(), &4.into()));
    // The windows around the gap, and their vectors, are made anew with the erasure.
    place.doctor_finds(&[]);
}

#[test]
fn what_was_derived_and_is_damaged_is_made_again() {
    let Some(place) = Place::with_weights() else { return };
    place.import("sample", &many(20));
    place.ok(&["rebuild", "--person", "sample", "--method", "hybrid-window"]);
    let (store, whole) = (place.dir.path().join("kithkin.db"), place.dir.path().join("whole"));
    place.ok(&["store", "compact"]);
    std::fs::copy(&store, &whole).unwrap();
    let breaks = |statement: &str| {
        std::fs::copy(&whole, &store).unwrap();
        place.breaks(statement);
    };
    let ask = ["recall", "--person", "sample", "talk of what?"];
    let expect = evidence(&place.json(&ask)).join(" ");
    let check = |statement: &str| {
        breaks(statement);
        let told = place.run(&["doctor"]).out;
        assert!(told.contains("damaged") && told.contains("kithkin rebuild --person sample"), "{statement}: {told}");
        // An answer comes all the same; what it lacks is then seen, and made.
        let report = place.json(&ask);
        assert!(!evidence(&report).is_empty(), "{statement}: {report}");
        assert!(!place.run(&["doctor"]).out.contains("all is well"), "{statement}");
        place.ok(&["rebuild", "--person", "sample"]);
        place.doctor_finds(&[]);
        assert_eq!(evidence(&place.json(&ask)).join(" "), expect, "{statement}");
        // A rebuild does it alone as well, and what is damaged can be erased.
        breaks(statement);
        place.ok(&["rebuild", "--person", "sample"]);
        place.doctor_finds(&[]);
        breaks(statement);
        place.ok(&["forget", "--person", "sample", "--turn", "1"]);
    };
    check("UPDATE vector SET vector = x'00' WHERE kind = 0 AND id = 5");
    check("UPDATE vector SET vector = x'0000' WHERE kind = 1 AND id = (SELECT MIN(id) FROM memory)");
    // Whole numbers of another count: here the first that is loaded, by which the others are not to be judged.
    check("UPDATE vector SET vector = substr(vector, 1, 101) WHERE kind = 0 AND id = 1");
    check("UPDATE vector SET vector = substr(vector, 1, 101) WHERE kind = 1 AND id = (SELECT MIN(id) FROM memory)");
    // Its first number is no number: a tag stands before the numbers of 16 bits.
    let not_finite = "CAST(substr(vector, 1, 1) || x'007e' || substr(vector, 4) AS BLOB)";
    check(&format!("UPDATE vector SET vector = {not_finite} WHERE kind = 0 AND id = 1"));
    check("UPDATE memory SET sources = '{' WHERE id = (SELECT MIN(id) FROM memory)");
    check("UPDATE memory SET kind = 'nothing' WHERE id = (SELECT MAX(id) FROM memory)");
}

#[test]
fn a_damaged_vector_bounds_no_segment() {
    let Some(place) = Place::with_weights() else { return };
    place.import("sample", &many(20));
    place.ok(&["rebuild", "--person", "sample", "--method", "secom-semantic"]);
    let memories = || place.ok(&["memories", "--person", "sample"]).out;
    let check = |broken: &str, id: &str| {
        place.breaks(&format!("UPDATE vector SET vector = {broken} WHERE kind = 0 AND id = 5"));
        place.import("sample", &turn(id, "2023-01-01", "Ann", "The cat is ill."));
        place.doctor_finds(&[]);
        let derived = memories();
        place.ok(&["rebuild", "--person", "sample"]);
        assert_eq!(memories(), derived, "{broken}");
    };
    check("x'00'", "one");
    check("substr(vector, 1, 101)", "another");
}

/// How many turns of `ann` have no vector yet.
fn without_vector(place: &Place) -> u64 {
    place.json(&["audit", "--person", "ann"])["without_vector"].as_u64().unwrap()
}

/// Runs what makes vectors of `of` turns, stops it half-way, and runs it again.
fn interrupted(place: &Place, args: &[&str], of: u64, says: &[&str]) {
    let mut child = place.spawn(args);
    while (place.turns() == 0 || without_vector(place) == of) && child.try_wait().unwrap().is_none() {}
    interrupt(&child);
    Ran::of(&child.wait_with_output().unwrap()).failed(says);
    assert_eq!(place.turns(), of);
    let lacking = without_vector(place);
    assert!((1..of).contains(&lacking), "{lacking}");
    assert_eq!(place.json(args)["vectors"], lacking, "no vector is made twice");
    place.doctor_finds(&[]);
}

#[test]
fn an_interrupted_embedding_keeps_its_vectors_and_the_next_run_makes_the_others() {
    // Several batches, each of which takes longer than it takes to see that one is done.
    let lines = many(800);
    let Some(place) = Place::with_weights() else { return };
    let import = ["import", &place.file("many.jsonl", &lines), "--person", "ann"];
    interrupted(&place, &import, 800, &["stopped", "what was stored is safe", "importing the file again"]);
    let Some(place) = Place::with_weights() else { return };
    place.ok(&["import", &place.file("many.jsonl", &lines), "--person", "ann", "--embedder", "none"]);
    interrupted(&place, &["reembed"], 800, &["stopped", "what was done so far is kept", "run it again"]);
}
