//! Taking out memories and vectors that cannot be read back. They are derived, and made again from the log.

use kithkin_core::{Scope, UnitId};

use super::connection::Fault;
use super::session::Session;
use super::{erase, memories, persons, vectors};
use crate::counters::Stale;
use crate::record;

/// With them the vectors of turns, and the memories with theirs, that `also` names.
pub(super) fn derived(session: &mut Session, scope: &Scope, also: &[UnitId]) -> Result<u64, Fault> {
    session.see(scope)?;
    let (mut turns, of_memories) = vectors::damaged(session, scope)?;
    let mut ids = memories::damaged(session, scope)?;
    for unit in also {
        match record::unit_key(*unit) {
            (0, seq) => turns.push(seq.cast_signed()),
            (_, id) => ids.push(id.cast_signed()),
        }
    }
    let count = turns.len() + of_memories.len() + ids.len();
    if count == 0 {
        return Ok(0);
    }
    vectors::delete_of(session, scope, 0, &turns)?;
    vectors::delete_of(session, scope, 1, &of_memories)?;
    vectors::forget_reach(session, scope)?;
    erase::delete_memories(session, scope, ids)?;
    persons::touch(session, scope, Stale::Whole)?;
    Ok(count as u64)
}
