//! Persons: who is remembered, and erasing all or a part of it.

use axum::Json;
use axum::extract::State;
use kithkin::{Forget, ForgetReport, Now, Person, PersonReport};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::{Erase, Read, Tenant, Whose};
use crate::condition::{Condition, Tagged};
use crate::extract::{Params, Payload};
use crate::problem::Problem;
use crate::service::Service;
use crate::wire::{ForgetRequest, Page};

/// A part of the list of persons.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Persons {
    /// The persons, by id.
    persons: Vec<PersonReport>,
    /// The cursor of the next part; `null` at the end.
    next: Option<String>,
}

/// Lists the persons of whom something is remembered.
#[utoipa::path(get, path = "/v1/persons", operation_id = "list_persons",
    tag = "persons", params(Page), responses(
    (status = 200, body = Persons),
    (status = "4XX", body = Problem, content_type = "application/problem+json")
))]
pub(crate) async fn list(
    State(service): State<Service>,
    tenant: Tenant<Read>,
    Params(page): Params<Page>,
) -> Result<Json<Persons>, Problem> {
    let persons = service.run(move |kithkin| kithkin.persons(&tenant.id)).await?;
    let (persons, next) = page.of(persons, |person| person.person.clone())?;
    Ok(Json(Persons { persons, next }))
}

/// A person: how much is remembered.
#[utoipa::path(get, path = "/v1/persons/{person}", operation_id = "show_person",
    tag = "persons", params(("person" = String, Path)), responses(
    (status = 200, body = PersonReport),
    (status = 304, description = "The client has it"),
    (status = "4XX", body = Problem, content_type = "application/problem+json")
))]
pub(crate) async fn show(
    State(service): State<Service>,
    whose: Whose<Read>,
    condition: Condition,
) -> Result<Tagged<PersonReport>, Problem> {
    condition.read(&service, &whose.scope, |person| person.report()).await
}

/// Erases a person with everything, the name included.
#[utoipa::path(delete, path = "/v1/persons/{person}", operation_id = "erase_person",
    tag = "persons", params(("person" = String, Path)), responses(
    (status = 200, body = ForgetReport),
    (status = "4XX", body = Problem, content_type = "application/problem+json")
))]
pub(crate) async fn erase(State(service): State<Service>, whose: Whose<Erase>) -> Result<Json<ForgetReport>, Problem> {
    Ok(Json(service.person(&whose.scope, |person| person.forget(&Forget::All, false)).await?))
}

/// Erases turns, a sitting, a conversation or everything, with all that came from it.
#[utoipa::path(post, path = "/v1/persons/{person}/forget", tag = "persons", params(("person" = String, Path)),
    request_body = ForgetRequest, responses(
    (status = 200, body = ForgetReport),
    (status = "4XX", body = Problem, content_type = "application/problem+json")
))]
pub(crate) async fn forget(
    State(service): State<Service>,
    whose: Whose<Erase>,
    Payload(request): Payload<ForgetRequest>,
) -> Result<Json<ForgetReport>, Problem> {
    let (dry_run, receipt) = (request.dry_run, request.receipt);
    if dry_run && receipt {
        return Err(Problem::input("what is only counted has no receipt: leave out dry_run or receipt"));
    }
    let what = request.forget()?;
    let erase = move |person: &Person<'_>| match receipt {
        true => person.forget_with_receipt(&what, Now::Clock),
        false => person.forget(&what, dry_run),
    };
    let erased = service.person(&whose.scope, erase).await?;
    if !dry_run {
        service.written(&whose.scope);
    }
    Ok(Json(erased))
}
