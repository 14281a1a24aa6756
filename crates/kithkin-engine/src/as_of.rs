//! As of when a memory is asked: from where relative dates count, and up to when what was said is seen.

use std::fmt;

use kithkin_core::{EventTime, Millis};

/// As of when a memory is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AsOf {
    /// Relative dates count from it.
    pub time: EventTime,
    upto: Millis,
}

impl AsOf {
    /// At a time: nothing is seen that was said or stored after it.
    pub fn at(time: EventTime) -> Self {
        Self { time, upto: time.end() }
    }

    /// Now, by a clock that says `time`. What is in the log has been said, whatever the clock says: it may be behind, or
    /// that of another machine ahead.
    pub fn now(time: EventTime) -> Self {
        Self { time, upto: Millis::MAX }
    }

    /// The last moment of which something is seen.
    pub fn upto(&self) -> Millis {
        self.upto
    }
}

impl fmt::Display for AsOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.time.fmt(f)
    }
}
