//! Rules of the repository that no compiler checks: who may depend on whom, and how every file opens.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it skipped"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// What each crate may depend on within the workspace.
const EDGES: &[(&str, &[&str])] = &[
    ("kithkin-core", &[]),
    ("kithkin-store", &["kithkin-core"]),
    ("kithkin-models", &["kithkin-core"]),
    ("kithkin-engine", &["kithkin-core"]),
    ("kithkin", &["kithkin-core", "kithkin-store", "kithkin-models", "kithkin-engine"]),
    ("kithkin-lab", &["kithkin"]),
    ("kithkin-server", &["kithkin"]),
    ("kithkin-python", &["kithkin"]),
    ("kithkin-fuzz", &["kithkin", "kithkin-server"]),
    ("kithkin-torture", &["kithkin", "kithkin-core", "kithkin-store"]),
    ("kithkin-cli", &["kithkin", "kithkin-lab", "kithkin-server"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn crates_depend_only_on_what_they_may() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    for package in packages {
        let name = package["name"].as_str().unwrap();
        let allowed =
            EDGES.iter().find(|(from, _)| *from == name).unwrap_or_else(|| panic!("{name} is not in the table")).1;
        for dependency in package["dependencies"].as_array().unwrap() {
            let to = dependency["name"].as_str().unwrap();
            assert!(!to.starts_with("kithkin") || allowed.contains(&to), "{name} must not depend on {to}");
        }
    }
    assert_eq!(packages.len(), EDGES.len());
}

fn rust_files(dir: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().unwrap() != "target" {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    let mut files = Vec::new();
    rust_files(&root().join("crates"), &mut files);
    rust_files(&root().join("fuzz"), &mut files);
    rust_files(&root().join("python"), &mut files);
    rust_files(&root().join("torture"), &mut files);
    assert!(files.len() > 80);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("//!"), "{} does not open with //!", file.display());
        assert!(text.lines().count() <= 500, "{} is longer than 500 lines", file.display());
        assert!(!text.contains("todo!") || file.ends_with("workspace.rs"), "{} has a todo!", file.display());
    }
}

/// The files that allow unsafe code, as they stand in the sources and in the table of the page on security.
#[test]
fn unsafe_code_stands_only_where_the_page_on_security_says() {
    let mut files = Vec::new();
    rust_files(&root().join("crates"), &mut files);
    rust_files(&root().join("fuzz"), &mut files);
    rust_files(&root().join("python"), &mut files);
    rust_files(&root().join("torture"), &mut files);
    let allows = |file: &PathBuf| {
        let text = std::fs::read_to_string(file).unwrap();
        let mut lines = text.lines().map(str::trim).filter(|line| line.starts_with("#[") || line.starts_with("#!["));
        lines.any(|line| (line.contains("allow(") || line.contains("expect(")) && line.contains("unsafe_code"))
    };
    let relative = |file: PathBuf| file.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
    let mut found: Vec<String> = files.into_iter().filter(allows).map(relative).collect();
    found.sort();
    let page = std::fs::read_to_string(root().join("docs/explanation/security.md")).unwrap();
    let table = page.split("## Unsafe code").nth(1).unwrap().split("\n## ").next().unwrap().to_owned();
    let named = table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let mut named: Vec<String> = named.map(str::to_owned).collect();
    named.sort();
    assert_eq!(found, named);
    assert!(!found.is_empty());
}
