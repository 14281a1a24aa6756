//! The first page: the persons, or, where there are none yet, how to begin.

use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use kithkin::PersonId;
use minijinja::context;
use serde::Deserialize;

use super::html::{segment, value};
use super::visit::Visit;
use crate::access::{Caller, Read, Tenant};
use crate::extract::Params;
use crate::problem::Problem;
use crate::routes::persons;
use crate::service::Service;
use crate::wire::Page;

pub(super) async fn persons(
    State(service): State<Service>,
    Extension(visit): Extension<Visit>,
    headers: HeaderMap,
    tenant: Result<Tenant<Read>, Problem>,
    Params(page): Params<Part>,
) -> Result<Response, Problem> {
    let tenant = match tenant {
        Ok(tenant) => tenant,
        Err(refused) => {
            // A key for one person opens that person's pages.
            let caller = Caller::of::<Read>(&headers, &service).await?;
            let only = caller.only().ok_or(refused)?;
            return Ok(Redirect::to(&format!("/persons/{}", segment(only.as_str()))).into_response());
        }
    };
    let is_first = page.cursor.is_none();
    let (persons, next) = persons::part(&service, tenant.id, Page::behind(page.cursor)).await?;
    if persons.is_empty() && is_first {
        return visit.page("import.html", context! { first => true, person => "", tab => "import" });
    }
    visit.page("home.html", context! { persons => value(&persons), next, tab => "persons" })
}

/// Which part of the list.
#[derive(Debug, Deserialize)]
pub(super) struct Part {
    cursor: Option<String>,
}

/// Whom to go to.
#[derive(Debug, Deserialize)]
pub(super) struct Whom {
    person: String,
}

/// To the pages of a person, who may be new.
pub(super) async fn go(Params(whom): Params<Whom>) -> Result<Redirect, Problem> {
    let person = PersonId::new(whom.person.trim())?;
    Ok(Redirect::to(&format!("/persons/{}", segment(person.as_str()))))
}
