//! Importing a file that is dropped on the page, with progress, and what of it could not be taken.

use std::ops::ControlFlow;

use axum::extract::{Extension, Request, State};
use axum::response::Response;
use kithkin::{ImportReport, Ingest, Kithkin, PersonId, Step};
use minijinja::context;
use serde::Deserialize;

use super::html::{self, value};
use super::live::Live;
use super::visit::Visit;
use crate::access::{Admin, Tenant};
use crate::extract::Params;
use crate::problem::Problem;
use crate::routes::transfer::received;
use crate::service::Service;

/// Whose file it is.
#[derive(Debug, Deserialize)]
pub(super) struct Whose {
    #[serde(default)]
    person: String,
}

pub(super) async fn show(
    Extension(visit): Extension<Visit>,
    _tenant: Tenant<Admin>,
    Params(whose): Params<Whose>,
) -> Result<Response, Problem> {
    visit.page("import.html", context! { first => false, person => whose.person, tab => "import" })
}

/// Takes the file as the body of the request, and tells how far it is: `stored` with a number of turns, then `done` with the
/// report as a piece of a page.
pub(super) async fn receive(
    State(service): State<Service>,
    Extension(visit): Extension<Visit>,
    tenant: Tenant<Admin>,
    Params(whose): Params<Whose>,
    request: Request,
) -> Result<Response, Problem> {
    let person = match whose.person.trim() {
        "" => None,
        id => Some(PersonId::new(id)?),
    };
    let file = received(request.into_body()).await?;
    let (live, answer) = Live::open();
    tokio::spawn(async move {
        let (id, telling) = (tenant.id.clone(), live.clone());
        let work = move |kithkin: &Kithkin| {
            let path = file.path().to_owned();
            let place = path.display().to_string();
            let what = Ingest { path, format: None, person, select: None, at: None, embed: false };
            let done = kithkin.import(&id, &what, &|step| {
                if let Step::Stored(turns) = step {
                    telling.tell("stored", &turns);
                }
                ControlFlow::Continue(())
            });
            // Where the file was put aside says nothing to whoever dropped it.
            done.map(|mut report| {
                report
                    .rejected
                    .iter_mut()
                    .for_each(|one| one.location = one.location.replace(&place, "").trim().to_owned());
                report
            })
        };
        let done = service.run(work).await;
        service.background().look(tenant.id);
        live.tell("done", &piece(&visit, done, whose.person.trim()));
    });
    Ok(answer)
}

/// The report as a piece of a page.
fn piece(visit: &Visit, done: Result<ImportReport, Problem>, person: &str) -> String {
    let content = match done {
        Ok(report) => context! { report => value(&report), person },
        Err(problem) => context! { problem => value(&problem) },
    };
    html::render("report.html", visit, content).unwrap_or_default()
}
