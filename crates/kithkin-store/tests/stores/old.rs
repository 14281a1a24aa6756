//! Stores of every schema that there was: each opens, is brought up to date, and gives back what it has.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use kithkin_core::{DerivationId, Erasure, Millis, Outcome, PersonTurns, Scope, Seq, Store, UnitId, VectorSpace};
#[cfg(feature = "postgres")]
use kithkin_store::PostgresStore;
use kithkin_store::SqliteStore;

/// The schemas of which a file is kept, and the first that had feedback and disclosures.
/// Databases had both from their first on.
const SCHEMAS: std::ops::RangeInclusive<u32> = 1..=6;
const FEEDBACK: u32 = 3;
const DISCLOSURES: u32 = 4;

fn ann() -> Scope {
    Scope::new("default".parse().unwrap(), "安 Ann".parse().unwrap())
}

/// All that a scan visits.
fn all<T>(scan: impl FnOnce(&mut dyn FnMut(T) -> ControlFlow<()>)) -> Vec<T> {
    let mut found = Vec::new();
    scan(&mut |one| {
        found.push(one);
        ControlFlow::Continue(())
    });
    found
}

fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/old").join(name)
}

fn check(schema: u32) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.db");
    fs::copy(kept(&format!("{schema}.db")), &path).unwrap();
    let store = SqliteStore::open(&path).unwrap();
    let newest = SqliteStore::create(folder.path().join("new.db")).unwrap().check().unwrap().schema;
    let health = store.check().unwrap();
    assert_eq!((health.schema, health.problems), (newest, vec![]), "{schema}");
    gives_back(&store, schema, schema >= FEEDBACK, schema >= DISCLOSURES);
}

fn gives_back(store: &dyn Store, schema: u32, has_feedback: bool, has_disclosures: bool) {
    let turns = all(|visit| store.scan_turns(&ann(), 0, visit).unwrap());
    let told: Vec<_> = turns
        .iter()
        .map(|t| (t.seq.0, t.version, t.supersedes.map(|seq| seq.0), t.turn.speaker.as_str(), t.turn.text.as_str()))
        .collect();
    let cat = "I adopted a cat, it is called Miso. 🐈";
    let expect = [
        (1, 1, None, "Ann", cat),
        (2, 1, None, "林", "她叫什么名字?"),
        (3, 1, None, "Ann", "Tea, please."),
        (4, 2, Some(2), "林", "它叫什么名字？"),
    ];
    assert_eq!(told, expect, "{schema}");
    assert_eq!(turns[0].turn.said_at.map(|time| time.to_string()).as_deref(), Some("2023-05-08T13:56"));
    assert_eq!(store.binding(&ann()).unwrap().unwrap().method.as_str(), "bm25");

    let memories = all(|visit| store.scan_memories(&ann(), &DerivationId("d".into()), visit).unwrap());
    assert_eq!((memories.len(), memories[0].memory.text.as_str()), (1, format!("about {cat}").as_str()));
    let mut vectors = Vec::new();
    let mut push = |(unit, vector): (UnitId, &[f32])| {
        vectors.push((unit, vector.to_vec()));
        ControlFlow::Continue(())
    };
    store.scan_vectors(&ann(), &VectorSpace("v".into()), 0, &mut push).unwrap();
    assert_eq!(
        vectors,
        [(UnitId::Turn(Seq(1)), vec![1.0, -0.5]), (UnitId::Memory(memories[0].id), vec![0.5, 0.5])],
        "{schema}"
    );
    let feedback = all(|visit| store.scan_feedback(&ann(), 0, visit).unwrap());
    assert_eq!(feedback.len(), usize::from(has_feedback));
    assert!(feedback.iter().all(|one| one.feedback.question == "Which cat?" && one.feedback.shown.len() == 2));
    let disclosures = all(|visit| store.scan_disclosures(&ann(), Millis::MIN, visit).unwrap());
    assert_eq!(disclosures.len(), usize::from(has_disclosures));

    // It is a store like any other from now on.
    let again = PersonTurns { scope: ann(), turns: vec![turns[0].turn.clone(), turns[1].turn.clone()] };
    let outcomes = store.append(&[again], 9).unwrap().remove(0).outcomes;
    assert_eq!(outcomes, [Outcome::Duplicate(Seq(1)), Outcome::Changed { seq: Seq(5), supersedes: Seq(4) }]);
    let erased = store.erase(&ann(), &Erasure::Turns(vec![turns[0].turn.key()]), false).unwrap();
    let gave = u64::from(has_feedback);
    assert_eq!((erased.turns, erased.memories, erased.vectors, erased.feedback), (1, 1, 2, gave), "{schema}");
}

/// How many migrations there are.
fn migrations(folder: &str) -> u32 {
    let files = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap();
    let is_one = |file: &fs::DirEntry| file.path().extension().is_some_and(|ext| ext == "sql");
    u32::try_from(files.filter(|file| file.as_ref().is_ok_and(is_one)).count()).unwrap()
}

#[test]
fn old_stores_open_for_ever() {
    assert_eq!(migrations("migrations"), SCHEMAS.end() + 1, "keep a file of the schema before the new one");
    SCHEMAS.for_each(check);
}

#[cfg(feature = "postgres")]
#[test]
fn old_databases_open_for_ever() {
    let cluster = crate::cluster::Cluster::start("fsync = off");
    let newest = migrations("migrations/postgres");
    for schema in 1..newest {
        let made = fs::read_to_string(kept(&format!("postgres/{schema}.sql"))).expect("keep one of each schema");
        let address = cluster.database();
        cluster.run(address.rsplit('/').next().unwrap(), &made);
        let store = PostgresStore::open(&address).unwrap();
        assert_eq!(store.check().unwrap().schema, newest);
        gives_back(&store, schema, true, true);
    }
}
