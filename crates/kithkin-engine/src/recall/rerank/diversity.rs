//! Puts turns first that say something else than those before them.
//!
//! Maximal marginal relevance (Carbonell and Goldstein 1998): of the best turns, the next is always the one with the
//! highest score less its nearness, in cosine, to the nearest one taken already. What is reordered keeps the scores of
//! its places, so that it stays above the rest. Needs an embedder; costs, for `of` turns, as
//! many comparisons as there are pairs of them: 0.03 ms for 40.

use kithkin_core::Explanation;
use serde::Deserialize;

use super::{Needs, Rerank, check_weight};
use crate::method::Strategy;
use crate::recall::{Doc, View, best_live};

/// Parameters of `diversity`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Diversity {
    /// What a turn loses that says the same as one before it; 0 to 100.
    weight: f32,
    /// Turns that are reordered; 2 to 200, default 40.
    #[serde(default = "forty")]
    of: usize,
}

fn forty() -> usize {
    40
}

impl Strategy for Diversity {
    fn check(&self) -> Result<(), String> {
        check_weight(self.weight)?;
        if (2..=200).contains(&self.of) {
            return Ok(());
        }
        Err(format!("of is {}; it must lie within 2 and 200", self.of))
    }
}

impl Rerank for Diversity {
    fn needs(&self) -> Needs {
        Needs { embedder: true, ..Needs::default() }
    }

    fn rerank(&self, view: &View<'_>, scores: &mut [f32]) {
        let Some(vectors) = view.index.vectors() else { return };
        let best = best_live(view.index, scores, self.of);
        // How near each of the best is to the nearest one taken; nothing is near anything at first.
        let mut left: Vec<(Doc, f32, f32)> = best.iter().map(|(doc, score)| (*doc, *score, 0.0)).collect();
        for (_, place) in &best {
            let worth = |(_, score, near): &(Doc, f32, f32)| score - self.weight * near;
            let next = left.iter().enumerate().max_by(|a, b| worth(a.1).total_cmp(&worth(b.1)).then(b.0.cmp(&a.0)));
            let Some(at) = next.map(|(at, _)| at) else { break };
            let (taken, _, _) = left.remove(at);
            if let Some(score) = scores.get_mut(taken as usize) {
                *score = *place;
            }
            let Some(vector) = vectors.original(taken) else { continue };
            for (doc, _, near) in &mut left {
                *near = near.max(vectors.exact(*doc, vector).unwrap_or(0.0));
            }
        }
    }

    fn is_about_content(&self) -> bool {
        true
    }

    fn explain(&self, _view: &View<'_>, _doc: Doc, before: f32, after: f32) -> Explanation {
        Explanation::new("moved for diversity", after - before)
    }
}
