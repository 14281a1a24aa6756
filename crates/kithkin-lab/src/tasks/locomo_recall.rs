//! LoCoMo: are a question's evidence turns among the first k that recall returns?
//!
//! Each conversation is imported as a person of its own through the facade, and each question is asked at the time of
//! the conversation's last turn. A question's gold is its evidence turns; several ids may sit in one string. Questions
//! without evidence that resolves are left out and counted. The answer and the category are never shown to recall.
//!
//! Answerability is scored apart: category 5, and the questions of the next conversation, which this one cannot answer,
//! against its own answerable ones. The areas under the curve say how well it tells them apart at all; how often recall
//! abstains, rightly or not, is counted at the method's own threshold.

use std::collections::{HashMap, HashSet};

use kithkin::import::Format;
use kithkin::{EventTime, Method, Now, Recall, RecallReport, Scope};
use serde::Deserialize;

use super::{Setup, TaskSpec};
use crate::board::Board;
use crate::data::Data;
use crate::items::chosen;
use crate::metrics::{brier, ndcg_at, recall_at, roc_auc, within};
use crate::persons::Persons;
use crate::{LabError, Measured, Table};

pub(super) const TASK: TaskSpec = TaskSpec {
    name: "locomo-recall",
    datasets: &["locomo"],
    strategies: &[],
    about: "are the turns that a question's answer rests on among the first k, or within a budget of tokens?",
    headline: &[
        "recall_mean@10",
        "recall_mean@1",
        "recall_mean@5",
        "recall_mean@1000t",
        "ndcg@10",
        "session_recall_mean@5",
        "answerable_auc_category5",
        "answerable_auc_other",
        "withheld_but_found",
        "held_back_other",
    ],
    run,
};

/// Cutoffs over turns.
const TURNS_AT: [usize; 4] = [1, 5, 10, 20];
/// Budgets of evidence, in tokens.
const TOKENS: [usize; 3] = [500, 1000, 2000];
/// Turns asked for: enough to fill the largest budget.
const ASKED: usize = 120;
/// A question counts as found when a turn of its gold is among so many.
const FOUND_AT: usize = 10;
/// Cutoffs over sessions.
const SESSIONS_AT: [usize; 3] = [1, 3, 5];
/// The category of questions that the conversation does not answer.
const ADVERSARIAL: u8 = 5;

#[derive(Deserialize)]
pub(super) struct Item {
    pub(super) sample_id: String,
    qa: Vec<Question>,
}

#[derive(Deserialize)]
struct Question {
    question: String,
    #[serde(default)]
    evidence: Vec<String>,
    category: u8,
}

/// A conversation that has been imported.
pub(super) struct Conversation {
    pub(super) scope: Scope,
    /// The time of its last turn.
    pub(super) now: Now,
    pub(super) questions: Vec<Asked>,
    /// How many questions have no evidence that resolves.
    pub(super) unresolved: usize,
}

/// A question with evidence.
pub(super) struct Asked {
    pub(super) text: String,
    pub(super) category: u8,
    pub(super) turns: HashSet<String>,
    sessions: HashSet<String>,
}

fn run(setup: &Setup<'_>) -> Result<Table, LabError> {
    let mut data = Data::new("locomo", &setup.data);
    let items: Vec<Item> = chosen(data.json("")?, &setup.items, |item: &Item| &item.sample_id)?;
    let mut persons = Persons::new(setup)?;
    persons.import(&setup.data, Format::Locomo)?;
    let conversations =
        items.iter().map(|item| conversation(&mut persons, item, setup.limit)).collect::<Result<Vec<_>, LabError>>()?;
    let mut rows = Vec::new();
    for method in &setup.methods {
        let built = persons.build(method, setup)?;
        rows.push(measure(&persons, method, &conversations, built, setup)?);
    }
    Ok(Table { task: TASK.name.to_owned(), data: data.source(items.len()), rows })
}

/// Resolves the questions of an item against the turns that were imported.
pub(super) fn conversation(persons: &mut Persons, item: &Item, limit: Option<usize>) -> Result<Conversation, LabError> {
    let scope = persons.scope(&item.sample_id)?;
    let timeline = persons.person(&scope).timeline()?;
    let session_of: HashMap<&str, &str> = timeline.iter().map(|t| (t.turn.as_str(), t.session.as_str())).collect();
    let last = timeline.iter().filter_map(|t| t.said_at.as_deref()?.parse::<EventTime>().ok()).max();
    let mut questions = Vec::new();
    let mut unresolved = 0;
    for question in item.qa.iter().take(limit.unwrap_or(usize::MAX)) {
        let turns: HashSet<String> = question
            .evidence
            .iter()
            .flat_map(|text| evidence_ids(text))
            .filter(|id| session_of.contains_key(id.as_str()))
            .collect();
        if turns.is_empty() {
            unresolved += 1;
            continue;
        }
        let sessions = turns.iter().filter_map(|id| session_of.get(id.as_str())).map(|s| (*s).to_owned()).collect();
        questions.push(Asked { text: question.question.clone(), category: question.category, turns, sessions });
    }
    Ok(Conversation { scope, now: last.map_or(Now::Clock, Now::At), questions, unresolved })
}

/// The turn ids in an evidence string such as `D8:6; D9:17`.
fn evidence_ids(text: &str) -> Vec<String> {
    let parts = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == ':'));
    let id = |part: &str| {
        let (session, turn) = part.strip_prefix('D')?.split_once(':')?;
        (session.parse::<u32>().is_ok() && turn.parse::<u32>().is_ok()).then(|| part.to_owned())
    };
    parts.filter_map(id).collect()
}

fn measure(
    persons: &Persons,
    method: &Method,
    conversations: &[Conversation],
    built: f64,
    setup: &Setup<'_>,
) -> Result<Measured, LabError> {
    let of: u64 = conversations.iter().map(|c| c.questions.len() as u64).sum();
    let mut board = Board::default();
    let (mut own, mut adversarial, mut foreign) = (Vec::new(), Vec::new(), Vec::new());
    let mut held_back = 0.0;
    let mut done = 0;
    for (i, conversation) in conversations.iter().enumerate() {
        let recall = |text: &str, limit: usize| Recall {
            limit,
            method: Some(method.clone()),
            ..Recall::new(text, conversation.now)
        };
        for question in &conversation.questions {
            let report = persons.ask(&conversation.scope, &recall(&question.text, ASKED), &mut board)?;
            let mut scores = scores(&report, question);
            scores.extend(abstentions(&report, question));
            board.question(&[&question.category.to_string()], &scores);
            let group = if question.category == ADVERSARIAL { &mut adversarial } else { &mut own };
            group.push(f64::from(report.answerable));
            done += 1;
            (setup.progress)(method.about().id.as_str(), done, of);
        }
        let next = &conversations[(i + 1) % conversations.len()];
        if conversations.len() > 1 {
            let person = persons.person(&conversation.scope);
            for question in next.questions.iter().filter(|q| q.category != ADVERSARIAL) {
                let report = person.recall(&recall(&question.text, 1))?;
                foreign.push(f64::from(report.answerable));
                held_back += one_if(report.abstain);
            }
        }
        board.skip("evidence does not resolve", conversation.unresolved);
    }
    board.set("answerable_auc_category5", roc_auc(&own, &adversarial));
    board.set("answerable_auc_other", roc_auc(&own, &foreign));
    board.set("answerable_brier", brier(&own, &foreign));
    board.set("held_back_other", (!foreign.is_empty()).then(|| held_back / foreign.len() as f64));
    Ok(board.row(method.about().id.as_str(), built))
}

/// Every metric of one question.
fn scores(report: &RecallReport, question: &Asked) -> Vec<(String, f64)> {
    let turns: Vec<String> = report.evidence.iter().map(|e| e.turn.clone()).collect();
    let sessions: Vec<String> = report.sessions.iter().map(|s| s.session.clone()).collect();
    let mut scores = vec![("compared".to_owned(), report.compared as f64)];
    let mut over = |prefix: &str, ranking: &[String], gold: &HashSet<String>, cutoffs: &[usize]| {
        for &k in cutoffs {
            let recall = recall_at(ranking, gold, k);
            scores.push((format!("{prefix}recall_any@{k}"), recall.any));
            scores.push((format!("{prefix}recall_all@{k}"), recall.all));
            scores.push((format!("{prefix}recall_mean@{k}"), recall.mean));
            scores.push((format!("{prefix}ndcg@{k}"), ndcg_at(ranking, gold, k)));
        }
    };
    over("", &turns, &question.turns, &TURNS_AT);
    over("session_", &sessions, &question.sessions, &SESSIONS_AT);
    for budget in TOKENS {
        let recall = recall_at(&turns, &question.turns, within(&report.evidence, budget));
        scores.push((format!("recall_mean@{budget}t"), recall.mean));
        scores.push((format!("recall_all@{budget}t"), recall.all));
    }
    scores
}

/// Whether recall abstained, under the name of what that is: right for category 5, else an answer withheld, which costs
/// most where the evidence had been found.
fn abstentions(report: &RecallReport, question: &Asked) -> Vec<(String, f64)> {
    let abstained = one_if(report.abstain);
    if question.category == ADVERSARIAL {
        return vec![("held_back_category5".to_owned(), abstained)];
    }
    let found = report.evidence.iter().take(FOUND_AT).any(|e| question.turns.contains(&e.turn));
    let costly = found.then(|| ("withheld_but_found".to_owned(), abstained));
    std::iter::once(("withheld".to_owned(), abstained)).chain(costly).collect()
}

fn one_if(it_is_so: bool) -> f64 {
    f64::from(u8::from(it_is_so))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_strings() {
        let check = |text: &str, expect: &[&str]| assert_eq!(evidence_ids(text), expect, "{text:?}");
        check("D1:3", &["D1:3"]);
        check("D8:6; D9:17", &["D8:6", "D9:17"]);
        check("D9:1 D4:4 D4:6", &["D9:1", "D4:4", "D4:6"]);
        check("D:11:26", &[]);
        check("", &[]);
    }
}
