//! What only a database can suffer, and only a database can promise.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kithkin_core::{
    ConversationId, DerivationId, Erasure, Memory, MemoryId, MemoryKind, Outcome, PersonId, PersonTurns, Role, Scope,
    Seq, SessionId, SessionRef, Store, StoreError, StoredTurn, TenantId, Turn, UnitId, VectorSpace,
};
use kithkin_store::PostgresStore;

use crate::cluster::Cluster;

pub(crate) fn scope(person: &str) -> Scope {
    Scope::new(TenantId::new("t").unwrap(), PersonId::new(person).unwrap())
}

pub(crate) fn turn(id: &str, text: &str) -> Turn {
    Turn {
        conversation: "c".parse().unwrap(),
        session: "s".parse().unwrap(),
        id: id.parse().unwrap(),
        speaker: "Ann".into(),
        role: Role::User,
        said_at: None,
        text: text.into(),
        attachments: Vec::new(),
    }
}

pub(crate) fn append(store: &dyn Store, person: &str, turns: &[Turn]) -> Result<Vec<Outcome>, StoreError> {
    let batch = [PersonTurns { scope: scope(person), turns: turns.to_vec() }];
    Ok(store.append(&batch, 7)?.remove(0).outcomes)
}

pub(crate) fn log(store: &dyn Store, person: &str) -> Vec<StoredTurn> {
    let mut turns = Vec::new();
    let mut push = |turn| {
        turns.push(turn);
        ControlFlow::Continue(())
    };
    store.scan_turns(&scope(person), 0, &mut push).unwrap();
    turns
}

/// The database of an address that `Cluster::database` gave.
pub(crate) fn name_of(address: &str) -> &str {
    address.rsplit('/').next().unwrap()
}

#[test]
fn what_is_no_store_is_told_from_one() {
    let cluster = Cluster::start("fsync = off");
    let address = cluster.database();
    let absent = PostgresStore::open(&address).unwrap_err();
    assert!(matches!(absent, StoreError::Absent { .. }), "{absent:?}");
    PostgresStore::create(&address).unwrap();
    PostgresStore::open(&address).unwrap();
    let exists = PostgresStore::create(&address).unwrap_err();
    assert!(matches!(exists, StoreError::Exists { .. }), "{exists:?}");
    cluster.run(name_of(&address), "UPDATE kithkin.meta SET value = 99 WHERE name = 'schema'");
    let newer = PostgresStore::open(&address).unwrap_err();
    assert!(matches!(newer, StoreError::TooNew { found: 99, .. }), "{newer:?}");

    let other = cluster.database();
    cluster.run(name_of(&other), "CREATE SCHEMA kithkin");
    for found in [PostgresStore::open(&other), PostgresStore::create(&other)] {
        let foreign = found.unwrap_err();
        assert!(matches!(foreign, StoreError::Foreign { .. }), "{foreign:?}");
    }

    cluster.run("postgres", "CREATE DATABASE latin ENCODING LATIN1 LOCALE 'C' TEMPLATE template0");
    let latin = PostgresStore::create(&cluster.address("admin", "latin")).unwrap_err();
    assert!(matches!(&latin, StoreError::Foreign { why, .. } if why.contains("LATIN1")), "{latin:?}");

    // Two nodes that begin at once: one makes the store, the other finds it.
    let fresh = cluster.database();
    let made: Vec<bool> = std::thread::scope(|threads| {
        let nodes: Vec<_> = (0..4).map(|_| threads.spawn(|| PostgresStore::create(&fresh).is_ok())).collect();
        nodes.into_iter().map(|node| node.join().unwrap()).collect()
    });
    assert_eq!(made.iter().filter(|made| **made).count(), 1, "{made:?}");
}

/// A newer node brings the schema up to date while an older one runs: migrations only add, so the older one goes on, until it
/// is started again.
#[test]
fn a_node_of_an_older_version_goes_on() {
    let cluster = Cluster::start("fsync = off");
    let address = cluster.database();
    let older = PostgresStore::create(&address).unwrap();
    append(&older, "ann", &[turn("1", "before"), turn("2", "erased")]).unwrap();
    let newer =
        "SET search_path = kithkin; ALTER TABLE turn ADD COLUMN later text; ALTER TABLE person ADD COLUMN later text;
                 CREATE TABLE later (id integer); UPDATE meta SET value = 99 WHERE name = 'schema'";
    cluster.run(name_of(&address), newer);
    append(&older, "ann", &[turn("3", "after")]).unwrap();
    append(&older, "bo", &[turn("1", "new")]).unwrap();
    let what = Erasure::Turns(vec![turn("2", "").key()]);
    assert_eq!(older.erase(&scope("ann"), &what, false).unwrap().turns, 1);
    let texts: Vec<String> = log(&older, "ann").into_iter().map(|told| told.turn.text).collect();
    assert_eq!((texts, log(&older, "bo").len()), (vec!["before".to_owned(), "after".to_owned()], 1));
    assert!(matches!(PostgresStore::open(&address), Err(StoreError::TooNew { found: 99, .. })));
}

#[test]
fn a_database_has_a_clock() {
    let cluster = Cluster::start("fsync = off");
    let store = PostgresStore::create(&cluster.database()).unwrap();
    let (first, second) = (store.clock().unwrap().unwrap(), store.clock().unwrap().unwrap());
    let here = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    assert!(first <= second && here.abs_diff(second.cast_unsigned().into()) < 60_000, "{first} {second} {here}");
}

#[test]
fn what_cannot_be_reached_is_named_without_its_password() {
    let mut cluster = Cluster::start("fsync = off");
    let check = |address: &str, expect: &str| {
        let text = PostgresStore::open(address).unwrap_err().to_string();
        assert!(text.contains(expect) && !text.contains("hush"), "{text}");
    };
    check("postgres://ann:hush@[", "looks like postgres://");
    check("postgres://ann:hush@h/d?sslmode=prefer", "verify-full");
    check("postgres://ann:hush@127.0.0.1:1/d", "ann@127.0.0.1:1/d cannot be reached");
    check(&cluster.address("admin", "nothing"), "\"nothing\" does not exist");
    check(&cluster.address("nobody", "postgres"), "\"nobody\" does not exist");
    let address = cluster.database();
    let store = PostgresStore::create(&address).unwrap();
    append(&store, "ann", &[turn("1", "hello")]).unwrap();
    assert!(!format!("{store:?}").contains("hush"));

    cluster.run(name_of(&address), "ALTER DATABASE d0 SET default_transaction_read_only = on");
    let store = PostgresStore::open(&address).unwrap();
    let refused = append(&store, "ann", &[turn("2", "hello")]).unwrap_err();
    assert!(matches!(refused, StoreError::ReadOnly { .. }), "{refused:?}");
    assert_eq!(log(&store, "ann").len(), 1);

    // As many connections as there may be are idle when the server goes.
    fn nested(store: &PostgresStore, depth: usize) {
        let mut visit = |_| {
            if depth > 1 {
                nested(store, depth - 1);
            }
            ControlFlow::Continue(())
        };
        store.scan_turns(&scope("ann"), 0, &mut visit).unwrap();
    }
    nested(&store, 16);
    cluster.kill();
    let gone = store.pulse(&scope("ann")).unwrap_err();
    assert!(matches!(gone, StoreError::Unreachable { .. }), "{gone:?}");
    cluster.resume();
    assert_eq!(log(&store, "ann").len(), 1, "the same store goes on when the server is back");
    nested(&store, 16);
    cluster.kill();
    cluster.resume();
    // It went and came without being asked anything.
    assert_eq!(log(&store, "ann").len(), 1);
}

#[test]
fn row_level_security_is_a_second_wall() {
    let cluster = Cluster::start("fsync = off");
    cluster.database();
    cluster.run("d0", "CREATE ROLE kithkin LOGIN; GRANT CREATE ON DATABASE d0 TO kithkin");
    let store = PostgresStore::create(&cluster.address("kithkin", "d0")).unwrap();
    append(&store, "ann", &[turn("1", "of ann")]).unwrap();
    append(&store, "bo", &[turn("1", "of bo")]).unwrap();
    let as_role = |settings: &str| {
        let seen = cluster.run(
            "d0",
            &format!("SET ROLE kithkin; SET search_path = kithkin; {settings} SELECT string_agg(text, ',' ORDER BY text) FROM turn"),
        );
        seen.lines().last().unwrap_or_default().to_owned()
    };
    // Nor do the parts of a table tell what it keeps back.
    let parts: String = (0..16).map(|n| format!("SELECT text FROM turn_{n} UNION ALL ")).collect();
    let parts = format!("SET ROLE kithkin; SET search_path = kithkin; {parts}SELECT text FROM turn");
    assert_eq!(cluster.run("d0", &parts).lines().last(), Some("SET"));
    // Even the tables' owner, with a query that forgets whose rows it wants.
    assert_eq!(as_role(""), "SET");
    assert_eq!(as_role("SET kithkin.tenant = 't'; SET kithkin.person = 'ann';"), "of ann");
    assert_eq!(as_role("SET kithkin.tenant = 'other'; SET kithkin.person = 'ann';"), "SET");
    assert_eq!(as_role("SET kithkin.tenant = 't'; SET kithkin.person = '';"), "of ann,of bo");
    assert!(!store.check().unwrap().place.contains("does not bind"));
    let admin = PostgresStore::open(&cluster.address("admin", "d0")).unwrap();
    assert!(admin.check().unwrap().place.contains("does not bind"));
}

#[test]
fn two_nodes_write_one_after_another() {
    let cluster = Cluster::start("fsync = off");
    let address = cluster.database();
    PostgresStore::create(&address).unwrap();
    let nodes: Vec<PostgresStore> = (0..2).map(|_| PostgresStore::open(&address).unwrap()).collect();
    std::thread::scope(|threads| {
        for (n, node) in nodes.iter().enumerate() {
            for writer in 0..3 {
                threads.spawn(move || {
                    for count in 0..20 {
                        append(node, "ann", &[turn(&format!("{n}-{writer}-{count}"), "hello")]).unwrap();
                        // The same turn from every node: it is there once.
                        append(node, "ann", &[turn(&format!("all-{count}"), "hello")]).unwrap();
                    }
                });
            }
        }
    });
    let seqs: Vec<u64> = log(&nodes[0], "ann").iter().map(|turn| turn.seq.0).collect();
    assert_eq!(seqs, (1..=140).collect::<Vec<_>>(), "no place is lost or given out twice");
    // Persons of a batch, named in another order by each node, do not lock each other out.
    std::thread::scope(|threads| {
        for node in &nodes {
            for round in 0..20 {
                threads.spawn(move || {
                    let mut batch: Vec<PersonTurns> = ["a", "b", "c"]
                        .map(|name| PersonTurns { scope: scope(name), turns: vec![turn(&round.to_string(), "x")] })
                        .to_vec();
                    batch.rotate_left(round % 3);
                    node.append(&batch, 7).unwrap();
                });
            }
        }
    });
    assert_eq!(log(&nodes[1], "c").len(), 20);
    // What one node wrote, the other sees at once: there is no cache here.
    append(&nodes[0], "dee", &[turn("1", "x")]).unwrap();
    assert_eq!(nodes[1].pulse(&scope("dee")).unwrap().map(|pulse| pulse.last_seq), Some(1));
}

#[test]
fn no_acknowledged_turn_is_lost_or_doubled_when_the_server_is_killed() {
    let mut cluster = Cluster::start("");
    let address = cluster.database();
    let store = PostgresStore::create(&address).unwrap();
    let mut acknowledged = HashSet::new();
    for round in 0..4 {
        let stop = AtomicBool::new(false);
        let done: Vec<Vec<String>> = std::thread::scope(|threads| {
            let writers: Vec<_> = (0..3)
                .map(|writer| {
                    let (store, stop) = (&store, &stop);
                    threads.spawn(move || {
                        let mut done = Vec::new();
                        for count in 0.. {
                            let id = format!("{round}-{writer}-{count}");
                            match append(store, "ann", &[turn(&id, "hello")]) {
                                Ok(_) => done.push(id),
                                Err(_) if stop.load(Ordering::Relaxed) => break,
                                // What may not have been written is said again, and is there once.
                                Err(_) => {
                                    if append(store, "ann", &[turn(&id, "hello")]).is_ok() {
                                        done.push(id);
                                    }
                                }
                            }
                            if stop.load(Ordering::Relaxed) {
                                break;
                            }
                        }
                        done
                    })
                })
                .collect();
            std::thread::sleep(Duration::from_millis(300));
            cluster.kill();
            cluster.resume();
            std::thread::sleep(Duration::from_millis(300));
            stop.store(true, Ordering::Relaxed);
            writers.into_iter().map(|writer| writer.join().unwrap()).collect()
        });
        acknowledged.extend(done.into_iter().flatten());
        let ids: Vec<String> = log(&store, "ann").iter().map(|stored| stored.turn.id.to_string()).collect();
        let there: HashSet<String> = ids.iter().cloned().collect();
        assert_eq!(ids.len(), there.len(), "none is there twice");
        let lost: Vec<_> = acknowledged.difference(&there).collect();
        assert!(lost.is_empty(), "{lost:?}");
    }
    assert!(acknowledged.len() > 40, "{} were written", acknowledged.len());
}

#[test]
fn what_is_acknowledged_is_there_when_a_replica_has_taken_over() {
    let mut primary = Cluster::start("fsync = off\nwal_level = replica");
    let name = primary.database().rsplit('/').next().unwrap().to_owned();
    let mut replica = primary.replica();
    let (first, second) = (primary.host(), replica.host());
    let address = format!("postgres://admin@{first}:5432,{second}:5432/{name}?target_session_attrs=read-write");
    let store = PostgresStore::create(&address).unwrap();
    let mut said = 0;
    for _ in 0..2 {
        for _ in 0..20 {
            append(&store, "ann", &[turn(&said.to_string(), "hello")]).unwrap();
            said += 1;
        }
        primary.kill_hard();
        replica.promote();
        assert_eq!(log(&store, "ann").len(), said, "the same store goes on with the other server");
        primary.follow(&replica);
        std::mem::swap(&mut primary, &mut replica);
    }
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
}

/// The files below a folder that hold the bytes.
fn holding(folder: &Path, bytes: &[u8], found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            holding(&path, bytes, found);
        } else if std::fs::read(&path).is_ok_and(|file| file.windows(bytes.len()).any(|window| window == bytes)) {
            found.push(path.display().to_string());
        }
    }
}

#[test]
fn erased_bytes_leave_the_tables_files_and_the_log_of_the_server_when_it_is_bounded() {
    // What an operator sets to bound how long the log holds what was erased.
    let cluster = Cluster::start("wal_recycle = off\nwal_init_zero = off\nmin_wal_size = 32MB\nmax_wal_size = 64MB");
    let address = cluster.database();
    let store = PostgresStore::create(&address).unwrap();
    let canary = |n: usize| format!("canary-{n}-zebra");
    let turns: Vec<Turn> =
        (0..1_000).map(|n| turn(&format!("{}-id", canary(n)), &format!("{} text", canary(n)))).collect();
    append(&store, "ann", &turns).unwrap();
    append(&store, "bo", &[turn("kept-zebra-turn", "kept")]).unwrap();
    cluster.run(name_of(&address), "ANALYZE");
    let copied = "SELECT count(*) FROM pg_statistic WHERE stavalues1::text LIKE '%canary%'";
    assert_eq!(cluster.run(name_of(&address), copied), "0", "the catalogue has no copy of the commonest values");
    cluster.run("postgres", "CHECKPOINT");
    let mut found = Vec::new();
    holding(&cluster.data().join("base"), b"-zebra", &mut found);
    assert!(!found.is_empty(), "the search finds what is there");
    // Some by their keys, the rest with the conversation.
    store.erase(&scope("ann"), &Erasure::Turns(turns[..100].iter().map(Turn::key).collect()), false).unwrap();
    store.erase(&scope("ann"), &Erasure::Conversation("c".parse().unwrap()), false).unwrap();
    assert_eq!(log(&store, "ann"), []);
    cluster.run("postgres", "CHECKPOINT");
    let mut found = Vec::new();
    holding(&cluster.data().join("base"), b"canary-", &mut found);
    assert_eq!(found, Vec::<String>::new(), "in the tables' files");
    // The log lets go of a segment when a checkpoint lies wholly behind it.
    for _ in 0..2 {
        cluster.run("postgres", "SELECT pg_switch_wal()");
        cluster.run("postgres", "CHECKPOINT");
    }
    holding(&cluster.data(), b"canary-", &mut found);
    assert_eq!(found, Vec::<String>::new(), "in any file");
    assert_eq!(log(&store, "bo").len(), 1);
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
}

#[test]
fn an_erasure_waits_for_those_who_still_look() {
    let cluster = Cluster::start("fsync = off");
    let address = cluster.database();
    let store = PostgresStore::create(&address).unwrap();
    append(&store, "ann", &[turn("1", "hello"), turn("2", "there")]).unwrap();
    append(&store, "bo", &[turn("1", "hello")]).unwrap();
    let erased = |key: &str| Erasure::Turns(vec![turn(key, "").key()]);
    let mut answer = None;
    store
        .scan_turns(&scope("bo"), 0, &mut |_| {
            answer = Some(store.erase(&scope("ann"), &erased("1"), false));
            ControlFlow::Continue(())
        })
        .unwrap();
    let busy = answer.unwrap().unwrap_err();
    assert!(matches!(busy, StoreError::Busy { .. }) && busy.to_string().contains("is erased"), "{busy}");
    assert_eq!(log(&store, "ann").len(), 1, "it is erased all the same");
    assert_eq!(store.check().unwrap().problems.len(), 1, "and what is left is told");
    store.erase(&scope("ann"), &erased("2"), false).unwrap();
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
}

#[test]
fn damaged_vectors_and_memories_are_taken_out() {
    let cluster = Cluster::start("fsync = off");
    let address = cluster.database();
    let store = PostgresStore::create(&address).unwrap();
    append(&store, "ann", &[turn("1", "hello"), turn("2", "there")]).unwrap();
    let (ann, space, derivation) = (scope("ann"), VectorSpace("s".to_owned()), DerivationId("d".to_owned()));
    let sitting = SessionRef { conversation: ConversationId::new("c").unwrap(), session: SessionId::new("s").unwrap() };
    let fact = |seq: u64| Memory {
        kind: MemoryKind::Window,
        text: format!("of {seq}"),
        sources: vec![Seq(seq)],
        said_at: None,
    };
    assert!(store.put_memories(&ann, &derivation, &sitting, Seq(2), &[fact(1), fact(2)]).unwrap());
    let units = [UnitId::Turn(Seq(1)), UnitId::Turn(Seq(2)), UnitId::Memory(MemoryId(1))];
    store.put_vectors(&ann, &space, &units.map(|unit| (unit, [1.0_f32, 2.0].as_slice()))).unwrap();
    let missing = || {
        let mut missing = Vec::new();
        store
            .missing_vectors(&ann, &space, &mut |unit| {
                missing.push(unit);
                ControlFlow::Continue(())
            })
            .unwrap();
        missing
    };
    assert_eq!((missing(), store.mend(&ann, &[]).unwrap()), (vec![UnitId::Memory(MemoryId(2))], 0));
    cluster.run(name_of(&address), "UPDATE kithkin.vector SET vector = '\\x00' WHERE kind = 0 AND id = 2");
    cluster.run(name_of(&address), "UPDATE kithkin.memory SET kind = 'nothing' WHERE id = 1");
    let damaged = store.scan_vectors(&ann, &space, 0, &mut |_| ControlFlow::Continue(())).unwrap_err();
    assert!(damaged.to_string().contains("turn 2"), "{damaged}");
    assert_eq!(store.mend(&ann, &[]).unwrap(), 2);
    assert_eq!(missing(), [UnitId::Turn(Seq(2)), UnitId::Memory(MemoryId(2))]);
    assert_eq!(store.stale_sessions(&ann, &derivation).unwrap(), [sitting]);
    assert_eq!((log(&store, "ann").len(), store.mend(&ann, &[]).unwrap()), (2, 0));
    cluster.run(name_of(&address), "UPDATE kithkin.turn SET text = 'hallo' WHERE seq = 1");
    let changed = store.turns(&ann, &[Seq(1)]).unwrap_err();
    assert!(matches!(&changed, StoreError::Damaged { what, .. } if what == "turn 1 of t/ann"), "{changed}");
}
