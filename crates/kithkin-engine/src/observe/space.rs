//! Which vectors can be compared with each other. It compares none.

use kithkin_core::{Embedder, VectorSpace};

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
}
