//! What somebody says of themselves, grouped by meaning across sessions, and the groups that a message is about.
//!
//! Memories of one kind, such as statements of a speaker, come in the order of the log and are grouped as they come
//! ([`super::groups`]). A message chooses some of the groups; the turns of the others are not found. A turn of a chosen
//! group gets a mixture of two cosines: that of the message and the statement itself, which is sparse and exact, and that
//! of the message and the centre of its group, which is dense: it says what the person speaks of whenever they come to
//! this. What was said in several sessions lasts, what was said in one may pass, and may count less for it.
//!
//! Sources, of which each preset takes its part: Tang et al., *Enhancing Personalized Dialogue Generation with Contrastive
//! Latent Variables* (CLV, 2023), where dense persona texts are parted into groups and a decider chooses among them; Cheng
//! et al., *"In Dialogues We Learn"* (2024), where dialogues are clustered by the persona that they show, and what lasts is
//! told from what passes; Pal et al., *Beyond Discrete Personas* (2024), where the largest cluster of a person's journal is
//! kept. There the groups are latent variables or K-means; here they need no number and no training, and a log that
//! grows only adds to them.
//!
//! Needs an embedder and memories of the kind. When the index has changed, costs a product of two vectors for each memory
//! and each group; a message costs one for each memory, which is what `compared` counts.

use std::collections::HashSet;
use std::sync::Arc;

use kithkin_core::{Explanation, MemoryKind};
use serde::Deserialize;

use super::groups::{Groups, Joining, oldest_first};
use super::{Needs, Retrieve};
use crate::index::{PersonIndex, Scratch, Units, dot};
use crate::method::Strategy;
use crate::recall::{Doc, SignalKind, View};

/// Groups at most, so that grouping stays within some tenths of a second.
const MOST: usize = 2000;

/// What chooses groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum By {
    /// The message: those whose centre is nearest.
    #[default]
    Message,
    /// How much is in them: the largest, whatever the message is.
    Size,
}

/// Parameters of `chosen-groups`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ChosenGroups {
    /// The kind of the memories that are grouped; default `fact`.
    kind: MemoryKind,
    /// How near a memory has to be to a group to join it, in cosine; -1 (all are one group) to 1, default 0.5.
    near: f32,
    /// What chooses: `message` (default) or `size`.
    by: By,
    /// How many groups are chosen; 0, the default, is all of them. At most 2000.
    groups: usize,
    /// The share of the group's cosine in the number of a turn, beside that of the memory itself; 0 to 1, default 0.5.
    dense: f32,
    /// What is added for a group that is said in n sessions: this times 1 - 1 / n; 0 to 10, default 0.
    lasting: f32,
    /// Whether only the memory that is nearest to the centre speaks for a group; not by default.
    one_each: bool,
}

impl Default for ChosenGroups {
    fn default() -> Self {
        Self {
            kind: MemoryKind::Fact,
            near: 0.5,
            by: By::Message,
            groups: 0,
            dense: 0.5,
            lasting: 0.0,
            one_each: false,
        }
    }
}

impl Strategy for ChosenGroups {
    fn check(&self) -> Result<(), String> {
        if self.groups > MOST {
            return Err(format!("groups is {}; it must lie within 0 and {MOST}", self.groups));
        }
        let ranges =
            [("near", self.near, -1.0, 1.0), ("dense", self.dense, 0.0, 1.0), ("lasting", self.lasting, 0.0, 10.0)];
        match ranges.into_iter().find(|(_, value, low, high)| !(*low..=*high).contains(value)) {
            Some((name, value, low, high)) => Err(format!("{name} is {value}; it must lie within {low} and {high}")),
            None => Ok(()),
        }
    }
}

/// The groups of a person, with what does not depend on a message.
struct Persona {
    groups: Groups,
    /// In how many sessions each was spoken of.
    sessions: Vec<usize>,
    /// The member of each that is nearest to its centre, of equally near ones the first.
    middle: Vec<u32>,
}

impl Persona {
    fn of(index: &PersonIndex, units: &Units, joining: Joining) -> Self {
        let groups = Groups::of(oldest_first(index, units), joining);
        let original = |row: u32| units.vectors().and_then(|vectors| vectors.original(row));
        let (mut sessions, mut middle) = (Vec::new(), Vec::new());
        for group in groups.all() {
            let docs = group.members.iter().flat_map(|row| units.docs(*row));
            sessions.push(docs.map(|doc| index.session_of(*doc)).collect::<HashSet<_>>().len());
            let near = group.members.iter().filter_map(|row| Some((group.nearness(original(*row)?), *row)));
            let nearest = near.reduce(|best, next| if next.0 > best.0 { next } else { best });
            middle.extend(nearest.map(|(_, row)| row));
        }
        Self { groups, sessions, middle }
    }

    /// 0 for what was said in one session, towards 1 for what was said in many.
    fn lasts(&self, group: usize) -> f32 {
        1.0 - 1.0 / self.sessions.get(group).copied().unwrap_or(1).max(1) as f32
    }
}

impl ChosenGroups {
    fn persona(&self, view: &View<'_>, units: &Units) -> Arc<Persona> {
        let name = format!("groups of {} from {}", self.kind, self.near);
        let joining = Joining { near: self.near, most: MOST };
        view.index.built(&name, || Persona::of(view.index, units, joining))
    }

    /// The groups that count for this message, with the nearness of each.
    fn chosen(&self, persona: &Persona, query: &[f32]) -> Vec<(usize, f32)> {
        let groups = persona.groups.all();
        let mut chosen: Vec<(usize, f32)> = groups.iter().map(|group| group.nearness(query)).enumerate().collect();
        if self.groups > 0 {
            // Both sorts keep the order of equals: the earlier group comes first.
            match self.by {
                By::Message => chosen.sort_by(|a, b| b.1.total_cmp(&a.1)),
                By::Size => {
                    let size = |number: usize| groups.get(number).map_or(0, |group| group.members.len());
                    chosen.sort_by_key(|(number, _)| std::cmp::Reverse(size(*number)));
                }
            }
            chosen.truncate(self.groups);
        }
        chosen
    }

    /// The members that speak, each with the number of its group and its number.
    fn scored(&self, view: &View<'_>, persona: &Persona, units: &Units) -> Vec<(u32, usize, f32)> {
        let (Some(query), Some(vectors)) = (&view.question.vector, units.vectors()) else { return Vec::new() };
        let mut scored = Vec::new();
        for (number, nearness) in self.chosen(persona, query) {
            let Some(group) = persona.groups.all().get(number) else { continue };
            let middle = persona.middle.get(number..=number).filter(|_| self.one_each);
            let shared = self.dense * nearness + self.lasting * persona.lasts(number);
            for row in middle.unwrap_or(&group.members) {
                let own = vectors.original(*row).map_or(0.0, |vector| dot(vector, query));
                scored.push((*row, number, (1.0 - self.dense) * own + shared));
            }
        }
        scored
    }
}

impl Retrieve for ChosenGroups {
    fn name(&self) -> String {
        format!("cosine of the {} and its group", self.kind)
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
        let Some(units) = view.index.memories(self.kind) else { return };
        let persona = self.persona(view, units);
        scratch.compared = Some(units.len());
        for (row, _, score) in self.scored(view, &persona, units) {
            for doc in units.docs(row) {
                if let Some(best) = out.get_mut(*doc as usize) {
                    *best = best.max(score);
                }
            }
        }
    }

    fn explain(&self, view: &View<'_>, doc: Doc, score: f32) -> Explanation {
        let root = Explanation::new(self.name(), score);
        let Some(units) = view.index.memories(self.kind) else { return root };
        let persona = self.persona(view, units);
        let own = self.scored(view, &persona, units).into_iter().filter(|(row, ..)| units.docs(*row).contains(&doc));
        let Some((_, number, _)) = own.reduce(|best, next| if next.2 > best.2 { next } else { best }) else {
            return root;
        };
        let Some(group) = persona.groups.all().get(number) else { return root };
        let nearness = view.question.vector.as_ref().map_or(0.0, |query| group.nearness(query));
        root.with(Explanation::new("cosine of the group", nearness))
            .with(Explanation::new("said of the same", group.members.len() as f32))
            .with(Explanation::new(
                "sessions in which it was said",
                persona.sessions.get(number).copied().unwrap_or(0) as f32,
            ))
    }
}
