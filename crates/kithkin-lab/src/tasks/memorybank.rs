//! MemoryBank: do the first k turns hold what a probing question asks for, over ten days of talk with an assistant?
//!
//! A user in a language is an item, and a person of its own. A day is a session; its messages are the turns `<day>:<n>`,
//! n from 1, the user's odd and the assistant's even. Questions are asked on the last day.
//!
//! The authors publish questions without answers or evidence, and had people judge the replies. Two things can be
//! measured all the same. `named_day_*` needs no judgement: where a question writes a day, is that day ranked first, and
//! how many of the first ten turns were said on it? `recall_*` and `session_*` use an answer key of this repository,
//! `datasets/memorybank/evidence.tsv`: the facts that each question asks for and the turns that say them.
//!
//! Questions that the history does not answer have no line in the key; they are left out and counted.

use std::collections::{BTreeMap, HashMap};

use kithkin::{EventTime, Method, Now, Recall, RecallReport, Role, Scope};
use serde::Deserialize;

use super::{Setup, TaskSpec};
use crate::board::Board;
use crate::data::Data;
use crate::items::chosen;
use crate::metrics::{Fact, fact_scores, facts_at};
use crate::persons::{Persons, Said};
use crate::{LabError, Measured, Table};

pub(super) const TASK: TaskSpec = TaskSpec {
    name: "memorybank",
    datasets: &["memorybank"],
    strategies: &[],
    about: "do the first turns hold what a probing question asks for, and is the day that it names ranked first?",
    headline: &[
        "recall_mean@1",
        "recall_mean@5",
        "recall_mean@10",
        "recall_mean@500t",
        "session_recall_mean@1",
        "session_recall_mean@3",
        "named_day_first",
        "named_day_share@10",
    ],
    run,
};

/// Folders of the languages.
const LANGUAGES: [&str; 2] = ["en", "cn"];
/// The answer key.
const EVIDENCE: &str = include_str!("../../../../datasets/memorybank/evidence.tsv");
/// Cutoffs over turns.
const TURNS_AT: [usize; 4] = [1, 3, 5, 10];
/// Cutoffs over sessions.
const SESSIONS_AT: [usize; 2] = [1, 3];
/// Budgets of evidence, in tokens; a history has some 4000.
const TOKENS: [usize; 2] = [250, 500];
/// Turns asked for: enough to fill the largest budget.
const ASKED: usize = 60;

#[derive(Deserialize)]
struct User {
    history: BTreeMap<String, Vec<Exchange>>,
}

#[derive(Deserialize)]
struct Exchange {
    query: String,
    response: String,
}

/// A message.
struct Turn {
    id: String,
    day: String,
    at: EventTime,
    role: Role,
    text: String,
}

/// A user in a language.
struct Item {
    id: String,
    language: &'static str,
    name: String,
    turns: Vec<Turn>,
    questions: Vec<Asked>,
    /// Questions that can be measured in neither way.
    unanswered: usize,
}

struct Asked {
    text: String,
    /// What the answer rests on; empty where the key has no line.
    facts: Vec<Fact>,
    /// The day that the question writes.
    day: Option<String>,
}

/// The facts by language, user and number of the question.
type Key = HashMap<(&'static str, &'static str, usize), Vec<Fact>>;

fn run(setup: &Setup<'_>) -> Result<Table, LabError> {
    let mut data = Data::new("memorybank", &setup.data);
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
    let key = key(EVIDENCE)?;
    let mut items = Vec::new();
    for language in LANGUAGES {
        let file = format!("{language}/memory_bank_{language}.json");
        let users: BTreeMap<String, User> = data.json(&file)?;
        let mut questions = questions(data, language)?;
        for (name, user) in &users {
            // Some names have blanks around them in one of the two files.
            let name = name.trim().to_owned();
            let id = format!("{language}/{name}");
            let turns =
                turns(user).ok_or_else(|| data.wrong(&file, format!("user {name:?} has a day that is no date")))?;
            let texts = questions.remove(&name).unwrap_or_default();
            let mut item = Item { id, language, name, turns, questions: Vec::new(), unanswered: 0 };
            for (number, text) in (1..).zip(texts).take(limit.unwrap_or(usize::MAX)) {
                let facts = key.get(&(language, item.name.as_str(), number)).cloned().unwrap_or_default();
                item.ask(text, facts)?;
            }
            items.push(item);
        }
    }
    Ok(items)
}

/// The questions of a language by user: a line holds one user's.
fn questions(data: &mut Data, language: &str) -> Result<HashMap<String, Vec<String>>, LabError> {
    let file = format!("{language}/probing_questions_{language}.jsonl");
    let text = data.text(&file)?;
    let mut questions = HashMap::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        let users: BTreeMap<String, Vec<String>> =
            serde_json::from_str(line).map_err(|e| data.wrong(&file, format!("line {number}: {e}")))?;
        questions.extend(users.into_iter().map(|(name, questions)| (name.trim().to_owned(), questions)));
    }
    Ok(questions)
}

/// The messages of a user, day by day; nothing when a day is no date.
fn turns(user: &User) -> Option<Vec<Turn>> {
    let mut turns = Vec::new();
    for (day, exchanges) in &user.history {
        let at: EventTime = day.parse().ok()?;
        let messages = exchanges.iter().flat_map(|e| [(Role::User, &e.query), (Role::Assistant, &e.response)]);
        turns.extend((1..).zip(messages).map(|(number, (role, text))| Turn {
            id: format!("{day}:{number}"),
            day: day.clone(),
            at,
            role,
            text: text.clone(),
        }));
    }
    Some(turns)
}

/// Reads the answer key: language, user, number of the question from 1, and the facts, separated by tabs. Blanks
/// separate facts, and a `|` the turns that say the same fact.
fn key(text: &'static str) -> Result<Key, LabError> {
    let mut key = Key::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.starts_with('#')) {
        let wrong = || wrong_key(format!("line {number}: a language, a user, a number and facts were expected"));
        let [language, user, question, facts] = line.split('\t').collect::<Vec<_>>().try_into().map_err(|_| wrong())?;
        let facts = facts.split(' ').map(|fact| fact.split('|').map(str::to_owned).collect());
        key.insert((language, user, question.parse().map_err(|_| wrong())?), facts.collect());
    }
    Ok(key)
}

fn wrong_key(why: String) -> LabError {
    LabError::Declaration { file: "datasets/memorybank/evidence.tsv".to_owned(), why }
}

impl Item {
    fn ask(&mut self, text: String, facts: Vec<Fact>) -> Result<(), LabError> {
        if let Some(missing) = facts.iter().flatten().find(|id| self.turns.iter().all(|turn| turn.id != **id)) {
            return Err(wrong_key(format!("{} has no turn {missing}", self.id)));
        }
        let day = named_day(&text, self.turns.iter().map(|turn| turn.day.as_str())).map(str::to_owned);
        if facts.is_empty() && day.is_none() {
            self.unanswered += 1;
        } else {
            self.questions.push(Asked { text, facts, day });
        }
        Ok(())
    }
}

/// The one day that a question writes, such as "May 2nd", "5月2日" or "5月2号".
fn named_day<'a>(question: &str, days: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut named: Vec<&str> = days.filter(|day| is_written(question, day).unwrap_or(false)).collect();
    named.dedup();
    if let [only] = named.as_slice() { Some(only) } else { None }
}

fn is_written(question: &str, date: &str) -> Option<bool> {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let [_, month, day] = date.split('-').collect::<Vec<_>>().try_into().ok()?;
    let (month, day): (usize, usize) = (month.parse().ok()?, day.parse().ok()?);
    let ending = match day {
        1 | 21 | 31 => "st",
        2 | 22 => "nd",
        3 | 23 => "rd",
        _ => "th",
    };
    let english = format!("{} {day}{ending}", MONTHS.get(month.checked_sub(1)?)?);
    let chinese = ["日", "号"].map(|unit| format!("{month}月{day}{unit}"));
    // "1月2日" is also the end of "11月2日".
    let alone = |at: usize| !question[..at].ends_with(|c: char| c.is_ascii_digit());
    let written = |form: &str| question.match_indices(form).any(|(at, _)| alone(at));
    Some(written(&english) || chinese.iter().any(|form| written(form)))
}

fn observe(persons: &mut Persons, item: &Item) -> Result<Scope, LabError> {
    let said = item.turns.iter().map(|turn| Said {
        id: &turn.id,
        session: &turn.day,
        speaker: if turn.role == Role::User { &item.name } else { "assistant" },
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
            let dated = if question.day.is_some() { "names a day" } else { "names no day" };
            board.question(&[item.language, &format!("{}, {dated}", item.language)], &scores(&report, question));
            done += 1;
            (setup.progress)(method.about().id.as_str(), done, of);
        }
        board.skip("the history does not answer it", item.unanswered);
    }
    Ok(board.row(method.about().id.as_str(), built))
}

/// Every metric of one question.
fn scores(report: &RecallReport, question: &Asked) -> Vec<(String, f64)> {
    let sessions: Vec<&str> = report.sessions.iter().map(|session| session.session.as_str()).collect();
    let mut scores = Vec::new();
    if !question.facts.is_empty() {
        scores.extend(fact_scores(&report.evidence, &question.facts, &TURNS_AT, &TOKENS));
        let day_of = |id: &String| id.split_once(':').map_or(id.as_str(), |(day, _)| day).to_owned();
        let days: Vec<Fact> = question.facts.iter().map(|fact| fact.iter().map(day_of).collect()).collect();
        for k in SESSIONS_AT {
            scores.push((format!("session_recall_mean@{k}"), facts_at(&sessions, &days, k).mean));
        }
    }
    if let Some(day) = &question.day {
        let first = sessions.first().is_some_and(|first| first == day);
        let ten = report.evidence.get(..10).unwrap_or(&report.evidence);
        let said = ten.iter().filter(|turn| turn.session == *day).count();
        scores.push(("named_day_first".to_owned(), f64::from(u8::from(first))));
        scores.push(("named_day_share@10".to_owned(), said as f64 / ten.len().max(1) as f64));
    }
    scores
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_questions_write() {
        let days = ["2023-05-01", "2023-05-02", "2023-05-21", "2023-11-02"];
        let check = |question: &str, expect: Option<&str>| {
            assert_eq!(named_day(question, days.into_iter()), expect, "{question}");
        };
        check("What did I cook on May 2nd?", Some("2023-05-02"));
        check("Was it raining on May 21st?", Some("2023-05-21"));
        check("我在5月2号做了什么？", Some("2023-05-02"));
        check("11月2日呢？", Some("2023-11-02"));
        check("On May 3rd or so?", None);
        check("On May 1st and May 2nd?", None);
        check("Which book did you recommend?", None);
    }

    #[test]
    fn the_key_reads() {
        let key = key(EVIDENCE).unwrap();
        assert!(key.keys().all(|(language, _, number)| LANGUAGES.contains(language) && *number > 0));
        assert!(key.values().flatten().flatten().all(|id| id.split_once(':').is_some()));
    }
}
