//! Encrypted stores of several nodes: a database that holds nothing readable, and a keyring in another.

use std::process::Command;
use std::sync::Arc;

use kithkin_core::{Erasure, Outcome, Seq, Store, StoreError};
use kithkin_store::{EncryptedStore, Keyring, PostgresStore};

use crate::cluster::Cluster;
use crate::encrypted::{Still, append, log, master, scope, turn};
use crate::master_key;

/// The database of an address that `Cluster::database` gave.
fn name_of(address: &str) -> &str {
    address.rsplit('/').next().unwrap()
}

/// How often bytes are in the files of a table and of its indexes.
fn bytes_in(cluster: &Cluster, database: &str, table: &str, bytes: &[u8]) -> usize {
    let files = format!(
        "SELECT pg_relation_filepath(c.oid) FROM pg_class AS c LEFT JOIN pg_index AS i ON i.indexrelid = c.oid
          WHERE c.oid = '{table}'::regclass OR i.indrelid = '{table}'::regclass"
    );
    cluster.run(database, "CHECKPOINT");
    let paths = cluster.run(database, &files);
    let count = |file: Vec<u8>| file.windows(bytes.len()).filter(|window| *window == bytes).count();
    paths.lines().map(|path| count(std::fs::read(cluster.data().join(path.trim())).unwrap())).sum()
}

/// The bytes that a query prints in hexadecimal, a value a line.
fn binary(cluster: &Cluster, address: &str, query: &str) -> Vec<Vec<u8>> {
    let hex = |line: &str| -> Vec<u8> {
        let pairs = line.trim().as_bytes().as_chunks::<2>().0;
        pairs.iter().map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    };
    cluster.run(name_of(address), query).lines().filter(|line| !line.trim().is_empty()).map(hex).collect()
}

#[test]
fn a_master_key_is_changed_in_a_database() {
    let cluster = Cluster::start("fsync = off");
    let ring = cluster.database();
    let created = Keyring::create_database(&ring, &master('a')).unwrap();
    master_key::check(created, &|digit| Keyring::open_database(&ring, &master(digit)));
    let old = |query: &str| binary(&cluster, &ring, query);
    let keys = old("SELECT encode(wrapped, 'hex') FROM kithkin_keyring.key WHERE wrapped IS NOT NULL");
    let secret = old("SELECT encode(secret, 'hex') FROM kithkin_keyring.ring");
    assert!(keys.len() > 2 && secret.len() == 1);
    let left = |table: &str, old: &[Vec<u8>]| {
        old.iter().filter(|bytes| bytes_in(&cluster, name_of(&ring), table, bytes) > 0).count()
    };
    let both = || (left("kithkin_keyring.key", &keys), left("kithkin_keyring.ring", &secret));
    assert_eq!(both(), (keys.len(), 1));
    Keyring::open_database(&ring, &master('c')).unwrap().change_master_key(&master('d')).unwrap();
    assert_eq!(both(), (0, 0));
    Keyring::open_database(&ring, &master('d')).unwrap();
}

#[test]
fn a_keyring_in_a_database_is_one_like_a_file() {
    let cluster = Cluster::start("fsync = off");
    let (address, ring) = (cluster.database(), cluster.database());
    let wrong = |opened: Result<Keyring, StoreError>| opened.unwrap_err();
    assert!(matches!(wrong(Keyring::open_database(&ring, &master('a'))), StoreError::NoKeyring { .. }));
    let keyring = Keyring::create_database(&ring, &master('a')).unwrap();
    assert!(matches!(wrong(Keyring::create_database(&ring, &master('a'))), StoreError::Exists { .. }));
    assert!(matches!(wrong(Keyring::open_database(&ring, &master('b'))), StoreError::WrongKey { .. }));
    keyring.remove_unused().unwrap();
    assert!(matches!(wrong(Keyring::open_database(&ring, &master('a'))), StoreError::NoKeyring { .. }));
    let keyring = Keyring::create_database(&ring, &master('a')).unwrap();
    let node = |keyring: Keyring, make: bool| {
        let below: Arc<dyn Store> = match make {
            true => Arc::new(PostgresStore::create(&address).unwrap()),
            false => Arc::new(PostgresStore::open(&address).unwrap()),
        };
        let make = if make { EncryptedStore::create } else { EncryptedStore::open };
        make(below, keyring, Arc::new(Still), "below".to_owned()).unwrap()
    };
    let one = node(keyring, true);
    let two = node(Keyring::open_database(&ring, &master('a')).unwrap(), false);
    for person in ["ann", "bo"] {
        append(&one, person, vec![turn("1", "canary words")]).unwrap();
    }
    assert_eq!(append(&two, "ann", vec![turn("1", "canary words")]).unwrap(), [Outcome::Duplicate(Seq(1))]);
    assert_eq!(log(&two, "ann").unwrap()[0].turn, turn("1", "canary words"));
    cluster.run("postgres", "CHECKPOINT");
    let found = Command::new("grep").args(["-rlF", "canary words"]).arg(cluster.data()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&found.stdout), "", "in no file of the server, its log among them");

    let wrapped = binary(&cluster, &ring, "SELECT encode(wrapped, 'hex') FROM kithkin_keyring.key ORDER BY number");
    let there = |key: &[u8]| bytes_in(&cluster, name_of(&ring), "kithkin_keyring.key", key);
    assert_eq!(wrapped.iter().map(|key| there(key)).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(two.erase(&scope("ann"), &Erasure::Person, false).unwrap().turns, 1);
    assert_eq!(wrapped.iter().map(|key| there(key)).collect::<Vec<_>>(), [0, 1]);
    // A node that had read the person does not write with the old key.
    append(&one, "ann", vec![turn("1", "another ann")]).unwrap();
    assert_eq!(log(&two, "ann").unwrap()[0].turn, turn("1", "another ann"));
    assert_eq!((one.check().unwrap().problems, two.check().unwrap().problems), (vec![], vec![]));
    one.compact().unwrap();

    // Persons are erased by one node while the other writes them.
    std::thread::scope(|threads| {
        threads.spawn(|| {
            for n in 0..40 {
                append(&one, "bo", vec![turn(&n.to_string(), "words")]).unwrap();
            }
        });
        for _ in 0..10 {
            two.erase(&scope("bo"), &Erasure::Person, false).unwrap();
        }
    });
    append(&two, "bo", vec![turn("99", "words")]).unwrap();
    assert!(log(&one, "bo").unwrap().iter().all(|turn| turn.turn.text == "words"));
    assert_eq!(one.check().unwrap().problems, [""; 0]);
}
