//! Cosine of the question and each memory of a kind, given to the turn that it stands for, or to all it came from.
//!
//! Needs an embedder and memories; costs one pass over the matrix of memories.

use kithkin_core::{Explanation, MemoryKind};
use serde::Deserialize;

use super::{Needs, Retrieve, Spread};
use crate::index::Scratch;
use crate::method::Strategy;
use crate::recall::{Doc, SignalKind, View};

/// Parameters of `memory-dense`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MemoryDense {
    /// The kind, such as `window`.
    kind: MemoryKind,
    /// Which turns a memory gives its score to: `first` (default) or `all`.
    #[serde(default)]
    spread: Spread,
}

impl Strategy for MemoryDense {}

impl Retrieve for MemoryDense {
    fn name(&self) -> String {
        format!("cosine of the {} of the turn", self.kind)
    }

    fn kind(&self) -> SignalKind {
        SignalKind::Cosine
    }

    fn needs(&self) -> Needs {
        Needs { embedder: true, memories: vec![self.kind], ..Needs::default() }
    }

    fn score(&self, view: &View<'_>, scratch: &mut Scratch, out: &mut Vec<f32>) {
        out.resize(view.index.docs(), f32::NAN);
        let Some(memories) = view.index.memories(self.kind) else { return };
        let own = &mut scratch.numbers;
        super::cosines(memories.vectors(), view, memories.len(), own);
        scratch.compared = Some(memories.len());
        self.spread.project(memories, own, out);
    }

    fn explain(&self, _view: &View<'_>, _doc: Doc, score: f32) -> Explanation {
        Explanation::new(self.name(), score)
    }
}
