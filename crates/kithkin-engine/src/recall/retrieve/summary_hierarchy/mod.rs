//! Turns found through a hierarchy of memories: those of sessions or units, what several of them are about, and themes.
//!
//! The memories of one kind, such as summaries, are those of the first order. Those near to each other form a memory of
//! the second order, and these a top memory ([`levels`]). A question opens the top memories nearest to it, of each the
//! nearest memories of the second order, and of these all of the first. A turn gets the weighted mean of the cosines of a
//! memory that leads to it and of the two that this one belongs to; of several memories, the best. What is not opened is
//! not compared, and gets 0.
//!
//! Source: Shi et al., *IMPersona: Evaluating Individual Level LM Impersonation* (2025), the hierarchical memory of its
//! published code (`MemoryManager`). There a language model writes the memories of each level; 3 top memories, 3 of the
//! second order for each and 2 of the first for each of those are opened, the nearest to the one above and not its parts;
//! and all of them are handed to the model that answers. Here a memory is the mean of those that it was made of, and
//! levels become a score, as what is returned is turns. The defaults were chosen on LoCoMo's tuning conversations, where
//! a breadth of 3 costs half a point of recall.
//!
//! Needs an embedder and memories of the kind. When the index has changed, costs a product of two vectors for each memory
//! and each group that there is when it comes, of which there are 512 at most on each level; a question costs one for
//! each memory that is compared, which `compared` counts.

mod levels;

use std::sync::Arc;

use kithkin_core::{Explanation, MemoryKind};
use serde::Deserialize;

use super::groups::Joining;
use super::{Needs, Retrieve};
use crate::index::{Scratch, Units};
use crate::method::Strategy;
use crate::recall::{Doc, SignalKind, View};
use levels::{Breadth, Levels, Reached, Rules};

/// Memories of each upper level at most, so that building them stays within some milliseconds.
const MOST: usize = 512;

/// Parameters of `summary-hierarchy`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SummaryHierarchy {
    /// The kind of the memories of the first order; default `summary`.
    kind: MemoryKind,
    /// How near one has to be to a memory of the second order to become a part of it, in cosine; -1 to 1, default 0.4.
    second: f32,
    /// How near one of the second order has to be to a top memory; -1 to 1, default 0.3.
    top: f32,
    /// Top memories that a question opens; 1 to 1,000, default 5.
    opened: usize,
    /// Memories of the second order that it opens of each; 1 to 1,000, default 5.
    expanded: usize,
    /// What the cosines of a memory, its second-order and its top memory count; 0 to 100 each, not all 0, default 1, 0.5
    /// and 0.25.
    weights: [f32; 3],
}

impl Default for SummaryHierarchy {
    fn default() -> Self {
        Self { kind: MemoryKind::Summary, second: 0.4, top: 0.3, opened: 5, expanded: 5, weights: [1.0, 0.5, 0.25] }
    }
}

impl Strategy for SummaryHierarchy {
    fn check(&self) -> Result<(), String> {
        for (name, value) in [("opened", self.opened), ("expanded", self.expanded)] {
            if !(1..=1000).contains(&value) {
                return Err(format!("{name} is {value}; it must lie within 1 and 1000"));
            }
        }
        for (name, value) in [("second", self.second), ("top", self.top)] {
            if !(-1.0..=1.0).contains(&value) {
                return Err(format!("{name} is {value}; it must lie within -1 and 1"));
            }
        }
        let in_range = self.weights.iter().all(|weight| (0.0..=100.0).contains(weight));
        if !in_range || self.weights.iter().all(|weight| *weight == 0.0) {
            return Err(format!("weights are {:?}; each must lie within 0 and 100, and one be above 0", self.weights));
        }
        Ok(())
    }
}

impl SummaryHierarchy {
    fn levels(&self, view: &View<'_>, units: &Units) -> Arc<Levels> {
        let name = format!("levels over {} from {} and {}", self.kind, self.second, self.top);
        let rules =
            Rules { second: Joining { near: self.second, most: MOST }, top: Joining { near: self.top, most: MOST } };
        view.index.built(&name, || Levels::new(view.index, units, rules))
    }

    /// What the question reaches of these memories, and how many were compared for it.
    fn reached(&self, view: &View<'_>, units: &Units) -> (Vec<Reached>, usize) {
        let (Some(query), Some(vectors)) = (&view.question.vector, units.vectors()) else { return (Vec::new(), 0) };
        let breadth = Breadth { opened: self.opened, expanded: self.expanded };
        self.levels(view, units).reached(vectors, query, breadth)
    }

    /// The weighted mean of the cosines of the levels.
    fn score_of(&self, reached: &Reached) -> f32 {
        let sum: f32 = self.weights.iter().zip(reached.cosines).map(|(weight, cosine)| weight * cosine).sum();
        sum / self.weights.iter().sum::<f32>()
    }
}

impl Retrieve for SummaryHierarchy {
    fn name(&self) -> String {
        format!("cosine of the {} of the turn and of what it belongs to", self.kind)
    }

    fn kind(&self) -> SignalKind {
        SignalKind::Cosine
    }

    fn needs(&self) -> Needs {
        Needs { embedder: true, memories: vec![self.kind], ..Needs::default() }
    }

    fn score(&self, view: &View<'_>, scratch: &mut Scratch, out: &mut Vec<f32>) {
        out.resize(view.index.docs(), 0.0);
        scratch.compared = Some(0);
        let Some(units) = view.index.memories(self.kind) else { return };
        let (mut reached, compared) = self.reached(view, units);
        scratch.compared = Some(compared);
        // Best last, so that it stays where several memories lead to one turn, even with a score below 0.
        reached.sort_by(|a, b| self.score_of(a).total_cmp(&self.score_of(b)));
        for memory in &reached {
            for doc in units.docs(memory.row) {
                if let Some(score) = out.get_mut(*doc as usize) {
                    *score = self.score_of(memory);
                }
            }
        }
    }

    fn explain(&self, view: &View<'_>, doc: Doc, score: f32) -> Explanation {
        let root = Explanation::new(self.name(), score);
        let Some(units) = view.index.memories(self.kind) else { return root };
        let (reached, _) = self.reached(view, units);
        let leads = reached.iter().filter(|memory| units.docs(memory.row).contains(&doc));
        let best = leads.max_by(|a, b| self.score_of(a).total_cmp(&self.score_of(b)));
        let Some(Reached { cosines, members: [second, top], .. }) = best else {
            return root.with(Explanation::new("no memory of the turn was opened", 0.0));
        };
        let labels = [
            format!("the {} itself", self.kind),
            format!("its memory of the second order, made of {second}"),
            format!("its top memory, made of {top} of the second order"),
        ];
        labels.into_iter().zip(self.weights).zip(cosines).fold(root, |root, ((label, weight), cosine)| {
            root.with(Explanation::new(format!("{label}, weight {weight}"), *cosine))
        })
    }
}
