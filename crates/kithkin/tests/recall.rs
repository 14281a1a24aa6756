//! Properties of recall over random histories, with a toy embedder: mechanics, not quality.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod letters;

use std::ops::ControlFlow;
use std::sync::Arc;

use kithkin::{
    ConversationId, EventTime, Forget, Kithkin, Now, Recall, RecallReport, Role, Scope, SessionId, Turn, TurnId,
};
use letters::Letters;
use proptest::prelude::*;

const WORDS: &[&str] = &["cat", "boat", "oslo", "bread", "mother", "rain", "piano", "green"];
const METHODS: &[&str] = &["bm25", "dense", "hybrid", "recent", "full-context"];

/// (day of 2023, session, speaker, words)
type Said = (u16, u8, bool, Vec<usize>);

fn history() -> impl Strategy<Value = Vec<Said>> {
    let words = prop::collection::vec(0..WORDS.len(), 1..5);
    prop::collection::vec((1u16..300, 0u8..3, any::<bool>(), words), 1..25)
}

fn turn(number: usize, (day, session, first, words): &Said) -> Turn {
    let date = EventTime::from_millis(1_672_531_200_000 + i64::from(*day) * 86_400_000).unwrap();
    Turn {
        conversation: ConversationId::new("c").unwrap(),
        session: SessionId::new(format!("s{session}")).unwrap(),
        id: TurnId::new(format!("t{number}")).unwrap(),
        speaker: if *first { "Ann" } else { "Bo" }.to_owned(),
        role: Role::User,
        said_at: Some(date),
        text: words.iter().map(|w| WORDS[*w]).collect::<Vec<_>>().join(" "),
        attachments: Vec::new(),
    }
}

fn scope(person: &str) -> Scope {
    Scope::new("t".parse().unwrap(), person.parse().unwrap())
}

/// A store that observed these turns, in this order.
fn store(turns: Vec<Turn>) -> Kithkin {
    let kithkin = Kithkin::in_memory().embedder_object(Arc::new(Letters)).start();
    observe(&kithkin, "p", turns);
    kithkin
}

fn observe(kithkin: &Kithkin, person: &str, turns: Vec<Turn>) {
    let person = kithkin.person(&scope(person));
    person.observe(turns).unwrap();
    person.catch_up(&mut |_| ControlFlow::Continue(())).unwrap();
}

fn ask(kithkin: &Kithkin, method: &str, now: EventTime) -> RecallReport {
    let method = Some(Kithkin::method(method).unwrap());
    let recall =
        Recall { method, explain: true, ..Recall::new("Did Ann see the cat on the boat in March?", Now::At(now)) };
    kithkin.person(&scope("p")).recall(&recall).unwrap()
}

/// All that a caller sees, without how long it took.
fn seen(report: &RecallReport) -> String {
    let evidence: Vec<_> = report.evidence.iter().map(|e| (&e.turn, e.score, e.why.to_string())).collect();
    format!("{evidence:?} {:?} {} {}", report.sessions, report.answerable, report.abstain)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// Nothing said later is seen, not even in statistics: the answer is that of a store without it.
    #[test]
    fn the_future_is_not_seen(history in history(), day in 1u16..300) {
        let now = EventTime::from_millis(1_672_531_200_000 + i64::from(day) * 86_400_000).unwrap();
        let all: Vec<Turn> = history.iter().enumerate().map(|(i, said)| turn(i, said)).collect();
        let past: Vec<Turn> = all.iter().filter(|t| t.said_at.unwrap() <= now).cloned().collect();
        prop_assume!(!past.is_empty());
        let (whole, past) = (store(all), store(past));
        for method in METHODS {
            prop_assert_eq!(seen(&ask(&whole, method, now)), seen(&ask(&past, method, now)), "{}", method);
        }
    }

    /// An index that followed the store turn by turn, through changes and erasures, equals one that is loaded at once.
    #[test]
    fn following_equals_loading(history in history(), change in 0usize..25, forget in 0usize..25) {
        let now = EventTime::from_millis(1_704_067_200_000).unwrap();
        let turns: Vec<Turn> = history.iter().enumerate().map(|(i, said)| turn(i, said)).collect();
        let mut changed = turns[change % turns.len()].clone();
        changed.text = "green piano".to_owned();
        let gone = turns[forget % turns.len()].id.clone();
        let followed = store(vec![turns[0].clone()]);
        for next in turns.iter().skip(1).chain([&changed]) {
            observe(&followed, "p", vec![next.clone()]);
            METHODS.iter().for_each(|method| drop(ask(&followed, method, now)));
        }
        followed.person(&scope("p")).forget(&Forget::Turns(vec![gone.clone()], None), false).unwrap();
        let loaded = store(turns.into_iter().chain([changed]).collect());
        loaded.person(&scope("p")).forget(&Forget::Turns(vec![gone], None), false).unwrap();
        for method in METHODS {
            prop_assert_eq!(seen(&ask(&followed, method, now)), seen(&ask(&loaded, method, now)), "{}", method);
        }
    }

    /// What others said changes nothing.
    #[test]
    fn other_persons_are_not_seen(mine in history(), theirs in history()) {
        let now = EventTime::from_millis(1_704_067_200_000).unwrap();
        let turns = |history: &[Said]| history.iter().enumerate().map(|(i, said)| turn(i, said)).collect::<Vec<_>>();
        let (alone, among) = (store(turns(&mine)), store(turns(&mine)));
        observe(&among, "p2", turns(&theirs));
        for method in METHODS {
            prop_assert_eq!(seen(&ask(&alone, method, now)), seen(&ask(&among, method, now)), "{}", method);
        }
    }
}
