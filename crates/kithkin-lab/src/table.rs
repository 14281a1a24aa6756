//! What a run of a task gives: one row a method.

use std::collections::BTreeMap;

use serde::Serialize;

/// Which data was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    /// The path as it was given.
    pub path: String,
    /// The hash of the file.
    pub sha256: String,
    /// Items (conversations) that were used.
    pub items: usize,
}

/// How long a question took, without the import, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct QueryMillis {
    /// The median.
    pub p50: f64,
    /// The 95th percentile.
    pub p95: f64,
}

/// A method's row.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Measured {
    /// The method.
    pub method: String,
    /// Each metric over all questions.
    pub metrics: BTreeMap<String, f64>,
    /// The same by category of question.
    pub by_category: BTreeMap<String, BTreeMap<String, f64>>,
    /// Questions scored.
    pub n: usize,
    /// Questions left out, by reason.
    pub skipped: BTreeMap<String, usize>,
    /// The models that ran, by their part.
    pub models: BTreeMap<String, String>,
    /// Importing, deriving and embedding; vectors that methods share are counted for each.
    pub ingest_seconds: f64,
    /// Recall with embedding the question.
    pub query_ms: QueryMillis,
}

/// The table of a task.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Table {
    /// The task.
    pub task: String,
    /// What it was run on.
    pub data: Source,
    /// One row a method.
    pub rows: Vec<Measured>,
}

impl QueryMillis {
    /// Percentiles of the values, nearest rank; 0 for none.
    pub(crate) fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let rank = (share * values.len() as f64).ceil() as usize;
            values.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
        };
        Self { p50: at(0.5), p95: at(0.95) }
    }
}

/// Means of named values, gathered question by question.
#[derive(Debug, Clone, Default)]
pub(crate) struct Means {
    sums: BTreeMap<String, (f64, usize)>,
}

impl Means {
    pub(crate) fn add(&mut self, name: &str, value: f64) {
        let (sum, n) = self.sums.entry(name.to_owned()).or_default();
        *sum += value;
        *n += 1;
    }

    pub(crate) fn values(&self) -> BTreeMap<String, f64> {
        self.sums.iter().map(|(name, (sum, n))| (name.clone(), sum / (*n).max(1) as f64)).collect()
    }
}
