//! Short-, mid- and long-term memory: the last pages, topics by their heat, and what is hot enough to stay.
//!
//! The log runs through a short-term tier of few pages (rounds). What falls out of it, chain by chain, joins the topic of
//! the mid-term tier that it is near to, or begins a new one; a topic is the hotter the more sessions came back to it,
//! the more pages it has, and the fresher it is; where there are too many, the coolest gives way. A topic that is hot
//! enough belongs to the long-term tier ([`store`]). A question sees the pages of the short-term tier, those of the
//! topics nearest to it, and those of the long-term tier, each by its cosine.
//!
//! Source: Kang et al., *Memory OS of AI Agent* (2025), section 3, with the constants of its published code. Needs an
//! embedder and memories of the kind `round`; costs a pass over the log when the index has changed, and a comparison with
//! each topic and each page that is seen.

mod store;

use std::sync::Arc;

use kithkin_core::{Explanation, MemoryKind};
use serde::Deserialize;

use super::{Needs, Retrieve};
use crate::index::{PersonIndex, Scratch};
use crate::method::Strategy;
use crate::recall::{Doc, SignalKind, View};
use store::{Heat, Page, Rules, Tiers};

const DAY: f64 = 24.0 * 3600.0 * 1000.0;

/// Parameters of `tiers`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TieredStores {
    /// Pages of the short-term tier; 1 to 1,000, default 10.
    short: usize,
    /// Topics of the mid-term tier; 1 to 100,000, default 2,000.
    topics: usize,
    /// How near a page has to be to a topic to join it, in cosine; -1 to 1, default 0.6.
    join: f32,
    /// How near a page has to be to the one before it to stay in one chain with it, in cosine; -1 to 1, default 0.5.
    chain: f32,
    /// What each later session that takes a topic up adds to its heat; 0 to 100, default 1.
    visits: f32,
    /// What each page adds to the heat of its topic; 0 to 100, default 1.
    length: f32,
    /// What a topic has of heat when it was just talked of; 0 to 100, default 1.
    recency: f32,
    /// Days after which e times less of that is left; 0.01 to 36,500, default 1.
    days: f32,
    /// From which heat on a topic belongs to the long-term tier; 0 to 1,000,000, default 5.
    promote: f32,
    /// Topics of the mid-term tier that a question sees; 1 to 1,000, default 5.
    seen: usize,
}

impl Default for TieredStores {
    fn default() -> Self {
        Self {
            short: 10,
            topics: 2000,
            join: 0.6,
            chain: 0.5,
            visits: 1.0,
            length: 1.0,
            recency: 1.0,
            days: 1.0,
            promote: 5.0,
            seen: 5,
        }
    }
}

impl Strategy for TieredStores {
    fn check(&self) -> Result<(), String> {
        let counts = [("short", self.short, 1000), ("topics", self.topics, 100_000), ("seen", self.seen, 1000)];
        if let Some((name, value, most)) = counts.into_iter().find(|(_, value, most)| !(1..=*most).contains(value)) {
            return Err(format!("{name} is {value}; it must lie within 1 and {most}"));
        }
        let ranges = [
            ("join", self.join, -1.0, 1.0),
            ("chain", self.chain, -1.0, 1.0),
            ("visits", self.visits, 0.0, 100.0),
            ("length", self.length, 0.0, 100.0),
            ("recency", self.recency, 0.0, 100.0),
            ("days", self.days, 0.01, 36_500.0),
            ("promote", self.promote, 0.0, 1e6),
        ];
        match ranges.into_iter().find(|(_, value, least, most)| !(*least..=*most).contains(value)) {
            Some((name, value, least, most)) => {
                Err(format!("{name} is {value}; it must lie within {least} and {most}"))
            }
            None => Ok(()),
        }
    }
}

impl TieredStores {
    fn rules(&self) -> Rules {
        let heat = Heat { visits: self.visits, length: self.length, recency: self.recency, days: self.days };
        Rules {
            short: self.short,
            topics: self.topics,
            join: self.join,
            chain: self.chain,
            heat,
            promote: self.promote,
        }
    }

    fn tiers(&self, index: &PersonIndex) -> Arc<Tiers> {
        let rules = self.rules();
        index.built(&format!("tiers by {rules:?}"), || {
            let Some(units) = index.memories(MemoryKind::Round) else { return Tiers::default() };
            let Some(vectors) = units.vectors() else { return Tiers::default() };
            let mut pages: Vec<(i64, Page)> = Vec::new();
            for row in 0..units.len() as u32 {
                if let Some(doc) = units.docs(row).first() {
                    let at = index.said_at(*doc);
                    let day = (at as f64 / DAY) as f32;
                    pages.push((at, Page { row, day, session: index.session_of(*doc) }));
                }
            }
            pages.sort_by_key(|(at, page)| (*at, page.row));
            let pages: Vec<Page> = pages.into_iter().map(|(_, page)| page).collect();
            Tiers::fill(&pages, vectors, rules)
        })
    }

    /// The pages that a question sees, each with the name of its tier.
    fn seen(&self, tiers: &Tiers, query: &[f32]) -> Vec<(u32, &'static str)> {
        let mut seen: Vec<(u32, &'static str)> = tiers.short.iter().map(|row| (*row, "short-term")).collect();
        let mut near: Vec<(f32, usize)> = tiers.topics.iter().map(|t| t.nearness(query)).zip(0..).collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        for (rank, (_, at)) in near.into_iter().enumerate() {
            let (Some(topic), Some(long)) = (tiers.topics.get(at), tiers.long.get(at)) else { continue };
            let tier = match (rank < self.seen, long) {
                (true, _) => "mid-term",
                (false, true) => "long-term",
                (false, false) => continue,
            };
            seen.extend(topic.pages.iter().map(|row| (*row, tier)));
        }
        seen
    }
}

impl Retrieve for TieredStores {
    fn name(&self) -> String {
        "cosine of the page, by tiers".into()
    }

    fn kind(&self) -> SignalKind {
        SignalKind::Cosine
    }

    fn needs(&self) -> Needs {
        Needs { embedder: true, memories: vec![MemoryKind::Round], ..Needs::default() }
    }

    fn score(&self, view: &View<'_>, scratch: &mut Scratch, out: &mut Vec<f32>) {
        out.resize(view.index.docs(), 0.0);
        let (Some(query), Some(units)) = (&view.question.vector, view.index.memories(MemoryKind::Round)) else {
            return;
        };
        let Some(vectors) = units.vectors() else { return };
        let tiers = self.tiers(view.index);
        let seen = self.seen(&tiers, query);
        scratch.compared = Some(tiers.topics.len() + seen.len());
        for (row, _) in seen {
            let cosine = vectors.exact(row, query).unwrap_or(0.0);
            for doc in units.docs(row) {
                if let Some(score) = out.get_mut(*doc as usize) {
                    *score = cosine;
                }
            }
        }
    }

    fn explain(&self, view: &View<'_>, doc: Doc, score: f32) -> Explanation {
        let root = Explanation::new(self.name(), score);
        let (Some(query), Some(units)) = (&view.question.vector, view.index.memories(MemoryKind::Round)) else {
            return root;
        };
        let tiers = self.tiers(view.index);
        let seen = self.seen(&tiers, query);
        let Some((row, tier)) = seen.into_iter().find(|(row, _)| units.docs(*row).contains(&doc)) else { return root };
        let topic = tiers.topics.iter().find(|topic| topic.pages.contains(&row));
        let heat = topic.map_or(0.0, |topic| topic.heat(self.rules().heat, f32::MAX));
        root.with(Explanation::new(format!("in the {tier} tier; heat of its topic without recency"), heat))
            .with(Explanation::new("chains that left the short-term tier", tiers.trace.moved as f32))
            .with(Explanation::new("topics that gave way", tiers.trace.evicted as f32))
    }
}
