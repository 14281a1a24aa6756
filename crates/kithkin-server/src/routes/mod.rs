//! The router: a file a resource. The description of the routes is made of the same list.

mod consent;
mod health;
mod memory;
mod methods;
mod operate;
pub(crate) mod persons;
mod profile;
mod respond;
pub(crate) mod transfer;
mod turns;

use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::timeout::TimeoutBody;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::mcp;
use crate::pages;
use crate::problem::Problem;
use crate::proxy;
use crate::service::Service;

/// The largest body of a request that is read whole: 32 MiB. An import is not: it is read as it comes.
const LARGEST_BODY: usize = 32 << 20;

#[derive(OpenApi)]
#[openapi(info(
    title = "Kithkin",
    description = "A memory between an application and any language model: what persons said is remembered, \
                   found again, shown with its sources, and erased when they ask for it."
))]
struct Description;

fn described() -> OpenApiRouter<Service> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(persons::list))
        .routes(routes!(persons::show, persons::erase))
        .routes(routes!(turns::list, turns::remember))
        .routes(routes!(turns::show, turns::erase))
        .routes(routes!(persons::forget))
        .routes(routes!(persons::verify_erasure))
        .routes(routes!(memory::recall))
        .routes(routes!(memory::context))
        .routes(routes!(memory::memories))
        .routes(routes!(memory::feedback))
        .routes(routes!(respond::respond))
        .routes(routes!(respond::prompt))
        .routes(routes!(profile::show, profile::correct))
        .routes(routes!(consent::list, consent::say))
        .routes(routes!(transfer::export))
        .routes(routes!(operate::rebuild))
        .routes(routes!(operate::disclosures))
        .routes(routes!(operate::audit))
        .routes(routes!(transfer::import))
        .routes(routes!(operate::jobs))
        .routes(routes!(methods::list))
        .routes(routes!(methods::show))
        .routes(routes!(proxy::complete))
        .routes(routes!(proxy::responses))
        .routes(routes!(proxy::models))
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(health::metrics))
}

/// The service's routes as an OpenAPI 3.1 document.
pub fn openapi() -> String {
    let api = described().split_for_parts().1;
    api.to_pretty_json().unwrap_or_default()
}

/// The router of a service.
pub fn app(service: Service) -> Router {
    let id = HeaderName::from_static("x-request-id");
    let (router, _) = described().split_for_parts();
    router
        .merge(pages::routes(&service))
        .nest_service("/mcp", mcp::over_http(&service))
        .route(
            "/openapi.json",
            axum::routing::get(|| async { ([(header::CONTENT_TYPE, "application/json")], openapi()) }),
        )
        .fallback(|| async { Problem::not_found("there is no such route; /openapi.json lists those that there are") })
        .method_not_allowed_fallback(|| async {
            let detail = "the route has no such method; /openapi.json lists those that it has";
            Problem::request(axum::http::StatusCode::METHOD_NOT_ALLOWED, detail)
        })
        .layer(CatchPanicLayer::custom(|_| Problem::internal().into_response()))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(middleware::from_fn_with_state(service.clone(), patient))
        .layer(middleware::from_fn_with_state(service.clone(), watched))
        .layer(PropagateRequestIdLayer::new(id.clone()))
        .layer(SetRequestIdLayer::new(id, MakeRequestUuid))
        .with_state(service)
}

/// Ends a request whose body does not go on.
async fn patient(State(service): State<Service>, request: Request, next: Next) -> Response {
    let pause = service.settings().limits.pause;
    next.run(request.map(|body| Body::new(TimeoutBody::new(pause, body)))).await
}

/// Counts and logs requests by their route: no path, no query and no body, which may name persons.
async fn watched(State(service): State<Service>, route: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().to_string();
    let id = request.headers().get("x-request-id").and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
    let mut response = next.run(request).await;
    let route = route.as_ref().map_or("", MatchedPath::as_str);
    let (status, took) = (response.status().as_u16(), begun.elapsed());
    service.metrics().ended(&method, route, status, took);
    tracing::info!(method, route, status, id, ms = took.as_secs_f64() * 1e3, "request");
    // What is remembered of somebody is in no cache.
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
