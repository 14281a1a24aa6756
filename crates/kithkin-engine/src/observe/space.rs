//! Which vectors can be compared with each other. It compares none.

use std::ops::ControlFlow;

use kithkin_core::{Embedder, Scope, Store, StoreError, UnitId, VectorSpace};

use super::vector_space;

/// The vectors that an engine makes with its embedder.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Space {
    pub(crate) name: VectorSpace,
    /// How many numbers each has.
    dims: usize,
}

impl Space {
    /// The vectors that this engine makes with `embedder`.
    pub(crate) fn of(embedder: &dyn Embedder) -> Self {
        Self { name: vector_space(embedder), dims: embedder.dims() }
    }

    /// Whether a vector that is stored under the space's name can be compared: it is as long as the others, and all of its
    /// numbers are finite. Else it is damaged, or the embedder has changed and kept its name.
    pub(crate) fn holds(&self, vector: &[f32]) -> bool {
        vector.len() == self.dims && vector.iter().all(|x| x.is_finite())
    }

    /// Hands over a person's vectors that can be compared, those of turns from the one after `after` on; gives the units of
    /// those that cannot.
    ///
    /// # Errors
    /// The store failed, or a record is damaged.
    pub(crate) fn scan(
        &self,
        store: &dyn Store,
        scope: &Scope,
        after: u64,
        each: &mut dyn FnMut(UnitId, &[f32]),
    ) -> Result<Vec<UnitId>, StoreError> {
        let mut unusable = Vec::new();
        store.scan_vectors(scope, &self.name, after, &mut |(unit, vector)| {
            if self.holds(vector) {
                each(unit, vector);
            } else {
                unusable.push(unit);
            }
            ControlFlow::Continue(())
        })?;
        Ok(unusable)
    }
}
