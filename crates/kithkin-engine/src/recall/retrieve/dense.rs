//! Cosine of the question and each turn, pooled with its neighbours.
//!
//! The score of a turn is the cosine of the question and the weighted sum of the vectors of the turn and its neighbours.
//! That sum is never made: its product with the question is the sum of the products, and its length is kept by the
//! index, so a window costs no vector. Every turn is compared: first in 8-bit integers, then the best 128 again in full
//! precision. Needs an embedder; costs one pass over the person's matrix.

use kithkin_core::Explanation;
use serde::Deserialize;

use super::neighbours::Neighbours;
use super::{Needs, Retrieve};
use crate::index::Scratch;
use crate::method::Strategy;
use crate::recall::{Doc, SignalKind, View};

/// Parameters of `dense`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Dense {
    /// The neighbours; none by default.
    neighbours: Neighbours,
}

impl Strategy for Dense {
    fn check(&self) -> Result<(), String> {
        self.neighbours.check()
    }
}

impl Retrieve for Dense {
    fn name(&self) -> String {
        if self.neighbours.is_empty() {
            "cosine of the turn".into()
        } else {
            "cosine of the turn and its neighbours".into()
        }
    }

    fn kind(&self) -> SignalKind {
        SignalKind::Cosine
    }

    fn needs(&self) -> Needs {
        Needs { embedder: true, ..Needs::default() }
    }

    fn score(&self, view: &View<'_>, scratch: &mut Scratch, out: &mut Vec<f32>) {
        let index = view.index;
        if self.neighbours.is_empty() {
            return super::cosines(index.vectors(), view, index.docs(), out);
        }
        let own = &mut scratch.numbers;
        super::cosines(index.vectors(), view, index.docs(), own);
        // Once for all windows: a turn without a vector adds nothing to those it stands in.
        own.iter_mut().filter(|cosine| cosine.is_nan()).for_each(|cosine| *cosine = 0.0);
        let reach = self.neighbours.reach();
        reach.sums(index.links(), own, out);
        for (sum, norm) in out.iter_mut().zip(index.norms(reach).iter()) {
            *sum = if *norm > 0.0 { *sum / norm } else { f32::NAN };
        }
    }

    fn explain(&self, view: &View<'_>, doc: Doc, score: f32) -> Explanation {
        let mut root = Explanation::new(self.name(), score);
        let (Some(vectors), Some(query)) = (view.index.vectors(), &view.question.vector) else { return root };
        self.neighbours.reach().around(view.index.links(), doc, |near, weight| {
            if let Some(cosine) = vectors.exact(near, query) {
                let whose = if near == doc { "its own cosine" } else { "cosine of a neighbour" };
                root.parts.push(Explanation::new(format!("{whose}, weight {weight}"), cosine));
            }
        });
        root
    }
}
