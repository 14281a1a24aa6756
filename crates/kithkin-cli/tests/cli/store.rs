//! Stores as a whole: verified, copied, backed up, restored and compacted, also when killed, damaged or in use.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::cluster::Cluster;
use crate::harness::{Place, Ran, evidence, interrupt, many, on_a_disk_of_its_own, turn, windows_preset};

/// Of each person in a store what `verify` says, by tenant and name.
fn verified(place: &Place, store: &str) -> Value {
    let report = place.json(&["store", "verify", "--store", store]);
    assert_eq!(report["damaged"], serde_json::json!([]), "{report}");
    report
}

/// Copies, and gives how many were copied, unchanged and turns.
fn copy(place: &Place, to: &str, more: &[&str]) -> [u64; 3] {
    let report = place.json(&[&["store", "copy", "--to", to], more].concat());
    assert_eq!(report["refused"], serde_json::json!([]), "{report}");
    ["copied", "unchanged", "turns"].map(|field| report[field].as_u64().unwrap())
}

/// A store with edits, gaps, feedback, methods, memories, corrections and consents, of two tenants.
fn filled() -> Place {
    let place = Place::new();
    let said = |n: usize| turn(&n.to_string(), "2023-05-08T13:56", "林", &format!("第{n}次 talk of thing{n} 🦊"));
    place.import("林 🦊/a", &(1..9).map(said).collect::<String>());
    place.import("林 🦊/a", &turn("2", "2023-05-09", "林", "told anew"));
    place.import("林 🦊/a", &turn("2", "2023-05-09", "林", "told a third time"));
    place.ok(&["feedback", "--person", "林 🦊/a", "thing?", "--shown", "1", "2", "--useful", "2"]);
    place.ok(&["feedback", "--person", "林 🦊/a", "gone?", "--shown", "5"]);
    let method = place.file("windows.toml", windows_preset("windows"));
    place.ok(&["rebuild", "--person", "林 🦊/a", "--method", &method]);
    place.ok(&["forget", "--person", "林 🦊/a", "--turn", "5", "--turn", "8"]);
    place.ok(&["consent", "--person", "林 🦊/a", "grant", "persuade"]);
    place.import("bo", &turn("1", "2023-05-08", "Bo", "I have a dog."));
    place.ok(&["remember", "--person", "bo", "Its name is Rex.", "--tenant", "租户", "--at", "2024-01-01"]);
    place
}

#[test]
fn a_copy_has_everything_and_goes_on() {
    let place = filled();
    assert_eq!(copy(&place, "copy.db", &[])[..2], [3, 0]);
    let (here, there) = (verified(&place, "kithkin.db"), verified(&place, "copy.db"));
    assert_eq!(here, there);
    assert_eq!(here["persons"].as_array().unwrap().len(), 3);
    let lin = &here["persons"][1];
    assert_eq!((&lin["person"], &lin["feedback"]), (&"林 🦊/a".into(), &1.into()), "{here}");
    assert!(lin["memories"].as_u64().unwrap() > 0, "{lin}");
    assert_eq!(copy(&place, "copy.db", &[]), [0, 3, 0], "nothing is written twice");
    for args in [
        &["timeline", "--person", "林 🦊/a"][..],
        &["memories", "--person", "林 🦊/a", "--as-of", "2024-01-01"],
        &["consent", "--person", "林 🦊/a"],
    ] {
        assert_eq!(place.json(args), place.json(&[args, &["--store", "copy.db"]].concat()), "{args:?}");
    }
    let ask = ["recall", "--person", "林 🦊/a", "thing3", "--store", "copy.db"];
    assert!(evidence(&place.json(&ask)).contains(&"3"), "its memories came with it, and need no rebuild");

    // What comes into the source is copied after it, and places that were erased are not given out again.
    place.import("林 🦊/a", &turn("9", "2023-06-01", "林", "later"));
    place.ok(&["remember", "--person", "new", "hello"]);
    assert_eq!(copy(&place, "copy.db", &[]), [2, 2, 2]);
    assert_eq!(verified(&place, "kithkin.db"), verified(&place, "copy.db"));
    let table = place.ok(&["store", "verify"]).out;
    assert!(table.contains("林 🦊/a") && table.contains("all of it: "), "{table}");
}

#[test]
fn a_tenant_or_a_person_is_copied_alone() {
    let place = filled();
    assert_eq!(copy(&place, "tenant.db", &["--tenant", "租户"]), [1, 0, 1]);
    assert_eq!(copy(&place, "person.db", &["--person", "bo"]), [1, 0, 1]);
    for (store, tenant) in [("tenant.db", "租户"), ("person.db", "default")] {
        let persons = verified(&place, store)["persons"].clone();
        assert_eq!((persons.as_array().unwrap().len(), &persons[0]["tenant"]), (1, &tenant.into()), "{persons}");
    }
    let whole = place.json(&["store", "verify", "--person", "bo"]);
    assert_eq!(whole["persons"], verified(&place, "person.db")["persons"]);
    place.fails(&["store", "copy", "--to", "nobody.db", "--person", "nobody"], &["no person", "nobody"]);
    place.fails(&["store", "verify", "--person", "nobody"], &["no person", "nobody"]);
}

#[test]
fn another_person_of_the_name_is_left_alone() {
    let place = filled();
    place.ok(&["init", "--store", "other.db"]);
    place.ok(&["remember", "--store", "other.db", "--person", "林 🦊/a", "someone else", "--at", "2024-01-01"]);
    let before = place.json(&["timeline", "--store", "other.db", "--person", "林 🦊/a"]);
    let ran = place.run(&["store", "copy", "--to", "other.db"]);
    assert_eq!(ran.code, Some(1), "{}{}", ran.out, ran.err);
    assert!(
        ran.out.contains("2 persons copied") && ran.out.contains("not copied: 林 🦊/a of default: "),
        "{}",
        ran.out
    );
    assert_eq!(place.json(&["timeline", "--store", "other.db", "--person", "林 🦊/a"]), before);
    // What the source has erased since is not erased in the copy by another copy, which cannot know whose it is.
    copy(&place, "copy.db", &[]);
    place.ok(&["forget", "--person", "林 🦊/a", "--turn", "1"]);
    let ran = place.run(&["store", "copy", "--to", "copy.db"]);
    assert!(ran.code == Some(1) && ran.out.contains("erase it there"), "{}{}", ran.out, ran.err);
    place.ok(&["forget", "--store", "copy.db", "--person", "林 🦊/a", "--all"]);
    assert_eq!(copy(&place, "copy.db", &[])[..2], [1, 2]);
    assert_eq!(verified(&place, "kithkin.db")["persons"], verified(&place, "copy.db")["persons"]);
}

/// Waits until the store has a turn of the person, or the process has ended.
fn until_there(place: &Place, store: &str, child: &mut std::process::Child) {
    let start = Instant::now();
    let is_there = || {
        let listed = place.run(&["persons", "--store", store, "--json"]);
        let persons: Value = serde_json::from_str(&listed.out).unwrap_or_default();
        persons[0]["turns"].as_u64().is_some_and(|turns| turns > 0)
    };
    while !is_there() && child.try_wait().unwrap().is_none() && start.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_killed_or_interrupted_copy_is_completed_by_the_next_one() {
    let place = Place::new();
    place.import("ann", &many(60_000));
    let args = ["store", "copy", "--to", "copy.db"];
    let count = || place.json(&["persons", "--store", "copy.db"])[0]["turns"].as_u64().unwrap();
    let mut child = place.spawn(&args);
    until_there(&place, "copy.db", &mut child);
    child.kill().unwrap();
    child.wait().unwrap();
    let killed = count();
    assert!((1..60_000).contains(&killed), "{killed}");
    let mut child = place.spawn(&args);
    let start = Instant::now();
    while count() == killed && child.try_wait().unwrap().is_none() && start.elapsed() < Duration::from_secs(60) {}
    interrupt(&child);
    let ran = Ran::of(&child.wait_with_output().unwrap());
    ran.failed(&["stopped", "run it again to go on"]);
    let stopped = count();
    assert!((killed + 1..60_000).contains(&stopped), "{killed} {stopped}");
    assert_eq!(copy(&place, "copy.db", &[]), [1, 0, 60_000 - stopped]);
    assert_eq!(verified(&place, "kithkin.db"), verified(&place, "copy.db"));
}

#[test]
fn a_store_is_copied_and_backed_up_while_it_is_written() {
    let place = Place::new();
    place.import("ann", &many(5_000));
    let path = place.file("more.jsonl", many(60_000));
    let mut child = place.spawn(&["import", &path, "--person", "ann"]);
    let mut backups = 0;
    while child.try_wait().unwrap().is_none() {
        copy(&place, "copy.db", &[]);
        place.ok(&["remember", "--person", "bo", &format!("note {backups}")]);
        backups += 1;
        let file = format!("{backups}.backup");
        place.ok(&["store", "backup", &file]);
        place.ok(&["store", "restore", &file, "--store", &format!("{backups}.db")]);
        place.ok(&["forget", "--person", "bo", "--all"]);
    }
    assert!(child.wait().unwrap().success());
    assert!(backups > 0);
    let ran = place.run(&["store", "copy", "--to", "copy.db", "--person", "ann"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let ann = |store: &str| place.json(&["store", "verify", "--store", store, "--person", "ann"])["hash"].clone();
    assert_eq!(ann("kithkin.db"), ann("copy.db"));
    place.doctor_finds(&[]);
}

/// Puts other bytes in the place of the first that are there.
fn damage(path: &Path, old: &str, new: &str) {
    assert_eq!(old.len(), new.len());
    let mut bytes = fs::read(path).unwrap();
    let at = bytes.windows(old.len()).position(|window| window == old.as_bytes()).unwrap();
    bytes[at..at + old.len()].copy_from_slice(new.as_bytes());
    fs::write(path, bytes).unwrap();
}

#[test]
fn what_is_damaged_is_named_and_the_rest_is_read() {
    let place = filled();
    place.import("dora", &turn("d", "1999-09-09", "Dora", "It is damaged."));
    damage(&place.path("kithkin.db"), "1999-09-09", "1999-99-99");
    let ran = place.run(&["store", "verify", "--json"]);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, report["persons"].as_array().unwrap().len()), (Some(1), 3), "{report}");
    assert_eq!((report["damaged"].as_array().unwrap().len(), &report["damaged"][0]["person"]), (1, &"dora".into()));
    assert!(place.run(&["store", "verify"]).out.contains("damaged: turn 1 of default/dora"), "{}", ran.out);
    let ran = place.run(&["store", "copy", "--to", "copy.db"]);
    assert!(ran.code == Some(1) && ran.out.contains("3 persons copied"), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("not copied: dora of default"), "{}", ran.out);
    assert_eq!(verified(&place, "copy.db")["persons"], report["persons"], "what can be read is saved");
    place.fails(&["store", "backup", "a.backup"], &["dora of default", "no backup was made"]);
    assert!(files(&place).iter().all(|name| !name.contains("a.backup")), "{:?}", files(&place));
}

/// The names of what is in the folder.
fn files(place: &Place) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(place.dir.path()).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_backup_comes_back_as_it_was() {
    let place = filled();
    let before = files(&place);
    let report = place.json(&["store", "backup", "a.backup"]);
    assert_eq!((report["persons"].as_u64(), report["file"].as_str()), (Some(3), Some("a.backup")), "{report}");
    assert_eq!(files(&place), [vec!["a.backup".to_owned()], before].concat(), "one file, and nothing beside it");
    assert_eq!(report["hash"], verified(&place, "kithkin.db")["hash"]);
    place.fails(&["store", "backup", "a.backup"], &["a.backup exists already"]);
    place.ok(&["forget", "--person", "bo", "--all"]);
    let bytes = fs::read(place.path("a.backup")).unwrap();
    let restore = ["store", "restore", "a.backup", "--store", "back.db"];
    assert!(place.ok(&restore).out.contains("3 persons copied"));
    let back = verified(&place, "back.db");
    assert_eq!(back["hash"], report["hash"]);
    assert!(back["persons"][1]["memories"].as_u64().unwrap() > 0, "{back}");
    assert!(place.ok(&restore).out.contains("0 persons copied with 0 turns, and compared; 3 were there"));
    place.ok(&["remember", "--store", "back.db", "--person", "other", "x"]);
    place.fails(&restore, &["back.db has persons who are not in the backup", "other"]);
    assert!(fs::read(place.path("a.backup")).unwrap() == bytes, "it is only read");
    place.ok(&["store", "restore", "a.backup", "--store", "again.db"]);
    assert_eq!(verified(&place, "again.db")["hash"], report["hash"]);
}

#[test]
fn what_is_no_whole_backup_is_not_restored() {
    let place = filled();
    place.ok(&["store", "backup", "a.backup"]);
    let whole = fs::read(place.path("a.backup")).unwrap();
    let restore = |name: &str| ["store", "restore", name, "--store", "back.db"].map(str::to_owned);
    let refused = |name: &str, says: &[&str]| {
        let args = restore(name);
        let ran = place.run(&args.each_ref().map(String::as_str));
        assert_eq!(ran.code, Some(1), "{name}: {}{}", ran.out, ran.err);
        assert!(says.iter().all(|text| ran.err.contains(text)), "{name}: {}", ran.err);
        assert!(!place.path("back.db").exists(), "{name}");
    };
    for (n, length) in [100, 4096, 8192, whole.len() / 2, whole.len() - 8192, whole.len() - 1].into_iter().enumerate() {
        place.file(&format!("cut{n}"), &whole[..length]);
        refused(&format!("cut{n}"), &[&format!("cut{n}")]);
    }
    place.file("changed", &whole);
    damage(&place.path("changed"), "I have a dog.", "I have a cat.");
    refused("changed", &["changed is no whole backup", "it is damaged at turn", "not what was stored"]);
    place.file("moved", &whole);
    let file = rusqlite::Connection::open(place.path("moved")).unwrap();
    assert!(file.execute("UPDATE turn SET recorded_at = recorded_at + 1", []).unwrap() > 0);
    drop(file);
    refused("moved", &["moved is no whole backup", "not what was backed up"]);
    place.file("damaged", &whole);
    damage(&place.path("damaged"), "2023-05-08T13:56", "2023-05-08T99:99");
    refused("damaged", &["damaged is no whole backup", "it is damaged at turn"]);
    refused("kithkin.db", &["kithkin.db is no whole backup", "it has no seal", "kithkin store copy"]);
    refused("none", &["none is no whole backup", "no such file"]);
    place.file("text", "hello ".repeat(1000));
    refused("text", &["text is not a Kithkin store"]);
    // A backup that is written to is a store, and no longer what was backed up.
    place.file("used", &whole);
    place.ok(&["remember", "--store", "used", "--person", "bo", "more"]);
    refused("used", &["used is no whole backup"]);
}

#[test]
fn an_interrupted_backup_leaves_nothing() {
    let place = Place::new();
    place.import("ann", &many(60_000));
    let before = files(&place);
    let child = place.spawn(&["store", "backup", "a.backup"]);
    let start = Instant::now();
    while !files(&place).iter().any(|name| name.contains("partial")) && start.elapsed() < Duration::from_secs(60) {}
    interrupt(&child);
    let ran = Ran::of(&child.wait_with_output().unwrap());
    ran.failed(&["stopped; no backup was made"]);
    assert_eq!(files(&place), before);
}

#[test]
fn places_that_cannot_be_copied_to_are_named() {
    let place = filled();
    place.file("text.db", "hello ".repeat(1000));
    place.fails(&["store", "copy", "--to", "text.db"], &["text.db is not a Kithkin store"]);
    place.fails(&["store", "copy", "--to", "no/folder.db"], &["no/folder.db", "folder does not exist"]);
    place.fails(&["store", "backup", "no/folder"], &["no/folder", "folder does not exist"]);
    // The version of the schema stands in the header.
    place.ok(&["init", "--store", "newer.db"]);
    let mut bytes = fs::read(place.path("newer.db")).unwrap();
    bytes[60..64].copy_from_slice(&99_u32.to_be_bytes());
    fs::write(place.path("newer.db"), bytes).unwrap();
    for args in [["store", "copy", "--to", "newer.db"], ["store", "verify", "--store", "newer.db"]] {
        place.fails(&args, &["newer.db has schema 99", "use a newer Kithkin"]);
    }
    place.fails(&["store", "restore", "newer.db", "--store", "x.db"], &["use a newer Kithkin"]);
    let nowhere = Place::empty();
    for args in [&["store", "verify"][..], &["store", "backup", "b"], &["store", "compact"]] {
        nowhere.fails(args, &["there is no store at"]);
    }
    assert_eq!(files(&nowhere), [""; 0]);
}

#[test]
fn a_full_disk_stops_copies_and_backups() {
    if !on_a_disk_of_its_own("store::a_full_disk_stops_copies_and_backups", "16m") {
        return;
    }
    let place = Place::new();
    place.import("ann", &many(12_000));
    let size = fs::metadata(place.path("kithkin.db")).unwrap().len();
    assert!(size > 3 << 19, "{size}");
    fs::remove_file(place.path("turns.jsonl")).unwrap();
    fs::write(place.path("filler"), vec![0; (15 << 20) - usize::try_from(size).unwrap()]).unwrap();
    let before = files(&place);
    place.fails(&["store", "backup", "a.backup"], &["is full", "free some room"]);
    assert_eq!(files(&place), before, "no half of a backup is left");
    place.fails(&["store", "copy", "--to", "copy.db"], &["copy.db is full"]);
    fs::remove_file(place.path("filler")).unwrap();
    copy(&place, "copy.db", &[]);
    assert_eq!(verified(&place, "kithkin.db"), verified(&place, "copy.db"));
}

#[test]
fn compacting_gives_room_back_while_others_write() {
    let place = Place::new();
    place.import("ann", &many(5_000));
    let method = place.file("windows.toml", windows_preset("windows"));
    place.ok(&["rebuild", "--person", "ann", "--method", &method]);
    place.ok(&["rebuild", "--person", "ann", "--method", "bm25"]);
    let before = verified(&place, "kithkin.db");
    let report = place.json(&["store", "compact"]);
    let size = fs::metadata(place.path("kithkin.db")).unwrap().len();
    assert_eq!(report["after"].as_u64(), Some(size));
    assert!(report["before"].as_u64().unwrap() > size * 5 / 4, "{report}");
    assert_eq!(verified(&place, "kithkin.db"), before);
    let path = place.file("more.jsonl", many(20_000));
    let mut child = place.spawn(&["import", &path, "--person", "bo"]);
    let mut compacted = 0;
    while child.try_wait().unwrap().is_none() {
        place.ok(&["store", "compact"]);
        compacted += 1;
    }
    assert!(child.wait().unwrap().success() && compacted > 0);
    let turns: Vec<Value> =
        verified(&place, "kithkin.db")["persons"].as_array().unwrap().iter().map(|p| p["turns"].clone()).collect();
    assert_eq!(turns, [5_000, 20_000]);
}

#[test]
fn a_file_goes_into_a_database_and_back() {
    let mut cluster = Cluster::start("fsync = off");
    let place = filled();
    let address = cluster.database();
    assert_eq!(copy(&place, &address, &[])[..2], [3, 0]);
    assert_eq!(verified(&place, &address), verified(&place, "kithkin.db"));
    assert_eq!(copy(&place, &address, &[])[..2], [0, 3]);
    place.ok(&["store", "backup", "of-database.backup", "--store", &address]);
    place.ok(&["store", "restore", "of-database.backup", "--store", "back.db"]);
    assert_eq!(verified(&place, "back.db"), verified(&place, "kithkin.db"));
    place.ok(&["remember", "--store", &address, "--person", "bo", "in the database", "--at", "2024-02-01"]);
    let report = place.json(&["store", "copy", "--store", &address, "--to", "back.db"]);
    assert_eq!((&report["copied"], &report["turns"]), (&1.into(), &1.into()), "{report}");
    let report = place.json(&["store", "compact", "--store", &address]);
    assert!(report["before"].as_u64() >= report["after"].as_u64(), "{report}");
    assert_eq!(verified(&place, &address), verified(&place, "back.db"));
    cluster.kill();
}
