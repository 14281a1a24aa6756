//! iKAT: which of a person's statements bear on what the person says now?
//!
//! A topic is a conversation of a person who has made ten or twenty statements about themselves. Each topic is a person
//! here, and each statement a turn in a session of its own, so that statements are no neighbours. Turns of the
//! conversation whose labels name at least one relevant statement are asked; the others are left out and counted.
//!
//! `mrr`, `p@3`, `ndcg@3` and `recall@k` ask with the resolved utterance, as the track's manual runs do. `raw_*` ask
//! with the words as they were said, and `dialogue_*` with what the person said before as aspects: what the track's
//! automatic runs have. `nist_*` are the resolved utterances of 2023 against the labels of the assessors. The track ranks
//! all statements, so those that a method does not return come last, in the order in which they were made.

use std::collections::{BTreeMap, HashSet};

use kithkin::{Aspect, Method, Now, Recall, Role, Scope};
use serde::Deserialize;

use super::{Setup, TaskSpec};
use crate::board::Board;
use crate::data::Data;
use crate::items::chosen;
use crate::metrics::{ndcg_at, precision_at, recall_at, reciprocal_rank};
use crate::persons::{Persons, Said};
use crate::{LabError, Measured, Table};

pub(super) const TASK: TaskSpec = TaskSpec {
    name: "ikat-ptkb",
    datasets: &["ikat"],
    strategies: &[],
    about: "are the statements of a person that bear on an utterance ranked above the others?",
    headline: &["mrr", "p@3", "ndcg@3", "recall@5", "raw_mrr", "dialogue_mrr", "nist_mrr", "nist_ndcg@3"],
    run,
};

/// The files of topics, by the name of their year.
const TOPICS: [(&str, &str); 4] = [
    ("2023-train", "2023/data/2023_train_topics.json"),
    ("2023", "2023/data/2023_test_topics.json"),
    ("2024", "2024/data/2024_test_topics.json"),
    ("2025", "2025/data/2025_test_topics.json"),
];
/// The year that assessors labelled, and their labels.
const ASSESSED: (&str, &str) = ("2023", "2023/evaluation/ptkb_rel_nist");
/// The cutoff of precision and gain.
const PLACES: usize = 3;
/// Cutoffs of recall.
const RECALL_AT: [usize; 3] = [1, 3, 5];
/// Statements asked for: more than any person has.
const ASKED: usize = 50;
/// Earlier utterances that are aspects.
const EARLIER: usize = 6;
/// How much each of them counts beside the one after it.
const FADING: f32 = 0.8;

#[derive(Deserialize)]
struct Topic {
    number: Number,
    ptkb: Statements,
    #[serde(alias = "responses")]
    turns: Vec<Utterance>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Text(String),
    Integer(u32),
}

/// Statements by number, or in a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Statements {
    Numbered(BTreeMap<String, String>),
    Listed(Vec<String>),
}

#[derive(Deserialize)]
struct Utterance {
    turn_id: u32,
    #[serde(alias = "user_utterance")]
    utterance: String,
    resolved_utterance: String,
    /// Relevant statements by number.
    #[serde(default)]
    ptkb_provenance: Vec<u32>,
    /// Relevant statements by their words.
    #[serde(default)]
    relevant_ptkbs: Vec<String>,
}

/// A topic of a year.
struct Item {
    /// The year and the number, such as `2023/9-1`.
    id: String,
    year: &'static str,
    /// The statements by their number, from 1.
    statements: Vec<(String, String)>,
    questions: Vec<Asked>,
    unlabelled: usize,
}

struct Asked {
    resolved: String,
    raw: String,
    /// What the person said before, the last first.
    earlier: Vec<String>,
    /// The statements that the topic names; may be empty where the assessors named some.
    named: HashSet<String>,
    /// The statements that the assessors named.
    assessed: HashSet<String>,
}

/// The statements that assessors found relevant, by topic and turn, such as `9-1_3`.
type Assessed = BTreeMap<String, HashSet<String>>;

fn run(setup: &Setup<'_>) -> Result<Table, LabError> {
    let mut data = Data::new("ikat", &setup.data);
    let items = chosen(items(&mut data, setup.limit)?, &setup.items, |item| &item.id)?;
    let mut persons = Persons::new(setup)?;
    let scopes = items.iter().map(|item| observe(&mut persons, item)).collect::<Result<Vec<_>, _>>()?;
    let mut rows = Vec::new();
    for method in &setup.methods {
        let built = persons.build(method, setup)?;
        rows.push(measure(&persons, method, &items, &scopes, built, setup)?);
    }
    Ok(Table { task: TASK.name.to_owned(), data: data.source(items.len()), rows })
}

fn items(data: &mut Data, limit: Option<usize>) -> Result<Vec<Item>, LabError> {
    let mut items = Vec::new();
    for (year, file) in TOPICS {
        let assessed = if year == ASSESSED.0 { assessed(data)? } else { Assessed::new() };
        for topic in data.json::<Vec<Topic>>(file)? {
            let number = match &topic.number {
                Number::Text(text) => text.clone(),
                Number::Integer(number) => number.to_string(),
            };
            let item = item(year, &number, topic, &assessed, limit);
            items.push(item.map_err(|why| data.wrong(file, format!("topic {number}: {why}")))?);
        }
    }
    Ok(items)
}

/// The labels of the assessors: topic and turn, an unused column, statement, relevance.
fn assessed(data: &mut Data) -> Result<Assessed, LabError> {
    let text = data.text(ASSESSED.1)?;
    let mut assessed = Assessed::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let [turn, _, statement, relevance] = line.split_whitespace().collect::<Vec<_>>()[..] else {
            return Err(data.wrong(ASSESSED.1, format!("line {number} has not the four columns of a judgement")));
        };
        if relevance != "0" {
            assessed.entry(turn.to_owned()).or_default().insert(statement.to_owned());
        }
    }
    Ok(assessed)
}

fn item(
    year: &'static str,
    number: &str,
    topic: Topic,
    assessed: &Assessed,
    limit: Option<usize>,
) -> Result<Item, String> {
    let statements: Vec<(String, String)> = match topic.ptkb {
        Statements::Numbered(numbered) => {
            let mut numbered: Vec<_> = numbered.into_iter().collect();
            numbered.sort_by_key(|(number, _)| number.parse().unwrap_or(usize::MAX));
            numbered
        }
        Statements::Listed(listed) => (1..).map(|n: usize| n.to_string()).zip(listed).collect(),
    };
    let mut earlier = Vec::new();
    let mut item = Item { id: format!("{year}/{number}"), year, statements, questions: Vec::new(), unlabelled: 0 };
    for turn in topic.turns.into_iter().take(limit.unwrap_or(usize::MAX)) {
        let by_number = turn.ptkb_provenance.iter().map(|n| item.number(|(id, _)| *id == n.to_string(), n));
        let by_words = turn.relevant_ptkbs.iter().map(|words| item.number(|(_, text)| text == words, words));
        let named: HashSet<String> = by_number.chain(by_words).collect::<Result<_, _>>()?;
        let assessed = assessed.get(&format!("{number}_{}", turn.turn_id)).cloned().unwrap_or_default();
        if named.is_empty() && assessed.is_empty() {
            item.unlabelled += 1;
        } else {
            let (resolved, raw, earlier) = (turn.resolved_utterance, turn.utterance.clone(), earlier.clone());
            item.questions.push(Asked { resolved, raw, earlier, named, assessed });
        }
        earlier.insert(0, turn.utterance);
        earlier.truncate(EARLIER);
    }
    Ok(item)
}

impl Item {
    /// The number of the statement that a label means.
    fn number(
        &self,
        is_meant: impl Fn(&(String, String)) -> bool,
        label: &dyn std::fmt::Display,
    ) -> Result<String, String> {
        let found = self.statements.iter().find(|statement| is_meant(statement));
        found.map(|(id, _)| id.clone()).ok_or_else(|| format!("a turn names the statement {label}, which is not there"))
    }

    /// The numbers of all statements: those found, then the others.
    fn ranking(&self, mut found: Vec<String>) -> Vec<String> {
        let rest: Vec<String> =
            self.statements.iter().map(|(id, _)| id.clone()).filter(|id| !found.contains(id)).collect();
        found.extend(rest);
        found
    }
}

impl Asked {
    /// What was said before, each as a further query.
    fn aspects(&self) -> Vec<Aspect> {
        let weights = (1..).map(|before| FADING.powi(before));
        let said = self.earlier.iter().filter(|text| !text.trim().is_empty()).zip(weights);
        said.map(|(text, weight)| Aspect { text: text.clone(), weight }).collect()
    }
}

/// Observes a topic's statements, each in a session of its own.
fn observe(persons: &mut Persons, item: &Item) -> Result<Scope, LabError> {
    let said: Vec<Said<'_>> = item
        .statements
        .iter()
        .map(|(id, text)| Said { id, session: id, speaker: "user", role: Role::User, at: None, text })
        .collect();
    persons.observe(&item.id, &said)
}

fn measure(
    persons: &Persons,
    method: &Method,
    items: &[Item],
    scopes: &[Scope],
    built: f64,
    setup: &Setup<'_>,
) -> Result<Measured, LabError> {
    let of = items.iter().map(|item| item.questions.len() as u64).sum();
    let mut board = Board::default();
    let mut done = 0;
    for (item, scope) in items.iter().zip(scopes) {
        let ranking = |text: &str, aspects: Vec<Aspect>, board: &mut Board| {
            let recall =
                Recall { aspects, limit: ASKED, method: Some(method.clone()), ..Recall::new(text, Now::Clock) };
            let report = persons.ask(scope, &recall, board)?;
            Ok::<_, LabError>(item.ranking(report.evidence.into_iter().map(|evidence| evidence.turn).collect()))
        };
        for question in &item.questions {
            let (named, assessed) = (&question.named, &question.assessed);
            let resolved = ranking(&question.resolved, Vec::new(), &mut board)?;
            let mut scores = Vec::new();
            if !named.is_empty() {
                score("", &resolved, named, &mut scores);
                score("raw_", &ranking(&question.raw, Vec::new(), &mut board)?, named, &mut scores);
                score("dialogue_", &ranking(&question.raw, question.aspects(), &mut board)?, named, &mut scores);
            }
            if !assessed.is_empty() {
                score("nist_", &resolved, assessed, &mut scores);
            }
            board.question(&[item.year], &scores);
            done += 1;
            (setup.progress)(method.about().id.as_str(), done, of);
        }
        board.skip("no statement is labelled as relevant", item.unlabelled);
    }
    Ok(board.row(method.about().id.as_str(), built))
}

fn score(prefix: &str, ranking: &[String], gold: &HashSet<String>, scores: &mut Vec<(String, f64)>) {
    scores.push((format!("{prefix}mrr"), reciprocal_rank(ranking, gold)));
    scores.push((format!("{prefix}p@{PLACES}"), precision_at(ranking, gold, PLACES)));
    scores.push((format!("{prefix}ndcg@{PLACES}"), ndcg_at(ranking, gold, PLACES)));
    for k in RECALL_AT {
        scores.push((format!("{prefix}recall@{k}"), recall_at(ranking, gold, k).mean));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(topic: &str, assessed: &[&str]) -> Result<Item, String> {
        let assessed = assessed.iter().map(|label| (*label).to_owned()).collect();
        let assessed = Assessed::from([("7_2".to_owned(), assessed)]);
        item("2023", "7", serde_json::from_str(topic).unwrap(), &assessed, None)
    }

    #[test]
    fn both_forms_of_statements_and_labels() {
        let check = |topic: &str, assessed: &[&str], named: &[&str], unlabelled: usize| {
            let item = read(topic, assessed).unwrap();
            let found: Vec<&str> = item.questions.iter().flat_map(|q| &q.named).map(String::as_str).collect();
            assert_eq!((found.as_slice(), item.unlabelled), (named, unlabelled), "{topic}");
        };
        let numbered = r#"{"number": 7, "ptkb": {"10": "ten", "2": "two"}, "turns": [
            {"turn_id": 1, "utterance": "u", "resolved_utterance": "r", "ptkb_provenance": [10]},
            {"turn_id": 2, "utterance": "v", "resolved_utterance": "s", "ptkb_provenance": []}]}"#;
        check(numbered, &[], &["10"], 1);
        check(numbered, &["2"], &["10"], 0);
        let listed = r#"{"number": "7", "ptkb": ["one", "two"], "responses": [
            {"turn_id": 1, "user_utterance": "u", "resolved_utterance": "r", "relevant_ptkbs": ["two"]}]}"#;
        check(listed, &[], &["2"], 0);
        let wrong = read(&numbered.replace("[10]", "[3]"), &[]).err();
        assert_eq!(wrong.as_deref(), Some("a turn names the statement 3, which is not there"));

        let item = read(numbered, &["2"]).unwrap();
        assert_eq!(item.questions[1].aspects(), [Aspect { text: "u".into(), weight: FADING }]);
        assert_eq!(item.ranking(vec!["10".into()]), ["10", "2"]);
        assert_eq!(item.ranking(Vec::new()), ["2", "10"]);
    }
}
