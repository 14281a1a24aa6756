//! Vectors, memories and bindings: what is derived from turns and what it depends on.

use std::collections::BTreeSet;

use kithkin_core::{Binding, Erasure, Memory, MemoryId, MethodId, Outcome, Seq, Store, Turn, UnitId, VectorCount};

use super::{
    ann, append, at, derivation, key, memories, memory, memory_units, missing, pulse, put_memories, put_vectors,
    session, space, stale, turn, vectors,
};

pub(super) fn vectors_are_kept_by_space(store: &dyn Store) {
    let turns: Vec<Turn> = (0..3).map(|n| turn("s", &n.to_string(), "x")).collect();
    append(store, &ann(), &turns);
    assert!(put_memories(store, &ann(), "s", 3, &[memory("m", &[1]), memory("n", &[2])]));
    let [m, n] = memory_units(store, &ann())[..] else { panic!("two memories") };
    let odd = [f32::MIN_POSITIVE, -0.0];
    put_vectors(store, &ann(), "v", &[(n, [5.0, 0.0]), (at(3), [3.0, 0.0]), (at(1), odd), (m, [4.0, 0.0])]);
    put_vectors(store, &ann(), "w", &[(at(2), [9.0, 9.0])]);
    let rows = vectors(store, &ann(), "v", 0);
    assert_eq!(rows.iter().map(|(unit, _)| *unit).collect::<Vec<_>>(), [at(1), at(3), m, n]);
    assert_eq!(rows[0].1.iter().map(|x| x.to_bits()).collect::<Vec<_>>(), odd.map(f32::to_bits));
    let after: Vec<_> = vectors(store, &ann(), "v", 1).into_iter().map(|(unit, _)| unit).collect();
    assert_eq!(after, [at(3), m, n], "memories come whatever the place");
    assert_eq!(vectors(store, &ann(), "x", 0), []);
    assert_eq!(missing(store, &ann(), "v"), [at(2)]);
    assert_eq!(missing(store, &ann(), "w"), [at(1), at(3), m, n]);
    put_vectors(store, &ann(), "v", &[(at(3), [7.0, 0.0])]);
    assert_eq!(vectors(store, &ann(), "v", 1)[0].1, [7.0, 0.0]);
    let count = |name: &str, turns, memories| VectorCount { space: space(name), turns, memories };
    assert_eq!(store.vector_counts(&ann()).unwrap(), [count("v", 2, 2), count("w", 1, 0)]);
    assert_eq!(store.drop_other_vectors(&ann(), &space("w")).unwrap(), 4);
    assert_eq!(store.vector_counts(&ann()).unwrap(), [count("w", 1, 0)]);
    assert_eq!(store.drop_other_vectors(&ann(), &space("never seen")).unwrap(), 1);
    assert_eq!(store.vector_counts(&ann()).unwrap(), []);
}

pub(super) fn vectors_of_nothing_are_passed_over(store: &dyn Store) {
    append(store, &ann(), &[turn("s", "1", "x"), turn("s", "2", "y")]);
    store.erase(&ann(), &Erasure::Turns(vec![key("2")]), false).unwrap();
    let ghosts = [at(2), at(9), at(u64::MAX), UnitId::Memory(MemoryId(1))].map(|unit| (unit, [1.0, 0.0]));
    put_vectors(store, &ann(), "v", &ghosts);
    assert_eq!(vectors(store, &ann(), "v", 0), []);
    put_vectors(store, &ann(), "v", &[ghosts[0], (at(1), [1.0, 0.0])]);
    assert_eq!(vectors(store, &ann(), "v", 0), [(at(1), vec![1.0, 0.0])]);
}

pub(super) fn sessions_become_stale(store: &dyn Store) {
    append(store, &ann(), &[turn("z", "1", "x"), turn("a", "2", "x"), turn("z", "3", "x")]);
    assert_eq!(stale(store, &ann(), "d"), ["z", "a"], "in order of their first turn");
    assert!(put_memories(store, &ann(), "z", 3, &[memory("m", &[1])]));
    assert!(put_memories(store, &ann(), "a", 1, &[]));
    assert_eq!(stale(store, &ann(), "d"), ["a"], "its turn came after what was seen");
    assert!(put_memories(store, &ann(), "a", 3, &[]));
    assert_eq!((stale(store, &ann(), "d"), stale(store, &ann(), "e").len()), (vec![], 2));
    append(store, &ann(), &[turn("z", "1", "x")]);
    assert_eq!(stale(store, &ann(), "d"), [""; 0], "a duplicate is no news");
    // A turn that moves changes both sessions, also for a derivation that read before and writes after it.
    append(store, &ann(), &[turn("a", "3", "x")]);
    assert!(put_memories(store, &ann(), "z", 3, &[]));
    assert_eq!(stale(store, &ann(), "d"), ["z", "a"]);
    for sitting in ["z", "a"] {
        assert!(put_memories(store, &ann(), sitting, 4, &[]));
    }
    // Erasing makes stale what lost a turn, and the rest stays.
    store.erase(&ann(), &Erasure::Turns(vec![key("1")]), false).unwrap();
    assert_eq!(stale(store, &ann(), "d"), ["z"]);
}

pub(super) fn memories_are_replaced_whole(store: &dyn Store) {
    append(store, &ann(), &[turn("s", "1", "x"), turn("r", "2", "y")]);
    let dated = Memory { said_at: Some("2023-05".parse().unwrap()), ..memory("two 🦊", &[1, 2]) };
    assert!(put_memories(store, &ann(), "s", 2, &[memory("one", &[1]), dated.clone()]));
    assert!(put_memories(store, &ann(), "r", 2, &[memory("three", &[2])]));
    let other = derivation("e");
    assert!(store.put_memories(&ann(), &other, &session("s"), Seq(2), &[memory("four", &[1])]).unwrap());
    let texts = |name: &str| memories(store, &ann(), name).into_iter().map(|m| m.memory.text).collect::<Vec<_>>();
    let before = memories(store, &ann(), "d");
    assert_eq!(before[1].memory, dated);
    assert_eq!((texts("d"), texts("e")), (vec!["one".into(), "two 🦊".into(), "three".into()], vec!["four".into()]));
    let units = memory_units(store, &ann());
    put_vectors(store, &ann(), "v", &units.iter().map(|unit| (*unit, [1.0, 0.0])).collect::<Vec<_>>());

    assert!(put_memories(store, &ann(), "s", 2, &[memory("five", &[1])]));
    assert_eq!(texts("d"), ["three", "five"], "in order of number, and no number is used twice");
    assert_eq!(texts("e"), ["four"]);
    assert_eq!(vectors(store, &ann(), "v", 0).len(), 1, "vectors go with their memories");
    put_vectors(store, &ann(), "v", &[(units[0], [1.0, 0.0])]);
    assert_eq!(vectors(store, &ann(), "v", 0).len(), 1, "a replaced memory does not come back");

    assert_eq!(store.drop_other_memories(&ann(), &other).unwrap(), 2);
    assert_eq!((texts("d").len(), texts("e").len(), vectors(store, &ann(), "v", 0).len()), (0, 1, 0));
    assert_eq!(stale(store, &ann(), "d"), ["s", "r"]);
    let numbers: BTreeSet<_> = before.iter().map(|memory| memory.id).collect();
    assert!(put_memories(store, &ann(), "r", 2, &[memory("three", &[2])]));
    assert!(memories(store, &ann(), "d").iter().all(|memory| !numbers.contains(&memory.id)));
}

pub(super) fn memories_of_lost_sources_are_refused(store: &dyn Store) {
    append(store, &ann(), &[turn("s", "1", "x"), turn("s", "2", "y"), turn("r", "3", "z")]);
    assert!(put_memories(store, &ann(), "s", 3, &[memory("old", &[1])]));
    store.erase(&ann(), &Erasure::Turns(vec![key("2")]), false).unwrap();
    store.erase(&ann(), &Erasure::Session(session("r")), false).unwrap();
    let before = pulse(store, &ann());
    assert!(!put_memories(store, &ann(), "s", 3, &[memory("new", &[1]), memory("lost", &[1, 2])]));
    assert!(!put_memories(store, &ann(), "s", 3, &[memory("never", &[u64::MAX])]));
    assert!(!put_memories(store, &ann(), "r", 3, &[]), "the name of an erased session does not come back");
    assert_eq!(memories(store, &ann(), "d")[0].memory.text, "old");
    assert_eq!((pulse(store, &ann()), stale(store, &ann(), "d")), (before, vec!["s".to_owned()]));
}

pub(super) fn bindings(store: &dyn Store) {
    let binding = |method: &str, spec: &str| Binding {
        method: MethodId::new(method).unwrap(),
        spec: spec.to_owned(),
        derivation: derivation("d"),
    };
    let (first, second) = (binding("hybrid", "{\"a\":1}"), binding("lexical", "{}"));
    store.bind(&ann(), &first).unwrap();
    assert_eq!((store.binding(&ann()).unwrap(), pulse(store, &ann()).last_seq), (Some(first.clone()), 0));
    assert_eq!(append(store, &ann(), &[turn("s", "1", "x")]), [Outcome::New(Seq(1))]);
    let before = pulse(store, &ann());
    store.bind(&ann(), &first).unwrap();
    assert_eq!(pulse(store, &ann()), before);
    store.bind(&ann(), &second).unwrap();
    assert_eq!(store.binding(&ann()).unwrap(), Some(second.clone()));
    assert!(pulse(store, &ann()).epoch > before.epoch);
    store.erase(&ann(), &Erasure::Session(session("s")), false).unwrap();
    assert_eq!(store.binding(&ann()).unwrap(), Some(second));
    store.erase(&ann(), &Erasure::Person, false).unwrap();
    assert_eq!(store.binding(&ann()).unwrap(), None);
}
