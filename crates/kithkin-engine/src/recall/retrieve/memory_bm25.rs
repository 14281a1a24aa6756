//! BM25 over the memories of a kind: each gives its score to the turn that it stands for, or to all it came from.
//!
//! Needs memories; costs one pass over the postings of the question's words.

use kithkin_core::{Explanation, MemoryKind};
use serde::Deserialize;

use super::{Needs, Retrieve, Spread};
use crate::index::{Bm25 as Saturation, Scratch};
use crate::method::Strategy;
use crate::recall::{Doc, SignalKind, View};

/// Parameters of `memory-bm25`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MemoryBm25 {
    /// The kind, such as `window`.
    kind: MemoryKind,
    /// Which turns a memory gives its score to: `first` (default) or `all`.
    #[serde(default)]
    spread: Spread,
    /// How soon repetitions of a word stop to count; 0 to 10, default 0.9.
    #[serde(default = "super::default_k1")]
    k1: f32,
    /// How much longer memories are held back; 0 to 1, default 0.5.
    #[serde(default = "super::default_b")]
    b: f32,
}

impl Strategy for MemoryBm25 {
    fn check(&self) -> Result<(), String> {
        super::check_bm25(self.k1, self.b)
    }
}

impl Retrieve for MemoryBm25 {
    fn name(&self) -> String {
        format!("bm25 of the {} of the turn", self.kind)
    }

    fn kind(&self) -> SignalKind {
        SignalKind::Words
    }

    fn ceiling(&self) -> f32 {
        self.k1 + 1.0
    }

    fn needs(&self) -> Needs {
        Needs { memories: vec![self.kind], ..Needs::default() }
    }

    fn score(&self, view: &View<'_>, scratch: &mut Scratch, out: &mut Vec<f32>) {
        out.resize(view.index.docs(), 0.0);
        let Some(memories) = view.index.memories(self.kind) else { return };
        let lexical = memories.lexical();
        let mut of_memories = vec![0.0; memories.len()];
        for term in &view.question.terms {
            let weight = lexical.idf(&term.terms) / lexical.max_idf();
            lexical.accumulate(&term.terms, weight, Saturation { k1: self.k1, b: self.b }, &mut of_memories);
        }
        scratch.compared = Some(memories.len());
        self.spread.project(memories, &of_memories, out);
    }

    fn explain(&self, _view: &View<'_>, _doc: Doc, score: f32) -> Explanation {
        Explanation::new(self.name(), score)
    }
}
