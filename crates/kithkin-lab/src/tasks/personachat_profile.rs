//! Profile prediction: which sentences of a persona are the speaker's, by what they say in the dialogue?
//!
//! Zhang et al. (2018) predict the profile of a speaker from a dialogue as well. Here the sentences of all personas
//! of a file are the turns of one person, each in a session of its own, and a dialogue is a recall within its candidates:
//! the four or five sentences that describe its second speaker, and as many of other dialogues as make [`CANDIDATES`].
//!
//! A dialogue is asked in four settings: by the speaker's turns (`turns`), by the profile that is read of these turns
//! (`profile`), by both (`both`), and by what the other one says (`other`). All turns together are the question, and each
//! of them, or of the entries, an aspect. A profile without an entry finds nothing.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use kithkin::{
    Aspect, ConversationId, Embedder, EntryKind, Method, Now, ProfileEntry, Recall, Role, Scope, SessionId, SessionRef,
};

use super::xpersona::{Dialogue, Item, SILENCE, read};
use super::{Setup, TaskSpec};
use crate::board::Board;
use crate::data::Data;
use crate::draw::Draw;
use crate::memo::Memo;
use crate::metrics::{recall_at, reciprocal_rank};
use crate::persons::{CONVERSATION, Persons, Said};
use crate::table::Means;
use crate::{LabError, Measured, Table};

pub(super) const TASK: TaskSpec = TaskSpec {
    name: "personachat-profile",
    datasets: &["xpersona"],
    strategies: &[],
    about: "which of 100 sentences describe a speaker, by what they say in a dialogue?",
    headline: &["hits@1", "hits@5", "recall@5", "mrr", "with_entries"],
    run,
};

/// Candidates of a dialogue: the sentences of its persona and those of others.
const CANDIDATES: usize = 100;
/// Dialogues of a file, where no limit is given.
const DIALOGUES: usize = 300;
/// Where the drawing of distractors starts.
const SEED: u64 = 1;
/// The settings.
const SETTINGS: [&str; 4] = ["turns", "profile", "both", "other"];

/// A dialogue, with its candidates.
struct Example {
    /// What the described speaker says, and the other one.
    turns: Vec<String>,
    other: Vec<String>,
    /// What the profile that is read of their turns says.
    entries: Vec<String>,
    /// The sessions of the candidates, and of those that are right.
    candidates: Vec<String>,
    right: HashSet<String>,
}

/// The sentences of a file, observed as a person.
struct Bank {
    language: &'static str,
    scope: Scope,
    examples: Vec<Example>,
}

fn run(setup: &Setup<'_>) -> Result<Table, LabError> {
    let mut data = Data::new("xpersona", &setup.data);
    let items = read(&mut data, &setup.items)?;
    let embedder = setup.embedder.as_ref().map(|inner| Arc::new(Memo::new(Arc::clone(inner))) as Arc<dyn Embedder>);
    let setup = Setup { embedder, ..setup.clone() };
    // The speakers are persons as well, of whom nothing but a profile is asked: no method derives anything of them.
    let (mut persons, mut speakers) = (Persons::new(&setup)?, Persons::new(&setup)?);
    let mut banks = Vec::new();
    for item in &items {
        banks.push(bank(&mut persons, &mut speakers, item, &data, &setup)?);
    }
    let mut rows = Vec::new();
    for method in &setup.methods {
        let built = persons.build(method, &setup)?;
        rows.push(measure(&persons, method, &banks, built, &setup)?);
    }
    Ok(Table { task: TASK.name.to_owned(), data: data.source(items.len()), rows })
}

/// Observes the sentences of all personas of an item, each text once, and makes its examples.
fn bank(
    persons: &mut Persons,
    speakers: &mut Persons,
    item: &Item,
    data: &Data,
    setup: &Setup<'_>,
) -> Result<Bank, LabError> {
    let mut number: HashMap<&str, usize> = HashMap::new();
    let mut texts: Vec<&str> = Vec::new();
    for text in item.dialogues.iter().flat_map(|d| &d.persona).filter(|text| !text.trim().is_empty()) {
        number.entry(text).or_insert_with(|| {
            texts.push(text);
            texts.len() - 1
        });
    }
    let ids: Vec<String> = (0..texts.len()).map(session).collect();
    let said = ids.iter().zip(&texts).map(|(id, text)| {
        // A name that no sentence holds: names of speakers are left out of what is looked up.
        Said { id, session: id, speaker: "S1", role: Role::User, at: None, text }
    });
    let scope = persons.observe(&item.name, &said.collect::<Vec<_>>())?;
    let described: Vec<(usize, &Dialogue)> = item
        .dialogues
        .iter()
        .enumerate()
        .filter(|(_, dialogue)| dialogue.persona.iter().any(|s| !s.is_empty()))
        .collect();
    let chosen = setup.limit.unwrap_or(DIALOGUES).min(described.len());
    let mut draw = Draw::new(SEED);
    let mut examples = Vec::new();
    for (place, dialogue) in (0..chosen).filter_map(|i| described.get(i * described.len() / chosen)) {
        let right: Vec<usize> = dialogue.persona.iter().filter_map(|text| number.get(text.as_str()).copied()).collect();
        let candidates = candidates(&mut draw, &right, texts.len()).ok_or_else(|| {
            data.wrong(&item.name, format!("dialogue {}: there are no sentences of other personas", place + 1))
        })?;
        let [turns, other] = [1, 0].map(|speaker: usize| {
            let said = dialogue.dialogue.iter().map(|pair| pair[speaker].clone());
            said.filter(|text| !text.trim().is_empty() && text != SILENCE).collect::<Vec<_>>()
        });
        let entries = entries(speakers, &format!("{}/{place}", item.name), &turns)?;
        examples.push(Example {
            turns,
            other,
            entries,
            candidates: candidates.into_iter().map(session).collect(),
            right: right.into_iter().map(session).collect(),
        });
    }
    Ok(Bank { language: item.language, scope, examples })
}

/// The right sentences and others, of `all`; fewer than [`CANDIDATES`] where there are not so many, and `None` where
/// there are no others.
fn candidates(draw: &mut Draw, right: &[usize], all: usize) -> Option<Vec<usize>> {
    let mut candidates = right.to_vec();
    candidates.sort_unstable();
    candidates.dedup();
    let wanted = CANDIDATES.min(all);
    if candidates.len() >= wanted {
        return None;
    }
    while candidates.len() < wanted {
        let other = draw.below(all);
        if !candidates.contains(&other) {
            candidates.push(other);
        }
    }
    Some(candidates)
}

fn session(sentence: usize) -> String {
    format!("p{sentence}")
}

/// What the profile of a speaker says who says these turns, an entry a text.
fn entries(speakers: &mut Persons, name: &str, turns: &[String]) -> Result<Vec<String>, LabError> {
    let ids: Vec<String> = (1..=turns.len()).map(|n| n.to_string()).collect();
    let said = ids.iter().zip(turns).map(|(id, text)| Said {
        id,
        session: "1",
        speaker: "S2",
        role: Role::User,
        at: None,
        text,
    });
    let scope = speakers.observe(name, &said.collect::<Vec<_>>())?;
    let report = speakers.person(&scope).profile(Now::Clock)?;
    Ok(report.entries.iter().map(told).collect())
}

/// An entry in words: the thing that is liked or not, or the topic and the value.
fn told(entry: &ProfileEntry) -> String {
    let favourite = entry.topic.starts_with("favourite ");
    match entry.kind {
        EntryKind::Preference if !favourite => entry.topic.clone(),
        EntryKind::Goal => entry.current.value.clone(),
        EntryKind::Attribute if entry.topic == "home" => format!("live {}", entry.current.value),
        _ => format!("{} {}", entry.topic, entry.current.value),
    }
}

fn measure(
    persons: &Persons,
    method: &Method,
    banks: &[Bank],
    built: f64,
    setup: &Setup<'_>,
) -> Result<Measured, LabError> {
    let of: u64 = banks.iter().map(|bank| bank.examples.len() as u64).sum();
    let mut board = Board::default();
    let mut by_setting = Means::default();
    let mut done = 0;
    for bank in banks {
        for example in &bank.examples {
            for setting in SETTINGS {
                let ranking = match example.recall(setting)? {
                    Some(recall) => {
                        let recall = Recall { method: Some(method.clone()), ..recall };
                        let report = persons.ask(&bank.scope, &recall, &mut board)?;
                        report.evidence.into_iter().map(|e| e.turn).collect()
                    }
                    None => Vec::new(),
                };
                let scores = scores(&ranking, example, setting);
                board.question(&[setting, &format!("{} {setting}", bank.language)], &scores);
                for (name, value) in scores {
                    by_setting.add(&format!("{}_{setting}_{name}", bank.language), value);
                }
            }
            done += 1;
            (setup.progress)(method.about().id.as_str(), done, of);
        }
    }
    for (name, value) in by_setting.values() {
        board.set(&name, Some(value));
    }
    Ok(board.row(method.about().id.as_str(), built))
}

fn scores(ranking: &[String], example: &Example, setting: &str) -> Vec<(String, f64)> {
    let [first, five] = [1, 5].map(|k| recall_at(ranking, &example.right, k));
    let mut scores = vec![
        ("hits@1".to_owned(), first.any),
        ("hits@5".to_owned(), five.any),
        ("recall@5".to_owned(), five.mean),
        ("mrr".to_owned(), reciprocal_rank(ranking, &example.right)),
    ];
    if setting == "profile" {
        scores.push(("with_entries".to_owned(), f64::from(u8::from(!example.entries.is_empty()))));
    }
    scores
}

impl Example {
    /// The recall of a setting; `None` where there is nothing to ask with.
    fn recall(&self, setting: &str) -> Result<Option<Recall>, kithkin::Error> {
        let (question, aspects) = match setting {
            "profile" => (&self.entries, self.entries.clone()),
            "both" => (&self.turns, [&self.turns[..], &self.entries].concat()),
            "other" => (&self.other, self.other.clone()),
            _ => (&self.turns, self.turns.clone()),
        };
        if question.is_empty() {
            return Ok(None);
        }
        let conversation = ConversationId::new(CONVERSATION)?;
        let within = self.candidates.iter().map(|sentence| {
            Ok(SessionRef { conversation: conversation.clone(), session: SessionId::new(sentence.clone())? })
        });
        Ok(Some(Recall {
            aspects: aspects.iter().map(Aspect::new).collect(),
            within: within.collect::<Result<_, kithkin::Error>>()?,
            limit: CANDIDATES,
            ..Recall::new(question.join("\n"), Now::Clock)
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_are_the_right_ones_and_others_each_once() {
        let check = |right: &[usize], all: usize, expect: Option<usize>| {
            let found = candidates(&mut Draw::new(SEED), right, all);
            assert_eq!(found.as_ref().map(Vec::len), expect);
            for found in found.into_iter() {
                assert_eq!(found.iter().collect::<HashSet<_>>().len(), found.len());
                assert!(right.iter().all(|sentence| found.contains(sentence)) && found.iter().all(|n| *n < all));
            }
        };
        check(&[3, 7, 3], 500, Some(CANDIDATES));
        check(&[0, 1], 9, Some(9));
        check(&[0, 1], 2, None);
    }
}
