//! What operators and careful persons look at: rebuilding, jobs, disclosures, audits.

use std::ops::ControlFlow;

use axum::Json;
use axum::extract::State;
use kithkin::{AuditReport, DisclosureReport, JobReport, Kithkin};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::{Admin, Read, Tenant, Whose};
use crate::extract::{Params, Payload};
use crate::problem::Problem;
use crate::service::Service;
use crate::wire::{RebuildRequest, Since};

/// What a rebuild made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Rebuilt {
    /// The method that the person is bound to now.
    method: String,
}

/// What is still to be derived.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Jobs {
    /// By person; those with nothing left are not among them.
    jobs: Vec<JobReport>,
}

/// What chat models were given.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Disclosures {
    /// Oldest first.
    disclosures: Vec<DisclosureReport>,
}

/// Binds a person to a method and derives what it needs from the log. It may take long; the former method serves until then.
#[utoipa::path(post, path = "/v1/persons/{person}/rebuild", tag = "operate", params(("person" = String, Path)),
    request_body = RebuildRequest, responses(
    (status = 200, body = Rebuilt),
    (status = "4XX", body = Problem, content_type = "application/problem+json")
))]
pub(crate) async fn rebuild(
    State(service): State<Service>,
    whose: Whose<Admin>,
    Payload(request): Payload<RebuildRequest>,
) -> Result<Json<Rebuilt>, Problem> {
    let named = request.method.as_deref().map(Kithkin::method).transpose()?;
    let work = move |person: &kithkin::Person<'_>| {
        let method = named.map_or_else(|| person.preset(), Ok)?;
        person.rebuild(&method, &mut |_| ControlFlow::Continue(()))?;
        Ok(method.about().id.to_string())
    };
    Ok(Json(Rebuilt { method: service.person(&whose.scope, work).await? }))
}

/// Lists the persons with something still to be derived; it is taken up by itself.
#[utoipa::path(get, path = "/v1/jobs", tag = "operate", responses(
    (status = 200, body = Jobs),
    (status = "4XX", body = Problem, content_type = "application/problem+json")
))]
pub(crate) async fn jobs(State(service): State<Service>, tenant: Tenant<Admin>) -> Result<Json<Jobs>, Problem> {
    Ok(Json(Jobs { jobs: service.run(move |kithkin| kithkin.jobs(&tenant.id)).await? }))
}

/// What chat models were given of a person: when, what for, which turns, and what it took.
#[utoipa::path(get, path = "/v1/persons/{person}/disclosures", tag = "operate", params(("person" = String, Path), Since),
    responses(
    (status = 200, body = Disclosures),
    (status = "4XX", body = Problem, content_type = "application/problem+json")
))]
pub(crate) async fn disclosures(
    State(service): State<Service>,
    whose: Whose<Read>,
    Params(since): Params<Since>,
) -> Result<Json<Disclosures>, Problem> {
    let since = since.time();
    let disclosures = service.person(&whose.scope, move |person| person.disclosures(since)).await?;
    Ok(Json(Disclosures { disclosures }))
}

/// Looks through all that is remembered of a person for what should not be there.
#[utoipa::path(get, path = "/v1/persons/{person}/audit", tag = "operate", params(("person" = String, Path)), responses(
    (status = 200, body = AuditReport),
    (status = "4XX", body = Problem, content_type = "application/problem+json")
))]
pub(crate) async fn audit(State(service): State<Service>, whose: Whose<Read>) -> Result<Json<AuditReport>, Problem> {
    Ok(Json(service.person(&whose.scope, |person| person.audit()).await?))
}
