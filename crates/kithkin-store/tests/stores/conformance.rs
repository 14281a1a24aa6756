//! Holds all stores to the contract.

use std::sync::Arc;

use kithkin_core::Store;
use kithkin_store::{MemoryStore, SqliteStore, conformance};

use crate::encrypted;

#[test]
fn memory() {
    conformance::run(&mut || Box::new(MemoryStore::new()));
}

#[test]
fn sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let mut stores = 0;
    conformance::run(&mut || {
        stores += 1;
        Box::new(SqliteStore::create(folder.path().join(format!("{stores}.db"))).unwrap())
    });
}

#[test]
fn encrypted_memory() {
    let folder = tempfile::tempdir().unwrap();
    let mut stores = 0;
    conformance::run(&mut || {
        stores += 1;
        Box::new(encrypted::create(Arc::new(MemoryStore::new()), &folder.path().join(stores.to_string())))
    });
}

#[test]
fn encrypted_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let mut stores = 0;
    conformance::run(&mut || {
        stores += 1;
        let below: Arc<dyn Store> = Arc::new(SqliteStore::create(folder.path().join(format!("{stores}.db"))).unwrap());
        Box::new(encrypted::create(below, &folder.path().join(stores.to_string())))
    });
}

#[cfg(feature = "postgres")]
#[test]
fn postgres() {
    let cluster = crate::cluster::Cluster::start(crate::queries::RECORDED);
    conformance::run(&mut || Box::new(kithkin_store::PostgresStore::create(&cluster.database()).unwrap()));
    // In the same test, since what the suite asks is what is looked at.
    crate::queries::check(&cluster);
}

#[cfg(feature = "postgres")]
#[test]
fn encrypted_with_a_keyring_in_a_database() {
    let cluster = crate::cluster::Cluster::start("fsync = off");
    conformance::run(&mut || {
        let keyring = kithkin_store::Keyring::create_database(&cluster.database(), &encrypted::master('a')).unwrap();
        Box::new(encrypted::with_keyring(Arc::new(MemoryStore::new()), keyring))
    });
}
