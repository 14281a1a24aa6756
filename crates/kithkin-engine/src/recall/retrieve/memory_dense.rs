//! Cosine of the question and each memory, given to the turn that the memory stands for.
//!
//! Needs an embedder and memories; costs one pass over the matrix of memories.

use kithkin_core::Explanation;
use serde::Deserialize;

use super::{Needs, Retrieve};
use crate::index::Scratch;
use crate::method::Strategy;
use crate::recall::{Doc, SignalKind, View};

/// Parameters of `memory-dense`: none.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct MemoryDense {}

impl Strategy for MemoryDense {}

impl Retrieve for MemoryDense {
    fn name(&self) -> String {
        "cosine of the memory that stands for the turn".into()
    }

    fn kind(&self) -> SignalKind {
        SignalKind::Cosine
    }

    fn needs(&self) -> Needs {
        Needs { embedder: true, memories: true }
    }

    fn score(&self, view: &View<'_>, scratch: &mut Scratch, out: &mut Vec<f32>) {
        out.resize(view.index.docs(), f32::NAN);
        let Some(memories) = view.index.memories() else { return };
        let own = &mut scratch.numbers;
        super::cosines(memories.vectors(), view, memories.len(), own);
        for (memory, cosine) in (0..).zip(own.iter()) {
            if let Some(best) = memories.stands_for(memory).and_then(|doc| out.get_mut(doc as usize)) {
                *best = best.max(*cosine);
            }
        }
    }

    fn explain(&self, _view: &View<'_>, _doc: Doc, score: f32) -> Explanation {
        Explanation::new(self.name(), score)
    }
}
