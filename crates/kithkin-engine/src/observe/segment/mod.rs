//! The stage `segment`: which units a session is cut into, beside its single turns.

mod round;
mod session;
mod window;

use std::fmt::Debug;
use std::ops::Range;

use kithkin_core::MemoryKind;

use super::Sitting;
use crate::method::strategies;

/// A unit of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    /// The position in the session of the turn that the unit stands for.
    pub(crate) stands_for: usize,
    /// The positions that it covers.
    pub(crate) covers: Range<usize>,
}

impl Span {
    /// The unit of these positions, which stands for its first turn.
    pub(crate) fn of(covers: Range<usize>) -> Self {
        Self { stands_for: covers.start, covers }
    }
}

/// Cuts a session into units.
pub(crate) trait Segment: Debug + Send + Sync {
    /// What the units are.
    fn kind(&self) -> MemoryKind;

    /// Whether it looks at the vectors of the turns.
    fn needs_vectors(&self) -> bool {
        false
    }

    /// The units of a session. Every turn MUST be covered, and every position exist. A session of no turns has none.
    fn spans(&self, sitting: &Sitting) -> Vec<Span>;
}

strategies! { "observe.segment", Segment:
    "round" => round::Round,
    "session" => session::WholeSession,
    "window" => window::Window,
}

/// The units between boundaries: `starts` are the positions, above 0 and ascending, at which a new unit begins.
pub(crate) fn between(starts: &[usize], turns: usize) -> Vec<Span> {
    let ends = starts.iter().copied().chain([turns]);
    let mut from = 0;
    let units = ends.filter_map(|end| {
        let covers = from..end.min(turns);
        from = covers.end.max(from);
        (!covers.is_empty()).then(|| Span::of(covers))
    });
    units.collect()
}

/// What the tests of strategies print of their units: `0..3 3..5`.
#[cfg(test)]
pub(crate) fn shown(spans: &[Span]) -> String {
    spans.iter().map(|s| format!("{:?}", s.covers)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boundaries_become_units() {
        let check = |starts: &[usize], turns: usize, expect: &str| assert_eq!(shown(&between(starts, turns)), expect);
        check(&[], 0, "");
        check(&[], 3, "0..3");
        check(&[1, 2], 3, "0..1 1..2 2..3");
        check(&[3, 9], 3, "0..3");
    }
}
