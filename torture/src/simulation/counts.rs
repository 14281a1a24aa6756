//! What a run is judged by: how much there was of each.

use std::fmt;
use std::time::Instant;

/// Counts of a run.
#[derive(Debug)]
pub(crate) struct Counts {
    begun: Instant,
    pub(crate) operations: u64,
    /// Operations that were answered.
    pub(crate) answered: u64,
    /// Of which the store said that nothing was written.
    pub(crate) taken_back: u64,
    /// Of which nobody knew, until it was read, whether they were done.
    pub(crate) in_doubt: u64,
    /// Of those, the ones that were done.
    pub(crate) done: u64,
    /// Faults that struck under the store.
    pub(crate) faults: u64,
    /// Clients that were killed.
    pub(crate) kills: u64,
    /// Times that the power went.
    pub(crate) power: u64,
    /// Servers that were killed, and connections that were cut by them.
    pub(crate) servers: u64,
    pub(crate) cut: u64,
    /// Times that a replica took over.
    pub(crate) failovers: u64,
    /// Operations in doubt that were seen only after the power had gone.
    pub(crate) late: u64,
    /// Rounds after which the store may hold one of several states that look the same.
    pub(crate) open: u64,
    /// Times that everything was compared.
    pub(crate) compared: u64,
}

impl Counts {
    pub(crate) fn new() -> Self {
        Self {
            begun: Instant::now(),
            operations: 0,
            answered: 0,
            taken_back: 0,
            in_doubt: 0,
            done: 0,
            faults: 0,
            kills: 0,
            power: 0,
            servers: 0,
            cut: 0,
            failovers: 0,
            late: 0,
            open: 0,
            compared: 0,
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} operations in {:.0} s: {} answered, {} taken back, {} in doubt, of which {} were done ({} seen late), {} \
             rounds left open; ",
            self.operations,
            self.begun.elapsed().as_secs_f64(),
            self.answered,
            self.taken_back,
            self.in_doubt,
            self.done,
            self.late,
            self.open,
        )?;
        write!(
            f,
            "{} faults under the store, {} clients killed, {} losses of power, {} servers killed, {} times connections cut, \
             {} failovers; everybody's data compared {} times",
            self.faults, self.kills, self.power, self.servers, self.cut, self.failovers, self.compared
        )
    }
}
