//! The nodes of a person's sessions, and which are linked.

use kithkin_core::MemoryKind;

use super::mixture;
use crate::index::{PersonIndex, Vectors};
use crate::recall::{Doc, Top};

/// Nodes in the order of the sessions' first turns.
pub(super) struct Graph {
    vectors: Option<Vectors>,
    sessions: Vec<u32>,
    granularities: Vec<usize>,
    /// Both ways.
    links: Vec<Vec<u32>>,
}

impl Graph {
    /// The nodes of all sessions, each linked to the earlier ones that it is markedly near to among its `candidates`
    /// nearest.
    pub(super) fn new(index: &PersonIndex, kinds: &[MemoryKind], candidates: usize) -> Self {
        let mut graph = Self { vectors: None, sessions: Vec::new(), granularities: Vec::new(), links: Vec::new() };
        let order = sessions_in_order(index);
        let mut nodes: Vec<Vec<(usize, Vec<f32>)>> = vec![Vec::new(); index.sessions()];
        for (session, mean) in turn_means(index) {
            nodes[session as usize].push((0, mean));
        }
        for (granularity, kind) in (1..).zip(kinds) {
            let Some(units) = index.memories(*kind) else { continue };
            for row in 0..units.len() as u32 {
                let session = units.docs(row).first().map(|doc| index.session_of(*doc));
                let vector = units.vectors().and_then(|v| v.original(row));
                if let (Some(nodes), Some(vector)) = (session.and_then(|s| nodes.get_mut(s as usize)), vector) {
                    nodes.push((granularity, vector.to_vec()));
                }
            }
        }
        for session in order {
            // Only earlier sessions are candidates: those that are nodes already.
            let earlier = graph.len();
            for (granularity, vector) in std::mem::take(&mut nodes[session as usize]) {
                graph.add(session, granularity, &vector, earlier, candidates);
            }
        }
        graph
    }

    fn add(&mut self, session: u32, granularity: usize, vector: &[f32], earlier: usize, candidates: usize) {
        let mut cosines = vec![f32::NAN; earlier];
        self.scan(vector, &mut cosines);
        let mut top = Top::new(candidates);
        (0..).zip(&cosines).for_each(|(node, cosine)| top.offer(node, *cosine));
        let (near, cosines): (Vec<Doc>, Vec<f32>) = top.into_items().into_iter().unzip();
        let linked = near.iter().zip(mixture::upper(&cosines)).filter(|(_, upper)| *upper).map(|(node, _)| *node);
        let node = self.len() as u32;
        let own: Vec<u32> = linked.collect();
        for other in &own {
            self.links[*other as usize].push(node);
        }
        self.links.push(own);
        self.sessions.push(session);
        self.granularities.push(granularity);
        self.vectors.get_or_insert_with(|| Vectors::new(vector.len(), 0)).set(node, vector);
    }

    /// How many nodes there are.
    pub(super) fn len(&self) -> usize {
        self.sessions.len()
    }

    /// The session of each node.
    pub(super) fn sessions(&self) -> &[u32] {
        &self.sessions
    }

    /// The granularity of each node: 0 is the mean of the turns.
    pub(super) fn granularities(&self) -> &[usize] {
        &self.granularities
    }

    /// The cosine of a vector and each node, as many as `out` has.
    pub(super) fn scan(&self, vector: &[f32], out: &mut [f32]) {
        if let Some(vectors) = &self.vectors {
            vectors.scan(vector, out);
        }
    }

    /// Where a random walk is found that goes on along a link with the chance `damping`, and else starts again at the
    /// seeds, by their weights. All 0 without a seed.
    pub(super) fn walk(&self, seeds: &[f32], damping: f32, steps: usize) -> Vec<f32> {
        let total: f32 = seeds.iter().sum();
        if total <= 0.0 {
            return vec![0.0; self.len()];
        }
        let seeds: Vec<f32> = seeds.iter().map(|s| s / total).collect();
        let mut mass = seeds.clone();
        for _ in 0..steps {
            let mut next = vec![0.0; self.len()];
            let mut lost = 0.0;
            for (mass, links) in mass.iter().zip(&self.links) {
                if links.is_empty() {
                    lost += mass;
                }
                let share = mass / links.len().max(1) as f32;
                links.iter().for_each(|to| next[*to as usize] += share);
            }
            // What has no way to go starts again.
            for (next, seed) in next.iter_mut().zip(&seeds) {
                *next = damping * (*next + lost * seed) + (1.0 - damping) * seed;
            }
            mass = next;
        }
        mass
    }
}

/// Sessions with a live turn, by when the first of these was said.
fn sessions_in_order(index: &PersonIndex) -> Vec<u32> {
    let mut first = vec![None; index.sessions()];
    for doc in (0..index.docs() as Doc).filter(|doc| index.is_live(*doc)) {
        let said = (index.said_at(doc), index.seq(doc));
        if let Some(first) = first.get_mut(index.session_of(doc) as usize) {
            *first = Some(first.map_or(said, |f| said.min(f)));
        }
    }
    let mut order: Vec<_> = (0..).zip(first).filter_map(|(session, first)| Some((first?, session))).collect();
    order.sort();
    order.into_iter().map(|(_, session)| session).collect()
}

/// The mean of the vectors of each session's turns, of unit length; sessions without any are left out.
fn turn_means(index: &PersonIndex) -> Vec<(u32, Vec<f32>)> {
    let Some(vectors) = index.vectors() else { return Vec::new() };
    let mut sums: Vec<Vec<f32>> = vec![Vec::new(); index.sessions()];
    for doc in (0..index.docs() as Doc).filter(|doc| index.is_live(*doc)) {
        if let Some(sum) = sums.get_mut(index.session_of(doc) as usize) {
            vectors.add_to(doc, 1.0, sum);
        }
    }
    let unit = |(session, mut sum): (u32, Vec<f32>)| {
        let length = sum.iter().map(|x| x * x).sum::<f32>().sqrt();
        sum.iter_mut().for_each(|x| *x /= length);
        (length > 0.0).then_some((session, sum))
    };
    (0..).zip(sums).filter_map(unit).collect()
}
