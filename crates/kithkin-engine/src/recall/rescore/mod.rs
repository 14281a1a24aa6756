//! The stage `rescore`: the best turns in another order, judged by their texts.
//!
//! It runs after the search and before `filter`, on what was read from the store, so that no index is locked while a model
//! reads. Which turns come back it changes only among the candidates; how likely they can answer, and which sittings are
//! best, the search has said before.

mod cross_encoder;

use std::fmt::Debug;

use kithkin_core::{Clock, RerankError, Reranker};

use crate::method::strategies;

/// Orders the best turns anew.
pub(crate) trait Rescore: Debug + Send + Sync {
    /// How many turns it may read, the best first: those behind them keep their places.
    fn candidates(&self) -> usize;

    /// Scores the texts, the best turn's first, as far as its time reaches, and gives those that were scored in their new
    /// order: the place of each before, and its score. They are the first ones, each once; the others follow in the order
    /// that they had.
    ///
    /// # Errors
    /// The model failed.
    fn rescore(
        &self,
        question: &str,
        texts: &[&str],
        reranker: &dyn Reranker,
        clock: &dyn Clock,
    ) -> Result<Vec<(usize, f32)>, RerankError>;
}

strategies! { "recall.rescore", Rescore:
    "cross-encoder" => cross_encoder::CrossEncoder,
}
