//! Resident memory while many persons are recalled one after another: it must stay within what the cache may hold. Prints
//! one line a limit, and fails where more than the limit was added. Linux only: it reads `/proc/self/status`.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs, reason = "a bench fails by panicking")]

use std::path::Path;
use std::sync::Arc;

use kithkin::Kithkin;

mod histories;

use histories::{Hashed, filled, question, scope};

const PERSONS: usize = 400;
const TURNS: usize = 1_000;
const MIB: f64 = 1024.0;

/// Resident memory in MiB.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / MIB
}

fn recall_all(path: &Path, limit_mib: usize) {
    let before = resident();
    let kithkin = Kithkin::open(path).unwrap().embedder_object(Arc::new(Hashed)).cache_bytes(limit_mib << 20).start();
    let question = question("hybrid");
    let mut highest = 0.0_f64;
    for number in 0..PERSONS {
        kithkin.person(&scope(number)).recall(&question).unwrap();
        highest = highest.max(resident());
    }
    let added = highest - before;
    println!("{PERSONS} persons of {TURNS} turns, cache limit {limit_mib} MiB: {added:.0} MiB resident added at most");
    // SQLite's own caches and the allocator's slack come on top.
    assert!(added < limit_mib as f64 * 1.2 + 32.0, "the limit does not hold");
}

fn main() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("persons.db");
    drop(filled(&path, PERSONS, TURNS, |builder| builder.embedder_object(Arc::new(Hashed))));
    [64, 256, 4_096].into_iter().for_each(|limit| recall_all(&path, limit));
}
