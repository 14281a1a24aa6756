//! PrefEval: does what a chat model would be shown of a person lead to the option that the person's preference asks for?
//!
//! Of the four options of a question one follows the preference, and the others go against it. Between the preference and
//! the question lie 0, 10, 70 or 300 turns of talk about nothing in particular; the question comes in a conversation of
//! its own, so that only what is remembered can help. The prompt is composed as for a reply, and then
//!
//! - `choice`: the option is chosen whose embedding is nearest to anything that the prompt shows of the person, a turn
//!   or an entry of the profile; nearest to the question, where it shows nothing. It needs no chat model, tells little
//!   about how one would choose, and cannot tell liking from disliking;
//! - `choice_model`, where a chat model in this process is named: the option is chosen whose words are most likely, a
//!   token on average, as the reply to the prompt with the options in it;
//! - `shown`: whether the prompt shows a turn of the preference, or an entry whose words are in one.
//!
//! Categories are form and number of turns between, such as `explicit/300`; data with fewer turns of other talk has fewer
//! categories.

use std::sync::Arc;

use kithkin::{ChatModel, ChatRequest, Embedder, EntryKind, Now, PromptReport, Respond, TokenLikelihood};

use super::data::{FORMS, Session, Tally, Topic, distractors, file, person, remembering, topic, topics};
use crate::data::Data;
use crate::persons::Persons;
use crate::tasks::{Setup, TaskSpec};
use crate::{LabError, Table};

pub(in crate::tasks) const TASK: TaskSpec = TaskSpec {
    name: "prefeval-choice",
    datasets: &["prefeval"],
    strategies: &[],
    about: "does what a reply would be made from lead to the option that follows the person's preference?",
    headline: &["choice", "choice_model", "shown"],
    run,
};

/// The options of a topic's questions.
const OPTIONS: &str = "mcq_options";
/// Turns of other talk between preference and question.
const BETWEEN: [usize; 4] = [0, 10, 70, 300];

#[derive(serde::Deserialize)]
struct Question {
    question: String,
    /// The first follows the preference.
    classification_task_options: Vec<String>,
}

fn run(setup: &Setup<'_>) -> Result<Table, LabError> {
    let mut data = Data::new("prefeval", &setup.data);
    let (_, asked) = topics(&mut data, setup)?;
    let between = distractors(&mut data)?;
    let each = remembering(setup);
    let mut tallies = Tally::all(&setup.methods);
    let of = (FORMS.len() * asked.len()) as u64;
    let mut done = 0;
    for (form, folder) in FORMS {
        for name in &asked {
            let questions = questions(&mut data, name)?;
            let topic = topic(&mut data, form, folder, name)?;
            ask_topic(form, &topic, &questions, &between, &each, &mut tallies)?;
            done += 1;
            (setup.progress)(form, done, of);
        }
    }
    Ok(Tally::table(tallies, TASK.name, data.source(asked.len())))
}

/// The questions of a topic, in the order of its preferences.
fn questions(data: &mut Data, name: &str) -> Result<Vec<Question>, LabError> {
    let file = file(OPTIONS, name);
    let questions: Vec<Question> = data.json(&file)?;
    match questions.iter().position(|question| question.classification_task_options.len() != 4) {
        Some(number) => Err(data.wrong(&file, format!("entry {number} has no four options"))),
        None => Ok(questions),
    }
}

fn ask_topic(
    form: &str,
    topic: &Topic,
    questions: &[Question],
    between: &[Session],
    each: &Setup<'_>,
    tallies: &mut [Tally<'_>],
) -> Result<(), LabError> {
    let asked = topic.preferences.iter().zip(questions).take(each.limit.unwrap_or(usize::MAX));
    for (preference, question) in asked {
        let there: usize = between.iter().map(|session| session.turns.len()).sum();
        for turns in BETWEEN.into_iter().filter(|turns| *turns <= there) {
            let fillers = first_turns(between, turns);
            let history: Vec<&Session> = std::iter::once(&preference.session).chain(&fillers).collect();
            let mut persons = Persons::new(each)?;
            let scope = person(&mut persons, topic.name, &history)?;
            for tally in &mut *tallies {
                tally.seconds += persons.build(tally.method, each)?;
                let respond = Respond {
                    method: Some(tally.method.clone()),
                    temperature: 0.0,
                    ..Respond::new(&question.question, Now::Clock)
                };
                let prompt = persons.prompt(&scope, &respond, &mut tally.board)?;
                let scores = scores(question, &preference.session, &prompt, each)?;
                tally.board.question(&[&format!("{form}/{turns}")], &scores);
            }
        }
    }
    Ok(())
}

/// The first of these sessions, with so many turns in all; the last of them is cut.
fn first_turns(sessions: &[Session], turns: usize) -> Vec<Session> {
    let mut left = turns;
    let mut first = Vec::new();
    for session in sessions.iter().take_while(|_| turns > 0) {
        let taken: Vec<_> = session.turns.iter().take(left).cloned().collect();
        left -= taken.len();
        if !taken.is_empty() {
            first.push(Session { id: session.id.clone(), turns: taken });
        }
    }
    first
}

/// How the choices come out.
fn scores(
    question: &Question,
    told: &Session,
    prompt: &PromptReport,
    each: &Setup<'_>,
) -> Result<Vec<(String, f64)>, LabError> {
    let right = question.classification_task_options.first();
    // In an order of their own, so that of equals none is taken for its place.
    let mut options: Vec<&str> = question.classification_task_options.iter().map(String::as_str).collect();
    options
        .sort_by_cached_key(|option| *blake3::hash(format!("{}\n{option}", question.question).as_bytes()).as_bytes());
    let is_right = |place: usize| f64::from(u8::from(options.get(place).copied() == right.map(String::as_str)));
    let entries: Vec<String> =
        prompt.profile_used.iter().map(|entry| format!("{} {}", entry.topic, entry.value)).collect();
    let turns = prompt.shown.iter().map(|turn| turn.text.as_str());
    let mut known: Vec<&str> = entries.iter().map(String::as_str).chain(turns).collect();
    let mut scores = vec![("shown".to_owned(), f64::from(u8::from(shows(prompt, told))))];
    if known.is_empty() {
        known.push(&question.question);
    }
    if let Some(embedder) = &each.embedder {
        scores.push(("choice".to_owned(), is_right(nearest(&**embedder, &options, &known)?)));
    }
    if let Some(chat) = &each.chat {
        scores.push(("choice_model".to_owned(), is_right(likeliest(chat, &options, prompt)?)));
    }
    Ok(scores)
}

/// Whether the prompt shows something of this session: a turn, or an entry whose value is told in one.
fn shows(prompt: &PromptReport, told: &Session) -> bool {
    let texts: Vec<String> = told.turns.iter().map(|(_, text)| text.to_lowercase()).collect();
    prompt.shown.iter().any(|turn| turn.session == told.id)
        || prompt.profile_used.iter().any(|entry| {
            // The value of a liking is no word of the person's, and its topic is.
            let of = if entry.kind == EntryKind::Preference { &entry.topic } else { &entry.value };
            texts.iter().any(|text| text.contains(&of.to_lowercase()))
        })
}

/// The place of the option that is nearest to any of the texts.
fn nearest(embedder: &dyn Embedder, options: &[&str], texts: &[&str]) -> Result<usize, LabError> {
    let all: Vec<&str> = options.iter().chain(texts).copied().collect();
    let vectors = embedder.embed(&all).map_err(kithkin::EngineError::from).map_err(kithkin::Error::from)?;
    let rows: Vec<&[f32]> = vectors.rows().collect();
    let (options, texts) = rows.split_at(options.len().min(rows.len()));
    let near = |option: &&[f32]| texts.iter().map(|text| cosine(option, text)).fold(f32::NEG_INFINITY, f32::max);
    Ok(best(options.iter().map(near)))
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt().max(f32::MIN_POSITIVE)
}

/// The place of the option that is the likeliest reply, a token on average.
fn likeliest(chat: &Arc<dyn ChatModel>, options: &[&str], prompt: &PromptReport) -> Result<usize, LabError> {
    let request = ChatRequest { messages: prompt.messages.clone(), max_tokens: 1, temperature: 0.0, schema: None };
    let mut means = Vec::new();
    for option in options {
        let tokens = chat.likelihoods(Some(&request), option);
        let tokens = tokens.map_err(kithkin::EngineError::from).map_err(kithkin::Error::from)?;
        means.push(tokens.iter().map(|token: &TokenLikelihood| token.ln).sum::<f32>() / tokens.len().max(1) as f32);
    }
    Ok(best(means.into_iter()))
}

/// The place of the highest number; of equals the first.
fn best(numbers: impl Iterator<Item = f32>) -> usize {
    let better = |best: (usize, f32), one: (usize, f32)| if one.1 > best.1 { one } else { best };
    numbers.enumerate().fold((0, f32::NEG_INFINITY), better).0
}

#[cfg(test)]
mod tests {
    use kithkin::Role;

    use super::*;

    #[test]
    fn so_many_turns_lie_between() {
        let session =
            |id: &str, turns: usize| Session { id: id.to_owned(), turns: vec![(Role::User, String::new()); turns] };
        let sessions = [session("a", 3), session("b", 4), session("c", 5)];
        let check = |turns: usize, expect: &[(&str, usize)]| {
            let first = first_turns(&sessions, turns);
            assert_eq!(first.iter().map(|s| (s.id.as_str(), s.turns.len())).collect::<Vec<_>>(), expect);
        };
        check(0, &[]);
        check(3, &[("a", 3)]);
        check(5, &[("a", 3), ("b", 2)]);
        check(99, &[("a", 3), ("b", 4), ("c", 5)]);
    }

    #[test]
    fn of_equals_the_first_is_chosen() {
        assert_eq!(best([0.1, 0.3, 0.3].into_iter()), 1);
        assert_eq!(best([f32::NAN, f32::NAN].into_iter()), 0);
    }
}
