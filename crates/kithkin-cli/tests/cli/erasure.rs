//! What is forgotten is in no answer, index, export or byte of the files.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::harness::{Place, evidence, turn, windows_preset};
use crate::node::Node;

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

/// What `verify-erasure` finds; `None` where all is gone.
fn found(place: &Place, receipt: &str, store: &str) -> Option<Vec<String>> {
    let ran = place.run(&["verify-erasure", receipt, "--store", store, "--json"]);
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {}", ran.err));
    let findings = report["report"]["findings"].as_array().unwrap();
    assert_eq!(
        (ran.code == Some(0), report["report"]["gone"].as_bool()),
        (findings.is_empty(), Some(findings.is_empty()))
    );
    (!findings.is_empty()).then(|| findings.iter().map(|finding| finding.as_str().unwrap().to_owned()).collect())
}

#[test]
fn a_receipt_proves_what_is_gone() {
    let place = filled();
    let method = place.file("windows.toml", windows_preset("windows"));
    place.ok(&["rebuild", "--person", "ann", "--method", &method]);
    place.ok(&["feedback", "--person", "ann", "marzipan?", "--shown", "1", "7", "--now", "2023-06-01"]);
    place.ok(&["store", "backup", "before.backup"]);
    let forget = ["forget", "--person", "ann", "--turn", "1", "--turn", "2", "--receipt", "a.receipt"];
    let report = place.json(&forget);
    assert_eq!(report["receipt"]["erased"].as_array().unwrap().len(), 2, "{report}");
    let receipt = std::fs::read_to_string(place.path("a.receipt")).unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&receipt).unwrap(), report["receipt"]);
    for text in ["ann", "Ann", "marzipan", "Zorba", "xylophone", "\"c\"", "\"s\""] {
        assert!(!receipt.contains(text), "{text} is in {receipt}");
    }
    assert_eq!(found(&place, "a.receipt", "kithkin.db"), None);
    assert!(place.ok(&["verify-erasure", "a.receipt"]).out.contains("all of it is gone"));

    // A second receipt is the next in the chain; nothing is erased without its file.
    place.fails(
        &[&forget[..7], &["--receipt", "a.receipt"]].concat(),
        &["a.receipt cannot be made", "nothing was erased"],
    );
    place.fails(&["forget", "--person", "ann", "--turn", "none", "--receipt", "b.receipt"], &["no turn \"none\""]);
    assert!(!place.path("b.receipt").exists());
    let person = place.json(&["forget", "--person", "bob-the-person", "--all", "--receipt", "bob.receipt"]);
    assert_eq!((&person["receipt"]["entry"], &person["receipt"]["what"]), (&2.into(), &"person".into()));
    assert_eq!(place.json(&["store", "verify"])["chains"][0]["entries"], 2);
    assert_eq!(found(&place, "bob.receipt", "kithkin.db"), None);
    assert_eq!(found(&place, "a.receipt", "kithkin.db"), None);

    // Where it was never erased, all of it is found, and its chain has no such entry.
    place.ok(&["store", "restore", "before.backup", "--store", "old.db"]);
    let old = found(&place, "a.receipt", "old.db").unwrap().join("\n");
    for text in ["no entry 1", "a turn at the place 1", "the memory 1 is of an erased turn", "the feedback"] {
        assert!(old.contains(text), "{text}: {old}");
    }
    assert!(found(&place, "bob.receipt", "old.db").unwrap().join("\n").contains("a turn at the place"));
    // A copy of what is left has the chain.
    place.ok(&["store", "copy", "--to", "copy.db"]);
    assert_eq!(found(&place, "a.receipt", "copy.db"), None);
    assert_eq!(place.json(&["store", "verify"]), place.json(&["store", "verify", "--store", "copy.db"]));
}

#[test]
fn receipts_tell_what_came_back_and_what_was_changed() {
    let place = filled();
    place.import("ann", &turn("300", "2023-02-01", "Ann", "My marzipan-secret is safe."));
    place.ok(&["forget", "--person", "ann", "--turn", "1", "--receipt", "a.receipt"]);
    let look = || place.json(&["verify-erasure", "a.receipt"])["report"].clone();
    assert_eq!((&look()["same_words"], &look()["told_again"]), (&1.into(), &0.into()), "{}", look());
    place.import("ann", &turn("1", "2023-01-01", "Ann", "I say it again."));
    assert_eq!((&look()["same_words"], &look()["told_again"]), (&1.into(), &1.into()), "{}", look());
    let text = place.ok(&["verify-erasure", "a.receipt"]).out;
    assert!(text.contains("note     1 turns of an erased id were told again since"), "{text}");

    let receipt = std::fs::read_to_string(place.path("a.receipt")).unwrap();
    let changed = receipt.replace("\"turns\": 1", "\"turns\": 2");
    assert_ne!(changed, receipt);
    place.file("changed.receipt", changed);
    assert!(found(&place, "changed.receipt", "kithkin.db").unwrap()[0].contains("is of another receipt"));
    // The same receipt in another layout is the same.
    let json: serde_json::Value = serde_json::from_str(&receipt).unwrap();
    place.file("line.receipt", json.to_string());
    assert_eq!(found(&place, "line.receipt", "kithkin.db"), None);
    for (name, text, says) in [
        ("text", "hello".to_owned(), "is no receipt of an erasure"),
        ("newer", receipt.replace("\"form\": 1", "\"form\": 9"), "its form is 9"),
        ("more", receipt.replace("\"form\": 1", "\"form\": 1, \"x\": 1"), "unknown field"),
        ("key", receipt.replace("\"key\": \"", "\"key\": \"zz"), "its key"),
    ] {
        place.file(name, text);
        place.fails(&["verify-erasure", name], &[name, says]);
    }
    place.fails(&["verify-erasure", "none"], &["the receipt none cannot be read"]);
}

/// Makes what is stored of these turns ten days older.
fn age(place: &Place, turns: &[&str]) {
    let file = rusqlite::Connection::open(place.dir.path().join("kithkin.db")).unwrap();
    for turn in turns {
        let aged =
            file.execute("UPDATE turn SET recorded_at = recorded_at - 864000000 WHERE turn = ?1", [turn]).unwrap();
        assert!(aged > 0, "{turn}");
    }
}

fn kept() -> Place {
    let place = Place::new();
    let said = |id: &str, role: &str, text: &str| {
        turn(id, "2023-01-01", "Ann", text).replace("\"id\"", &format!("\"role\":\"{role}\",\"id\""))
    };
    let lines = [
        said("old", "user", "The marzipan-secret."),
        said("retold", "user", "Tea at four."),
        said("reply", "assistant", "The quokka-secret."),
    ];
    place.import("ann", &lines.concat());
    place.ok(&["consent", "--person", "ann", "withdraw", "derive"]);
    place.import("gone-person", &said("only", "user", "The xylophone-secret."));
    let consent = place.json(&["timeline", "--person", "ann"]);
    let consent =
        consent.as_array().unwrap().iter().find(|turn| turn["conversation"] == "consent").unwrap()["turn"].clone();
    age(&place, &["old", "retold", "reply", "only", consent.as_str().unwrap()]);
    place.import("ann", &said("retold", "user", "Tea at five."));
    place
}

#[test]
fn what_was_kept_for_long_enough_goes() {
    let place = kept();
    place.fails(&["retention"], &["[[retention]]", "days = 365"]);
    place.file("c.toml", "[[retention]]\ndays = 9\nrole = \"user\"\n[[retention]]\ndays = 1\ntenant = \"other\"\n");
    let run = |args: &[&str]| place.json(&[&["--config", "c.toml", "retention"], args].concat())["report"].clone();
    let counted = run(&["--dry-run"]);
    assert_eq!((&counted["turns"], &counted["persons"], &counted["dry_run"]), (&2.into(), &2.into(), &true.into()));
    assert_eq!(run(&["--now", "2020-01-01"])["turns"], 0);
    let done = run(&[]);
    assert_eq!((&done["turns"], &done["persons"], &done["left"]), (&2.into(), &2.into(), &0.into()));
    assert_eq!(run(&[])["turns"], 0);
    for text in ["marzipan-secret", "xylophone-secret", "gone-person"] {
        assert_eq!(files_with(place.dir.path(), text), Vec::<String>::new(), "{text}");
    }
    // Another's role, what was told again since, and what the person no longer agrees to, are kept.
    let left = place.ok(&["timeline", "--person", "ann"]).out;
    assert!(left.contains("quokka-secret") && left.contains("Tea at five") && left.contains("withdrawn"), "{left}");
    place.file("bad.toml", "[[retention]]\ndays = 0\n");
    place.fails(&["--config", "bad.toml", "retention"], &["bad.toml", "days"]);
}

#[test]
fn who_cannot_be_read_keeps_nobody_from_going() {
    let place = kept();
    place.import("another", &turn("x", "1999-09-09", "Ann", "It is damaged."));
    place.breaks("UPDATE turn SET role = 'nobody' WHERE person = 'another'");
    place.file("c.toml", "[[retention]]\ndays = 9\n");
    let run = |args: &[&str]| place.json(&[&["--config", "c.toml", "retention"], args].concat())["report"].clone();
    let counted = run(&["--dry-run"]);
    assert_eq!((&counted["unreadable"], &counted["persons"]), (&1.into(), &2.into()), "{counted}");
    assert!(place.ok(&["--config", "c.toml", "retention"]).out.contains("1 persons cannot be read"));
    assert_eq!(files_with(place.dir.path(), "xylophone-secret"), Vec::<String>::new());
}

#[test]
fn a_service_erases_by_itself_what_was_kept_for_long_enough() {
    let place = kept();
    place.file("c.toml", "[[retention]]\ndays = 9\ntenant = \"default\"\n");
    let node = Node::start(&place, &["--config", "c.toml"]);
    let gone = || ["quokka-secret", "marzipan-secret"].iter().all(|text| files_with(place.dir.path(), text).is_empty());
    let begun = Instant::now();
    while !gone() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it is still there");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!((node.recalls("ann", "tea"), node.recalls("gone-person", "xylophone")), (1, 0));
}

/// The files of a folder, by name.
fn names(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = files.filter(|name| name != ".lock").collect();
    names.sort();
    names
}

#[test]
fn an_erasure_by_age_leaves_a_receipt_for_each_person() {
    let place = kept();
    place.file("c.toml", "retention-receipts = \"gone\"\n[[retention]]\ndays = 9\nrole = \"user\"\n");
    let retention = |args: &[&str]| place.run(&[&["--config", "c.toml", "retention"], args].concat());
    retention(&[]).failed(&["receipts cannot be kept in", "gone", "nothing was erased"]);
    assert_eq!(files_with(place.dir.path(), "marzipan-secret").len(), 1);
    let folder = place.path("receipts");
    std::fs::create_dir(&folder).unwrap();
    assert_eq!(retention(&["--receipts", "receipts", "--dry-run"]).code, Some(2), "what is counted has no receipt");
    let said = retention(&["--receipts", "receipts"]);
    assert!(said.out.contains("2 turns of 2 persons") && said.out.contains("2 receipts in receipts"), "{}", said.out);
    let receipts = names(&folder);
    assert_eq!(receipts.len(), 2, "{receipts:?}");
    let mut told = Vec::new();
    for name in &receipts {
        assert!(name.ends_with(".receipt") && !name.contains("ann") && !name.contains("gone"), "{name}");
        let file = format!("receipts/{name}");
        let report = place.json(&["verify-erasure", &file]);
        assert_eq!((&report["report"]["gone"], &report["report"]["chain"]), (&true.into(), &2.into()), "{report}");
        let receipt = std::fs::read_to_string(place.path(&file)).unwrap();
        assert!(!receipt.contains("ann") && !receipt.contains("secret"), "{receipt}");
        let receipt: serde_json::Value = serde_json::from_str(&receipt).unwrap();
        told.push((receipt["entry"].as_u64().unwrap(), receipt["what"].as_str().unwrap().to_owned()));
    }
    told.sort();
    assert_eq!(told, [(1, "turns".to_owned()), (2, "person".to_owned())]);
    // Where nothing goes there is nothing to show, and without a folder nothing in the chain.
    let report = place.json(&["--config", "c.toml", "retention", "--receipts", "receipts"])["report"].clone();
    assert_eq!((&report["turns"], &report["receipts"]), (&0.into(), &0.into()));
    assert_eq!(names(&folder), receipts);
    place.file("plain.toml", "[[retention]]\ndays = 9\n");
    assert_eq!(place.json(&["--config", "plain.toml", "retention"])["report"]["turns"], 1);
    assert!(place.ok(&["store", "verify"]).out.contains("chain of default: 2 erasures"));
}

/// Wherever it is killed, each entry of the chain has its receipt, and no receipt is of what was not erased.
#[test]
fn no_receipt_of_a_killed_retention_is_lost() {
    let place = Place::new();
    let folder = place.path("receipts");
    std::fs::create_dir(&folder).unwrap();
    place.file("c.toml", "retention-receipts = \"receipts\"\n[[retention]]\ndays = 9\n");
    for n in 0..12 {
        for person in 0..3 {
            place.import(&format!("person {person}"), &turn(&format!("t{n}"), "2023-01-01", "Ann", "It is over."));
        }
        age(&place, &[&format!("t{n}")]);
        let mut child = place.spawn(&["--config", "c.toml", "retention"]);
        std::thread::sleep(Duration::from_millis(n * 8));
        let _ = child.kill();
        child.wait().unwrap();
    }
    place.ok(&["--config", "c.toml", "retention"]);
    let whole: Vec<String> = names(&folder).into_iter().filter(|name| name.ends_with(".receipt")).collect();
    for name in &whole {
        place.ok(&["verify-erasure", &format!("receipts/{name}")]);
    }
    assert!(place.ok(&["store", "verify"]).out.contains(&format!("chain of default: {} erasures", whole.len())));
}

#[test]
fn a_receipt_that_was_on_its_way_gets_its_name_where_the_erasure_was_done() {
    let place = kept();
    let folder = place.path("receipts");
    std::fs::create_dir(&folder).unwrap();
    place.file("c.toml", "retention-receipts = \"receipts\"\n[[retention]]\ndays = 9\nrole = \"user\"\n");
    let retention = ["--config", "c.toml", "retention"];
    place.ok(&retention);
    let receipts = names(&folder);
    // As a process leaves them that was killed before it could name one, and before another's erasure was done.
    let part = receipts[0].replace(".receipt", ".part");
    std::fs::rename(folder.join(&receipts[0]), folder.join(&part)).unwrap();
    let other = std::fs::read_to_string(folder.join(&receipts[1])).unwrap();
    place.file("receipts/2026-01-01-other.part", other.replace("\"vectors\": 0", "\"vectors\": 7"));
    place.file("receipts/2026-01-01-cut.part", &other[..40]);
    place.ok(&retention);
    let mut expected = receipts.clone();
    expected.extend(["2026-01-01-cut.part".to_owned(), "2026-01-01-other.part".to_owned()]);
    expected.sort();
    assert_eq!(names(&folder), expected);
    // One run at a time.
    let lock = std::fs::File::open(folder.join(".lock")).unwrap();
    lock.lock().unwrap();
    place.fails(&retention, &["receipts cannot be kept in", "another run is writing into it"]);
}

#[test]
fn a_service_keeps_receipts_of_what_it_erases_by_itself() {
    let place = kept();
    place.file("c.toml", "retention-receipts = \"receipts\"\n[[retention]]\ndays = 9\n");
    place.fails(&["--config", "c.toml", "serve"], &["receipts, which is no folder"]);
    std::fs::create_dir(place.path("receipts")).unwrap();
    let _node = Node::start(&place, &["--config", "c.toml"]);
    let begun = Instant::now();
    let whole = || names(&place.path("receipts")).iter().filter(|name| name.ends_with(".receipt")).count();
    while whole() < 2 {
        assert!(begun.elapsed() < Duration::from_secs(60), "they are not there");
        std::thread::sleep(Duration::from_millis(50));
    }
    for name in names(&place.path("receipts")) {
        place.ok(&["verify-erasure", &format!("receipts/{name}")]);
    }
}

#[test]
fn feedback_and_disclosures_have_an_age_of_their_own() {
    let place = Place::new();
    place.import("ann", &(turn("1", "2023-01-01", "Ann", "Tea at four.") + &turn("2", "2023-01-01", "Ann", "Rex.")));
    for question in ["Where is the marzipan-secret?", "When is tea?"] {
        place.ok(&["feedback", "--person", "ann", question, "--shown", "1", "--useful", "1"]);
    }
    let file = rusqlite::Connection::open(place.path("kithkin.db")).unwrap();
    let aged = "UPDATE feedback SET recorded_at = recorded_at - 864000000 WHERE question LIKE '%marzipan%'";
    assert_eq!(file.execute(aged, []).unwrap(), 1);
    // Of ten days ago, of a little more than a day ago, and of now.
    for (id, hours) in [(1, 240), (2, 24), (3, 0)] {
        let noted = "INSERT INTO disclosure (tenant, person, id, at, purpose, model, calls, read, said, turns)
             SELECT 'default', 'ann', ?1, MAX(recorded_at) - ?2 * 3600000 - 600000, 'reply', 'quokka-' || ?1, 1, 1, 1, '[1]'
               FROM turn";
        assert_eq!(file.execute(noted, [id, hours]).unwrap(), 1);
    }
    drop(file);
    let run = |text: &str, args: &[&str]| {
        place.file("c.toml", text);
        place.json(&[&["--config", "c.toml", "retention"], args].concat())["report"].clone()
    };
    let models = || -> Vec<String> {
        let noted = place.json(&["disclosures", "--person", "ann"]);
        noted.as_array().unwrap().iter().map(|one| one["model"].as_str().unwrap().to_owned()).collect()
    };
    let both = "[[retention]]\ndays = 9\nkind = \"feedback\"\n[[retention]]\ndays = 9\nkind = \"disclosures\"\n";
    let counted = run(both, &["--dry-run"]);
    let counts = |report: &serde_json::Value| {
        ["persons", "turns", "feedback", "disclosures"].map(|name| report[name].as_u64().unwrap())
    };
    assert_eq!((counts(&counted), models().len()), ([1, 0, 1, 1], 3), "{counted}");
    assert_eq!(counts(&run(both, &[])), [1, 0, 1, 1]);
    for text in ["marzipan-secret", "quokka-1"] {
        assert_eq!(files_with(place.dir.path(), text), Vec::<String>::new(), "{text}");
    }
    assert_eq!(files_with(place.dir.path(), "When is tea?").len(), 1);
    assert_eq!((models(), place.turns()), (vec!["quokka-2".to_owned(), "quokka-3".to_owned()], 2));
    // What today's budget may count is kept, whatever the age and whatever the present is taken for.
    let disclosures = "[[retention]]\ndays = 1\nkind = \"disclosures\"\n";
    assert_eq!(counts(&run(disclosures, &[])), [0; 4]);
    assert_eq!(counts(&run(disclosures, &["--now", "2090-01-01"])), [0; 4]);
    // Turns take their feedback with them, which is counted once.
    let all = format!("{both}[[retention]]\ndays = 9\nrole = \"user\"\n");
    assert_eq!(counts(&run(&all, &["--now", "2090-01-01", "--dry-run"])), [1, 2, 1, 2]);
    for (text, says) in [
        ("days = 9\nkind = \"feedback\"\nrole = \"user\"", "role goes with turns alone"),
        ("days = 9\nkind = \"memories\"", "unknown variant"),
        ("days = 9\nage = 3", "unknown field"),
    ] {
        place.file("bad.toml", format!("[[retention]]\n{text}\n"));
        place.fails(&["--config", "bad.toml", "retention"], &["bad.toml", says]);
    }
}
