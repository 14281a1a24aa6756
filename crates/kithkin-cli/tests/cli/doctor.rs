//! What is still to be derived is found, with what derives it; where the weights are needed, see `weights.rs`.

use crate::harness::{Place, many, turn, windows_preset};

/// The weights that the command names are not there.
const NO_WEIGHTS: [&str; 4] = ["--embedder", "all-MiniLM-L6-v2", "--models", "nowhere"];

#[test]
fn memories_that_are_behind_their_turns() {
    let place = Place::new();
    place.import("ann", &many(3));
    let method = place.file("windows.toml", windows_preset("windows"));
    place.ok(&["rebuild", "--person", "ann", "--method", &method]);
    place.doctor_finds(&[]);
    // Without an embedder memories are derived all the same; with one whose weights are missing the turns alone are kept.
    place.import("ann", &turn("3", "2023-01-01", "Ann", "talk of more"));
    place.doctor_finds(&[]);
    let note = ["remember", "--person", "ann", "I moved to Oslo.", "--at", "2024-05-01"];
    place.fails(&[&note[..], &NO_WEIGHTS].concat(), &["the turn is stored"]);
    place.doctor_finds(&["1 sessions of ann have turns that are not in its memories for windows yet: \
                          run `kithkin rebuild --person ann`"]);
    let report: serde_json::Value = serde_json::from_str(&place.run(&["doctor", "--json"]).out).unwrap();
    assert_eq!(report["report"]["findings"][0]["repair"]["rebuild"]["person"], "ann");
    place.ok(&["rebuild", "--person", "ann"]);
    place.doctor_finds(&[]);
    assert_eq!(place.json(&["memories", "--person", "ann"]).as_array().unwrap().len(), 5);
}

#[test]
fn memories_that_a_broken_rebuild_left_are_named_and_a_rebuild_drops_them() {
    let place = Place::new();
    place.import("ann", &many(3));
    let method = place.file("windows.toml", windows_preset("windows"));
    place.ok(&["rebuild", "--person", "ann", "--method", &method]);
    // As after a rebuild that made its memories and was killed before the person was bound to its method.
    place.breaks("DELETE FROM binding");
    place.doctor_finds(&["3 memories of ann are of another method than hybrid, left by a rebuild that is running or \
                          was broken off: run `kithkin rebuild --person ann`"]);
    place.ok(&["rebuild", "--person", "ann"]);
    place.doctor_finds(&[]);
}

#[test]
fn a_preset_that_has_changed_is_named_and_a_rebuild_mends_it() {
    let place = Place::new();
    place.import("ann", &many(3));
    let method = place.file("windows.toml", windows_preset("bm25"));
    place.ok(&["rebuild", "--person", "ann", "--method", &method]);
    let changed = "the preset bm25 has changed since ann was built with it; run `kithkin rebuild --person ann`";
    place.doctor_finds(&[changed]);
    place.fails(&["recall", "--person", "ann", "talk"], &[changed]);
    assert_eq!(place.json(&["forget", "--person", "ann", "--turn", "1"])["turns"], 1);
    place.ok(&["rebuild", "--person", "ann"]);
    place.doctor_finds(&[]);
    assert_eq!(place.json(&["memories", "--person", "ann"]), serde_json::json!([]));
    place.ok(&["recall", "--person", "ann", "talk"]);
}

#[test]
fn a_damaged_turn_is_named_and_never_passed_over() {
    let check = |statement: &str| {
        let place = Place::new();
        place.import("ann", &many(9));
        place.breaks(statement);
        let told = place.run(&["doctor"]);
        assert!(told.code == Some(1) && told.out.contains("turn 7") && told.out.contains("copy"), "{}", told.out);
        // It might have been a consent that was withdrawn.
        place.fails(&["recall", "--person", "ann", "tea", "--method", "bm25"], &["turn 7", "kithkin doctor"]);
        assert_eq!(place.run(&["store", "verify"]).code, Some(1));
    };
    check("UPDATE turn SET role = 'nobody' WHERE seq = 7");
    check("UPDATE turn SET text = CAST(x'ff' AS TEXT) WHERE seq = 7");
    check("UPDATE turn SET text = 'I said something else.' WHERE seq = 7");
    check("UPDATE turn SET attachments = '{' WHERE seq = 7");
}
