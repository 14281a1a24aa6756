//! Where the store lies that is put through it, and what can happen around it.

mod file;

use proptest::test_runner::TestRng;

use crate::Kind;
use crate::driver::Client;
use crate::protocol::Ask;

pub(crate) use file::FilePlace;

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
}

impl Place {
    /// Makes an empty store, perhaps on a disk that lies.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn new(kind: Kind, lies: bool) -> anyhow::Result<Self> {
        match kind {
            Kind::Sqlite => Ok(Self::File(FilePlace::new(lies)?)),
            Kind::Postgres => anyhow::bail!("not yet"),
        }
    }

    /// Starts a client that has opened the store.
    pub(crate) fn client(&self, _: usize) -> anyhow::Result<Client> {
        let mut client = match self {
            Self::File(place) => Client::start(&place.path().display().to_string(), place.folder(), place.lies)?,
        };
        client.answer(Ask::Open)?;
        Ok(client)
    }

    /// How often something goes wrong here, in a thousand rounds, where nothing else is said.
    pub(crate) fn faults(&self) -> u32 {
        match self {
            Self::File(_) => 60,
        }
    }

    /// Every so manieth operation compacts the store.
    pub(crate) fn compacts_every(&self) -> u64 {
        match self {
            Self::File(_) => 211,
        }
    }

    /// How long an operation takes here, in microseconds: at some moment of it clients are killed.
    pub(crate) fn longest_operation(&self) -> u64 {
        match self {
            Self::File(_) => 3_000,
        }
    }

    /// Whether what was broken off may still be under way when a client reads, until another has written.
    pub(crate) fn settles(&self) -> bool {
        match self {
            Self::File(_) => false,
        }
    }

    /// Whether the power may go.
    pub(crate) fn has_power(&self) -> bool {
        matches!(self, Self::File(_))
    }

    /// What happens to the servers, where there are some.
    pub(crate) fn blow(&self, _: &mut TestRng) -> Option<Blow> {
        match self {
            Self::File(_) => None,
        }
    }

    /// Does it.
    pub(crate) fn strike(&mut self, _: Blow) -> anyhow::Result<()> {
        match self {
            Self::File(_) => Ok(()),
        }
    }
}
