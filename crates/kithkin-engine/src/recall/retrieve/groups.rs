//! Memories grouped as they come: each joins the group that it is nearest to, or begins a new one where none is near.
//!
//! A group's centre is the mean of the vectors that joined it. What has joined stays, so that one pass makes the groups,
//! the same memories in the same order always give the same ones, and a longer log only adds to those of a shorter one
//! (leader clustering: Hartigan, *Clustering Algorithms*, 1975, chapter 3). Beyond a number of groups a memory joins the
//! nearest one however far it is, so that n memories cost at most n times that number of products of two vectors.
//!
//! No text is made for a group, and nothing is stored: groups are built over a person's index (`docs/decisions/0008`).

use crate::index::{PersonIndex, Units, dot};

/// When a memory joins a group.
#[derive(Debug, Clone, Copy)]
pub(super) struct Joining {
    /// How near it has to be to the centre, in cosine.
    pub(super) near: f32,
    /// Groups at most.
    pub(super) most: usize,
}

/// A group.
#[derive(Debug)]
pub(super) struct Group {
    /// What has joined it, in order.
    pub(super) members: Vec<u32>,
    /// The sum of their vectors.
    sum: Vec<f32>,
    /// The same of unit length; 0 where they cancel out.
    centre: Vec<f32>,
}

impl Group {
    fn of(member: u32, vector: &[f32]) -> Self {
        Self { members: vec![member], sum: vector.to_vec(), centre: vector.to_vec() }
    }

    fn join(&mut self, member: u32, vector: &[f32]) {
        self.members.push(member);
        self.sum.iter_mut().zip(vector).for_each(|(sum, x)| *sum += x);
        let length = dot(&self.sum, &self.sum).sqrt();
        self.centre = self.sum.iter().map(|x| if length > 0.0 { x / length } else { 0.0 }).collect();
    }

    /// The cosine of a vector of unit length and the centre.
    pub(super) fn nearness(&self, vector: &[f32]) -> f32 {
        dot(&self.centre, vector)
    }
}

/// Groups, in the order in which they began.
#[derive(Debug, Default)]
pub(super) struct Groups(Vec<Group>);

impl Groups {
    /// Groups these members by their vectors of unit length.
    pub(super) fn of<'v>(members: impl IntoIterator<Item = (u32, &'v [f32])>, joining: Joining) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        for (member, vector) in members {
            let full = groups.len() >= joining.most;
            let near = groups.iter_mut().map(|group| (group.nearness(vector), group));
            // Of equally near ones the first.
            let nearest = near.reduce(|best, next| if next.0 > best.0 { next } else { best });
            match nearest.filter(|(nearness, _)| full || *nearness >= joining.near) {
                Some((_, group)) => group.join(member, vector),
                None => groups.push(Group::of(member, vector)),
            }
        }
        Self(groups)
    }

    /// All of them.
    pub(super) fn all(&self) -> &[Group] {
        &self.0
    }

    /// The number and the centre of each.
    pub(super) fn centres(&self) -> impl Iterator<Item = (u32, &[f32])> {
        (0..).zip(&self.0).map(|(number, group)| (number, group.centre.as_slice()))
    }
}

/// The memories that have a vector, with it: by when the turn that each stands for was said.
pub(super) fn oldest_first<'u>(index: &PersonIndex, units: &'u Units) -> Vec<(u32, &'u [f32])> {
    let Some(vectors) = units.vectors() else { return Vec::new() };
    let mut keyed: Vec<_> = (0..units.len() as u32)
        .filter_map(|row| {
            let doc = *units.docs(row).first()?;
            Some(((index.said_at(doc), index.seq(doc), row), vectors.original(row)?))
        })
        .collect();
    keyed.sort_by_key(|(key, _)| *key);
    keyed.into_iter().map(|((_, _, row), vector)| (row, vector)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn members(vectors: &[[f32; 2]], near: f32, most: usize) -> Vec<Vec<u32>> {
        let groups = Groups::of((0..).zip(vectors.iter().map(<[f32; 2]>::as_slice)), Joining { near, most });
        groups.all().iter().map(|group| group.members.clone()).collect()
    }

    #[test]
    fn a_memory_joins_what_is_near_or_begins_a_group() {
        let check = |vectors: &[[f32; 2]], near: f32, most: usize, expect: &[&[u32]]| {
            assert_eq!(members(vectors, near, most), expect, "{vectors:?}");
        };
        check(&[], 0.5, 9, &[]);
        check(&[[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]], 0.7, 9, &[&[0], &[1, 2]]);
        check(&[[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]], 0.9, 9, &[&[0], &[1], &[2]]);
        // The centre moves with what joins, so the last one is near to it, though not to the first.
        check(&[[1.0, 0.0], [0.8, 0.6], [0.6, 0.8]], 0.75, 9, &[&[0, 1, 2]]);
        // Of equally near ones the first; beyond the bound the nearest, however far.
        check(&[[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]], 1.1, 2, &[&[0, 2, 3], &[1]]);
        // Vectors that cancel out have their centre at 0.
        check(&[[1.0, 0.0], [-1.0, 0.0], [1.0, 0.0]], -1.0, 9, &[&[0, 1, 2]]);
    }

    proptest! {
        #[test]
        fn each_member_is_in_one_group_and_stays_there(
            angles in prop::collection::vec(0u8..60, 0..60),
            near in -1.0f32..1.1,
            most in 1usize..6,
            cut in 0usize..60,
        ) {
            let vectors: Vec<[f32; 2]> = angles.iter().map(|a| (f32::from(*a) / 10.0).sin_cos()).map(Into::into).collect();
            let whole = members(&vectors, near, most);
            prop_assert!(whole.len() <= most);
            let mut all: Vec<u32> = whole.concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..vectors.len() as u32).collect::<Vec<_>>());
            let part = members(&vectors[..cut.min(vectors.len())], near, most);
            prop_assert!(part.iter().zip(&whole).all(|(part, whole)| whole.starts_with(part)));
        }
    }
}
