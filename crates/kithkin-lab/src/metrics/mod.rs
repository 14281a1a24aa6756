//! Metrics of rankings. Each works on plain slices and knows no dataset.

mod auc;
mod ranking;

pub(crate) use auc::roc_auc;
pub(crate) use ranking::{ndcg_at, precision_at, recall_at, reciprocal_rank};
