//! What is learned from feedback: nothing without it, nothing of what is erased, nothing before it was given.
//! With a toy embedder: mechanics, not quality.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod letters;

use std::ops::ControlFlow;
use std::sync::Arc;

use kithkin::{
    ConversationId, EventTime, Feedback, Forget, Kithkin, Method, Now, Person, Recall, RecallReport, Role, Scope,
    SessionId, Turn, TurnId, TurnKey,
};
use letters::Letters;
use proptest::prelude::*;

fn turn(id: &str, at: &str, text: &str) -> Turn {
    Turn {
        conversation: ConversationId::new("c").unwrap(),
        session: SessionId::new(at).unwrap(),
        id: TurnId::new(id).unwrap(),
        speaker: "Ann".to_owned(),
        role: Role::User,
        said_at: Some(at.parse().unwrap()),
        text: text.to_owned(),
        attachments: Vec::new(),
    }
}

const SAID: &[(&str, &str, &str)] = &[
    ("a", "2023-01-10", "the boat is red and old"),
    ("b", "2023-01-11", "a boat, another boat"),
    ("c", "2023-02-02", "my boat is green"),
    ("d", "2023-02-20", "bread with butter and jam"),
    ("e", "2023-03-20", "we sold the boat in the harbour"),
    ("f", "2023-03-21", "the harbour was full of gulls"),
];

/// A method whose scores are cosines and what was learned.
fn learning() -> Method {
    let text = "id = \"x\"\ntitle = \"x\"\nsummary = \"x\"\nstatus = \"preview\"\ncost = \"x\"\n[recall]\n\
                retrieve = [{ strategy = \"dense\" }]\nfuse = { strategy = \"weighted\" }\n\
                rerank = [{ strategy = \"feedback\", weight = 1.0 }]\nsessions = { strategy = \"best-turn\" }\n\
                answer = { strategy = \"logistic\" }\nabstain_below = 0.0";
    Method::parse("x.toml", text).unwrap()
}

fn scope() -> Scope {
    Scope::new("t".parse().unwrap(), "p".parse().unwrap())
}

fn filled() -> Kithkin {
    let kithkin = Kithkin::in_memory().embedder_object(Arc::new(Letters)).start();
    let person = kithkin.person(&scope());
    person.observe(SAID.iter().map(|(id, at, text)| turn(id, at, text)).collect()).unwrap();
    person.catch_up(&mut |_| ControlFlow::Continue(())).unwrap();
    kithkin
}

fn at(time: &str) -> Now {
    Now::At(time.parse::<EventTime>().unwrap())
}

fn keys(ids: &str) -> Vec<TurnKey> {
    let key = |id: char| TurnKey {
        conversation: ConversationId::new("c").unwrap(),
        turn: TurnId::new(id.to_string()).unwrap(),
    };
    ids.chars().map(key).collect()
}

fn feedback(question: &str, now: &str, shown: &str, useful: &str) -> Feedback {
    Feedback { question: question.to_owned(), now: at(now), shown: keys(shown), useful: keys(useful) }
}

fn ask(person: &Person<'_>, method: &Method, question: &str, now: &str) -> RecallReport {
    let recall = Recall { method: Some(method.clone()), explain: true, ..Recall::new(question, at(now)) };
    person.recall(&recall).unwrap()
}

/// The turns with their scores and explanations.
fn seen(report: &RecallReport) -> Vec<String> {
    let evidence = report.evidence.iter().map(|e| format!("{} {} {}", e.turn, e.score.to_bits(), e.why));
    evidence.chain([format!("{:?} {}", report.sessions, report.answerable)]).collect()
}

fn order(report: &RecallReport) -> String {
    report.evidence.iter().map(|e| e.turn.as_str()).collect()
}

#[test]
fn without_feedback_no_score_changes() {
    let kithkin = filled();
    let person = kithkin.person(&scope());
    let answers = ["rmm", "hybrid"].map(|name| {
        let report = ask(&person, &Kithkin::method(name).unwrap(), "where is the boat", "2023-06-01");
        report.evidence.iter().map(|e| (e.turn.clone(), e.score.to_bits())).collect::<Vec<_>>()
    });
    assert_eq!(answers[0], answers[1]);
}

#[test]
fn what_was_useful_is_found_first_for_a_like_question() {
    let kithkin = filled();
    let person = kithkin.person(&scope());
    let method = learning();
    let ask = || ask(&person, &method, "what colour is the boat", "2023-06-01");
    assert_eq!(order(&ask()), "ebafdc");
    for _ in 0..4 {
        let report = person.feedback(&feedback("the colour of the boat", "2023-05-01", "ebafdc", "c")).unwrap();
        assert_eq!((report.shown, report.useful, report.embedded), (6, 1, true));
    }
    let report = ask();
    assert_eq!(order(&report), "cedabf");
    let why = report.evidence[0].why.to_string();
    assert!(why.contains("learned from feedback on 4 recalls"), "{why}");
    // It is no part of whether the evidence can answer.
    let before = filled()
        .person(&scope())
        .recall(&Recall { method: Some(method.clone()), ..Recall::new("what colour is the boat", at("2023-06-01")) });
    assert_eq!(report.answerable, before.unwrap().answerable);
}

#[test]
fn another_person_learns_nothing_and_a_replaced_telling_plays_no_part() {
    let kithkin = filled();
    let person = kithkin.person(&scope());
    let method = learning();
    person.feedback(&feedback("the colour of the boat", "2023-05-01", "eacb", "c")).unwrap();
    let other = kithkin.person(&Scope::new("t".parse().unwrap(), "q".parse().unwrap()));
    other.observe(SAID.iter().map(|(id, at, text)| turn(id, at, text)).collect()).unwrap();
    other.catch_up(&mut |_| ControlFlow::Continue(())).unwrap();
    let plain = ask(&filled().person(&scope()), &method, "boat", "2023-06-01");
    assert_eq!(seen(&ask(&other, &method, "boat", "2023-06-01")), seen(&plain));
    // Only the useful telling is replaced: nothing is left to choose by.
    person.observe(vec![turn("c", "2023-02-02", "my boat was green")]).unwrap();
    person.catch_up(&mut |_| ControlFlow::Continue(())).unwrap();
    let scores = |report: &RecallReport| report.evidence.iter().map(|e| e.score.to_bits()).collect::<Vec<_>>();
    let changed = ask(&person, &method, "boat", "2023-06-01");
    other.observe(vec![turn("c", "2023-02-02", "my boat was green")]).unwrap();
    other.catch_up(&mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(scores(&changed), scores(&ask(&other, &method, "boat", "2023-06-01")));
}

#[test]
fn feedback_without_a_vector_is_passed_over() {
    let kithkin = Kithkin::in_memory().start();
    let person = kithkin.person(&scope());
    person.observe(vec![turn("a", "2023-01-10", "the boat")]).unwrap();
    assert!(!person.feedback(&feedback("boat", "2023-05-01", "a", "a")).unwrap().embedded);
    assert_eq!(person.forget(&Forget::All, false).unwrap().feedback, 1);
}

#[test]
fn wrong_feedback_is_refused() {
    let kithkin = filled();
    let person = kithkin.person(&scope());
    let check = |given: Feedback, expect: &str| {
        let error = person.feedback(&given).unwrap_err().to_string();
        assert!(error.contains(expect), "{error}");
        assert_eq!(person.forget(&Forget::All, true).unwrap().feedback, 0);
    };
    check(feedback("boat", "2023-05-01", "ax", "a"), "no turn \"x\"");
    check(feedback("boat", "2023-05-01", "", ""), "shows no turn");
    check(feedback("boat", "2023-05-01", "ab", "c"), "\"c\" is marked useful but is not among those shown");
    check(feedback("boat", "2023-02-10", "ae", "a"), "\"e\" was said after 2023-02-10");
    check(feedback("  ", "2023-05-01", "ab", "a"), "empty");
    check(feedback("boat", "2999-05-01", "ab", "a"), "lies in the future");
    let mut elsewhere = feedback("boat", "2023-05-01", "a", "a");
    elsewhere.shown[0].conversation = ConversationId::new("far").unwrap();
    elsewhere.useful.clear();
    check(elsewhere, "no turn \"a\"");
    let nobody = kithkin.person(&Scope::new("t".parse().unwrap(), "nobody".parse().unwrap()));
    let error = nobody.feedback(&feedback("boat", "2023-05-01", "a", "a")).unwrap_err().to_string();
    assert!(error.contains("no person t/nobody"), "{error}");
}

/// The question, the month in which it was asked, the turns shown, and which of them were useful.
type Given = (usize, u8, Vec<(usize, bool)>);

const QUESTIONS: &[&str] = &["what colour is the boat", "bread", "who saw gulls in the harbour", "red or green"];

fn give(person: &Person<'_>, (question, month, turns): &Given) {
    let ids = |useful: bool| -> String {
        turns.iter().filter(|(_, of_use)| *of_use || !useful).map(|(turn, _)| SAID[*turn].0).collect()
    };
    person.feedback(&feedback(QUESTIONS[*question], &format!("2023-{month:02}-01"), &ids(false), &ids(true))).unwrap();
}

fn given() -> impl Strategy<Value = Vec<Given>> {
    let shown = prop::collection::vec((0..SAID.len(), any::<bool>()), 1..5);
    prop::collection::vec((0..QUESTIONS.len(), 4..9u8, shown), 0..8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// Erasing a turn unlearns what it taught, to the last bit.
    #[test]
    fn erasing_unlearns_exactly(all in given(), gone in 0..SAID.len(), method in prop::bool::ANY) {
        let method = if method { learning() } else { Kithkin::method("rmm").unwrap() };
        let forget = Forget::Turns(vec![TurnId::new(SAID[gone].0).unwrap()], None);
        let (taught, spared) = (filled(), filled());
        let (taught, spared) = (taught.person(&scope()), spared.person(&scope()));
        let shows = |one: &&Given| one.2.iter().any(|(turn, _)| *turn == gone);
        all.iter().for_each(|one| give(&taught, one));
        all.iter().filter(|one| !shows(one)).for_each(|one| give(&spared, one));
        // An index that has learned is there when the turn goes.
        ask(&taught, &method, QUESTIONS[0], "2023-12-01");
        prop_assert_eq!(taught.forget(&forget, false).unwrap().feedback, all.iter().filter(shows).count() as u64);
        prop_assert_eq!(spared.forget(&forget, false).unwrap().feedback, 0);
        for question in QUESTIONS {
            prop_assert_eq!(
                seen(&ask(&taught, &method, question, "2023-12-01")),
                seen(&ask(&spared, &method, question, "2023-12-01"))
            );
        }
    }

    /// A recall knows nothing of feedback on questions that were asked later, whatever was asked of the index before.
    #[test]
    fn later_feedback_changes_nothing(all in given(), month in 3..10u8) {
        let method = learning();
        let now = format!("2023-{month:02}-01");
        let (whole, early) = (filled(), filled());
        let (whole, early) = (whole.person(&scope()), early.person(&scope()));
        all.iter().for_each(|one| give(&whole, one));
        all.iter().filter(|one| one.1 <= month).for_each(|one| give(&early, one));
        ask(&whole, &method, QUESTIONS[0], "2023-12-01");
        for question in QUESTIONS {
            prop_assert_eq!(seen(&ask(&whole, &method, question, &now)), seen(&ask(&early, &method, question, &now)));
        }
    }
}
