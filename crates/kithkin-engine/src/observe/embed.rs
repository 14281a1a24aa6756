//! Makes the vectors that a person's turns and memories still lack.
//!
//! Each batch is stored before the next is begun, so a run that is killed goes on where it was. It never holds a lock:
//! recall works on the words meanwhile.

use std::collections::HashSet;
use std::ops::ControlFlow;

use half::f16;
use half::slice::HalfFloatSliceExt;
use kithkin_core::{DerivationId, Embedder, MemoryId, Scope, Seq, Store, UnitId, VectorSpace};

use super::{Progress, Work, turn_text, vector_space};
use crate::{EngineError, Stop};

/// Units embedded and stored together. Large enough that sorting by length leaves little padding, small enough that a
/// kill loses about a second of work.
const BATCH: usize = 256;

/// What has no vector yet.
#[derive(Debug)]
pub(crate) struct Missing {
    /// Current turns, in order of place.
    turns: Vec<Seq>,
    memories: Vec<Batch>,
}

impl Missing {
    /// The current turns of the person, and the memories of `derivation`, that have no vector in `space`. It holds the
    /// texts of these memories.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) fn find(
        store: &dyn Store,
        space: &VectorSpace,
        scope: &Scope,
        derivation: Option<&DerivationId>,
    ) -> Result<Self, EngineError> {
        let (mut turns, mut memories) = (Vec::new(), HashSet::new());
        store.missing_vectors(scope, space, &mut |unit| {
            match unit {
                UnitId::Turn(seq) => turns.push(seq),
                UnitId::Memory(id) => drop(memories.insert(id)),
            }
            ControlFlow::Continue(())
        })?;
        Ok(Self { turns, memories: memory_batches(store, scope, derivation, &memories)? })
    }

    /// How many turns.
    pub(crate) fn turns(&self) -> u64 {
        self.turns.len() as u64
    }

    /// How many memories.
    pub(crate) fn memories(&self) -> u64 {
        self.memories.iter().map(|(units, _)| units.len() as u64).sum()
    }
}

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
    let missing = Missing::find(store, &space, scope, derivation)?;
    let of = missing.turns() + missing.memories();
    let mut done = 0;
    let mut store_batch = |units: &[UnitId], texts: &[String]| -> Result<(), EngineError> {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let mut vectors = embedder.embed(&texts)?;
        round_to_halves(&mut vectors.data, vectors.dims);
        let rows: Vec<(UnitId, &[f32])> = units.iter().copied().zip(vectors.rows()).collect();
        store.put_vectors(scope, &space, &rows)?;
        done += units.len() as u64;
        let come = Progress { work: Work::Vectors, done, of };
        if progress(come).is_break() { Err(EngineError::Stopped) } else { Ok(()) }
    };
    for batch in missing.turns.chunks(BATCH) {
        let turns = store.turns(scope, batch)?;
        let units: Vec<UnitId> = turns.iter().map(|t| UnitId::Turn(t.seq)).collect();
        let texts: Vec<String> = turns.iter().map(|t| turn_text(&t.turn)).collect();
        store_batch(&units, &texts)?;
    }
    for (units, texts) in missing.memories {
        store_batch(&units, &texts)?;
    }
    Ok(done)
}

/// Rounds vectors of so many numbers to floats of 16 bits, which a store may keep in half of the bytes, each unless it would be
/// another one then, as where a number is beyond their range. Its length and angle change by less than a thousandth.
fn round_to_halves(vectors: &mut [f32], dims: usize) {
    let mut halves = vec![f16::ZERO; vectors.len()];
    halves.convert_from_f32_slice(vectors);
    let mut rounded = vec![0.0; vectors.len()];
    halves.convert_to_f32_slice(&mut rounded);
    for (vector, rounded) in vectors.chunks_exact_mut(dims.max(1)).zip(rounded.chunks_exact(dims.max(1))) {
        let (mut off, mut whole) = (0.0, 0.0);
        for (x, rounded) in vector.iter().zip(rounded) {
            off += (rounded - x).powi(2);
            whole += x * x;
        }
        if off <= 1e-6 * whole {
            vector.copy_from_slice(rounded);
        }
    }
}

/// Units with their texts.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_is_rounded_where_it_stays_the_vector_that_it_was() {
        for (vector, expect) in [
            (vec![0.1, -0.7], vec![0.099_975_586, -0.700_195_3]),
            (vec![1.0, 0.0], vec![1.0, 0.0]),
            (vec![0.0, 0.0], vec![0.0, 0.0]),
            // One of many numbers may be too small to be a float of 16 bits; all of them may not, and none too large.
            (vec![1.0, 1e-9], vec![1.0, 0.0]),
            (vec![1e-9, 3e-9], vec![1e-9, 3e-9]),
            (vec![0.1, 70_000.0], vec![0.1, 70_000.0]),
        ] {
            let mut rounded = vector.clone();
            round_to_halves(&mut rounded, vector.len());
            assert_eq!(rounded, expect, "{vector:?}");
        }
        let mut odd = [f32::NAN, 0.1];
        round_to_halves(&mut odd, 2);
        assert_eq!(odd[1].to_bits(), 0.1_f32.to_bits());
        // One vector beside another.
        let mut both = [0.1, 70_000.0, 0.1, -0.7];
        round_to_halves(&mut both, 2);
        assert_eq!(both, [0.1, 70_000.0, 0.099_975_586, -0.700_195_3]);
    }
}
