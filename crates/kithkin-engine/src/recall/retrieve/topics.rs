//! Turns found through topics: memories of sessions, merged where later ones speak of the same as earlier ones.
//!
//! The memories of one kind, such as summaries of segments, come in the order of the log. Each is merged with the topic
//! that it is nearest to, where it is near enough, and begins a topic of its own elsewhere ([`super::groups`]). A merged
//! topic keeps all turns that its memories lead to, and each of them gets the cosine of the question and the topic.
//!
//! Source: the memory update of prospective reflection, Tan et al., *In Prospect and Retrospect: Reflective Memory
//! Management* (2025), section 5. There a language model decides whether a memory is added or merged, and writes the text
//! of the merged one; here a threshold decides, and the mean of the vectors stands for the text. What is merged is not
//! stored, but built over the index (`docs/decisions/0008`).
//!
//! Needs an embedder and memories of the kind. When the index has changed, costs a product of two vectors for each memory
//! and each topic that there is when it comes, of which there are 2,000 at most; a question costs one for each topic,
//! which is what `compared` counts.

use std::collections::HashSet;
use std::sync::Arc;

use kithkin_core::{Explanation, MemoryKind};
use serde::Deserialize;

use super::groups::{Group, Groups, Joining, oldest_first};
use super::{Needs, Retrieve};
use crate::index::{Scratch, Units};
use crate::method::Strategy;
use crate::recall::{Doc, SignalKind, View};

/// Topics at most, so that merging stays within some tenths of a second.
const MOST: usize = 2000;

/// Parameters of `topics`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Topics {
    /// The kind of the memories that are merged; default `summary`.
    kind: MemoryKind,
    /// How near a memory has to be to a topic to be merged with it, in cosine; -1 (all are one topic) to 1, default 0.7.
    near: f32,
}

impl Default for Topics {
    fn default() -> Self {
        Self { kind: MemoryKind::Summary, near: 0.7 }
    }
}

impl Strategy for Topics {
    fn check(&self) -> Result<(), String> {
        if (-1.0..=1.0).contains(&self.near) {
            return Ok(());
        }
        Err(format!("near is {}; it must lie within -1 and 1", self.near))
    }
}

impl Topics {
    fn topics(&self, view: &View<'_>, units: &Units) -> Arc<Groups> {
        let name = format!("topics of {} merged from {}", self.kind, self.near);
        let joining = Joining { near: self.near, most: MOST };
        view.index.built(&name, || Groups::of(oldest_first(view.index, units), joining))
    }
}

/// The turns of a topic.
fn docs<'a>(units: &'a Units, topic: &'a Group) -> impl Iterator<Item = Doc> + 'a {
    topic.members.iter().flat_map(move |row| units.docs(*row).iter().copied())
}

impl Retrieve for Topics {
    fn name(&self) -> String {
        format!("cosine of the topic of the turn, merged of each {}", self.kind)
    }

    fn kind(&self) -> SignalKind {
        SignalKind::Cosine
    }

    fn needs(&self) -> Needs {
        Needs { embedder: true, memories: vec![self.kind], ..Needs::default() }
    }

    fn score(&self, view: &View<'_>, scratch: &mut Scratch, out: &mut Vec<f32>) {
        out.resize(view.index.docs(), f32::NAN);
        scratch.compared = Some(0);
        let (Some(query), Some(units)) = (&view.question.vector, view.index.memories(self.kind)) else { return };
        let topics = self.topics(view, units);
        scratch.compared = Some(topics.all().len());
        for topic in topics.all() {
            let cosine = topic.nearness(query);
            for doc in docs(units, topic) {
                if let Some(best) = out.get_mut(doc as usize) {
                    *best = best.max(cosine);
                }
            }
        }
    }

    fn explain(&self, view: &View<'_>, doc: Doc, score: f32) -> Explanation {
        let root = Explanation::new(self.name(), score);
        let (Some(query), Some(units)) = (&view.question.vector, view.index.memories(self.kind)) else { return root };
        let topics = self.topics(view, units);
        let own = topics.all().iter().filter(|topic| docs(units, topic).any(|other| other == doc));
        let Some(topic) = own.max_by(|a, b| a.nearness(query).total_cmp(&b.nearness(query))) else { return root };
        let sessions: HashSet<u32> = docs(units, topic).map(|doc| view.index.session_of(doc)).collect();
        root.with(Explanation::new("memories that were merged", topic.members.len() as f32))
            .with(Explanation::new("sessions that they come from", sessions.len() as f32))
    }
}
