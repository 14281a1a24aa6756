//! PersonaLens: how many questions does it take to know a person?
//!
//! Each person in turn is somebody new with a hidden profile, who answers truthfully what is asked; what goes together is
//! learned from the other persons, never from the one who is asked. After each question the belief about every slot is
//! compared with the profile: `accuracy` is the share of slots whose likeliest value is right, `uncertainty` the mean
//! entropy in nats, and `surprise` the mean nats by which the right value was not expected; the two are alike where the
//! belief is neither too sure nor too careful. All slots count, those that were asked included, so any question helps.
//!
//! `hidden_accuracy` and its like are of preferences that can never be asked for: only who somebody is and which domains
//! they care for may be asked, and the preferences have to be concluded.
//!
//! `fewer_than_random@40q` is how many fewer questions it took to be as accurate as random questions are after 40, as a
//! share of these; `fewer_than_random` is the mean over the marks. `reward` is the drop of uncertainty by a question in
//! nats, `expected_reward` what the strategy expected of it, both means over the first 20 questions.

mod profiles;

use std::collections::BTreeMap;
use std::time::Instant;

use kithkin::Error;
use kithkin::ask::{AskError, Asker, Inquiry, Population, Slot};

use self::profiles::{Asked, Person};
use super::{Setup, TaskSpec};
use crate::board::Board;
use crate::data::Data;
use crate::table::Means;
use crate::{LabError, Measured, Table};

pub(super) const TASK: TaskSpec = TaskSpec {
    name: "asking",
    datasets: &["personalens"],
    strategies: Asker::NAMES,
    about: "how much of a hidden profile is known after so many questions, and how many fewer questions does it take?",
    headline: &[
        "accuracy@10q",
        "accuracy@20q",
        "accuracy@40q",
        "hidden_accuracy@10q",
        "fewer_than_random",
        "fewer_than_fixed-order",
        "reward",
    ],
    run,
};

/// The persons are dealt into so many parts; each part is asked with the others as the population.
const PARTS: usize = 10;
/// Questions put to a person in a setting; `--limit` sets another number.
const QUESTIONS: usize = 60;
/// Numbers of questions at which figures are taken.
const MARKS: [usize; 6] = [0, 5, 10, 20, 40, 60];
/// What the strategies are held against.
const BASELINES: [&str; 2] = ["random", "fixed-order"];
/// Questions whose rewards are averaged.
const REWARDED: usize = 20;

/// What may be asked and what is to be found out.
struct Setting {
    /// What its metrics begin with.
    prefix: &'static str,
    /// The numbers of questions at which strategies are held against the baselines.
    marks: &'static [usize],
    may_ask: fn(&Asked) -> bool,
    is_wanted: fn(&Asked) -> bool,
}

const SETTINGS: [Setting; 2] = [
    Setting { prefix: "", marks: &[5, 10, 20, 40], may_ask: |_| true, is_wanted: |_| true },
    Setting {
        prefix: "hidden_",
        marks: &[5, 10],
        may_ask: |asked| !asked.is_preference(),
        is_wanted: Asked::is_preference,
    },
];

/// A part of the persons, with what the others teach.
struct Part<'a> {
    persons: Vec<&'a Person>,
    asked: Vec<Asked>,
    population: Population,
}

/// The figures of one person after a number of questions.
#[derive(Clone, Copy)]
struct Figures {
    accuracy: f64,
    uncertainty: f64,
    surprise: f64,
}

/// What came of questioning a person.
struct Trace {
    /// After no question, after one, and so on.
    after: Vec<Figures>,
    /// Of each question, the drop of uncertainty, and what the strategy expected of it.
    rewards: Vec<(f64, Option<f64>)>,
    /// The milliseconds that the choice of each question took.
    millis: Vec<f64>,
}

fn run(setup: &Setup<'_>) -> Result<Table, LabError> {
    let mut data = Data::new("personalens", &setup.data);
    let persons = profiles::read(&mut data, &setup.items)?;
    let start = Instant::now();
    let parts = (0..PARTS.min(persons.len())).map(|part| of_part(&persons, part)).collect::<Result<Vec<_>, Error>>()?;
    let learned = start.elapsed().as_secs_f64();
    let questions = setup.limit.unwrap_or(QUESTIONS);
    let (mut rows, mut curves) = (Vec::new(), Vec::new());
    for name in Asker::NAMES.iter().copied() {
        let (mut board, mut curve) = (Board::default(), Means::default());
        let mut done = 0;
        for part in &parts {
            for person in &part.persons {
                let asker = asker(name, person).map_err(Error::from)?;
                let mut scores = Vec::new();
                for setting in &SETTINGS {
                    let trace = question(part, person, setting, &asker, questions).map_err(Error::from)?;
                    trace.millis.iter().for_each(|millis| board.took(*millis));
                    let accuracies = trace.after.iter().zip(0..);
                    accuracies.for_each(|(figures, n)| curve.add(&at(setting, "accuracy", n), figures.accuracy));
                    scores.extend(trace.scores(setting));
                }
                board.question(&[], &scores);
                done += 1;
                (setup.progress)(name, done, persons.len() as u64);
            }
        }
        rows.push(board.row(name, learned));
        curves.push(curve.values());
    }
    compare(&mut rows, &curves, questions);
    Ok(Table { task: TASK.name.to_owned(), data: data.source(persons.len()), rows })
}

/// The persons of a part, and what all others teach.
fn of_part(persons: &[Person], part: usize) -> Result<Part<'_>, Error> {
    let dealt = persons.iter().enumerate().partition::<Vec<_>, _>(|(n, _)| n % PARTS == part);
    let [own, others] = [dealt.0, dealt.1].map(|dealt| dealt.into_iter().map(|(_, person)| person).collect::<Vec<_>>());
    let asked = profiles::slots(&others);
    let profile = |person: &&Person| -> BTreeMap<String, String> {
        asked.iter().filter_map(|asked| Some((asked.slot.name.clone(), asked.answer(person)?))).collect()
    };
    let profiles: Vec<BTreeMap<String, String>> = others.iter().map(profile).collect();
    let slots: Vec<Slot> = asked.iter().map(|asked| asked.slot.clone()).collect();
    Ok(Part { persons: own, population: Population::learn(slots, &profiles)?, asked })
}

/// The strategy of this name. Random questions are others for each person, and the same in every run.
fn asker(name: &str, person: &Person) -> Result<Asker, AskError> {
    let hash = blake3::hash(person.id.as_bytes());
    let seed = hash.as_bytes().iter().take(4).fold(0u32, |bits, byte| bits << 8 | u32::from(*byte));
    Asker::parse(&match name {
        "random" => format!("strategy = {name:?}\nseed = {seed}"),
        _ => format!("strategy = {name:?}"),
    })
}

/// Puts questions to a person, at most so many.
fn question(
    part: &Part<'_>,
    person: &Person,
    setting: &Setting,
    asker: &Asker,
    questions: usize,
) -> Result<Trace, AskError> {
    let named = |of: fn(&Asked) -> bool| part.asked.iter().filter(move |asked| of(asked));
    let names = |of| named(of).map(|asked| asked.slot.name.as_str());
    let mut inquiry =
        part.population.inquiry().asking(names(setting.may_ask))?.finding_out(names(setting.is_wanted))?;
    let answers: BTreeMap<&str, String> =
        part.asked.iter().filter_map(|asked| Some((asked.slot.name.as_str(), asked.answer(person)?))).collect();
    let wanted: Vec<(&Slot, &str)> = named(setting.is_wanted)
        .filter_map(|asked| Some((&asked.slot, answers.get(asked.slot.name.as_str())?.as_str())))
        .collect();
    let mut trace = Trace { after: vec![figures(&inquiry, &wanted)], rewards: Vec::new(), millis: Vec::new() };
    for _ in 0..questions {
        let start = Instant::now();
        let next = inquiry.next(asker);
        trace.millis.push(start.elapsed().as_secs_f64() * 1e3);
        if let Some(question) = next {
            match answers.get(question.slot.as_str()) {
                Some(answer) => {
                    let reward = inquiry.answer(&question.slot, answer)?;
                    trace.rewards.push((reward, question.expected));
                }
                None => inquiry.decline(&question.slot)?,
            }
        }
        trace.after.push(figures(&inquiry, &wanted));
    }
    Ok(trace)
}

/// How the belief compares with the right values.
fn figures(inquiry: &Inquiry<'_>, wanted: &[(&Slot, &str)]) -> Figures {
    let n = wanted.len().max(1) as f64;
    let right =
        |(slot, value): &&(&Slot, &str)| inquiry.likeliest(&slot.name).is_some_and(|(likely, _)| likely == *value);
    let surprise = |(slot, value): &(&Slot, &str)| {
        let believed = inquiry.belief(&slot.name).unwrap_or_default();
        let of = slot.values.iter().zip(believed).find(|(known, _)| *known == value);
        -of.map_or(1.0, |(_, p)| p.max(f64::MIN_POSITIVE)).ln()
    };
    Figures {
        accuracy: wanted.iter().filter(right).count() as f64 / n,
        uncertainty: inquiry.uncertainty() / n,
        surprise: wanted.iter().map(surprise).sum::<f64>() / n,
    }
}

/// `hidden_accuracy@10q`.
fn at(setting: &Setting, metric: &str, questions: usize) -> String {
    format!("{}{metric}@{questions}q", setting.prefix)
}

impl Trace {
    fn scores(&self, setting: &Setting) -> Vec<(String, f64)> {
        let mut scores = Vec::new();
        for mark in MARKS {
            let Some(figures) = self.after.get(mark) else { continue };
            let of =
                [("accuracy", figures.accuracy), ("uncertainty", figures.uncertainty), ("surprise", figures.surprise)];
            scores.extend(of.map(|(metric, value)| (at(setting, metric, mark), value)));
        }
        let mean = |values: &[f64]| (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64);
        let first = &self.rewards[..self.rewards.len().min(REWARDED)];
        let reward = mean(&first.iter().map(|(reward, _)| *reward).collect::<Vec<_>>());
        let expected = mean(&first.iter().filter_map(|(_, expected)| *expected).collect::<Vec<_>>());
        for (metric, value) in [("reward", reward), ("expected_reward", expected)] {
            scores.extend(value.map(|value| (format!("{}{metric}", setting.prefix), value)));
        }
        scores
    }
}

/// Adds to each row how many fewer questions it took than the baselines to the same accuracy.
fn compare(rows: &mut [Measured], curves: &[BTreeMap<String, f64>], questions: usize) {
    for baseline in BASELINES {
        let Some(base) = Asker::NAMES.iter().position(|name| *name == baseline).and_then(|at| curves.get(at)) else {
            continue;
        };
        for (row, own) in rows.iter_mut().zip(curves).filter(|(row, _)| row.method != baseline) {
            for setting in &SETTINGS {
                let marks: Vec<usize> = setting.marks.iter().copied().filter(|mark| *mark <= questions).collect();
                let saved: Vec<Option<f64>> =
                    marks.iter().map(|mark| fewer(setting, own, base, *mark, questions)).collect();
                let name = format!("{}fewer_than_{baseline}", setting.prefix);
                for (mark, saved) in marks.iter().zip(&saved) {
                    row.metrics.extend(saved.map(|saved| (format!("{name}@{mark}q"), saved)));
                }
                let all: Option<Vec<f64>> = saved.into_iter().collect();
                let mean = all.filter(|all| !all.is_empty()).map(|all| all.iter().sum::<f64>() / all.len() as f64);
                row.metrics.extend(mean.map(|mean| (name, mean)));
            }
        }
    }
}

/// How many fewer questions it takes to be as accurate as the baseline at a mark, as a share of the mark; `None` where so
/// many questions do not suffice.
fn fewer(
    setting: &Setting,
    own: &BTreeMap<String, f64>,
    base: &BTreeMap<String, f64>,
    mark: usize,
    questions: usize,
) -> Option<f64> {
    let aim = base.get(&at(setting, "accuracy", mark))?;
    let needed = (0..=questions).find(|n| own.get(&at(setting, "accuracy", *n)).is_some_and(|own| own >= aim))?;
    Some(1.0 - needed as f64 / mark as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_that_are_saved_are_counted_to_the_same_accuracy() {
        let curve = |accuracies: &[f64]| -> BTreeMap<String, f64> {
            accuracies.iter().zip(0..).map(|(accuracy, n)| (at(&SETTINGS[0], "accuracy", n), *accuracy)).collect()
        };
        let base = curve(&[0.5, 0.6, 0.7, 0.75, 0.8]);
        let check = |own: &[f64], mark, expect| {
            assert_eq!(fewer(&SETTINGS[0], &curve(own), &base, mark, own.len() - 1), expect, "{own:?} at {mark}");
        };
        check(&[0.5, 0.75, 0.8], 4, Some(0.5));
        check(&[0.5, 0.75, 0.79], 4, None);
        check(&[0.5, 0.6, 0.6, 0.7], 2, Some(-0.5));
        check(&[0.5, 0.6, 0.7, 0.75, 0.8], 4, Some(0.0));
        check(&[0.9], 4, Some(1.0));
    }
}
