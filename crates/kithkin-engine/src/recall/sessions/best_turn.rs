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
        for (doc, score) in (0 as Doc..).zip(scores) {
            if !view.index.is_live(doc) || !known(signals, doc) {
                continue;
            }
            if let Some(best) = best.get_mut(view.index.session_of(doc) as usize) {
                *best = Some(best.map_or(*score, |b| b.max(*score)));
            }
        }
        (0..).zip(best).filter_map(|(session, best)| Some((session, best?))).collect()
    }
}
