//! What a client is told when a request fails: problem details (RFC 9457).
//!
//! What went wrong inside, such as a disk that is full, is logged under the request's id; a client learns that it did.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kithkin::{Blame, ChatError, EngineError, Error, StoreError};
use serde::Serialize;
use utoipa::ToSchema;

/// Why a request failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// What kind of problem it is: `urn:kithkin:` and a word for who can mend it.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// The kind in words.
    pub(crate) title: String,
    /// The status of the answer.
    pub(crate) status: u16,
    /// What is wrong with this request, and what to do.
    pub(crate) detail: String,
}

impl Problem {
    fn new(status: StatusCode, kind: &str, title: &str, detail: impl Into<String>) -> Self {
        let (kind, title) = (format!("urn:kithkin:{kind}"), title.to_owned());
        Self { kind, title, status: status.as_u16(), detail: detail.into() }
    }

    /// The input is wrong.
    pub(crate) fn input(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "input", "The input is wrong", detail)
    }

    /// The request cannot be read.
    pub(crate) fn request(status: StatusCode, detail: impl Into<String>) -> Self {
        Self::new(status, "request", "The request cannot be read", detail)
    }

    /// What is named is not there.
    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", detail)
    }

    /// The caller is not known.
    pub(crate) fn unauthorised(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "key", "A key is needed", detail)
    }

    /// The caller may not do this.
    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "right", "Not allowed", detail)
    }

    /// What the caller saw is no longer so.
    pub(crate) fn changed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PRECONDITION_FAILED, "changed", "It has changed", detail)
    }

    /// Too much is asked at once.
    pub(crate) fn busy(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Too busy", detail)
    }

    /// The caller has to slow down.
    pub(crate) fn too_many(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "rate", "Too many requests", detail)
    }

    /// The model behind the proxy gave nothing that can be passed on.
    pub(crate) fn upstream(status: StatusCode, detail: impl Into<String>) -> Self {
        Self::new(status, "upstream", "The model behind the proxy failed", detail)
    }

    /// A bug; what happened is in the log.
    pub(crate) fn internal() -> Self {
        let detail = "the service failed; its log says more under the id in the header x-request-id";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "The service failed", detail)
    }

    /// The status.
    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// Whether the error names something that is not there.
fn is_absent(error: &Error) -> bool {
    matches!(
        error,
        Error::NoSuch { .. }
            | Error::NoEntry { .. }
            | Error::Engine(EngineError::NoPerson { .. } | EngineError::UnknownMethod { .. })
    )
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        if is_absent(&error) {
            return Self::not_found(error.to_string());
        }
        if let Error::Engine(EngineError::Chat(ChatError::Spent { .. })) = &error {
            return Self::new(StatusCode::TOO_MANY_REQUESTS, "budget", "The budget is spent", error.to_string());
        }
        if let Error::Engine(EngineError::Store(StoreError::Unreachable { .. })) = &error {
            tracing::error!(error = %error, "the store cannot be reached");
            let detail = "the store does not answer; nothing was lost: try again in a while";
            return Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "The store does not answer", detail);
        }
        match error.blame() {
            Blame::User => Self::input(error.to_string()),
            Blame::Conflict => Self::new(StatusCode::CONFLICT, "conflict", "Conflict", error.to_string()),
            Blame::Missing => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "missing", "Something is missing", error.to_string())
            }
            Blame::Model => Self::new(StatusCode::BAD_GATEWAY, "model", "A model failed", error.to_string()),
            Blame::Store | Blame::Internal => {
                tracing::error!(error = %error, "the store or the engine failed");
                Self::internal()
            }
        }
    }
}

impl From<kithkin::InvalidId> for Problem {
    fn from(error: kithkin::InvalidId) -> Self {
        Self::input(error.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status(), Json(&self)).into_response();
        let form = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, form);
        if self.status == StatusCode::UNAUTHORIZED.as_u16() {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if self.kind.ends_with("busy") || self.kind.ends_with("rate") {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        // The pages tell it in their own way.
        response.extensions_mut().insert(self);
        response
    }
}
