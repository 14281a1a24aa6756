//! What was derived from a person's turns, for a look at it.
//!
//! Memories are found through recall; this lists them whole.

use std::collections::HashMap;
use std::ops::ControlFlow;

use kithkin_core::{MemoryKind, Seq};
use serde::Serialize;

use crate::{Error, Person};

/// A memory with the turns it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MemoryReport {
    /// What it is.
    pub kind: MemoryKind,
    /// The text that is searched.
    pub text: String,
    /// The ids of the turns it came from; the first is the one that it stands for.
    pub sources: Vec<String>,
    /// When that one was said; `null` when it is not known.
    pub said_at: Option<String>,
}

impl Person<'_> {
    /// All memories that the person's method has derived, in the order in which they were derived. The cost is one read
    /// of the log and of the memories.
    ///
    /// # Errors
    /// No such person, or the store failed.
    pub fn memories(&self) -> Result<Vec<MemoryReport>, Error> {
        self.known()?;
        let names: HashMap<Seq, String> = self.log()?.into_iter().map(|t| (t.seq, t.turn.id.to_string())).collect();
        let mut memories = Vec::new();
        let method = self.method()?;
        self.kithkin().engine.store().scan_memories(self.scope(), method.derivation(), &mut |stored| {
            let memory = stored.memory;
            memories.push(MemoryReport {
                kind: memory.kind,
                text: memory.text,
                sources: memory.sources.iter().filter_map(|seq| names.get(seq).cloned()).collect(),
                said_at: memory.said_at.map(|t| t.to_string()),
            });
            ControlFlow::Continue(())
        })?;
        Ok(memories)
    }
}
