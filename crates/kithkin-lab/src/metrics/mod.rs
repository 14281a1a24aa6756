//! Metrics of rankings. Each works on plain slices and knows no dataset.

mod auc;
mod containment;
mod facts;
mod ranking;

pub(crate) use auc::roc_auc;
pub(crate) use containment::{says, words};
pub(crate) use facts::{Fact, fact_scores, facts_at, within};
pub(crate) use ranking::{RecallAt, ndcg_at, precision_at, recall_at, reciprocal_rank};
