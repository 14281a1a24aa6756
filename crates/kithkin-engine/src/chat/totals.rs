//! What all persons' work took of the chat model since the engine began: sums for whoever watches it, in which nobody is named.

use std::sync::atomic::{AtomicU64, Ordering};

use kithkin_core::Spent;

/// The sums.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    calls: AtomicU64,
    read: AtomicU64,
    said: AtomicU64,
    refused: AtomicU64,
}

impl Totals {
    /// Work is done.
    pub(crate) fn add(&self, spent: Spent) {
        for (sum, more) in [(&self.calls, spent.calls), (&self.read, spent.read), (&self.said, spent.said)] {
            sum.fetch_add(more, Ordering::Relaxed);
        }
    }

    /// A request was not sent, as the person's budget was used up.
    pub(crate) fn refuse(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn spent(&self) -> Spent {
        let of = |sum: &AtomicU64| sum.load(Ordering::Relaxed);
        Spent { calls: of(&self.calls), read: of(&self.read), said: of(&self.said) }
    }

    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}
