//! Sessions found at several granularities at once, through what they are associated with.
//!
//! Each session is a node for each granularity: the mean of its turns, and its memories of the kinds named. A node is
//! linked to those earlier nodes that it is markedly near to: of its nearest ones, those in the upper component of a
//! mixture of two Gaussians over their cosines ([`graph`]). A question weighs the granularities by how decided each is
//! (one less its entropy), seeds the best nodes, and a random walk with restart (Personalised PageRank) carries their
//! weight along the links. A turn gets the score of its session, so a second retriever has to order the turns within.
//!
//! Source: Xu et al., *Towards Multi-Granularity Memory Association and Selection for Long-Term Conversational Agents*
//! (2025), sections 3.1 to 3.3. Needs an embedder and memories of the kinds named, one a session; costs a pass over the
//! nodes for each of them when the person's index has changed, and a few passes over the links for each question.

mod graph;
mod mixture;

use std::sync::Arc;

use kithkin_core::{Explanation, MemoryKind};
use serde::Deserialize;

use super::{Needs, Retrieve};
use crate::index::Scratch;
use crate::method::Strategy;
use crate::recall::{Doc, SignalKind, View};
use graph::Graph;

/// Steps of the walk; at a damping of 0.5 the rest is below a millionth.
const STEPS: usize = 20;

/// How the entropy of a granularity becomes its weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Entropy {
    /// Divided by the logarithm of the number of nodes, so that it lies within 0 and 1.
    #[default]
    Normalised,
    /// As the published code has it: entropies above 1 make weights negative, and where all are above 1, the signs cancel.
    Released,
}

/// Parameters of `association`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Association {
    /// Kinds of memories that are nodes beside the mean of the turns.
    kinds: Vec<MemoryKind>,
    /// Nearest earlier nodes that the mixture is fitted to; 2 to 1,000, default 30.
    candidates: usize,
    /// Nodes that a question starts from; 1 to 1,000, default 15.
    seeds: usize,
    /// The chance that the walk goes on; 0 (no walk) to 0.9, default 0.1.
    damping: f32,
    /// How sharply a granularity decides; 0.001 to 10, default 0.1.
    temperature: f32,
    /// `normalised` (default) or `released`.
    entropy: Entropy,
}

impl Default for Association {
    fn default() -> Self {
        Self {
            kinds: Vec::new(),
            candidates: 30,
            seeds: 15,
            damping: 0.1,
            temperature: 0.1,
            entropy: Entropy::Normalised,
        }
    }
}

impl Strategy for Association {
    fn check(&self) -> Result<(), String> {
        if !(2..=1000).contains(&self.candidates) {
            return Err(format!("candidates is {}; it must lie within 2 and 1000", self.candidates));
        }
        if !(1..=1000).contains(&self.seeds) {
            return Err(format!("seeds is {}; it must lie within 1 and 1000", self.seeds));
        }
        if !(0.0..=0.9).contains(&self.damping) {
            return Err(format!("damping is {}; it must lie within 0 and 0.9", self.damping));
        }
        if !(0.001..=10.0).contains(&self.temperature) {
            return Err(format!("temperature is {}; it must lie within 0.001 and 10", self.temperature));
        }
        Ok(())
    }
}

impl Association {
    fn graph(&self, view: &View<'_>) -> Arc<Graph> {
        let name = format!("association of {:?}, {} candidates", self.kinds, self.candidates);
        view.index.built(&name, || Graph::new(view.index, &self.kinds, self.candidates))
    }

    /// The score of each session by its number, and the weight of each granularity; `None` without a vector to compare.
    fn sessions(&self, view: &View<'_>, graph: &Graph) -> Option<(Vec<f32>, Vec<f32>)> {
        let query = view.question.vector.as_ref().filter(|_| graph.len() > 0)?;
        let mut cosines = vec![f32::NAN; graph.len()];
        graph.scan(query, &mut cosines);
        let weights = self.weights(graph, &cosines);
        let mut scores: Vec<f32> =
            cosines.iter().zip(graph.granularities()).map(|(cosine, g)| weights[*g] * cosine).collect();
        self.keep_seeds(&mut scores);
        let mass = graph.walk(&scores, self.damping, STEPS);
        let mut sessions = vec![0.0; view.index.sessions()];
        for (session, mass) in graph.sessions().iter().zip(mass) {
            if let Some(sum) = sessions.get_mut(*session as usize) {
                *sum += mass;
            }
        }
        Some((sessions, weights))
    }

    /// The weights of the granularities, which sum to 1.
    fn weights(&self, graph: &Graph, cosines: &[f32]) -> Vec<f32> {
        let granularities = self.kinds.len() + 1;
        let decided = (0..granularities).map(|wanted| {
            let own = || cosines.iter().zip(graph.granularities()).filter(|(_, g)| **g == wanted).map(|(c, _)| *c);
            let highest = own().fold(f32::MIN, f32::max);
            let exps: Vec<f32> = own().map(|c| ((c - highest) / self.temperature).exp()).collect();
            let total: f32 = exps.iter().sum();
            let entropy: f32 = exps.iter().map(|e| e / total).map(|p| -p * (p + 1e-12).ln()).sum();
            match (self.entropy, exps.len()) {
                (_, 0) => 0.0,
                // One node alone is as decided as can be.
                (Entropy::Normalised, n) => 1.0 - entropy / (n.max(2) as f32).ln(),
                (Entropy::Released, _) => 1.0 - entropy,
            }
        });
        let decided: Vec<f32> = decided.collect();
        let sum: f32 = decided.iter().sum();
        // Where no granularity decides anything, all count the same.
        let even = 1.0 / granularities as f32;
        decided.iter().map(|d| if sum.abs() > 1e-6 { d / sum } else { even }).collect()
    }

    /// Sets all but the best scores, and those below 0, to 0.
    fn keep_seeds(&self, scores: &mut [f32]) {
        let mut sorted: Vec<f32> = scores.to_vec();
        sorted.sort_by(|a, b| b.total_cmp(a));
        let least = sorted.get(self.seeds - 1).copied().unwrap_or(f32::MIN);
        scores.iter_mut().filter(|s| **s < least || **s < 0.0).for_each(|s| *s = 0.0);
    }
}

impl Retrieve for Association {
    fn name(&self) -> String {
        "association of the session".into()
    }

    fn kind(&self) -> SignalKind {
        SignalKind::Order
    }

    fn needs(&self) -> Needs {
        Needs { embedder: true, memories: self.kinds.clone(), ..Needs::default() }
    }

    fn score(&self, view: &View<'_>, _scratch: &mut Scratch, out: &mut Vec<f32>) {
        let index = view.index;
        let Some((sessions, _)) = self.sessions(view, &self.graph(view)) else {
            return out.resize(index.docs(), f32::NAN);
        };
        let of = |doc: Doc| sessions.get(index.session_of(doc) as usize).copied().unwrap_or(0.0);
        out.extend((0..index.docs() as Doc).map(of));
    }

    fn explain(&self, view: &View<'_>, _doc: Doc, score: f32) -> Explanation {
        let root = Explanation::new(self.name(), score);
        let Some((_, weights)) = self.sessions(view, &self.graph(view)) else { return root };
        let names = std::iter::once("mean of the turns").chain(self.kinds.iter().map(|kind| kind.as_str()));
        names.zip(weights).fold(root, |root, (name, weight)| {
            root.with(Explanation::new(format!("weight of the granularity: {name}"), weight))
        })
    }
}
