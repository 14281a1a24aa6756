//! What a person's data may be used for.

use axum::Json;
use axum::extract::State;
use kithkin::ConsentReport;
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::{Read, Whose, Write};
use crate::extract::Payload;
use crate::problem::Problem;
use crate::service::Service;
use crate::wire::ConsentRequest;

/// How each purpose stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Consents {
    /// All purposes.
    consents: Vec<ConsentReport>,
}

/// Lists the purposes, and for which of them what is known of the person may be used: policy and person both have to allow it.
#[utoipa::path(get, path = "/v1/persons/{person}/consents", operation_id = "list_consents",
    tag = "profile", params(("person" = String, Path)), responses(
    (status = 200, body = Consents),
    (status = "4XX", body = Problem, content_type = "application/problem+json")
))]
pub(crate) async fn list(State(service): State<Service>, whose: Whose<Read>) -> Result<Json<Consents>, Problem> {
    let consents = service.person(&whose.scope, |person| person.consents()).await?;
    Ok(Json(Consents { consents }))
}

/// Gives or withdraws the person's consent to a purpose. Nothing of that purpose that begins later reaches a model then.
#[utoipa::path(post, path = "/v1/persons/{person}/consents", operation_id = "say_consent",
    tag = "profile", params(("person" = String, Path)),
    request_body = ConsentRequest, responses(
    (status = 200, body = Consents),
    (status = "4XX", body = Problem, content_type = "application/problem+json")
))]
pub(crate) async fn say(
    State(service): State<Service>,
    whose: Whose<Write>,
    Payload(request): Payload<ConsentRequest>,
) -> Result<Json<Consents>, Problem> {
    let ConsentRequest { purpose, given } = request;
    let consents = service.person(&whose.scope, move |person| person.consent(purpose, given)).await?;
    service.written(&whose.scope);
    Ok(Json(Consents { consents }))
}
