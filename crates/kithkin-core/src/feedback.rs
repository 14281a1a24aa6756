//! What was said of the turns that a recall showed: which of them were of use.
//!
//! Feedback is a log beside the log of turns, kept as it was given. What a method learns from it is derived, and never
//! stored.

use serde::{Deserialize, Serialize};

use crate::{Millis, Seq, VectorSpace};

/// The vector of a question, with the space that it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub struct QuestionVector {
    /// The space.
    pub space: VectorSpace,
    /// The vector.
    pub vector: Vec<f32>,
}

/// What one recall showed, and what of it was cited in an answer or marked useful.
#[derive(Debug, Clone, PartialEq)]
pub struct Feedback {
    /// The question that was asked.
    pub question: String,
    /// The question's vector; `None` where no embedder was there. It is kept because learning reads all feedback again.
    pub vector: Option<QuestionVector>,
    /// The present that the question was asked in: feedback is part of what is known from then on.
    pub asked_at: Millis,
    /// When it was written down.
    pub recorded_at: Millis,
    /// The turns that were shown, best first, each once; at least one.
    pub shown: Vec<Shown>,
}

/// A turn that was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Its place in the log.
    pub seq: Seq,
    /// Whether it was cited or marked useful.
    pub useful: bool,
}

/// Feedback with its number.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredFeedback {
    /// Its number within the person: it ascends, and is never given twice.
    pub number: u64,
    /// What was given.
    pub feedback: Feedback,
}
