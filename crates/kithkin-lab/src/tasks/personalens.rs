//! Preferences from the history of use: which values of a slot does the history of a domain give away?
//!
//! PersonaLens (Zhao et al., 2025) describes users by slots of twenty domains ("Genre: history, biography"), and tells in
//! prose what they asked an assistant for. The prose is the history: each domain a session, each sentence a turn. The
//! authors judge whole dialogues; here the slots are recovered from the history, and scored by F1 in each domain of a user.
//!
//! What values a slot may have is taken from the users that parameters may be tuned on, without the one who is asked about.
//! A row of a method reads the values off the sentences that come back on the slot's name within the domain. The rows
//! below need no method: `mentioned` takes all values that the domain's history says, `most-mentioned` the one that it says
//! most, `most-common` those that most other users have, and `profile-rules` what the profile of the facade states.

use std::collections::{BTreeMap, HashMap, HashSet};

use kithkin::{ConversationId, Method, Now, Recall, Role, Scope, SessionId, SessionRef};
use serde::Deserialize;

use super::{Setup, TaskSpec};
use crate::board::Board;
use crate::data::Data;
use crate::items::chosen;
use crate::metrics::{says, words};
use crate::persons::{CONVERSATION, Persons, Said};
use crate::{LabError, Measured, Table};

pub(super) const TASK: TaskSpec = TaskSpec {
    name: "personalens",
    datasets: &["personalens"],
    strategies: &[],
    about: "which preferences does the history of use give away? (F1 of slots, by domain)",
    headline: &["f1", "precision", "recall"],
    run,
};

/// The rows that need no method.
pub(super) const MENTIONED: &str = "mentioned";
pub(super) const MOST_MENTIONED: &str = "most-mentioned";
pub(super) const MOST_COMMON: &str = "most-common";
pub(super) const PROFILE: &str = "profile-rules";
/// The users whose values make the vocabulary begin so.
const TUNE: &str = "user10";
/// Sentences that are read of a recall.
const READ: usize = 3;

/// The slots of a domain with their values.
type Slots = BTreeMap<String, Values>;

#[derive(Deserialize)]
struct Profile {
    affinities: BTreeMap<String, Slots>,
    #[serde(default)]
    interactions: BTreeMap<String, String>,
}

/// A slot has one value or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Values {
    One(String),
    Several(Vec<String>),
}

struct Item {
    id: String,
    profile: Profile,
}

/// A value, its words, and how many of the users who are tuned on have it.
struct Known {
    words: Vec<String>,
    users: usize,
}

/// What is known of a slot: how many of those users have it, and its values.
#[derive(Default)]
struct Slot {
    users: usize,
    values: BTreeMap<String, Known>,
}

/// The slots by domain and name.
type Vocabulary = HashMap<(String, String), Slot>;

fn run(setup: &Setup<'_>) -> Result<Table, LabError> {
    let mut data = Data::new("personalens", &setup.data);
    let all = read(&mut data)?;
    let vocabulary = vocabulary(&all);
    let items = chosen(all, &setup.items, |item| &item.id)?;
    let mut persons = Persons::new(setup)?;
    let scopes = items.iter().map(|item| observe(&mut persons, item)).collect::<Result<Vec<_>, _>>()?;
    let asked = Asked { items: &items, scopes: &scopes, vocabulary: &vocabulary, setup };
    let mut rows = Vec::new();
    for method in &setup.methods {
        let built = persons.build(method, setup)?;
        let mut board = Board::default();
        asked.score(&mut board, |item, scope, domain, slot, board| {
            let values = asked.values(item, domain, slot);
            let read = recalled(&persons, method, scope, domain, slot, board)?;
            Ok(values
                .into_iter()
                .filter(|known| read.iter().any(|text| says(text, known.1.words)))
                .map(first)
                .collect())
        })?;
        rows.push(board.row(method.about().id.as_str(), built));
    }
    for row in [MENTIONED, MOST_MENTIONED, MOST_COMMON, PROFILE] {
        rows.push(without_method(&persons, &asked, row)?);
    }
    Ok(Table { task: TASK.name.to_owned(), data: data.source(items.len()), rows })
}

fn first((value, _): (&str, Count<'_>)) -> String {
    value.to_owned()
}

/// Reads the profiles of all users; those without a history are left out.
fn read(data: &mut Data) -> Result<Vec<Item>, LabError> {
    let folders = data.folders()?;
    let items = folders.into_iter().map(|id| Ok(Item { profile: data.json(&format!("{id}/profile.json"))?, id }));
    let items: Vec<Item> = items.collect::<Result<_, LabError>>()?;
    Ok(items.into_iter().filter(|item| !item.profile.interactions.is_empty()).collect())
}

fn vocabulary(items: &[Item]) -> Vocabulary {
    let mut vocabulary = Vocabulary::new();
    for item in items.iter().filter(|item| item.id.starts_with(TUNE)) {
        for (domain, slots) in &item.profile.affinities {
            for (slot, values) in slots {
                let known = vocabulary.entry((domain.clone(), slot.clone())).or_default();
                known.users += 1;
                for value in values.texts() {
                    known
                        .values
                        .entry(value.to_lowercase())
                        .or_insert_with(|| Known { words: words(value), users: 0 })
                        .users += 1;
                }
            }
        }
    }
    vocabulary
}

impl Values {
    fn texts(&self) -> Vec<&str> {
        match self {
            Self::One(value) => vec![value],
            Self::Several(values) => values.iter().map(String::as_str).collect(),
        }
    }

    fn lower(&self) -> HashSet<String> {
        self.texts().into_iter().map(str::to_lowercase).collect()
    }
}

fn observe(persons: &mut Persons, item: &Item) -> Result<Scope, LabError> {
    let sentences = item.profile.interactions.iter().flat_map(|(domain, text)| {
        let sentences = text.split(['\n']).flat_map(|line| line.split_inclusive(". ")).map(str::trim);
        sentences.filter(|sentence| !sentence.is_empty()).map(move |sentence| (domain, sentence))
    });
    let numbered: Vec<(String, &String, &str)> =
        sentences.enumerate().map(|(n, (domain, sentence))| ((n + 1).to_string(), domain, sentence)).collect();
    let said = numbered.iter().map(|(id, domain, text)| Said {
        id,
        session: domain,
        speaker: &item.id,
        role: Role::User,
        at: None,
        text,
    });
    persons.observe(&item.id, &said.collect::<Vec<_>>())
}

/// The words of the sentences that come back on the name of a slot.
fn recalled(
    persons: &Persons,
    method: &Method,
    scope: &Scope,
    domain: &str,
    slot: &str,
    board: &mut Board,
) -> Result<Vec<Vec<String>>, LabError> {
    let session = || -> Result<SessionRef, kithkin::Error> {
        Ok(SessionRef { conversation: ConversationId::new(CONVERSATION)?, session: SessionId::new(domain)? })
    };
    let recall = Recall {
        within: vec![session()?],
        limit: READ,
        method: Some(method.clone()),
        ..Recall::new(format!("{domain}: {slot}"), Now::Clock)
    };
    let report = persons.ask(scope, &recall, board)?;
    Ok(report.evidence.iter().map(|turn| words(&turn.text)).collect())
}

/// A value's words, and how many other users have it.
struct Count<'a> {
    words: &'a Vec<String>,
    users: usize,
}

/// Who is asked about, and what the values may be.
struct Asked<'a> {
    items: &'a [Item],
    scopes: &'a [Scope],
    vocabulary: &'a Vocabulary,
    setup: &'a Setup<'a>,
}

impl Asked<'_> {
    /// The values that other users have of a slot.
    fn values(&self, item: &Item, domain: &str, slot: &str) -> Vec<(&str, Count<'_>)> {
        let known = self.vocabulary.get(&(domain.to_owned(), slot.to_owned()));
        let own = item.profile.affinities.get(domain).and_then(|slots| slots.get(slot));
        let own = own.filter(|_| item.id.starts_with(TUNE)).map(Values::lower).unwrap_or_default();
        let others = known.into_iter().flat_map(|slot| &slot.values).map(|(value, known)| {
            let users = known.users.saturating_sub(usize::from(own.contains(value)));
            (value.as_str(), Count { words: &known.words, users })
        });
        others.filter(|(_, count)| count.users > 0).collect()
    }

    /// Scores the values that `found` gives for each slot, a domain of a user at a time.
    fn score(
        &self,
        board: &mut Board,
        mut found: impl FnMut(&Item, &Scope, &str, &str, &mut Board) -> Result<HashSet<String>, LabError>,
    ) -> Result<(), LabError> {
        for (done, (item, scope)) in (0..).zip(self.items.iter().zip(self.scopes)) {
            for (domain, slots) in &item.profile.affinities {
                let (mut right, mut given, mut gold) = (0, 0, 0);
                for (slot, values) in slots {
                    let wanted = values.lower();
                    let got = found(item, scope, domain, slot, board)?;
                    right += got.intersection(&wanted).count();
                    given += got.len();
                    gold += wanted.len();
                }
                let share = |part: usize, of: usize| if of == 0 { 0.0 } else { part as f64 / of as f64 };
                let scores = [
                    ("f1", share(2 * right, given + gold)),
                    ("precision", share(right, given)),
                    ("recall", share(right, gold)),
                ];
                board.question(&[domain], &scores.map(|(name, value)| (name.to_owned(), value)));
            }
            (self.setup.progress)("users", done + 1, self.items.len() as u64);
        }
        Ok(())
    }
}

/// A row that needs no method.
fn without_method(persons: &Persons, asked: &Asked<'_>, row: &str) -> Result<Measured, LabError> {
    let mut board = Board::default();
    let mut stated: HashMap<String, Vec<Vec<String>>> = HashMap::new();
    asked.score(&mut board, |item, scope, domain, slot, _| {
        let mut values = asked.values(item, domain, slot);
        let history = words(item.profile.interactions.get(domain).map_or("", String::as_str));
        let times = |count: &Count<'_>| history.windows(count.words.len().max(1)).filter(|w| w == count.words).count();
        Ok(match row {
            MENTIONED => values.into_iter().filter(|(_, count)| says(&history, count.words)).map(first).collect(),
            MOST_MENTIONED => {
                let most = values.into_iter().max_by_key(|(_, count)| (times(count), count.users));
                most.filter(|(_, count)| times(count) > 0).map(first).into_iter().collect()
            }
            MOST_COMMON => {
                // As many as a user has of this slot on average.
                let users = asked.vocabulary.get(&(domain.to_owned(), slot.to_owned())).map_or(0, |slot| slot.users);
                let all: usize = values.iter().map(|(_, count)| count.users).sum();
                values.sort_by_key(|(_, count)| std::cmp::Reverse(count.users));
                values.into_iter().take((all as f64 / users.max(1) as f64).round() as usize).map(first).collect()
            }
            _ => {
                if !stated.contains_key(&item.id) {
                    let entries = persons.person(scope).profile(Now::Clock)?.entries;
                    let texts = entries.iter().map(|entry| words(&format!("{} {}", entry.topic, entry.current.value)));
                    stated.insert(item.id.clone(), texts.collect());
                }
                let texts = stated.get(&item.id).map(Vec::as_slice).unwrap_or_default();
                let said = |count: &Count<'_>| texts.iter().any(|text| says(text, count.words));
                values.into_iter().filter(|(_, count)| said(count)).map(first).collect()
            }
        })
    })?;
    Ok(board.row(row, 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(id: &str, sounds: &[&str]) -> Item {
        let values = Values::Several(sounds.iter().map(|&sound| sound.to_owned()).collect());
        let slots = Slots::from([("Sound".to_owned(), values)]);
        let profile = Profile { affinities: [("Alarm".to_owned(), slots)].into(), interactions: BTreeMap::new() };
        Item { id: id.to_owned(), profile }
    }

    #[test]
    fn values_are_those_of_other_users_who_are_tuned_on() {
        let items = [item("user1001", &["Radio", "birds"]), item("user1002", &["birds"]), item("user1101", &["bells"])];
        let vocabulary = vocabulary(&items);
        let setup = Setup {
            data: std::path::PathBuf::new(),
            methods: Vec::new(),
            embedder: None,
            chat: None,
            reranker: None,
            items: Vec::new(),
            limit: None,
            progress: &|_, _, _| (),
        };
        let asked = Asked { items: &items, scopes: &[], vocabulary: &vocabulary, setup: &setup };
        let check = |item: &Item, expect: &[(&str, usize)]| {
            let values = asked.values(item, "Alarm", "Sound");
            assert_eq!(values.iter().map(|(value, count)| (*value, count.users)).collect::<Vec<_>>(), expect);
        };
        check(&items[0], &[("birds", 1)]);
        check(&items[1], &[("birds", 1), ("radio", 1)]);
        check(&items[2], &[("birds", 2), ("radio", 1)]);
        assert!(asked.values(&items[0], "Books", "Genre").is_empty());
    }
}
