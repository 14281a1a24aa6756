//! Turns found through what is related to them in other sessions.
//!
//! Statements (facts, events, opinions) are related to earlier ones of other sessions ([`graph`]): the later extends,
//! specifies or changes the earlier, adds up with others to a habit, or is connected with it ([`infer`]). The statements
//! that match the question best lend a part of their cosine to those that they are related to, as far as these have less
//! of their own, so that both sides of a change are found where the question asks for one. A turn gets the most that one
//! of its statements is lent; what it has itself is for other retrievers to say.
//!
//! Source: the five relations of Kim et al., *Pre-Storage Reasoning for Episodic Memory* (2025), section 3.2, inferred by
//! rules and not by a model. Needs an embedder and memories of the three kinds; costs a pass over the vectors for each
//! statement when the person's index has changed, and one pass for each question.

mod graph;
mod infer;

use std::sync::Arc;

use kithkin_core::Explanation;
use serde::Deserialize;

use super::{Needs, Retrieve};
use crate::change::STATEMENTS;
use crate::index::Scratch;
use crate::method::Strategy;
use crate::recall::{Doc, SignalKind, Top, View};
use graph::Graph;
use infer::Relation;

/// Parameters of `relations`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Relations {
    /// Nearest earlier statements that one is related to at most; 1 to 100, default 5.
    links: usize,
    /// How near statements have to be to be related, in cosine; -1 to 1, default 0.6.
    near: f32,
    /// Statements that lend, those that match the question best; 1 to 1,000, default 5.
    seeds: usize,
    /// The part of its cosine that a statement lends along an extension; 0 to 1, default 0.8, as of the next four.
    extension: f32,
    /// Along an accumulation.
    accumulation: f32,
    /// Along a specification.
    specification: f32,
    /// Along a transformation.
    transformation: f32,
    /// Along a connection; default 0, because what is merely near is found by its own cosine.
    connection: f32,
}

impl Default for Relations {
    fn default() -> Self {
        Self {
            links: 5,
            near: 0.6,
            seeds: 5,
            extension: 0.8,
            accumulation: 0.8,
            specification: 0.8,
            transformation: 0.8,
            connection: 0.0,
        }
    }
}

impl Strategy for Relations {
    fn check(&self) -> Result<(), String> {
        for (name, value, most) in [("links", self.links, 100), ("seeds", self.seeds, 1000)] {
            if !(1..=most).contains(&value) {
                return Err(format!("{name} is {value}; it must lie within 1 and {most}"));
            }
        }
        let ranges = [
            ("near", self.near, -1.0),
            ("extension", self.extension, 0.0),
            ("accumulation", self.accumulation, 0.0),
            ("specification", self.specification, 0.0),
            ("transformation", self.transformation, 0.0),
            ("connection", self.connection, 0.0),
        ];
        match ranges.into_iter().find(|(_, value, least)| !(*least..=1.0).contains(value)) {
            Some((name, value, least)) => Err(format!("{name} is {value}; it must lie within {least} and 1")),
            None => Ok(()),
        }
    }
}

/// What a turn is lent.
#[derive(Debug, Clone, Copy)]
struct Loan {
    to: Doc,
    from: Doc,
    relation: Relation,
    gain: f32,
}

impl Relations {
    fn graph(&self, view: &View<'_>) -> Arc<Graph> {
        let name = format!("relations to {} statements from {}", self.links, self.near);
        view.index.built(&name, || Graph::new(view.index, self.links, self.near))
    }

    fn part(&self, relation: Relation) -> f32 {
        match relation {
            Relation::Extension => self.extension,
            Relation::Accumulation => self.accumulation,
            Relation::Specification => self.specification,
            Relation::Transformation => self.transformation,
            Relation::Connection => self.connection,
        }
    }

    /// All that is lent for a question.
    fn loans(&self, view: &View<'_>, graph: &Graph, query: &[f32]) -> Vec<Loan> {
        let mut cosines = vec![f32::NAN; graph.len()];
        graph::scan(view.index, query, &mut cosines);
        let mut seeds = Top::new(self.seeds);
        (0..).zip(&cosines).for_each(|(number, cosine)| seeds.offer(number, *cosine));
        let mut loans = Vec::new();
        for (seed, cosine) in seeds.into_items() {
            for link in graph.links(seed) {
                let own = cosines.get(link.other as usize).copied().unwrap_or(f32::NAN);
                let gain = self.part(link.relation) * cosine - own;
                if let (true, Some(from), Some(to)) = (gain > 0.0, graph.doc(seed), graph.doc(link.other)) {
                    loans.push(Loan { to, from, relation: link.relation, gain });
                }
            }
        }
        loans
    }
}

impl Retrieve for Relations {
    fn name(&self) -> String {
        "lent by what the turn is related to".into()
    }

    fn kind(&self) -> SignalKind {
        SignalKind::Order
    }

    fn needs(&self) -> Needs {
        Needs { embedder: true, memories: STATEMENTS.to_vec(), frames: true, ..Needs::default() }
    }

    fn score(&self, view: &View<'_>, scratch: &mut Scratch, out: &mut Vec<f32>) {
        out.resize(view.index.docs(), 0.0);
        let graph = self.graph(view);
        scratch.compared = Some(graph.len());
        let Some(query) = &view.question.vector else { return };
        for loan in self.loans(view, &graph, query) {
            if let Some(most) = out.get_mut(loan.to as usize) {
                *most = most.max(loan.gain);
            }
        }
    }

    fn explain(&self, view: &View<'_>, doc: Doc, score: f32) -> Explanation {
        let root = Explanation::new(self.name(), score);
        let Some(query) = &view.question.vector else { return root };
        let loans = self.loans(view, &self.graph(view), query);
        // Of equals the first, as the one that lends has the higher cosine.
        let best = loans.into_iter().filter(|loan| loan.to == doc).rev().max_by(|a, b| a.gain.total_cmp(&b.gain));
        let Some(Loan { from, relation, gain, .. }) = best else { return root };
        let session = view.index.session(view.index.session_of(from));
        let session = session.map_or_else(String::new, |name| format!(" of session {}", name.session));
        let (relation, source) = (relation.as_str(), view.index.seq(from).0);
        root.with(Explanation::new(format!("{relation}, with turn {source} of the log{session}"), gain))
    }
}
