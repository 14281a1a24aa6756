//! What reads a question and a text together and says how well the one answers the other.
//!
//! The engine sees only this trait; the models crate implements it. Nothing here loads weights.

use std::fmt;

use crate::Blame;

/// Why texts could not be scored.
#[derive(Debug, thiserror::Error)]
pub enum RerankError {
    /// The weights are not there; the message names the file and what to do.
    #[error("{message}")]
    Missing {
        /// What is missing, and what gets it.
        message: String,
    },
    /// The weights are there but cannot be used: damaged, or of another form of model.
    #[error("{message}")]
    Unusable {
        /// What is wrong with which file, and what to do.
        message: String,
    },
    /// The model failed while it ran.
    #[error("the reranker {model} failed: {message}")]
    Failed {
        /// The model.
        model: String,
        /// What it said.
        message: String,
    },
}

impl RerankError {
    /// Missing weights can be had; all else is the model's.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Missing { .. } => Blame::Missing,
            Self::Unusable { .. } | Self::Failed { .. } => Blame::Model,
        }
    }
}

/// A model that scores texts for a query.
pub trait Reranker: Send + Sync + fmt::Debug {
    /// The name of the model, such as `ms-marco-MiniLM-L-6-v2`. Reports of recalls that it took part in name it.
    fn model(&self) -> &str;

    /// How well each text answers the query: number i belongs to `texts[i]`. The numbers are finite, on a scale of the
    /// model's own; higher is better. The same query and text MUST give the same number, whatever stands beside them, to
    /// within rounding. What is beyond the model's window is not read. It may take long: nobody may hold a lock meanwhile.
    ///
    /// # Errors
    /// The model failed. No partial result is returned.
    fn score(&self, query: &str, texts: &[&str]) -> Result<Vec<f32>, RerankError>;
}
