//! Disks that are full, cut writes short, or may not be written: what was acknowledged stays, and the error says what to do.

use std::path::Path;
use std::process::Command;

use crate::harness::{Place, Ran, evidence, many, on_a_disk_of_its_own, turn};

/// A file with `n` turns that lies on the build's disk, not on the test's own.
fn elsewhere(n: usize) -> tempfile::TempPath {
    let file = tempfile::NamedTempFile::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    std::fs::write(file.path(), many(n)).unwrap();
    file.into_temp_path()
}

fn mount(options: &str, path: &Path) {
    assert!(Command::new("mount").args(["-o", options]).arg(path).status().unwrap().success(), "{options}");
}

/// The names and contents of the files in the folder.
fn files(place: &Place) -> Vec<(String, Vec<u8>)> {
    let read = |f: std::fs::DirEntry| (f.file_name().into_string().unwrap(), std::fs::read(f.path()).unwrap());
    let mut files: Vec<_> = std::fs::read_dir(place.dir.path()).unwrap().map(|f| read(f.unwrap())).collect();
    files.sort();
    files
}

/// The rest of an import that failed: all that was kept is there already, and nothing twice.
fn completes(place: &Place, path: &str, of: u64) {
    let kept = place.turns();
    let report = place.json(&["import", path, "--person", "ann"]);
    assert_eq!((report["duplicates"].as_u64(), report["turns"].as_u64()), (Some(kept), Some(of - kept)));
    assert_eq!(place.turns(), of);
    place.doctor_finds(&[]);
}

const FULL: &[&str] = &["the disk of", "kithkin.db", "is full", "free some room"];

#[test]
fn a_full_disk_keeps_what_was_acknowledged() {
    if !on_a_disk_of_its_own("disk::a_full_disk_keeps_what_was_acknowledged", "2m") {
        return;
    }
    let place = Place::new();
    place.import("ann", &turn("0", "2023-01-01", "Ann", "talk number 0 of many"));
    let fill = || assert!(std::fs::write(place.path("filler"), vec![0; 4 << 20]).is_err(), "the disk should be small");
    fill();
    place.fails(&["remember", "--person", "ann", "There is no room for this."], FULL);
    place.fails(&["persons"], FULL);
    place.fails(&["init", "--store", "other.db"], &["the disk of other.db is full"]);
    assert!(!place.path("other.db").exists());
    std::fs::remove_file(place.path("filler")).unwrap();
    assert_eq!(place.turns(), 1);

    let path = elsewhere(20_000);
    let args = ["import", path.to_str().unwrap(), "--person", "ann"];
    for _ in 0..2 {
        let before = place.turns();
        place.fails(&args, FULL);
        assert!(place.turns() >= before);
    }
    assert!((2..20_000).contains(&place.turns()), "{}", place.turns());
    assert_eq!(
        evidence(&place.json(&["recall", "--person", "ann", "number 0", "--method", "bm25", "--limit", "1"])),
        ["0"]
    );
    fill();
    place.fails(&["export", "--person", "ann", "-o", "ann.jsonl"], &["ann.jsonl cannot be written", "No space left"]);
    assert!(!place.path("ann.jsonl").exists(), "half an export could be taken for a whole one");
    std::fs::remove_file(place.path("filler")).unwrap();
    mount("remount,size=64m", &std::env::temp_dir());
    completes(&place, path.to_str().unwrap(), 20_000);
}

#[test]
fn a_limit_on_the_size_of_files_keeps_what_was_acknowledged() {
    let place = Place::new();
    let path = place.file("many.jsonl", many(20_000));
    let args = ["import", &path, "--person", "ann"];
    // Ignored, the signal of the limit leaves the write with an error, as a quota does.
    let limited = ["sh", "-c", "trap '' XFSZ; ulimit -f 2000; exec \"$@\"", "sh"];
    let ran = Ran::of(&place.through(&limited, &args).output().unwrap());
    ran.failed(&["kithkin.db could not be written to the end", "everything before it is safe", "quota", "do it again"]);
    assert!((1..20_000).contains(&place.turns()), "{}", place.turns());
    completes(&place, &path, 20_000);
}

#[test]
fn a_read_only_file_is_read_and_never_written() {
    if !on_a_disk_of_its_own("disk::a_read_only_file_is_read_and_never_written", "8m") {
        return;
    }
    let place = Place::new();
    place.import("ann", &turn("1", "2023-01-01", "Ann", "My cat is called Miso."));
    let store = place.path("kithkin.db");
    let before = std::fs::read(&store).unwrap();
    assert!(Command::new("mount").arg("--bind").args([&store, &store]).status().unwrap().success());
    mount("remount,bind,ro", &store);
    for args in reading() {
        assert!(!place.ok(args).out.is_empty(), "{args:?}");
    }
    let says = ["kithkin.db cannot be written", "nothing was changed", "permissions"];
    for args in writing() {
        place.fails(args, &says);
    }
    let doctor = place.run(&["doctor"]);
    assert!(doctor.code == Some(1) && says.iter().all(|text| doctor.out.contains(text)), "{}", doctor.out);
    assert_eq!(std::fs::read(&store).unwrap(), before);
}

#[test]
fn a_read_only_folder_is_named_and_nothing_is_changed() {
    if !on_a_disk_of_its_own("disk::a_read_only_folder_is_named_and_nothing_is_changed", "8m") {
        return;
    }
    let place = Place::new();
    place.import("ann", &turn("1", "2023-01-01", "Ann", "My cat is called Miso."));
    let before = files(&place);
    mount("remount,ro", &std::env::temp_dir());
    for args in reading().iter().chain(writing()).chain(&[&["doctor"][..]]) {
        place.fails(args, &["kithkin.db cannot be opened", "nothing was changed", "permissions", "copy the store"]);
    }
    place.fails(&["init", "--store", "other.db"], &["other.db cannot be written", "permissions"]);
    assert_eq!(files(&place), before);
    mount("remount,rw", &std::env::temp_dir());
    assert_eq!(place.turns(), 1);
}

fn reading() -> &'static [&'static [&'static str]] {
    &[
        &["persons"],
        &["show", "--person", "ann"],
        &["timeline", "--person", "ann"],
        &["recall", "--person", "ann", "What is the cat of ann called?", "--method", "bm25"],
        &["forget", "--person", "ann", "--all", "--dry-run"],
        &["export", "--person", "ann"],
    ]
}

fn writing() -> &'static [&'static [&'static str]] {
    &[
        &["remember", "--person", "ann", "I have a dog now."],
        &["import", "turns.jsonl", "--person", "bob"],
        &["forget", "--person", "ann", "--all"],
        &["rebuild", "--person", "ann", "--method", "bm25"],
    ]
}
