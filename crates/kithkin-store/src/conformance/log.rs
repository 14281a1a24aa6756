//! Turns go in and come back as they were; nothing else does.

use kithkin_core::{
    Attachment, ConversationId, Erased, Erasure, Millis, Outcome, PersonId, PersonTurns, Role, Scope, Seq, Store,
    StoredTurn, Turn, TurnId,
};

use super::{
    all_feedback, ann, append, at, derivation, key, log, memories, missing, put_memories, put_vectors, scope, session,
    space, stale, turn, vectors,
};

pub(super) fn nobody_is_empty(store: &dyn Store) {
    let nobody = ann();
    assert_eq!(store.persons(&nobody.tenant, None, usize::MAX).unwrap(), []);
    assert_eq!(store.pulse(&nobody).unwrap(), None);
    assert_eq!(log(store, &nobody, 0), []);
    assert_eq!(store.turns(&nobody, &[Seq(1)]).unwrap(), []);
    assert_eq!(store.tellings(&nobody, &TurnId::new("1").unwrap()).unwrap(), []);
    assert_eq!(vectors(store, &nobody, "v", 0), []);
    assert_eq!(missing(store, &nobody, "v"), []);
    assert_eq!(store.vector_counts(&nobody).unwrap(), []);
    assert_eq!(stale(store, &nobody, "d"), [""; 0]);
    assert_eq!(memories(store, &nobody, "d"), []);
    assert_eq!(all_feedback(store, &nobody, 0), []);
    assert_eq!(store.binding(&nobody).unwrap(), None);
    for what in [Erasure::Person, Erasure::Turns(vec![key("1")]), Erasure::Session(session("s"))] {
        assert_eq!(store.erase(&nobody, &what, false).unwrap(), Erased::default());
    }
    assert_eq!(store.drop_other_vectors(&nobody, &space("v")).unwrap(), 0);
    assert_eq!(store.drop_other_memories(&nobody, &derivation("d")).unwrap(), 0);
    assert!(!put_memories(store, &nobody, "s", 1, &[]));
    put_vectors(store, &nobody, "v", &[(at(1), [1.0, 0.0])]);
    append(store, &nobody, &[]);
    assert_eq!(store.pulse(&nobody).unwrap(), None, "only a first turn or a binding makes a person");
}

pub(super) fn turns_come_back_as_they_were(store: &dyn Store) {
    let attachment = Attachment { kind: "image".into(), caption: Some("a dog\n\"🐕\"".into()), reference: None };
    let file = Attachment { kind: "file".into(), caption: None, reference: Some("a.pdf".into()) };
    let mut turns = vec![
        turn("s", "1", "hello"),
        turn("s", "2", "  white\r\n\tspace \u{feff}e\u{301} 🦊 مرحبا \u{202e} "),
        turn("s", "3", &"long 長 ".repeat(200_000)),
        Turn { attachments: vec![attachment, file], ..turn("s", "4", "") },
        Turn { speaker: " Bob ".into(), role: Role::Tool, ..turn(" s ", "a/b%'\"", "'; DROP TABLE turn; --") },
    ];
    for (n, time) in ["2023", "2023-05", "0001-01-01T00:00", "9999-12-31T23:59:59.5-05:00"].iter().enumerate() {
        turns.push(Turn { said_at: Some(time.parse().unwrap()), ..turn("s", &format!("time {n}"), "dated") });
    }
    let outcomes = append(store, &ann(), &turns);
    let stored = log(store, &ann(), 0);
    assert_eq!(stored.len(), turns.len());
    for (n, (stored, turn)) in stored.into_iter().zip(turns).enumerate() {
        let seq = Seq(n as u64 + 1);
        assert_eq!(outcomes[n], Outcome::New(seq));
        assert_eq!(stored, StoredTurn { seq, version: 1, supersedes: None, recorded_at: 7, turn });
    }
}

pub(super) fn duplicates_and_changes(store: &dyn Store) {
    use Outcome::{Changed, Duplicate, New};
    let changed = |seq, supersedes| Changed { seq: Seq(seq), supersedes: Seq(supersedes) };
    let (a, b, c) = (turn("s", "1", "a"), turn("s", "1", "b"), turn("s", "2", "c"));
    let check = |turns: &[&Turn], expect: &[Outcome]| {
        let turns: Vec<Turn> = turns.iter().copied().cloned().collect();
        assert_eq!(append(store, &ann(), &turns), expect);
    };
    check(&[&a, &a, &b, &c], &[New(Seq(1)), Duplicate(Seq(1)), changed(2, 1), New(Seq(3))]);
    check(&[&b, &c], &[Duplicate(Seq(2)), Duplicate(Seq(3))]);
    // Only the current version counts: the first telling told again is a change.
    check(&[&a], &[changed(4, 2)]);
    // Another session is other content; another conversation is another turn.
    check(&[&turn("other", "2", "c")], &[changed(5, 3)]);
    let elsewhere = Turn { conversation: ConversationId::new("c2").unwrap(), ..a.clone() };
    check(&[&elsewhere], &[New(Seq(6))]);

    let stored = log(store, &ann(), 0);
    let versions: Vec<_> = stored.iter().map(|turn| (turn.version, turn.supersedes.map(|seq| seq.0))).collect();
    assert_eq!(versions, [(1, None), (2, Some(1)), (1, None), (3, Some(2)), (2, Some(3)), (1, None)]);
    assert_eq!(missing(store, &ann(), "v"), [at(4), at(5), at(6)]);
    let places: Vec<_> = store.tellings(&ann(), &a.id).unwrap().iter().map(|turn| turn.seq.0).collect();
    assert_eq!(places, [1, 2, 4, 6]);

    // One person twice in a batch, beside another.
    let of = |scope: Scope, turns: &[&Turn]| PersonTurns { scope, turns: turns.iter().copied().cloned().collect() };
    let other = scope("t", "bob");
    let batch = [of(ann(), &[&a]), of(other.clone(), &[&a]), of(other.clone(), &[&a, &b]), of(ann(), &[&b])];
    let outcomes: Vec<_> = store.append(&batch, 8).unwrap().into_iter().map(|a| (a.scope, a.outcomes)).collect();
    let expect = [
        (ann(), vec![Duplicate(Seq(4))]),
        (other.clone(), vec![New(Seq(1))]),
        (other, vec![Duplicate(Seq(1)), changed(2, 1)]),
        (ann(), vec![changed(7, 4)]),
    ];
    assert_eq!(outcomes, expect);
    assert_eq!(log(store, &ann(), 6)[0].recorded_at, 8);
}

pub(super) fn reads_of_the_log(store: &dyn Store) {
    let turns: Vec<Turn> = (0..5).map(|n| turn("s", &n.to_string(), "x")).collect();
    append(store, &ann(), &turns);
    let after = |after| log(store, &ann(), after).iter().map(|turn| turn.seq.0).collect::<Vec<_>>();
    assert_eq!(after(0), [1, 2, 3, 4, 5]);
    assert_eq!(after(3), [4, 5]);
    assert_eq!(after(u64::MAX), [0; 0]);
    let asked = [5, 2, 9, 2, u64::MAX].map(Seq);
    let got: Vec<_> = store.turns(&ann(), &asked).unwrap().iter().map(|turn| turn.seq.0).collect();
    assert_eq!(got, [5, 2, 2]);
}

pub(super) fn persons_are_listed(store: &dyn Store) {
    let dated =
        |sitting: &str, id: &str, time: &str| Turn { said_at: Some(time.parse().unwrap()), ..turn(sitting, id, "x") };
    for person in ["名", "a/b", "A", "a"] {
        append(store, &scope("t", person), &[turn("s", "1", "x")]);
    }
    append(store, &scope("u", "z"), &[turn("s", "1", "x")]);
    append(store, &ann(), &[dated("s", "1", "1970-01-03"), dated("s", "2", "1970-01-02"), turn("r", "3", "x")]);
    // The replaced versions and what is only in them do not count.
    append(store, &ann(), &[dated("r", "1", "1970-01-01T00:00:01Z"), dated("r", "2", "1970-01-01T00:00:02Z")]);
    let listed = store.persons(&ann().tenant, None, usize::MAX).unwrap();
    let ids: Vec<PersonId> = listed.iter().map(|person| person.person.clone()).collect();
    assert_eq!(store.person_ids(&ann().tenant).unwrap(), ids);
    let names: Vec<_> = listed.iter().map(|summary| summary.person.as_str()).collect();
    assert_eq!(names, ["A", "a", "a/b", "ann", "名"]);
    let page = |after: Option<&str>, limit: usize, expect: &[&str]| {
        let after = after.map(|name| PersonId::new(name).unwrap());
        let listed = store.persons(&ann().tenant, after.as_ref(), limit).unwrap();
        assert_eq!(listed.iter().map(|summary| summary.person.as_str()).collect::<Vec<_>>(), expect, "{after:?}");
    };
    page(None, 2, &["A", "a"]);
    page(Some("a"), 2, &["a/b", "ann"]);
    // Somebody who is not there, or no longer, is a place in the order all the same.
    page(Some("a.b"), 9, &["a/b", "ann", "名"]);
    page(Some("名"), 9, &[]);
    page(None, 0, &[]);
    let of = |person: &str| listed.iter().find(|summary| summary.person.as_str() == person).unwrap();
    let counts = |person: &str| (of(person).conversations, of(person).sessions, of(person).turns, of(person).span);
    let span: Option<(Millis, Millis)> = Some((1000, 2000));
    assert_eq!(counts("ann"), (1, 1, 3, span));
    assert_eq!(counts("a"), (1, 1, 1, None));
}
