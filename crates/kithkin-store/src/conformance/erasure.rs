//! Erasing takes all that came from a turn with it, and nothing of anyone else.

use std::collections::BTreeSet;

use kithkin_core::{
    Aged, ConversationId, Decided, Erased, Erasure, Feedback, Millis, Outcome, Pulse, Scope, Seq, Store, Turn,
};

use super::disclosures::{all as disclosures, disclosure};
use super::log::nobody_is_empty;
use super::{
    all_feedback, ann, append, at, feedback, key, log, memories, memory, memory_units, pulse, put_memories,
    put_vectors, scope, seqs, session, stale, turn, vectors,
};

/// Erases, after a dry run that must count the same and change nothing.
fn erase(store: &dyn Store, what: &Erasure, expect: (u64, u64, u64)) {
    let (turns, memories, vectors) = expect;
    let before = (pulse(store, &ann()), seqs(store, &ann()));
    let expect = Erased { turns, memories, vectors, ..Erased::default() };
    assert_eq!(store.erase(&ann(), what, true).unwrap(), expect, "{what:?}");
    assert_eq!((pulse(store, &ann()), seqs(store, &ann())), before);
    assert_eq!(store.erase(&ann(), what, false).unwrap(), expect, "{what:?}");
    assert_eq!(store.erase(&ann(), what, false).unwrap(), Erased::default(), "{what:?} again");
}

pub(super) fn what_was_not_read_stays(store: &dyn Store) {
    let (bob, eve) = (scope("t", "bob"), scope("u", "eve"));
    for person in [&ann(), &bob, &eve] {
        append(store, person, &[turn("s", "1", "a"), turn("s", "2", "b")]);
    }
    append(store, &bob, &[turn("s", "1", "told again")]);
    let decided = |scope: &Scope, what| Decided { scope: scope.clone(), what, upto: Seq(2) };
    let first = || Erasure::Turns(vec![key("1")]);
    let nobody = decided(&scope("t", "nobody"), first());
    let all = [decided(&ann(), first()), decided(&bob, first()), decided(&eve, Erasure::Person), nobody];
    let erased = store.erase_decided(&all, None).unwrap();
    let turns: Vec<Option<u64>> = erased.iter().map(|one| one.map(|erased| erased.turns)).collect();
    assert_eq!(turns, [Some(1), None, Some(2), Some(0)]);
    assert_eq!((seqs(store, &ann()), seqs(store, &bob)), (vec![2], vec![1, 2, 3]));
    assert!(store.pulse(&eve).unwrap().is_none() && store.erase_decided(&[], None).unwrap().is_empty());
}

pub(super) fn what_was_kept_for_long_enough_goes_at_once(store: &dyn Store) {
    let bob = scope("t", "bob");
    for person in [&ann(), &bob] {
        append(store, person, &[turn("s", "1", "a"), turn("s", "2", "b")]);
        for (recorded_at, shown) in [(5, 1), (6, 2), (7, 1)] {
            let given = Feedback { recorded_at, ..feedback(&format!("at {recorded_at}"), &[shown]) };
            store.put_feedback(person, &given).unwrap().unwrap();
        }
        for at in [5, 6, 7] {
            store.put_disclosure(person, &disclosure(at, &[1])).unwrap().unwrap();
        }
    }
    let left = |scope: &Scope| {
        let asked: Vec<String> = all_feedback(store, scope, 0).into_iter().map(|one| one.feedback.question).collect();
        (
            seqs(store, scope),
            asked,
            disclosures(store, scope, Millis::MIN).iter().map(|one| one.disclosure.at).collect(),
        )
    };
    let all = (vec![1, 2], ["at 5", "at 6", "at 7"].map(str::to_owned).to_vec(), vec![5, 6, 7]);
    let check = |turns: &[&str],
                 before: (Millis, Millis),
                 took: (u64, u64, u64),
                 stays: (Vec<u64>, &[&str], &[i64])| {
        let what = Erasure::Aged(Aged {
            turns: turns.iter().map(|id| key(id)).collect(),
            feedback_before: before.0,
            disclosures_before: before.1,
        });
        let expect = Erased { turns: took.0, feedback: took.1, disclosures: took.2, ..Erased::default() };
        let pulse_before = pulse(store, &ann());
        assert_eq!(store.erase(&ann(), &what, true).unwrap(), expect, "{what:?}");
        assert_eq!(pulse(store, &ann()), pulse_before);
        assert_eq!(store.erase(&ann(), &what, false).unwrap(), expect, "{what:?}");
        assert_eq!(pulse(store, &ann()).epoch > pulse_before.epoch, !expect.is_nothing(), "what is loaded is stale");
        let asked = stays.1.iter().map(|text| (*text).to_owned()).collect();
        assert_eq!(left(&ann()), (stays.0, asked, stays.2.to_vec()), "{what:?}");
    };
    let none = Millis::MIN;
    check(&[], (none, none), (0, 0, 0), (vec![1, 2], &["at 5", "at 6", "at 7"], &[5, 6, 7]));
    check(&[], (5, 5), (0, 0, 0), (vec![1, 2], &["at 5", "at 6", "at 7"], &[5, 6, 7]));
    check(&[], (6, none), (0, 1, 0), (vec![1, 2], &["at 6", "at 7"], &[5, 6, 7]));
    check(&[], (none, 6), (0, 0, 1), (vec![1, 2], &["at 6", "at 7"], &[6, 7]));
    // A piece that is old and on a turn that goes is counted once.
    check(&["1"], (8, 7), (1, 2, 1), (vec![2], &[], &[7]));
    check(&["1"], (Millis::MAX, Millis::MAX), (0, 0, 1), (vec![2], &[], &[]));
    assert_eq!(left(&bob), all, "another's is left alone");
    // What was noted begins anew, and feedback goes on.
    let number = store.put_feedback(&ann(), &feedback("new", &[2])).unwrap().unwrap();
    assert!(number > all_feedback(store, &bob, 0).last().unwrap().number);
    assert!(store.put_disclosure(&ann(), &disclosure(9, &[2])).unwrap().is_some());
    let erased = store.erase(&ann(), &Erasure::Person, false).unwrap();
    assert_eq!((erased.turns, erased.feedback, erased.disclosures), (1, 1, 1));
}

pub(super) fn erasing_cascades(store: &dyn Store) {
    let far = |id: &str| Turn { conversation: ConversationId::new("far").unwrap(), ..turn("s", id, "x") };
    append(store, &ann(), &[turn("s", "1", "a"), turn("s", "2", "b"), turn("r", "3", "c"), turn("q", "4", "d")]);
    append(store, &ann(), &[turn("s", "2", "b2"), far("1"), far("5"), turn("moved", "4", "d")]);
    assert!(put_memories(store, &ann(), "s", 8, &[memory("of 1", &[1]), memory("of 1 and 2", &[1, 2, 2])]));
    assert!(put_memories(store, &ann(), "r", 8, &[memory("of 3 and 5", &[3, 5])]));
    let all = [at(1), at(2), at(3), at(5)].into_iter().chain(memory_units(store, &ann()));
    let rows: Vec<_> = all.map(|unit| (unit, [1.0, 0.0])).collect();
    put_vectors(store, &ann(), "v", &rows);
    put_vectors(store, &ann(), "w", &rows[..2]);

    // Both versions of 2; two memories; the vectors of 2 in both spaces, of 5, and of both memories.
    erase(store, &Erasure::Turns(vec![key("2"), key("2"), key("none")]), (2, 2, 5));
    assert_eq!(seqs(store, &ann()), [1, 3, 4, 6, 7, 8]);
    assert_eq!(memories(store, &ann(), "d").len(), 1);
    let left: Vec<_> = vectors(store, &ann(), "v", 0).into_iter().map(|(unit, _)| unit).collect();
    assert_eq!(left, [at(1), at(3), memory_units(store, &ann())[0]]);
    // r lost no turn, but a memory, which has to be derived again.
    assert_eq!(stale(store, &ann(), "d"), ["s", "r", "q", "s", "moved"]);
    // A session goes with the versions of its turns that are elsewhere.
    erase(store, &Erasure::Session(session("q")), (2, 0, 0));
    assert_eq!(seqs(store, &ann()), [1, 3, 6, 7]);
    erase(store, &Erasure::Conversation(far("1").conversation), (2, 0, 0));
    erase(store, &Erasure::Conversation(turn("s", "1", "x").conversation), (2, 1, 4));
    assert_eq!((seqs(store, &ann()), store.vector_counts(&ann()).unwrap()), (vec![], vec![]));
    assert_eq!((stale(store, &ann(), "d"), pulse(store, &ann()).last_seq), (vec![], 8));
    assert_eq!(append(store, &ann(), &[turn("s", "2", "b")]), [Outcome::New(Seq(9))], "as if never told");
}

pub(super) fn erasing_a_person_leaves_no_name(store: &dyn Store) {
    append(store, &ann(), &[turn("s", "1", "a"), turn("s", "1", "b")]);
    assert!(put_memories(store, &ann(), "s", 2, &[memory("m", &[2])]));
    put_vectors(store, &ann(), "v", &[(at(1), [1.0, 0.0]), (memory_units(store, &ann())[0], [1.0, 0.0])]);
    store.put_feedback(&ann(), &feedback("q", &[1])).unwrap().unwrap();
    let expect = Erased { turns: 2, memories: 1, vectors: 2, feedback: 1, disclosures: 0 };
    assert_eq!(store.erase(&ann(), &Erasure::Person, true).unwrap(), expect);
    assert_eq!(store.erase(&ann(), &Erasure::Person, false).unwrap(), expect);
    nobody_is_empty(store);
}

pub(super) fn erased_places_do_not_come_back(store: &dyn Store) {
    let mut seen = BTreeSet::new();
    let mut last = Pulse::default();
    for _ in 0..3 {
        append(store, &ann(), &[turn("s", "1", "a"), turn("s", "2", "b")]);
        assert!(put_memories(store, &ann(), "s", u64::MAX, &[]));
        let source = seqs(store, &ann())[0];
        assert!(put_memories(store, &ann(), "s", u64::MAX, &[memory("m", &[source])]));
        let units = seqs(store, &ann()).into_iter().map(at).chain(memory_units(store, &ann()));
        for unit in units {
            assert!(seen.insert(unit), "{unit:?} belonged to an erased person of the same name");
        }
        let now = pulse(store, &ann());
        assert!(now.version > last.version && now.epoch > last.epoch, "{now:?} after {last:?}");
        last = now;
        store.erase(&ann(), &Erasure::Person, false).unwrap();
    }
}

pub(super) fn scopes_do_not_meet(store: &dyn Store) {
    let tenants = ["t", "t/a", "T"];
    let persons = ["a", "A", "a/b", "b", "名", " a", "a%", "a_"];
    let scopes = || tenants.iter().flat_map(|tenant| persons.map(|person| scope(tenant, person)));
    let show = |scope: &Scope| {
        let feedback = all_feedback(store, scope, 0);
        (
            log(store, scope, 0),
            vectors(store, scope, "v", 0),
            memories(store, scope, "d"),
            pulse(store, scope),
            feedback,
        )
    };
    for scope in scopes() {
        append(store, &scope, &[turn("s", "1", &format!("secret of {scope:?}"))]);
        assert!(put_memories(store, &scope, "s", 1, &[memory(&format!("about {scope:?}"), &[1])]));
        put_vectors(store, &scope, "v", &[(at(1), [1.0, 0.0]), (memory_units(store, &scope)[0], [1.0, 0.0])]);
        store.put_feedback(&scope, &feedback(&format!("asked of {scope:?}"), &[1])).unwrap().unwrap();
    }
    for own in scopes() {
        let before: Vec<_> = scopes().filter(|scope| *scope != own).map(|scope| show(&scope)).collect();
        assert_eq!(log(store, &own, 0)[0].turn.text, format!("secret of {own:?}"));
        assert_eq!(all_feedback(store, &own, 0)[0].feedback.question, format!("asked of {own:?}"));
        append(store, &own, &[turn("s", "1", "changed")]);
        assert_eq!(store.erase(&own, &Erasure::Turns(vec![key("1")]), false).unwrap().turns, 2);
        let after: Vec<_> = scopes().filter(|scope| *scope != own).map(|scope| show(&scope)).collect();
        assert_eq!(before, after);
        append(store, &own, &[turn("s", "1", &format!("secret of {own:?}"))]);
        assert!(put_memories(store, &own, "s", 9, &[]));
    }
}
