//! Brings a person's memories up to date with the log, session by session.
//!
//! A session whose memories are older than its turns is derived anew as a whole, so that what is stored after any order
//! of observing and erasing equals what a rebuild would make.

use std::collections::HashMap;
use std::ops::ControlFlow;

use kithkin_core::{Memory, Scope, Seq, SessionRef, Store, StoredTurn};

use super::{Progress, current_in_order, turn_text};
use crate::method::Method;
use crate::{EngineError, Stop};

/// Derives the memories of all stale sessions; gives how many sessions were derived.
///
/// # Errors
/// The store failed, or the caller stopped it: sessions already derived are kept.
pub(crate) fn derive_stale(
    store: &dyn Store,
    scope: &Scope,
    method: &Method,
    progress: Stop<'_>,
) -> Result<u64, EngineError> {
    let Some(segment) = method.bound().segment.as_deref() else { return Ok(0) };
    let stale = store.stale_sessions(scope, method.derivation())?;
    if stale.is_empty() {
        return Ok(0);
    }
    let mut turns: HashMap<SessionRef, Vec<StoredTurn>> = stale.iter().map(|s| (s.clone(), Vec::new())).collect();
    store.scan_turns(scope, 0, &mut |turn| {
        let session = SessionRef { conversation: turn.turn.conversation.clone(), session: turn.turn.session.clone() };
        if let Some(wanted) = turns.get_mut(&session) {
            wanted.push(turn);
        }
        ControlFlow::Continue(())
    })?;
    let of = stale.len() as u64;
    let mut done = 0;
    for session in &stale {
        let told = turns.remove(session).unwrap_or_default();
        let upto = told.last().map_or(Seq(0), |turn| turn.seq);
        let said = current_in_order(told);
        let memories: Vec<Memory> = segment
            .spans(said.len())
            .into_iter()
            .filter_map(|span| {
                let stands_for = said.get(span.stands_for)?;
                let covered = said.get(span.covers)?;
                // The turn that the memory stands for comes first among its sources.
                let others = covered.iter().map(|t| t.seq).filter(|seq| *seq != stands_for.seq);
                Some(Memory {
                    kind: segment.kind(),
                    text: covered.iter().map(|t| turn_text(&t.turn)).collect::<Vec<_>>().join("\n"),
                    sources: std::iter::once(stands_for.seq).chain(others).collect(),
                    said_at: stands_for.turn.said_at,
                })
            })
            .collect();
        // `false` says that a source went in the meantime; the erasure left the session stale, so a later run does it.
        store.put_memories(scope, method.derivation(), session, upto, &memories)?;
        done += 1;
        if progress(Progress { done, of }).is_break() {
            return Err(EngineError::Stopped);
        }
    }
    Ok(done)
}
