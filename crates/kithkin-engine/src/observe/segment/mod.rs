//! The stage `segment`: which units a session is searched in, beside its single turns.

mod window;

use std::fmt::Debug;
use std::ops::Range;

use kithkin_core::MemoryKind;

use crate::method::strategies;

/// A unit of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    /// The position in the session of the turn that the unit stands for.
    pub(crate) stands_for: usize,
    /// The positions that it covers.
    pub(crate) covers: Range<usize>,
}

/// Cuts a session into units.
pub(crate) trait Segment: Debug + Send + Sync {
    /// What the units are.
    fn kind(&self) -> MemoryKind;

    /// The units of a session of `turns` turns. Every turn MUST be covered, and every position exist.
    fn spans(&self, turns: usize) -> Vec<Span>;
}

strategies! { "observe.segment", Segment:
    "window" => window::Window,
}
