//! Entity tags (RFC 9110, section 13): an answer names the state of a person's memory that it was made from.
//!
//! A client that has it already is told so without a body, and one that wants to change what it saw can have the change refused
//! where something was written since. The tag says nothing of what is remembered.

use std::convert::Infallible;

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kithkin::{Error, Scope};
use serde::Serialize;

use crate::problem::Problem;
use crate::service::Service;

/// What a request says of the state that it knows.
#[derive(Debug)]
pub(crate) struct Condition {
    /// `If-None-Match`.
    has: Option<String>,
    /// `If-Match`.
    saw: Option<String>,
}

impl FromRequestParts<Service> for Condition {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _service: &Service) -> Result<Self, Infallible> {
        let given = |name: HeaderName| given(&parts.headers, &name);
        Ok(Self { has: given(header::IF_NONE_MATCH), saw: given(header::IF_MATCH) })
    }
}

fn given(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// Whether one of the tags of a list is this one. That a tag is called weak makes no difference here.
fn names(list: &str, tag: &str) -> bool {
    list.split(',').any(|one| {
        let one = one.trim();
        one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag
    })
}

/// An answer with the state that it was made from; none where the client has it.
#[derive(Debug)]
pub(crate) struct Tagged<T> {
    tag: String,
    body: Option<T>,
}

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let mut response = match self.body {
            Some(body) => Json(body).into_response(),
            None => StatusCode::NOT_MODIFIED.into_response(),
        };
        if let Ok(tag) = HeaderValue::from_str(&self.tag) {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response
    }
}

impl Condition {
    /// Reads of the person, where the client does not have it. The state is taken before, so that a change meanwhile makes a tag
    /// that is too old, and never one that hides the change.
    pub(crate) async fn read<T: Send + 'static>(
        self,
        service: &Service,
        scope: &Scope,
        work: impl FnOnce(&kithkin::Person<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<Tagged<T>, Problem> {
        let read = move |person: &kithkin::Person<'_>| {
            let tag = format!("\"{}\"", person.state()?);
            let has = self.has.is_some_and(|list| names(&list, &tag));
            Ok(Tagged { body: if has { None } else { Some(work(person)?) }, tag })
        };
        service.person(scope, read).await
    }

    /// Refuses a change where the client saw another state. The change itself is not part of the comparison: two that come at
    /// the same moment may both pass, and both are in the log.
    pub(crate) async fn check(self, service: &Service, scope: &Scope) -> Result<(), Problem> {
        let Some(list) = self.saw else { return Ok(()) };
        let state = service.person(scope, |person| person.state()).await?;
        if names(&list, &format!("\"{state}\"")) {
            return Ok(());
        }
        Err(Problem::changed("something was written or erased since the state in If-Match; read again and decide anew"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_tags_are_read() {
        let check = |list: &str, expect| assert_eq!(names(list, "\"a\""), expect, "{list}");
        check("\"a\"", true);
        check("W/\"a\"", true);
        check("\"b\", \"a\"", true);
        check("*", true);
        check("", false);
        check("a", false);
        check("\"b\"", false);
    }
}
