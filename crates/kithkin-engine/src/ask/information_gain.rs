//! Asks the question whose answer is expected to lower the uncertainty the most.
//!
//! The gain of a question is the sum over what is to be found out of its mutual information with the answer, given what
//! is known (Lindley, *On a Measure of the Information Provided by an Experiment*, 1956). It looks one question ahead.
//! Source of its use: the reward of *curiosity* (Wan et al. 2025), here expected before the question instead of seen
//! after it.
//!
//! Needs a population that the person is like: what goes together in others is assumed to go together in them. Costs the
//! square of the number of open slots that depend on each other.

use serde::Deserialize;

use super::{Choice, Choose, State, highest};
use crate::method::Strategy;

/// Parameters of `information-gain`: none.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct InformationGain {}

impl Strategy for InformationGain {}

impl Choose for InformationGain {
    fn choose(&self, state: &State<'_>) -> Option<Choice> {
        let (slot, gain) = highest(state.open, |slot| state.beliefs.information(slot, state.wanted))?;
        Some(Choice { slot, expected: Some(gain) })
    }
}
