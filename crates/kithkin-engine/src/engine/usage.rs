//! What the engine uses, for whoever watches it.

use kithkin_core::Spent;

use crate::Engine;
use crate::cache::Held;

/// What an engine holds now, and what it took since it began. It names no person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Bytes of the indexes in memory.
    pub index_bytes: u64,
    /// Indexes in memory.
    pub indexes: u64,
    /// Recalls that found their index in memory.
    pub index_hits: u64,
    /// Recalls whose index had to be made.
    pub index_misses: u64,
    /// What chat models were asked.
    pub chat: Spent,
    /// Requests to them that were not sent, as the person's budget was used up.
    pub over_budget: u64,
}

impl Engine {
    /// What is used.
    pub fn usage(&self) -> Usage {
        let Held { bytes, slots, hits, misses } = self.cache.held();
        Usage {
            index_bytes: bytes,
            indexes: slots,
            index_hits: hits,
            index_misses: misses,
            chat: self.totals.spent(),
            over_budget: self.totals.refused(),
        }
    }
}
