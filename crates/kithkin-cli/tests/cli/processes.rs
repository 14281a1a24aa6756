//! Several processes, and processes that are killed or interrupted.

use std::process::Child;
use std::time::{Duration, Instant};

use crate::harness::{Place, Ran, interrupt, many};

#[test]
fn two_processes_write_one_store() {
    let place = Place::new();
    let children: Vec<_> = (0..8)
        .map(|i| place.spawn(&["remember", "--person", "ann", &format!("note {i}"), "--at", "2024-01-01"]))
        .collect();
    for child in children {
        let ran = Ran::of(&child.wait_with_output().unwrap());
        assert_eq!(ran.code, Some(0), "{}", ran.err);
    }
    assert_eq!(place.turns(), 8);
}

/// Waits until something is durable; a machine that is done before that has nothing to complete.
fn until_something_is_stored(place: &Place, child: &mut Child) {
    let start = Instant::now();
    while place.turns() == 0 && child.try_wait().unwrap().is_none() && start.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_killed_import_is_completed_by_the_next_one() {
    let place = Place::new();
    let path = place.file("many.jsonl", many(60_000));
    let args = ["import", &path, "--person", "ann"];
    let mut child = place.spawn(&args);
    until_something_is_stored(&place, &mut child);
    child.kill().unwrap();
    child.wait().unwrap();
    let kept = place.turns();
    assert!(kept > 0);
    let report = place.json(&args);
    assert_eq!(report["duplicates"].as_u64().unwrap(), kept);
    assert_eq!(report["turns"].as_u64().unwrap() + kept, 60_000);
    assert_eq!(place.turns(), 60_000);
}

#[test]
fn an_interrupted_import_says_what_is_kept_and_the_next_one_completes_it() {
    let place = Place::new();
    let path = place.file("many.jsonl", many(60_000));
    let args = ["import", &path, "--person", "ann"];
    let mut child = place.spawn(&args);
    until_something_is_stored(&place, &mut child);
    interrupt(&child);
    let ran = Ran::of(&child.wait_with_output().unwrap());
    ran.failed(&["stopped", "what was stored is safe", "importing the file again completes it"]);
    let kept = place.turns();
    assert!((1..60_000).contains(&kept) && ran.out.starts_with(&format!("{kept} turns stored")), "{kept}: {}", ran.out);
    let report = place.json(&args);
    assert_eq!((report["duplicates"].as_u64(), report["turns"].as_u64()), (Some(kept), Some(60_000 - kept)));
    assert_eq!(place.turns(), 60_000);
}
