//! PersonaBench: are the private documents that reveal what is asked among the first k, and do the first turns say it?
//!
//! A character at a level of noise is an item, and a person of its own. A document (a conversation, a chat with an
//! assistant, an order) is a session and a line of it a turn. Questions are asked at the time of the last document.
//!
//! The authors' gold is documents: for each value of the answer those that reveal it, one of which is enough.
//! `document_*` ranks sessions as their `eval.py` does: the best recall and nDCG over all choices of one document for
//! each value. `recall_*` ranks turns: a value is found with a turn of one of its documents that says it word for word;
//! values that no such turn says are not asked for there. `answer_*` is the share of the answer's strings that some turn
//! says, and `answer_said` the share that the whole history says, which bounds it.
//!
//! Left out are subjective questions, as by the authors. Answer, category and gold are never shown to recall.

use std::collections::{BTreeMap, HashMap, HashSet};

use kithkin::{EventTime, Method, Now, Recall, RecallReport, Role, Scope};
use serde::Deserialize;
use serde_json::Value;

use super::{Setup, TaskSpec};
use crate::board::Board;
use crate::data::Data;
use crate::items::chosen;
use crate::metrics::{Fact, fact_scores, ndcg_at, recall_at, says, within, words};
use crate::persons::{Persons, Said};
use crate::{LabError, Measured, Table};

pub(super) const TASK: TaskSpec = TaskSpec {
    name: "personabench",
    datasets: &["personabench"],
    strategies: &[],
    about: "are the private documents that reveal what is asked among the first k, and do the first turns say it?",
    headline: &[
        "document_recall@1",
        "document_recall@5",
        "document_ndcg@5",
        "recall_mean@5",
        "recall_mean@10",
        "answer_mean@10",
        "answer_mean@1000t",
        "answer_said",
    ],
    run,
};

/// The levels of noise that the authors publish: the share of documents that reveal nothing.
const LEVELS: [&str; 4] = ["0.0", "0.3", "0.5", "0.7"];
/// Files of a level.
const KINDS: [&str; 3] = ["conversation", "user_ai_interaction", "purchase_history"];
/// Cutoffs over documents; the authors' is 5.
const DOCUMENTS_AT: [usize; 4] = [1, 3, 5, 10];
/// Cutoffs over turns.
const TURNS_AT: [usize; 4] = [1, 5, 10, 20];
/// Budgets of evidence, in tokens.
const TOKENS: [usize; 3] = [500, 1000, 2000];
/// Turns asked for: enough to fill the largest budget.
const ASKED: usize = 120;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Character {
    name: String,
    #[serde(rename = "Eval_Info")]
    eval: Evaluation,
}

#[derive(Deserialize)]
struct Evaluation {
    qa: Vec<Question>,
}

#[derive(Deserialize)]
struct Question {
    q_id: String,
    question: String,
    answer: Value,
    #[serde(rename = "type")]
    kind: String,
    difficulty: String,
}

#[derive(Deserialize)]
struct Gold {
    q_id: String,
    segment_id: Values,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Owned {
    name: String,
    data: Vec<Filed>,
}

/// Conversations are filed by partner, the other documents one by one.
#[derive(Deserialize)]
#[serde(untagged)]
enum Filed {
    Partner {
        #[serde(rename = "Conversations")]
        conversations: Vec<Document>,
    },
    Document(Document),
}

#[derive(Deserialize)]
struct Document {
    segment_id: String,
    time: String,
    #[serde(alias = "conversation", alias = "user_ai_interaction", alias = "purchase_history")]
    lines: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Message { role: String, content: String },
    Purchase { title: String, description: String, brand: String, categories: Vec<String> },
}

/// By value of an answer, the documents that reveal it.
type Values = BTreeMap<String, Vec<String>>;

/// A turn of a character.
struct Turn {
    id: String,
    session: String,
    speaker: String,
    role: Role,
    at: EventTime,
    text: String,
}

/// A character at a level of noise.
struct Item {
    id: String,
    turns: Vec<Turn>,
    questions: Vec<Asked>,
    subjective: usize,
    ungrounded: usize,
}

struct Asked {
    text: String,
    categories: [String; 3],
    /// All choices of one document for each value.
    choices: Vec<HashSet<String>>,
    /// The turns that say a value, for each value that is said.
    facts: Vec<Fact>,
    /// The words of each string of the answer.
    answer: Vec<Vec<String>>,
    /// The share of them that the history says.
    said: f64,
}

fn run(setup: &Setup<'_>) -> Result<Table, LabError> {
    let mut data = Data::new("personabench", &setup.data);
    let items = chosen(items(&mut data, setup)?, &setup.items, |item| &item.id)?;
    let mut persons = Persons::new(setup)?;
    let scopes = items.iter().map(|item| observe(&mut persons, item)).collect::<Result<Vec<_>, _>>()?;
    let mut rows = Vec::new();
    for method in &setup.methods {
        let built = persons.build(method, setup)?;
        rows.push(measure(&persons, method, &items, &scopes, built, setup)?);
    }
    Ok(Table { task: TASK.name.to_owned(), data: data.source(items.len()), rows })
}

/// All characters that have documents, at every level that is there.
fn items(data: &mut Data, setup: &Setup<'_>) -> Result<Vec<Item>, LabError> {
    let mut items = Vec::new();
    let folders =
        (0..).map(|n| format!("community_{n}")).take_while(|folder| *folder == "community_0" || data.has(folder));
    for community in folders.collect::<Vec<_>>() {
        let characters: Vec<Character> = data.json(&format!("{community}/eval_info/eval_info_all.json"))?;
        for level in LEVELS {
            let folder = format!("{community}/private_data/noise_{level}");
            if !data.has(&folder) {
                continue;
            }
            let gold = format!("{community}/eval_info/qa_gt_context_all_noise_{level}.json");
            let gold: Vec<Gold> = data.json(&gold)?;
            let gold = gold.into_iter().map(|gold| (gold.q_id, gold.segment_id)).collect();
            let mut turns = turns(data, &folder)?;
            for character in &characters {
                if let Some(turns) = turns.remove(&character.name) {
                    let id = format!("{community}/noise_{level}/{}", character.name);
                    let qa = &character.eval.qa;
                    let qa = qa.get(..setup.limit.unwrap_or(usize::MAX)).unwrap_or(qa);
                    items.push(item(id, level, turns, qa, &gold));
                }
            }
        }
    }
    Ok(items)
}

/// The turns of a level by character, oldest document first.
fn turns(data: &mut Data, folder: &str) -> Result<HashMap<String, Vec<Turn>>, LabError> {
    let mut by_character: HashMap<String, Vec<Turn>> = HashMap::new();
    for kind in KINDS {
        let file = format!("{folder}/{kind}_data_all.json");
        for owned in data.json::<Vec<Owned>>(&file)? {
            let turns = by_character.entry(owned.name.clone()).or_default();
            let documents = owned.data.into_iter().flat_map(|filed| match filed {
                Filed::Partner { conversations } => conversations,
                Filed::Document(document) => vec![document],
            });
            for document in documents {
                let Document { segment_id: id, time: text, lines } = document;
                let wrong = || format!("document {id}: {text:?} is not a time; write it like \"2024/Oct/16/09:25 AM\"");
                let at = time(&text).ok_or_else(|| data.wrong(&file, wrong()))?;
                turns.extend((1..).zip(&lines).map(|(number, line)| turn(&id, number, at, line, &owned.name)));
            }
        }
    }
    for turns in by_character.values_mut() {
        turns.sort_by_key(|turn| turn.at);
    }
    Ok(by_character)
}

fn turn(session: &str, number: usize, at: EventTime, line: &Line, character: &str) -> Turn {
    let (speaker, role, text) = match line {
        Line::Message { role, content } => match role.as_str() {
            "assistant" => (role.as_str(), Role::Assistant, content.clone()),
            "user" => (character, Role::User, content.clone()),
            name => (name, Role::User, content.clone()),
        },
        Line::Purchase { title, description, brand, categories } => {
            let text = format!("{title}. {description} ({brand}; {})", categories.join(", "));
            ("purchase history", Role::Tool, text)
        }
    };
    let (id, session) = (format!("{session}:{number}"), session.to_owned());
    Turn { id, session, speaker: speaker.to_owned(), role, at, text }
}

/// Reads `2024/Oct/16/09:25 AM`.
fn time(text: &str) -> Option<EventTime> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let [year, month, day, clock] = text.split('/').collect::<Vec<_>>().try_into().ok()?;
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let (clock, half) = clock.split_once(' ')?;
    let (hour, minute) = clock.split_once(':')?;
    let hour = hour.parse::<u8>().ok().filter(|hour| (1..=12).contains(hour))? % 12;
    let hour = match half {
        "AM" => hour,
        "PM" => hour + 12,
        _ => return None,
    };
    format!("{year}-{month:02}-{day}T{hour:02}:{minute}").parse().ok()
}

fn item(id: String, level: &str, turns: Vec<Turn>, qa: &[Question], gold: &HashMap<String, Values>) -> Item {
    let texts: Vec<Vec<String>> = turns.iter().map(|turn| words(&turn.text)).collect();
    let mut questions = Vec::new();
    let (mut subjective, mut ungrounded) = (0, 0);
    for question in qa {
        match gold.get(&question.q_id).filter(|values| !values.is_empty()) {
            _ if question.kind == "Subjective" => subjective += 1,
            Some(values) => questions.push(asked(question, values, level, &turns, &texts)),
            None => ungrounded += 1,
        }
    }
    Item { id, turns, questions, subjective, ungrounded }
}

/// Resolves a question against the turns of its character, which come with their words.
fn asked(question: &Question, values: &Values, level: &str, turns: &[Turn], texts: &[Vec<String>]) -> Asked {
    let answer = strings(&question.answer);
    let fact = |value: &str, documents: &[String]| -> Fact {
        let Some(string) = meant(value, &answer) else { return Fact::new() };
        let inside = turns.iter().zip(texts).filter(|(turn, _)| documents.contains(&turn.session));
        inside.filter(|(_, text)| says(text, string)).map(|(turn, _)| turn.id.clone()).collect()
    };
    let facts = values.iter().map(|(value, documents)| fact(value, documents)).filter(|fact| !fact.is_empty());
    let kind = match question.kind.as_str() {
        "Preference" => format!("Preference, {}", question.difficulty),
        other => other.to_owned(),
    };
    Asked {
        text: question.question.clone(),
        categories: [format!("noise {level}"), format!("noise {level}, {kind}"), kind],
        choices: choices(values.values()),
        facts: facts.collect(),
        said: share_said(&answer, texts),
        answer,
    }
}

/// The words of every string and number in an answer.
fn strings(answer: &Value) -> Vec<Vec<String>> {
    match answer {
        Value::String(text) => vec![words(text)],
        Value::Number(number) => vec![words(&number.to_string())],
        Value::Array(values) => values.iter().flat_map(strings).collect(),
        Value::Object(fields) => fields.values().flat_map(strings).collect(),
        Value::Null | Value::Bool(_) => Vec::new(),
    }
}

/// The string of the answer that a value of the gold stands for. A value is written like the string, or as a field with
/// its name; where a question asks for a relation, it is the other person's name, and the answer is the only string.
fn meant<'a>(value: &str, answer: &'a [Vec<String>]) -> Option<&'a Vec<String>> {
    let value = words(value);
    let written = answer.iter().filter(|string| says(&value, string)).max_by_key(|string| string.len());
    written.or(if let [only] = answer { Some(only) } else { None })
}

/// All choices of one document for each value.
fn choices<'a>(values: impl Iterator<Item = &'a Vec<String>>) -> Vec<HashSet<String>> {
    values.fold(vec![HashSet::new()], |choices, documents| {
        let with = |document: &String| {
            let document = document.clone();
            choices.iter().cloned().map(move |mut choice| {
                choice.insert(document.clone());
                choice
            })
        };
        documents.iter().flat_map(with).collect()
    })
}

/// The share of an answer's strings that some text says; 0 for an answer without strings.
fn share_said(answer: &[Vec<String>], texts: &[Vec<String>]) -> f64 {
    let said = answer.iter().filter(|string| texts.iter().any(|text| says(text, string))).count();
    said as f64 / answer.len().max(1) as f64
}

fn observe(persons: &mut Persons, item: &Item) -> Result<Scope, LabError> {
    let said = item.turns.iter().map(|turn| Said {
        id: &turn.id,
        session: &turn.session,
        speaker: &turn.speaker,
        role: turn.role,
        at: Some(turn.at),
        text: &turn.text,
    });
    persons.observe(&item.id, &said.collect::<Vec<_>>())
}

fn measure(
    persons: &Persons,
    method: &Method,
    items: &[Item],
    scopes: &[Scope],
    built: f64,
    setup: &Setup<'_>,
) -> Result<Measured, LabError> {
    let of: u64 = items.iter().map(|item| item.questions.len() as u64).sum();
    let mut board = Board::default();
    let mut done = 0;
    for (item, scope) in items.iter().zip(scopes) {
        let now = item.turns.last().map_or(Now::Clock, |turn| Now::At(turn.at));
        for question in &item.questions {
            let recall = Recall { limit: ASKED, method: Some(method.clone()), ..Recall::new(&question.text, now) };
            let report = persons.ask(scope, &recall, &mut board)?;
            let categories: Vec<&str> = question.categories.iter().map(String::as_str).collect();
            board.question(&categories, &scores(&report, question));
            done += 1;
            (setup.progress)(method.about().id.as_str(), done, of);
        }
        let unsaid = item.questions.iter().filter(|question| question.facts.is_empty()).count();
        board.skip("subjective", item.subjective);
        board.skip("no gold", item.ungrounded);
        board.skip("of recall over turns only: no turn of the gold says it", unsaid);
    }
    Ok(board.row(method.about().id.as_str(), built))
}

/// Every metric of one question.
fn scores(report: &RecallReport, question: &Asked) -> Vec<(String, f64)> {
    let documents: Vec<String> = report.sessions.iter().map(|session| session.session.clone()).collect();
    let mut scores = Vec::new();
    for k in DOCUMENTS_AT {
        let best = |score: &dyn Fn(&HashSet<String>) -> f64| question.choices.iter().map(score).fold(0.0, f64::max);
        scores.push((format!("document_recall@{k}"), best(&|choice| recall_at(&documents, choice, k).mean)));
        scores.push((format!("document_ndcg@{k}"), best(&|choice| ndcg_at(&documents, choice, k))));
    }
    if !question.facts.is_empty() {
        scores.extend(fact_scores(&report.evidence, &question.facts, &TURNS_AT, &TOKENS));
    }
    let texts: Vec<Vec<String>> = report.evidence.iter().map(|turn| words(&turn.text)).collect();
    let mut answered = |name: &str, turns: usize| {
        let share = share_said(&question.answer, texts.get(..turns).unwrap_or(&texts));
        scores.push((format!("answer_mean@{name}"), share));
        scores.push((format!("answer_all@{name}"), f64::from(u8::from(share == 1.0))));
    };
    for k in TURNS_AT {
        answered(&k.to_string(), k);
    }
    for tokens in TOKENS {
        answered(&format!("{tokens}t"), within(&report.evidence, tokens));
    }
    scores.push(("answer_said".to_owned(), question.said));
    scores
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let check = |text: &str, expect: Option<&str>| {
            assert_eq!(time(text).map(|time| time.to_string()).as_deref(), expect, "{text}");
        };
        check("2024/Oct/16/09:25 AM", Some("2024-10-16T09:25"));
        check("2024/Nov/02/08:57 PM", Some("2024-11-02T20:57"));
        check("2024/Nov/02/12:05 AM", Some("2024-11-02T00:05"));
        check("2024/Nov/02/12:05 PM", Some("2024-11-02T12:05"));
        for wrong in ["2024/Nov/02/13:05 PM", "2024/Nov/31/01:05 PM", "2024/11/02/01:05 PM", "2024/Nov/02", ""] {
            check(wrong, None);
        }
    }

    #[test]
    fn values_of_the_gold_find_their_string_of_the_answer() {
        let check = |value: &str, answer: &str, expect: Option<&str>| {
            let answer = strings(&serde_json::from_str(answer).unwrap());
            assert_eq!(meant(value, &answer).map(|words| words.join(" ")).as_deref(), expect, "{value}");
        };
        check("green tea", r#"["tea", "green tea"]"#, Some("green tea"));
        check("39", "39", Some("39"));
        check(r#"(('Height', '5\'6"'),)"#, r#"[{"Height": "5'6\""}, {"Eyes": "blue"}]"#, Some("5 6"));
        check("Ann Lee", r#""sister""#, Some("sister"));
        check("Ann Lee", r#"["rowing", "chess"]"#, None);
    }

    #[test]
    fn a_choice_has_one_document_of_each_value() {
        let values = [vec!["a".to_owned(), "b".to_owned()], vec!["b".to_owned()]];
        let sorted = |choice: &HashSet<String>| {
            let mut choice: Vec<&str> = choice.iter().map(String::as_str).collect();
            choice.sort_unstable();
            choice.concat()
        };
        assert_eq!(choices(values.iter()).iter().map(sorted).collect::<Vec<_>>(), ["ab", "b"]);
    }
}
