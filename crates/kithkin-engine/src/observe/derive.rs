//! Brings a person's memories up to date with the log, session by session.
//!
//! A session whose memories are older than its turns is derived anew as a whole, so that what is stored after any order
//! of observing and erasing equals what a rebuild would make.

use std::collections::HashMap;
use std::ops::ControlFlow;

use kithkin_core::{Embedder, Memory, Scope, Seq, SessionRef, Store, StoredTurn, UnitId};

use super::{Progress, Sitting, embed_missing, vector_space};
use crate::method::{Method, Observe};
use crate::{EngineError, Stop};

/// Derives the memories of all stale sessions; gives how many sessions were derived. Where the segmenter looks at
/// vectors, those that turns lack are made first.
///
/// # Errors
/// The store failed, a model is missing, or the caller stopped it: sessions already derived are kept.
pub(crate) fn derive_stale(
    store: &dyn Store,
    embedder: Option<&dyn Embedder>,
    scope: &Scope,
    method: &Method,
    progress: Stop<'_>,
) -> Result<u64, EngineError> {
    let Some(observe) = &method.bound().observe else { return Ok(0) };
    let stale = store.stale_sessions(scope, method.derivation())?;
    if stale.is_empty() {
        return Ok(0);
    }
    let mut vectors = HashMap::new();
    if observe.segment.needs_vectors() {
        let Some(embedder) = embedder else {
            return Err(EngineError::NoEmbedder { method: method.about().id.clone() });
        };
        embed_missing(store, embedder, scope, None, progress)?;
        vectors = turn_vectors(store, embedder, scope)?;
    }
    let mut turns = turns_of(store, scope, &stale)?;
    let of = stale.len() as u64;
    let mut done = 0;
    for session in &stale {
        let told = turns.remove(session).unwrap_or_default();
        let upto = told.last().map_or(Seq(0), |turn| turn.seq);
        let memories = observe.memories(&Sitting::new(told, &mut vectors));
        // `false` says that a source went in the meantime; the erasure left the session stale, so a later run does it.
        store.put_memories(scope, method.derivation(), session, upto, &memories)?;
        done += 1;
        if progress(Progress { done, of }).is_break() {
            return Err(EngineError::Stopped);
        }
    }
    Ok(done)
}

impl Observe {
    /// What is derived from one session.
    pub(crate) fn memories(&self, sitting: &Sitting) -> Vec<Memory> {
        let spans = self.segment.spans(sitting);
        let made = self.extract.iter().flat_map(|extract| extract.extract(sitting, self.segment.kind(), &spans));
        made.filter(|memory| !memory.sources.is_empty()).collect()
    }
}

/// The tellings of these sessions, in order of place.
fn turns_of(
    store: &dyn Store,
    scope: &Scope,
    sessions: &[SessionRef],
) -> Result<HashMap<SessionRef, Vec<StoredTurn>>, EngineError> {
    let mut turns: HashMap<SessionRef, Vec<StoredTurn>> = sessions.iter().map(|s| (s.clone(), Vec::new())).collect();
    store.scan_turns(scope, 0, &mut |turn| {
        let session = SessionRef { conversation: turn.turn.conversation.clone(), session: turn.turn.session.clone() };
        if let Some(wanted) = turns.get_mut(&session) {
            wanted.push(turn);
        }
        ControlFlow::Continue(())
    })?;
    Ok(turns)
}

fn turn_vectors(
    store: &dyn Store,
    embedder: &dyn Embedder,
    scope: &Scope,
) -> Result<HashMap<Seq, Vec<f32>>, EngineError> {
    let mut vectors = HashMap::new();
    store.scan_vectors(scope, &vector_space(embedder), 0, &mut |(unit, vector)| {
        if let UnitId::Turn(seq) = unit {
            vectors.insert(seq, vector.to_vec());
        }
        ControlFlow::Continue(())
    })?;
    Ok(vectors)
}
