//! What comes from another store keeps its numbers, and nothing is taken that does not follow what is there.

use std::ops::ControlFlow;

use kithkin_core::{
    Binding, ChainEntry, Decided, DerivedSession, Disclosure, Erased, Erasure, Memory, MethodId, Millis, Noted,
    Outcome, Pulse, Purpose, Records, Scope, Seq, Spent, Store, StoreError, StoredDisclosure, StoredMemory, TenantId,
    Turn, UnitId,
};

use super::{
    all_feedback, ann, append, at, derivation, feedback, key, log, memories, memory, memory_units, missing, pulse,
    put_memories, put_vectors, scope, session, stale, turn,
};

/// Everything of a person that another store can take.
fn records(store: &dyn Store, scope: &Scope) -> Records {
    let (mut disclosures, mut derived) = (Vec::new(), Vec::new());
    let mut note = |one| {
        disclosures.push(one);
        ControlFlow::Continue(())
    };
    store.scan_disclosures(scope, Millis::MIN, &mut note).unwrap();
    let mut note = |one| {
        derived.push(one);
        ControlFlow::Continue(())
    };
    store.scan_derived(scope, &mut note).unwrap();
    let pulse = store.pulse(scope).unwrap().unwrap_or_default();
    Records { turns: log(store, scope, 0), feedback: all_feedback(store, scope, 0), disclosures, derived, pulse }
}

fn disclosure(number: u64, calls: u64) -> StoredDisclosure {
    let spent = Spent { calls, read: 1 << 40, said: 0 };
    let disclosure = Disclosure { at: 5, purpose: Purpose::Reply, model: "m".to_owned(), turns: vec![Seq(2)], spent };
    StoredDisclosure { number, disclosure }
}

/// A person with edits, gaps, and everything that can be derived or noted.
fn fill(store: &dyn Store, scope: &Scope) {
    append(store, scope, &[turn("s", "1", "a"), turn("s", "2", "b"), turn("r", "3", "名 🦊"), turn("s", "4", "d")]);
    append(store, scope, &[turn("s", "1", "a2"), turn("moved", "3", "c2")]);
    append(store, scope, &[turn("s", "1", "a3"), turn("s", "9", "gone")]);
    for (question, shown) in [("one", &[1][..]), ("two", &[3, 5]), ("gone", &[8])] {
        store.put_feedback(scope, &feedback(question, shown)).unwrap().unwrap();
    }
    store.put_disclosure(scope, &disclosure(0, 0).disclosure).unwrap().unwrap();
    for what in ["4", "9"] {
        store.erase(scope, &Erasure::Turns(vec![key(what)]), false).unwrap();
    }
    let method = MethodId::new("m").unwrap();
    store.bind(scope, &Binding { method, spec: "{}".into(), derivation: derivation("d") }).unwrap();
    assert!(put_memories_of(store, scope, "s", &[memory("m", &[1, 2]), memory("n", &[7])]));
    assert!(put_memories_of(store, scope, "s", &[memory("again", &[1, 2])]));
    assert!(put_memories_of(store, scope, "moved", &[]));
    // What is left of a session that is to be derived again.
    append(store, scope, &[turn("left", "6", "e"), turn("left", "7", "f")]);
    assert!(put_memories_of(store, scope, "left", &[memory("left", &[9]), memory("lost", &[10])]));
    store.erase(scope, &Erasure::Turns(vec![key("7")]), false).unwrap();
    let rows: Vec<_> = [at(2), at(7)].into_iter().chain(memory_units(store, scope)).collect();
    put_vectors(store, scope, "v", &rows.iter().map(|unit| (*unit, [1.0, 0.5])).collect::<Vec<_>>());
}

fn put_memories_of(store: &dyn Store, scope: &Scope, sitting: &str, memories: &[Memory]) -> bool {
    store.put_memories(scope, &derivation("d"), &session(sitting), Seq(8), memories).unwrap()
}

pub(super) fn tenants_are_listed(store: &dyn Store) {
    let names = |store: &dyn Store| store.tenants().unwrap().iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(names(store), [""; 0]);
    for (tenant, person) in [("u", "b"), ("t", "z"), ("t", "a"), ("名", "a"), ("T", "a")] {
        append(store, &scope(tenant, person), &[turn("s", "1", "x")]);
    }
    assert_eq!(names(store), ["T", "t", "u", "名"]);
    store.erase(&scope("u", "b"), &Erasure::Person, false).unwrap();
    assert_eq!(names(store), ["T", "t", "名"]);
    let chained = TenantId::new("chained").unwrap();
    assert!(store.put_chain(&chained, &ChainEntry::after(None, &chained, 1, [0; 32])).unwrap());
    assert_eq!(names(store), ["T", "chained", "t", "名"]);
}

pub(super) fn records_keep_their_numbers(store: &dyn Store) {
    fill(store, &ann());
    let given = records(store, &ann());
    assert_eq!(given.turns.iter().map(|turn| turn.seq.0).collect::<Vec<_>>(), [1, 2, 3, 5, 6, 7, 9]);
    let marks: Vec<_> = given.derived.iter().map(|one| one.upto.map(|seq| seq.0)).collect();
    assert_eq!(marks, [None, Some(8), Some(8)], "{:?}", given.derived);
    let bob = scope("other", "名 bob");
    assert!(store.take_over(&bob, &given).unwrap());
    let taken = records(store, &bob);
    assert_eq!((&taken.turns, &taken.feedback), (&given.turns, &given.feedback));
    assert_eq!((&taken.disclosures, &taken.derived), (&given.disclosures, &given.derived));
    let (old, new) = (pulse(store, &ann()), pulse(store, &bob));
    assert!(new.version >= old.version && new.epoch >= old.epoch, "{new:?} after {old:?}");
    assert_eq!(new.last_seq, old.last_seq, "the places of what was erased are not given out again");
    assert_eq!(stale(store, &bob, "d"), stale(store, &ann(), "d"));
    put_vectors(store, &bob, "v", &[(at(1), [1.0, 0.0])]);
    assert_eq!(missing(store, &bob, "v"), [[at(2), at(6), at(7), at(9)].to_vec(), memory_units(store, &bob)].concat());

    // What comes next goes on where the other left off.
    assert_eq!(append(store, &bob, &[turn("s", "1", "a3")]), [Outcome::Duplicate(Seq(7))]);
    let changed = Outcome::Changed { seq: Seq(11), supersedes: Seq(7) };
    assert_eq!(append(store, &bob, &[turn("s", "1", "a4")]), [changed]);
    let number = store.put_feedback(&bob, &feedback("later", &[11])).unwrap().unwrap();
    assert!(given.feedback.iter().all(|one| one.number < number));
    assert!(put_memories_of(store, &bob, "moved", &[memory("new", &[6])]));
    assert!(memory_units(store, &bob).is_sorted());
    let erased = store.erase(&bob, &Erasure::Turns(vec![key("1")]), false).unwrap();
    assert_eq!((erased.turns, erased.memories, erased.feedback), (4, 1, 3));
}

pub(super) fn records_come_in_pieces(store: &dyn Store) {
    fill(store, &ann());
    let given = records(store, &ann());
    let bob = scope("t", "bob");
    for turn in &given.turns {
        assert!(store.take_over(&bob, &Records { turns: vec![turn.clone()], ..Records::default() }).unwrap());
    }
    for one in &given.feedback {
        assert!(store.take_over(&bob, &Records { feedback: vec![one.clone()], ..Records::default() }).unwrap());
    }
    let rest = Records { turns: Vec::new(), feedback: Vec::new(), ..given.clone() };
    for _ in 0..2 {
        assert!(store.take_over(&bob, &rest).unwrap(), "what has a number takes the place of what has it");
    }
    assert_eq!(Records { pulse: given.pulse, ..records(store, &bob) }, given);
    let ended = disclosure(given.disclosures[0].number, 9);
    assert!(store.take_over(&bob, &Records { disclosures: vec![ended.clone()], ..Records::default() }).unwrap());
    assert_eq!(records(store, &bob).disclosures, [ended]);
    let epoch = pulse(store, &bob).epoch;
    let fewer = DerivedSession { memories: Vec::new(), ..given.derived[2].clone() };
    assert!(store.take_over(&bob, &Records { derived: vec![fewer], ..Records::default() }).unwrap());
    assert_eq!((memories(store, &bob, "d").len(), pulse(store, &bob).epoch > epoch), (1, true));
    // A person without a record has counters all the same.
    let nobody = scope("t", "nobody");
    let pulse = Pulse { version: 50, epoch: 60, last_seq: 70 };
    assert!(store.take_over(&nobody, &Records { pulse, ..Records::default() }).unwrap());
    assert_eq!(append(store, &nobody, &[turn("s", "1", "x")]), [Outcome::New(Seq(71))]);
}

pub(super) fn what_does_not_follow_is_refused(store: &dyn Store) {
    fill(store, &ann());
    let given = records(store, &ann());
    let before = (pulse(store, &ann()), given.clone());
    let check = |what: &str, refused: Records| {
        assert!(!store.take_over(&ann(), &refused).unwrap(), "{what}");
        assert_eq!((pulse(store, &ann()), records(store, &ann())), before, "{what}");
        let nobody = scope("t", "nobody");
        if what.ends_with("nobody") {
            assert!(!store.take_over(&nobody, &refused).unwrap(), "{what}");
            assert_eq!(store.pulse(&nobody).unwrap(), None, "{what}");
        }
    };
    let last = given.turns[6].clone();
    let next = |turn: Turn, supersedes: Option<u64>| {
        let version = 1 + u32::from(supersedes.is_some());
        vec![kithkin_core::StoredTurn { seq: Seq(20), version, supersedes: supersedes.map(Seq), turn, ..last.clone() }]
    };
    let turns = |turns| Records { turns, ..Records::default() };
    check("a place that is taken", turns(vec![last.clone()]));
    check("a place that was erased", turns(vec![kithkin_core::StoredTurn { seq: Seq(8), ..last.clone() }]));
    check("a turn that is there already, as new", turns(next(turn("s", "1", "x"), None)));
    check("a telling that is not the current one", turns(next(turn("s", "1", "x"), Some(5))));
    check("a telling of a turn of nobody", turns(next(turn("s", "77", "x"), Some(7))));
    let twice = [next(turn("s", "5", "x"), None), next(turn("s", "6", "x"), None)].concat();
    check("one place twice, of nobody", turns(twice));

    let given_feedback = |number, shown: &[u64]| {
        let feedback = vec![kithkin_core::StoredFeedback { number, feedback: feedback("q", shown) }];
        Records { feedback, ..Records::default() }
    };
    check("feedback of a number that is there", given_feedback(given.feedback[0].number, &[1]));
    check("feedback on an erased turn, of nobody", given_feedback(1 << 40, &[4]));

    let one = |id, sources: &[u64], sitting: &str| {
        let memories = vec![StoredMemory { id: kithkin_core::MemoryId(id), memory: memory("x", sources) }];
        let (derivation, session) = (derivation("e"), session(sitting));
        Records {
            derived: vec![DerivedSession { derivation, session, upto: Some(Seq(9)), memories }],
            ..Records::default()
        }
    };
    let UnitId::Memory(taken) = memory_units(store, &ann())[0] else { panic!("a memory") };
    check("a memory whose number another has", one(taken.0, &[1], "s"));
    check("a memory of an erased turn, of nobody", one(99, &[4], "s"));
    check("a memory of a session of nobody", one(99, &[], "no"));
    // The first part of it would have been well.
    let both = Records { turns: next(turn("s", "5", "x"), None), ..given_feedback(1, &[1]) };
    check("two parts of which one is refused", both);
    assert!(put_memories(store, &ann(), "s", 8, &[memory("m", &[1])]));
}

pub(super) fn chains_only_grow(store: &dyn Store) {
    let [t, u] = ["t", "u"].map(|name| TenantId::new(name).unwrap());
    let chain = |tenant: &TenantId| {
        let mut all = Vec::new();
        let mut push = |entry| {
            all.push(entry);
            ControlFlow::Continue(())
        };
        store.scan_chain(tenant, &mut push).unwrap();
        all
    };
    let end = |tenant: &TenantId| store.chain_end(tenant).unwrap();
    let first = ChainEntry::after(None, &t, 5, [7; 32]);
    let second = ChainEntry::after(Some(&first), &t, Millis::MIN, [255; 32]);
    assert!(!store.put_chain(&t, &second).unwrap(), "it has no first one");
    assert!(store.put_chain(&t, &first).unwrap());
    assert!(!store.put_chain(&t, &first).unwrap(), "it is there");
    assert!(!store.put_chain(&t, &ChainEntry { at: 6, ..second }).unwrap(), "it is changed");
    assert!(!store.put_chain(&u, &second).unwrap(), "it is another's");
    assert!(store.put_chain(&t, &second).unwrap());
    assert!(store.put_chain(&u, &ChainEntry::after(None, &u, 5, [7; 32])).unwrap());
    assert_eq!((chain(&t), chain(&u).len()), (vec![first, second], 1));
    assert_eq!((end(&t), end(&TenantId::new("nobody").unwrap())), (Some(second), None));
    // Two that write at once: one is first, and the other sees it.
    std::thread::scope(|threads| {
        for writer in 0..4u8 {
            let (t, end) = (&t, &end);
            threads.spawn(move || {
                for n in 0..5 {
                    while !store.put_chain(t, &ChainEntry::after(end(t).as_ref(), t, n, [writer; 32])).unwrap() {}
                }
            });
        }
    });
    let all = chain(&t);
    assert_eq!(all.len(), 22);
    assert!(all.windows(2).all(|pair| pair[1].follows(Some(&pair[0]), &t)));
    append(store, &ann(), &[turn("s", "1", "x")]);
    store.erase(&ann(), &Erasure::Person, false).unwrap();
    assert_eq!(chain(&t).len(), 22, "it outlives the persons");
}

pub(super) fn an_erasure_comes_with_its_entry(store: &dyn Store) {
    let mut told = Vec::new();
    for (id, what) in [("1", Erasure::Turns(vec![key("1")])), ("2", Erasure::Person), ("nobody", Erasure::Person)] {
        if id != "nobody" {
            append(store, &ann(), &[turn("s", id, "x")]);
        }
        let receipt = &mut |erased: &Erased, number: u64| {
            told.push((erased.turns, number));
            [number as u8; 32]
        };
        let erased = store.erase_noted(&ann(), &what, 7, receipt).unwrap();
        assert_eq!(told.last().unwrap().0, erased.turns);
    }
    assert_eq!((told, store.pulse(&ann()).unwrap()), (vec![(1, 1), (1, 2), (0, 3)], None));
    let last = store.chain_end(&ann().tenant).unwrap().unwrap();
    assert_eq!((last.number, last.at, last.receipt), (3, 7, [3; 32]));
}

pub(super) fn what_is_decided_comes_with_its_entries(store: &dyn Store) {
    let (bob, eve) = (scope("t", "bob"), scope("u", "eve"));
    for person in [&ann(), &bob, &eve] {
        append(store, person, &[turn("s", "1", "x"), turn("s", "2", "x")]);
    }
    append(store, &bob, &[turn("s", "3", "just now")]);
    let decided = |scope: &Scope, what| Decided { scope: scope.clone(), what, upto: Seq(2) };
    let first = Erasure::Turns(vec![key("1")]);
    let all = [
        decided(&ann(), first.clone()),
        decided(&bob, Erasure::Person),
        decided(&eve, Erasure::Person),
        decided(&scope("t", "nobody"), Erasure::Person),
        decided(&ann(), Erasure::Person),
    ];
    let mut told = Vec::new();
    let mut receipt = |place: usize, erased: &Erased, number: u64| {
        told.push((place, erased.turns, number));
        Ok([place as u8 + 1; 32])
    };
    let erased = store.erase_decided(&all, Some(Noted { at: 7, receipt: &mut receipt })).unwrap();
    let turns: Vec<Option<u64>> = erased.iter().map(|one| one.map(|erased| erased.turns)).collect();
    assert_eq!(turns, [Some(1), None, Some(2), Some(0), Some(1)]);
    // Nothing is noted of what was left, nor of nobody.
    assert_eq!(told, [(0, 1, 1), (2, 2, 1), (4, 1, 2)]);
    let end = |tenant: &str| store.chain_end(&scope(tenant, "x").tenant).unwrap().unwrap();
    assert_eq!((end("t").number, end("t").at, end("t").receipt), (2, 7, [5; 32]));
    assert_eq!((end("u").number, end("u").receipt), (1, [3; 32]));

    // Without its receipt nobody is erased.
    let mut none = |_: usize, _: &Erased, _: u64| Err(StoreError::Full { place: "the folder".to_owned() });
    let left = [Decided { upto: Seq(9), ..decided(&bob, Erasure::Person) }];
    let error = store.erase_decided(&left, Some(Noted { at: 8, receipt: &mut none })).unwrap_err();
    assert!(matches!(&error, StoreError::Full { place } if place == "the folder"), "{error}");
    assert_eq!((pulse(store, &bob).last_seq, end("t").number), (3, 2));
    assert_eq!(append(store, &bob, &[turn("s", "1", "x")]), [Outcome::Duplicate(Seq(1))]);
}

pub(super) fn compacting_keeps_everything(store: &dyn Store) {
    fill(store, &ann());
    let before = (pulse(store, &ann()), records(store, &ann()));
    let compacted = store.compact().unwrap();
    assert!(compacted.after <= compacted.before, "{compacted:?}");
    assert_eq!((pulse(store, &ann()), records(store, &ann())), before);
    assert_eq!(store.check().unwrap().problems, [""; 0]);
}
