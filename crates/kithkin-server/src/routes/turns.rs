//! Turns: what was said, one by one.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use kithkin::{Forget, ForgetReport, Remembered, TurnId, TurnReport};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::{Erase, Read, Whose, Write};
use crate::condition::{Condition, Tagged};
use crate::extract::{Params, Payload};
use crate::problem::Problem;
use crate::service::Service;
use crate::wire::{NewTurns, Turns as Part};

/// A part of the log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Turns {
    /// The turns, in the order in which they were written down.
    turns: Vec<TurnReport>,
    /// The cursor of the next part; `null` at the end.
    next: Option<u64>,
}

/// What became of turns.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RememberedTurns {
    /// Each, in the order in which they were sent.
    turns: Vec<Remembered>,
}

/// The tellings of a turn.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tellings {
    /// Oldest first.
    turns: Vec<TurnReport>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Named {
    turn: String,
}

/// Lists what was said, in the order in which it was written down.
#[utoipa::path(get, path = "/v1/persons/{person}/turns", operation_id = "list_turns",
    tag = "turns", params(("person" = String, Path), Part), responses(
    (status = 200, body = Turns),
    (status = "4XX", body = Problem, content_type = "application/problem+json")
))]
pub(crate) async fn list(
    State(service): State<Service>,
    whose: Whose<Read>,
    Params(part): Params<Part>,
) -> Result<Json<Turns>, Problem> {
    let (after, limit) = part.range()?;
    let (turns, next) = service.person(&whose.scope, move |person| person.turns(after, limit)).await?;
    Ok(Json(Turns { turns, next }))
}

/// Remembers turns. They are durable when the answer comes, and found by their words from then on.
///
/// A request may be sent again: a turn with the same id and words, or with the same key in `Idempotency-Key`, is stored once.
#[utoipa::path(post, path = "/v1/persons/{person}/turns", tag = "turns",
    params(("person" = String, Path), ("Idempotency-Key" = Option<String>, Header, description = "A name of this request")),
    request_body = NewTurns, responses(
    (status = 201, body = RememberedTurns),
    (status = "4XX", body = Problem, content_type = "application/problem+json")
))]
pub(crate) async fn remember(
    State(service): State<Service>,
    whose: Whose<Write>,
    headers: HeaderMap,
    Payload(turns): Payload<NewTurns>,
) -> Result<(StatusCode, Json<RememberedTurns>), Problem> {
    let key = headers.get("idempotency-key").map(|key| String::from_utf8_lossy(key.as_bytes()));
    let what = turns.remember(key.as_deref())?;
    let turns = service.person(&whose.scope, move |person| person.remember_all(&what)).await?;
    service.written(&whose.scope);
    Ok((StatusCode::CREATED, Json(RememberedTurns { turns })))
}

/// All tellings of the turns with this id.
#[utoipa::path(get, path = "/v1/persons/{person}/turns/{turn}", operation_id = "show_turn", tag = "turns",
    params(("person" = String, Path), ("turn" = String, Path)), responses(
    (status = 200, body = Tellings),
    (status = 304, description = "The client has it"),
    (status = "4XX", body = Problem, content_type = "application/problem+json")
))]
pub(crate) async fn show(
    State(service): State<Service>,
    whose: Whose<Read>,
    condition: Condition,
    Path(named): Path<Named>,
) -> Result<Tagged<Tellings>, Problem> {
    let id = TurnId::new(named.turn)?;
    let turns = move |person: &kithkin::Person<'_>| Ok(Tellings { turns: person.show(&id)? });
    condition.read(&service, &whose.scope, turns).await
}

/// Erases a turn, with all that came from it. Where several conversations have the id, use `forget`.
#[utoipa::path(delete, path = "/v1/persons/{person}/turns/{turn}", operation_id = "erase_turn", tag = "turns",
    params(("person" = String, Path), ("turn" = String, Path)), responses(
    (status = 200, body = ForgetReport),
    (status = "4XX", body = Problem, content_type = "application/problem+json")
))]
pub(crate) async fn erase(
    State(service): State<Service>,
    whose: Whose<Erase>,
    Path(named): Path<Named>,
) -> Result<Json<ForgetReport>, Problem> {
    let what = Forget::Turns(vec![TurnId::new(named.turn)?], None);
    let erased = service.person(&whose.scope, move |person| person.forget(&what, false)).await?;
    service.written(&whose.scope);
    Ok(Json(erased))
}
