//! The counters of a person, as both SQL stores keep them. No SQL is here.

use kithkin_core::Pulse;

/// The counters of a person.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counters {
    /// The last place given out; 0 before the first turn.
    pub(crate) last_seq: u64,
    /// The last number of a memory given out; 0 before the first.
    pub(crate) last_memory: u64,
    /// See [`Pulse`].
    pub(crate) version: u64,
    /// See [`Pulse`].
    pub(crate) epoch: u64,
}

/// What a write means to an index that was loaded before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stale {
    /// It lacks what was added.
    Behind,
    /// It holds what is no longer so.
    Whole,
}

impl Counters {
    /// Those of a person that begins now. `floor` is the highest of all persons erased before.
    pub(crate) fn begin(floor: u64) -> Self {
        Self { last_seq: 0, last_memory: 0, version: floor, epoch: floor + 1 }
    }

    /// The next place. A log begins above all places of erased persons.
    pub(crate) fn next_seq(&mut self, floor: u64) -> u64 {
        self.last_seq = if self.last_seq == 0 { floor } else { self.last_seq } + 1;
        self.last_seq
    }

    /// The next number of a memory, likewise.
    pub(crate) fn next_memory(&mut self, floor: u64) -> u64 {
        self.last_memory = if self.last_memory == 0 { floor } else { self.last_memory } + 1;
        self.last_memory
    }

    /// The number of the write that comes next: higher than that of any before.
    pub(crate) fn next_write(&self) -> u64 {
        self.version + 1
    }

    /// The highest of them all, above which a later person of the same name begins.
    pub(crate) fn highest(&self) -> u64 {
        self.version.max(self.epoch).max(self.last_seq).max(self.last_memory)
    }

    /// Those after a write.
    pub(crate) fn written(mut self, stale: Stale) -> Self {
        self.version += 1;
        if stale == Stale::Whole {
            self.epoch += 1;
        }
        self
    }

    /// Those that are nowhere lower than those of another store.
    pub(crate) fn raised(mut self, to: Pulse) -> Self {
        self.last_seq = self.last_seq.max(to.last_seq);
        self.version = self.version.max(to.version);
        self.epoch = self.epoch.max(to.epoch);
        self
    }

    /// What a cache looks at.
    pub(crate) fn pulse(&self) -> Pulse {
        Pulse { version: self.version, epoch: self.epoch, last_seq: self.last_seq }
    }
}
