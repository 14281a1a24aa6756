//! Lengths of turns pooled with their neighbours: made when a recall first asks for them, and kept as the index follows
//! the store.
//!
//! A write changes the windows of a few turns. Only these are pooled again, so that what is kept is, bit for bit, what a
//! fresh index would make.

use std::sync::{Arc, Mutex, PoisonError};

use super::lexical::Lexical;
use super::vectors::{Vectors, norm};
use super::windows::{Links, Reach, WindowLengths};
use crate::recall::Doc;

/// What an index is pooled from.
#[derive(Clone, Copy)]
pub(super) struct Sources<'a> {
    /// The words of the turns.
    pub(super) lexical: &'a Lexical,
    /// Which turn stands beside which.
    pub(super) links: &'a Links,
    /// The vectors of the turns.
    pub(super) vectors: Option<&'a Vectors>,
}

/// What is pooled, under every choice of neighbours that was asked for.
#[derive(Default)]
pub(super) struct Pools(Mutex<Vec<Pool>>);

/// What is pooled under one choice of neighbours.
struct Pool {
    before: Vec<f32>,
    after: Vec<f32>,
    lengths: Option<Arc<WindowLengths>>,
    norms: Option<Arc<Vec<f32>>>,
}

impl Pools {
    /// The pooled numbers of words.
    pub(super) fn lengths(&self, sources: Sources<'_>, reach: Reach<'_>) -> Arc<WindowLengths> {
        self.under(reach, |pool| {
            let made = || Arc::new(WindowLengths::new(sources.lexical, sources.links, reach));
            Arc::clone(pool.lengths.get_or_insert_with(made))
        })
    }

    /// The length of the weighted sum of the vectors of each turn and its neighbours; 0 where none has a vector. Cost
    /// when it is first asked for: one read of the originals for each neighbour.
    pub(super) fn norms(&self, sources: Sources<'_>, reach: Reach<'_>) -> Arc<Vec<f32>> {
        self.under(reach, |pool| {
            let made = || {
                let mut norms = Vec::new();
                update_norms(&mut norms, sources, reach, 0..sources.lexical.len() as Doc);
                Arc::new(norms)
            };
            Arc::clone(pool.norms.get_or_insert_with(made))
        })
    }

    /// Pools anew where a turn counts whose words, vector or place in its session changed; `changed` names those turns,
    /// and of one that was taken out also those that stood beside it. Cost: that of the windows they stand in, and one
    /// pass over the lengths.
    pub(super) fn update(&mut self, sources: Sources<'_>, changed: &[Doc]) {
        for pool in self.0.get_mut().unwrap_or_else(PoisonError::into_inner) {
            let reach = Reach { before: &pool.before, after: &pool.after };
            let affected = reach.affected(sources.links, changed);
            // No recall holds what is changed here, as it would hold the index too: nothing is copied.
            if let Some(lengths) = &mut pool.lengths {
                let lengths = Arc::make_mut(lengths);
                lengths.update(sources.lexical, sources.links, reach, affected.iter().copied());
            }
            if let Some(norms) = &mut pool.norms {
                update_norms(Arc::make_mut(norms), sources, reach, affected);
            }
        }
    }

    /// Calls `with` on what is pooled under these weights. Who comes second waits for the first, and finds it done.
    fn under<T>(&self, reach: Reach<'_>, with: impl FnOnce(&mut Pool) -> T) -> T {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = known.iter_mut().find(|pool| pool.before == reach.before && pool.after == reach.after) {
            return with(pool);
        }
        let mut pool = Pool { before: reach.before.to_vec(), after: reach.after.to_vec(), lengths: None, norms: None };
        let answer = with(&mut pool);
        known.push(pool);
        answer
    }
}

fn update_norms(norms: &mut Vec<f32>, sources: Sources<'_>, reach: Reach<'_>, docs: impl IntoIterator<Item = Doc>) {
    norms.resize(sources.lexical.len(), 0.0);
    let mut sum = Vec::new();
    for doc in docs {
        sum.clear();
        reach.around(sources.links, doc, |near, weight| {
            if let Some(vectors) = sources.vectors {
                vectors.add_to(near, weight, &mut sum);
            }
        });
        if let Some(pooled) = norms.get_mut(doc as usize) {
            *pooled = norm(&sum);
        }
    }
}
