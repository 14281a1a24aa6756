//! Cosine of the question and each turn, averaged over the turn and its neighbours.
//!
//! Every turn is compared exactly: first in 8-bit integers, then the best [`RESCORED`] again in full precision. The
//! score of a turn is the weighted mean over itself and its neighbours that have a vector, which needs no vectors of
//! windows. Needs an embedder; costs one pass over the person's matrix.

use kithkin_core::Explanation;
use serde::Deserialize;

use super::neighbours::Neighbours;
use super::{Needs, Retrieve};
use crate::index::Scratch;
use crate::method::Strategy;
use crate::recall::{Doc, SignalKind, View};

/// Turns that are compared again in full precision: several times more than any recall returns.
const RESCORED: usize = 128;

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
        Needs { embedder: true, memories: false }
    }

    fn score(&self, view: &View<'_>, scratch: &mut Scratch, out: &mut Vec<f32>) {
        let index = view.index;
        let own = &mut scratch.numbers;
        own.clear();
        own.resize(index.docs(), f32::NAN);
        if let (Some(vectors), Some(query)) = (index.vectors(), &view.question.vector) {
            super::cosines(vectors, query, RESCORED, own, out);
        }
        if self.neighbours.is_empty() {
            out.clear();
            out.extend_from_slice(own);
            return;
        }
        out.clear();
        out.extend((0..index.docs() as Doc).map(|doc| {
            let (mut sum, mut weights) = (0.0, 0.0);
            self.neighbours.around(index.links(), doc, |near, weight| {
                let cosine = own[near as usize];
                if !cosine.is_nan() {
                    sum += weight * cosine;
                    weights += weight;
                }
            });
            if weights > 0.0 { sum / weights } else { f32::NAN }
        }));
    }

    fn explain(&self, view: &View<'_>, doc: Doc, score: f32) -> Explanation {
        let mut root = Explanation::new(self.name(), score);
        let (Some(vectors), Some(query)) = (view.index.vectors(), &view.question.vector) else { return root };
        self.neighbours.around(view.index.links(), doc, |near, weight| {
            if let Some(cosine) = vectors.exact(near, query) {
                root.parts.push(Explanation::new(
                    format!("cosine of the turn at place {}, weight {weight}", view.index.seq(near)),
                    cosine,
                ));
            }
        });
        root
    }
}
