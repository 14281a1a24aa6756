//! The stage `rescore` with a scripted reranker: what comes back in which order, and what is reported.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use kithkin::{
    Blame, ChatError, ChatModel, ChatReply, ChatRequest, ConversationId, Kithkin, Method, Now, Recall, RecallReport,
    RerankError, Reranker, RescoreReport, Role, Scope, SessionId, Turn, TurnId,
};
use proptest::prelude::*;

/// Reads its score out of the text: what follows the last `=`. It keeps what it was given; a text `=fail` makes it fail.
#[derive(Debug, Default)]
struct Scripted(Mutex<Vec<Vec<String>>>);

impl Reranker for Scripted {
    fn model(&self) -> &str {
        "scripted"
    }

    fn score(&self, query: &str, texts: &[&str]) -> Result<Vec<f32>, RerankError> {
        assert_eq!(query, QUESTION);
        self.0.lock().unwrap().push(texts.iter().map(|&text| text.to_owned()).collect());
        let score = |text: &&str| text.rsplit_once('=').and_then(|(_, score)| score.parse().ok());
        let failed = || RerankError::Failed { model: "scripted".to_owned(), message: "as told".to_owned() };
        texts.iter().map(|text| score(text).ok_or_else(failed)).collect()
    }
}

/// A chat model that calls the second turn relevant.
#[derive(Debug)]
struct Second;

impl ChatModel for Second {
    fn model(&self) -> &str {
        "second"
    }

    fn reply(&self, _: &ChatRequest) -> Result<ChatReply, ChatError> {
        Ok(ChatReply::whole("{\"relevant\": [2]}"))
    }
}

const QUESTION: &str = "Which boat?";

/// A preset that finds turns by words, with these further lines.
fn method(lines: &str) -> Method {
    let text = format!(
        "id = \"mine\"\ntitle = \"x\"\nsummary = \"x\"\nstatus = \"preview\"\ncost = \"x\"\n[recall]\n\
         retrieve = [{{ strategy = \"bm25\" }}]\nfuse = {{ strategy = \"weighted\" }}\n\
         sessions = {{ strategy = \"best-turn\" }}\nanswer = {{ strategy = \"logistic\" }}\nabstain_below = 0.0\n{lines}"
    );
    Method::parse("mine.toml", &text).unwrap()
}

fn rescoring(candidates: usize, deadline_ms: u64) -> Method {
    let pass = format!("strategy = \"cross-encoder\", candidates = {candidates}, deadline_ms = {deadline_ms}");
    method(&format!("rescore = {{ {pass} }}"))
}

fn scope() -> Scope {
    Scope::new("t".parse().unwrap(), "p".parse().unwrap())
}

/// A store in which turn `n` says `boat` so often that the search ranks the turns in their order, and ends in `=score`.
fn store(reranker: Option<Arc<Scripted>>, scores: &[&str]) -> Kithkin {
    let mut builder = Kithkin::in_memory().chat_object(Arc::new(Second));
    if let Some(reranker) = reranker {
        builder = builder.reranker_object(reranker);
    }
    let kithkin = builder.start();
    let turn = |(n, score): (usize, &&str)| Turn {
        conversation: ConversationId::new("c").unwrap(),
        session: SessionId::new(n.to_string()).unwrap(),
        id: TurnId::new(n.to_string()).unwrap(),
        speaker: "Ann".to_owned(),
        role: Role::User,
        said_at: Some("2023-01-10".parse().unwrap()),
        text: format!("{}{}={score}", "boat ".repeat(scores.len() - n), "and so on ".repeat(n)),
        attachments: Vec::new(),
    };
    let person = kithkin.person(&scope());
    person.observe(scores.iter().enumerate().map(turn).collect()).unwrap();
    person.catch_up(&mut |_| ControlFlow::Continue(())).unwrap();
    kithkin
}

fn ask(kithkin: &Kithkin, method: &Method, limit: usize) -> Result<RecallReport, kithkin::Error> {
    let now = Now::At("2023-06-01".parse().unwrap());
    let recall = Recall { method: Some(method.clone()), limit, ..Recall::new(QUESTION, now) };
    kithkin.person(&scope()).recall(&recall)
}

fn ids(report: &RecallReport) -> Vec<usize> {
    report.evidence.iter().map(|e| e.turn.parse().unwrap()).collect()
}

/// The turns that come back, and how many of how many were scored.
fn found(scores: &[&str], method: &Method, limit: usize) -> (Vec<usize>, Option<(usize, usize)>) {
    let report = ask(&store(Some(Arc::default()), scores), method, limit).unwrap();
    (ids(&report), report.rescore.map(|r| (r.scored, r.candidates)))
}

#[test]
fn the_candidates_come_in_the_order_of_the_model_and_the_others_behind() {
    let check = |candidates: usize, limit: usize, expect: &[usize], counted: (usize, usize)| {
        let found = found(&["1", "3", "2", "3", "9"], &rescoring(candidates, 60_000), limit);
        assert_eq!(found, (expect.to_vec(), Some(counted)), "{candidates} candidates, limit {limit}");
    };
    check(100, 10, &[4, 1, 3, 2, 0], (5, 5));
    check(4, 10, &[1, 3, 2, 0, 4], (4, 4));
    check(2, 10, &[1, 0, 2, 3, 4], (2, 2));
    check(1, 10, &[0, 1, 2, 3, 4], (1, 1));
    // What it brings to the front comes from beyond the limit.
    check(5, 2, &[4, 1], (5, 5));
    check(2, 3, &[1, 0, 2], (2, 2));
    check(5, 0, &[], (5, 5));
}

#[test]
fn when_the_time_is_over_the_order_of_the_search_stays() {
    assert_eq!(found(&["1", "3", "2"], &rescoring(3, 0), 10), (vec![0, 1, 2], Some((0, 3))));
    assert_eq!(found(&["1", "3", "2"], &method(""), 10), (vec![0, 1, 2], None));
}

#[test]
fn a_question_that_finds_nothing_reads_nothing() {
    let model = Arc::new(Scripted::default());
    let kithkin = store(Some(Arc::clone(&model)), &["1"]);
    let recall = Recall { method: Some(rescoring(9, 99)), ..Recall::new("Oslo?", Now::Clock) };
    let report = kithkin.person(&scope()).recall(&recall).unwrap();
    assert_eq!((ids(&report), report.rescore), (vec![], Some(RescoreReport { candidates: 0, scored: 0 })));
    assert!(report.abstain && model.0.lock().unwrap().is_empty());
}

#[test]
fn scores_stay_with_the_places_and_each_turn_says_what_became_of_it() {
    let kithkin = store(Some(Arc::default()), &["1", "3", "2"]);
    let (plain, report) = (ask(&kithkin, &method(""), 9).unwrap(), ask(&kithkin, &rescoring(2, 60_000), 9).unwrap());
    let scores = |report: &RecallReport| report.evidence.iter().map(|e| e.score).collect::<Vec<_>>();
    assert_eq!(scores(&report), scores(&plain));
    assert_eq!((report.answerable, &report.sessions), (plain.answerable, &plain.sessions));
    assert_eq!(report.models.get("reranker").map(String::as_str), Some("scripted"));
    assert!(plain.models.is_empty());
    let parts: Vec<String> = report
        .evidence
        .iter()
        .map(|e| {
            assert_eq!(e.why.value, e.score);
            let part = e.why.parts.last().unwrap();
            let below: Vec<String> = part.parts.iter().map(|p| format!("{} {}", p.value, p.label)).collect();
            format!("{}: {} {below:?}", e.turn, part.label)
        })
        .collect();
    assert_eq!(
        parts,
        [
            "1: moved by the reranker scripted, from place 2 [\"3 score of the question and the turn\"]",
            "0: moved by the reranker scripted, from place 1 [\"1 score of the question and the turn\"]",
            "2: not read by the reranker scripted []",
        ]
    );
    let moved: f32 = report.evidence.iter().map(|e| e.why.parts.last().unwrap().value).sum();
    assert!(report.evidence[0].why.parts.last().unwrap().value > 0.0 && moved.abs() < 1e-6);
}

#[test]
fn a_filter_sees_the_new_order() {
    let both =
        "rescore = { strategy = \"cross-encoder\", candidates = 3 }\nfilter = { strategy = \"llm\", candidates = 2 }";
    assert_eq!(found(&["1", "3", "2", "4"], &method(both), 10), (vec![2], Some((3, 3))));
    // The filter reads more than the reranker.
    let both =
        "rescore = { strategy = \"cross-encoder\", candidates = 1 }\nfilter = { strategy = \"llm\", candidates = 4 }";
    assert_eq!(found(&["1", "3", "2", "4"], &method(both), 10), (vec![1], Some((1, 1))));
}

#[test]
fn a_model_that_is_missing_or_fails_is_an_error_and_no_other_order() {
    let check = |reranker: Option<Arc<Scripted>>, scores: &[&str], blame: Blame, says: &[&str]| {
        let error = ask(&store(reranker, scores), &rescoring(9, 60_000), 9).unwrap_err();
        assert_eq!(error.blame(), blame, "{error}");
        assert!(says.iter().all(|part| error.to_string().contains(part)), "{error}");
    };
    check(None, &["1"], Blame::Missing, &["mine needs a reranker", "--reranker", "kithkin methods"]);
    check(Some(Arc::default()), &["1", "fail"], Blame::Model, &["the reranker scripted failed", "as told"]);
    // Beyond the candidates nothing is read.
    assert_eq!(found(&["1", "2", "fail"], &rescoring(2, 60_000), 9).0, [1, 0, 2]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Every turn comes back once: the candidates first, by their scores and then by the search, the others behind.
    #[test]
    fn the_result_is_a_permutation_of_the_search(
        scores in prop::collection::vec(-5i32..5, 1..30), candidates in 1usize..40, limit in 0usize..40
    ) {
        let texts: Vec<String> = scores.iter().map(ToString::to_string).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let (ids, counted) = found(&texts, &rescoring(candidates, 60_000), limit);
        let read = candidates.min(scores.len());
        prop_assert_eq!(counted, Some((read, read)));
        // The sort is stable.
        let mut expect: Vec<usize> = (0..scores.len()).collect();
        expect[..read].sort_by_key(|n| -scores[*n]);
        expect.truncate(limit);
        // What lies beyond both the limit and the candidates was not searched for.
        prop_assert_eq!(ids, expect);
    }
}
