//! What is seen after a crash is there to stay: at every call of a write the process fails or is killed, the next one sees the
//! write or does not, and a loss of power right after changes nothing of that.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of a test fails the test")]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use kithkin_store::SqliteStore;
use serde_json::{Value, json};

const PROGRAM: &str = env!("CARGO_BIN_EXE_kithkin-torture");

struct Client(Child, BufReader<ChildStdout>);

impl Client {
    fn open(folder: &Path) -> Self {
        let mut command = Command::new(PROGRAM);
        command.arg("client").arg(folder.join("a.db")).arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let out = BufReader::new(process.stdout.take().unwrap());
        let mut client = Self(process, out);
        assert_eq!(client.said(&json!("Open")), "");
        client
    }

    /// The answer; `None` where the client is killed before it gives one.
    fn ask(&mut self, ask: &Value, fault: &Value) -> Option<Value> {
        writeln!(self.0.stdin.as_mut().unwrap(), "{}", json!({ "ask": ask, "fault": fault })).unwrap();
        let mut line = String::new();
        self.1.read_line(&mut line).unwrap();
        (!line.is_empty()).then(|| serde_json::from_str(&line).unwrap())
    }

    fn said(&mut self, ask: &Value) -> String {
        let reply = self.ask(ask, &Value::Null).unwrap();
        reply["said"]["Ok"].as_str().unwrap_or_else(|| panic!("{ask}: {reply}")).to_owned()
    }

    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn operation(number: u64) -> Value {
    json!({ "Do": { "seed": 1, "number": number, "low": [0, 0] } })
}

fn everyone() -> Value {
    json!({ "See": [[0, 1, 2, 3, 4, 5, 6, 7], "View"] })
}

/// The first operations of the series that write turns.
fn appends() -> Vec<u64> {
    let folder = tempfile::tempdir().unwrap();
    SqliteStore::create(folder.path().join("a.db")).unwrap();
    let mut client = Client::open(folder.path());
    let appends = (0..).filter(|number| client.said(&operation(*number)).contains("New(")).take(3).collect();
    client.kill();
    appends
}

/// Whether the fault struck.
fn check(appends: &[u64], kind: &str, at: u64, goes_on: bool) -> bool {
    let folder = tempfile::tempdir().unwrap();
    SqliteStore::create(folder.path().join("a.db")).unwrap();
    let mut client = Client::open(folder.path());
    client.said(&operation(appends[0]));
    let reply = client.ask(&operation(appends[1]), &json!({ "at": at, "more": 0, "kind": kind }));
    let struck = reply.is_none_or(|reply| reply["steps"].as_u64().unwrap() >= at);
    client.kill();

    let mut client = Client::open(folder.path());
    if goes_on {
        client.said(&operation(appends[2]));
    }
    let seen = client.said(&everyone());
    client.kill();
    let lost = Command::new(PROGRAM).arg("lose").arg(folder.path()).args(["--luck", "0"]).status().unwrap();
    assert!(lost.success());

    let mut client = Client::open(folder.path());
    assert_eq!(client.said(&everyone()), seen, "{kind} at call {at}, and {goes_on} that another wrote after it");
    client.kill();
    struck
}

#[test]
fn what_is_seen_after_a_crash_stays() {
    let appends = appends();
    for (kind, goes_on) in [("Error", false), ("Error", true), ("Torn", false)] {
        let points = (1..).take_while(|at| check(&appends, kind, *at, goes_on)).count();
        assert!(points > 10, "{points} points of {kind}");
    }
}
