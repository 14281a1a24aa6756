//! An answer that is told piece by piece while the work goes on, as server-sent events.

use std::convert::Infallible;

use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Serialize;
use tokio::sync::mpsc;

/// The end that the work tells.
#[derive(Debug, Clone)]
pub(super) struct Live(mpsc::UnboundedSender<Result<Event, Infallible>>);

impl Live {
    /// Both ends: the answer ends when the last clone of the other one is dropped.
    pub(super) fn open() -> (Self, Response) {
        let (tell, told) = mpsc::unbounded_channel();
        let events = stream::unfold(told, |mut told| async { told.recv().await.map(|event| (event, told)) });
        (Self(tell), Sse::new(events).into_response())
    }

    /// Tells something, to nobody where nobody listens any more.
    pub(super) fn tell(&self, name: &str, data: &impl Serialize) {
        let data = serde_json::to_string(data).unwrap_or_default();
        let _ = self.0.send(Ok(Event::default().event(name).data(data)));
    }
}
