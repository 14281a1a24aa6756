//! BM25 over turns, each together with its neighbours.
//!
//! The term frequency of a turn is its own plus the weighted ones of its neighbours, and so is its length; then BM25 as
//! in Robertson and Zaragoza, *The Probabilistic Relevance Framework* (2009), equation 3.15, with
//! idf = ln(1 + (N - df + 0.5) / (df + 0.5)) over single turns. The score is divided by the idf of a word that occurs
//! nowhere, so that histories of different length give comparable scores. Needs nothing; costs one pass over the
//! postings of the question's words for each neighbour.

use kithkin_core::Explanation;
use serde::Deserialize;

use super::neighbours::Neighbours;
use super::{Needs, Retrieve};
use crate::index::{Bm25 as Saturation, QueryTerm, Scratch, Windows};
use crate::method::Strategy;
use crate::recall::{Doc, SignalKind, View};

/// Parameters of `bm25`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Bm25 {
    /// How soon repetitions of a word stop to count; 0 to 10, default 0.9.
    k1: f32,
    /// How much longer turns are held back; 0 to 1, default 0.5.
    b: f32,
    /// The neighbours; none by default.
    neighbours: Neighbours,
}

impl Default for Bm25 {
    fn default() -> Self {
        Self { k1: super::default_k1(), b: super::default_b(), neighbours: Neighbours::default() }
    }
}

impl Strategy for Bm25 {
    fn check(&self) -> Result<(), String> {
        super::check_bm25(self.k1, self.b)?;
        self.neighbours.check()
    }
}

impl Bm25 {
    fn saturation(&self) -> Saturation {
        Saturation { k1: self.k1, b: self.b }
    }

    /// The frequency of the term in the turn and its neighbours.
    fn frequency(&self, view: &View<'_>, term: &QueryTerm, doc: Doc) -> f32 {
        let mut frequency = 0.0;
        self.neighbours.reach().around(view.index.links(), doc, |near, weight| {
            frequency += weight * view.index.lexical().frequency(&term.terms, near) as f32;
        });
        frequency
    }
}

impl Retrieve for Bm25 {
    fn name(&self) -> String {
        if self.neighbours.is_empty() {
            "bm25 of the turn".into()
        } else {
            "bm25 of the turn and its neighbours".into()
        }
    }

    fn kind(&self) -> SignalKind {
        SignalKind::Words
    }

    fn ceiling(&self) -> f32 {
        self.k1 + 1.0
    }

    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn score(&self, view: &View<'_>, scratch: &mut Scratch, out: &mut Vec<f32>) {
        let (index, lexical) = (view.index, view.index.lexical());
        out.resize(index.docs(), 0.0);
        let lengths = index.lengths(self.neighbours.reach());
        let reach = self.neighbours.reach();
        let windows = Windows { index: lexical, links: index.links(), reach, lengths: &lengths };
        for term in &view.question.terms {
            let weight = lexical.idf(&term.terms) / lexical.max_idf();
            windows.accumulate(&term.terms, weight, self.saturation(), &mut scratch.windows, out);
        }
    }

    fn explain(&self, view: &View<'_>, doc: Doc, score: f32) -> Explanation {
        let lexical = view.index.lexical();
        let lengths = view.index.lengths(self.neighbours.reach());
        let root = Explanation::new(self.name(), score);
        view.question.terms.iter().fold(root, |root, term| {
            let frequency = self.frequency(view, term, doc);
            let value =
                lexical.idf(&term.terms) / lexical.max_idf() * lengths.saturated(self.saturation(), frequency, doc);
            let (df, live) = (lexical.df(&term.terms), lexical.live());
            root.with(Explanation::new(
                format!("{:?}, in {df} of {live} turns, here {frequency:.2} times", term.word),
                value,
            ))
        })
    }
}
