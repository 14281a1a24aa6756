//! The best few of many scores, in one pass and without an allocation for each.

use super::Doc;
use crate::index::PersonIndex;

/// A bounded ranking: best first, ties in the order in which they came.
#[derive(Debug)]
pub(crate) struct Top {
    limit: usize,
    items: Vec<(Doc, f32)>,
}

impl Top {
    /// An empty ranking of at most `limit` items.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, items: Vec::new() }
    }

    /// Whether a score would be taken in. Almost all fail this test, which is why a sorted list beats a heap here.
    pub(crate) fn takes(&self, score: f32) -> bool {
        !score.is_nan() && (self.items.len() < self.limit || self.items.last().is_some_and(|(_, worst)| score > *worst))
    }

    /// Takes an item in, if it is good enough.
    pub(crate) fn offer(&mut self, doc: Doc, score: f32) {
        if self.takes(score) {
            let place = self.items.partition_point(|(_, other)| *other >= score);
            self.items.insert(place, (doc, score));
            self.items.truncate(self.limit);
        }
    }

    /// The items, best first.
    pub(crate) fn into_items(self) -> Vec<(Doc, f32)> {
        self.items
    }
}

/// The best `limit` of the turns that were not replaced, best first, ties to the earlier turn.
pub(crate) fn best_live(index: &PersonIndex, scores: &[f32], limit: usize) -> Vec<(Doc, f32)> {
    let mut top = Top::new(limit);
    for (doc, (&score, live)) in (0..).zip(scores.iter().zip(index.lives())) {
        if top.takes(score) && *live {
            top.offer(doc, score);
        }
    }
    top.into_items()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_stay_in_order() {
        let check = |limit: usize, scores: &[f32], expect: &[Doc]| {
            let mut top = Top::new(limit);
            (0..).zip(scores).for_each(|(doc, score)| top.offer(doc, *score));
            assert_eq!(top.into_items().iter().map(|(doc, _)| *doc).collect::<Vec<_>>(), expect);
        };
        check(2, &[1.0, 3.0, 2.0, 3.0], &[1, 3]);
        check(2, &[f32::NAN, 1.0, 1.0, 1.0], &[1, 2]);
        check(0, &[1.0], &[]);
        check(5, &[1.0, 2.0], &[1, 0]);
    }
}
