//! What the description of the routes says of streams. It is described and never made.

use utoipa::ToSchema;

/// A server-sent event.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct ServerEvent {
    /// Its name. Events of a reply are `piece`, whose data is a JSON string, then `reply`, whose data is a `RespondReport`, or
    /// `problem`, whose data is a `Problem`; events of the proxy are OpenAI's.
    event: Option<String>,
    /// Its data, as text.
    data: String,
}
