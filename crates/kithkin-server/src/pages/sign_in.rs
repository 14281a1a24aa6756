//! Signing in with a key, and out again. The key stays in a cookie for the pages; `/v1` does not take it from there.

use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use minijinja::context;
use serde::Deserialize;

use super::visit::{KEY_COOKIE, Visit};
use crate::extract::{Filled, Params};
use crate::problem::Problem;
use crate::service::Service;

#[derive(Debug, Deserialize)]
pub(super) struct Next {
    next: Option<String>,
}

pub(super) async fn show(Extension(visit): Extension<Visit>, Params(to): Params<Next>) -> Result<Response, Problem> {
    if !visit.keyed {
        return Ok(Redirect::to("/").into_response());
    }
    visit.page("sign-in.html", context! { next => own_place(to.next.as_deref()), wrong => false, detail => "" })
}

#[derive(Debug, Deserialize)]
pub(super) struct Entry {
    key: String,
    next: Option<String>,
}

/// Looks at the key, and has the browser keep it until it is closed.
pub(super) async fn enter(
    State(service): State<Service>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    Filled(entry): Filled<Entry>,
) -> Result<Response, Problem> {
    let next = own_place(entry.next.as_deref());
    if !visit.keyed {
        return Ok(Redirect::to("/").into_response());
    }
    let key = entry.key.trim();
    if let Err(problem) = service.key(key.to_owned()).await {
        let (status, detail) = (problem.status(), problem.detail);
        let content = context! { next, wrong => true, detail };
        return Ok((status, visit.page("sign-in.html", content)?).into_response());
    }
    let cookie = HeaderValue::from_str(&format!("{KEY_COOKIE}={key}; {}", attributes(&headers)));
    let cookie = cookie.map_err(|_| Problem::input("the key has characters that no key has"))?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(next)).into_response())
}

/// Has the browser drop the key.
pub(super) async fn leave(headers: HeaderMap) -> Response {
    let cookie = format!("{KEY_COOKIE}=; Max-Age=0; {}", attributes(&headers));
    ([(header::SET_COOKIE, cookie)], Redirect::to("/sign-in")).into_response()
}

fn attributes(headers: &HeaderMap) -> &'static str {
    let encrypted = headers.get("x-forwarded-proto").is_some_and(|proto| proto.as_bytes() == b"https");
    if encrypted { "Path=/; HttpOnly; SameSite=Strict; Secure" } else { "Path=/; HttpOnly; SameSite=Strict" }
}

/// A place on this service; whatever could lead elsewhere is the first page.
fn own_place(next: Option<&str>) -> &str {
    let is_own = |place: &&str| {
        let mut letters = place.chars();
        letters.next() == Some('/')
            && !matches!(letters.next(), Some('/' | '\\'))
            && place.chars().all(|c| c.is_ascii_graphic())
            && !place.starts_with("/sign-")
    };
    next.filter(is_own).unwrap_or("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere() {
        let check = |next: &str, expect: &str| assert_eq!(own_place(Some(next)), expect, "{next:?}");
        check("/persons/ann?q=x", "/persons/ann?q=x");
        check("//evil.example", "/");
        check("/\\evil.example", "/");
        check("https://evil.example", "/");
        check("/a\r\nset-cookie: b=c", "/");
        check("/sign-out", "/");
        check("", "/");
        assert_eq!(own_place(None), "/");
    }
}
