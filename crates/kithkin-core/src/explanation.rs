//! How a score came about.
//!
//! Every stage of a recall adds a node, so that the tree under a piece of evidence holds all the arithmetic that ranked
//! it. Nothing here computes a score.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A number with the reason for it, and the numbers that it was made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Explanation {
    /// What the number is, such as `bm25 over turns` or `term "adopt", in 3 of 419`.
    pub label: String,
    /// The number.
    pub value: f32,
    /// What it was made from, in the order in which it was applied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(no_recursion))]
    pub parts: Vec<Explanation>,
}

impl Explanation {
    /// A leaf.
    pub fn new(label: impl Into<String>, value: f32) -> Self {
        Self { label: label.into(), value, parts: Vec::new() }
    }

    /// The same node with `part` added below it.
    #[must_use]
    pub fn with(mut self, part: Self) -> Self {
        self.parts.push(part);
        self
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        writeln!(f, "{:indent$}{:>8.3}  {}", "", self.value, self.label, indent = depth * 2)?;
        self.parts.iter().try_for_each(|part| part.write(f, depth + 1))
    }
}

/// The tree, a line a node, children indented by two spaces.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, 0)
    }
}
