//! What needs a hand inside the store: a full disk, a lock that is held, a damaged record, a write cut off.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use kithkin_core::{Memory, MemoryKind, PersonId, Role, SessionId, TurnId};
use tempfile::TempDir;

use super::*;

fn scope() -> Scope {
    Scope::new(TenantId::new("t").unwrap(), PersonId::new("ann").unwrap())
}

fn batch(turns: usize, text: &str) -> Vec<PersonTurns> {
    let turn = |n: usize| kithkin_core::Turn {
        conversation: kithkin_core::ConversationId::new("c").unwrap(),
        session: SessionId::new("s").unwrap(),
        id: TurnId::new(n.to_string()).unwrap(),
        speaker: "Ann".to_owned(),
        role: Role::User,
        said_at: None,
        text: text.to_owned(),
        attachments: Vec::new(),
    };
    vec![PersonTurns { scope: scope(), turns: (0..turns).map(turn).collect() }]
}

fn session() -> SessionRef {
    let turn = &batch(1, "x")[0].turns[0];
    SessionRef { conversation: turn.conversation.clone(), session: turn.session.clone() }
}

/// A store with a turn, a memory, a vector, feedback and a binding, whose waits are short.
fn store() -> (TempDir, PathBuf, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    drop(SqliteStore::create(&path).unwrap());
    let store = open(&path);
    store.append(&batch(1, "xylophone"), 0).unwrap();
    let memory = Memory { kind: MemoryKind::Window, text: "m".into(), sources: vec![Seq(1)], said_at: None };
    assert!(store.put_memories(&scope(), &derivation(), &session(), Seq(1), &[memory]).unwrap());
    store.put_vectors(&scope(), &space(), &[(UnitId::Turn(Seq(1)), &[1.0])]).unwrap();
    store.put_feedback(&scope(), &feedback()).unwrap().unwrap();
    store.put_disclosure(&scope(), &disclosure()).unwrap().unwrap();
    let method = kithkin_core::MethodId::new("m").unwrap();
    store.bind(&scope(), &Binding { method, spec: "{}".into(), derivation: derivation() }).unwrap();
    (folder, path, store)
}

fn open(path: &Path) -> SqliteStore {
    let short = std::time::Duration::from_millis(50);
    SqliteStore::open_with(path, Patience { write: short, purge: short }).unwrap()
}

fn feedback() -> Feedback {
    let vector = Some(kithkin_core::QuestionVector { space: space(), vector: vec![1.0] });
    let shown = vec![kithkin_core::Shown { seq: Seq(1), useful: true }];
    Feedback { question: "where?".into(), vector, asked_at: 0, recorded_at: 0, shown }
}

fn disclosure() -> Disclosure {
    let (purpose, turns, spent) = (kithkin_core::Purpose::Reply, vec![Seq(1)], kithkin_core::Spent::default());
    Disclosure { at: 0, purpose, model: "m".into(), turns, spent }
}

fn derivation() -> DerivationId {
    DerivationId("d".into())
}

fn space() -> VectorSpace {
    VectorSpace("v".into())
}

#[test]
fn every_connection_is_set_up_for_safety() {
    let (_folder, _path, store) = store();
    let check = |pragma: &str, expect: &str| {
        let read = |c: &rusqlite::Connection| {
            Ok(c.query_row(&format!("SELECT CAST({pragma} AS TEXT) FROM pragma_{pragma}"), [], |row| row.get(0))?)
        };
        let values: [String; 2] =
            [store.connections.with_writer("test", read).unwrap(), store.connections.read("test", read).unwrap()];
        assert_eq!(values, [expect; 2], "{pragma}");
    };
    check("journal_mode", "wal");
    check("synchronous", "2");
    check("secure_delete", "1");
    check("temp_store", "2");
    check("page_size", "8192");
}

#[test]
fn a_full_disk_takes_the_whole_batch_back() {
    let (_folder, path, store) = store();
    let before = store.pulse(&scope()).unwrap();
    let limit = |pages: u32| {
        let set = |c: &rusqlite::Connection| {
            Ok(c.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |row| row.get::<_, u32>(0))?)
        };
        store.connections.with_writer("test", set).unwrap();
    };
    limit(40);
    let large = batch(500, &"x".repeat(5000));
    for _ in 0..2 {
        assert!(matches!(store.append(&large, 0), Err(StoreError::Full { .. })));
        assert_eq!(store.pulse(&scope()).unwrap(), before);
        assert_eq!(store.turns(&scope(), &[Seq(1), Seq(2)]).unwrap().len(), 1);
    }
    limit(u32::MAX - 1);
    assert_eq!(store.append(&large, 0).unwrap()[0].outcomes.len(), 500);
    assert_eq!(open(&path).check().unwrap().problems, [""; 0]);
}

#[test]
fn a_write_that_is_cut_off_leaves_nothing() {
    let (_folder, _path, store) = store();
    let seen = || (store.pulse(&scope()).unwrap(), store.erase(&scope(), &Erasure::Person, true).unwrap());
    let before = seen();
    let cut_off = |write: &dyn Fn(&rusqlite::Connection)| {
        let result = store.connections.write("test", |c| -> Result<(), Fault> {
            write(c);
            Err(Fault::damaged("the test", "cut off"))
        });
        assert!(matches!(result, Err(StoreError::Damaged { .. })));
        assert_eq!(seen(), before);
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            store.connections.write("test", |c| -> Result<(), Fault> {
                write(c);
                panic!("cut off")
            })
        }));
        assert!(panicked.is_err());
        assert_eq!(seen(), before);
    };
    cut_off(&|c| drop(turns::append(c, &batch(9, "new"), 0).unwrap()));
    cut_off(&|c| assert_eq!(erase::delete(c, &scope(), &Erasure::Person).unwrap().turns, 1));
    cut_off(&|c| assert!(feedback::put(c, &scope(), &feedback()).unwrap().is_some()));
    cut_off(&|c| assert!(memories::put(c, &scope(), &derivation(), &session(), Seq(1), &[]).unwrap()));
    store.append(&batch(2, "goes on"), 0).unwrap();
}

#[test]
fn a_held_lock_is_named_and_nothing_is_written() {
    let (_folder, path, store) = store();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let before = store.pulse(&scope()).unwrap();
    let error = store.append(&batch(2, "new"), 0).unwrap_err();
    assert!(matches!(error, StoreError::Busy { waited_ms: 50, .. }), "{error}");
    assert!(matches!(store.erase(&scope(), &Erasure::Person, false), Err(StoreError::Busy { .. })));
    assert_eq!(store.pulse(&scope()).unwrap(), before, "reads go on");
    other.execute_batch("ROLLBACK").unwrap();
    store.append(&batch(2, "new"), 0).unwrap();
}

#[test]
fn an_erasure_that_is_still_being_read_is_done_but_says_so() {
    let (_folder, path, store) = store();
    let reader = rusqlite::Connection::open(&path).unwrap();
    let old = |c: &rusqlite::Connection| c.query_row("SELECT text FROM turn", [], |row| row.get::<_, String>(0));
    reader.execute_batch("BEGIN").unwrap();
    assert_eq!(old(&reader).unwrap(), "xylophone");
    let error = store.erase(&scope(), &Erasure::Person, false).unwrap_err();
    assert!(matches!(error, StoreError::Busy { .. }) && error.to_string().contains("is erased, but"), "{error}");
    assert_eq!(store.pulse(&scope()).unwrap(), None);
    assert_eq!(store.check().unwrap().problems.len(), 1, "the health check still says so");
    reader.execute_batch("ROLLBACK").unwrap();
    assert_eq!(store.erase(&scope(), &Erasure::Person, false).unwrap(), Erased::default());
    assert_eq!(store.check().unwrap().problems, [""; 0]);
    let bytes = std::fs::read(&path).unwrap();
    assert!(!bytes.windows(9).any(|window| window == b"xylophone"));
}

#[test]
fn a_scan_that_erases_does_not_wait_for_itself_for_ever() {
    let (_folder, _path, store) = store();
    let mut result = None;
    let mut erase = |_| {
        result = Some(store.erase(&scope(), &Erasure::Person, false));
        ControlFlow::Continue(())
    };
    store.scan_turns(&scope(), 0, &mut erase).unwrap();
    assert!(matches!(result, Some(Err(StoreError::Busy { .. }))));
    store.erase(&scope(), &Erasure::Person, false).unwrap();
}

#[test]
fn a_store_of_an_earlier_version_is_brought_up_to_date() {
    let (_folder, path, store) = store();
    store.append(&batch(3, "later"), 0).unwrap();
    let first = "DROP TABLE embedded; DROP TABLE feedback; DROP TABLE feedback_turn; DROP TABLE disclosure; \
         DROP TABLE erasure; DROP TABLE seal; DROP TABLE encryption; \
         PRAGMA user_version = 1;";
    store.connections.with_writer("test", |c| Ok(c.execute_batch(first)?)).unwrap();
    drop(store);
    let store = open(&path);
    assert_eq!(store.check().unwrap().schema, 7);
    let missing = || {
        let mut units = Vec::new();
        let mut push = |unit| {
            units.push(unit);
            ControlFlow::Continue(())
        };
        store.missing_vectors(&scope(), &space(), &mut push).unwrap();
        units
    };
    let before = missing();
    let rows: Vec<_> = before.iter().map(|unit| (*unit, [0.5_f32].as_slice())).collect();
    store.put_vectors(&scope(), &space(), &rows[..1]).unwrap();
    assert_eq!(missing(), before[1..]);
    store.put_vectors(&scope(), &space(), &rows).unwrap();
    assert_eq!(missing(), []);
    assert!(store.put_feedback(&scope(), &feedback()).unwrap().is_some());

    let second = "DROP TABLE feedback; DROP TABLE feedback_turn; DROP TABLE disclosure; DROP TABLE erasure; \
         DROP TABLE seal; DROP TABLE encryption; PRAGMA user_version = 2;";
    store.connections.with_writer("test", |c| Ok(c.execute_batch(second)?)).unwrap();
    drop(store);
    let store = open(&path);
    assert_eq!(store.check().unwrap().schema, 7);
    assert!(store.put_feedback(&scope(), &feedback()).unwrap().is_some());
    assert_eq!(store.erase(&scope(), &Erasure::Person, false).unwrap().feedback, 1);

    store.append(&batch(3, "later"), 0).unwrap();
    let third =
        "DROP TABLE disclosure; DROP TABLE erasure; DROP TABLE seal; DROP TABLE encryption; PRAGMA user_version = 3;";
    store.connections.with_writer("test", |c| Ok(c.execute_batch(third)?)).unwrap();
    drop(store);
    assert_eq!(open(&path).put_disclosure(&scope(), &disclosure()).unwrap(), Some(1));
}

#[test]
fn a_damaged_record_is_named() {
    let check = |damage: &str, record: &str, read: &dyn Fn(&SqliteStore) -> Result<(), StoreError>| {
        let (_folder, _path, store) = store();
        read(&store).unwrap();
        store.connections.with_writer("test", |c| Ok(c.execute_batch(damage)?)).unwrap();
        match read(&store).unwrap_err() {
            StoreError::Damaged { what, .. } => assert_eq!(what, record, "{damage}"),
            other => panic!("{damage}: {other}"),
        }
    };
    let go_on = ControlFlow::Continue(());
    let turns = |store: &SqliteStore| store.scan_turns(&scope(), 0, &mut |_| go_on);
    for column in ["role", "said_at", "attachments", "conversation", "session", "turn", "speaker", "text"] {
        check(&format!("UPDATE turn SET {column} = char(1)"), "turn 1 of t/ann", &turns);
    }
    let memories = |store: &SqliteStore| store.scan_memories(&scope(), &derivation(), &mut |_| go_on);
    for column in ["kind", "said_at", "sources"] {
        check(&format!("UPDATE memory SET {column} = '?'"), "memory 1 of t/ann", &memories);
    }
    let vectors = |store: &SqliteStore| store.scan_vectors(&scope(), &space(), 0, &mut |_| go_on);
    check("UPDATE vector SET vector = x'00'", "the vector of turn 1 of t/ann", &vectors);
    let scan = |store: &SqliteStore| store.scan_feedback(&scope(), 0, &mut |_| go_on);
    for damage in ["shown = '?'", "vector = x'00'"] {
        check(&format!("UPDATE feedback SET {damage}"), "feedback 4 of t/ann", &scan);
    }
    let disclosures = |store: &SqliteStore| store.scan_disclosures(&scope(), 0, &mut |_| go_on);
    for damage in ["purpose = '?'", "turns = '[-1]'", "calls = -1"] {
        check(&format!("UPDATE disclosure SET {damage}"), "disclosure 1 of t/ann", &disclosures);
    }
    check("UPDATE binding SET method = ''", "the binding of t/ann", &|store| store.binding(&scope()).map(drop));
    check("UPDATE session SET session = ''", "a session of t/ann", &|store| {
        store.stale_sessions(&scope(), &DerivationId("e".into())).map(drop)
    });
}

#[test]
fn damaged_pages_are_found() {
    let (_folder, path, store) = store();
    store.append(&batch(200, &"x".repeat(500)), 0).unwrap();
    drop(store);
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8192].fill(0x5A);
    std::fs::write(&path, bytes).unwrap();
    let store = open(&path);
    match store.check() {
        Ok(health) => assert_ne!(health.problems, [""; 0]),
        Err(error) => assert!(matches!(error, StoreError::Damaged { .. }), "{error}"),
    }
    let read = store.scan_turns(&scope(), 0, &mut |_| ControlFlow::Continue(()));
    assert!(matches!(read, Ok(()) | Err(StoreError::Damaged { .. })), "{read:?}");
}

#[test]
fn where_the_entry_cannot_be_written_nothing_is_erased() {
    let (_folder, _, store) = store();
    store.append(&batch(3, "x"), 0).unwrap();
    let broken = "CREATE TRIGGER full BEFORE INSERT ON erasure BEGIN SELECT RAISE(ABORT, 'no room'); END";
    store.connections.with_writer("test", |c| Ok(c.execute_batch(broken)?)).unwrap();
    let before = store.pulse(&scope()).unwrap();
    assert!(store.erase_noted(&scope(), &Erasure::Person, 0, &mut |_, _| [0; 32]).is_err());
    assert_eq!((before.is_some(), store.pulse(&scope()).unwrap()), (true, before));
}

#[test]
fn an_erasure_notes_nothing_for_another() {
    let (folder, path, store) = store();
    let other = open(&path);
    let mark = |store: &SqliteStore| store.connections.read("test", erase::mark).unwrap();
    let delete = |store: &SqliteStore, what: &Erasure| {
        store.connections.write("test", |c| erase::delete(c, &scope(), what)).unwrap()
    };
    // Both delete, and the second does so when the first has rewritten the file and not noted it yet.
    store.append(&batch(2, "zither"), 0).unwrap();
    let keys: Vec<_> = batch(2, "").remove(0).turns.iter().map(kithkin_core::Turn::key).collect();
    delete(&store, &Erasure::Turns(vec![keys[0].clone()]));
    let first = mark(&store).unwrap();
    assert!(erase::rewrite(&store.connections, std::time::Duration::from_millis(50)).unwrap());
    delete(&other, &Erasure::Turns(vec![keys[1].clone()]));
    store.connections.write("test", |c| erase::unmark(c, first)).unwrap();
    assert!(mark(&other).is_some_and(|second| second > first), "the second is still to do");
    assert_eq!(other.check().unwrap().problems.len(), 1);
    erase::purge(&other.connections).unwrap();
    assert_eq!((mark(&store), store.check().unwrap().problems), (None, Vec::new()));
    drop((store, other));
    let bytes = std::fs::read(folder.path().join("a.db")).unwrap();
    assert!(!bytes.windows(6).any(|window| window == b"zither"));
}
