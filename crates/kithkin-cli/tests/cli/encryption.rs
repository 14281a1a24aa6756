//! Encrypted stores by the commands: nothing readable in a file, every wrong key named, and whoever is erased gone from
//! backups too.

use std::fs;
use std::io::Write;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Place, evidence, on_a_disk_of_its_own, turn, windows_preset};
use crate::node::Node;

/// What is said in these tests, and must be in no file of the store.
const SECRET: &str = "marzipan-secret";

/// A folder with a new encrypted store: `kithkin.db`, and beside it `master.key` and its keyring.
fn encrypted() -> Place {
    let place = Place::empty();
    place.file("master.key", "0f".repeat(32));
    assert!(place.ok(&with(&["init"])).out.contains("made its keyring master.key.keyring"));
    place
}

fn with<'a>(args: &[&'a str]) -> Vec<&'a str> {
    [args, &["--encryption-key-file", "master.key"]].concat()
}

/// Persons with turns, feedback, memories and a method.
fn fill(place: &Place) {
    let method = place.file("windows.toml", windows_preset("windows"));
    for person in ["ann", "bo"] {
        let lines = ["1", "2", "3"].map(|id| turn(id, "2023-05-08", "Ann", &format!("The {SECRET} {id} of {person}.")));
        let path = place.file("input", lines.concat());
        place.ok(&with(&["import", &path, "--person", person]));
        place.ok(&with(&["feedback", "--person", person, &format!("Which {SECRET}?"), "--shown", "1", "2"]));
        place.ok(&with(&["rebuild", "--person", person, "--method", &method]));
    }
    fs::remove_file(place.path("input")).unwrap();
}

/// The files of the folder that hold the text.
fn files_with(place: &Place, text: &str) -> Vec<String> {
    let holds = |bytes: &[u8]| bytes.windows(text.len()).any(|w| w == text.as_bytes());
    let files = fs::read_dir(place.dir.path()).unwrap().map(|file| file.unwrap().path());
    let files = files.filter(|path| path.is_file() && holds(&fs::read(path).unwrap()));
    files.map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect()
}

fn recall(person: &str) -> Vec<&str> {
    with(&["recall", "--person", person, SECRET])
}

#[test]
fn an_encrypted_store_answers_as_any_and_nothing_of_it_can_be_read() {
    let place = encrypted();
    fill(&place);
    let found = place.json(&recall("ann"));
    assert_eq!(evidence(&found).len(), 3);
    assert!(found["evidence"][0]["text"].as_str().unwrap().contains(SECRET));
    place.ok(&with(&["remember", "--person", "ann", &format!("{SECRET}, once more."), "--at", "2024-01-01"]));
    place.ok(&with(&["context", "--person", "ann", SECRET]));
    place.ok(&with(&["memories", "--person", "ann"]));
    assert_eq!(files_with(&place, SECRET), [""; 0]);
    assert_eq!(files_with(&place, "0f0f0f0f"), ["master.key"]);

    let report = place.json(&with(&["store", "verify"]));
    assert_eq!((&report["damaged"], &report["unreadable"]), (&json!([]), &json!([])));
    let ann = &report["persons"][0];
    assert_eq!((&ann["turns"], &ann["feedback"], &ann["memories"]), (&json!(4), &json!(1), &json!(4)), "{report}");
    place.ok(&with(&["store", "compact"]));
    place.ok(&with(&["audit", "--person", "ann"]));
    let doctor = place.run(&with(&["doctor"]));
    assert!(doctor.out.contains("encrypted, keys in master.key.keyring"), "{}", doctor.out);
    // The receipt of an erasure holds.
    place.ok(&with(&["forget", "--person", "ann", "--turn", "1", "--receipt", "receipt"]));
    assert!(place.ok(&with(&["verify-erasure", "receipt"])).out.contains("all of it is gone"));
    assert_eq!(files_with(&place, SECRET), [""; 0]);
}

#[test]
fn wrong_and_missing_keys_are_named_and_change_nothing() {
    let place = encrypted();
    fill(&place);
    let files = || ["kithkin.db", "master.key.keyring"].map(|name| fs::read(place.path(name)).unwrap());
    let before = files();
    place.file("other.key", "a0".repeat(32));
    place.file("no.key", "hush");
    for (more, says) in [
        (&[][..], &["kithkin.db is encrypted", "--encryption-key-file"][..]),
        (&["--encryption-key-file", "other.key", "--keyring", "master.key.keyring"], &["does not open the keyring"]),
        (&["--encryption-key-file", "other.key"], &["no keyring at other.key.keyring", "put a copy of it back"]),
        (&["--encryption-key-file", "gone.key"], &["gone.key cannot be read"]),
        (&["--encryption-key-file", "no.key"], &["no.key cannot be used", "openssl rand -hex 32"]),
        (&["--keyring", "master.key.keyring"], &["a keyring is named, and no key"]),
    ] {
        let said = ["remember", "--person", "ann", "new", "--at", "2024-01-01"];
        place.fails(&[&said, more].concat(), says);
        place.fails(&[&["store", "verify"], more].concat(), says);
    }
    assert_eq!(files(), before);
    assert!(!place.path("other.key.keyring").exists());
    assert_eq!(evidence(&place.json(&recall("ann"))).len(), 3);

    // A copy of the keyring stands in for one that is lost.
    assert!(place.ok(&with(&["store", "copy-keyring", "copy"])).out.contains("every key of now"));
    place.fails(&with(&["store", "copy-keyring", "copy"]), &["copy exists already"]);
    fs::remove_file(place.path("master.key.keyring")).unwrap();
    place.fails(&recall("ann"), &["no keyring at master.key.keyring", "there is no such file"]);
    fs::rename(place.path("copy"), place.path("master.key.keyring")).unwrap();
    assert_eq!(evidence(&place.json(&recall("ann"))).len(), 3);
    // One from before a person began does not know them, and says so.
    place.ok(&with(&["store", "copy-keyring", "older"]));
    place.ok(&with(&["remember", "--person", "new", "hello", "--at", "2024-01-01"]));
    let older = ["timeline", "--person", "new", "--keyring", "older"];
    place.fails(&with(&older), &["the key of new is gone", "older does not have it", "put the newest back"]);

    // A store with a keyring of another.
    place.ok(&["init", "--store", "two.db", "--encryption-key-file", "other.key"]);
    let mixed = ["--store", "two.db", "--encryption-key-file", "master.key"];
    place.fails(&[&["persons"], &mixed[..]].concat(), &["is not the one of two.db"]);
    // A keyring serves one store and its copies.
    place.fails(&with(&["init", "--store", "three.db"]), &["a new store needs its own", "store copy"]);
    assert!(!place.path("three.db").exists());
    place.fails(&with(&["init"]), &["kithkin.db exists already"]);
    // A store that is not encrypted, and none at all.
    place.ok(&["init", "--store", "plain.db"]);
    place.fails(&with(&["persons", "--store", "plain.db"]), &["plain.db is not encrypted", "store copy"]);
    place.fails(&with(&["persons", "--store", "none.db"]), &["there is no store at none.db"]);
}

#[test]
fn who_is_forgotten_is_in_no_backup_any_more() {
    let place = encrypted();
    fill(&place);
    place.ok(&with(&["store", "backup", "monday.backup"]));
    fs::copy(place.path("kithkin.db"), place.path("old.db")).unwrap();
    let hash = |store: &str| place.json(&with(&["store", "verify", "--store", store]))["persons"].clone();
    let before = hash("kithkin.db");
    place.ok(&with(&["forget", "--person", "ann", "--all", "--receipt", "receipt"]));
    assert_eq!(files_with(&place, SECRET), [""; 0], "in the store, the backup, the copy and the keyring");

    // A backup.
    place.fails(&["store", "restore", "monday.backup", "--store", "back.db"], &["monday.backup is encrypted"]);
    assert!(!place.path("back.db").exists());
    let report = place.json(&with(&["store", "restore", "monday.backup", "--store", "back.db"]));
    assert_eq!((&report["copied"], &report["refused"]), (&json!(1), &json!([])), "{report}");
    let erased = &report["erased"][0];
    assert!(erased["person"] == "ann" && erased["erased_at"].is_string(), "{report}");
    assert_eq!(hash("back.db"), json!([before[1]]), "bo is there as before");
    assert_eq!(evidence(&place.json(&with(&["recall", "--person", "bo", SECRET, "--store", "back.db"]))).len(), 3);
    let said = place.run(&with(&["store", "restore", "monday.backup", "--store", "again.db"])).out;
    assert!(said.contains("not copied: ann of default: the key of ann is gone"), "{said}");

    // The files as they were.
    let old = |args: &[&'static str]| with(&[args, &["--store", "old.db"]].concat());
    let gone = ["the key of ann is gone", "destroyed when they were erased", "forget --person ann --all"];
    place.fails(&old(&["recall", "--person", "ann", SECRET]), &gone);
    place.fails(&old(&["export", "--person", "ann"]), &gone);
    let verify = place.run(&old(&["store", "verify"]));
    assert!(
        verify.code == Some(1) && verify.out.contains("unreadable: ann of default: the key of ann"),
        "{}",
        verify.out
    );
    assert!(place.run(&old(&["doctor"])).out.contains("problem  the key of ann is gone"));
    let look = place.run(&old(&["verify-erasure", "receipt"]));
    assert!(look.code == Some(1) && look.out.contains("found    the key of ann is gone"), "{}", look.out);
    assert_eq!(evidence(&place.json(&old(&["recall", "--person", "bo", SECRET]))).len(), 3);
    // What nobody can read is copied by nobody, and can be taken away.
    let report = place.json(&old(&["store", "copy", "--to", "copy.db"]));
    assert_eq!((&report["copied"], &report["erased"][0]["person"]), (&json!(1), &json!("ann")), "{report}");
    place.ok(&old(&["forget", "--person", "ann", "--all"]));
    assert_eq!(place.json(&old(&["store", "verify"]))["persons"], json!([before[1]]));
    // Another of the name begins anew.
    place.ok(&with(&["remember", "--person", "ann", "I am another.", "--at", "2024-01-01"]));
    assert_eq!(place.json(&with(&["timeline", "--person", "ann"])).as_array().unwrap().len(), 1);
}

#[test]
fn a_copy_leads_from_one_to_the_other_and_back() {
    let place = encrypted();
    fill(&place);
    let persons = |args: &[&str]| place.json(&[&["store", "verify"], args].concat())["persons"].clone();
    let here = persons(&with(&[]));
    let copied = |args: &[&str]| -> Value {
        let report = place.json(&[&["store", "copy"], args].concat());
        assert_eq!((&report["refused"], &report["erased"]), (&json!([]), &json!([])), "{report}");
        report["copied"].clone()
    };
    // As it is, with the same keys.
    assert_eq!(copied(&with(&["--to", "alike.db"])), 2);
    assert_eq!(copied(&with(&["--to", "alike.db"])), 0, "run again, it writes nothing");
    assert_eq!(persons(&with(&["--store", "alike.db"])), here);
    place.fails(&["persons", "--store", "alike.db"], &["is encrypted"]);
    assert_eq!(files_with(&place, SECRET), [""; 0]);
    // In the clear.
    assert_eq!(copied(&with(&["--to", "plain.db", "--plain"])), 2);
    assert_eq!(persons(&["--store", "plain.db"]), here);
    assert!(files_with(&place, SECRET).iter().all(|name| name.starts_with("plain.db")));
    // And encrypted with another key.
    place.file("other.key", "a0".repeat(32));
    let other = ["--to", "other.db", "--to-key-file", "other.key"];
    assert_eq!(copied(&[&["--store", "plain.db"], &other[..]].concat()), 2);
    assert_eq!(copied(&[&["--store", "plain.db"], &other[..]].concat()), 0);
    assert_eq!(persons(&["--store", "other.db", "--encryption-key-file", "other.key"]), here);
    place.fails(&with(&["store", "copy", "--to", "plain.db"]), &["plain.db is not encrypted"]);
    // Whoever is erased in a store is lost in the copies that have its keys, and stays in the others.
    place.ok(&with(&["forget", "--person", "ann", "--all"]));
    place.fails(&with(&["timeline", "--person", "ann", "--store", "alike.db"]), &["the key of ann is gone"]);
    place.ok(&["timeline", "--person", "ann", "--store", "other.db", "--encryption-key-file", "other.key"]);
}

#[test]
fn a_command_and_the_configuration_file_name_the_key() {
    let place = encrypted();
    fill(&place);
    fs::create_dir(place.path("etc")).unwrap();
    let config = |text: &str| place.file("etc/c.toml", text);
    let check = |text: &str| {
        let file = config(text);
        assert_eq!(place.json(&["timeline", "--person", "ann", "--config", &file]).as_array().unwrap().len(), 3);
    };
    check("encryption-key-file = \"../master.key\"");
    check("encryption-key-command = [\"cat\", \"master.key\"]\nkeyring = \"../master.key.keyring\"");
    let fails = |text: &str, says: &[&str]| place.fails(&["persons", "--config", &config(text)], says);
    fails("encryption-key-command = [\"cat\", \"master.key\"]", &["needs a keyring"]);
    fails("encryption-key-file = \"a\"\nencryption-key-command = [\"b\"]", &["keep one"]);
    fails(
        "encryption-key-command = [\"sh\", \"-c\", \"echo the vault is sealed >&2; exit 2\"]\nkeyring = \"ring\"",
        &["the vault is sealed", "exit status: 2"],
    );
    // Commands that open no store ask for no key.
    place.ok(&["methods", "--config", &config("encryption-key-command = [\"false\"]\nkeyring = \"ring\"")]);
    let mut by_environment = place.command(&["timeline", "--person", "ann"]);
    by_environment.env("KITHKIN_ENCRYPTION_KEY_FILE", "master.key");
    assert!(by_environment.output().unwrap().status.success());
}

/// A person's key is on the disk before anything is written with it.
#[test]
fn nothing_acknowledged_is_lost_when_processes_are_killed() {
    let place = encrypted();
    let mut told = Vec::new();
    for n in 0..40 {
        let person = format!("person {n}");
        let mut child = place.spawn(&with(&["remember", "--person", &person, SECRET, "--at", "2024-01-01"]));
        std::thread::sleep(Duration::from_millis(n));
        let _ = child.kill();
        if child.wait().unwrap().success() {
            told.push(person);
        }
    }
    let report = place.json(&with(&["store", "verify"]));
    assert_eq!((&report["damaged"], &report["unreadable"]), (&json!([]), &json!([])));
    let there: Vec<&str> =
        report["persons"].as_array().unwrap().iter().map(|p| p["person"].as_str().unwrap()).collect();
    assert!(told.iter().all(|person| there.contains(&person.as_str())), "{told:?} {there:?}");
    // Whoever was cut off is written as if nothing had been.
    place.ok(&with(&["remember", "--person", "person 0", SECRET, "--at", "2024-01-01"]));
    place.ok(&with(&["doctor"]));
}

#[test]
fn where_a_key_cannot_be_kept_nothing_is_written() {
    if !on_a_disk_of_its_own("encryption::where_a_key_cannot_be_kept_nothing_is_written", "3m") {
        return;
    }
    let (disk, place) = (Place::empty(), Place::empty());
    // The store has room.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let store = folder.path().join("kithkin.db").display().to_string();
    let key = disk.file("master.key", "0f".repeat(32));
    let with = |args: &[&str]| -> Vec<String> {
        let more = ["--store", &store, "--encryption-key-file", &key];
        args.iter().chain(&more).map(|arg| (*arg).to_owned()).collect()
    };
    let run = |args: &[&str]| {
        let args = with(args);
        place.run(&args.iter().map(String::as_str).collect::<Vec<_>>())
    };
    assert_eq!(run(&["init"]).code, Some(0));
    assert_eq!(run(&["remember", "--person", "ann", "hello", "--at", "2024-01-01"]).code, Some(0));
    let filler = disk.path("filler");
    let mut file = fs::File::create(&filler).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    run(&["remember", "--person", "bo", "hello", "--at", "2024-01-01"]).failed(&["disk", "full"]);
    // Who has a key is read and written all the same.
    assert_eq!(run(&["remember", "--person", "ann", "again", "--at", "2024-01-02"]).code, Some(0));
    let persons = run(&["persons", "--json"]).out;
    assert!(persons.contains("ann") && !persons.contains("bo"), "{persons}");
    // Its room comes free when nobody has it open.
    drop(file);
    fs::remove_file(filler).unwrap();
    assert_eq!(run(&["remember", "--person", "bo", "hello", "--at", "2024-01-01"]).code, Some(0));
}

#[test]
fn two_services_share_an_encrypted_store() {
    let place = encrypted();
    let (one, other) = (Node::start(&place, &with(&[])), Node::start(&place, &with(&[])));
    one.says("ann", &format!("The {SECRET} is in the kitchen."));
    assert_eq!(other.recalls("ann", SECRET), 1);
    other.says("bo", &format!("My {SECRET} is gone."));
    assert_eq!(files_with(&place, SECRET), [""; 0]);
    let (status, answer) = other.ask("POST", "/v1/persons/bo/forget", &json!({ "all": true, "receipt": true }));
    assert_eq!(status, 200, "{answer}");
    let (status, found) = one.ask("POST", "/v1/verify-erasure", &answer["receipt"]);
    assert_eq!((status, &found["gone"]), (200, &json!(true)), "{found}");
    assert_eq!((one.recalls("bo", SECRET), one.recalls("ann", SECRET)), (0, 1));
    one.says("bo", "I begin anew.");
    assert_eq!(other.recalls("bo", "anew"), 1);
    assert_eq!(place.run(&with(&["doctor"])).code, Some(0));
}

#[test]
fn what_was_derived_and_is_damaged_is_made_again() {
    let place = encrypted();
    fill(&place);
    place.breaks("UPDATE memory SET text = 'plain' WHERE person = 'ann' AND id = (SELECT MIN(id) FROM memory WHERE person = 'ann')");
    let found = place.run(&with(&["doctor"]));
    assert!(found.code == Some(1) && found.out.contains("is damaged: it is not encrypted"), "{}", found.out);
    assert_eq!(evidence(&place.json(&recall("ann"))).len(), 2, "the others are found");
    place.ok(&with(&["rebuild", "--person", "ann"]));
    assert_eq!(evidence(&place.json(&recall("ann"))).len(), 3);
    assert_eq!(place.run(&with(&["doctor"])).code, Some(0));
}

/// Changes the master key to that of a file.
fn change(file: &str) -> Vec<&str> {
    with(&["store", "change-master-key", "--new-key-file", file])
}

#[test]
fn the_master_key_is_changed_and_the_store_is_not() {
    let place = encrypted();
    fill(&place);
    let persons = |args: &[&str]| place.json(&[&["store", "verify"], args].concat())["persons"].clone();
    let before = persons(&with(&[]));
    place.ok(&with(&["store", "copy-keyring", "before.keyring"]));
    place.ok(&with(&["store", "backup", "monday.backup"]));
    place.file("old.key", "0f".repeat(32));
    place.file("new.key", "a1".repeat(32));
    place.file("no.key", "hush");
    let files = || ["kithkin.db", "master.key.keyring"].map(|name| fs::read(place.path(name)).unwrap());
    let untouched = files();
    place.fails(&change("gone.key"), &["gone.key cannot be read"]);
    place.fails(&change("no.key"), &["no.key cannot be used", "openssl rand -hex 32"]);
    place.fails(&change("old.key"), &["is the one that the keyring master.key.keyring has", "nothing was changed"]);
    let command =
        |new: &[&'static str]| [&with(&["store", "change-master-key"])[..], &["--new-key-command"], new].concat();
    place.fails(&command(&["false"]), &["the command \"false\"", "exit status: 1"]);
    let wrong = ["--encryption-key-file", "new.key", "--keyring", "master.key.keyring"];
    let new_key = ["store", "change-master-key", "--new-key-file", "new.key"];
    place.fails(&[&new_key[..], &wrong].concat(), &["does not open the keyring"]);
    place.fails(&new_key, &["kithkin.db is encrypted"]);
    assert_eq!(place.run(&with(&["store", "change-master-key"])).code, Some(2), "no new key is named");
    place.ok(&["init", "--store", "plain.db"]);
    place.fails(&[&new_key[..], &["--store", "plain.db"]].concat(), &["plain.db is not encrypted"]);
    assert_eq!(files(), untouched);

    let said = place.ok(&change("new.key"));
    assert!(said.out.contains("master.key.keyring: every key is wrapped with the new master key"), "{}", said.out);
    place.fails(&recall("ann"), &["does not open the keyring master.key.keyring"]);
    fs::rename(place.path("new.key"), place.path("master.key")).unwrap();
    assert_eq!(persons(&with(&[])), before);
    place.ok(&with(&["remember", "--person", "new", "hello", "--at", "2024-01-01"]));
    // Backups and copies of the store need the new key, and a copy of the keyring from before the old one.
    let report = place.json(&with(&["store", "restore", "monday.backup", "--store", "back.db"]));
    assert_eq!((&report["copied"], persons(&with(&["--store", "back.db"]))), (&json!(2), before.clone()));
    let older = ["--encryption-key-file", "old.key", "--keyring", "before.keyring", "--store", "back.db"];
    assert_eq!(persons(&older), before);

    // What a command prints will do as well.
    place.file("third.key", "b2".repeat(32));
    place.ok(&command(&["cat", "third.key"]));
    fs::rename(place.path("third.key"), place.path("master.key")).unwrap();
    assert_eq!(evidence(&place.json(&recall("bo"))).len(), 3);
    assert_eq!(place.run(&with(&["doctor"])).code, Some(0));
}

#[test]
fn a_service_with_the_old_key_keeps_nobody_whom_the_new_one_does_not_read() {
    let place = encrypted();
    place.file("new.key", "a1".repeat(32));
    let node = Node::start(&place, &with(&[]));
    node.says("ann", &format!("The {SECRET} is in the kitchen."));
    let ready = |node: &Node| node.ask("GET", "/readyz", &Value::Null).0;
    assert_eq!(ready(&node), 200);
    place.ok(&change("new.key"));
    assert_eq!(ready(&node), 500);
    let turns = json!({ "turns": [{ "text": "hello" }] });
    for person in ["ann", "new"] {
        let (status, answer) = node.ask("POST", &format!("/v1/persons/{person}/turns"), &turns);
        assert_eq!(status, 500, "{answer}");
    }
    drop(node);
    fs::rename(place.path("new.key"), place.path("master.key")).unwrap();
    let node = Node::start(&place, &with(&[]));
    node.says("new", "hello");
    assert_eq!(ready(&node), 200);
    assert_eq!((node.recalls("ann", SECRET), node.recalls("new", "hello")), (1, 1));
}

/// Wherever it is killed, one of the two keys opens the keyring, and with it everyone is read.
#[test]
fn a_change_of_the_master_key_that_is_killed_is_done_or_not() {
    let place = encrypted();
    let lines = ["1", "2"].map(|id| turn(id, "2023-05-08", "Ann", &format!("The {SECRET} {id}."))).concat();
    let path = place.file("input", lines);
    for n in 0..30 {
        place.ok(&with(&["import", &path, "--person", &format!("person {n}")]));
    }
    for n in 0..24 {
        place.file("new.key", format!("{:02x}", 0x40 + n).repeat(32));
        let mut child = place.spawn(&change("new.key"));
        std::thread::sleep(Duration::from_millis(n * 5));
        let _ = child.kill();
        child.wait().unwrap();
        let read = |key: &str| {
            let verify = ["store", "verify", "--encryption-key-file", key, "--keyring", "master.key.keyring"];
            place.run(&[&verify[..], &["--json"]].concat())
        };
        let (old, new) = (read("master.key"), read("new.key"));
        let opened = if new.code == Some(0) { &new } else { &old };
        assert_eq!((opened.code, opened.out.matches("person ").count()), (Some(0), 30), "{}{}", old.err, new.err);
        let other = if new.code == Some(0) { &old } else { &new };
        assert!(other.err.contains("does not open the keyring"), "{}", other.err);
        if new.code == Some(0) {
            fs::rename(place.path("new.key"), place.path("master.key")).unwrap();
        }
    }
    place.ok(&with(&["store", "compact"]));
    assert_eq!(place.run(&with(&["doctor"])).code, Some(0));
}
