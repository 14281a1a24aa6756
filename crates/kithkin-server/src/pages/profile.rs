//! Who a person is: each entry with its sources and its history, to be edited, confirmed or rejected by the person.

use std::collections::HashMap;

use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Redirect, Response};
use kithkin::{Change, Correct, Error, Kithkin, Now, Person};
use minijinja::{Value, context};
use serde::Deserialize;

use super::charts;
use super::html::{segment, value};
use super::memory::if_known;
use super::visit::Visit;
use crate::access::{Read, Whose, Write};
use crate::extract::{Filled, Params};
use crate::problem::Problem;
use crate::service::Service;

#[derive(Debug, Deserialize)]
pub(super) struct Look {
    /// Set after a change.
    #[serde(default)]
    saved: bool,
}

pub(super) async fn show(
    State(service): State<Service>,
    Extension(visit): Extension<Visit>,
    whose: Whose<Read>,
    Params(look): Params<Look>,
) -> Result<Response, Problem> {
    let person = whose.scope.person.to_string();
    let work = move |kithkin: &Kithkin| content(&kithkin.person(&whose.scope));
    let content = service.run(work).await?;
    visit.page("profile.html", context! { person, saved => look.saved, tab => "profile", ..content })
}

fn content(person: &Person<'_>) -> Result<Value, Error> {
    let Some(profile) = if_known(person.profile(Now::Clock))? else {
        return Ok(context! { profile => (), traits => (), topics => () });
    };
    let times: HashMap<String, String> =
        person.timeline()?.into_iter().map(|turn| (turn.turn, turn.said_at.unwrap_or(turn.recorded_at))).collect();
    Ok(context! {
        traits => value(charts::traits(&profile.traits)),
        topics => value(charts::topics(&profile.entries, &times)),
        profile => value(&profile),
    })
}

/// What the person says of an entry.
#[derive(Debug, Deserialize)]
pub(super) struct Said {
    change: How,
    topic: String,
    /// The value that is meant.
    #[serde(default)]
    which: String,
    #[serde(default)]
    about: String,
    /// The value that holds.
    #[serde(default)]
    value: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum How {
    Edit,
    Confirm,
    Reject,
}

pub(super) async fn correct(
    State(service): State<Service>,
    whose: Whose<Write>,
    Filled(said): Filled<Said>,
) -> Result<Response, Problem> {
    let some = |text: String| (!text.trim().is_empty()).then_some(text);
    let change = match said.change {
        How::Edit => Change::Edit { value: said.value, kind: None },
        How::Confirm => Change::Confirm,
        How::Reject => Change::Reject,
    };
    let what = Correct { topic: said.topic, value: some(said.which), about: some(said.about), change, at: Now::Clock };
    service.person(&whose.scope, move |person| person.correct(&what)).await?;
    service.written(&whose.scope);
    let place = format!("/persons/{}/profile?saved=true", segment(whose.scope.person.as_str()));
    Ok(Redirect::to(&place).into_response())
}
