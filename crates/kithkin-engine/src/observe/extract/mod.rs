//! The stage `extract`: which memories are made of a session and its units.

mod span;

use std::fmt::Debug;

use kithkin_core::{Memory, MemoryKind};

use super::Sitting;
use super::segment::Span;
use crate::method::strategies;

/// Makes memories.
pub(crate) trait Extract: Debug + Send + Sync {
    /// What it makes; `units` is what the segmenter's units are.
    fn kinds(&self, units: MemoryKind) -> Vec<MemoryKind>;

    /// The memories of a session with these units. Each MUST list the turns it came from, the one that it stands for
    /// first, and no other turns.
    fn extract(&self, sitting: &Sitting, kind: MemoryKind, spans: &[Span]) -> Vec<Memory>;
}

strategies! { "observe.extract", Extract:
    "span" => span::WholeSpan,
}

/// A memory of some turns of a session, given by their positions; the first is the one that it stands for, and gives the
/// time. `None` without a position that exists.
pub(crate) fn memory_of(
    sitting: &Sitting,
    kind: MemoryKind,
    text: String,
    positions: impl IntoIterator<Item = usize>,
) -> Option<Memory> {
    let turns: Vec<_> = positions.into_iter().filter_map(|i| sitting.turns().get(i)).collect();
    let said_at = turns.first()?.turn.said_at;
    Some(Memory { kind, text, sources: turns.iter().map(|t| t.seq).collect(), said_at })
}
