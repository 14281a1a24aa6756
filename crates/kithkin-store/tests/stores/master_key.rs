//! Changing the master key: nothing else changes, and nobody is lost who has the old one.

use std::fs;
use std::sync::Arc;

use kithkin_core::{Erasure, Store, StoreError};
use kithkin_store::{EncryptedStore, Keyring, MemoryStore, SqliteStore};

use crate::encrypted::{Folders, Still, append, fill, log, master, scope, turn, with_keyring, wrapped_keys};

/// What holds of a change of the master key, wherever the keyring is; `open` opens it with the key of a digit, and it has
/// that of `a`.
pub(crate) fn check(created: Keyring, open: &(dyn Fn(char) -> Result<Keyring, StoreError> + Sync)) {
    let below: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let with =
        |keyring| EncryptedStore::open(Arc::clone(&below), keyring, Arc::new(Still), "below".to_owned()).unwrap();
    let old = with_keyring(Arc::clone(&below), created);
    for person in ["ann", "bo", "cy"] {
        fill(&old, person, &format!("words of {person}"));
    }
    old.erase(&scope("cy"), &Erasure::Person, false).unwrap();
    let raw = log(&*below, "ann").unwrap();
    let (one, other) = (open('a').unwrap(), open('a').unwrap());
    let same = one.change_master_key(&master('a')).unwrap_err();
    assert!(matches!(same, StoreError::SameMasterKey { .. }), "{same}");
    one.change_master_key(&master('b')).unwrap();

    assert!(matches!(open('a').unwrap_err(), StoreError::WrongKey { .. }));
    let new = with(open('b').unwrap());
    for person in ["ann", "bo"] {
        assert_eq!(log(&new, person).unwrap()[0].turn, turn("1", &format!("words of {person}")));
    }
    assert_eq!(log(&*below, "ann").unwrap(), raw, "the store is as it was");
    // Whoever has it open with the old key reads nothing, writes nothing, and gives nobody a key.
    let refused = |error: StoreError| {
        assert!(matches!(error, StoreError::MasterKeyChanged { .. }), "{error}");
        assert!(error.to_string().contains("open the store again with the new one"), "{error}");
    };
    refused(log(&old, "ann").unwrap_err());
    refused(old.mend(&scope("ann"), &[]).unwrap_err());
    refused(old.probe().unwrap_err());
    for person in ["ann", "cy", "dee"] {
        refused(append(&old, person, vec![turn("9", "more")]).unwrap_err());
    }
    refused(one.change_master_key(&master('c')).unwrap_err());
    refused(other.change_master_key(&master('c')).unwrap_err());
    assert_eq!(below.person_ids(&"t".parse().unwrap()).unwrap(), ["ann", "bo"].map(|name| name.parse().unwrap()));
    append(&new, "dee", vec![turn("1", "words of dee")]).unwrap();
    assert_eq!(log(&new, "dee").unwrap().len(), 1);
    // To erase needs no key, and reaches everyone.
    assert_eq!(old.erase(&scope("bo"), &Erasure::Person, false).unwrap().turns, 3);
    assert_eq!(new.check().unwrap().problems, [""; 0]);

    // Persons come while it is changed again: whoever was acknowledged is read with the new key.
    let told: Vec<String> = std::thread::scope(|threads| {
        let write = |writer: usize, store: EncryptedStore| {
            let mut told = Vec::new();
            for n in 0..500 {
                let person = format!("{writer}-{n}");
                match append(&store, &person, vec![turn("1", "words")]) {
                    Ok(_) => told.push(person),
                    Err(StoreError::MasterKeyChanged { .. }) => break,
                    Err(e) => panic!("{e}"),
                }
            }
            told
        };
        let stores = [0, 1].map(|writer| (writer, with(open('b').unwrap())));
        let writers = stores.map(|(writer, store)| threads.spawn(move || write(writer, store)));
        while below.person_ids(&"t".parse().unwrap()).unwrap().len() < 6 {
            std::thread::yield_now();
        }
        open('b').unwrap().change_master_key(&master('c')).unwrap();
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    let newest = with(open('c').unwrap());
    assert!(told.len() >= 2 && told.iter().all(|person| log(&newest, person).unwrap().len() == 1), "{told:?}");
    assert_eq!(newest.check().unwrap().problems, [""; 0]);
}

#[test]
fn a_master_key_is_changed_in_a_file() {
    let folders = Folders::new();
    let created = Keyring::create_file(&folders.keyring, &master('a')).unwrap();
    check(created, &|digit| Keyring::open_file(&folders.keyring, &master(digit)));
}

#[test]
fn the_bytes_of_an_old_wrapping_leave_the_keyring() {
    let folders = Folders::new();
    let store = folders.create();
    for n in 0..200 {
        append(&store, &format!("person {n}"), vec![turn("1", "x")]).unwrap();
    }
    let mut old = wrapped_keys(&folders.keyring);
    old.push(
        rusqlite::Connection::open(&folders.keyring)
            .unwrap()
            .query_row("SELECT secret FROM ring", [], |row| row.get(0))
            .unwrap(),
    );
    let left = || {
        let ring = fs::read(&folders.keyring).unwrap();
        old.iter().filter(|wrapped| ring.windows(wrapped.len()).any(|window| window == wrapped.as_slice())).count()
    };
    assert_eq!(left(), 201);
    let (file, before) = (fs::read(&folders.store).unwrap(), folders.keyring.with_file_name("before"));
    Keyring::open_file(&folders.keyring, &master('a')).unwrap().change_master_key(&master('b')).unwrap();
    assert_eq!((left(), fs::read_dir(folders.keyring.parent().unwrap()).unwrap().count()), (0, 1));
    assert_eq!((wrapped_keys(&folders.keyring).len(), fs::read(&folders.store).unwrap()), (200, file));
    // What was cut off before the bytes were gone is seen, and ended.
    rusqlite::Connection::open(&folders.keyring).unwrap().execute("UPDATE ring SET purge = 1", []).unwrap();
    drop(store);
    let below: Arc<dyn Store> = Arc::new(SqliteStore::open(&folders.store).unwrap());
    let ring = Keyring::open_file(&folders.keyring, &master('b')).unwrap();
    ring.copy(&before).unwrap();
    let store = EncryptedStore::open(below, ring, Arc::new(Still), "a.db".to_owned()).unwrap();
    let problems = store.check().unwrap().problems;
    assert!(problems.len() == 1 && problems[0].contains("bytes of old keys are still in the keyring"), "{problems:?}");
    store.compact().unwrap();
    assert_eq!(store.check().unwrap().problems, [""; 0]);
    // A key that was damaged keeps all the others from being wrapped by two.
    let damage = "UPDATE key SET wrapped = zeroblob(72) WHERE number = 7";
    rusqlite::Connection::open(&folders.keyring).unwrap().execute(damage, []).unwrap();
    let ring = Keyring::open_file(&folders.keyring, &master('b')).unwrap();
    let error = ring.change_master_key(&master('c')).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }) && error.to_string().contains("store verify"), "{error}");
    assert!(matches!(log(&store, "person 6"), Err(StoreError::Damaged { .. })));
    assert_eq!(log(&store, "person 8").unwrap().len(), 1);
    assert!(matches!(Keyring::open_file(&folders.keyring, &master('c')), Err(StoreError::WrongKey { .. })));
}
