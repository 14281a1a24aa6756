//! Persons: who is remembered, and erasing all or a part of it.

use axum::Json;
use axum::extract::State;
use kithkin::{ErasureReport, Forget, ForgetReport, Now, Person, PersonReport, Receipt, Scope, TenantId};
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
    let (persons, next) = part(&service, tenant.id, page).await?;
    Ok(Json(Persons { persons, next }))
}

/// A part of the tenant's list, and the cursor of the next one.
pub(crate) async fn part(
    service: &Service,
    tenant: TenantId,
    page: Page,
) -> Result<(Vec<PersonReport>, Option<String>), Problem> {
    let (after, limit) = page.range()?;
    // One more tells whether any follow.
    let mut persons = service.run(move |kithkin| kithkin.persons(&tenant, after.as_ref(), limit + 1)).await?;
    let more = persons.len() > limit;
    persons.truncate(limit);
    let next = persons.last().filter(|_| more).map(|last| last.person.clone());
    Ok((persons, next))
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
    Ok(Json(Erasing::Erased.run(&service, &whose.scope, Forget::All).await?))
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
    let how = Erasing::asked(request.dry_run, request.receipt)?;
    Ok(Json(how.run(&service, &whose.scope, request.forget()?).await?))
}

/// Looks whether all is gone that a receipt of an erasure names, and whether it stands in the tenant's chain of erasures.
#[utoipa::path(post, path = "/v1/verify-erasure", tag = "persons", request_body = Receipt, responses(
    (status = 200, body = ErasureReport),
    (status = "4XX", body = Problem, content_type = "application/problem+json")
))]
pub(crate) async fn verify_erasure(
    State(service): State<Service>,
    tenant: Tenant<Read>,
    Payload(receipt): Payload<serde_json::Value>,
) -> Result<Json<ErasureReport>, Problem> {
    let receipt = Receipt::parse("the body", &receipt.to_string())?;
    if receipt.tenant != tenant.id {
        return Err(Problem::not_found("the receipt is of another tenant"));
    }
    Ok(Json(service.run(move |kithkin| kithkin.verify_erasure(&receipt)).await?))
}

/// What is done about what is to be forgotten.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Erasing {
    /// It is counted, and stays.
    Counted,
    Erased,
    /// The answer has a receipt.
    Receipted,
}

impl Erasing {
    pub(crate) fn asked(dry_run: bool, receipt: bool) -> Result<Self, Problem> {
        match (dry_run, receipt) {
            (true, true) => Err(Problem::input("what is only counted has no receipt: leave out dry_run or receipt")),
            (true, false) => Ok(Self::Counted),
            (false, true) => Ok(Self::Receipted),
            (false, false) => Ok(Self::Erased),
        }
    }

    pub(crate) async fn run(self, service: &Service, scope: &Scope, what: Forget) -> Result<ForgetReport, Problem> {
        let work = move |person: &Person<'_>| match self {
            Self::Counted => person.forget(&what, true),
            Self::Erased => person.forget(&what, false),
            Self::Receipted => person.forget_with_receipt(&what, Now::Clock),
        };
        let report = service.person(scope, work).await?;
        if !report.dry_run {
            service.written(scope);
        }
        Ok(report)
    }
}
