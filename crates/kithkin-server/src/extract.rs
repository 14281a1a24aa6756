//! Bodies and queries, parsed into types at the edge. What is wrong with them is told by name and place.

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::{Form, FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;

use crate::problem::Problem;
use crate::service::Service;

/// A body of JSON.
#[derive(Debug)]
pub(crate) struct Payload<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Service> for Payload<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, service: &Service) -> Result<Self, Problem> {
        is_json(request.headers())?;
        let bytes = whole(request, service).await?;
        parsed(&bytes).map(Self)
    }
}

/// Refuses another content type. A form of a page cannot send this one to another site.
pub(crate) fn is_json(headers: &HeaderMap) -> Result<(), Problem> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json")) {
        return Ok(());
    }
    let detail = format!("the content type is {given:?}; send application/json");
    Err(Problem::request(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail))
}

/// The whole body, within the limit of the router and in time.
pub(crate) async fn whole(request: Request, service: &Service) -> Result<Bytes, Problem> {
    let allowed = service.settings().limits.body;
    let Ok(read) = tokio::time::timeout(allowed, Bytes::from_request(request, service)).await else {
        let detail = format!("the body did not come within {} s; send less at once", allowed.as_secs());
        return Err(Problem::request(StatusCode::REQUEST_TIMEOUT, detail));
    };
    read.map_err(|rejection| match rejection {
        BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => {
            Problem::request(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large; send less at once")
        }
        other => Problem::request(StatusCode::BAD_REQUEST, other.body_text()),
    })
}

/// JSON that cannot be read is one thing, JSON that says something else than is needed another.
pub(crate) fn parsed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|e| match e.classify() {
        serde_json::error::Category::Data => Problem::input(e.to_string()),
        _ => Problem::request(StatusCode::BAD_REQUEST, format!("the body is no JSON: {e}")),
    })
}

/// What stands behind the question mark.
#[derive(Debug)]
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<Service> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let query = Query::from_request_parts(parts, service).await;
        query.map(|Query(params)| Self(params)).map_err(|e| Problem::input(e.body_text()))
    }
}

/// A form of a page.
#[derive(Debug)]
pub(crate) struct Filled<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Service> for Filled<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, service: &Service) -> Result<Self, Problem> {
        let form = Form::from_request(request, service).await;
        form.map(|Form(filled)| Self(filled)).map_err(|e| Problem::request(e.status(), e.body_text()))
    }
}
