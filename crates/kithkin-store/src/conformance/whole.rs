//! What holds for a store as a whole: its counters, its visitors, its threads, its health.

use std::ops::ControlFlow;

use kithkin_core::{Erasure, KeyringId, Memory, Store, Turn};

use super::{
    ann, append, at, derivation, feedback, key, memory, pulse, put_memories, put_vectors, scope, seqs, space, turn,
    vectors,
};

pub(super) fn pulses_grow(store: &dyn Store) {
    #[derive(Debug, PartialEq)]
    enum Grows {
        Nothing,
        Version,
        Both,
    }
    append(store, &ann(), &[turn("s", "0", "x")]);
    let check = |what: &str, expect: Grows, write: &dyn Fn()| {
        let before = pulse(store, &ann());
        write();
        let after = pulse(store, &ann());
        let grows = match (after.version > before.version, after.epoch > before.epoch) {
            (false, _) => Grows::Nothing,
            (true, false) => Grows::Version,
            (true, true) => Grows::Both,
        };
        assert_eq!(grows, expect, "{what}");
    };
    let told = |text: &str| append(store, &ann(), &[turn("s", "1", text)]).len();
    let vector = |x: f32| put_vectors(store, &ann(), "v", &[(at(2), [x, 0.0])]);
    let derive = || assert!(put_memories(store, &ann(), "s", 9, &[memory("m", &[2])]));
    let drop_vectors = |gone: u64| assert_eq!(store.drop_other_vectors(&ann(), &space("w")).unwrap(), gone);
    let drop_memories = || assert_eq!(store.drop_other_memories(&ann(), &derivation("e")).unwrap(), 1);
    let give = |shown, kept| {
        assert_eq!(store.put_feedback(&ann(), &feedback("q", &[shown])).unwrap().is_some(), kept);
    };
    let erase = |dry, turns: u64| {
        assert_eq!(store.erase(&ann(), &Erasure::Turns(vec![key("1")]), dry).unwrap().turns, turns);
    };
    check("a new turn", Grows::Version, &|| assert_eq!(told("a"), 1));
    check("a duplicate", Grows::Nothing, &|| assert_eq!(told("a"), 1));
    check("a changed turn", Grows::Version, &|| assert_eq!(told("b"), 1));
    check("a new vector", Grows::Version, &|| vector(1.0));
    check("the same vector", Grows::Nothing, &|| vector(1.0));
    check("another vector", Grows::Both, &|| vector(2.0));
    check("a new memory", Grows::Version, &derive);
    check("a replaced memory", Grows::Both, &derive);
    check("feedback", Grows::Version, &|| give(2, true));
    check("feedback refused", Grows::Nothing, &|| give(99, false));
    check("dropped memories", Grows::Both, &drop_memories);
    check("dropped vectors", Grows::Both, &|| drop_vectors(1));
    check("nothing to drop", Grows::Nothing, &|| drop_vectors(0));
    check("a dry run", Grows::Nothing, &|| erase(true, 2));
    check("an erasure", Grows::Both, &|| erase(false, 2));
    check("nothing to erase", Grows::Nothing, &|| erase(false, 0));
    check("a read", Grows::Nothing, &|| assert_eq!(seqs(store, &ann()), [1]));
}

pub(super) fn visitors_may_stop_and_call_again(store: &dyn Store) {
    let turns: Vec<Turn> = (0..50).map(|n| turn("s", &n.to_string(), "x")).collect();
    append(store, &ann(), &turns);
    let derived: Vec<Memory> = (1..=5).map(|seq| memory("m", &[seq])).collect();
    assert!(put_memories(store, &ann(), "s", 50, &derived));
    put_vectors(store, &ann(), "v", &[(at(1), [1.0, 0.0]), (at(2), [1.0, 0.0])]);
    for question in ["one", "two", "three"] {
        store.put_feedback(&ann(), &feedback(question, &[1])).unwrap().unwrap();
    }
    let mut left = 0;
    // Each visitor stops at the second record, having read and written in between.
    let mut stop = |writes: bool| {
        left += 1;
        assert_eq!(pulse(store, &ann()).last_seq, 50);
        if writes {
            put_vectors(store, &ann(), "w", &[(at(left), [1.0, 0.0])]);
        }
        if left % 2 == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    store.scan_turns(&ann(), 0, &mut |_| stop(true)).unwrap();
    store.scan_memories(&ann(), &derivation("d"), &mut |_| stop(true)).unwrap();
    store.scan_vectors(&ann(), &space("v"), 0, &mut |_| stop(true)).unwrap();
    store.missing_vectors(&ann(), &space("v"), &mut |_| stop(false)).unwrap();
    store.scan_feedback(&ann(), 0, &mut |_| stop(false)).unwrap();
    assert_eq!(left, 10);
    assert_eq!(vectors(store, &ann(), "w", 0).len(), 6);
    // A scan sees one state, whatever is appended meanwhile.
    let mut seen = 0;
    let mut grow = |_| {
        seen += 1;
        append(store, &ann(), &[turn("s", &format!("new {seen}"), "x")]);
        ControlFlow::Continue(())
    };
    store.scan_turns(&ann(), 0, &mut grow).unwrap();
    assert_eq!((seen, seqs(store, &ann()).len()), (50, 100));
}

pub(super) fn a_keyring_is_noted_once(store: &dyn Store) {
    let (one, other) = (KeyringId([1; 16]), KeyringId([2; 16]));
    // A store that encrypts has one from the beginning.
    let own = store.keyring().unwrap();
    assert_eq!(store.set_keyring(one).unwrap(), own.is_none());
    assert!(!store.set_keyring(other).unwrap());
    assert_eq!(store.keyring().unwrap(), own.or(Some(one)));
}

pub(super) fn no_keyring_comes_later(store: &dyn Store) {
    let own = store.keyring().unwrap();
    append(store, &ann(), &[turn("s", "1", "x")]);
    assert!(!store.set_keyring(KeyringId([1; 16])).unwrap());
    store.erase(&ann(), &Erasure::Person, false).unwrap();
    assert!(!store.set_keyring(KeyringId([1; 16])).unwrap());
    assert_eq!(store.keyring().unwrap(), own);
}

pub(super) fn many_threads(store: &dyn Store) {
    const BATCHES: usize = 20;
    const TURNS: usize = 5;
    std::thread::scope(|threads| {
        for writer in 0..3 {
            threads.spawn(move || {
                for batch in 0..BATCHES {
                    let name = |n| format!("{writer}-{batch}-{n}");
                    let turns: Vec<Turn> = (0..TURNS).map(|n| turn("s", &name(n), "x")).collect();
                    append(store, &ann(), &turns);
                    append(store, &scope("t", &writer.to_string()), &turns);
                }
            });
        }
        for _ in 0..2 {
            threads.spawn(move || {
                for _ in 0..BATCHES {
                    let seqs = seqs(store, &ann());
                    assert!(seqs.iter().copied().eq(1..=seqs.len() as u64), "no gap and no order lost");
                    assert_eq!(seqs.len() % TURNS, 0, "a batch is there whole or not at all");
                }
            });
        }
    });
    let total = 3 * BATCHES * TURNS;
    assert_eq!((seqs(store, &ann()).len(), pulse(store, &ann()).last_seq), (total, total as u64));
    assert_eq!(seqs(store, &scope("t", "1")).len(), BATCHES * TURNS);
}

pub(super) fn health(store: &dyn Store) {
    for _ in 0..2 {
        assert_eq!(store.check().unwrap().problems, [""; 0]);
    }
    assert_eq!(store.persons(&ann().tenant, None, usize::MAX).unwrap(), []);
}
