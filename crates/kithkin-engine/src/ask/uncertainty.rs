//! Asks for the slot that is itself the least certain, whatever its answer tells of others.
//!
//! What `information-gain` finds beyond it is what the dependencies between slots are worth. Needs nothing; costs an
//! entropy for each open slot.

use serde::Deserialize;

use super::{Choice, Choose, State, highest};
use crate::method::Strategy;

/// Parameters of `uncertainty`: none.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Uncertainty {}

impl Strategy for Uncertainty {}

impl Choose for Uncertainty {
    fn choose(&self, state: &State<'_>) -> Option<Choice> {
        let (slot, _) = highest(state.open, |slot| state.beliefs.entropy(slot))?;
        Some(Choice { slot, expected: None })
    }
}
