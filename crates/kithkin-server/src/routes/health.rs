//! Whether the service lives, whether it can work, and how it fares.

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

use crate::access::{Admin, Tenant};
use crate::problem::Problem;
use crate::service::Service;

/// Whether the process answers.
#[utoipa::path(get, path = "/livez", tag = "operate", responses((status = 200, body = String, content_type = "text/plain")))]
pub(crate) async fn live() -> &'static str {
    "alive\n"
}

/// Whether a turn can be written, read and erased: it is done.
#[utoipa::path(get, path = "/readyz", tag = "operate", responses(
    (status = 200, body = String, content_type = "text/plain"),
    (status = "5XX", body = Problem, content_type = "application/problem+json")
))]
pub(crate) async fn ready(State(service): State<Service>) -> Result<&'static str, Problem> {
    service.run(kithkin::Kithkin::probe).await?;
    Ok("ready\n")
}

/// Counters in the text form of Prometheus. They name routes and no persons.
#[utoipa::path(get, path = "/metrics", tag = "operate", responses(
    (status = 200, body = String, content_type = "application/openmetrics-text"),
    (status = "4XX", body = Problem, content_type = "application/problem+json")
))]
pub(crate) async fn metrics(State(service): State<Service>, _tenant: Tenant<Admin>) -> impl IntoResponse {
    let usage = service.usage();
    let form = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, form)], service.metrics().text(service.background(), &usage))
}
