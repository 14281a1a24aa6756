//! A new unit after a pause: whoever comes back after a while rarely goes on where the talk stopped.
//!
//! Silence is the usual border of a session in logs; half an hour of it is the convention since Catledge and Pitkow,
//! *Characterizing Browsing Strategies in the World-Wide Web* (1995), who found 25.5 minutes. Needs the times of the
//! turns; a turn of unknown time follows the one before it without a pause. Costs one pass.

use kithkin_core::{ChatError, MemoryKind, Millis};
use serde::Deserialize;

use super::{Segment, Span, between};
use crate::chat::Chat;
use crate::method::Strategy;
use crate::observe::Sitting;

/// Parameters of `time-gap`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TimeGap {
    /// The shortest pause that begins a new unit, in minutes; 1 to 525,600 (a year), default 30.
    minutes: u32,
}

impl Default for TimeGap {
    fn default() -> Self {
        Self { minutes: 30 }
    }
}

impl Strategy for TimeGap {
    fn check(&self) -> Result<(), String> {
        if !(1..=525_600).contains(&self.minutes) {
            return Err(format!("minutes is {}; it must lie within 1 and 525600", self.minutes));
        }
        Ok(())
    }
}

impl Segment for TimeGap {
    fn kind(&self) -> MemoryKind {
        MemoryKind::Segment
    }

    fn spans(&self, sitting: &Sitting, _chat: &Chat<'_>) -> Result<Vec<Span>, ChatError> {
        let pause = Millis::from(self.minutes) * 60_000;
        let mut last: Option<Millis> = None;
        let mut starts = Vec::new();
        for (i, turn) in sitting.turns().iter().enumerate() {
            let Some(said_at) = turn.turn.said_at.map(|t| t.start()) else { continue };
            if last.is_some_and(|last| said_at - last >= pause) {
                starts.push(i);
            }
            last = Some(said_at);
        }
        Ok(between(&starts, sitting.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::shown;
    use super::*;

    #[test]
    fn a_pause_as_long_as_the_least_one_begins_a_unit() {
        // The turns of a test's session are a minute apart.
        let check = |minutes, expect: &str| {
            assert_eq!(
                shown(&TimeGap { minutes }.spans(&Sitting::of(&["a", "b", "c"]), &Chat::new(None)).unwrap()),
                expect
            );
        };
        check(1, "0..1 1..2 2..3");
        check(2, "0..3");
    }
}
