//! Profiles over time: is the value that holds known, since when, why it changed, and what held before?
//!
//! The persons are made here, in the manner of PersonaMem (Jiang et al., 2025): what holds of somebody changes in the course
//! of several sessions, sometimes for a reason that they give, with talk about other matters between. The published
//! data is not read. An item is a part, a language and a seed, such as `held-out-de/7`: any number makes a person.
//!
//! The row `profile-rules` is the profile of the facade. The row of a method is what somebody would believe who asked for each
//! topic and read the first turn that comes back on it: what recall alone knows.

mod person;
mod scores;
mod words;

use std::collections::BTreeMap;

use kithkin::{Method, Now, Recall, Scope};

use self::person::{Made, make};
use self::scores::{Stated, of_profile, of_recall};
use self::words::{LANGUAGES, PARTS, wording, world};
use super::{Setup, TaskSpec};
use crate::board::Board;
use crate::data::Data;
use crate::items::chosen;
use crate::persons::{Persons, Said};
use crate::{LabError, Measured, Table};

pub(super) const TASK: TaskSpec = TaskSpec {
    name: "personamem",
    datasets: &["personamem"],
    strategies: &[],
    about: "is the value that holds of a person known, why it changed, and what held before?",
    headline: &["current", "reason", "history", "as_of", "precision"],
    run,
};

/// The row of the profile.
pub(super) const PROFILE: &str = "profile-rules";
/// Persons of a part and language, where no items are named.
const PERSONS: u64 = 10;
/// Turns that a recall gives.
const ASKED: usize = 20;

/// A person, and in which category their topics count.
struct Item {
    id: String,
    category: String,
    made: Made,
}

fn run(setup: &Setup<'_>) -> Result<Table, LabError> {
    let mut data = Data::new("personamem", &setup.data);
    let items = items(&mut data, &setup.items)?;
    let mut persons = Persons::new(setup)?;
    let scopes = items.iter().map(|item| observe(&mut persons, item)).collect::<Result<Vec<_>, _>>()?;
    let mut rows = vec![profiles(&persons, &items, &scopes, setup)?];
    for method in &setup.methods {
        let built = persons.build(method, setup)?;
        rows.push(recalls(&persons, method, &items, &scopes, built, setup)?);
    }
    Ok(Table { task: TASK.name.to_owned(), data: data.source(items.len()), rows })
}

/// Makes the persons that are asked for.
fn items(data: &mut Data, asked: &[String]) -> Result<Vec<Item>, LabError> {
    let mut worlds = BTreeMap::new();
    for language in LANGUAGES {
        worlds.insert(language, world(data, language)?);
    }
    let mut items = Vec::new();
    for (part, language) in PARTS.into_iter().flat_map(|part| LANGUAGES.map(|language| (part, language))) {
        let Some(world) = worlds.get(language) else { continue };
        let wording = wording(data, part, language)?;
        let category = format!("{part}-{language}");
        for seed in seeds(&category, asked) {
            let broken = || LabError::Internal { what: format!("the person {category}/{seed} cannot be made") };
            let made = make(seed, world, &wording).ok_or_else(broken)?;
            items.push(Item { id: format!("{category}/{seed}"), category: category.clone(), made });
        }
    }
    chosen(items, asked, |item| &item.id)
}

/// The seeds of a part and language: the first ones, and those that are named.
fn seeds(category: &str, asked: &[String]) -> Vec<u64> {
    let named = asked.iter().filter_map(|item| item.strip_prefix(category)?.strip_prefix('/')?.parse().ok());
    let mut seeds: Vec<u64> = (1..=PERSONS).chain(named).collect();
    seeds.sort_unstable();
    seeds.dedup();
    seeds
}

fn observe(persons: &mut Persons, item: &Item) -> Result<Scope, LabError> {
    let said = item.made.turns.iter().map(|turn| Said {
        id: &turn.id,
        session: &turn.session,
        speaker: if turn.role == kithkin::Role::User { &item.made.name } else { "assistant" },
        role: turn.role,
        at: Some(turn.at),
        text: &turn.text,
    });
    persons.observe(&item.id, &said.collect::<Vec<_>>())
}

/// The row of the profile: asked at the end of each session.
fn profiles(persons: &Persons, items: &[Item], scopes: &[Scope], setup: &Setup<'_>) -> Result<Measured, LabError> {
    let mut board = Board::default();
    let mut stated = BTreeMap::<&str, Stated>::new();
    for (done, (item, scope)) in (0..).zip(items.iter().zip(scopes)) {
        let start = std::time::Instant::now();
        let at = |day| persons.person(scope).profile(Now::At(day));
        let days = item.made.days.iter().map(|day| Ok((*day, at(*day)?)));
        let days = days.collect::<Result<Vec<_>, kithkin::Error>>()?;
        board.took(start.elapsed().as_secs_f64() * 1e3 / days.len().max(1) as f64);
        let (part, _) = item.category.rsplit_once('-').unwrap_or_default();
        for topic in &item.made.topics {
            board.question(&[part, &item.category], &of_profile(&days, &item.made.name, topic));
        }
        if let Some((_, last)) = days.last() {
            let counted = Stated::of(last, &item.made);
            for group in ["all", part, &item.category] {
                stated.entry(group).or_default().add(counted);
            }
        }
        (setup.progress)(PROFILE, done + 1, items.len() as u64);
    }
    for (group, stated) in stated {
        board.share("precision", (group != "all").then_some(group), stated.share());
    }
    Ok(board.row(PROFILE, 0.0))
}

/// The row of a method: each topic is asked for at the end.
fn recalls(
    persons: &Persons,
    method: &Method,
    items: &[Item],
    scopes: &[Scope],
    built: f64,
    setup: &Setup<'_>,
) -> Result<Measured, LabError> {
    let mut board = Board::default();
    for (done, (item, scope)) in (0..).zip(items.iter().zip(scopes)) {
        let now = item.made.days.last().map_or(Now::Clock, |day| Now::At(*day));
        let (part, _) = item.category.rsplit_once('-').unwrap_or_default();
        for topic in &item.made.topics {
            let recall = Recall { limit: ASKED, method: Some(method.clone()), ..Recall::new(&topic.ask, now) };
            let report = persons.ask(scope, &recall, &mut board)?;
            board.question(&[part, &item.category], &of_recall(&report, topic));
        }
        (setup.progress)(method.about().id.as_str(), done + 1, items.len() as u64);
    }
    Ok(board.row(method.about().id.as_str(), built))
}
