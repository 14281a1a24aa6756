//! Who a person is, and what they say is not so.

use axum::Json;
use axum::extract::State;
use kithkin::{CorrectReport, ProfileReport};

use crate::access::{Read, Whose, Write};
use crate::condition::{Condition, Tagged};
use crate::extract::{Params, Payload};
use crate::problem::Problem;
use crate::service::Service;
use crate::wire::{AsOf, CorrectRequest};

/// What is known of a person, with the turns behind each entry and what was so before.
#[utoipa::path(get, path = "/v1/persons/{person}/profile", operation_id = "show_profile",
    tag = "profile", params(("person" = String, Path), AsOf), responses(
    (status = 200, body = ProfileReport),
    (status = 304, description = "The client has it"),
    (status = "4XX", body = Problem, content_type = "application/problem+json")
))]
pub(crate) async fn show(
    State(service): State<Service>,
    whose: Whose<Read>,
    condition: Condition,
    Params(as_of): Params<AsOf>,
) -> Result<Tagged<ProfileReport>, Problem> {
    let now = as_of.now();
    condition.read(&service, &whose.scope, move |person| person.profile(now)).await
}

/// Edits, confirms or rejects an entry, as the person. It outranks what is read from conversations.
#[utoipa::path(post, path = "/v1/persons/{person}/profile", operation_id = "correct_profile",
    tag = "profile", params(("person" = String, Path),
    ("If-Match" = Option<String>, Header, description = "The ETag of what was seen: refused with 412 where something has changed")),
    request_body = CorrectRequest, responses(
    (status = 200, body = CorrectReport),
    (status = "4XX", body = Problem, content_type = "application/problem+json")
))]
pub(crate) async fn correct(
    State(service): State<Service>,
    whose: Whose<Write>,
    condition: Condition,
    Payload(request): Payload<CorrectRequest>,
) -> Result<Json<CorrectReport>, Problem> {
    let what = request.correct()?;
    condition.check(&service, &whose.scope).await?;
    let report = service.person(&whose.scope, move |person| person.correct(&what)).await?;
    service.written(&whose.scope);
    Ok(Json(report))
}
