//! The whole session as one unit. Needs nothing; costs one memory a session.

use kithkin_core::{ChatError, MemoryKind};
use serde::Deserialize;

use super::{Segment, Span, between};
use crate::chat::Chat;
use crate::method::Strategy;
use crate::observe::Sitting;

/// Parameters of `session`: none.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct WholeSession {}

impl Strategy for WholeSession {}

impl Segment for WholeSession {
    fn kind(&self) -> MemoryKind {
        MemoryKind::Session
    }

    fn spans(&self, sitting: &Sitting, _chat: &Chat<'_>) -> Result<Vec<Span>, ChatError> {
        Ok(between(&[], sitting.len()))
    }
}
