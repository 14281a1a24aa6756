//! Random operations on both stores: after each, everything that can be seen is the same in both, and nothing but the
//! person that was named has changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use kithkin_core::Store;
#[cfg(feature = "postgres")]
use kithkin_store::PostgresStore;
use kithkin_store::{MemoryStore, SqliteStore};
use proptest::prelude::*;

use crate::encrypted;
use crate::operations::{How, Op, SCOPES, apply, equals_a_rebuild, op, scope, view};

fn view_all(store: &dyn Store) -> BTreeMap<u8, String> {
    (0..SCOPES).map(|n| (n, view(store, &scope(n)).unwrap())).collect()
}

/// Runs `ops` on a store and on the one in memory; `again` opens the store anew.
fn both_do_the_same(ops: &[Op], mut store: Box<dyn Store>, again: &dyn Fn() -> Box<dyn Store>) {
    let model = MemoryStore::new();
    let mut before = view_all(&model);
    for (n, op) in ops.iter().enumerate() {
        let op = &op.clone().above(op.low(&model).unwrap());
        let expect = apply(&model, op).unwrap();
        if let Op::Erase(n, what, How::Erased | How::Noted) = op {
            let counted = apply(&*store, &Op::Erase(*n, what.clone(), How::Counted)).unwrap();
            assert_eq!(counted, expect, "a dry run counts the same");
        }
        assert_eq!(apply(&*store, op).unwrap(), expect, "{op:?}");
        if n % 10 == 9 {
            store = again();
        }
        let after = view_all(&*store);
        assert_eq!(after, view_all(&model), "after {op:?}");
        for (n, view) in &after {
            assert!(op.scopes().contains(n) || before[n] == *view, "{op:?} changed {}", scope(*n));
            assert!(equals_a_rebuild(&*store, &scope(*n)).unwrap(), "after {op:?} of {}", scope(*n));
        }
        before = after;
    }
    assert_eq!(apply(&*store, &Op::Compact).unwrap(), apply(&model, &Op::Compact).unwrap());
    assert_eq!(view_all(&*store), before, "compacting changes nothing");
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn sqlite_does_what_memory_does(ops in prop::collection::vec(op(), 1..40)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let store = Box::new(SqliteStore::create(&path).unwrap());
        both_do_the_same(&ops, store, &|| Box::new(SqliteStore::open(&path).unwrap()));
    }

    #[test]
    fn an_encrypted_store_does_what_memory_does(ops in prop::collection::vec(op(), 1..40)) {
        let folder = tempfile::tempdir().unwrap();
        let (path, keyring) = (folder.path().join("a.db"), folder.path().join("ring"));
        let store = Box::new(encrypted::create(Arc::new(SqliteStore::create(&path).unwrap()), &keyring));
        both_do_the_same(&ops, store, &|| {
            Box::new(encrypted::open(Arc::new(SqliteStore::open(&path).unwrap()), &keyring))
        });
    }
}

#[cfg(feature = "postgres")]
#[test]
fn postgres_does_what_memory_does() {
    let cluster = crate::cluster::Cluster::start("fsync = off");
    let config = ProptestConfig { cases: 10, failure_persistence: None, ..ProptestConfig::default() };
    proptest::test_runner::TestRunner::new(config)
        .run(&prop::collection::vec(op(), 1..30), |ops| {
            let address = cluster.database();
            let store = Box::new(PostgresStore::create(&address).unwrap());
            both_do_the_same(&ops, store, &|| Box::new(PostgresStore::open(&address).unwrap()));
            Ok(())
        })
        .unwrap();
}
