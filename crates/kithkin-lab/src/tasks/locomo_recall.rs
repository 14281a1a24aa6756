//! LoCoMo: are a question's evidence turns among the first k that recall returns?
//!
//! Each conversation is imported as a person of its own through the facade, and each question is asked at the time of
//! the conversation's last turn. A question's gold is its evidence turns; several ids may sit in one string. Questions
//! without evidence that resolves are left out and counted. The answer and the category are never shown to recall.
//!
//! Answerability is scored apart: category 5 against the rest, and the questions of the next conversation, which
//! this one cannot answer, against its own.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::ControlFlow;
use std::time::Instant;

use kithkin::{EventTime, Ingest, Kithkin, Method, Now, PersonId, Recall, Scope, TenantId};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{Setup, read_data};
use crate::metrics::{ndcg_at, recall_at, roc_auc};
use crate::table::Means;
use crate::{LabError, Measured, QueryMillis, Source, Table};

pub(super) const NAME: &str = "locomo-recall";

/// Cutoffs over turns.
const TURNS_AT: [usize; 4] = [1, 5, 10, 20];
/// Cutoffs over sessions.
const SESSIONS_AT: [usize; 3] = [1, 3, 5];
/// The category of questions that the conversation does not answer.
const ADVERSARIAL: u8 = 5;

#[derive(Deserialize)]
struct Item {
    sample_id: String,
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
struct Conversation {
    scope: Scope,
    now: Now,
    questions: Vec<Asked>,
    unresolved: usize,
}

struct Asked {
    text: String,
    category: u8,
    turns: HashSet<String>,
    sessions: HashSet<String>,
}

pub(super) fn run(setup: &Setup<'_>) -> Result<Table, LabError> {
    let bytes = read_data("locomo", &setup.data)?;
    let path = setup.data.display().to_string();
    let wrong = |why: String| LabError::Data { path: path.clone(), why };
    let mut items: Vec<Item> = serde_json::from_slice(&bytes).map_err(|e| wrong(e.to_string()))?;
    if let Some(missing) = setup.items.iter().find(|id| items.iter().all(|item| item.sample_id != **id)) {
        let known = items.iter().map(|item| item.sample_id.clone()).collect();
        return Err(LabError::Unknown { what: "item", name: missing.clone(), known });
    }
    if !setup.items.is_empty() {
        items.retain(|item| setup.items.contains(&item.sample_id));
    }
    let mut builder = Kithkin::in_memory();
    if let Some(embedder) = &setup.embedder {
        builder = builder.embedder_object(std::sync::Arc::clone(embedder));
    }
    let kithkin = builder.start();
    let tenant = TenantId::new("lab").map_err(kithkin::Error::from)?;
    let start = Instant::now();
    let ingest = Ingest {
        path: setup.data.clone(),
        format: Some(kithkin::import::Format::Locomo),
        person: None,
        select: None,
        at: None,
        embed: false,
    };
    kithkin.import(&tenant, &ingest, &|_| ControlFlow::Continue(()))?;
    let stored = start.elapsed().as_secs_f64();
    let conversations = items
        .iter()
        .map(|item| conversation(&kithkin, &tenant, item, setup.limit))
        .collect::<Result<Vec<_>, LabError>>()?;
    let mut embedded = None;
    let mut rows = Vec::new();
    for method in &setup.methods {
        let start = Instant::now();
        for (i, c) in conversations.iter().enumerate() {
            (setup.progress)("building", i as u64, conversations.len() as u64);
            kithkin.person(&c.scope).rebuild(method, &mut |_| ControlFlow::Continue(()))?;
        }
        let mut built = start.elapsed().as_secs_f64();
        if method.about().needs_embedder {
            // The first such method makes the vectors of the turns; they cost the others the same.
            built = built.max(*embedded.get_or_insert(built));
        }
        rows.push(measure(&kithkin, method, &conversations, stored + built, setup)?);
    }
    let sha256 = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
    Ok(Table { task: NAME.to_owned(), data: Source { path, sha256, items: items.len() }, rows })
}

/// Resolves the questions of an item against the turns that were imported.
fn conversation(
    kithkin: &Kithkin,
    tenant: &TenantId,
    item: &Item,
    limit: Option<usize>,
) -> Result<Conversation, LabError> {
    let person = PersonId::new(&item.sample_id).map_err(kithkin::Error::from)?;
    let scope = Scope::new(tenant.clone(), person);
    let timeline = kithkin.person(&scope).timeline()?;
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
    kithkin: &Kithkin,
    method: &Method,
    conversations: &[Conversation],
    ingest_seconds: f64,
    setup: &Setup<'_>,
) -> Result<Measured, LabError> {
    let of: u64 = conversations.iter().map(|c| c.questions.len() as u64).sum();
    let mut all = Means::default();
    let mut by_category: BTreeMap<String, Means> = BTreeMap::new();
    let (mut own, mut adversarial, mut foreign, mut millis) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut models = BTreeMap::new();
    let mut done = 0;
    for (i, conversation) in conversations.iter().enumerate() {
        let person = kithkin.person(&conversation.scope);
        let ask = |text: &str| {
            let recall = Recall { limit: 20, method: Some(method.clone()), ..Recall::new(text, conversation.now) };
            person.recall(&recall)
        };
        for question in &conversation.questions {
            let start = Instant::now();
            let report = ask(&question.text)?;
            millis.push(start.elapsed().as_secs_f64() * 1e3);
            let turns: Vec<String> = report.evidence.iter().map(|e| e.turn.clone()).collect();
            let sessions: Vec<String> = report.sessions.iter().map(|s| s.session.clone()).collect();
            let category = by_category.entry(question.category.to_string()).or_default();
            for (name, value) in scores(&turns, &sessions, question) {
                all.add(&name, value);
                category.add(&name, value);
            }
            let group = if question.category == ADVERSARIAL { &mut adversarial } else { &mut own };
            group.push(f64::from(report.answerable));
            models = report.models;
            done += 1;
            (setup.progress)(method.about().id.as_str(), done, of);
        }
        let next = &conversations[(i + 1) % conversations.len()];
        if conversations.len() > 1 {
            for question in next.questions.iter().filter(|q| q.category != ADVERSARIAL) {
                foreign.push(f64::from(ask(&question.text)?.answerable));
            }
        }
    }
    let mut metrics = all.values();
    metrics.extend(roc_auc(&own, &adversarial).map(|auc| ("answerable_auc_category5".to_owned(), auc)));
    metrics.extend(roc_auc(&own, &foreign).map(|auc| ("answerable_auc_other".to_owned(), auc)));
    let unresolved: usize = conversations.iter().map(|c| c.unresolved).sum();
    Ok(Measured {
        method: method.about().id.to_string(),
        metrics,
        by_category: by_category.into_iter().map(|(category, means)| (category, means.values())).collect(),
        n: done as usize,
        skipped: BTreeMap::from([("evidence does not resolve".to_owned(), unresolved)]),
        models,
        ingest_seconds,
        query_ms: QueryMillis::of(millis),
    })
}

/// Every metric of one question.
fn scores(turns: &[String], sessions: &[String], question: &Asked) -> Vec<(String, f64)> {
    let mut scores = Vec::new();
    let mut over = |prefix: &str, ranking: &[String], gold: &HashSet<String>, cutoffs: &[usize]| {
        for &k in cutoffs {
            let recall = recall_at(ranking, gold, k);
            scores.push((format!("{prefix}recall_any@{k}"), recall.any));
            scores.push((format!("{prefix}recall_all@{k}"), recall.all));
            scores.push((format!("{prefix}recall_mean@{k}"), recall.mean));
            scores.push((format!("{prefix}ndcg@{k}"), ndcg_at(ranking, gold, k)));
        }
    };
    over("", turns, &question.turns, &TURNS_AT);
    over("session_", sessions, &question.sessions, &SESSIONS_AT);
    scores
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
