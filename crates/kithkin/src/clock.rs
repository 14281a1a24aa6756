//! The machine's clock: the one place where the present comes in.

use std::time::{Duration, Instant, SystemTime};

use kithkin_core::{Clock, Millis};

/// The wall clock and the monotonic clock of the machine.
#[derive(Debug)]
pub(crate) struct SystemClock {
    start: Instant,
}

impl SystemClock {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Millis {
        // A clock before 1970 gives 0: turns dated later are then refused as lying in the future, with the clock named.
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
    }

    fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}
