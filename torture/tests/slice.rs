//! A short slice of what `make torture` does at length; and whether it would find what it looks for.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of a test fails the test")]

use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kithkin-torture")).arg("run").args(arguments).output().unwrap()
}

/// The counts at the end of a run in which nothing was wrong.
fn check(arguments: &[&str]) -> String {
    let ran = run(arguments);
    let [out, error] = [&ran.stdout, &ran.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(ran.status.success(), "{out}{error}");
    let end = out.lines().last().unwrap_or_default().to_owned();
    assert!(end.contains("operations in") && !end.contains(" 0 clients killed"), "{out}");
    end
}

#[test]
fn a_file_survives_what_may_happen_to_it() {
    check(&["sqlite", "--operations", "400", "--seed", "1", "--faults", "250"]);
}

#[test]
fn a_database_survives_what_may_happen_to_it() {
    let end = check(&["postgres", "--operations", "120", "--seed", "3", "--faults", "150"]);
    assert!(!end.contains(" 0 servers killed") && !end.contains(" 0 failovers"), "{end}");
}

#[test]
fn a_disk_that_lies_is_found_out() {
    let ran = run(&["sqlite", "--operations", "2000", "--seed", "1", "--faults", "300", "--lying-disk"]);
    let error = String::from_utf8_lossy(&ran.stderr);
    assert!(!ran.status.success() && error.contains("make torture STORE=sqlite SEED=1"), "{error}");
    assert!(error.contains("no order of the operations explains what is seen") || error.contains("damaged"), "{error}");
}
