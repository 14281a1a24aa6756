//! A short slice of what `make torture` does at length; and whether it would find what it looks for.
#![allow(clippy::unwrap_used, reason = "a helper of a test fails the test")]

use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kithkin-torture")).arg("run").args(arguments).output().unwrap()
}

fn check(arguments: &[&str]) -> String {
    let ran = run(arguments);
    let [out, error] = [&ran.stdout, &ran.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(ran.status.success(), "{out}{error}");
    assert!(out.contains("operations in") && !out.contains(" 0 clients killed"), "{out}");
    out.into_owned()
}

#[test]
fn a_file_survives_what_may_happen_to_it() {
    check(&["sqlite", "--operations", "400", "--seed", "1", "--faults", "250"]);
}

#[test]
fn a_database_survives_what_may_happen_to_it() {
    let out = check(&["postgres", "--operations", "120", "--seed", "3", "--faults", "120"]);
    assert!(!out.contains(" 0 servers killed") && !out.contains(" 0 failovers"), "{out}");
}

#[test]
fn a_disk_that_lies_is_found_out() {
    let ran = run(&["sqlite", "--operations", "2000", "--seed", "1", "--faults", "300", "--lying-disk"]);
    let error = String::from_utf8_lossy(&ran.stderr);
    assert!(!ran.status.success() && error.contains("make torture STORE=sqlite SEED=1"), "{error}");
    assert!(error.contains("no order of the operations explains what is seen") || error.contains("damaged"), "{error}");
}
