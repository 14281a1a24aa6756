//! What turns text into vectors.
//!
//! The engine sees only this trait; the models crate implements it. Nothing here loads weights.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Blame;

/// Which embedder, with which text form, made a vector. Vectors of two spaces are never compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VectorSpace(pub String);

impl fmt::Display for VectorSpace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Vectors in a row-major matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Embeddings {
    /// The length of a row.
    pub dims: usize,
    /// The rows, one after another, each of unit length.
    pub data: Vec<f32>,
}

impl Embeddings {
    /// The rows in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.data.chunks_exact(self.dims.max(1))
    }
}

/// Why a text could not be embedded.
#[derive(Debug, thiserror::Error)]
pub enum EmbedError {
    /// The weights are not there; the message names the file and the command that gets them.
    #[error("{message}")]
    Missing {
        /// What is missing, and what gets it.
        message: String,
    },
    /// The weights are there but cannot be used: damaged, or of another model.
    #[error("{message}")]
    Unusable {
        /// What is wrong with which file, and what to do.
        message: String,
    },
    /// The model failed while it ran.
    #[error("the embedder {model} failed: {message}")]
    Failed {
        /// The model.
        model: String,
        /// What it said.
        message: String,
    },
}

impl EmbedError {
    /// Missing weights can be fetched; all else is the model's.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Missing { .. } => Blame::Missing,
            Self::Unusable { .. } | Self::Failed { .. } => Blame::Model,
        }
    }
}

/// A model that maps a text to a vector of unit length.
pub trait Embedder: Send + Sync + fmt::Debug {
    /// The name and revision of the model, such as `all-MiniLM-L6-v2`. It is recorded with every vector.
    fn model(&self) -> &str;

    /// The length of a vector. A model of another length needs another name: stored vectors of this name that are not of
    /// this length count as damaged.
    fn dims(&self) -> usize;

    /// Embeds each text: row i belongs to `texts[i]`. The same text MUST give the same vector, whatever stands beside
    /// it, to within rounding. An empty text gives some unit vector. Texts beyond the model's window are cut.
    ///
    /// # Errors
    /// The model failed. No partial result is returned.
    fn embed(&self, texts: &[&str]) -> Result<Embeddings, EmbedError>;
}
