//! LongMemEval: are the marked turns and sessions of a question's haystack among the first k?
//!
//! Each question's haystack is a person of its own, imported through the facade and asked at the question's date. Scored
//! is what the authors' `run_retrieval.py` scores with an index of turns, with their formulas (`eval_utils.py`): the
//! corpus is the user's turns; gold are those marked `has_answer` in sessions whose id says `answer`; turns of the
//! assistant are passed over in the ranking. Left out, as there, are abstention questions and questions without a gold
//! turn, so the questions about what the assistant said are mostly not measured.
//!
//! The question's answer, type and marks are never shown to recall.

use std::collections::{HashMap, HashSet};

use kithkin::import::Format;
use kithkin::{EventTime, Method, Now, Recall, Scope};
use serde::Deserialize;

use super::{Setup, TaskSpec};
use crate::board::Board;
use crate::data::Data;
use crate::items::chosen;
use crate::persons::Persons;
use crate::{LabError, Measured, Table};

pub(super) const TASK: TaskSpec = TaskSpec {
    name: "longmemeval-recall",
    datasets: &["longmemeval"],
    strategies: &[],
    about: "are the marked turns and sessions of a question's own history among the first k, by the authors' formulas?",
    headline: &[
        "session_recall_all@5",
        "session_ndcg_any@5",
        "session_recall_all@10",
        "session_ndcg_any@10",
        "turn_recall_all@5",
        "turn_ndcg_any@5",
        "turn_recall_all@10",
        "turn_ndcg_any@10",
        "turn_recall_all@50",
        "turn_ndcg_any@50",
    ],
    run,
};

/// The authors' cutoffs, over turns and over sessions.
const CUTOFFS: [usize; 6] = [1, 3, 5, 10, 30, 50];

#[derive(Deserialize)]
struct Entry {
    question_id: String,
    question_type: String,
    question: String,
    question_date: String,
    haystack_session_ids: Vec<String>,
    haystack_sessions: Vec<Vec<Message>>,
}

/// A message; the importer reads its words.
#[derive(Deserialize)]
struct Message {
    role: String,
    has_answer: Option<bool>,
}

/// The questions that are scored, and how many are not.
#[derive(Default)]
struct Questions {
    asked: Vec<Asked>,
    abstention: usize,
    without_gold: usize,
}

/// A question whose haystack has been imported.
struct Asked {
    scope: Scope,
    now: Now,
    text: String,
    category: String,
    /// Turns of both speakers.
    turns: usize,
    corpus: Corpus,
}

/// The corpus of a question: the turns of the user by id, and whether each is gold.
#[derive(Default)]
struct Corpus {
    gold: HashMap<String, bool>,
    /// Gold turns; where a session is there twice, its turns count twice.
    relevant: usize,
}

/// A turn of the corpus in a ranking.
struct Ranked<'a> {
    turn: &'a str,
    session: &'a str,
    gold: bool,
}

fn run(setup: &Setup<'_>) -> Result<Table, LabError> {
    let mut data = Data::new("longmemeval", &setup.data);
    let entries = chosen(data.json::<Vec<Entry>>("")?, &setup.items, |entry| &entry.question_id)?;
    let mut persons = Persons::new(setup)?;
    persons.import(&setup.data, Format::LongMemEval)?;
    let questions = questions(&mut persons, &entries, &data)?;
    let mut rows = Vec::new();
    for method in &setup.methods {
        let built = persons.build(method, setup)?;
        rows.push(measure(&persons, method, &questions, built, setup)?);
    }
    Ok(Table { task: TASK.name.to_owned(), data: data.source(entries.len()), rows })
}

fn questions(persons: &mut Persons, entries: &[Entry], data: &Data) -> Result<Questions, LabError> {
    let mut questions = Questions::default();
    for entry in entries {
        let corpus = Corpus::of(entry);
        if entry.question_id.contains("_abs") {
            questions.abstention += 1;
            continue;
        }
        if corpus.relevant == 0 {
            questions.without_gold += 1;
            continue;
        }
        let now = date(&entry.question_date).ok_or_else(|| {
            let Entry { question_id: id, question_date: date, .. } = entry;
            data.wrong("", format!("question {id:?}: {date:?} is not a time; write it like \"2023/05/30 (Tue) 23:40\""))
        })?;
        questions.asked.push(Asked {
            scope: persons.scope(&entry.question_id)?,
            now: Now::At(now),
            text: entry.question.clone(),
            category: entry.question_type.clone(),
            turns: entry.haystack_sessions.iter().map(Vec::len).sum(),
            corpus,
        });
    }
    Ok(questions)
}

/// Reads `2023/05/30 (Tue) 23:40`.
fn date(text: &str) -> Option<EventTime> {
    let words: Vec<&str> = text.split_whitespace().filter(|word| !word.starts_with('(')).collect();
    words.join("T").replace('/', "-").parse().ok()
}

fn measure(
    persons: &Persons,
    method: &Method,
    questions: &Questions,
    built: f64,
    setup: &Setup<'_>,
) -> Result<Measured, LabError> {
    let of = questions.asked.len() as u64;
    let mut board = Board::default();
    for (done, question) in (1..).zip(&questions.asked) {
        // The cutoffs over sessions reach as deep as it takes, so the whole ranking is asked for.
        let limit = question.turns;
        let recall = Recall { limit, method: Some(method.clone()), ..Recall::new(&question.text, question.now) };
        let report = persons.ask(&question.scope, &recall, &mut board)?;
        let turns = report.evidence.iter().map(|found| found.turn.as_str());
        board.question(&[&question.category], &question.corpus.scores(turns));
        (setup.progress)(method.about().id.as_str(), done, of);
    }
    board.skip("abstention", questions.abstention);
    board.skip("no turn of the user is marked", questions.without_gold);
    Ok(board.row(method.about().id.as_str(), built))
}

impl Corpus {
    fn of(entry: &Entry) -> Self {
        let mut corpus = Self::default();
        for (session, messages) in entry.haystack_session_ids.iter().zip(&entry.haystack_sessions) {
            for (number, message) in (1..).zip(messages).filter(|(_, message)| message.role == "user") {
                let gold = session.contains("answer") && message.has_answer == Some(true);
                corpus.relevant += usize::from(gold);
                *corpus.gold.entry(format!("{session}:{number}")).or_default() |= gold;
            }
        }
        corpus
    }

    /// The turn of the corpus that a turn of the history is; nothing for the assistant's. Where a session id comes again
    /// with other messages, the history numbers the tellings (`id#2:1`) and the corpus does not.
    fn ranked(&self, turn: &str) -> Option<Ranked<'_>> {
        let untold = || {
            let (telling, number) = turn.rsplit_once(':')?;
            let (session, _) = telling.rsplit_once('#')?;
            self.gold.get_key_value(&format!("{session}:{number}"))
        };
        let (turn, gold) = self.gold.get_key_value(turn).or_else(untold)?;
        let (session, _) = turn.rsplit_once(':')?;
        Some(Ranked { turn, session, gold: *gold })
    }

    /// Every metric of a ranking of the history's turns.
    fn scores<'t>(&self, turns: impl Iterator<Item = &'t str>) -> Vec<(String, f64)> {
        let ranking: Vec<Ranked<'_>> = turns.filter_map(|turn| self.ranked(turn)).collect();
        let gold = || self.gold.iter().filter(|(_, gold)| **gold).filter_map(|(turn, _)| self.ranked(turn));
        let turns = gold().count();
        let sessions = gold().map(|turn| turn.session).collect::<HashSet<_>>().len();
        let mut scores = Vec::new();
        for k in CUTOFFS {
            let deep = reach(&ranking, k);
            let mut note = |level: &str, found: usize, of: usize, cutoff: usize| {
                scores.push((format!("{level}_recall_any@{k}"), f64::from(u8::from(found > 0))));
                scores.push((format!("{level}_recall_all@{k}"), f64::from(u8::from(found == of))));
                scores.push((format!("{level}_ndcg_any@{k}"), ndcg(&ranking, self.relevant, cutoff)));
            };
            note("turn", found(&ranking, k, |turn| turn.turn), turns, k);
            note("session", found(&ranking, deep, |turn| turn.session), sessions, deep);
        }
        scores
    }
}

/// How many gold turns, or sessions of such, are among the first turns.
fn found<'a>(ranking: &[Ranked<'a>], cutoff: usize, name: fn(&Ranked<'a>) -> &'a str) -> usize {
    ranking.iter().take(cutoff).filter(|turn| turn.gold).map(name).collect::<HashSet<_>>().len()
}

/// How many turns it takes to see `k` sessions; without end where there are fewer. The gold turns of a session and its
/// others count as two sessions, because the authors give the others another id.
fn reach(ranking: &[Ranked<'_>], k: usize) -> usize {
    let mut seen = HashSet::new();
    let last = ranking.iter().position(|turn| seen.insert((turn.session, turn.gold)) && seen.len() == k);
    last.map_or(usize::MAX, |at| at + 1)
}

/// The authors' gain: the first two ranks count full, rank r from the third on 1 / log2(r).
fn ndcg(ranking: &[Ranked<'_>], relevant: usize, cutoff: usize) -> f64 {
    let gain = |rank: usize| if rank < 2 { 1.0 } else { 1.0 / (rank as f64).log2() };
    let gained: f64 = (1..).zip(ranking).take(cutoff).filter(|(_, turn)| turn.gold).map(|(rank, _)| gain(rank)).sum();
    let ideal: f64 = (1..=relevant.min(cutoff)).map(gain).sum();
    if ideal > 0.0 { gained / ideal } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The user's turns of sessions; the odd messages are theirs.
    fn corpus() -> Corpus {
        let session = |marks: &[bool]| -> Vec<Message> {
            let said = marks.iter().flat_map(|mark| {
                let message = |role: &str, mark| Message { role: role.to_owned(), has_answer: mark };
                [message("user", Some(*mark)), message("assistant", None)]
            });
            said.collect()
        };
        Corpus::of(&Entry {
            question_id: "q".to_owned(),
            question_type: "multi-session".to_owned(),
            question: "?".to_owned(),
            question_date: "2023/05/30 (Tue) 23:40".to_owned(),
            haystack_session_ids: ["a", "answer_1", "b", "answer_2", "c"].map(str::to_owned).to_vec(),
            haystack_sessions: vec![
                session(&[false, true]),
                session(&[true, false]),
                session(&[false]),
                session(&[false, true]),
                session(&[false; 3]),
            ],
        })
    }

    /// The values are those that the authors' script gives for the same corpus and ranking.
    fn check(ranking: &str, k: usize, turn: [f64; 3], session: [f64; 3]) {
        let scores: HashMap<String, f64> = corpus().scores(ranking.split(' ')).into_iter().collect();
        for (level, expect) in [("turn", turn), ("session", session)] {
            for (metric, expect) in ["recall_any", "recall_all", "ndcg_any"].iter().zip(expect) {
                let got = scores[&format!("{level}_{metric}@{k}")];
                assert!((got - expect).abs() < 1e-6, "{level}_{metric}@{k}: {got} for {expect}");
            }
        }
    }

    #[test]
    fn the_authors_formulas() {
        let late = "a:1 answer_1:3 a:3 answer_1:1 answer_1:2 b:1 c:1 answer_2:3 answer_2:1 c:3 c:5";
        check(late, 1, [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]);
        check(late, 3, [0.0, 0.0, 0.0], [1.0, 0.0, 0.25]);
        check(late, 5, [1.0, 0.0, 0.25], [1.0, 0.0, 0.25]);
        check(late, 10, [1.0, 1.0, 0.428_104], [1.0, 1.0, 0.428_104]);
        let early = "answer_2:3 c:1 c:3 c:5 a:1 a:3 answer_1:1 answer_1:3 b:1 answer_2:1";
        check(early, 1, [1.0, 0.0, 1.0], [1.0, 0.0, 1.0]);
        check(early, 3, [1.0, 0.0, 0.5], [1.0, 0.0, 0.5]);
        check(early, 5, [1.0, 0.0, 0.5], [1.0, 1.0, 0.678_104]);
        check(early, 50, [1.0, 1.0, 0.678_104], [1.0, 1.0, 0.678_104]);
        // A ranking that ends early finds what it holds, and no more.
        check("answer_2:3", 50, [1.0, 0.0, 0.5], [1.0, 0.0, 0.5]);
    }

    #[test]
    fn another_telling_of_a_session_is_the_same_to_the_corpus() {
        let corpus = corpus();
        let ranked = |turn| corpus.ranked(turn).map(|ranked| (ranked.turn, ranked.session, ranked.gold));
        assert_eq!(ranked("answer_1#2:1"), Some(("answer_1:1", "answer_1", true)));
        assert_eq!(ranked("answer_1:2"), None);
        assert_eq!(ranked("a:3"), Some(("a:3", "a", false)));
    }

    #[test]
    fn dates() {
        let check = |text: &str, expect: Option<&str>| {
            assert_eq!(date(text).map(|time| time.to_string()).as_deref(), expect, "{text}");
        };
        check("2023/05/30 (Tue) 23:40", Some("2023-05-30T23:40"));
        check("2023/05/30", Some("2023-05-30"));
        check("30 May", None);
    }
}
