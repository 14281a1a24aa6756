//! Asks in the order in which the slots were given, whatever is known: a questionnaire.
//!
//! Needs nothing and costs nothing.

use serde::Deserialize;

use super::{Choice, Choose, State};
use crate::method::Strategy;

/// Parameters of `fixed-order`: none.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FixedOrder {}

impl Strategy for FixedOrder {}

impl Choose for FixedOrder {
    fn choose(&self, state: &State<'_>) -> Option<Choice> {
        state.open.first().map(|slot| Choice { slot: *slot, expected: None })
    }
}
