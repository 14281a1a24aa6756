//! Which requests are made again, and after which pause.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::Duration;

/// The longest pause that an endpoint may ask for.
const LONGEST: Duration = Duration::from_secs(30);

/// Whether the same request may succeed later: the endpoint is full, or broken for now.
pub(super) fn may_succeed_later(status: u16) -> bool {
    matches!(status, 408 | 409 | 429 | 500 | 502 | 503 | 504 | 529)
}

/// How often a request is made again, and how long the first pause is; each later one is twice as long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pauses {
    pub(super) again: u32,
    pub(super) first: Duration,
}

impl Default for Pauses {
    fn default() -> Self {
        Self { again: 3, first: Duration::from_millis(500) }
    }
}

impl Pauses {
    /// For one request.
    pub(super) fn tries(self) -> Tries {
        Tries { pauses: self, made: 0 }
    }
}

/// The tries of one request.
#[derive(Debug)]
pub(super) struct Tries {
    pauses: Pauses,
    made: u32,
}

impl Tries {
    /// The pause before the next try, between half and one and a half of its length, so that many clients do not come back
    /// at the same moment; at least what the endpoint asked for. `None` when there is no further try, or the endpoint asks
    /// for more than 30 s.
    pub(super) fn next(&mut self, asked_for: Option<Duration>) -> Option<Duration> {
        if self.made == self.pauses.again || asked_for.is_some_and(|pause| pause > LONGEST) {
            return None;
        }
        let pause = self.pauses.first * 2_u32.pow(self.made);
        self.made += 1;
        let share = RandomState::new().hash_one(self.made) as f64 / u64::MAX as f64;
        Some(pause.mul_f64(0.5 + share).max(asked_for.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        let mut tries = Pauses::default().tries();
        for expect in [500.0, 1000.0, 2000.0] {
            let pause = tries.next(None).unwrap().as_secs_f64() * 1e3;
            assert!((expect * 0.5..=expect * 1.5).contains(&pause), "{pause} of {expect}");
        }
        assert_eq!(tries.next(None), None);
        let asked = |seconds| Pauses::default().tries().next(Some(Duration::from_secs(seconds)));
        assert_eq!((asked(7), asked(31)), (Some(Duration::from_secs(7)), None));
    }
}
