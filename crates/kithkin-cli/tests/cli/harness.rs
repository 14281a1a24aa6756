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
    /// The address of a database, where the store is not the file in the folder.
    database: Option<String>,
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
        Self { dir: tempfile::tempdir().unwrap(), embedder: "none", database: None }
    }

    /// An empty folder, and a database to have the store in.
    pub(crate) fn of_database(address: &str) -> Self {
        Self { database: Some(address.to_owned()), ..Self::empty() }
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
        self.through(&[], args)
    }

    /// A command behind others that end in running it, such as `sh -c '…; exec "$@"' sh`.
    pub(crate) fn through(&self, wrapper: &[&str], args: &[&str]) -> Command {
        let words = [wrapper, &[env!("CARGO_BIN_EXE_kithkin")], args].concat();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).current_dir(self.dir.path()).stdin(Stdio::null());
        let file = || self.path("kithkin.db").into_os_string();
        let store = self.database.as_ref().map_or_else(file, Into::into);
        command.env("KITHKIN_STORE", store).env("KITHKIN_EMBEDDER", self.embedder);
        // No configuration but a test's own.
        command.env("XDG_CONFIG_HOME", self.path("config")).env_remove("KITHKIN_CONFIG");
        for name in [
            "ENCRYPTION_KEY_FILE",
            "KEYRING",
            "TENANT",
            "CHAT",
            "CHAT_URL",
            "CHAT_MODEL",
            "CHAT_KEY",
            "CHAT_KEY_FILE",
            "CHAT_TIMEOUT",
            "RERANKER",
            "POLICY",
        ] {
            command.env_remove(format!("KITHKIN_{name}"));
        }
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
        self.run(args).failed(says);
    }

    /// Runs the check that must find exactly these problems; none is that all is well.
    pub(crate) fn doctor_finds(&self, problems: &[&str]) {
        let ran = self.run(&["doctor"]);
        let found: Vec<&str> = ran.out.lines().filter_map(|line| line.strip_prefix("problem  ")).collect();
        assert_eq!((found.as_slice(), ran.code), (problems, Some(i32::from(!problems.is_empty()))), "{}", ran.err);
    }

    /// Breaks one row of the store by a statement.
    pub(crate) fn breaks(&self, statement: &str) {
        let file = rusqlite::Connection::open(self.dir.path().join("kithkin.db")).unwrap();
        assert_eq!(file.execute(statement, []).unwrap(), 1, "{statement}");
    }

    /// How many current turns the first person of the listing has; 0 without a person.
    pub(crate) fn turns(&self) -> u64 {
        self.json(&["persons"]).as_array().unwrap().first().map_or(0, |p| p["turns"].as_u64().unwrap())
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

    /// It failed with code 1 and said each of `says`.
    pub(crate) fn failed(&self, says: &[&str]) {
        assert_eq!(self.code, Some(1), "{}{}", self.out, self.err);
        for text in says {
            assert!(self.err.contains(text), "it does not say {text:?}: {}", self.err);
        }
    }
}

/// Asks a process to stop, as Ctrl-C does.
pub(crate) fn interrupt(child: &Child) {
    let kill = format!("kill -INT {}", child.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
}

/// Runs the named test again in a process that has a disk of its own under its temporary folder, as large as `size`
/// says and gone with the process. True within it; false outside, after the run or, with a printed line, without one.
pub(crate) fn on_a_disk_of_its_own(test: &str, size: &str) -> bool {
    const WITHIN: &str = "KITHKIN_TEST_DISK";
    if std::env::var_os(WITHIN).is_some() {
        return true;
    }
    let folder = tempfile::tempdir().unwrap();
    let mount = format!("mount -t tmpfs -o size={size} tmpfs \"$TMPDIR\" && exec \"$@\"");
    let run = |rights: &[&str], words: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(rights).args(["sh", "-c", &mount, "sh"]).args(words);
        command.env("TMPDIR", folder.path()).env(WITHIN, "1").output()
    };
    // Root may mount in a namespace of mounts; anyone else where a namespace of users makes a root of them.
    let ways: [&[&str]; 2] = [&["--mount"], &["--mount", "--map-root-user"]];
    let Some(rights) = ways.into_iter().find(|way| run(way, &["true"]).is_ok_and(|o| o.status.success())) else {
        println!("skipped: this user may not mount a disk");
        return false;
    };
    let binary = std::env::current_exe().unwrap().display().to_string();
    let ran = Ran::of(&run(rights, &[&binary, test, "--exact", "--nocapture"]).unwrap());
    assert!(ran.code == Some(0) && ran.out.contains("1 passed"), "{}{}", ran.out, ran.err);
    false
}

/// A line of the JSON lines format.
pub(crate) fn turn(id: &str, said_at: &str, speaker: &str, text: &str) -> String {
    let line = serde_json::json!({
        "id": id, "conversation": "c", "session": "s", "speaker": speaker, "said_at": said_at, "text": text,
    });
    format!("{line}\n")
}

/// So many lines of it.
pub(crate) fn many(n: usize) -> String {
    (0..n).map(|i| turn(&i.to_string(), "2023-01-01", "Ann", &format!("talk number {i} of many"))).collect()
}

/// The shipped `bm25` under another id, with windows of turns that it derives and searches.
pub(crate) fn windows_preset(id: &str) -> String {
    include_str!("../../../../methods/bm25.toml")
        .replace("id = \"bm25\"", &format!("id = \"{id}\""))
        .replace("[recall]", "[observe.segment]\nstrategy = \"window\"\n\n[recall]")
        .replace("strategy = \"bm25\"", "strategy = \"memory-bm25\", kind = \"window\"")
}

/// A method that compares words only, with what `extract` derives from whole sessions.
pub(crate) fn extracting_preset(extract: &str) -> String {
    let observe = format!("[observe]\nsegment.strategy = \"session\"\nextract = [{{ strategy = {extract:?} }}]\n\n");
    let bm25 = include_str!("../../../../methods/bm25.toml").replace("id = \"bm25\"", "id = \"mine\"");
    bm25.replace("[recall]", &format!("{observe}[recall]"))
}

/// The ids of the evidence of a recall, best first.
pub(crate) fn evidence(report: &Value) -> Vec<&str> {
    report["evidence"].as_array().unwrap().iter().map(|e| e["turn"].as_str().unwrap()).collect()
}
