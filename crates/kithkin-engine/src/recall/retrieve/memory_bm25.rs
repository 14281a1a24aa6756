//! BM25 over memories: each gives its score to the turn that it stands for.
//!
//! Needs memories; costs one pass over the postings of the question's words.

use kithkin_core::Explanation;
use serde::Deserialize;

use super::{Needs, Retrieve};
use crate::index::{Bm25 as Saturation, Scratch};
use crate::method::Strategy;
use crate::recall::{Doc, SignalKind, View};

/// Parameters of `memory-bm25`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct MemoryBm25 {
    /// How soon repetitions of a word stop to count; 0 to 10, default 0.9.
    k1: f32,
    /// How much longer memories are held back; 0 to 1, default 0.5.
    b: f32,
}

impl Default for MemoryBm25 {
    fn default() -> Self {
        Self { k1: 0.9, b: 0.5 }
    }
}

impl Strategy for MemoryBm25 {
    fn check(&self) -> Result<(), String> {
        super::check_bm25(self.k1, self.b)
    }
}

impl Retrieve for MemoryBm25 {
    fn name(&self) -> String {
        "bm25 of the memory that stands for the turn".into()
    }

    fn kind(&self) -> SignalKind {
        SignalKind::Words
    }

    fn ceiling(&self) -> f32 {
        self.k1 + 1.0
    }

    fn needs(&self) -> Needs {
        Needs { embedder: false, memories: true }
    }

    fn score(&self, view: &View<'_>, _scratch: &mut Scratch, out: &mut Vec<f32>) {
        out.resize(view.index.docs(), 0.0);
        let Some(memories) = view.index.memories() else { return };
        let lexical = memories.lexical();
        let mut of_memories = vec![0.0; memories.len()];
        for term in &view.question.terms {
            let weight = lexical.idf(&term.terms) / lexical.max_idf();
            lexical.accumulate(&term.terms, weight, Saturation { k1: self.k1, b: self.b }, &mut of_memories);
        }
        for (memory, score) in (0..).zip(of_memories) {
            if let Some(best) = memories.stands_for(memory).and_then(|doc| out.get_mut(doc as usize)) {
                *best = best.max(score);
            }
        }
    }

    fn explain(&self, _view: &View<'_>, _doc: Doc, score: f32) -> Explanation {
        Explanation::new(self.name(), score)
    }
}
