//! A person's statements, and which are related across sessions.

use kithkin_core::MemoryKind;

use super::infer::{Relation, Statement, relation};
use crate::change::STATEMENTS;
use crate::index::{PersonIndex, TermId, Units};
use crate::recall::{Doc, Top};

/// A relation as one of its statements sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Link {
    /// The number of the other statement.
    pub(super) other: u32,
    /// What the later of the two does to the earlier.
    pub(super) relation: Relation,
}

/// Statements, numbered kind by kind in the order of [`STATEMENTS`], and their relations.
pub(super) struct Graph {
    /// The turn that each statement stands for.
    docs: Vec<Doc>,
    /// Both ways.
    links: Vec<Vec<Link>>,
}

impl Graph {
    /// Relates each statement to those, of its `most` nearest earlier ones from other sessions that are at least `near`,
    /// to which a rule relates it.
    pub(super) fn new(index: &PersonIndex, most: usize, near: f32) -> Self {
        let (docs, statements) = statements(index);
        let mut graph = Self { links: vec![Vec::new(); docs.len()], docs };
        let doc = |number: u32| graph.docs.get(number as usize).copied().unwrap_or(Doc::MAX);
        let mut order: Vec<u32> = (0..graph.docs.len() as u32).collect();
        order.sort_by_key(|number| (index.said_at(doc(*number)), index.seq(doc(*number)), *number));
        let mut cosines = vec![f32::NAN; order.len()];
        let mut found: Vec<(u32, Link)> = Vec::new();
        for (place, later) in order.iter().enumerate() {
            let Some(vector) = vector(index, *later) else { continue };
            scan(index, vector, &mut cosines);
            let session = index.session_of(doc(*later));
            let mut top = Top::new(most);
            for earlier in order.get(..place).unwrap_or_default() {
                let cosine = cosines.get(*earlier as usize).copied().unwrap_or(f32::NAN);
                if cosine >= near && top.takes(cosine) && index.session_of(doc(*earlier)) != session {
                    top.offer(*earlier, cosine);
                }
            }
            let candidates: Vec<u32> = top.into_items().into_iter().map(|(earlier, _)| earlier).collect();
            let statement = |number: &u32| statements.get(*number as usize);
            let Some(own) = statement(later) else { continue };
            let alike = |other: &&Statement| other.kind == MemoryKind::Event && other.speaker == own.speaker;
            let alike = candidates.iter().filter_map(statement).filter(alike).count();
            for earlier in candidates {
                if let Some(relation) = statement(&earlier).and_then(|other| relation(other, own, alike)) {
                    found.push((*later, Link { other: earlier, relation }));
                }
            }
        }
        for (later, link) in found {
            let back = Link { other: later, relation: link.relation };
            for (from, link) in [(later, link), (link.other, back)] {
                if let Some(links) = graph.links.get_mut(from as usize) {
                    links.push(link);
                }
            }
        }
        graph
    }

    /// How many statements there are.
    pub(super) fn len(&self) -> usize {
        self.docs.len()
    }

    /// The turn that a statement stands for.
    pub(super) fn doc(&self, number: u32) -> Option<Doc> {
        self.docs.get(number as usize).copied()
    }

    /// The relations of a statement.
    pub(super) fn links(&self, number: u32) -> &[Link] {
        self.links.get(number as usize).map_or(&[], Vec::as_slice)
    }
}

/// The memories of each kind, with the number of the first.
fn parts(index: &PersonIndex) -> impl Iterator<Item = (u32, MemoryKind, &Units)> {
    let mut next = 0;
    STATEMENTS.into_iter().filter_map(move |kind| {
        let units = index.memories(kind)?;
        let first = next;
        next += units.len() as u32;
        Some((first, kind, units))
    })
}

/// The cosine of a vector and each statement, NaN where it has no vector.
pub(super) fn scan(index: &PersonIndex, vector: &[f32], out: &mut [f32]) {
    out.fill(f32::NAN);
    for (first, _, units) in parts(index) {
        let first = first as usize;
        if let (Some(vectors), Some(part)) = (units.vectors(), out.get_mut(first..first + units.len())) {
            vectors.scan(vector, part);
        }
    }
}

fn vector(index: &PersonIndex, number: u32) -> Option<&[f32]> {
    let (first, _, units) = parts(index).take_while(|(first, ..)| *first <= number).last()?;
    units.vectors()?.original(number - first)
}

/// The turn and what the rules look at of each statement.
fn statements(index: &PersonIndex) -> (Vec<Doc>, Vec<Statement>) {
    let named = |name: &str| index.query_terms(name).into_iter().flat_map(|term| term.terms).collect();
    let names: Vec<Vec<TermId>> = index.speakers().iter().map(|speaker| named(&speaker.name)).collect();
    let (mut docs, mut statements) = (Vec::new(), Vec::new());
    for (_, kind, units) in parts(index) {
        let contents = units.lexical().contents(|term| index.is_content(term));
        for (row, mut content) in (0..).zip(contents) {
            let doc = units.docs(row).first().copied().unwrap_or(Doc::MAX);
            let speaker = index.speaker(doc);
            let own = names.get(speaker as usize).map(Vec::as_slice).unwrap_or_default();
            content.retain(|term| !own.contains(term));
            let cues = units.frame(row).map(|frame| frame.cues).unwrap_or_default();
            docs.push(doc);
            statements.push(Statement { kind, speaker, content, cues });
        }
    }
    (docs, statements)
}
