//! A folder of its own for each test, and the binary in it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The handmade conversation that the project ships.
pub(crate) fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets/locomo/sample.json")
}

/// A folder with a store's name in it.
pub(crate) struct Place {
    pub(crate) dir: TempDir,
    embedder: &'static str,
}

/// What a run printed.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Place {
    /// An empty folder; commands run without an embedder.
    pub(crate) fn empty() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), embedder: "none" }
    }

    /// A folder with a new store.
    pub(crate) fn new() -> Self {
        let place = Self::empty();
        place.ok(&["init"]);
        place
    }

    /// The same with the real weights; `None`, with a printed line, where they are not installed.
    pub(crate) fn with_weights() -> Option<Self> {
        let mut place = Self::empty();
        place.embedder = "all-MiniLM-L6-v2";
        if place.ok(&["models"]).out.lines().any(|l| l.contains("all-MiniLM-L6-v2") && l.contains("present")) {
            place.ok(&["init"]);
            return Some(place);
        }
        println!("skipped: the weights are not installed; run `make weights`");
        None
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file and gives its path as text.
    pub(crate) fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path(name), bytes).unwrap();
        self.path(name).display().to_string()
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kithkin"));
        command.args(args).current_dir(self.dir.path()).stdin(Stdio::null());
        command.env("KITHKIN_STORE", self.path("kithkin.db")).env("KITHKIN_EMBEDDER", self.embedder);
        command.env_remove("KITHKIN_TENANT");
        command
    }

    pub(crate) fn spawn(&self, args: &[&str]) -> Child {
        self.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran::of(&self.command(args).output().unwrap())
    }

    /// Runs what must succeed.
    pub(crate) fn ok(&self, args: &[&str]) -> Ran {
        let ran = self.run(args);
        assert_eq!(ran.code, Some(0), "{args:?}: {}{}", ran.out, ran.err);
        ran
    }

    /// Runs what must succeed, and reads its JSON.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let ran = self.ok(&[args, &["--json"]].concat());
        serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {}", ran.out))
    }

    /// Runs what must fail with code 1 and say each of `says`.
    pub(crate) fn fails(&self, args: &[&str], says: &[&str]) {
        let ran = self.run(args);
        assert_eq!(ran.code, Some(1), "{args:?}: {}{}", ran.out, ran.err);
        for text in says {
            assert!(ran.err.contains(text), "{args:?} does not say {text:?}: {}", ran.err);
        }
    }

    /// Imports a file of JSON lines for a person.
    pub(crate) fn import(&self, person: &str, lines: &str) -> Value {
        let path = self.file("turns.jsonl", lines);
        self.json(&["import", &path, "--person", person])
    }
}

impl Ran {
    pub(crate) fn of(output: &Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// A line of the JSON lines format.
pub(crate) fn turn(id: &str, said_at: &str, speaker: &str, text: &str) -> String {
    let line = serde_json::json!({
        "id": id, "conversation": "c", "session": "s", "speaker": speaker, "said_at": said_at, "text": text,
    });
    format!("{line}\n")
}

/// The ids of the evidence of a recall, best first.
pub(crate) fn evidence(report: &Value) -> Vec<&str> {
    report["evidence"].as_array().unwrap().iter().map(|e| e["turn"].as_str().unwrap()).collect()
}
