//! Recall with further queries, and within given sessions: what they change, and what they must leave alone.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod letters;

use std::ops::ControlFlow;
use std::sync::Arc;

use kithkin::{
    Aspect, ConversationId, EventTime, Kithkin, Now, Person, Recall, RecallReport, Role, Scope, SessionId, SessionRef,
    Turn, TurnId,
};
use letters::Letters;
use proptest::prelude::*;

const WORDS: &[&str] = &["cat", "boat", "oslo", "bread", "mother", "rain", "piano", "green"];
const METHODS: &[&str] = &["bm25", "dense", "hybrid", "recent", "p5-selection"];

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(WORDS), 1..5).prop_map(|words| words.join(" "))
}

/// Turns, each with the number of its session.
fn history() -> impl Strategy<Value = Vec<(u8, String)>> {
    prop::collection::vec((0u8..4, text()), 1..20)
}

fn aspects(weight: impl Strategy<Value = f32>) -> impl Strategy<Value = Vec<Aspect>> {
    prop::collection::vec((text(), weight).prop_map(|(text, weight)| Aspect { text, weight }), 1..5)
}

fn person(kithkin: &Kithkin) -> Person<'_> {
    kithkin.person(&Scope::new("t".parse().unwrap(), "p".parse().unwrap()))
}

fn session(number: u8) -> SessionId {
    SessionId::new(format!("s{number}")).unwrap()
}

fn store(history: &[(u8, String)]) -> Kithkin {
    let kithkin = Kithkin::in_memory().embedder_object(Arc::new(Letters)).start();
    let turns = history.iter().enumerate().map(|(i, (number, text))| Turn {
        conversation: ConversationId::new("c").unwrap(),
        session: session(*number),
        id: TurnId::new(format!("t{i}")).unwrap(),
        speaker: "Ann".to_owned(),
        role: Role::User,
        said_at: Some(EventTime::from_millis(1_672_531_200_000 + i as i64 * 60_000).unwrap()),
        text: text.clone(),
        attachments: Vec::new(),
    });
    person(&kithkin).observe(turns.collect()).unwrap();
    person(&kithkin).catch_up(&mut |_| ControlFlow::Continue(())).unwrap();
    kithkin
}

fn ask(kithkin: &Kithkin, method: &str, aspects: &[Aspect], explain: bool) -> RecallReport {
    let method = Some(Kithkin::method(method).unwrap());
    let recall = Recall::new("Did the cat see the green boat?", Now::Clock);
    person(kithkin).recall(&Recall { method, explain, aspects: aspects.to_vec(), limit: 100, ..recall }).unwrap()
}

/// All that a caller sees of the ranking, to the bit.
fn seen(report: &RecallReport) -> String {
    let evidence: Vec<_> = report.evidence.iter().map(|e| (&e.turn, e.score.to_bits(), e.why.to_string())).collect();
    format!("{evidence:?} {:?} {} {}", report.sessions, report.answerable.to_bits(), report.abstain)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// What counts nothing changes nothing: the path with aspects gives what the one without gives.
    #[test]
    fn aspects_without_weight_are_as_none(history in history(), aspects in aspects(Just(0.0))) {
        let kithkin = store(&history);
        for method in METHODS {
            let (with, without) = (ask(&kithkin, method, &aspects, false), ask(&kithkin, method, &[], false));
            prop_assert_eq!(seen(&with), seen(&without), "{}", method);
        }
    }

    /// The best aspect counts, so their order does not.
    #[test]
    fn the_order_of_aspects_changes_nothing(history in history(), aspects in aspects(0.0f32..3.0)) {
        let kithkin = store(&history);
        let backwards: Vec<Aspect> = aspects.iter().rev().cloned().collect();
        for method in METHODS {
            let (forth, back) = (ask(&kithkin, method, &aspects, false), ask(&kithkin, method, &backwards, false));
            prop_assert_eq!(seen(&forth), seen(&back), "{}", method);
        }
    }

    /// Each signal is explained by the parts of the question and of the aspects, which add up to it.
    #[test]
    fn the_parts_of_aspects_add_up(history in history(), aspects in aspects(0.0f32..3.0)) {
        let kithkin = store(&history);
        for method in ["bm25", "dense", "p5-selection"] {
            let (plain, explained) = (ask(&kithkin, method, &aspects, false), ask(&kithkin, method, &aspects, true));
            for (plain, explained) in plain.evidence.iter().zip(&explained.evidence) {
                let signals = &plain.why.parts;
                let trees = explained.why.parts[0].parts.iter().skip(signals.len());
                for (signal, tree) in signals.iter().zip(trees) {
                    let sum: f32 = tree.parts.iter().map(|part| part.value).sum();
                    prop_assert_eq!(tree.parts.len(), 1 + aspects.len());
                    prop_assert!((tree.value - sum).abs() < 1e-4 && (tree.value - signal.value).abs() < 1e-4, "{}", tree);
                }
            }
        }
    }

    /// What comes back from within sessions is what would come back anyway, less all that is elsewhere.
    #[test]
    fn sessions_bound_what_comes_back_and_nothing_else(history in history(), within in prop::collection::vec(0u8..6, 1..4)) {
        let kithkin = store(&history);
        let conversation = ConversationId::new("c").unwrap();
        let sessions = within.iter().map(|n| SessionRef { conversation: conversation.clone(), session: session(*n) });
        let sessions: Vec<SessionRef> = sessions.collect();
        for method in METHODS {
            let everywhere = ask(&kithkin, method, &[], false);
            let method = Some(Kithkin::method(method).unwrap());
            let recall = Recall::new("Did the cat see the green boat?", Now::Clock);
            let recall = Recall { method, limit: 100, within: sessions.clone(), ..recall };
            let found = person(&kithkin).recall(&recall).unwrap();
            let inside = |session: &str| sessions.iter().any(|s| s.session.as_str() == session);
            let expect: Vec<_> = everywhere.evidence.iter().filter(|e| inside(&e.session)).collect();
            prop_assert_eq!(found.evidence.iter().collect::<Vec<_>>(), expect);
            prop_assert!(found.sessions.iter().all(|s| inside(&s.session)));
        }
    }
}

#[test]
fn a_turn_that_fits_an_aspect_is_found() {
    let kithkin = store(&[(0, "rain on the piano".to_owned()), (1, "green bread".to_owned())]);
    let check = |aspects: &[Aspect], expect: &[&str]| {
        let report = ask(&kithkin, "bm25", aspects, false);
        assert_eq!(report.evidence.iter().map(|e| e.turn.as_str()).collect::<Vec<_>>(), expect);
    };
    check(&[], &["t1"]);
    check(&[Aspect::new("piano"), Aspect { text: "rain".to_owned(), weight: 3.0 }], &["t0", "t1"]);
}

#[test]
fn what_is_no_aspect_is_refused() {
    let kithkin = store(&[(0, "rain".to_owned())]);
    let check = |text: &str, weight: f32, expect: &str| {
        let aspects = vec![Aspect::new("fine"), Aspect { text: text.to_owned(), weight }];
        let recall = Recall { aspects, ..Recall::new("rain", Now::Clock) };
        assert_eq!(person(&kithkin).recall(&recall).unwrap_err().to_string(), expect);
    };
    check(" ", 1.0, "aspect 2 is empty; give it words, or leave it out");
    check("x", -1.0, "aspect 2 has the weight -1; it must lie within 0 and 100");
    check("x", f32::NAN, "aspect 2 has the weight NaN; it must lie within 0 and 100");
}
