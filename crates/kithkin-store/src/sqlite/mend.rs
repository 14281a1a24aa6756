//! Taking out memories and vectors that cannot be read back. They are derived, and made again from the log.

use kithkin_core::{Scope, UnitId};
use rusqlite::Connection;

use super::connection::Fault;
use super::{erase, memories, persons, vectors};
use crate::counters::Stale;

pub(super) fn derived(connection: &Connection, scope: &Scope) -> Result<u64, Fault> {
    let units = vectors::damaged(connection, scope)?;
    let ids = memories::damaged(connection, scope)?;
    if units.is_empty() && ids.is_empty() {
        return Ok(0);
    }
    units.iter().try_for_each(|unit: &UnitId| vectors::delete_of(connection, scope, *unit))?;
    vectors::forget_reach(connection, scope)?;
    erase::delete_memories(connection, scope, ids.iter().copied().collect())?;
    persons::touch(connection, scope, Stale::Whole)?;
    Ok((units.len() + ids.len()) as u64)
}
