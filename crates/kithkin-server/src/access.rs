//! Who asks, and what they may do.
//!
//! With keys, a request carries one as `Authorization: Bearer`, and may do what the key allows to the persons of its tenant, or
//! to the one person that it is bound to. A service without keys serves whoever reaches it, and therefore listens on the loopback address alone. There it refuses
//! requests that a browser sends for another site: those with a foreign name in `Host`, by which a name that is made to lead
//! here is told from this machine, and those that the browser itself marks as coming from another site.

use std::marker::PhantomData;
use std::net::IpAddr;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use kithkin::{PersonId, Scope, TenantId};

use crate::keys::RightName;
use crate::problem::Problem;
use crate::service::Service;

/// Something that a caller may be allowed to do. A handler names it in its arguments, so that none is reached without.
pub(crate) trait Right: Send + Sync + 'static {
    /// Its name in a key.
    const NAME: RightName;
}

macro_rules! rights {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        $($(#[$doc])* #[derive(Debug)] pub(crate) enum $name {}
        impl Right for $name { const NAME: RightName = RightName::$name; })*
    };
}

rights! {
    /// To see what is remembered.
    Read,
    /// To add to it.
    Write,
    /// To erase it.
    Erase,
    /// To see and run what concerns all persons.
    Admin,
}

/// Whose persons the caller may reach.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// The tenant.
    tenant: TenantId,
    /// The only person.
    person: Option<PersonId>,
    /// The id of the key.
    key: Option<String>,
}

impl Caller {
    /// Finds out who asks for the right.
    pub(crate) async fn of<R: Right>(headers: &HeaderMap, service: &Service) -> Result<Self, Problem> {
        if !service.has_keys() {
            from_this_machine(headers)?;
            return Ok(Self { tenant: service.settings().tenant.clone(), person: None, key: None });
        }
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let secret = given.strip_prefix("Bearer ").unwrap_or_default().trim().to_owned();
        if secret.is_empty() {
            return Err(Problem::unauthorised("send a key as Authorization: Bearer kk-…"));
        }
        let key = service.key(secret).await?;
        if !key.rights.contains(&R::NAME) {
            let detail =
                format!("the key {} may not {}; `kithkin key add --rights` makes one that may", key.id, R::NAME);
            return Err(Problem::forbidden(detail));
        }
        Ok(Self { tenant: key.tenant, person: key.person, key: Some(key.id) })
    }

    /// The person, where the caller may reach them.
    pub(crate) fn reach<R: Right>(&self, person: PersonId) -> Result<Scope, Problem> {
        if self.person.as_ref().is_some_and(|only| *only != person) {
            return Err(Problem::forbidden("the key is bound to another person"));
        }
        let scope = Scope::new(self.tenant.clone(), person);
        let key = self.key.as_deref().unwrap_or("none");
        // Who it was stays out of the log; that it was the same person can be told.
        let whose = &blake3::hash(format!("{scope:?}").as_bytes()).to_hex()[..16];
        tracing::info!(target: "kithkin::audit", key, right = %R::NAME, whose, "access");
        Ok(scope)
    }

    /// The only person that the caller may reach.
    pub(crate) fn only(&self) -> Option<&PersonId> {
        self.person.as_ref()
    }
}

/// A caller who may do this to all persons of the tenant.
#[derive(Debug)]
pub(crate) struct Tenant<R> {
    pub(crate) id: TenantId,
    right: PhantomData<R>,
}

impl<R: Right> FromRequestParts<Service> for Tenant<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let caller = Caller::of::<R>(&parts.headers, service).await?;
        match caller.person {
            None => Ok(Self { id: caller.tenant, right: PhantomData }),
            Some(_) => Err(Problem::forbidden("the key is bound to one person, and this concerns all")),
        }
    }
}

/// The person in the path, to whom the caller may do this.
#[derive(Debug)]
pub(crate) struct Whose<R> {
    pub(crate) scope: Scope,
    /// Whether the caller may reach nobody else.
    only: bool,
    right: PhantomData<R>,
}

impl<R: Right> FromRequestParts<Service> for Whose<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let caller = Caller::of::<R>(&parts.headers, service).await?;
        let unreadable = |_| Problem::input("the path is not UTF-8; encode the person's id with percent signs");
        let params = RawPathParams::from_request_parts(parts, service).await.map_err(unreadable)?;
        let named = params.iter().find(|(name, _)| *name == "person").map(|(_, value)| value);
        let person = PersonId::new(named.unwrap_or_default())?;
        Ok(Self { scope: caller.reach::<R>(person)?, only: caller.person.is_some(), right: PhantomData })
    }
}

impl<R: Right> Whose<R> {
    /// Refuses a request that names others as well, where the caller may not reach them.
    pub(crate) fn with(&self, others: &[PersonId]) -> Result<(), Problem> {
        if self.only && others.iter().any(|other| *other != self.scope.person) {
            return Err(Problem::forbidden("the key is bound to one person, and the request names others"));
        }
        Ok(())
    }
}

/// Refuses what a page of another site has a browser send.
fn from_this_machine(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(host) = text(header::HOST.as_str()).filter(|host| !names_this_machine(host)) {
        return Err(Problem::forbidden(format!(
            "the request was sent to {host:?}; without keys this service answers to localhost and loopback addresses only"
        )));
    }
    if matches!(text("sec-fetch-site"), Some("cross-site" | "same-site")) || has_foreign_origin(headers) {
        let detail = "a page of another site asked for this; only pages of the service itself may";
        return Err(Problem::forbidden(detail));
    }
    Ok(())
}

/// Whether a browser says that a page of this very service sent the request. One that says nothing is not believed.
pub(crate) fn is_from_own_page(headers: &HeaderMap) -> bool {
    match headers.get("sec-fetch-site") {
        Some(site) => site.as_bytes() == b"same-origin",
        None => headers.contains_key(header::ORIGIN) && !has_foreign_origin(headers),
    }
}

/// Whether there is an `Origin` that is not the address that the request was sent to. Where the browser hides it, as it does
/// from other sites, it is `null`, unless the request stays on its site.
fn has_foreign_origin(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Some(origin) = headers.get(header::ORIGIN) else { return false };
    let stays = text(header::HeaderName::from_static("sec-fetch-site")) == "same-origin";
    let address = origin.to_str().ok().and_then(|origin| Some(origin.split_once("://")?.1));
    !stays && !address.is_some_and(|address| address.eq_ignore_ascii_case(text(header::HOST)))
}

/// Whether a `Host` is this machine's own, with or without a port.
fn names_this_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_its_own() {
        let check = |host: &str, expect| assert_eq!(names_this_machine(host), expect, "{host}");
        check("localhost", true);
        check("LOCALHOST:7700", true);
        check("127.0.0.1:7700", true);
        check("127.8.0.1", true);
        check("[::1]:7700", true);
        check("evil.example:7700", false);
        check("localhost.evil.example", false);
        check("127.0.0.1.evil.example", false);
        check("192.168.0.4:7700", false);
        check("", false);
    }

    #[test]
    fn only_own_pages_change_something() {
        let check = |given: &[(&'static str, &str)], expect| {
            let headers = given.iter().map(|(name, value)| {
                (header::HeaderName::from_static(name), header::HeaderValue::from_str(value).unwrap())
            });
            assert_eq!(is_from_own_page(&headers.collect()), expect, "{given:?}");
        };
        let host = ("host", "localhost:7700");
        check(&[host], false);
        check(&[host, ("sec-fetch-site", "same-origin")], true);
        check(&[host, ("sec-fetch-site", "same-origin"), ("origin", "null")], true);
        check(&[host, ("sec-fetch-site", "none")], false);
        check(&[host, ("sec-fetch-site", "same-site"), ("origin", "http://localhost:7700")], false);
        check(&[host, ("origin", "http://localhost:7700")], true);
        check(&[host, ("origin", "http://LOCALHOST:7700")], true);
        check(&[host, ("origin", "http://localhost:3000")], false);
        check(&[host, ("origin", "http://evil.example")], false);
        check(&[host, ("origin", "null")], false);
        check(&[("origin", "http://localhost:7700")], false);
    }
}
