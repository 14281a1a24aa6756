//! Which memories of a person are known at a time, and which of them hold then.
//!
//! It says nothing of what is stored: the caller reads the memories themselves from the store, by their numbers.

use kithkin_core::{MemoryId, Scope};
use serde::Serialize;

use super::{Changes, STATEMENTS};
use crate::index::Contents;
use crate::{AsOf, Engine, EngineError, Method};

/// Why a statement no longer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Reason {
    /// The later one gives another value to a thing that has one at a time.
    Value,
    /// The later one likes what this one dislikes, or the other way round.
    Opposite,
    /// The later one says that it puts something right.
    Correction,
}

/// A memory as it is known at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Its number in the store.
    pub id: MemoryId,
    /// The first memory that states the same; itself where none does.
    pub same_as: MemoryId,
    /// What put an end to it; `None` where it holds, and for memories that state nothing.
    pub ended: Option<Ended>,
}

/// What put an end to a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// The later statement.
    pub by: MemoryId,
    /// Why.
    pub why: Reason,
}

impl Engine {
    /// The memories of a method that are known at `now`, with what had put an end to them by then: statements in the order
    /// in which they were said, then the others. Costs a load of the person's index at the first call, then a pass over the
    /// statements when the index has changed.
    ///
    /// # Errors
    /// No such person, or the store failed.
    pub fn held(&self, scope: &Scope, method: &Method, now: AsOf) -> Result<Vec<Held>, EngineError> {
        let contents =
            Contents { space: None, derivation: Some(method.derivation().clone()), frames: true, feedback: false };
        self.with_index(scope, &contents, now.upto(), |index| {
            let changes = index.built(super::BUILT, || Changes::of(index));
            let id = |number: u32| {
                let statement = changes.statements.get(number as usize)?;
                index.memories(statement.kind)?.id(statement.row)
            };
            let numbers = 0..changes.statements.len() as u32;
            let mut held: Vec<Held> = numbers
                .zip(changes.ends.iter().zip(&changes.same))
                .filter_map(|(number, (end, same))| {
                    let end = end.and_then(|end| Some(Ended { by: id(end.by)?, why: end.why }));
                    Some(Held { id: id(number)?, same_as: id(*same)?, ended: end })
                })
                .collect();
            for (_, units) in index.kinds().filter(|(kind, _)| !STATEMENTS.contains(kind)) {
                let ids = (0..units.len() as u32).filter_map(|row| units.id(row));
                held.extend(ids.map(|id| Held { id, same_as: id, ended: None }));
            }
            Ok(held)
        })
    }
}
