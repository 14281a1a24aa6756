//! Disclosures are a log that outlives the turns that it names, and ends with the person.

use std::ops::ControlFlow;

use kithkin_core::{Disclosure, Erasure, Millis, Purpose, Scope, Seq, Spent, Store, StoredDisclosure};

use super::{ann, append, key, pulse, scope, turn};

pub(super) fn disclosure(at: Millis, turns: &[u64]) -> Disclosure {
    let turns = turns.iter().map(|seq| Seq(*seq)).collect();
    Disclosure { at, purpose: Purpose::Derive, model: "m 'x'".to_owned(), turns, spent: Spent::default() }
}

pub(super) fn all(store: &dyn Store, scope: &Scope, since: Millis) -> Vec<StoredDisclosure> {
    let mut all = Vec::new();
    let mut push = |one| {
        all.push(one);
        ControlFlow::Continue(())
    };
    store.scan_disclosures(scope, since, &mut push).unwrap();
    all
}

pub(super) fn disclosures_come_back_as_they_were(store: &dyn Store) {
    assert_eq!(store.put_disclosure(&ann(), &disclosure(1, &[])).unwrap(), None, "nothing is noted of nobody");
    append(store, &ann(), &[turn("s", "1", "a"), turn("s", "2", "b")]);
    let before = pulse(store, &ann());
    let large = Spent { calls: 3, read: 1 << 40, said: 7 };
    let given = [disclosure(5, &[1, 2]), Disclosure { purpose: Purpose::Reply, spent: large, ..disclosure(9, &[]) }];
    let numbers: Vec<u64> = given.iter().map(|one| store.put_disclosure(&ann(), one).unwrap().unwrap()).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b));
    let stored = |n: usize| StoredDisclosure { number: numbers[n], disclosure: given[n].clone() };
    assert_eq!(all(store, &ann(), Millis::MIN), [stored(0), stored(1)]);
    assert_eq!(all(store, &ann(), 6), [stored(1)]);
    assert_eq!(pulse(store, &ann()), before, "nothing that is loaded of the person has changed");
    let ended = StoredDisclosure { disclosure: Disclosure { spent: large, ..given[0].clone() }, ..stored(0) };
    store.end_disclosure(&ann(), &ended).unwrap();
    store.end_disclosure(&ann(), &StoredDisclosure { number: 99, ..ended.clone() }).unwrap();
    assert_eq!(all(store, &ann(), Millis::MIN), [ended, stored(1)]);
}

pub(super) fn disclosures_end_with_the_person(store: &dyn Store) {
    let bob = scope("t", "bob");
    for scope in [&ann(), &bob] {
        append(store, scope, &[turn("s", "1", "a"), turn("s", "2", "b")]);
        store.put_disclosure(scope, &disclosure(5, &[1])).unwrap().unwrap();
    }
    let old = all(store, &ann(), 0);
    store.erase(&ann(), &Erasure::Turns(vec![key("1")]), false).unwrap();
    assert_eq!(all(store, &ann(), 0), old, "that a turn was shown stays known when it is gone");
    store.erase(&ann(), &Erasure::Person, false).unwrap();
    assert_eq!(all(store, &ann(), 0), []);
    append(store, &ann(), &[turn("s", "1", "a")]);
    assert_eq!(all(store, &ann(), 0), [], "nothing comes back with the name");
    assert_eq!(all(store, &bob, 0).len(), 1);
}
