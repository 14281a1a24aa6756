//! Talking with the configured chat model, with what is remembered, and seeing why it said what it said.
//!
//! A form sends a message and gets the page with the reply; the script of the page sends it to the other route, which tells
//! the reply piece by piece and ends with the same piece of a page. Where no chat model is configured the page says how to
//! name one, and shows what is recalled for the message.

mod explain;
mod explore;
mod reply;

use std::ops::ControlFlow;
use std::time::SystemTime;

use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use kithkin::{Card, ConversationId, Error, EventTime, Kithkin, Now, Person, Respond, RespondReport, TurnReport};
use minijinja::{Value, context};
use serde::{Deserialize, Serialize};

pub(super) use self::explain::{ask, why};
pub(super) use self::explore::{needs, picked, sub_tasks};
use super::html::{self, value};
use super::live::Live;
use super::memory::{Found, found, if_known, instead};
use super::visit::Visit;
use crate::access::{Read, Whose, Write};
use crate::extract::{Filled, Params};
use crate::problem::Problem;
use crate::service::Service;

/// Turns of the conversation that the page shows, the last ones.
const SHOWN: usize = 40;

/// Which conversation.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Which {
    #[serde(default)]
    conversation: String,
}

/// What the person says.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Said {
    message: String,
    #[serde(default)]
    conversation: String,
    /// The card of the character that replies, as TOML; none where it is empty.
    #[serde(default)]
    card: String,
}

impl Said {
    fn respond(&self, at: EventTime) -> Result<Respond, Problem> {
        let card = match self.card.trim() {
            "" => None,
            text => Some(Card::parse("the card", text).map_err(|e| Problem::input(e.to_string()))?),
        };
        let conversation = Some(conversation(&self.conversation)?);
        Ok(Respond { card, conversation, explain: true, ..Respond::new(self.message.trim(), Now::At(at)) })
    }
}

/// The conversation that is named, or the one of the pages.
fn conversation(name: &str) -> Result<ConversationId, Problem> {
    Ok(ConversationId::new(if name.trim().is_empty() { "chat" } else { name.trim() })?)
}

fn now() -> Result<EventTime, Problem> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let millis = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
    EventTime::from_millis(millis).map_err(|e| Problem::input(e.to_string()))
}

/// What came of a message.
enum Answered {
    Reply(Box<RespondReport>),
    /// There is no chat model; this was recalled for it.
    Recalled(Box<Option<Found>>),
}

fn answered(
    kithkin: &Kithkin,
    person: &Person<'_>,
    what: &Respond,
    heard: &mut dyn FnMut(&str) -> ControlFlow<()>,
) -> Result<Answered, Error> {
    if kithkin.chat_name().is_some() {
        let method = instead(kithkin, person)?;
        return Ok(Answered::Reply(Box::new(person.respond(&Respond { method, ..what.clone() }, heard)?)));
    }
    let found = if_known(person.report())?.map(|_| found(kithkin, person, &what.message, what.now)).transpose()?;
    Ok(Answered::Recalled(Box::new(found)))
}

impl Answered {
    fn content(&self, said: &Said, at: EventTime) -> Value {
        let asked = context! { message => said.message.as_str(), at => at.to_string(), conversation => said.conversation.as_str() };
        match self {
            Self::Reply(report) => context! {
                parts => value(reply::parts(&report.reply, report.shown.len())),
                anchor => format!("r{}", at.start()),
                reply => value(report),
                asked,
            },
            Self::Recalled(found) => context! { recalled => true, found => value(found), asked },
        }
    }
}

/// A turn of the conversation so far.
#[derive(Debug, Serialize)]
struct Spoken {
    #[serde(flatten)]
    turn: TurnReport,
    /// The id of the message that it replies to, where it is a reply.
    replies_to: Option<String>,
}

fn spoken(person: &Person<'_>, conversation: &ConversationId) -> Result<Vec<Spoken>, Error> {
    let mut turns = if_known(person.timeline())?.unwrap_or_default();
    turns.retain(|turn| turn.conversation == conversation.as_str() && !turn.replaced);
    let mut spoken: Vec<Spoken> = Vec::new();
    for turn in turns.split_off(turns.len().saturating_sub(SHOWN)) {
        let before =
            spoken.last().map(|last| &last.turn).filter(|last| last.role == "user" && turn.role == "assistant");
        let replies_to = before.map(|last| last.turn.clone());
        spoken.push(Spoken { turn, replies_to });
    }
    Ok(spoken)
}

/// The page, with the reply that was just given, if any, and the message that is to be sent again, if any.
async fn page(
    service: &Service,
    visit: &Visit,
    scope: &kithkin::Scope,
    name: &str,
    more: Value,
) -> Result<Response, Problem> {
    let (id, person) = (conversation(name)?, scope.person.to_string());
    let shown = id.to_string();
    let spoken = service.person(scope, move |person| spoken(person, &id)).await?;
    // A card that is none was refused before.
    let card = more.get_attr("card").ok().and_then(|card| Card::parse("the card", card.as_str()?).ok());
    let last_said = spoken.iter().rev().find(|one| one.turn.role == "user").map(|one| one.turn.text.clone());
    let content = context! {
        person,
        last_said => last_said.unwrap_or_default(),
        character => card.map(|card| card.name),
        conversation => shown,
        spoken => value(&spoken),
        chat_model => service.chat_name(),
        chat_advice => kithkin::CHAT_ADVICE,
        tab => "chat",
    };
    visit.page("chat.html", context! { ..more, ..content })
}

pub(super) async fn show(
    State(service): State<Service>,
    Extension(visit): Extension<Visit>,
    whose: Whose<Read>,
    Params(which): Params<Which>,
) -> Result<Response, Problem> {
    page(&service, &visit, &whose.scope, &which.conversation, context! { card => "" }).await
}

/// The conversation with the character of a card.
pub(super) async fn with_card(
    service: &Service,
    visit: &Visit,
    whose: &Whose<Read>,
    card: &str,
) -> Result<Response, Problem> {
    Card::parse("the card", card).map_err(|e| Problem::input(e.to_string()))?;
    page(service, visit, &whose.scope, "", context! { card }).await
}

/// Answers a message with a whole page.
pub(super) async fn say(
    State(service): State<Service>,
    Extension(visit): Extension<Visit>,
    whose: Whose<Write>,
    Filled(said): Filled<Said>,
) -> Result<Response, Problem> {
    let at = now()?;
    let what = said.respond(at)?;
    let scope = whose.scope.clone();
    let work =
        move |kithkin: &Kithkin| answered(kithkin, &kithkin.person(&scope), &what, &mut |_| ControlFlow::Continue(()));
    let done = service.run(work).await;
    service.written(&whose.scope);
    let content = done?.content(&said, at);
    page(&service, &visit, &whose.scope, &said.conversation, context! { card => said.card, ..content }).await
}

/// Answers a message piece by piece: `piece` with words as they come, then `reply` with the piece of a page, or `problem`
/// with another.
pub(super) async fn stream(
    State(service): State<Service>,
    Extension(visit): Extension<Visit>,
    whose: Whose<Write>,
    Filled(said): Filled<Said>,
) -> Result<Response, Problem> {
    let at = now()?;
    let what = said.respond(at)?;
    let (live, answer) = Live::open();
    tokio::spawn(async move {
        let (pieces, scope) = (live.clone(), whose.scope.clone());
        let work = move |kithkin: &Kithkin| {
            // Whoever has left is not heard, and the reply is remembered all the same.
            answered(kithkin, &kithkin.person(&scope), &what, &mut |piece| {
                pieces.tell("piece", &piece);
                ControlFlow::Continue(())
            })
        };
        let done = service.run(work).await;
        service.written(&whose.scope);
        let person = whose.scope.person.to_string();
        match done {
            Ok(done) => {
                let content = context! { person, ..done.content(&said, at) };
                live.tell("reply", &html::render("reply.html", &visit, content).unwrap_or_default());
            }
            Err(problem) => {
                let content = context! { problem => value(&problem) };
                live.tell("problem", &html::render("report.html", &visit, content).unwrap_or_default());
            }
        }
    });
    Ok(answer.into_response())
}
