//! Taking out memories and vectors that cannot be read back. They are derived, and made again from the log.

use kithkin_core::Scope;

use super::connection::Fault;
use super::session::Session;
use super::{erase, memories, persons, vectors};
use crate::counters::Stale;

pub(super) fn derived(session: &mut Session, scope: &Scope) -> Result<u64, Fault> {
    session.see(scope)?;
    let (turns, of_memories) = vectors::damaged(session, scope)?;
    let ids = memories::damaged(session, scope)?;
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
