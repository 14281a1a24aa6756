//! How well classes are told apart: F1 of each, and their mean.

use std::collections::BTreeMap;

/// Answers beside the right classes.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClassCounts {
    /// Of each class: rightly named, wrongly named, missed.
    of: BTreeMap<String, [usize; 3]>,
}

impl ClassCounts {
    /// Notes an answer.
    pub(crate) fn add(&mut self, right: &str, named: &str) {
        self.of.entry(right.to_owned()).or_default();
        if right == named {
            self.of.entry(right.to_owned()).or_default()[0] += 1;
        } else {
            self.of.entry(named.to_owned()).or_default()[1] += 1;
            self.of.entry(right.to_owned()).or_default()[2] += 1;
        }
    }

    /// The F1 of a class that is right somewhere or was named.
    pub(crate) fn f1(&self, class: &str) -> Option<f64> {
        let [hit, wrong, missed] = *self.of.get(class)?;
        Some(2.0 * hit as f64 / (2 * hit + wrong + missed).max(1) as f64)
    }

    /// The mean F1 of the classes; `None` without an answer.
    pub(crate) fn macro_f1(&self) -> Option<f64> {
        let all: Vec<f64> = self.of.keys().filter_map(|class| self.f1(class)).collect();
        (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_that_is_never_named_counts_as_missed() {
        let mut counts = ClassCounts::default();
        assert_eq!(counts.macro_f1(), None);
        for right in ["a", "a", "a", "b"] {
            counts.add(right, "a");
        }
        assert_eq!((counts.f1("a"), counts.f1("b"), counts.f1("c")), (Some(6.0 / 7.0), Some(0.0), None));
        assert_eq!(counts.macro_f1(), Some(3.0 / 7.0));
    }
}
