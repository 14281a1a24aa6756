//! Metrics of rankings, classes, segmentations and texts. Each works on plain slices and knows no dataset.

mod auc;
mod calibration;
mod classes;
mod containment;
mod facts;
mod meteor;
mod ranking;
mod rouge;
mod segmentation;

pub(crate) use auc::roc_auc;
pub(crate) use calibration::brier;
pub(crate) use classes::ClassCounts;
pub(crate) use containment::{says, words};
pub(crate) use facts::{Fact, fact_scores, facts_at, within};
pub(crate) use meteor::meteor;
pub(crate) use ranking::{RecallAt, ndcg_at, precision_at, recall_at, reciprocal_rank};
pub(crate) use rouge::{rouge_1, rouge_l};
pub(crate) use segmentation::{BoundaryCounts, boundaries, pk, window, window_diff};
