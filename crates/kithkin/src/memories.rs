//! What was derived from a person's turns, for a look at it: what is known at a time, and what of it holds then.
//!
//! Memories are found through recall; this lists them whole.

use std::collections::HashMap;
use std::ops::ControlFlow;

use kithkin_core::{EventTime, Memory, MemoryId, MemoryKind, Seq};
use kithkin_engine::{Held, Reason};
use serde::Serialize;

use crate::{Error, Now, Person};

/// A memory with the turns it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct MemoryReport {
    /// Its number, which changes when it is derived anew.
    pub id: u64,
    /// What it is.
    pub kind: MemoryKind,
    /// The text that is searched.
    pub text: String,
    /// The ids of the turns it came from; the first is the one that it stands for. Where several memories state the same,
    /// this is the first of them, with the turns of all.
    pub sources: Vec<String>,
    /// When that first turn was said, from which on the memory holds; `null` when it is not known.
    pub valid_from: Option<String>,
    /// When the statement that put an end to it was said; `null` where it holds, or where that is not known.
    pub valid_to: Option<String>,
    /// The number of the statement that put an end to it; `null` where it holds.
    pub superseded_by: Option<u64>,
    /// Why that one did; `null` where it holds.
    pub because: Option<Reason>,
}

impl Person<'_> {
    /// The memories that the person's method has derived from what was said by `now`, in the order in which they were
    /// derived, each with what had put an end to it by then. The cost is one read of the log and of the memories.
    ///
    /// # Errors
    /// No such person, or the store failed.
    pub fn memories(&self, now: Now) -> Result<Vec<MemoryReport>, Error> {
        self.known()?;
        let method = self.method()?;
        let engine = &self.kithkin().engine;
        let held = engine.held(self.scope(), &method, self.as_of(now)?)?;
        let mut stored: HashMap<MemoryId, Memory> = HashMap::new();
        engine.store().scan_memories(self.scope(), method.derivation(), &mut |memory| {
            stored.insert(memory.id, memory.memory);
            ControlFlow::Continue(())
        })?;
        let names: HashMap<Seq, String> = self.log()?.into_iter().map(|t| (t.seq, t.turn.id.to_string())).collect();
        let mut sources: HashMap<MemoryId, Vec<Seq>> = HashMap::new();
        for one in &held {
            let own = stored.get(&one.id).map_or(&[][..], |memory| &memory.sources);
            let all = sources.entry(one.same_as).or_default();
            own.iter().for_each(|seq| {
                if !all.contains(seq) {
                    all.push(*seq);
                }
            });
        }
        let mut reports: Vec<MemoryReport> = held
            .iter()
            .filter(|one| one.id == one.same_as)
            .filter_map(|one| {
                let from = sources.get(&one.id)?.iter().filter_map(|seq| names.get(seq).cloned());
                let until = one.ended.and_then(|end| stored.get(&end.by)?.said_at);
                Some(report(one, stored.get(&one.id)?, until, from.collect()))
            })
            .collect();
        reports.sort_by_key(|report| report.id);
        Ok(reports)
    }
}

fn report(held: &Held, memory: &Memory, until: Option<EventTime>, sources: Vec<String>) -> MemoryReport {
    MemoryReport {
        id: held.id.0,
        kind: memory.kind,
        text: memory.text.clone(),
        sources,
        valid_from: memory.said_at.map(|t| t.to_string()),
        valid_to: until.map(|t| t.to_string()),
        superseded_by: held.ended.map(|end| end.by.0),
        because: held.ended.map(|end| end.why),
    }
}
