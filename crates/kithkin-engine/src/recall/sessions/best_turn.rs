//! A sitting is as good as its best turn; one in whose turns nothing was found is left out. Needs nothing; costs one pass.

use serde::Deserialize;

use super::Sessions;
use crate::method::Strategy;
use crate::recall::{Doc, Signal, View, known};

/// Parameters of `best-turn`: none.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct BestTurn {}

impl Strategy for BestTurn {}

impl Sessions for BestTurn {
    fn rank(&self, view: &View<'_>, signals: &[Signal], scores: &[f32]) -> Vec<(u32, f32)> {
        let mut best: Vec<Option<f32>> = vec![None; view.index.sessions()];
        let turns = scores.iter().zip(view.index.lives()).zip(view.index.session_numbers());
        for (doc, ((score, live), session)) in (0 as Doc..).zip(turns) {
            let Some(best) = best.get_mut(*session as usize).filter(|_| *live) else { continue };
            // Few turns are better than those before them, and only of these it counts whether anything was found.
            if best.is_none_or(|best| *score > best || best.is_nan()) && known(signals, doc) {
                *best = Some(*score);
            }
        }
        (0..).zip(best).filter_map(|(session, best)| Some((session, best?))).collect()
    }
}
