//! What a store does to the files it lies in: which it opens, which it leaves alone, and what erasing leaves of them.

use std::fs;
use std::path::{Path, PathBuf};

use kithkin_core::{
    Blame, ConversationId, DerivationId, Erasure, Feedback, Memory, MemoryKind, PersonId, PersonTurns, Role, Scope,
    Seq, SessionId, SessionRef, Shown, Store, StoreError, TenantId, Turn, TurnId, UnitId, VectorSpace,
};
use kithkin_store::SqliteStore;
use tempfile::TempDir;

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a store?.db");
    (folder, path)
}

fn scope(person: &str) -> Scope {
    Scope::new(TenantId::new("t").unwrap(), PersonId::new(person).unwrap())
}

fn turn(conversation: &str, id: usize, speaker: &str, text: &str) -> Turn {
    Turn {
        conversation: ConversationId::new(conversation).unwrap(),
        session: SessionId::new(format!("sitting of {conversation}")).unwrap(),
        id: TurnId::new(format!("{conversation}:{id}")).unwrap(),
        speaker: speaker.to_owned(),
        role: Role::User,
        said_at: None,
        text: text.to_owned(),
        attachments: Vec::new(),
    }
}

fn append(store: &SqliteStore, scope: &Scope, turns: Vec<Turn>) {
    store.append(&[PersonTurns { scope: scope.clone(), turns }], 0).unwrap();
}

fn sql(path: &Path, statements: &str) {
    rusqlite::Connection::open(path).unwrap().execute_batch(statements).unwrap();
}

#[test]
fn only_create_creates() {
    let (folder, path) = folder();
    assert!(matches!(SqliteStore::open(&path), Err(StoreError::Absent { .. })));
    assert!(!path.exists(), "opening never makes a file");
    let store = SqliteStore::create(&path).unwrap();
    append(&store, &scope("ann"), vec![turn("c", 1, "Ann", "hello")]);
    assert!(matches!(SqliteStore::create(&path), Err(StoreError::Exists { .. })));
    // A second store on the same file, also while the first is open.
    assert_eq!(SqliteStore::open(&path).unwrap().pulse(&scope("ann")).unwrap().unwrap().last_seq, 1);
    drop(store);
    assert!(matches!(SqliteStore::create(&path), Err(StoreError::Exists { .. })));
    assert_eq!(SqliteStore::open(&path).unwrap().pulse(&scope("ann")).unwrap().unwrap().last_seq, 1);
    let nowhere = folder.path().join("none").join("a.db");
    assert!(matches!(SqliteStore::create(&nowhere), Err(StoreError::ReadOnly { .. })));
    assert!(matches!(SqliteStore::open(&nowhere), Err(StoreError::Absent { .. })));
}

#[test]
fn what_is_not_ours_is_left_as_it_is() {
    let check = |what: &str, make: &dyn Fn(&Path)| {
        let (folder, path) = folder();
        make(&path);
        let names = || fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap().file_name()).collect::<Vec<_>>();
        let before = (fs::read(&path).ok(), names());
        let error = SqliteStore::open(&path).unwrap_err();
        assert!(matches!(error, StoreError::Foreign { .. }), "{what}: {error}");
        assert_eq!(error.blame(), Blame::User);
        assert_eq!((fs::read(&path).ok(), names()), before, "{what}");
    };
    check("empty", &|path| fs::write(path, "").unwrap());
    check("short text", &|path| fs::write(path, "hello").unwrap());
    check("text", &|path| fs::write(path, "hello ".repeat(10_000)).unwrap());
    check("a folder", &|path| fs::create_dir(path).unwrap());
    check("another database", &|path| sql(path, "CREATE TABLE turn (a)"));
    check("another application's", &|path| sql(path, "PRAGMA application_id = 7; PRAGMA journal_mode = WAL"));
}

#[test]
fn a_later_version_is_left_as_it_is() {
    let (_folder, path) = folder();
    let schema = SqliteStore::create(&path).unwrap().check().unwrap().schema;
    sql(&path, &format!("PRAGMA user_version = {}", schema + 1));
    let before = fs::read(&path).unwrap();
    match SqliteStore::open(&path).unwrap_err() {
        StoreError::TooNew { found, known, .. } => assert_eq!((found, known), (schema + 1, schema)),
        other => panic!("{other}"),
    }
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_read_only_file_can_be_read() {
    let (_folder, path) = folder();
    append(&SqliteStore::create(&path).unwrap(), &scope("ann"), vec![turn("c", 1, "Ann", "hello")]);
    let mut permissions = fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).unwrap();
    if fs::OpenOptions::new().append(true).open(&path).is_ok() {
        use std::io::Write;
        writeln!(std::io::stderr(), "skipped: this user may write read-only files").unwrap();
        return;
    }
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.turns(&scope("ann"), &[Seq(1)]).unwrap()[0].turn.text, "hello");
    assert_eq!(store.erase(&scope("ann"), &Erasure::Person, true).unwrap().turns, 1);
    let refused = [
        store.append(&[PersonTurns { scope: scope("bob"), turns: vec![turn("c", 1, "Bob", "x")] }], 0).map(drop),
        store.erase(&scope("ann"), &Erasure::Person, false).map(drop),
        store.check().map(drop),
    ];
    for result in refused {
        assert!(matches!(result, Err(StoreError::ReadOnly { .. })), "{result:?}");
    }
}

#[test]
fn two_stores_on_one_file_see_each_other() {
    let (_folder, path) = folder();
    SqliteStore::create(&path).unwrap();
    let stores = [SqliteStore::open(&path).unwrap(), SqliteStore::open(&path).unwrap()];
    std::thread::scope(|threads| {
        for (n, store) in stores.iter().enumerate() {
            threads.spawn(move || {
                for batch in 0..50 {
                    append(store, &scope("ann"), vec![turn(&n.to_string(), batch, "Ann", "x")]);
                    append(store, &scope(&format!("only {n}")), vec![turn("c", batch, "Ann", "x")]);
                    if batch % 10 == 0 {
                        store.erase(&scope(&format!("only {n}")), &Erasure::Person, false).unwrap();
                    }
                }
            });
        }
    });
    for store in &stores {
        assert_eq!(store.pulse(&scope("ann")).unwrap().unwrap().last_seq, 100);
        assert_eq!(store.check().unwrap().problems, [""; 0]);
    }
}

/// Fails if any file of the store still has one of the words.
fn gone(path: &Path, what: &str, words: &[&str]) {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let mut file = path.as_os_str().to_owned();
        file.push(suffix);
        let Ok(bytes) = fs::read(&file) else { continue };
        for word in words {
            let found = bytes.windows(word.len()).filter(|window| *window == word.as_bytes()).count();
            assert_eq!(found, 0, "{what}: {word} is still in {file:?}");
        }
    }
}

/// Conversations of several persons, written in turns and in no order of key, so that pages are split and merged.
fn fill(store: &SqliteStore, persons: &[&str], conversations: &[&str]) {
    let mut state = 7u64;
    let mut random = move |below: usize| {
        // Knuth's linear congruential generator: the same rows in every run.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for round in 0..60 {
        let person = persons[random(persons.len())];
        let conversation = conversations[random(conversations.len())];
        let turns = (0..random(40)).map(|_| {
            let id = random(1_000_000);
            let length = 1 + random(60) * random(20);
            let text = format!("<{person}|{conversation}> ").repeat(length / 10 + 1);
            turn(conversation, id, &format!("speaker of {person} in {conversation}"), &text)
        });
        append(store, &scope(person), turns.collect());
        if round % 15 == 0 {
            let long = format!("<{person}|{conversation}> ").repeat(50_000);
            append(store, &scope(person), vec![turn(conversation, 0, "x", &long)]);
            append(store, &scope(person), vec![turn(conversation, 0, "x", &format!("{long} again"))]);
        }
        derive(store, &scope(person));
        ask(store, &scope(person));
    }
}

/// A memory and a vector for every turn.
fn derive(store: &SqliteStore, scope: &Scope) {
    let (space, by) = (VectorSpace("v".into()), DerivationId("d".into()));
    let last = store.pulse(scope).unwrap().map_or(0, |pulse| pulse.last_seq);
    for session in store.stale_sessions(scope, &by).unwrap() {
        let mut memories = Vec::new();
        let mut push = |turn: kithkin_core::StoredTurn| {
            if turn.turn.session == session.session {
                let text = format!("derived from {}", turn.turn.text);
                memories.push(Memory { kind: MemoryKind::Window, text, sources: vec![turn.seq], said_at: None });
            }
            std::ops::ControlFlow::Continue(())
        };
        store.scan_turns(scope, 0, &mut push).unwrap();
        assert!(store.put_memories(scope, &by, &session, Seq(last), &memories).unwrap());
    }
    let mut units: Vec<UnitId> = Vec::new();
    let mut push = |unit| {
        units.push(unit);
        std::ops::ControlFlow::Continue(())
    };
    store.missing_vectors(scope, &space, &mut push).unwrap();
    let vector = [0.5; 384];
    let rows: Vec<(UnitId, &[f32])> = units.iter().map(|unit| (*unit, vector.as_slice())).collect();
    store.put_vectors(scope, &space, &rows).unwrap();
}

/// Feedback on some turns, whose question repeats their words.
fn ask(store: &SqliteStore, scope: &Scope) {
    let mut turns: Vec<kithkin_core::StoredTurn> = Vec::new();
    let mut push = |turn| {
        turns.push(turn);
        std::ops::ControlFlow::Continue(())
    };
    store.scan_turns(scope, 0, &mut push).unwrap();
    for turn in turns.iter().step_by(7) {
        let shown = vec![Shown { seq: turn.seq, useful: true }];
        let question = format!("who said {}?", turn.turn.text.chars().take(300).collect::<String>());
        let feedback = Feedback { question, vector: None, asked_at: 0, recorded_at: 0, shown };
        assert!(store.put_feedback(scope, &feedback).unwrap().is_some());
    }
}

#[test]
fn what_is_erased_leaves_the_files() {
    let persons = ["Xaverius", "Yolanthe", "Zebedaeus"];
    let conversations = ["breakfast", "luncheon", "supper"];
    let (_folder, path) = folder();
    let store = SqliteStore::create(&path).unwrap();
    fill(&store, &persons, &conversations);

    let mark = |person: &str, conversation: &str| format!("{person}|{conversation}");
    let [x, y, z] = persons;
    let [breakfast, luncheon, supper] = conversations;
    let whole = Erasure::Conversation(ConversationId::new(breakfast).unwrap());
    let erased = store.erase(&scope(x), &whole, false).unwrap();
    assert!(erased.turns > 50 && erased.feedback > 50, "{erased:?}");
    gone(&path, "a conversation", &[&mark(x, breakfast), &format!("of {x} in {breakfast}")]);

    let session = SessionRef {
        conversation: ConversationId::new(luncheon).unwrap(),
        session: SessionId::new(format!("sitting of {luncheon}")).unwrap(),
    };
    assert!(store.erase(&scope(y), &Erasure::Session(session), false).unwrap().memories > 50);
    gone(&path, "a session", &[&mark(y, luncheon)]);

    let mut keys = Vec::new();
    let mut push = |turn: kithkin_core::StoredTurn| {
        if turn.turn.conversation.as_str() == supper {
            keys.push(turn.turn.key());
        }
        std::ops::ControlFlow::Continue(())
    };
    store.scan_turns(&scope(z), 0, &mut push).unwrap();
    assert!(store.erase(&scope(z), &Erasure::Turns(keys), false).unwrap().vectors > 50);
    gone(&path, "turns", &[&mark(z, supper)]);

    for (n, person) in persons.iter().enumerate() {
        assert!(store.erase(&scope(person), &Erasure::Person, false).unwrap().turns > 0);
        gone(&path, "a person", &[person]);
        for other in &persons[n + 1..] {
            assert!(store.pulse(&scope(other)).unwrap().is_some());
        }
    }
    gone(&path, "everything", &conversations);
    assert_eq!(store.check().unwrap().problems, [""; 0]);
}
