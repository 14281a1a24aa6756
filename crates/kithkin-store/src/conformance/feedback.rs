//! Feedback is a log of its own that ends where the turns end that it shows.

use kithkin_core::{ConversationId, Erased, Erasure, Feedback, QuestionVector, Seq, Shown, Store, Turn};

use super::{all_feedback, ann, append, feedback, key, scope, space, turn};

pub(super) fn feedback_comes_back_as_it_was(store: &dyn Store) {
    append(store, &ann(), &[turn("s", "1", "a"), turn("s", "2", "b")]);
    let vector = Some(QuestionVector { space: space("w"), vector: vec![0.25, f32::MIN_POSITIVE, -3.5] });
    let given = [
        feedback("where?", &[2, 1]),
        Feedback { vector: None, asked_at: i64::MIN, ..feedback("'; DROP TABLE turn; -- \u{0} 🦊", &[1]) },
        Feedback { vector, recorded_at: i64::MAX, ..feedback("where?", &[2, 1]) },
        Feedback { shown: vec![Shown { seq: Seq(2), useful: false }], ..feedback("", &[]) },
    ];
    let mut last = 0;
    let mut numbers = Vec::new();
    for one in &given {
        let number = store.put_feedback(&ann(), one).unwrap().unwrap();
        assert!(number > last, "numbers ascend");
        last = number;
        numbers.push(number);
        append(store, &ann(), &[turn("s", &format!("then {number}"), "x")]);
    }
    let stored = all_feedback(store, &ann(), 0);
    assert_eq!(stored.iter().map(|stored| stored.number).collect::<Vec<_>>(), numbers);
    assert_eq!(stored.iter().map(|stored| stored.feedback.clone()).collect::<Vec<_>>(), given);
    assert_eq!(all_feedback(store, &ann(), numbers[1]), stored[2..]);
    assert_eq!(all_feedback(store, &ann(), u64::MAX), []);
}

pub(super) fn feedback_of_what_is_not_there_is_refused(store: &dyn Store) {
    assert_eq!(store.put_feedback(&ann(), &feedback("q", &[1])).unwrap(), None);
    append(store, &ann(), &[turn("s", "1", "a"), turn("s", "2", "b")]);
    store.erase(&ann(), &Erasure::Turns(vec![key("2")]), false).unwrap();
    for shown in [&[][..], &[2], &[1, 2], &[3], &[u64::MAX]] {
        assert_eq!(store.put_feedback(&ann(), &feedback("q", shown)).unwrap(), None, "{shown:?}");
    }
    assert_eq!(all_feedback(store, &ann(), 0), []);
    // A replaced telling was there to be shown.
    append(store, &ann(), &[turn("s", "1", "again")]);
    assert!(store.put_feedback(&ann(), &feedback("q", &[1])).unwrap().is_some());
}

pub(super) fn feedback_goes_with_the_turns_it_shows(store: &dyn Store) {
    let far = Turn { conversation: ConversationId::new("far").unwrap(), ..turn("s", "9", "x") };
    append(store, &ann(), &[turn("s", "1", "a"), turn("s", "2", "b"), turn("r", "3", "c"), far.clone()]);
    append(store, &ann(), &[turn("s", "2", "b2")]);
    let bob = scope("t", "bob");
    append(store, &bob, &[turn("s", "1", "a"), turn("s", "2", "b")]);
    store.put_feedback(&bob, &feedback("of bob", &[1, 2])).unwrap().unwrap();
    for (question, shown) in [("both", &[1, 2][..]), ("useful", &[5]), ("shown", &[1, 3]), ("far", &[4]), ("one", &[1])]
    {
        store.put_feedback(&ann(), &feedback(question, shown)).unwrap().unwrap();
    }
    let left = || {
        let all = all_feedback(store, &ann(), 0);
        all.into_iter().map(|stored| stored.feedback.question).collect::<Vec<_>>()
    };
    let erase = |what: &Erasure, turns: u64, feedback: u64| {
        let expect = Erased { turns, feedback, ..Erased::default() };
        for dry_run in [true, false] {
            assert_eq!(store.erase(&ann(), what, dry_run).unwrap(), expect, "{what:?}");
        }
    };
    // Of a turn that was told anew, each telling counts.
    erase(&Erasure::Turns(vec![key("2")]), 2, 2);
    assert_eq!(left(), ["shown", "far", "one"]);
    erase(&Erasure::Conversation(far.conversation), 1, 1);
    erase(&Erasure::Turns(vec![key("3")]), 1, 1);
    assert_eq!(left(), ["one"]);
    erase(&Erasure::Person, 1, 1);
    assert_eq!(left(), [""; 0]);
    append(store, &ann(), &[turn("s", "1", "a")]);
    assert_eq!(left(), [""; 0], "nothing comes back with the name");
    assert_eq!(all_feedback(store, &bob, 0).len(), 1);
}
