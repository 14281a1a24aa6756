//! Holds all stores to the contract.

use kithkin_store::{MemoryStore, SqliteStore, conformance};

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

#[cfg(feature = "postgres")]
#[test]
fn postgres() {
    let cluster = crate::cluster::Cluster::start("fsync = off");
    conformance::run(&mut || Box::new(kithkin_store::PostgresStore::create(&cluster.database()).unwrap()));
}
