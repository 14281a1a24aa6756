//! The order of time alone: the last turns, or all of them from the first. Baselines for every other method.
//!
//! Needs nothing; costs a sort.

use kithkin_core::Explanation;
use serde::Deserialize;

use super::{Needs, Retrieve};
use crate::index::Scratch;
use crate::method::Strategy;
use crate::recall::{Doc, SignalKind, View};

/// Which end comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum First {
    /// The last turn.
    #[default]
    Newest,
    /// The first turn.
    Oldest,
}

/// Parameters of `chronology`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Chronology {
    /// `newest` (default) or `oldest`.
    first: First,
}

impl Strategy for Chronology {}

impl Retrieve for Chronology {
    fn name(&self) -> String {
        match self.first {
            First::Newest => "newest first".into(),
            First::Oldest => "oldest first".into(),
        }
    }

    fn kind(&self) -> SignalKind {
        SignalKind::Order
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn score(&self, view: &View<'_>, _scratch: &mut Scratch, out: &mut Vec<f32>) {
        let mut order: Vec<Doc> = (0..view.index.docs() as Doc).collect();
        order.sort_by_key(|doc| (view.index.said_at(*doc), view.index.seq(*doc)));
        if self.first == First::Oldest {
            order.reverse();
        }
        out.resize(order.len(), 0.0);
        for (rank, doc) in order.iter().enumerate() {
            out[*doc as usize] = (rank + 1) as f32 / order.len() as f32;
        }
    }

    fn explain(&self, _view: &View<'_>, _doc: Doc, score: f32) -> Explanation {
        Explanation::new(self.name(), score)
    }
}
