//! The stage `respond.gate`: whether what was recalled, and is known, is worth showing for this message at all.
//!
//! A method without this stage shows whatever recall did not abstain from. One with it asks for the reply exactly as without
//! a memory where the gate is shut; the report says so, and why.

mod benefit;

use std::fmt::Debug;

use kithkin_core::Explanation;
use serde::Serialize;

use crate::method::strategies;

/// What a recall found, as its scores show it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Scored<'a> {
    /// How likely the evidence can answer, 0 to 1.
    pub answerable: f32,
    /// The scores of the evidence, best first.
    pub scores: &'a [f32],
}

/// What a gate decided.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Gated {
    /// Whether what is known is shown.
    pub open: bool,
    /// How likely it helps, 0 to 1.
    pub benefit: f32,
    /// How likely the evidence can answer, 0 to 1.
    pub answerable: f32,
    /// By how much of its own score the best turn is above those behind it, 0 to 1.
    pub lead: f32,
    /// From which on the gate is open.
    pub threshold: f32,
    /// How the likelihood came about.
    pub why: Explanation,
}

/// Decides whether to personalise.
pub(crate) trait Gate: Debug + Send + Sync {
    /// Whether what was found helps.
    fn gate(&self, found: Scored<'_>) -> Gated;
}

strategies! { "respond.gate", Gate:
    "benefit" => benefit::Benefit,
}
