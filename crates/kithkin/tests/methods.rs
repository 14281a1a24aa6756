//! Every registered method on every kind of person, degenerate ones included: the answer is always a valid one.
//! With a toy embedder: mechanics, not quality.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod letters;

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use kithkin::{
    ChatError, ChatModel, ChatReply, ChatRequest, ConversationId, EventTime, Forget, Ingest, Kithkin, Method, Now,
    Recall, RecallReport, RerankError, Reranker, Role, Scope, SessionId, TokenLikelihood, Turn, TurnId,
};
use letters::Letters;
use proptest::prelude::*;

const DAY: i64 = 86_400_000;
/// 2023-01-01.
const START: i64 = 1_672_531_200_000;

fn scope() -> Scope {
    Scope::new("t".parse().unwrap(), "p".parse().unwrap())
}

fn turn(number: usize, session: u8, day: Option<u16>, text: &str) -> Turn {
    Turn {
        conversation: ConversationId::new("c").unwrap(),
        session: SessionId::new(format!("s{session}")).unwrap(),
        id: TurnId::new(format!("t{number}")).unwrap(),
        speaker: if number.is_multiple_of(2) { "Ann" } else { "Bo" }.to_owned(),
        role: Role::User,
        said_at: day.map(|day| EventTime::from_millis(START + i64::from(day) * DAY).unwrap()),
        text: text.to_owned(),
        attachments: Vec::new(),
    }
}

/// A chat model that answers in one of many ways, broken ones included; the same to the same request.
#[derive(Debug)]
struct Babbler;

const ANSWERS: &[&str] = &[
    "",
    "Sure, here you are!",
    "{\"segments\": [{\"from\": 1, \"to\": 2}, {\"from\": 3, \"to\": 90}], \"relevant\": [1, 3]}",
    "{\"facts\": [{\"kind\": \"event\", \"text\": \"Ann saw a boat.\", \"turns\": [2, 1, 77], \"when\": \"last May\"}]}",
    "[{\"kind\": \"fact\", \"text\": \"猫\", \"turns\": [1]}, {\"from\": 2, \"to\": 3}, {\"from\": \"4\", \"to\": 9}",
    "{\"segments\": [{\"from\": 5, \"to\": 1}, 7, null], \"facts\": {}, \"relevant\": \"all\"}",
    "{\"relevant\": []} {\"facts\": [{\"kind\": \"opinion\", \"text\": \"Bo likes bread.\", \"turns\": [\"1\"]}]}",
    "{\"topics\": [{\"summary\": \"Ann likes boats.\", \"turns\": [2, 1, 99]}, {\"summary\": \"猫\", \"turns\": []}]}",
    "{\"entries\": [{\"about\": \"Ann\", \"kind\": \"goal\", \"topic\": \"a boat\", \"value\": \"buy\", \"turns\": [1, 2]}], \
     \"answers\": [{\"answer\": \"Ann likes boats.\", \"turns\": [1]}], \"contradictory\": [], \
     \"preferences\": [{\"about\": \"Ann\", \"topic\": \"length\", \"value\": \"short\", \"turns\": [1]}]}",
];

impl ChatModel for Babbler {
    fn model(&self) -> &str {
        "babbler"
    }

    fn reply(&self, request: &ChatRequest) -> Result<ChatReply, ChatError> {
        let draw = usize::from_str_radix(&request.hash()[..8], 16).unwrap();
        match ANSWERS.get(draw % (ANSWERS.len() + 1)) {
            Some(text) => Ok(ChatReply::whole(*text)),
            None => Err(ChatError::Refused { model: "babbler".to_owned(), message: "no".to_owned() }),
        }
    }

    fn likelihoods(&self, _: Option<&ChatRequest>, text: &str) -> Result<Vec<TokenLikelihood>, ChatError> {
        let token = |(i, c): (usize, char)| TokenLikelihood { bytes: c.len_utf8(), ln: -((i % 5) as f32) };
        let tokens = text.chars().enumerate().map(token);
        match text.len() % 4 {
            0 => Ok(tokens.collect()),
            // Tokens that end early, or do not end, and likelihoods that are none.
            1 => Ok(tokens.step_by(2).collect()),
            2 => Ok(vec![TokenLikelihood { bytes: usize::MAX, ln: f32::NAN }, TokenLikelihood { bytes: 2, ln: 3.0 }]),
            _ => Err(ChatError::Refused { model: "babbler".to_owned(), message: "no".to_owned() }),
        }
    }
}

/// A reranker that likes long texts, in steps, so that some are alike.
#[derive(Debug)]
struct Lengths;

impl Reranker for Lengths {
    fn model(&self) -> &str {
        "lengths"
    }

    fn score(&self, _: &str, texts: &[&str]) -> Result<Vec<f32>, RerankError> {
        Ok(texts.iter().map(|text| (text.len() / 8) as f32).collect())
    }
}

/// A store with these turns, built for the method.
fn built(method: &Method, turns: &[Turn]) -> Kithkin {
    let kithkin = Kithkin::in_memory().embedder_object(Arc::new(Letters)).chat_object(Arc::new(Babbler));
    let kithkin = kithkin.reranker_object(Arc::new(Lengths)).start();
    let person = kithkin.person(&scope());
    person.observe(turns.to_vec()).unwrap();
    person.rebuild(method, &mut |_| ControlFlow::Continue(())).unwrap();
    kithkin
}

fn ask(kithkin: &Kithkin, method: &Method, now: Now) -> RecallReport {
    let question = "Did Ann see the cat on the boat in March? 猫";
    let recall = Recall { method: Some(method.clone()), explain: true, limit: 20, ..Recall::new(question, now) };
    kithkin.person(&scope()).recall(&recall).unwrap()
}

fn seen(report: &RecallReport) -> String {
    let evidence: Vec<_> = report.evidence.iter().map(|e| (&e.turn, e.score, e.why.to_string())).collect();
    format!("{evidence:?} {:?} {} {}", report.sessions, report.answerable, report.compared)
}

/// What must hold for any method and any person.
fn check(method: &Method, turns: &[Turn], now: Option<u16>) {
    let id = &method.about().id;
    let kithkin = built(method, turns);
    let moment = now.map(|day| EventTime::from_millis(START + i64::from(day) * DAY).unwrap());
    let report = ask(&kithkin, method, moment.map_or(Now::Clock, Now::At));
    let found: Vec<&str> = report.evidence.iter().map(|e| e.turn.as_str()).collect();
    let known: HashSet<&str> = turns.iter().map(|t| t.id.as_str()).collect();
    assert!(found.iter().all(|turn| known.contains(turn)), "{id} invented a turn: {found:?}");
    assert_eq!(found.iter().collect::<HashSet<_>>().len(), found.len(), "{id} found a turn twice");
    assert!(report.evidence.iter().all(|e| !e.score.is_nan()), "{id} has a score that is no number");
    assert!(report.evidence.is_sorted_by(|a, b| a.score >= b.score), "{id} does not rank by score");
    assert!((0.0..=1.0).contains(&report.answerable), "{id} says {}", report.answerable);
    if let Some(moment) = moment {
        let late = report
            .evidence
            .iter()
            .filter(|e| e.said_at.as_ref().is_some_and(|t| t.parse::<EventTime>().unwrap() > moment));
        assert_eq!(late.count(), 0, "{id} saw the future");
    }
    for memory in kithkin.person(&scope()).memories(Now::Clock).unwrap() {
        assert!(!memory.sources.is_empty(), "{id} derived a memory from nothing");
        assert!(memory.sources.iter().all(|turn| known.contains(turn.as_str())), "{id} invented a source");
    }
    let again = ask(&built(method, turns), method, moment.map_or(Now::Clock, Now::At));
    if moment.is_some() {
        assert_eq!(seen(&report), seen(&again), "{id} does not give the same answer twice");
    }
}

fn check_all(turns: &[Turn], now: Option<u16>) {
    Kithkin::methods().unwrap().iter().for_each(|method| check(method, turns, now));
}

#[test]
fn degenerate_persons_get_a_valid_answer() {
    let many = |n: usize, session: &dyn Fn(usize) -> u8, day: Option<u16>, text: &str| -> Vec<Turn> {
        (0..n).map(|i| turn(i, session(i), day, text)).collect()
    };
    check_all(&many(1, &|_| 0, Some(1), "the cat"), Some(9));
    check_all(&many(300, &|_| 0, Some(1), "the cat sat on the boat"), Some(9));
    check_all(&many(60, &|i| i as u8, None, "the same in each session"), None);
    check_all(&many(1, &|_| 0, Some(1), &"cat boat ".repeat(1 << 13)), Some(9));
    check_all(&many(5, &|_| 0, Some(1), "… !? 🦊"), Some(9));
    check_all(&many(40, &|i| (i / 4) as u8, Some(1), "猫はボートにいる。"), Some(9));
}

const WORDS: &[&str] =
    &["cat", "boat", "oslo", "bread?", "mother.", "I", "the", "猫", "piano", "likes", "moved to", "…"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn generated_persons_get_a_valid_answer(
        history in prop::collection::vec(
            (0u8..4, prop::option::weighted(0.9, 1u16..300), prop::collection::vec(0..WORDS.len(), 1..7)), 1..30),
        now in 1u16..300,
    ) {
        let text = |words: &[usize]| words.iter().map(|w| WORDS[*w]).collect::<Vec<_>>().join(" ");
        let turns: Vec<Turn> =
            history.iter().enumerate().map(|(i, (session, day, words))| turn(i, *session, *day, &text(words))).collect();
        check_all(&turns, Some(now));
    }
}

/// Without a chat model such a method is refused, and the former one goes on.
#[test]
fn a_method_without_its_chat_model_is_refused() {
    let method = Kithkin::method("memgas-llm").unwrap();
    let kithkin = Kithkin::in_memory().embedder_object(Arc::new(Letters)).start();
    let person = kithkin.person(&scope());
    person.observe(vec![turn(0, 0, Some(1), "the cat")]).unwrap();
    let refused = |e: kithkin::Error| assert!(e.to_string().contains("memgas-llm needs a chat model"), "{e}");
    refused(person.rebuild(&method, &mut |_| ControlFlow::Continue(())).unwrap_err());
    refused(person.recall(&Recall { method: Some(method), ..Recall::new("cat", Now::Clock) }).unwrap_err());
    assert_eq!(person.method().unwrap().about().id.as_str(), "hybrid");
}

/// A person whose segments need vectors can forget, and observe, where there is no embedder.
#[test]
fn what_needs_an_embedder_is_left_for_later() {
    let method = Kithkin::method("secom-semantic").unwrap();
    let kithkin = built(&method, &[turn(0, 0, Some(1), "the cat"), turn(1, 0, Some(1), "the boat")]);
    let mut export = Vec::new();
    kithkin.person(&scope()).export(&mut export, "memory").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.jsonl");
    std::fs::write(&file, export).unwrap();
    let plain = Kithkin::in_memory().start();
    let ingest = Ingest { path: file, format: None, person: None, select: None, at: None, embed: true };
    assert_eq!(plain.import(&scope().tenant, &ingest, &|_| ControlFlow::Continue(())).unwrap().turns, 2);
    let person = plain.person(&scope());
    assert_eq!(person.forget(&Forget::Turns(vec![TurnId::new("t0").unwrap()], None), false).unwrap().turns, 1);
    assert!(person.recall(&Recall::new("cat", Now::Clock)).unwrap_err().to_string().contains("needs an embedder"));
}
