//! Nothing of the person's memory: the row that others are compared with. Needs nothing.

use kithkin_core::ChatError;
use serde::Deserialize;

use super::{Compose, Composed};
use crate::chat::Chat;
use crate::method::Strategy;
use crate::respond::Brief;

/// Parameters of `plain`: none.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Plain {}

impl Strategy for Plain {}

impl Compose for Plain {
    fn compose(&self, _brief: &Brief<'_>, _chat: &Chat<'_>) -> Result<Composed, ChatError> {
        Ok(Composed::default())
    }
}
