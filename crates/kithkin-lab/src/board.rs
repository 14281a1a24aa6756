//! What a task notes while a method answers: metrics by category, times, models; at the end the method's row.

use std::collections::BTreeMap;

use crate::table::Means;
use crate::{Measured, QueryMillis};

/// The notes on one method.
#[derive(Debug, Default)]
pub(crate) struct Board {
    all: Means,
    by_category: BTreeMap<String, Means>,
    whole: BTreeMap<String, f64>,
    millis: Vec<f64>,
    models: BTreeMap<String, String>,
    skipped: BTreeMap<String, usize>,
    n: usize,
}

impl Board {
    /// Notes the metrics of one question under all of its categories.
    pub(crate) fn question(&mut self, categories: &[&str], scores: &[(String, f64)]) {
        self.n += 1;
        scores.iter().for_each(|(name, value)| self.all.add(name, *value));
        self.aside(categories, scores);
    }

    /// Notes metrics under categories alone: the question counts once, and is answered in other ways as well.
    pub(crate) fn aside(&mut self, categories: &[&str], scores: &[(String, f64)]) {
        for category in categories {
            let means = self.by_category.entry((*category).to_owned()).or_default();
            scores.iter().for_each(|(name, value)| means.add(name, *value));
        }
    }

    /// Notes how long a question took.
    pub(crate) fn took(&mut self, millis: f64) {
        self.millis.push(millis);
    }

    /// Notes which models ran.
    pub(crate) fn ran(&mut self, models: &BTreeMap<String, String>) {
        if self.models != *models {
            self.models.clone_from(models);
        }
    }

    /// Notes questions that were left out.
    pub(crate) fn skip(&mut self, why: &str, n: usize) {
        *self.skipped.entry(why.to_owned()).or_default() += n;
    }

    /// Sets a metric that is none of a single question, such as an area under a curve.
    pub(crate) fn set(&mut self, name: &str, value: Option<f64>) {
        self.whole.extend(value.map(|value| (name.to_owned(), value)));
    }

    /// Sets a share that is none of a single question, over all or in one category.
    pub(crate) fn share(&mut self, name: &str, category: Option<&str>, value: Option<f64>) {
        match (category, value) {
            (Some(category), Some(value)) => self.by_category.entry(category.to_owned()).or_default().add(name, value),
            (_, value) => self.set(name, value),
        }
    }

    /// The row.
    pub(crate) fn row(self, method: &str, ingest_seconds: f64) -> Measured {
        let mut metrics = self.all.values();
        metrics.extend(self.whole);
        Measured {
            method: method.to_owned(),
            metrics,
            by_category: self.by_category.into_iter().map(|(category, means)| (category, means.values())).collect(),
            n: self.n,
            skipped: self.skipped,
            models: self.models,
            ingest_seconds,
            query_ms: QueryMillis::of(self.millis),
        }
    }
}
