//! Taking out memories and vectors that cannot be read back. They are derived, and made again from the log.

use kithkin_core::{Scope, UnitId};
use rusqlite::Connection;

use super::connection::Fault;
use super::{erase, memories, persons, vectors};
use crate::counters::Stale;

/// With them the vectors of turns, and the memories with theirs, that `also` names.
pub(super) fn derived(connection: &Connection, scope: &Scope, also: &[UnitId]) -> Result<u64, Fault> {
    let mut units = vectors::damaged(connection, scope)?;
    let mut ids = memories::damaged(connection, scope)?;
    for unit in also {
        match unit {
            UnitId::Turn(_) => units.push(*unit),
            UnitId::Memory(id) => ids.push(id.0),
        }
    }
    if units.is_empty() && ids.is_empty() {
        return Ok(0);
    }
    units.iter().try_for_each(|unit| vectors::delete_of(connection, scope, *unit))?;
    vectors::forget_reach(connection, scope)?;
    erase::delete_memories(connection, scope, ids.iter().copied().collect())?;
    persons::touch(connection, scope, Stale::Whole)?;
    Ok((units.len() + ids.len()) as u64)
}
