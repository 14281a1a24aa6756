//! Where the store lies that is put through it, and what can happen around it.

#[allow(dead_code, reason = "the tests of the store use all of it")]
#[allow(clippy::unwrap_used, clippy::panic, reason = "servers that do not start end the run")]
#[path = "../../../crates/kithkin-store/tests/stores/cluster.rs"]
mod cluster;
mod file;
mod nodes;

use proptest::prelude::RngExt;
use proptest::test_runner::TestRng;

use crate::Kind;
use crate::driver::Client;
use crate::protocol::Ask;

pub(crate) use file::FilePlace;
pub(crate) use nodes::Nodes;

/// What may happen to the servers of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blow {
    /// The server cuts the connections.
    Cut,
    /// It is killed, and comes back.
    Server,
    /// It is killed, and its replica takes over.
    Failover,
}

/// Where a store lies.
pub(crate) enum Place {
    File(FilePlace),
    Nodes(Box<Nodes>),
}

/// How a place is treated.
pub(crate) struct Pace {
    /// How often something goes wrong, in a thousand rounds, where nothing else is said.
    pub(crate) faults: u32,
    /// After every so manieth round all is looked at of the persons that it was about, and not only their counters.
    pub(crate) views_every: u64,
    /// Every so manieth operation compacts the store.
    pub(crate) compacts_every: u64,
    /// How long an operation takes, in microseconds: at some moment of it clients are killed.
    pub(crate) operation: u64,
    /// How many calls a fault may last.
    pub(crate) longest_fault: u64,
}

impl Place {
    /// Makes an empty store, perhaps on a disk that lies.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn new(kind: Kind, lies: bool) -> anyhow::Result<Self> {
        Ok(match kind {
            Kind::Sqlite => Self::File(FilePlace::new(lies)?),
            Kind::Postgres => Self::Nodes(Box::new(Nodes::new()?)),
        })
    }

    /// Starts a client that has opened the store.
    ///
    /// # Errors
    /// It does not start, or cannot open the store.
    pub(crate) fn client(&self, n: usize) -> anyhow::Result<Client> {
        let mut client = match self {
            Self::File(place) => Client::start(&place.path().display().to_string(), place.folder(), place.lies)?,
            Self::Nodes(nodes) => Client::start(nodes.address(), &nodes.folder(n)?, false)?,
        };
        client.answer(Ask::Open)?;
        Ok(client)
    }

    pub(crate) fn pace(&self) -> Pace {
        match self {
            Self::File(_) => {
                Pace { faults: 60, views_every: 1, compacts_every: 211, operation: 3_000, longest_fault: u64::MAX }
            }
            // To compact is to rewrite some two hundred tables; a connection that does not come back costs seconds.
            Self::Nodes(_) => {
                Pace { faults: 30, views_every: 8, compacts_every: 20_011, operation: 30_000, longest_fault: 3 }
            }
        }
    }

    /// Whether what was broken off may still be under way when a client reads, until another has written.
    pub(crate) fn settles(&self) -> bool {
        matches!(self, Self::Nodes(_))
    }

    /// Whether the power may go.
    pub(crate) fn has_power(&self) -> bool {
        matches!(self, Self::File(_))
    }

    /// What happens to the servers, where there are some and it is their turn; all is ready for it.
    ///
    /// # Errors
    /// The servers do not answer.
    pub(crate) fn blow(&mut self, series: &mut TestRng) -> anyhow::Result<Option<Blow>> {
        let Self::Nodes(nodes) = self else { return Ok(None) };
        let blow = match series.random_range(0..200) {
            0..20 => Blow::Cut,
            20..25 => Blow::Server,
            25..28 => Blow::Failover,
            _ => return Ok(None),
        };
        nodes.aim(blow)?;
        Ok(Some(blow))
    }

    /// Does it, and mends what it broke of the servers.
    ///
    /// # Errors
    /// The servers do not answer.
    pub(crate) fn strike(&mut self, blow: Blow) -> anyhow::Result<()> {
        match self {
            Self::File(_) => Ok(()),
            Self::Nodes(nodes) => nodes.strike(blow),
        }
    }
}
