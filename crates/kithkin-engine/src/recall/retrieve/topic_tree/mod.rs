//! Turns found by descending a tree of topics, so that most turns are never compared with the question.
//!
//! All turns are grouped by topic, the groups again, down to small leaves ([`tree`]). A question is compared with the
//! children of the root; those near enough to the best of them are opened, level by level, and only the turns of the
//! leaves that are reached are compared themselves. How many comparisons that took is reported with the recall, so that
//! it can be held against a flat search.
//!
//! Source: Li et al., *Toward Multi-Session Personalized Conversation: A Large-Scale Dataset and Hierarchical Tree
//! Framework for Implicit Reasoning* (2025). Needs an embedder; costs a clustering of the person's vectors when the index
//! has changed.

mod tree;

use std::sync::Arc;

use kithkin_core::Explanation;
use serde::Deserialize;

use super::{Needs, Retrieve};
use crate::index::Scratch;
use crate::method::Strategy;
use crate::recall::{Doc, SignalKind, View};
use tree::{Node, Tree};

/// Parameters of `topic-tree`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TopicTree {
    /// Children of a topic; 2 to 32, default 8.
    branching: usize,
    /// Turns of a leaf at most; 1 to 1,000, default 16.
    leaf: usize,
    /// Topics that are opened on each level at most; 1 to 256, default 8.
    beam: usize,
    /// How far below the best topic of its level, in cosine, one may lie and still be opened; 0 to 2, default 0.15.
    margin: f32,
}

impl Default for TopicTree {
    fn default() -> Self {
        Self { branching: 8, leaf: 16, beam: 8, margin: 0.15 }
    }
}

impl Strategy for TopicTree {
    fn check(&self) -> Result<(), String> {
        let ranges = [("branching", self.branching, 2, 32), ("leaf", self.leaf, 1, 1000), ("beam", self.beam, 1, 256)];
        for (name, value, least, most) in ranges {
            if !(least..=most).contains(&value) {
                return Err(format!("{name} is {value}; it must lie within {least} and {most}"));
            }
        }
        if !(0.0..=2.0).contains(&self.margin) {
            return Err(format!("margin is {}; it must lie within 0 and 2", self.margin));
        }
        Ok(())
    }
}

/// What a descent came upon.
struct Descent {
    /// The turns of the leaves that were reached.
    turns: Vec<Doc>,
    /// Topics that were compared with the question.
    topics: usize,
}

impl TopicTree {
    fn tree(&self, view: &View<'_>) -> Arc<Tree> {
        let name = format!("topic tree of {} branches, leaves of {}", self.branching, self.leaf);
        view.index.built(&name, || Tree::new(view.index, self.branching, self.leaf))
    }

    fn descend(&self, tree: &Tree, query: &[f32]) -> Descent {
        let mut descent = Descent { turns: Vec::new(), topics: 0 };
        let mut level: Vec<&Node> = tree.root().into_iter().collect();
        while !level.is_empty() {
            let mut children: Vec<(f32, &Node)> = Vec::new();
            for node in level {
                descent.turns.extend_from_slice(&node.turns);
                children.extend(node.children.iter().map(|child| (child.nearness(query), child)));
            }
            descent.topics += children.len();
            children.sort_by(|a, b| b.0.total_cmp(&a.0));
            let least = children.first().map_or(f32::MAX, |(best, _)| best - self.margin);
            children.truncate(self.beam);
            level = children.into_iter().filter(|(near, _)| *near >= least).map(|(_, child)| child).collect();
        }
        descent
    }
}

impl Retrieve for TopicTree {
    fn name(&self) -> String {
        "cosine of the turn, found by topic".into()
    }

    fn kind(&self) -> SignalKind {
        SignalKind::Cosine
    }

    fn needs(&self) -> Needs {
        Needs { embedder: true, ..Needs::default() }
    }

    fn score(&self, view: &View<'_>, scratch: &mut Scratch, out: &mut Vec<f32>) {
        let (Some(query), Some(vectors)) = (&view.question.vector, view.index.vectors()) else {
            return out.resize(view.index.docs(), f32::NAN);
        };
        let descent = self.descend(&self.tree(view), query);
        scratch.compared = Some(descent.topics + descent.turns.len());
        out.resize(view.index.docs(), 0.0);
        for doc in descent.turns {
            if let (Some(score), Some(cosine)) = (out.get_mut(doc as usize), vectors.exact(doc, query)) {
                *score = cosine;
            }
        }
    }

    fn explain(&self, view: &View<'_>, _doc: Doc, score: f32) -> Explanation {
        let root = Explanation::new(self.name(), score);
        let Some(query) = &view.question.vector else { return root };
        let descent = self.descend(&self.tree(view), query);
        root.with(Explanation::new("topics that were compared", descent.topics as f32))
            .with(Explanation::new("turns that were compared", descent.turns.len() as f32))
    }
}
