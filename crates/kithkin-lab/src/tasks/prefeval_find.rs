//! PrefEval: is the preference that a question bears on found among everything else that a person said?
//!
//! A preference comes in three forms: `explicit`, a statement; `choice`, a dialogue in which the person picks one of
//! several options; `persona`, a longer dialogue that lets it fall by the way. Each statement or dialogue is a session.
//! The query is the question that goes with the preference, and any turn of its session counts as found.
//!
//! Each question is put to two histories. `topic` holds all preferences of the topic in the same form: alike in subject,
//! so the question must pick among them. `fillers` holds the one preference among 600 turns of the same form from other
//! topics, and the dataset's conversations about nothing in particular: a needle in a long history. Which fillers, and
//! where the needle lies, a hash decides, so they are the same in each run.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use kithkin::{Method, Now, Recall, Role};
use serde::Deserialize;

use super::{Setup, TaskSpec};
use crate::board::Board;
use crate::data::Data;
use crate::items::chosen;
use crate::memo::Memo;
use crate::metrics::{recall_at, reciprocal_rank};
use crate::persons::{Persons, Said};
use crate::{LabError, Table};

pub(super) const TASK: TaskSpec = TaskSpec {
    name: "prefeval-find",
    datasets: &["prefeval"],
    strategies: &[],
    about: "is the preference that a question bears on found among others of its topic, and among those of other topics?",
    headline: &["hit@1", "hit@5", "mrr"],
    run,
};

/// The topics, which are the items.
const TOPICS: [&str; 20] = [
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
const FORMS: [(&str, &str); 3] = [
    ("explicit", "explicit_preference"),
    ("choice", "implicit_preference/choice-based"),
    ("persona", "implicit_preference/persona-driven"),
];
/// Conversations about nothing in particular.
const DISTRACTORS: &str = "filtered_inter_turns.json";
/// Turns of other topics in a history with fillers, at most.
const FILLERS: usize = 600;
/// Cutoffs.
const HITS_AT: [usize; 3] = [1, 5, 10];
/// Turns asked for; a preference that comes later counts as not found.
const ASKED: usize = 50;

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
struct Session {
    id: String,
    turns: Vec<(Role, String)>,
}

/// A preference in one form, with the question that it bears on.
#[derive(Debug)]
struct Preference {
    session: Session,
    preference: String,
    question: String,
}

/// The preferences of a topic in one form.
struct Topic {
    name: &'static str,
    preferences: Vec<Preference>,
}

/// What a method has reached so far.
struct Tally<'a> {
    method: &'a Method,
    board: Board,
    seconds: f64,
}

fn run(setup: &Setup<'_>) -> Result<Table, LabError> {
    let mut data = Data::new("prefeval", &setup.data);
    let there: Vec<&str> = TOPICS.into_iter().filter(|topic| data.has(&file(FORMS[0].1, topic))).collect();
    if there.is_empty() {
        // The error of the first file that is missing says what to do.
        data.bytes(&file(FORMS[0].1, TOPICS[0]))?;
    }
    let asked = chosen(there.clone(), &setup.items, |topic| topic)?;
    let distractors = if data.has(DISTRACTORS) { distractors(&mut data)? } else { Vec::new() };
    let tally = |method| Tally { method, board: Board::default(), seconds: 0.0 };
    let mut tallies: Vec<Tally<'_>> = setup.methods.iter().map(tally).collect();
    // Thousands of histories are made of the same few texts, one after another.
    let memo = setup.embedder.as_ref().map(|inner| Arc::new(Memo::new(Arc::clone(inner))) as Arc<_>);
    let each = Setup {
        data: setup.data.clone(),
        methods: Vec::new(),
        embedder: memo,
        reranker: setup.reranker.clone(),
        items: Vec::new(),
        limit: setup.limit,
        progress: &|_, _, _| (),
    };
    let of = (FORMS.len() * asked.len()) as u64;
    let mut done = 0;
    for (form, folder) in FORMS {
        let topics = there.iter().map(|name| topic(&mut data, form, folder, name)).collect::<Result<Vec<_>, _>>()?;
        for topic in topics.iter().filter(|topic| asked.contains(&topic.name)) {
            ask_topic(form, topic, &topics, &distractors, &each, &mut tallies)?;
            done += 1;
            (setup.progress)(form, done, of);
        }
    }
    let rows = tallies.into_iter().map(|tally| tally.board.row(tally.method.about().id.as_str(), tally.seconds));
    Ok(Table { task: TASK.name.to_owned(), data: data.source(asked.len()), rows: rows.collect() })
}

fn file(folder: &str, topic: &str) -> String {
    format!("{folder}/{topic}.json")
}

/// The preferences of a topic in one form.
fn topic(data: &mut Data, form: &str, folder: &str, name: &'static str) -> Result<Topic, LabError> {
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

fn distractors(data: &mut Data) -> Result<Vec<Session>, LabError> {
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

/// Puts the questions of a topic to both histories.
fn ask_topic(
    form: &str,
    topic: &Topic,
    topics: &[Topic],
    distractors: &[Session],
    each: &Setup<'_>,
    tallies: &mut [Tally<'_>],
) -> Result<(), LabError> {
    let limit = each.limit.unwrap_or(usize::MAX);
    let alike: Vec<&Session> = topic.preferences.iter().map(|p| &p.session).collect();
    let asked: Vec<&Preference> = topic.preferences.iter().take(limit).collect();
    ask(&format!("{form}/topic"), alike, topic, &asked, each, tallies)?;
    let fillers = fillers(topic.name, topics);
    for preference in asked {
        let history = [&preference.session].into_iter().chain(distractors).chain(fillers.iter().copied()).collect();
        ask(&format!("{form}/fillers"), history, topic, &[preference], each, tallies)?;
    }
    Ok(())
}

/// Sessions of the other topics with 600 turns at most, in an order that a hash decides.
fn fillers<'a>(topic: &str, topics: &'a [Topic]) -> Vec<&'a Session> {
    let others = topics.iter().filter(|other| other.name != topic);
    let mut others: Vec<&Session> = others.flat_map(|other| &other.preferences).map(|p| &p.session).collect();
    others.sort_by_cached_key(|session| shuffled(topic, session));
    let mut turns = 0;
    let fits = |session: &&Session| {
        turns += session.turns.len();
        turns <= FILLERS
    };
    others.into_iter().take_while(fits).collect()
}

/// A place in an order that is as good as random, and always the same.
fn shuffled(of: &str, session: &Session) -> [u8; 32] {
    *blake3::hash(format!("{of}\n{}", session.id).as_bytes()).as_bytes()
}

/// Makes a person of the history and puts the questions to each method.
fn ask(
    category: &str,
    mut history: Vec<&Session>,
    topic: &Topic,
    questions: &[&Preference],
    each: &Setup<'_>,
    tallies: &mut [Tally<'_>],
) -> Result<(), LabError> {
    history.sort_by_cached_key(|session| shuffled("history", session));
    let ids: Vec<Vec<String>> =
        history.iter().map(|s| (1..=s.turns.len()).map(|n| format!("{}:{n}", s.id)).collect()).collect();
    let sessions = history.iter().zip(&ids);
    let said: Vec<Said<'_>> = sessions
        .flat_map(|(session, ids)| {
            session.turns.iter().zip(ids).map(|((role, text), id)| {
                let (session, speaker) = (session.id.as_str(), role.as_str());
                Said { id, session, speaker, role: *role, at: None, text }
            })
        })
        .collect();
    let mut persons = Persons::new(each)?;
    let scope = persons.observe(topic.name, &said)?;
    for tally in tallies {
        tally.seconds += persons.build(tally.method, each)?;
        for question in questions {
            // A preference that is told twice is found wherever it stands.
            let same = topic.preferences.iter().filter(|p| p.preference == question.preference);
            let gold: HashSet<String> =
                same.flat_map(|p| (1..=p.session.turns.len()).map(|n| format!("{}:{n}", p.session.id))).collect();
            let recall = Recall {
                limit: ASKED,
                method: Some(tally.method.clone()),
                ..Recall::new(question.question.as_str(), Now::Clock)
            };
            let report = persons.ask(&scope, &recall, &mut tally.board)?;
            let ranking: Vec<String> = report.evidence.into_iter().map(|evidence| evidence.turn).collect();
            let mut scores = vec![("mrr".to_owned(), reciprocal_rank(&ranking, &gold))];
            scores.extend(HITS_AT.map(|k| (format!("hit@{k}"), recall_at(&ranking, &gold, k).any)));
            tally.board.question(&[category], &scores);
        }
    }
    Ok(())
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

    #[test]
    fn fillers_are_of_other_topics_within_the_bound_and_always_the_same() {
        let topic = |name: &'static str| Topic {
            name,
            preferences: (0..300)
                .map(|number| Preference {
                    session: Session { id: format!("{name}/{number}"), turns: vec![(Role::User, String::new()); 4] },
                    preference: String::new(),
                    question: String::new(),
                })
                .collect(),
        };
        let topics = ["a", "b", "c"].map(topic);
        let ids = |of: &str| fillers(of, &topics).iter().map(|session| session.id.clone()).collect::<Vec<_>>();
        assert_eq!((ids("a").len(), ids("a")), (FILLERS / 4, ids("a")));
        assert!(ids("a").iter().all(|id| !id.starts_with("a/")));
        assert!(["b/", "c/"].iter().all(|other| ids("a").iter().any(|id| id.starts_with(other))));
    }
}
