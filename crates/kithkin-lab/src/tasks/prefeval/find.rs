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

use std::collections::HashSet;

use kithkin::{Now, Recall};

use super::data::{
    DISTRACTORS, FORMS, Preference, Session, Tally, Topic, distractors, person, remembering, topic, topics,
};
use crate::data::Data;
use crate::metrics::{recall_at, reciprocal_rank};
use crate::persons::Persons;
use crate::tasks::{Setup, TaskSpec};
use crate::{LabError, Table};

pub(in crate::tasks) const TASK: TaskSpec = TaskSpec {
    name: "prefeval-find",
    datasets: &["prefeval"],
    strategies: &[],
    about: "is the preference that a question bears on found among others of its topic, and among those of other topics?",
    headline: &["hit@1", "hit@5", "mrr"],
    run,
};

/// Turns of other topics in a history with fillers, at most.
const FILLERS: usize = 600;
/// Cutoffs.
const HITS_AT: [usize; 3] = [1, 5, 10];
/// Turns asked for; a preference that comes later counts as not found.
const ASKED: usize = 50;

fn run(setup: &Setup<'_>) -> Result<Table, LabError> {
    let mut data = Data::new("prefeval", &setup.data);
    let (there, asked) = topics(&mut data, setup)?;
    let distractors = if data.has(DISTRACTORS) { distractors(&mut data)? } else { Vec::new() };
    let mut tallies = Tally::all(&setup.methods);
    let each = remembering(setup);
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
    Ok(Tally::table(tallies, TASK.name, data.source(asked.len())))
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
    let mut persons = Persons::new(each)?;
    let scope = person(&mut persons, topic.name, &history)?;
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
    use kithkin::Role;

    use super::*;

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
