//! Replies of the configured chat model: whole, or piece by piece as server-sent events.

use std::convert::Infallible;
use std::ops::ControlFlow;

use axum::Json;
use axum::extract::State;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use kithkin::{PromptReport, RespondReport};
use tokio::sync::mpsc;

use crate::access::{Read, Whose, Write};
use crate::extract::Payload;
use crate::problem::Problem;
use crate::service::Service;
use crate::wire::{RespondRequest, ServerEvent};

/// Answers a message, and remembers both. The person's message is remembered even if the model fails.
#[utoipa::path(post, path = "/v1/persons/{person}/respond", tag = "respond", params(("person" = String, Path)),
    request_body = RespondRequest, responses(
    (status = 200, description = "The reply", content(
        (RespondReport = "application/json"), (ServerEvent = "text/event-stream")
    )),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
    (status = "5XX", body = Problem, content_type = "application/problem+json")
))]
pub(crate) async fn respond(
    State(service): State<Service>,
    whose: Whose<Write>,
    Payload(request): Payload<RespondRequest>,
) -> Result<Response, Problem> {
    let streamed = request.stream;
    let what = request.respond()?;
    whose.with(&what.neighbours)?;
    if streamed {
        return Ok(stream_reply(service, whose, what).into_response());
    }
    let report = service.person(&whose.scope, move |person| person.respond(&what, &mut |_| ControlFlow::Continue(())));
    let report = report.await;
    service.written(&whose.scope);
    Ok(Json(report?).into_response())
}

fn stream_reply(service: Service, whose: Whose<Write>, what: kithkin::Respond) -> impl IntoResponse {
    let (events, heard) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let pieces = events.clone();
        let work = move |person: &kithkin::Person<'_>| {
            // A client that has left is not heard, and the reply is remembered all the same.
            person.respond(&what, &mut |piece| {
                let _ = pieces.send(event("piece", &piece));
                ControlFlow::Continue(())
            })
        };
        let done = service.person(&whose.scope, work).await;
        service.written(&whose.scope);
        let _ = events.send(match done {
            Ok(report) => event("reply", &report),
            Err(problem) => event("problem", &problem),
        });
    });
    Sse::new(stream::unfold(heard, |mut heard| async { heard.recv().await.map(|event| (event, heard)) }))
}

fn event(name: &str, data: &impl serde::Serialize) -> Result<Event, Infallible> {
    let data = serde_json::to_string(data).unwrap_or_default();
    Ok(Event::default().event(name).data(data))
}

/// What a chat model would be asked for a reply, whole. Nothing is remembered and the model is not asked.
#[utoipa::path(post, path = "/v1/persons/{person}/prompt", tag = "respond", params(("person" = String, Path)),
    request_body = RespondRequest, responses(
    (status = 200, body = PromptReport),
    (status = "4XX", body = Problem, content_type = "application/problem+json")
))]
pub(crate) async fn prompt(
    State(service): State<Service>,
    whose: Whose<Read>,
    Payload(request): Payload<RespondRequest>,
) -> Result<Json<PromptReport>, Problem> {
    let what = request.respond()?;
    whose.with(&what.neighbours)?;
    Ok(Json(service.person(&whose.scope, move |person| person.prompt(&what)).await?))
}
