//! A tree of topics over a person's turns: each topic is the mean of the vectors below it.
//!
//! Built from the top by spherical k-means (Dhillon and Modha 2001). The first centres are the turns that lie furthest
//! from those chosen before, so that the same turns always give the same tree.

use crate::index::{PersonIndex, Vectors};
use crate::recall::Doc;

const ROUNDS: usize = 8;

/// A topic.
pub(super) struct Node {
    /// The mean of the vectors below, of unit length.
    centre: Vec<f32>,
    /// The topics that it is made of; none in a leaf.
    pub(super) children: Vec<Node>,
    /// The turns of a leaf.
    pub(super) turns: Vec<Doc>,
}

impl Node {
    /// The cosine of a vector of unit length and the topic.
    pub(super) fn nearness(&self, vector: &[f32]) -> f32 {
        product(&self.centre, vector)
    }
}

/// A tree of topics.
pub(super) struct Tree {
    root: Option<Node>,
}

impl Tree {
    /// The tree over all live turns that have a vector.
    pub(super) fn new(index: &PersonIndex, branching: usize, leaf: usize) -> Self {
        let Some(vectors) = index.vectors() else { return Self { root: None } };
        let turns = (0..index.docs() as Doc).filter(|doc| index.is_live(*doc) && vectors.has(*doc)).collect();
        Self::over(vectors, turns, branching, leaf)
    }

    fn over(vectors: &Vectors, turns: Vec<Doc>, branching: usize, leaf: usize) -> Self {
        let root = (!turns.is_empty()).then(|| node(vectors, turns, branching, leaf));
        Self { root }
    }

    /// The topic of everything; `None` without turns.
    pub(super) fn root(&self) -> Option<&Node> {
        self.root.as_ref()
    }
}

fn node(vectors: &Vectors, turns: Vec<Doc>, branching: usize, leaf: usize) -> Node {
    let centre = mean(vectors, &turns);
    let groups = if turns.len() > leaf { split(vectors, &turns, branching) } else { Vec::new() };
    // Turns that are all the same cannot be told apart, so they stay together however many they are.
    if groups.len() < 2 {
        return Node { centre, children: Vec::new(), turns };
    }
    let children = groups.into_iter().map(|group| node(vectors, group, branching, leaf)).collect();
    Node { centre, children, turns: Vec::new() }
}

/// The turns in at most `parts` groups, none empty.
fn split(vectors: &Vectors, turns: &[Doc], parts: usize) -> Vec<Vec<Doc>> {
    let mut centres = distant(vectors, turns, parts);
    let mut groups: Vec<Vec<Doc>> = Vec::new();
    for _ in 0..ROUNDS {
        let mut next: Vec<Vec<Doc>> = vec![Vec::new(); centres.len()];
        for turn in turns {
            let Some(vector) = vectors.original(*turn) else { continue };
            let nearness = centres.iter().map(|centre| product(centre, vector)).enumerate();
            // Of equally near ones the first.
            let nearest = nearness.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
            if let Some(group) = nearest.and_then(|(at, _)| next.get_mut(at)) {
                group.push(*turn);
            }
        }
        next.retain(|group| !group.is_empty());
        if next == groups {
            break;
        }
        centres = next.iter().map(|group| mean(vectors, group)).collect();
        groups = next;
    }
    groups
}

/// Vectors of turns far from each other, at most `parts`; fewer where turns have the same vector.
fn distant(vectors: &Vectors, turns: &[Doc], parts: usize) -> Vec<Vec<f32>> {
    let mut centres: Vec<Vec<f32>> = Vec::new();
    // How near each turn is to the nearest centre; to the mean before there is one.
    let all = mean(vectors, turns);
    let mut near: Vec<f32> = turns.iter().map(|t| vectors.exact(*t, &all).unwrap_or(1.0)).collect();
    while centres.len() < parts {
        let furthest = near.iter().enumerate().min_by(|a, b| a.1.total_cmp(b.1).then(a.0.cmp(&b.0)));
        let Some((at, nearness)) = furthest.map(|(at, n)| (at, *n)) else { break };
        if !centres.is_empty() && nearness >= 1.0 - 1e-5 {
            break;
        }
        let Some(centre) = turns.get(at).and_then(|turn| vectors.original(*turn)) else { break };
        if centres.is_empty() {
            near.fill(f32::MIN);
        }
        for (near, turn) in near.iter_mut().zip(turns) {
            *near = near.max(vectors.exact(*turn, centre).unwrap_or(1.0));
        }
        centres.push(centre.to_vec());
    }
    centres
}

/// The mean of some vectors, of unit length; of opposite ones it may be 0.
fn mean(vectors: &Vectors, turns: &[Doc]) -> Vec<f32> {
    let mut sum = Vec::new();
    turns.iter().for_each(|turn| vectors.add_to(*turn, 1.0, &mut sum));
    let length = sum.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length > 0.0 {
        sum.iter_mut().for_each(|x| *x /= length);
    }
    sum
}

fn product(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn leaves<'t>(node: &'t Node, into: &mut Vec<&'t Node>) {
        if node.children.is_empty() {
            into.push(node);
        }
        node.children.iter().for_each(|child| leaves(child, into));
    }

    proptest! {
        #[test]
        fn every_turn_is_in_one_leaf(
            rows in prop::collection::vec(prop::collection::vec(-2i8..3, 4), 1..80),
            branching in 2usize..5,
            leaf in 1usize..6,
        ) {
            let mut vectors = Vectors::new(4, 0);
            let mut turns = Vec::new();
            for (doc, row) in (0..).zip(&rows) {
                let mut row: Vec<f32> = row.iter().map(|x| f32::from(*x)).collect();
                let length = row.iter().map(|x| x * x).sum::<f32>().sqrt();
                if length > 0.0 {
                    row.iter_mut().for_each(|x| *x /= length);
                    vectors.set(doc, &row);
                    turns.push(doc);
                }
            }
            let tree = Tree::over(&vectors, turns.clone(), branching, leaf);
            let mut found = Vec::new();
            if let Some(root) = tree.root() {
                let mut all = Vec::new();
                leaves(root, &mut all);
                for node in all {
                    let same = node.turns.iter().all(|t| vectors.original(*t) == vectors.original(node.turns[0]));
                    prop_assert!(node.turns.len() <= leaf || same || node.turns.len() < 3);
                    found.extend_from_slice(&node.turns);
                }
            }
            found.sort_unstable();
            prop_assert_eq!(found, turns);
        }
    }
}
