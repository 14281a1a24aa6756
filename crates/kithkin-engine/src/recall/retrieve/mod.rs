//! The stage `retrieve`: a number for every turn, by one way of comparing it with the question.

mod answered;
mod association;
mod bm25;
mod chosen_groups;
mod chronology;
mod dense;
mod groups;
mod memory_bm25;
mod memory_dense;
mod neighbours;
mod relations;
mod summary_hierarchy;
mod tiers;
mod topic_tree;
mod topics;

use std::fmt::Debug;

use kithkin_core::{Explanation, MemoryKind};
use serde::Deserialize;

use super::{Doc, SignalKind, Top, View};
use crate::index::{Scratch, Units, Vectors};
use crate::method::strategies;

/// Rows that are compared again in full precision: several times more than any recall returns.
const RESCORED: usize = 128;

/// What a retriever cannot do without.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// The question's vector and those of the turns.
    pub(crate) embedder: bool,
    /// Memories of these kinds.
    pub(crate) memories: Vec<MemoryKind>,
    /// What of the statements among them bears on whether earlier ones still hold.
    pub(crate) frames: bool,
    /// The person's feedback.
    pub(crate) feedback: bool,
}

/// Compares a question with every turn.
pub(crate) trait Retrieve: Debug + Send + Sync {
    /// Its name in explanations.
    fn name(&self) -> String;

    /// What its numbers are.
    fn kind(&self) -> SignalKind;

    /// The highest number that one word of the question, in units of its rarity, can give: 1 unless words are counted.
    fn ceiling(&self) -> f32 {
        1.0
    }

    /// What it cannot do without.
    fn needs(&self) -> Needs;

    /// Fills the empty `out` with one number for each turn: 0 where it found nothing, NaN where it cannot know.
    fn score(&self, view: &View<'_>, scratch: &mut Scratch, out: &mut Vec<f32>);

    /// How the turn came to its number.
    fn explain(&self, view: &View<'_>, doc: Doc, score: f32) -> Explanation;
}

strategies! { "recall.retrieve", Retrieve:
    "answered" => answered::Answered,
    "association" => association::Association,
    "bm25" => bm25::Bm25,
    "chosen-groups" => chosen_groups::ChosenGroups,
    "chronology" => chronology::Chronology,
    "dense" => dense::Dense,
    "memory-bm25" => memory_bm25::MemoryBm25,
    "memory-dense" => memory_dense::MemoryDense,
    "relations" => relations::Relations,
    "summary-hierarchy" => summary_hierarchy::SummaryHierarchy,
    "tiers" => tiers::TieredStores,
    "topic-tree" => topic_tree::TopicTree,
    "topics" => topics::Topics,
}

/// Which turns a memory gives its score to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Spread {
    /// The one that it stands for.
    #[default]
    First,
    /// All that it came from.
    All,
}

impl Spread {
    /// Gives each turn the best score of the memories that lead to it; a score that is not known gives nothing.
    fn project(self, units: &Units, scores: &[f32], out: &mut [f32]) {
        for (row, score) in (0..).zip(scores) {
            let docs = units.docs(row);
            let docs = if self == Self::First { docs.get(..1).unwrap_or_default() } else { docs };
            for doc in docs {
                if let Some(best) = out.get_mut(*doc as usize) {
                    *best = best.max(*score);
                }
            }
        }
    }
}

fn default_k1() -> f32 {
    0.9
}

fn default_b() -> f32 {
    0.5
}

/// The ranges of BM25's parameters.
fn check_bm25(k1: f32, b: f32) -> Result<(), String> {
    if !(0.0..=10.0).contains(&k1) {
        return Err(format!("k1 is {k1}; it must lie within 0 and 10"));
    }
    if !(0.0..=1.0).contains(&b) {
        return Err(format!("b is {b}; it must lie within 0 and 1"));
    }
    Ok(())
}

/// Makes `out` the cosine of the question and each of `rows` rows, NaN where there is no row or no question's vector: all
/// in 8-bit integers, the best [`RESCORED`] again in full precision.
fn cosines(vectors: Option<&Vectors>, view: &View<'_>, rows: usize, out: &mut Vec<f32>) {
    out.clear();
    out.resize(rows, f32::NAN);
    let (Some(vectors), Some(query)) = (vectors, &view.question.vector) else { return };
    vectors.scan(query, out);
    let mut best = Top::new(RESCORED);
    (0..).zip(out.iter()).for_each(|(row, cosine)| best.offer(row, *cosine));
    let best: Vec<u32> = best.into_items().into_iter().map(|(row, _)| row).collect();
    vectors.rescore(query, &best, out);
}
