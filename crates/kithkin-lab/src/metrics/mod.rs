//! Metrics of rankings, classes and segmentations. Each works on plain slices and knows no dataset.

mod auc;
mod calibration;
mod classes;
mod containment;
mod facts;
mod ranking;
mod segmentation;

pub(crate) use auc::roc_auc;
pub(crate) use calibration::brier;
pub(crate) use classes::ClassCounts;
pub(crate) use containment::{says, words};
pub(crate) use facts::{Fact, fact_scores, facts_at, within};
pub(crate) use ranking::{RecallAt, ndcg_at, precision_at, recall_at, reciprocal_rank};
pub(crate) use segmentation::{BoundaryCounts, boundaries, pk, window, window_diff};
