//! The stage `sessions`: a rank for every sitting from the scores of its turns.

mod best_turn;

use std::fmt::Debug;

use super::{Signal, View};
use crate::method::strategies;

/// Ranks sittings.
pub(crate) trait Sessions: Debug + Send + Sync {
    /// The number and the score of each session with a live turn in which something was found, in any order.
    fn rank(&self, view: &View<'_>, signals: &[Signal], scores: &[f32]) -> Vec<(u32, f32)>;
}

strategies! { "recall.sessions", Sessions:
    "best-turn" => best_turn::BestTurn,
}
