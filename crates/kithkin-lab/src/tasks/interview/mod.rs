//! Interviews: how many of the declared slots are filled, rightly, and after how many questions?
//!
//! Simulated persons with a day of hidden values answer in six manners, in the words of templates in three languages: in
//! the setting of Wei et al. (CSCW 2024), where a chatbot asks about sleep, food, work and exercise. An item is a part, a
//! language and a seed, such as `held-out-de/7`: any number makes a person, who is interviewed once in each manner.
//!
//! The row `interview` is the engine's; `slot-by-slot` asks the same questions, each in an interview of its own, so that an
//! answer fills nothing but what was asked, and nothing is put right afterwards.

mod person;
mod words;

use std::time::Instant;

use kithkin::Error;
use kithkin::ask::{Interview, Told, Wanted};

use self::person::{Manner, Person};
use self::words::{Is, LANGUAGES, PARTS, Wording};
use super::{Setup, TaskSpec};
use crate::board::Board;
use crate::data::Data;
use crate::items::chosen;
use crate::{LabError, Measured, Table};

pub(super) const TASK: TaskSpec = TaskSpec {
    name: "interview",
    datasets: &["interview"],
    strategies: &["interview", "slot-by-slot"],
    about: "how many slots of an interview are filled, rightly, and after how many questions?",
    headline: &["coverage", "of_told", "wrong", "questions"],
    run,
};

/// Persons of a part and language, where no items are named.
const PERSONS: u64 = 10;
/// How many characters what was told may be longer than the value that is free text.
const LONGER: usize = 40;

/// A part and language.
struct Words {
    category: String,
    part: &'static str,
    slots: Vec<Wanted>,
    wording: Wording,
}

/// What came of an interview.
struct Done {
    told: Vec<Option<Told>>,
    questions: usize,
}

fn run(setup: &Setup<'_>) -> Result<Table, LabError> {
    let mut data = Data::new("interview", &setup.data);
    let mut all = Vec::new();
    for (part, language) in PARTS.into_iter().flat_map(|part| LANGUAGES.map(|language| (part, language))) {
        let (slots, wording) = words::read(&mut data, part, language)?;
        all.push(Words { category: format!("{part}-{language}"), part, slots, wording });
    }
    let items = all.iter().flat_map(|words| {
        let seeds = words::seeds(&words.category, &setup.items, PERSONS);
        seeds.into_iter().map(move |seed| (format!("{}/{seed}", words.category), words, seed))
    });
    let items = chosen(items.collect(), &setup.items, |(id, _, _)| id)?;
    let mut rows = Vec::new();
    for name in TASK.strategies.iter().copied() {
        let mut board = Board::default();
        for (done, (_, words, seed)) in (1..).zip(&items) {
            for manner in Manner::ALL {
                let mut person = Person::new(*seed, manner, &words.slots, &words.wording);
                let start = Instant::now();
                let came = if name == "interview" {
                    interview(&words.slots, &mut person)
                } else {
                    slot_by_slot(&words.slots, &mut person)
                }
                .map_err(Error::from)?;
                board.took(start.elapsed().as_secs_f64() * 1e3);
                let of_manner = format!("{} {}", words.part, manner.name());
                board.question(&[words.part, &words.category, &of_manner], &scores(&person, &came));
            }
            (setup.progress)(name, done, items.len() as u64);
        }
        rows.push(board.row(name, 0.0));
    }
    Ok::<Vec<Measured>, LabError>(rows).map(|rows| Table {
        task: TASK.name.to_owned(),
        data: data.source(items.len()),
        rows,
    })
}

/// One interview about all slots.
fn interview(slots: &[Wanted], person: &mut Person<'_>) -> Result<Done, kithkin::ask::AskError> {
    let mut interview = Interview::new(slots.to_vec())?;
    let mut questions = 0;
    while let Some(put) = interview.next_question() {
        let answer = person.answer(put.slot, put.again);
        questions += 1;
        interview.hear(&answer);
    }
    if let Some(said) = person.last_words() {
        interview.hear(&said);
    }
    Ok(Done { told: slots.iter().map(|slot| interview.told(&slot.name).cloned()).collect(), questions })
}

/// An interview for each slot.
fn slot_by_slot(slots: &[Wanted], person: &mut Person<'_>) -> Result<Done, kithkin::ask::AskError> {
    let mut done = Done { told: Vec::new(), questions: 0 };
    for slot in slots {
        let mut interview = Interview::new(vec![slot.clone()])?;
        while let Some(put) = interview.next_question() {
            let answer = person.answer(put.slot, put.again);
            done.questions += 1;
            interview.hear(&answer);
        }
        done.told.push(interview.told(&slot.name).cloned());
    }
    Ok(done)
}

fn scores(person: &Person<'_>, done: &Done) -> Vec<(String, f64)> {
    let n = done.told.len().max(1) as f64;
    let right = |(told, is): &(&Option<Told>, &Is)| told.as_ref().is_some_and(|told| is_right(told, is));
    let all: Vec<(&Option<Told>, &Is)> = done.told.iter().zip(person.values()).collect();
    let correct = all.iter().filter(|pair| right(pair)).count() as f64;
    let wrong = all.iter().filter(|pair| pair.0.is_some() && !right(pair)).count() as f64;
    let mut scores = vec![("coverage", correct / n), ("wrong", wrong / n), ("questions", done.questions as f64)];
    let said = person.said();
    let of_told = all.iter().zip(said).filter(|(_, said)| **said);
    let (told, found) = of_told.fold((0, 0), |(told, found), (pair, _)| (told + 1, found + usize::from(right(pair))));
    if told > 0 {
        scores.push(("of_told", f64::from(found as u32) / f64::from(told)));
    }
    scores.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn is_right(told: &Told, is: &Is) -> bool {
    match (told, is) {
        (Told::Number(told) | Told::Duration(told), Is::Number(is)) => (told - is).abs() < 1e-6,
        (Told::YesNo(told), Is::YesNo(is)) => told == is,
        (Told::Choice(told), Is::Text(is)) => told == is,
        (Told::Text(told), Is::Text(is)) => {
            let length = |text: &str| text.chars().count();
            told.to_lowercase().contains(&is.to_lowercase()) && length(told) <= length(is) + LONGER
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_right_is_the_value_and_little_more() {
        let text = |words: &str| Told::Text(words.to_owned());
        let check = |told: &Told, is: &Is, expect: bool| assert_eq!(is_right(told, is), expect, "{told:?} {is:?}");
        check(&text("I had Soup"), &Is::Text("soup".to_owned()), true);
        check(&text(&format!("soup{}", " and so on".repeat(9))), &Is::Text("soup".to_owned()), false);
        check(&Told::Duration(420.0), &Is::Number(420.0), true);
        check(&Told::Number(421.0), &Is::Number(420.0), false);
        check(&Told::YesNo(true), &Is::YesNo(false), false);
        check(&Told::YesNo(true), &Is::Number(1.0), false);
    }
}
