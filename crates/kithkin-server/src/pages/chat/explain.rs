//! Why a reply was given, also of one that was given long ago, and questions about that.
//!
//! Nothing of an explanation is kept: it is made again for the message at the time just before it was said.

use axum::extract::{Extension, State};
use axum::response::Response;
use kithkin::{EventTime, EvidenceReport, Explanation, Kithkin, Now, PromptReport, Respond, TurnId};
use minijinja::context;
use serde::{Deserialize, Serialize};

use super::conversation;
use crate::access::{Read, Whose};
use crate::extract::{Filled, Params};
use crate::pages::html::value;
use crate::pages::memory::instead;
use crate::pages::visit::Visit;
use crate::problem::Problem;
use crate::service::Service;

/// The numbers that are named of a turn's score.
const NAMED: usize = 3;

/// A message of a conversation that was answered.
#[derive(Debug, Deserialize)]
pub(in crate::pages) struct Message {
    turn: String,
    #[serde(default)]
    conversation: String,
}

/// What a message was answered with, and why.
pub(in crate::pages) async fn why(
    State(service): State<Service>,
    Extension(visit): Extension<Visit>,
    whose: Whose<Read>,
    Params(message): Params<Message>,
) -> Result<Response, Problem> {
    let (id, within) = (TurnId::new(&message.turn)?, conversation(&message.conversation)?);
    let of = whose.scope.person.to_string();
    let scope = whose.scope;
    let work = move |kithkin: &Kithkin| {
        let person = kithkin.person(&scope);
        let mut tellings = person.show(&id)?;
        tellings.retain(|turn| turn.conversation == within.as_str());
        let Some(turn) = tellings.pop() else { return Ok(None) };
        let at = turn.said_at.unwrap_or(turn.recorded_at);
        let (conversation, method) = (Some(within), instead(kithkin, &person)?);
        let what = Respond { conversation, method, explain: true, ..Respond::new(turn.text.clone(), before(&at)) };
        let report = person.prompt(&what)?;
        Ok(Some((turn.text, at, report)))
    };
    let found: Option<(String, String, PromptReport)> = service.run(work).await?;
    let detail = || Problem::not_found(format!("the conversation has no turn {:?}", message.turn));
    let (text, at, report) = found.ok_or_else(detail)?;
    let asked = context! { message => text, at, conversation => message.conversation };
    let content = context! { person => of, asked, reply => value(&report), question => "", tab => "chat" };
    visit.page("explained.html", content)
}

/// A question about an explanation.
#[derive(Debug, Deserialize)]
pub(in crate::pages) struct Asked {
    message: String,
    at: String,
    #[serde(default)]
    conversation: String,
    question: String,
}

/// What a turn's score is made of, for the most part.
#[derive(Debug, PartialEq, Serialize)]
struct Made {
    score: f32,
    of: Vec<(String, f32)>,
}

/// Answers a question about an explanation.
pub(in crate::pages) async fn ask(
    State(service): State<Service>,
    Extension(visit): Extension<Visit>,
    whose: Whose<Read>,
    Filled(asked): Filled<Asked>,
) -> Result<Response, Problem> {
    let of = whose.scope.person.to_string();
    let what = Respond {
        conversation: Some(conversation(&asked.conversation)?),
        ..Respond::new(asked.message.clone(), before(&asked.at))
    };
    let question = asked.question.clone();
    let scope = whose.scope;
    let work = move |kithkin: &Kithkin| {
        let person = kithkin.person(&scope);
        person.explain(&Respond { method: instead(kithkin, &person)?, ..what }, &question)
    };
    let report = service.run(work).await?;
    let made: Vec<Made> = report.shown.iter().map(made).collect();
    let message = context! { message => asked.message, at => asked.at, conversation => asked.conversation };
    let content = context! {
        person => of,
        asked => message,
        question => asked.question,
        explained => value(&report),
        made => value(&made),
        tab => "chat",
    };
    visit.page("explained.html", content)
}

/// The moment before a time, so that what was said then does not find itself; the present where it is no time.
fn before(at: &str) -> Now {
    let at = at.parse::<EventTime>().ok();
    at.and_then(|at| EventTime::from_millis(at.start() - 1).ok()).map_or(Now::Clock, Now::At)
}

/// The largest of the numbers that a score is made of: those of the first node, from the top, that is made of several.
fn made(evidence: &EvidenceReport) -> Made {
    let mut node: &Explanation = &evidence.why;
    while let [only] = node.parts.as_slice() {
        node = only;
    }
    let parts = if node.parts.is_empty() { std::slice::from_ref(node) } else { &node.parts };
    let mut of: Vec<(String, f32)> = parts.iter().map(|part| (part.label.clone(), part.value)).collect();
    of.sort_by(|one, other| other.1.abs().total_cmp(&one.1.abs()));
    of.truncate(NAMED);
    Made { score: evidence.score, of }
}
