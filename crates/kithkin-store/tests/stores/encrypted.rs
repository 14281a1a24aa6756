//! Encrypted stores: nothing of what was said is in a file, wrong keys are named and change nothing, and a person whose key
//! is destroyed can be read by nobody, in no copy.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use kithkin_core::{
    Attachment, Binding, Clock, Decided, DerivationId, Erasure, Feedback, KeyringId, Memory, MemoryKind, MethodId,
    Millis, Outcome, PersonTurns, QuestionVector, Role, Scope, Seq, Shown, Store, StoreError, StoredTurn, Turn, UnitId,
    VectorSpace,
};
use kithkin_store::{EncryptedStore, Keyring, MasterKey, MemoryStore, SqliteStore};

/// A clock that stands still, in 2026.
#[derive(Debug)]
pub(crate) struct Still;

impl Clock for Still {
    fn now(&self) -> Millis {
        1_795_000_000_000
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

pub(crate) fn master(digit: char) -> MasterKey {
    MasterKey::parse(&digit.to_string().repeat(64)).unwrap()
}

/// An encrypted store over another, with a keyring of its own beside it.
pub(crate) fn create(below: Arc<dyn Store>, keyring: &Path) -> EncryptedStore {
    with_keyring(below, Keyring::create_file(keyring, &master('a')).unwrap())
}

/// An encrypted store with a new keyring, over another store.
pub(crate) fn with_keyring(below: Arc<dyn Store>, keyring: Keyring) -> EncryptedStore {
    EncryptedStore::create(below, keyring, Arc::new(Still), "below".to_owned()).unwrap()
}

pub(crate) fn open(below: Arc<dyn Store>, keyring: &Path) -> EncryptedStore {
    let keyring = Keyring::open_file(keyring, &master('a')).unwrap();
    EncryptedStore::open(below, keyring, Arc::new(Still), "below".to_owned()).unwrap()
}

/// A folder for the store and one for its keyring, as they should lie.
pub(crate) struct Folders {
    _temporary: tempfile::TempDir,
    pub(crate) store: PathBuf,
    pub(crate) keyring: PathBuf,
}

impl Folders {
    pub(crate) fn new() -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let (stores, keys) = (temporary.path().join("stores"), temporary.path().join("keys"));
        fs::create_dir(&stores).unwrap();
        fs::create_dir(&keys).unwrap();
        Self { store: stores.join("a.db"), keyring: keys.join("ring"), _temporary: temporary }
    }

    pub(crate) fn create(&self) -> EncryptedStore {
        create(Arc::new(SqliteStore::create(&self.store).unwrap()), &self.keyring)
    }

    fn open(&self) -> EncryptedStore {
        open(Arc::new(SqliteStore::open(&self.store).unwrap()), &self.keyring)
    }

    /// How often bytes are in the files of both folders.
    fn found(&self, bytes: &[u8]) -> usize {
        let folders = [&self.store, &self.keyring].map(|file| file.parent().unwrap());
        let files = folders.into_iter().flat_map(|folder| fs::read_dir(folder).unwrap());
        let count = |file: Vec<u8>| file.windows(bytes.len()).filter(|window| *window == bytes).count();
        files.map(|file| count(fs::read(file.unwrap().path()).unwrap())).sum()
    }
}

pub(crate) fn scope(person: &str) -> Scope {
    Scope::new("t".parse().unwrap(), person.parse().unwrap())
}

pub(crate) fn turn(id: &str, text: &str) -> Turn {
    Turn {
        conversation: "c".parse().unwrap(),
        session: "s".parse().unwrap(),
        id: id.parse().unwrap(),
        speaker: format!("speaker of {text}"),
        role: Role::User,
        said_at: None,
        text: text.to_owned(),
        attachments: vec![Attachment {
            kind: "image".into(),
            caption: Some(format!("shows {text}")),
            reference: Some(text.into()),
        }],
    }
}

pub(crate) fn append(store: &dyn Store, person: &str, turns: Vec<Turn>) -> Result<Vec<Outcome>, StoreError> {
    Ok(store.append(&[PersonTurns { scope: scope(person), turns }], 7)?.remove(0).outcomes)
}

pub(crate) fn log(store: &dyn Store, person: &str) -> Result<Vec<StoredTurn>, StoreError> {
    let mut turns = Vec::new();
    let mut push = |turn| {
        turns.push(turn);
        ControlFlow::Continue(())
    };
    store.scan_turns(&scope(person), 0, &mut push)?;
    Ok(turns)
}

/// A vector whose bytes are those of the text, over and over.
fn vector(text: &str) -> Vec<f32> {
    let halves = text.as_bytes().as_chunks::<4>().0;
    halves.iter().map(|half| f32::from_le_bytes(*half)).collect::<Vec<_>>().repeat(20)
}

/// Everything that a person can have, of a text.
pub(crate) fn fill(store: &dyn Store, person: &str, text: &str) {
    let whose = scope(person);
    append(store, person, vec![turn("1", text), turn("2", &format!("also {text}"))]).unwrap();
    append(store, person, vec![turn("1", &format!("anew {text}"))]).unwrap();
    let memory = Memory { kind: MemoryKind::Fact, text: format!("of {text}"), sources: vec![Seq(1)], said_at: None };
    let session = kithkin_core::SessionRef { conversation: "c".parse().unwrap(), session: "s".parse().unwrap() };
    let last = log(store, person).unwrap().last().unwrap().seq;
    let sources = vec![last];
    let memory = Memory { sources, ..memory };
    assert!(store.put_memories(&whose, &DerivationId("d".into()), &session, last, &[memory]).unwrap());
    let (space, v) = (VectorSpace("v".into()), vector(text));
    store.put_vectors(&whose, &space, &[(UnitId::Turn(last), &v)]).unwrap();
    let vector = Some(QuestionVector { space, vector: v });
    let shown = vec![Shown { seq: last, useful: true }];
    let feedback = Feedback { question: format!("asked {text}"), vector, asked_at: 1, recorded_at: 2, shown };
    assert!(store.put_feedback(&whose, &feedback).unwrap().is_some());
    let method = MethodId::new("m").unwrap();
    store.bind(&whose, &Binding { method, spec: "{}".into(), derivation: DerivationId("d".into()) }).unwrap();
}

#[test]
fn nothing_that_was_said_is_in_a_file() {
    const CANARY: &str = "canary~~of~~ours";
    let folders = Folders::new();
    let store = folders.create();
    for person in ["ann", "bo"] {
        fill(&store, person, CANARY);
    }
    let halves = [&CANARY.as_bytes()[..8], &CANARY.as_bytes()[8..]];
    let check = |when: &str| {
        for part in halves {
            assert_eq!(folders.found(part), 0, "{when}");
        }
        // In Base64, which begins differently at each of three places.
        for encoded in ["Y2FuYXJ5fn5v", "NhbmFyeX5+b2", "jYW5hcnl+fm9m"] {
            assert_eq!(folders.found(encoded.as_bytes()), 0, "{when}");
        }
    };
    check("open");
    assert!(folders.found(b"ann") > 0, "names are not encrypted");
    assert_eq!(log(&store, "ann").unwrap()[0].turn, turn("1", CANARY));
    store.erase(&scope("bo"), &Erasure::Person, false).unwrap();
    check("after an erasure");
    drop(store);
    check("closed");
    // A store that is not encrypted has it, so that the search finds what there is.
    let plain = SqliteStore::create(folders.store.with_file_name("plain.db")).unwrap();
    fill(&plain, "ann", CANARY);
    assert!(halves.iter().all(|part| folders.found(part) > 5));
}

#[test]
fn the_keyring_names_nobody() {
    let folders = Folders::new();
    let store = folders.create();
    fill(&store, "a person of that name", "text");
    let keyring = fs::read(&folders.keyring).unwrap();
    assert!(!keyring.windows(8).any(|window| window == b"a person"));
    let debug = format!("{store:?} {:?}", master('a'));
    assert!(!debug.contains("aaaa") && !debug.contains("170, 170"), "{debug}");
}

#[test]
fn wrong_keys_and_keyrings_are_named_and_change_nothing() {
    let (ours, other) = (Folders::new(), Folders::new());
    fill(&ours.create(), "ann", "hello");
    other.create();
    let files = || [&ours.store, &ours.keyring, &other.keyring].map(|file| fs::read(file).unwrap());
    let before = files();
    let check = |keyring: &Path, digit, expect: &dyn Fn(&StoreError) -> bool, says: &str| {
        let below: Arc<dyn Store> = Arc::new(SqliteStore::open(&ours.store).unwrap());
        let opened = Keyring::open_file(keyring, &master(digit))
            .and_then(|keyring| EncryptedStore::open(below, keyring, Arc::new(Still), "a.db".to_owned()));
        let error = opened.unwrap_err();
        assert!(expect(&error) && error.to_string().contains(says), "{error}");
        assert_eq!(files(), before, "{error}");
    };
    check(&ours.keyring, 'b', &|e| matches!(e, StoreError::WrongKey { .. }), "name the one that it was made with");
    let gone = ours.keyring.with_file_name("gone");
    check(&gone, 'a', &|e| matches!(e, StoreError::NoKeyring { .. }), "there is no such file");
    check(&ours.store, 'a', &|e| matches!(e, StoreError::NoKeyring { .. }), "something else");
    check(&other.keyring, 'a', &|e| matches!(e, StoreError::OtherKeyring { .. }), "is not the one of a.db");
    let text = ours.keyring.with_file_name("text");
    fs::write(&text, "no keyring at all".repeat(100)).unwrap();
    check(&text, 'a', &|e| matches!(e, StoreError::NoKeyring { .. }), "something else");
    fs::write(&text, "").unwrap();
    check(&text, 'a', &|e| matches!(e, StoreError::NoKeyring { .. }), "empty");
    assert!(!gone.exists());
    let exists = Keyring::create_file(&ours.keyring, &master('a')).unwrap_err();
    assert!(matches!(exists, StoreError::Exists { .. }), "{exists}");
    assert_eq!(log(&ours.open(), "ann").unwrap().len(), 3);
}

#[test]
fn a_store_is_encrypted_from_its_first_record_or_not_at_all() {
    let folders = Folders::new();
    let keyring = Keyring::create_file(&folders.keyring, &master('a')).unwrap();
    let below: Arc<dyn Store> = Arc::new(SqliteStore::create(&folders.store).unwrap());
    let encrypted = |make: bool| {
        let (below, keyring, place) = (Arc::clone(&below), keyring.clone(), "a.db".to_owned());
        let clock = Arc::new(Still);
        if make {
            EncryptedStore::create(below, keyring, clock, place)
        } else {
            EncryptedStore::open(below, keyring, clock, place)
        }
    };
    assert!(matches!(encrypted(false).unwrap_err(), StoreError::NotEncrypted { .. }));
    append(&*below, "ann", vec![turn("1", "plain")]).unwrap();
    assert!(matches!(encrypted(false).unwrap_err(), StoreError::NotEncrypted { .. }));
    assert!(matches!(encrypted(true).unwrap_err(), StoreError::Exists { .. }));
    below.erase(&scope("ann"), &Erasure::Person, false).unwrap();
    assert!(matches!(encrypted(true).unwrap_err(), StoreError::Exists { .. }), "somebody was written");
    assert_eq!(below.keyring().unwrap(), None);

    let memory = MemoryStore::new();
    assert!(memory.set_keyring(KeyringId([1; 16])).unwrap());
    assert!(!memory.set_keyring(KeyringId([2; 16])).unwrap(), "it is noted for good");
    assert_eq!(memory.keyring().unwrap(), Some(KeyringId([1; 16])));
}

#[test]
fn a_damaged_ciphertext_is_named_and_the_others_are_read() {
    let below: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let folder = tempfile::tempdir().unwrap();
    let store = create(Arc::clone(&below), &folder.path().join("ring"));
    append(&store, "ann", ["1", "2", "3"].map(|id| turn(id, id)).to_vec()).unwrap();
    append(&store, "bo", vec![turn("1", "of bo")]).unwrap();
    // Words of one turn in the place of another's, of a person in another's, and words that nobody encrypted.
    let raw = log(&*below, "ann").unwrap();
    let of_bo = log(&*below, "bo").unwrap().remove(0).turn.text;
    let put = |id: &str, text: &str| {
        let turn = Turn { text: text.to_owned(), ..raw[0].turn.clone() };
        append(&*below, "ann", vec![Turn { id: id.parse().unwrap(), ..turn }]).unwrap();
    };
    let swapped = raw[0].turn.text.clone();
    let short = swapped[..20].to_owned();
    let check = |seq: u64, says: &str| {
        let error = store.turns(&scope("ann"), &[Seq(seq)]).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains(&format!("turn {seq} of t/ann")) && text.contains(says), "{text}");
        assert!(log(&store, "ann").is_err());
    };
    for (n, (id, text, says)) in [
        ("2", swapped.as_str(), "put where another was"),
        ("1", &of_bo, "put where another was"),
        ("3", "plain words", "not encrypted"),
        ("3", &short, "too short"),
    ]
    .into_iter()
    .enumerate()
    {
        put(id, text);
        check(n as u64 + 4, says);
    }
    assert_eq!(store.turns(&scope("ann"), &[Seq(2)]).unwrap()[0].turn, turn("2", "2"));
    assert_eq!(log(&store, "bo").unwrap().len(), 1);
}

#[test]
fn what_was_derived_and_does_not_decrypt_is_taken_out() {
    for below in
        [Arc::new(MemoryStore::new()) as Arc<dyn Store>, Arc::new(SqliteStore::create(Folders::new().store).unwrap())]
    {
        let folder = tempfile::tempdir().unwrap();
        let store = create(Arc::clone(&below), &folder.path().join("ring"));
        fill(&store, "ann", "words");
        let (ann, space, derivation) = (scope("ann"), VectorSpace("v".into()), DerivationId("d".into()));
        assert_eq!(store.mend(&ann, &[]).unwrap(), 0);
        let mut last = Seq(0);
        store
            .scan_turns(&ann, 0, &mut |told| {
                last = told.seq;
                ControlFlow::Continue(())
            })
            .unwrap();
        let missing = || {
            let mut units = Vec::new();
            store
                .missing_vectors(&ann, &space, &mut |unit| {
                    units.push(unit);
                    ControlFlow::Continue(())
                })
                .unwrap();
            units
        };
        let before = missing();
        // A vector of other numbers, and words that nobody encrypted.
        below.put_vectors(&ann, &space, &[(UnitId::Turn(last), &[1.0; 32])]).unwrap();
        let session = kithkin_core::SessionRef { conversation: "c".parse().unwrap(), session: "s".parse().unwrap() };
        let plain = Memory { kind: MemoryKind::Fact, text: "plain".into(), sources: vec![last], said_at: None };
        assert!(below.put_memories(&ann, &derivation, &session, last, &[plain]).unwrap());
        assert!(store.scan_derived(&ann, &mut |_| ControlFlow::Continue(())).is_err());

        assert_eq!(store.mend(&ann, &[]).unwrap(), 2);
        assert_eq!(store.stale_sessions(&ann, &derivation).unwrap(), [session]);
        assert_eq!(missing().len(), before.iter().filter(|unit| matches!(unit, UnitId::Turn(_))).count() + 1);
        let mut count = 0;
        store
            .scan_derived(&ann, &mut |derived| {
                count += derived.memories.len();
                ControlFlow::Continue(())
            })
            .unwrap();
        store
            .scan_vectors(&ann, &space, 0, &mut |_| {
                count += 1;
                ControlFlow::Continue(())
            })
            .unwrap();
        assert_eq!((count, log(&store, "ann").unwrap().len(), store.mend(&ann, &[]).unwrap()), (0, 3, 0));
    }
}

/// Of several who are erased at once, the keys go of those who had nothing more to come.
#[test]
fn what_was_decided_takes_the_keys_of_whole_persons() {
    let folders = Folders::new();
    let store = folders.create();
    for person in ["ann", "bo", "cy"] {
        append(&store, person, vec![turn("1", "words"), turn("2", "more")]).unwrap();
    }
    drop(store);
    let copy = folders.store.with_file_name("copy.db");
    fs::copy(&folders.store, &copy).unwrap();
    let store = folders.open();
    append(&store, "bo", vec![turn("3", "just now")]).unwrap();
    let decided = |person, what| Decided { scope: scope(person), what, upto: Seq(2) };
    let some = Erasure::Turns(vec![turn("1", "").key()]);
    let decided = [
        decided("ann", Erasure::Person),
        decided("bo", Erasure::Person),
        decided("cy", some),
        decided("dee", Erasure::Person),
    ];
    let erased = store.erase_decided(&decided, None).unwrap();
    assert_eq!(
        erased.iter().map(|one| one.map(|one| one.turns)).collect::<Vec<_>>(),
        [Some(2), None, Some(1), Some(0)]
    );
    append(&store, "bo", vec![turn("4", "still")]).unwrap();
    assert_eq!(["bo", "cy"].map(|person| log(&store, person).unwrap().len()), [4, 1]);
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
    let copy = open(Arc::new(SqliteStore::open(&copy).unwrap()), &folders.keyring);
    assert!(matches!(log(&copy, "ann"), Err(StoreError::KeyGone { destroyed_at: Some(_), .. })));
    assert_eq!(["bo", "cy"].map(|person| log(&copy, person).unwrap().len()), [2, 2]);
}

/// The person's key is destroyed; a copy of the files from before is put back, and nobody can read the person in it.
#[test]
fn no_copy_gives_an_erased_person_back() {
    let folders = Folders::new();
    let store = folders.create();
    fill(&store, "ann", "secret of ann");
    fill(&store, "bo", "secret of bo");
    drop(store);
    let (copy, old_ring) = (folders.store.with_file_name("copy.db"), folders.keyring.with_file_name("old ring"));
    fs::copy(&folders.store, &copy).unwrap();
    fs::copy(&folders.keyring, &old_ring).unwrap();
    let store = folders.open();
    assert_eq!(store.erase(&scope("ann"), &Erasure::Person, false).unwrap().turns, 3);
    drop(store);

    let restored = open(Arc::new(SqliteStore::open(&copy).unwrap()), &folders.keyring);
    let check = |error: StoreError| {
        assert!(matches!(error, StoreError::KeyGone { destroyed_at: Some(1_795_000_000_000), .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains("the key of ann is gone") && text.contains("2026-11-18"), "{text}");
    };
    check(log(&restored, "ann").unwrap_err());
    let mut nothing = |_: (UnitId, &[f32])| ControlFlow::Continue(());
    check(restored.scan_vectors(&scope("ann"), &VectorSpace("v".into()), 0, &mut nothing).unwrap_err());
    check(restored.scan_derived(&scope("ann"), &mut |_| ControlFlow::Continue(())).unwrap_err());
    check(restored.scan_feedback(&scope("ann"), 0, &mut |_| ControlFlow::Continue(())).unwrap_err());
    // Nothing more is written of them, since it would be lost among what is.
    check(append(&restored, "ann", vec![turn("9", "new")]).unwrap_err());
    assert_eq!(log(&restored, "bo").unwrap().len(), 3);
    assert_eq!(append(&restored, "bo", vec![turn("9", "new")]).unwrap(), [Outcome::New(Seq(4))]);
    // The wrapped key is in no file any more but the old keyring's, and that one opens it: such a copy must not be kept.
    let old = open(Arc::new(SqliteStore::open(&copy).unwrap()), &old_ring);
    assert_eq!(log(&old, "ann").unwrap().len(), 3);
    // What is left can be taken away, after which somebody of the name may begin.
    assert_eq!(restored.erase(&scope("ann"), &Erasure::Person, false).unwrap().turns, 3);
    append(&restored, "ann", vec![turn("1", "another ann")]).unwrap();
    assert_eq!(log(&restored, "ann").unwrap()[0].turn, turn("1", "another ann"));
}

#[test]
fn the_bytes_of_a_destroyed_key_leave_the_keyring() {
    let folders = Folders::new();
    let store = folders.create();
    for n in 0..200 {
        append(&store, &format!("person {n}"), vec![turn("1", "x")]).unwrap();
    }
    let ring = wrapped_keys(&folders.keyring);
    assert_eq!(ring.len(), 200);
    for n in 0..50 {
        store.erase(&scope(&format!("person {n}")), &Erasure::Person, false).unwrap();
    }
    let file = fs::read(&folders.keyring).unwrap();
    let there = |wrapped: &Vec<u8>| file.windows(wrapped.len()).any(|window| window == wrapped.as_slice());
    assert_eq!(ring.iter().filter(|wrapped| there(wrapped)).count(), 150);
    assert_eq!(fs::read_dir(folders.keyring.parent().unwrap()).unwrap().count(), 1, "no journal beside it");
    assert_eq!(store.check().unwrap().problems, [""; 0]);
}

/// The wrapped keys of a keyring.
pub(crate) fn wrapped_keys(keyring: &Path) -> Vec<Vec<u8>> {
    let ring = rusqlite::Connection::open(keyring).unwrap();
    let mut select = ring.prepare("SELECT wrapped FROM key WHERE wrapped IS NOT NULL").unwrap();
    select.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

/// Persons are erased while they are written by others: whatever was acknowledged and is there can be read.
#[test]
fn nothing_is_written_with_a_key_that_is_on_its_way_out() {
    let folders = Folders::new();
    folders.create();
    std::thread::scope(|threads| {
        for writer in 0..2 {
            let folders = &folders;
            threads.spawn(move || {
                let store = folders.open();
                for n in 0..60 {
                    append(&store, "ann", vec![turn(&format!("{writer}-{n}"), "words")]).unwrap();
                    for turn in log(&store, "ann").unwrap_or_default() {
                        assert_eq!(turn.turn.text, "words");
                    }
                }
            });
        }
        let store = folders.open();
        for _ in 0..15 {
            store.erase(&scope("ann"), &Erasure::Person, false).unwrap();
        }
    });
    let store = folders.open();
    append(&store, "ann", vec![turn("last", "words")]).unwrap();
    assert!(log(&store, "ann").unwrap().iter().all(|turn| turn.turn.text == "words"));
    assert_eq!(store.check().unwrap().problems, [""; 0]);
    assert_eq!(wrapped_keys(&folders.keyring).len(), 1);
}

#[test]
fn an_erasure_that_was_cut_off_is_seen_and_ended() {
    let folders = Folders::new();
    let store = folders.create();
    fill(&store, "ann", "text");
    fill(&store, "bo", "text");
    let ring = || rusqlite::Connection::open(&folders.keyring).unwrap();
    let going = "UPDATE key SET going = 1 WHERE number = ?1";
    // Of ann the rows are gone, and the process ended before the key was; of bo they are there.
    SqliteStore::open(&folders.store).unwrap().erase(&scope("ann"), &Erasure::Person, false).unwrap();
    ring().execute(going, [1]).unwrap();
    ring().execute(going, [2]).unwrap();
    let problems = store.check().unwrap().problems;
    assert!(problems.len() == 1 && problems[0].contains("2 keys are not destroyed"), "{problems:?}");
    assert_eq!(log(&store, "bo").unwrap().len(), 3, "what is there is read");
    store.compact().unwrap();
    assert_eq!(wrapped_keys(&folders.keyring).len(), 1);
    store.erase(&scope("bo"), &Erasure::Person, false).unwrap();
    assert_eq!(store.check().unwrap().problems, [""; 0]);
    assert_eq!(wrapped_keys(&folders.keyring).len(), 0);
}
