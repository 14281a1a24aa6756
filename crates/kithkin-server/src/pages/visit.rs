//! What all pages have in common: who visits, in which language, and what a page may do in the browser.
//!
//! A key comes in a cookie that scripts cannot read and that no other site's request carries. It is handed on as the header
//! that `/v1` takes, so that one place decides who may do what; routes outside of the pages never see the cookie. What changes
//! something must come from a page of this service. What went wrong is told on a page.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use minijinja::context;

use super::html;
use super::words::Language;
use crate::access::is_from_own_page;
use crate::problem::Problem;
use crate::service::Service;

/// The cookie of the key.
pub(super) const KEY_COOKIE: &str = "kithkin-key";
/// The cookie of the language.
const LANGUAGE_COOKIE: &str = "kithkin-language";

/// Scripts and styles are this service's own files, and nothing else is loaded, sent to or framed.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                              connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// A request for a page.
#[derive(Debug, Clone)]
pub(super) struct Visit {
    pub(super) language: Language,
    /// The path that was asked for, with what stands behind the question mark.
    pub(super) place: String,
    /// Whether callers need a key.
    pub(super) keyed: bool,
    /// Whether the browser brought one.
    pub(super) signed_in: bool,
}

/// Lets a request through to a page, and makes a page of what goes wrong.
pub(super) async fn guarded(State(service): State<Service>, mut request: Request, next: Next) -> Response {
    let chosen = Language::asked(request.uri().query());
    let key = cookie(request.headers(), KEY_COOKIE).map(str::to_owned);
    let visit = Visit {
        language: chosen
            .unwrap_or_else(|| Language::kept(cookie(request.headers(), LANGUAGE_COOKIE), request.headers())),
        place: request.uri().path_and_query().map_or("/", |place| place.as_str()).to_owned(),
        keyed: service.has_keys(),
        signed_in: key.is_some(),
    };
    request.extensions_mut().insert(visit.clone());
    let mut response = match admitted(&mut request, key.filter(|_| visit.keyed)) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    };
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        response = visit.told(&problem);
    }
    let headers = response.headers_mut();
    for (name, value) in [
        ("content-security-policy", CONTENT_POLICY),
        ("x-content-type-options", "nosniff"),
        // A form's `Origin` would be hidden from this service as well under `no-referrer`.
        ("referrer-policy", "same-origin"),
        ("x-frame-options", "DENY"),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if let Some(language) = chosen {
        let kept = format!("{LANGUAGE_COOKIE}={}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly", language.code());
        // The code of a language can stand in a header.
        headers.extend(HeaderValue::from_str(&kept).ok().map(|value| (header::SET_COOKIE, value)));
    }
    response
}

/// Refuses what another site has a browser send, and hands the key on.
fn admitted(request: &mut Request<Body>, key: Option<String>) -> Result<(), Problem> {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if !reads && !is_from_own_page(request.headers()) {
        return Err(Problem::forbidden(
            "a page of another site sent this, or the browser did not say which; only pages of this service may change something",
        ));
    }
    if let Some(key) = key {
        let value = HeaderValue::from_str(&format!("Bearer {key}"));
        let value = value.map_err(|_| Problem::unauthorised("the cookie holds no key; sign in again"))?;
        request.headers_mut().insert(header::AUTHORIZATION, value);
    }
    Ok(())
}

/// The value of a cookie.
fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(given, _)| *given == name).map(|(_, value)| value)
}

impl Visit {
    /// A page.
    pub(super) fn page(&self, template: &str, content: minijinja::Value) -> Result<Response, Problem> {
        Ok(axum::response::Html(html::render(template, self, content)?).into_response())
    }

    /// A problem as a page: without a key the page that asks for one. One that cannot be drawn is told as JSON.
    fn told(&self, problem: &Problem) -> Response {
        let (template, content) = if problem.status() == StatusCode::UNAUTHORIZED && self.keyed {
            (
                "sign-in.html",
                context! { next => self.place.as_str(), wrong => self.signed_in, detail => problem.detail.as_str() },
            )
        } else {
            let kind = problem.kind.rsplit(':').next().unwrap_or_default().replace('-', "_");
            ("problem.html", context! { kind, status => problem.status, detail => problem.detail.as_str() })
        };
        match self.page(template, content) {
            Ok(page) => (problem.status(), page).into_response(),
            Err(_) => problem.clone().into_response(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_found_by_their_whole_name() {
        let check = |text: &str, expect: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, text.parse().unwrap());
            assert_eq!(cookie(&headers, KEY_COOKIE), expect, "{text}");
        };
        check("kithkin-key=kk-1", Some("kk-1"));
        check("a=b; kithkin-key=kk-1;c=d", Some("kk-1"));
        check("not-kithkin-key=kk-1", None);
        check("kithkin-key", None);
        check("", None);
    }
}
