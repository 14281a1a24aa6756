//! How much the neighbours of a turn count for it.
//!
//! In a conversation the words of a question are often in the turn before the answer, so a turn is compared together
//! with its neighbours of the same session, each with a weight that falls with its distance.

use serde::Deserialize;

use crate::index::Reach;

/// The most neighbours to each side.
const MAX: usize = 8;

/// Weights of the neighbours; the turn itself has weight 1.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Neighbours {
    /// Weights of the turn before, the one before that, and so on; at most 8, each above 0 and at most 1.
    before: Vec<f32>,
    /// Weights of the turn after, the one after that, and so on; at most 8, each above 0 and at most 1.
    after: Vec<f32>,
}

impl Neighbours {
    /// Checks the ranges.
    pub(super) fn check(&self) -> Result<(), String> {
        for (name, weights) in [("before", &self.before), ("after", &self.after)] {
            if weights.len() > MAX {
                return Err(format!("{name} has {} weights; at most {MAX} are allowed", weights.len()));
            }
            if let Some(weight) = weights.iter().find(|w| !(**w > 0.0 && **w <= 1.0)) {
                return Err(format!("{name} has the weight {weight}; each must lie above 0 and be at most 1"));
            }
        }
        Ok(())
    }

    /// Whether only the turn itself counts.
    pub(super) fn is_empty(&self) -> bool {
        self.before.is_empty() && self.after.is_empty()
    }

    /// The weights, as the index takes them.
    pub(super) fn reach(&self) -> Reach<'_> {
        Reach { before: &self.before, after: &self.after }
    }
}
