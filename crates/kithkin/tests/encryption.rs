//! Encrypted stores by the facade: whatever a copy does, no acknowledged turn of its source is lost.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::ops::ControlFlow;
use std::path::Path;

use kithkin::{Encryption, Forget, Kithkin, Remember, Scope, Selection, Turn};

fn scope(person: &str) -> Scope {
    Scope::new("t".parse().unwrap(), person.parse().unwrap())
}

fn encryption(folder: &Path) -> Encryption {
    let key = folder.join("master.key");
    std::fs::write(&key, "0f".repeat(32)).unwrap();
    Encryption::with_key_file(&key, None).unwrap()
}

fn say(kithkin: &Kithkin, person: &str, from: usize, count: usize) {
    let line = |n: usize| {
        let json = serde_json::json!({ "conversation": "c", "session": "s", "id": n.to_string(), "speaker": "Ann", "text": format!("words {n}") });
        serde_json::from_value::<Turn>(json).unwrap()
    };
    kithkin.person(&scope(person)).observe((from..from + count).map(line).collect()).unwrap();
}

fn turns(kithkin: &Kithkin, person: &str) -> Result<usize, kithkin::Error> {
    Ok(kithkin.person(&scope(person)).timeline()?.len())
}

/// The source loses a turn when half of the person is copied: what was copied is taken back, and copied again.
#[test]
fn a_copy_that_is_taken_back_takes_no_key_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let encryption = encryption(folder.path());
    let source = Kithkin::create_with(folder.path().join("a.db"), Some(&encryption)).unwrap().start();
    // More than a page.
    say(&source, "ann", 0, 1500);
    let target = source.create_alike(folder.path().join("b.db")).unwrap().start();
    let mut steps = 0;
    let report = source
        .copy_to(&target, &Selection::All, &mut |_| {
            steps += 1;
            if steps == 2 {
                let first = Forget::Turns(vec!["0".parse().unwrap()], None);
                source.person(&scope("ann")).forget(&first, false).unwrap();
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    assert!(steps > 2 && report.copied == 1, "{report:?}");
    assert_eq!((turns(&source, "ann").unwrap(), turns(&target, "ann").unwrap()), (1499, 1499));
}

#[test]
fn forgetting_nobody_in_a_copy_loses_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let encryption = encryption(folder.path());
    let source = Kithkin::create_with(folder.path().join("a.db"), Some(&encryption)).unwrap().start();
    say(&source, "ann", 0, 3);
    let copy = source.create_alike(folder.path().join("b.db")).unwrap().start();
    say(&copy, "bo", 0, 3);
    assert!(copy.person(&scope("ann")).forget(&Forget::All, false).unwrap_err().to_string().contains("no person"));
    assert_eq!(turns(&source, "ann").unwrap(), 3);
    // A person who went another way in the copy is left there, and the advice is not to forget them.
    source.copy_to(&copy, &Selection::All, &mut |_| ControlFlow::Continue(())).unwrap();
    source.person(&scope("ann")).remember(&Remember::new("here")).unwrap();
    copy.person(&scope("ann")).remember(&Remember::new("there")).unwrap();
    let report = source.copy_to(&copy, &Selection::All, &mut |_| ControlFlow::Continue(())).unwrap();
    let why = &report.refused[0].why;
    assert!(why.contains("copy into a new store") && !why.contains("kithkin forget"), "{why}");
    assert_eq!((turns(&source, "ann").unwrap(), turns(&copy, "ann").unwrap()), (4, 4));
    // Who is there and forgotten is lost in both.
    copy.person(&scope("ann")).forget(&Forget::All, false).unwrap();
    assert!(turns(&source, "ann").unwrap_err().to_string().contains("the key of ann is gone"));
}

#[test]
fn a_backup_in_which_somebody_is_forgotten_meanwhile_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let encryption = encryption(folder.path());
    let kithkin = Kithkin::create_with(folder.path().join("a.db"), Some(&encryption)).unwrap().start();
    for person in ["ann", "bo"] {
        say(&kithkin, person, 0, 3);
    }
    let (mut forgotten, file) = (false, folder.path().join("backup"));
    let report = kithkin.backup(&file, &mut |passed| {
        if passed.persons == 1 && !forgotten {
            forgotten = true;
            kithkin.person(&scope("ann")).forget(&Forget::All, false).unwrap();
        }
        ControlFlow::Continue(())
    });
    let report = report.unwrap();
    assert!(forgotten && report.persons == 1, "{report:?}");
    let back = folder.path().join("b.db");
    let restored =
        Kithkin::restore(&file, &back.as_path().into(), Some(&encryption), &mut |_| ControlFlow::Continue(()));
    let restored = restored.unwrap();
    assert_eq!((restored.copied, restored.erased[0].person.as_str()), (1, "ann"), "{restored:?}");
    let back = Kithkin::open_with(back, Some(&encryption)).unwrap().start();
    assert_eq!(turns(&back, "bo").unwrap(), 3);
}
