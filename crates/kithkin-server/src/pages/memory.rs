//! What is remembered of a person: a question to it, the turns as they were said, and what was derived from them, all as of a
//! day of the reader's choice.

use axum::extract::{Extension, State};
use axum::response::Response;
use kithkin::{
    EngineError, Error, EventTime, Kithkin, MemoryKind, MemoryReport, Method, Now, Person, PersonReport, Recall,
    RecallReport, TurnReport,
};
use minijinja::context;
use serde::{Deserialize, Serialize};

use super::html::value;
use super::visit::Visit;
use crate::access::{Read, Whose};
use crate::extract::Params;
use crate::problem::Problem;
use crate::service::Service;

/// Turns on a page.
const TURNS: usize = 60;
/// Statements that are listed, the latest.
const STATEMENTS: usize = 100;
/// A day in milliseconds.
const DAY: i64 = 24 * 3600 * 1000;

/// What is to be seen.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Look {
    #[serde(default)]
    q: String,
    #[serde(default)]
    as_of: String,
    page: Option<usize>,
}

/// Turns of one sitting, those that are on the page.
#[derive(Debug, Serialize)]
struct Sitting {
    conversation: String,
    session: String,
    turns: Vec<TurnReport>,
}

/// What was found for a question.
#[derive(Debug, Serialize)]
pub(super) struct Found {
    report: RecallReport,
    /// Whether words alone were compared, since no embedder is there.
    words_only: bool,
}

/// All of the page.
#[derive(Debug, Default, Serialize)]
struct View {
    report: Option<PersonReport>,
    /// The first day, and how many days later the last one is.
    first_day: Option<String>,
    days: i64,
    /// How many days after the first the chosen one is.
    day: i64,
    found: Option<Found>,
    sittings: Vec<Sitting>,
    turns: usize,
    page: usize,
    pages: usize,
    statements: Vec<MemoryReport>,
    more_statements: usize,
    /// Memories that are pieces of the log, made to be searched.
    pieces: usize,
}

pub(super) async fn show(
    State(service): State<Service>,
    Extension(visit): Extension<Visit>,
    whose: Whose<Read>,
    Params(look): Params<Look>,
) -> Result<Response, Problem> {
    let as_of = time(&look.as_of)?;
    let (question, as_of_text) = (look.q.trim().to_owned(), look.as_of.trim().to_owned());
    let person = whose.scope.person.to_string();
    let asked = question.clone();
    let page = look.page.unwrap_or(1);
    let work = move |kithkin: &Kithkin| view(kithkin, &kithkin.person(&whose.scope), &asked, as_of, page);
    let view = service.run(work).await?;
    visit.page("memory.html", context! { person, question, as_of => as_of_text, tab => "memory", ..value(&view) })
}

/// A time that somebody typed; an empty field is none.
fn time(text: &str) -> Result<Option<EventTime>, Problem> {
    match text.trim() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|e: kithkin::InvalidTime| Problem::input(e.to_string())),
    }
}

/// What there is, or nothing of a person who is not there.
pub(super) fn if_known<T>(found: Result<T, Error>) -> Result<Option<T>, Error> {
    match found {
        Err(Error::Engine(EngineError::NoPerson { .. })) => Ok(None),
        found => found.map(Some),
    }
}

/// When a turn can be seen: when it was said, or else when it was written down.
pub(super) fn seen_at(turn: &TurnReport) -> Option<EventTime> {
    turn.said_at.as_ref().unwrap_or(&turn.recorded_at).parse().ok()
}

fn view(
    kithkin: &Kithkin,
    person: &Person<'_>,
    question: &str,
    as_of: Option<EventTime>,
    page: usize,
) -> Result<View, Error> {
    let Some(report) = if_known(person.report())? else { return Ok(View::default()) };
    let mut turns = person.timeline()?;
    let mut view = View::default();
    let first = turns.iter().find_map(|turn| turn.said_at.as_ref().and_then(|at| at.parse::<EventTime>().ok()));
    let last = turns.iter().rev().find_map(seen_at);
    if let (Some(first), Some(last)) = (first, last) {
        let day = |at: EventTime| at.start().div_euclid(DAY);
        view.first_day = Some(first.to_string().chars().take(10).collect());
        view.days = day(last) - day(first);
        view.day = as_of.map_or(view.days, |at| (at.end().div_euclid(DAY) - day(first)).clamp(0, view.days));
    }
    turns.retain(|turn| {
        let seen = seen_at(turn).is_none_or(|at| as_of.is_none_or(|as_of| at.start() <= as_of.end()));
        seen && !turn.replaced
    });
    let now = as_of.map_or(Now::Clock, Now::At);
    if !question.is_empty() {
        view.found = Some(found(kithkin, person, question, now)?);
    }
    view.turns = turns.len();
    view.pages = turns.len().div_ceil(TURNS).max(1);
    view.page = page.clamp(1, view.pages);
    let end = turns.len().saturating_sub((view.page - 1) * TURNS);
    view.sittings = sittings(turns.drain(end.saturating_sub(TURNS)..end).collect());
    let (statements, pieces): (Vec<_>, Vec<_>) = person.memories(now)?.into_iter().partition(|m| is_statement(m.kind));
    view.pieces = pieces.len();
    view.more_statements = statements.len().saturating_sub(STATEMENTS);
    view.statements = statements.into_iter().rev().take(STATEMENTS).collect();
    Ok(View { report: Some(report), ..view })
}

/// The latest sitting first; within it, the turns as they were said.
fn sittings(turns: Vec<TurnReport>) -> Vec<Sitting> {
    let mut sittings: Vec<Sitting> = Vec::new();
    for turn in turns {
        match sittings.last_mut() {
            Some(last) if last.conversation == turn.conversation && last.session == turn.session => {
                last.turns.push(turn);
            }
            _ => {
                let (conversation, session) = (turn.conversation.clone(), turn.session.clone());
                sittings.push(Sitting { conversation, session, turns: vec![turn] });
            }
        }
    }
    sittings.reverse();
    sittings
}

/// Whether a memory says something, and is not a piece of the log.
fn is_statement(kind: MemoryKind) -> bool {
    !matches!(
        kind,
        MemoryKind::Window | MemoryKind::Round | MemoryKind::Segment | MemoryKind::Session | MemoryKind::Entry
    )
}

/// The method that is used in place of the person's, since that one needs an embedder and none is there: words alone are
/// compared, and the page says so.
pub(super) fn instead(kithkin: &Kithkin, person: &Person<'_>) -> Result<Option<Method>, Error> {
    let words_only = kithkin.embedder_name().is_none() && person.method()?.about().needs_embedder;
    words_only.then(|| Kithkin::method("bm25")).transpose()
}

pub(super) fn found(kithkin: &Kithkin, person: &Person<'_>, question: &str, now: Now) -> Result<Found, Error> {
    let method = instead(kithkin, person)?;
    let words_only = method.is_some();
    let report = person.recall(&Recall { method, explain: true, ..Recall::new(question, now) })?;
    Ok(Found { report, words_only })
}
