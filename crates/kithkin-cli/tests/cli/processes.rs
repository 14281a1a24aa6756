//! Several processes, and processes that are killed.

use std::time::{Duration, Instant};

use crate::harness::{Place, Ran, turn};

fn many(n: usize) -> String {
    (0..n).map(|i| turn(&i.to_string(), "2023-01-01", "Ann", &format!("talk number {i} of many"))).collect()
}

fn turns(place: &Place) -> u64 {
    place.json(&["persons"]).as_array().unwrap().first().map_or(0, |p| p["turns"].as_u64().unwrap())
}

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
    assert_eq!(turns(&place), 8);
}

#[test]
fn a_killed_import_is_completed_by_the_next_one() {
    let place = Place::new();
    let path = place.file("many.jsonl", many(60_000));
    let args = ["import", &path, "--person", "ann"];
    let mut child = place.spawn(&args);
    let start = Instant::now();
    // Killed once something is durable; a machine that is done before that has nothing to complete.
    while turns(&place) == 0 && child.try_wait().unwrap().is_none() && start.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let kept = turns(&place);
    assert!(kept > 0);
    let report = place.json(&args);
    assert_eq!(report["duplicates"].as_u64().unwrap(), kept);
    assert_eq!(report["turns"].as_u64().unwrap() + kept, 60_000);
    assert_eq!(turns(&place), 60_000);
}
