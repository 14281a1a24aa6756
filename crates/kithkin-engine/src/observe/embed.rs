//! Makes the vectors that a person's turns and memories still lack.
//!
//! Each batch is stored before the next is begun, so a run that is killed goes on where it was. It never holds a lock:
//! recall works on the words meanwhile.

use std::collections::HashSet;
use std::ops::ControlFlow;

use kithkin_core::{DerivationId, Embedder, MemoryId, Scope, Store, UnitId};

use super::{Progress, turn_text, vector_space};
use crate::{EngineError, Stop};

/// Units embedded and stored together. Large enough that sorting by length leaves little padding, small enough that a
/// kill loses about a second of work.
const BATCH: usize = 256;

/// Embeds every turn of the person, and every memory of `derivation`, that has no vector yet; gives how many vectors
/// were made.
///
/// # Errors
/// The store or the embedder failed, or the caller stopped it: batches already stored are kept.
pub(crate) fn embed_missing(
    store: &dyn Store,
    embedder: &dyn Embedder,
    scope: &Scope,
    derivation: Option<&DerivationId>,
    progress: Stop<'_>,
) -> Result<u64, EngineError> {
    let space = vector_space(embedder);
    let (mut seqs, mut memories) = (Vec::new(), HashSet::new());
    store.missing_vectors(scope, &space, &mut |unit| {
        match unit {
            UnitId::Turn(seq) => seqs.push(seq),
            UnitId::Memory(id) => drop(memories.insert(id)),
        }
        ControlFlow::Continue(())
    })?;
    let memories = memory_batches(store, scope, derivation, &memories)?;
    let of = (seqs.len() + memories.iter().map(|(units, _)| units.len()).sum::<usize>()) as u64;
    let mut done = 0;
    let mut store_batch = |units: &[UnitId], texts: &[String]| -> Result<(), EngineError> {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let vectors = embedder.embed(&texts)?;
        let rows: Vec<(UnitId, &[f32])> = units.iter().copied().zip(vectors.rows()).collect();
        store.put_vectors(scope, &space, &rows)?;
        done += units.len() as u64;
        if progress(Progress { done, of }).is_break() { Err(EngineError::Stopped) } else { Ok(()) }
    };
    for batch in seqs.chunks(BATCH) {
        let turns = store.turns(scope, batch)?;
        let units: Vec<UnitId> = turns.iter().map(|t| UnitId::Turn(t.seq)).collect();
        let texts: Vec<String> = turns.iter().map(|t| turn_text(&t.turn)).collect();
        store_batch(&units, &texts)?;
    }
    for (units, texts) in memories {
        store_batch(&units, &texts)?;
    }
    Ok(done)
}

type Batch = (Vec<UnitId>, Vec<String>);

/// The texts of the wanted memories, in batches.
fn memory_batches(
    store: &dyn Store,
    scope: &Scope,
    derivation: Option<&DerivationId>,
    wanted: &HashSet<MemoryId>,
) -> Result<Vec<Batch>, EngineError> {
    let mut batches: Vec<Batch> = Vec::new();
    let Some(derivation) = derivation.filter(|_| !wanted.is_empty()) else { return Ok(batches) };
    store.scan_memories(scope, derivation, &mut |memory| {
        if wanted.contains(&memory.id) {
            if batches.last().is_none_or(|(units, _)| units.len() == BATCH) {
                batches.push(Batch::default());
            }
            if let Some((units, texts)) = batches.last_mut() {
                units.push(UnitId::Memory(memory.id));
                texts.push(memory.memory.text);
            }
        }
        ControlFlow::Continue(())
    })?;
    Ok(batches)
}
