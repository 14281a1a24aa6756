//! The files of PrefEval: preferences in three forms, what is chosen among, and talk about nothing in particular.

use std::collections::BTreeMap;
use std::sync::Arc;

use kithkin::{Embedder, Method, Role, Scope};
use serde::Deserialize;

use crate::board::Board;
use crate::data::Data;
use crate::items::chosen;
use crate::memo::Memo;
use crate::persons::{Persons, Said};
use crate::tasks::Setup;
use crate::{LabError, Source, Table};

/// The topics, which are the items.
pub(super) const TOPICS: [&str; 20] = [
    "education_learning_styles",
    "education_resources",
    "entertain_games",
    "entertain_music_book",
    "entertain_shows",
    "entertain_sports",
    "lifestyle_beauty",
    "lifestyle_dietary",
    "lifestyle_fit",
    "lifestyle_health",
    "pet_ownership",
    "professional_work_location_style",
    "shop_fashion",
    "shop_home",
    "shop_motors",
    "shop_technology",
    "travel_activities",
    "travel_hotel",
    "travel_restaurant",
    "travel_transportation",
];
/// The forms of a preference, with their folders.
pub(super) const FORMS: [(&str, &str); 3] = [
    ("explicit", "explicit_preference"),
    ("choice", "implicit_preference/choice-based"),
    ("persona", "implicit_preference/persona-driven"),
];
/// Conversations about nothing in particular.
pub(super) const DISTRACTORS: &str = "filtered_inter_turns.json";

#[derive(Deserialize)]
struct Entry {
    preference: String,
    question: String,
    conversation: Option<Conversation>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Conversation {
    Choice { query: String, assistant_options: String, user_selection: String, assistant_acknowledgment: String },
    Persona(BTreeMap<String, Round>),
}

#[derive(Deserialize)]
struct Round {
    user: String,
    assistant: String,
}

#[derive(Deserialize)]
struct Distractor {
    conversation_id: String,
    conversation: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    content: String,
}

/// A session of a history.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) id: String,
    pub(super) turns: Vec<(Role, String)>,
}

/// A preference in one form, with the question that it bears on.
#[derive(Debug)]
pub(super) struct Preference {
    pub(super) session: Session,
    pub(super) preference: String,
    pub(super) question: String,
}

/// The preferences of a topic in one form.
pub(super) struct Topic {
    pub(super) name: &'static str,
    pub(super) preferences: Vec<Preference>,
}

/// What a method has reached so far.
pub(super) struct Tally<'a> {
    pub(super) method: &'a Method,
    pub(super) board: Board,
    pub(super) seconds: f64,
}

impl<'a> Tally<'a> {
    /// One for each method, with nothing reached.
    pub(super) fn all(methods: &'a [Method]) -> Vec<Self> {
        methods.iter().map(|method| Self { method, board: Board::default(), seconds: 0.0 }).collect()
    }

    /// The table of a task, a row each.
    pub(super) fn table(tallies: Vec<Self>, task: &str, data: Source) -> Table {
        let rows = tallies.into_iter().map(|tally| tally.board.row(tally.method.about().id.as_str(), tally.seconds));
        Table { task: task.to_owned(), data, rows: rows.collect() }
    }
}

/// The topics that the data has, and those of them that are asked about.
pub(super) fn topics(data: &mut Data, setup: &Setup<'_>) -> Result<(Vec<&'static str>, Vec<&'static str>), LabError> {
    let there: Vec<&str> = TOPICS.into_iter().filter(|topic| data.has(&file(FORMS[0].1, topic))).collect();
    if there.is_empty() {
        // The error of the first file that is missing says what to do.
        data.bytes(&file(FORMS[0].1, TOPICS[0]))?;
    }
    let asked = chosen(there.clone(), &setup.items, |topic| topic)?;
    Ok((there, asked))
}

/// The same setup for many small histories that are made of the same few texts: each is embedded once.
pub(super) fn remembering<'a>(setup: &Setup<'a>) -> Setup<'a> {
    let memo = setup.embedder.as_ref().map(|inner| Arc::new(Memo::new(Arc::clone(inner))) as Arc<dyn Embedder>);
    Setup { methods: Vec::new(), embedder: memo, items: Vec::new(), progress: &|_, _, _| (), ..setup.clone() }
}

/// A person who has said all of this, in this order. A turn's id is that of its session, a colon, and its number.
pub(super) fn person(persons: &mut Persons, name: &str, history: &[&Session]) -> Result<Scope, LabError> {
    let ids: Vec<Vec<String>> =
        history.iter().map(|s| (1..=s.turns.len()).map(|n| format!("{}:{n}", s.id)).collect()).collect();
    let said: Vec<Said<'_>> = history
        .iter()
        .zip(&ids)
        .flat_map(|(session, ids)| {
            session.turns.iter().zip(ids).map(|((role, text), id)| {
                let (session, speaker) = (session.id.as_str(), role.as_str());
                Said { id, session, speaker, role: *role, at: None, text }
            })
        })
        .collect();
    persons.observe(name, &said)
}

pub(super) fn file(folder: &str, topic: &str) -> String {
    format!("{folder}/{topic}.json")
}

/// The preferences of a topic in one form.
pub(super) fn topic(data: &mut Data, form: &str, folder: &str, name: &'static str) -> Result<Topic, LabError> {
    let file = file(folder, name);
    let mut preferences = Vec::new();
    for (number, entry) in data.json::<Vec<Entry>>(&file)?.into_iter().enumerate() {
        let turns = match (form, entry.conversation) {
            ("explicit", None) => Some(vec![(Role::User, entry.preference.clone())]),
            ("choice", Some(conversation @ Conversation::Choice { .. }))
            | ("persona", Some(conversation @ Conversation::Persona(_))) => conversation.turns(),
            _ => None,
        };
        let Some(turns) = turns else {
            return Err(data.wrong(&file, format!("entry {number} is not of the form {form}")));
        };
        let session = Session { id: format!("{name}/{number}"), turns };
        preferences.push(Preference { session, preference: entry.preference, question: entry.question });
    }
    Ok(Topic { name, preferences })
}

impl Conversation {
    /// What was said by whom, in order; `None` where a round has no number.
    fn turns(self) -> Option<Vec<(Role, String)>> {
        match self {
            Self::Choice { query, assistant_options, user_selection, assistant_acknowledgment } => Some(vec![
                (Role::User, query),
                (Role::Assistant, assistant_options),
                (Role::User, user_selection),
                (Role::Assistant, assistant_acknowledgment),
            ]),
            Self::Persona(rounds) => {
                let numbered = rounds.into_iter().map(|(number, round)| Some((number.parse().ok()?, round)));
                let rounds: BTreeMap<u32, Round> = numbered.collect::<Option<_>>()?;
                let said = |round: Round| [(Role::User, round.user), (Role::Assistant, round.assistant)];
                Some(rounds.into_values().flat_map(said).collect())
            }
        }
    }
}

pub(super) fn distractors(data: &mut Data) -> Result<Vec<Session>, LabError> {
    let mut sessions = Vec::new();
    for distractor in data.json::<Vec<Distractor>>(DISTRACTORS)? {
        let mut turns = Vec::new();
        for message in distractor.conversation {
            let role = message.role.parse().map_err(|_| {
                let role = message.role;
                data.wrong(DISTRACTORS, format!("{} has the role {role:?}", distractor.conversation_id))
            })?;
            turns.push((role, message.content));
        }
        sessions.push(Session { id: distractor.conversation_id, turns });
    }
    Ok(sessions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_in_the_order_of_their_numbers() {
        let read = |text: &str| serde_json::from_str::<Conversation>(text).unwrap().turns();
        let round = |n: u32| format!(r#""{n}": {{"user": "u{n}", "assistant": "a{n}"}}"#);
        let turns = read(&format!("{{{}, {}}}", round(10), round(9))).unwrap();
        assert_eq!(turns.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>(), ["u9", "a9", "u10", "a10"]);
        assert!(read(r#"{"first": {"user": "u", "assistant": "a"}}"#).is_none());
    }
}
