//! One turn: every telling of it, and what came of it.

use axum::extract::{Extension, Path, State};
use axum::response::Response;
use kithkin::{Error, Now, Person, TurnId};
use minijinja::{Value, context};
use serde::Deserialize;

use super::html::value;
use super::visit::Visit;
use crate::access::{Read, Whose};
use crate::problem::Problem;
use crate::service::Service;

#[derive(Debug, Deserialize)]
pub(super) struct Named {
    turn: String,
}

pub(super) async fn show(
    State(service): State<Service>,
    Extension(visit): Extension<Visit>,
    whose: Whose<Read>,
    Path(named): Path<Named>,
) -> Result<Response, Problem> {
    let id = TurnId::new(named.turn)?;
    let person = whose.scope.person.to_string();
    let content = service.person(&whose.scope, move |person| content(person, &id)).await?;
    visit.page("turn.html", context! { person, tab => "memory", ..content })
}

fn content(person: &Person<'_>, id: &TurnId) -> Result<Value, Error> {
    let tellings = person.show(id)?;
    let is_source = |sources: &[String]| sources.iter().any(|source| source == id.as_str());
    let mut memories = person.memories(Now::Clock)?;
    memories.retain(|memory| is_source(&memory.sources));
    let mut entries = person.profile(Now::Clock)?.entries;
    entries.retain(|entry| entry.history.iter().chain([&entry.current]).any(|version| is_source(&version.sources)));
    Ok(context! {
        turn => id.as_str(),
        tellings => value(&tellings),
        memories => value(&memories),
        entries => value(&entries),
    })
}
