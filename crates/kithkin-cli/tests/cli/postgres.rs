//! A store in a PostgreSQL database, by the commands and by two services that share it.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use kithkin::{Clock, Kept, Kithkin, Millis, Now, Retain, Retention};
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::harness::{Place, sample, turn};
use crate::node::Node;

#[test]
fn a_database_is_a_store_like_a_file() {
    let mut cluster = Cluster::start("fsync = off");
    let address = cluster.database();
    let place = Place::of_database(&address);
    place.fails(&["persons"], &["there is no store at postgres://admin@", "kithkin init"]);
    assert!(place.ok(&["init"]).out.contains("made the store postgres://admin@"));
    place.fails(&["init"], &["exists already"]);
    let file = Place::new();
    let sample = sample().display().to_string();
    for place in [&place, &file] {
        place.ok(&["import", &sample]);
        place.import("安娜 🦊", &turn("1", "2023-05-08", "Ann", "I moved to Oslo."));
        place.ok(&["remember", "--person", "bo", "My dog is called Rex.", "--at", "2024-01-01"]);
    }
    // Both stores give the same answers.
    for args in [
        &["persons"][..],
        &["recall", "--person", "bo", "dog Rex", "--method", "bm25", "--now", "2024-02-01"],
        &["profile", "--person", "安娜 🦊"],
        &["memories", "--person", "bo"],
    ] {
        let mut answers = [place.json(args), file.json(args)];
        for answer in &mut answers {
            for clock in ["timings_ms", "as_of"] {
                answer.as_object_mut().map(|answer| answer.remove(clock));
            }
        }
        assert_eq!(answers[0], answers[1], "{args:?}");
    }
    // What one exports, the other has already.
    let exported = place.file("bo.jsonl", file.ok(&["export", "--person", "bo"]).out);
    let report = place.json(&["import", &exported]);
    assert_eq!((report["turns"].as_u64(), report["duplicates"].as_u64()), (Some(0), Some(1)), "{report}");
    place.doctor_finds(&[]);
    place.ok(&["forget", "--person", "bo", "--all"]);
    place.fails(&["timeline", "--person", "bo"], &["bo"]);
    place.doctor_finds(&[]);
    // A file says where it is, and its path counts from nowhere.
    std::fs::create_dir(place.path("etc")).unwrap();
    let config = place.file("etc/c.toml", format!("store = {address:?}"));
    let mut listed = place.command(&["--config", &config, "persons"]);
    assert!(listed.env_remove("KITHKIN_STORE").status().unwrap().success());
    // A password is in no message.
    let place = Place::of_database(&format!("{}?password=hush", cluster.address("nobody", "d0")));
    let ran = place.run(&["doctor"]);
    assert!(ran.code == Some(1) && ran.err.contains("nobody") && !ran.err.contains("hush"), "{}{}", ran.out, ran.err);
    cluster.kill();
    let place = Place::of_database(&address);
    place.fails(&["persons"], &["cannot be reached", "see whether the server runs"]);
}

#[derive(Debug)]
struct Wrong(Millis);

impl Clock for Wrong {
    fn now(&self) -> Millis {
        self.0
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

#[test]
fn a_node_with_a_wrong_clock_erases_nothing() {
    let cluster = Cluster::start("fsync = off");
    let address = cluster.database();
    let place = Place::of_database(&address);
    place.ok(&["init"]);
    place.ok(&["remember", "--person", "ann", "My dog is called Rex."]);
    let rules = [Retention { days: 9.try_into().unwrap(), tenant: None, kept: Kept::Turns(None) }];
    let tenant = "default".parse().unwrap();
    for (clock, found) in [(4_000_000_000_000, "s ahead of that of the database"), (0, "s behind that of the database")]
    {
        let kithkin = Kithkin::open(address.as_str()).unwrap().clock_object(Arc::new(Wrong(clock))).start();
        let retain = |now| {
            let how = Retain { rules: &rules, now, receipts: None, dry_run: false };
            kithkin.retain(&tenant, &how, &mut |_| ControlFlow::Continue(()))
        };
        let error = retain(Now::Clock).unwrap_err().to_string();
        assert!(error.contains("set both") && error.contains("nothing was erased"), "{error}");
        let findings = kithkin.doctor(&tenant).findings;
        assert!(findings.iter().any(|finding| finding.what.contains(found)), "{findings:?}");
        assert_eq!(retain(Now::At("2020-01-01".parse().unwrap())).unwrap().turns, 0);
    }
    place.file("c.toml", "[[retention]]\ndays = 9\n");
    assert_eq!(place.json(&["--config", "c.toml", "retention"])["report"]["turns"], 0);
    assert_eq!(place.json(&["timeline", "--person", "ann"]).as_array().unwrap().len(), 1);
}

#[test]
fn what_one_node_remembers_or_erases_the_other_knows() {
    let mut cluster = Cluster::start("fsync = off");
    let place = Place::of_database(&cluster.database());
    place.ok(&["init"]);
    let (one, other) = (Node::start(&place, &[]), Node::start(&place, &[]));
    for round in 0..5 {
        one.says("ann", &format!("My dog number {round} is called Rex."));
        assert_eq!(other.recalls("ann", "dog Rex"), 2 * round + 1);
        other.says("ann", &format!("Dog number {round}, Rex, is two."));
        assert_eq!(one.recalls("ann", "dog Rex"), 2 * round + 2);
    }
    one.says("ann", "I live in Oslo.");
    assert!(other.ask("GET", "/v1/persons/ann/profile", &Value::Null).1.to_string().contains("Oslo"));
    let (status, answer) = other.ask("POST", "/v1/persons/ann/forget", &json!({ "all": true }));
    assert_eq!(status, 200, "{answer}");
    assert_eq!(one.recalls("ann", "dog Rex"), 0);
    let (_, profile) = one.ask("GET", "/v1/persons/ann/profile", &Value::Null);
    assert!(!profile.to_string().contains("Oslo"), "{profile}");
    // The database goes, and comes back: the services go on.
    one.says("bo", "My cat is called Mia.");
    cluster.kill();
    let (status, answer) = one.ask("GET", "/readyz", &Value::Null);
    assert_eq!((status, answer["title"].as_str()), (503, Some("The store does not answer")), "{answer}");
    assert!(!answer.to_string().contains("admin"), "a client is not told where the database is");
    cluster.resume();
    for node in [&one, &other] {
        let ready = (0..50).any(|_| {
            std::thread::sleep(Duration::from_millis(100));
            node.ask("GET", "/readyz", &Value::Null).0 == 200
        });
        assert!(ready);
        assert_eq!(node.recalls("bo", "cat Mia"), 1);
    }
}
