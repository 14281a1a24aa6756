//! The levels: memories, groups of them, and groups of those; and what a question reaches of them from the top.

use super::super::groups::{Group, Groups, Joining, oldest_first};
use crate::index::{PersonIndex, Units, Vectors};
use crate::recall::Top;

/// How the levels are made of each other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    /// How memories of the first order form those of the second.
    pub(super) second: Joining,
    /// How these form those of the top.
    pub(super) top: Joining,
}

/// How much of a level a question opens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Breadth {
    /// Top memories.
    pub(super) opened: usize,
    /// Memories of the second order, of each top memory.
    pub(super) expanded: usize,
}

/// The two upper levels; the first is the memories themselves.
#[derive(Debug, Default)]
pub(super) struct Levels {
    /// Groups of memories, by their rows.
    second: Groups,
    /// Groups of those, by their numbers.
    top: Groups,
}

/// A memory of the first order that a question reaches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Reached {
    /// Its row.
    pub(super) row: u32,
    /// The cosine of the question and the memory, its second-order and its top memory.
    pub(super) cosines: [f32; 3],
    /// How many memories its second-order memory is made of, and how many of those its top memory.
    pub(super) members: [usize; 2],
}

impl Levels {
    /// The levels over all memories that have a vector.
    pub(super) fn new(index: &PersonIndex, units: &Units, rules: Rules) -> Self {
        let second = Groups::of(oldest_first(index, units), rules.second);
        let top = Groups::of(second.centres(), rules.top);
        Self { second, top }
    }

    /// What a question reaches, and how many memories of all levels it was compared with.
    pub(super) fn reached(&self, vectors: &Vectors, query: &[f32], breadth: Breadth) -> (Vec<Reached>, usize) {
        let mut found = Vec::new();
        let mut compared = self.top.all().len();
        for (top, top_cosine) in nearest(breadth.opened, 0..compared as u32, &self.top, query) {
            compared += top.members.len();
            for (second, cosine) in nearest(breadth.expanded, top.members.iter().copied(), &self.second, query) {
                compared += second.members.len();
                let members = [second.members.len(), top.members.len()];
                found.extend(second.members.iter().filter_map(|row| {
                    let cosines = [vectors.exact(*row, query)?, cosine, top_cosine];
                    Some(Reached { row: *row, cosines, members })
                }));
            }
        }
        (found, compared)
    }
}

/// The groups nearest to a question among those of these numbers, nearest first, and how near they are.
fn nearest<'g>(
    most: usize,
    numbers: impl Iterator<Item = u32>,
    groups: &'g Groups,
    query: &[f32],
) -> Vec<(&'g Group, f32)> {
    let group = |number: u32| groups.all().get(number as usize);
    let mut nearest = Top::new(most);
    for number in numbers {
        nearest.offer(number, group(number).map_or(f32::NAN, |group| group.nearness(query)));
    }
    nearest.into_items().into_iter().filter_map(|(number, near)| Some((group(number)?, near))).collect()
}
