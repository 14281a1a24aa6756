//! What is found again: recall, context, memories, and feedback on them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use kithkin::{Context, FeedbackReport, MemoryReport, RecallReport};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::{Read, Whose, Write};
use crate::condition::{Condition, Tagged};
use crate::extract::{Params, Payload};
use crate::problem::Problem;
use crate::service::Service;
use crate::wire::{AsOf, ContextRequest, FeedbackRequest, RecallRequest};

/// The memories of a person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Memories {
    /// In the order in which they were derived.
    memories: Vec<MemoryReport>,
}

/// Finds the turns that answer a question.
#[utoipa::path(post, path = "/v1/persons/{person}/recall", tag = "memory", params(("person" = String, Path)),
    request_body = RecallRequest, responses(
    (status = 200, body = RecallReport),
    (status = "4XX", body = Problem, content_type = "application/problem+json")
))]
pub(crate) async fn recall(
    State(service): State<Service>,
    whose: Whose<Read>,
    Payload(request): Payload<RecallRequest>,
) -> Result<Json<RecallReport>, Problem> {
    let recall = request.recall()?;
    Ok(Json(service.person(&whose.scope, move |person| person.recall(&recall)).await?))
}

/// Makes a block for a prompt: what is known of the person and the best turns, quoted, dated, within a budget of tokens.
#[utoipa::path(post, path = "/v1/persons/{person}/context", tag = "memory", params(("person" = String, Path)),
    request_body = ContextRequest, responses(
    (status = 200, body = Context),
    (status = "4XX", body = Problem, content_type = "application/problem+json")
))]
pub(crate) async fn context(
    State(service): State<Service>,
    whose: Whose<Read>,
    Payload(request): Payload<ContextRequest>,
) -> Result<Json<Context>, Problem> {
    let tokens = request.tokens.unwrap_or(service.settings().memory_tokens);
    let recall = request.recall()?;
    Ok(Json(service.person(&whose.scope, move |person| person.context(&recall, tokens)).await?))
}

/// Lists the memories that the person's method has derived, each with its sources and what put an end to it.
#[utoipa::path(get, path = "/v1/persons/{person}/memories", tag = "memory", params(("person" = String, Path), AsOf), responses(
    (status = 200, body = Memories),
    (status = 304, description = "The client has it"),
    (status = "4XX", body = Problem, content_type = "application/problem+json")
))]
pub(crate) async fn memories(
    State(service): State<Service>,
    whose: Whose<Read>,
    condition: Condition,
    Params(as_of): Params<AsOf>,
) -> Result<Tagged<Memories>, Problem> {
    let now = as_of.now();
    let memories = move |person: &kithkin::Person<'_>| Ok(Memories { memories: person.memories(now)? });
    condition.read(&service, &whose.scope, memories).await
}

/// Says which turns of a recall were of use; methods that learn from it do.
#[utoipa::path(post, path = "/v1/persons/{person}/feedback", tag = "memory", params(("person" = String, Path)),
    request_body = FeedbackRequest, responses(
    (status = 201, body = FeedbackReport),
    (status = "4XX", body = Problem, content_type = "application/problem+json")
))]
pub(crate) async fn feedback(
    State(service): State<Service>,
    whose: Whose<Write>,
    Payload(request): Payload<FeedbackRequest>,
) -> Result<(StatusCode, Json<FeedbackReport>), Problem> {
    let given = request.feedback();
    let report = service.person(&whose.scope, move |person| person.feedback(&given)).await?;
    Ok((StatusCode::CREATED, Json(report)))
}
