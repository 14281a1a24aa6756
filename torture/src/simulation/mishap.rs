//! What goes wrong in a round, and how it is mended: which client, at which call, how.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::RngExt;

use super::Simulation;
use crate::faults::{Fault, Kind};
use crate::operations::Op;
use crate::place::{Blow, Place};
use crate::protocol::{Ask, Reply};

/// What goes wrong.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mishap {
    None,
    /// A fault under the store of a client; where the client is killed by it, perhaps with the power.
    Fault {
        client: usize,
        fault: Fault,
        power: bool,
    },
    /// A client is killed, or all are, at some moment.
    Kill {
        client: Option<usize>,
        after: Duration,
        power: bool,
    },
    /// A client closes the store and opens it again, with a fault at either.
    Reopen {
        client: usize,
        closing: Option<Fault>,
        opening: Option<Fault>,
        power: bool,
    },
    /// Something happens to the servers.
    Blow(Blow, Duration),
}

impl Mishap {
    pub(super) fn fault_of(&self, of: usize) -> Option<Fault> {
        match self {
            Self::Fault { client, fault, .. } if *client == of => Some(*fault),
            _ => None,
        }
    }

    /// Whether an operation of this client may fail by it.
    pub(super) fn excuses(&self, of: usize) -> bool {
        match self {
            Self::None | Self::Reopen { .. } => false,
            // Others are killed with it where the power goes.
            Self::Fault { client, power, .. } => *client == of || *power,
            Self::Kill { client, .. } => client.is_none_or(|client| client == of),
            Self::Blow(..) => true,
        }
    }

    fn power(&self) -> bool {
        match self {
            Self::Fault { power, .. } | Self::Kill { power, .. } | Self::Reopen { power, .. } => *power,
            Self::None | Self::Blow(..) => false,
        }
    }
}

/// At which call of an operation the next fault of a kind strikes: spread evenly over as many calls as such an operation
/// took last, so that few faults reach all parts of it, and many every call.
#[derive(Debug, Default)]
pub(super) struct Points {
    steps: BTreeMap<String, u64>,
    faults: BTreeMap<(String, Kind), u64>,
}

impl Points {
    fn next(&mut self, name: &str, kind: Kind) -> u64 {
        let steps = self.steps.get(name).copied().unwrap_or(1);
        let fault = self.faults.entry((name.to_owned(), kind)).or_default();
        *fault += 1;
        // The parts that the golden ratio leaves of a whole are the most even that can be had one by one.
        let part = fault.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        1 + ((part * steps) >> 32)
    }

    /// An operation took so many calls.
    pub(super) fn went(&mut self, name: &str, steps: u64) {
        self.steps.insert(name.to_owned(), steps);
    }
}

/// The kind of an operation. What only counts or adds nothing goes through other calls than what writes, so they are apart.
pub(super) fn name_of(op: &Op) -> String {
    let text = format!("{op:?}");
    let name = text.split('(').next().unwrap_or_default();
    match op {
        Op::Erase(_, _, how) => format!("{name} {how:?}"),
        _ => name.to_owned(),
    }
}

impl Simulation {
    /// What goes wrong in a round of operations of these clients, each of a kind.
    pub(super) fn mishap(&mut self, going: &[(usize, String)]) -> anyhow::Result<Mishap> {
        if let Some(blow) = self.place.blow(&mut self.series)? {
            return Ok(Mishap::Blow(blow, self.moment()));
        }
        let power = self.place.has_power() && self.series.random();
        match self.series.random_range(0..10) {
            0..7 => {
                let (client, name) = &going[self.series.random_range(0..going.len())];
                let (client, fault) = (*client, self.fault(name));
                Ok(Mishap::Fault { client, fault, power: power && fault.kind.kills() })
            }
            7..9 => {
                let client = (!power && self.series.random()).then(|| self.series.random_range(0..self.clients.len()));
                Ok(Mishap::Kill { client, after: self.moment(), power })
            }
            _ => {
                let client = self.series.random_range(0..self.clients.len());
                // One that an operation goes to is busy with it.
                if going.iter().any(|(busy, _)| *busy == client) {
                    return Ok(Mishap::Kill { client: Some(client), after: self.moment(), power: false });
                }
                let closing = self.series.random_bool(0.5).then(|| self.fault("close"));
                let opening = self.series.random_bool(0.7).then(|| self.fault("open"));
                Ok(Mishap::Reopen { client, closing, opening, power })
            }
        }
    }

    /// All clients are killed, perhaps with the power, before they do anything.
    pub(super) fn end_of_all(&mut self) -> Mishap {
        let power = self.place.has_power() && self.series.random();
        Mishap::Kill { client: None, after: Duration::ZERO, power }
    }

    fn fault(&mut self, name: &str) -> Fault {
        let kind = Kind::ALL[self.series.random_range(0..Kind::ALL.len())];
        let longest = if kind == Kind::Stall { 0 } else { self.place.pace().longest_fault };
        let more = if self.series.random_bool(0.2) { longest } else { 0 };
        Fault { at: self.points.next(name, kind), more, kind }
    }

    pub(super) fn moment(&mut self) -> Duration {
        Duration::from_micros(self.series.random_range(0..self.place.pace().operation))
    }

    /// Does what comes from outside of the clients, while they work.
    pub(super) fn strike(&mut self, mishap: &Mishap) -> anyhow::Result<()> {
        match mishap {
            Mishap::None | Mishap::Fault { .. } | Mishap::Reopen { .. } => {}
            Mishap::Kill { client, after, .. } => {
                std::thread::sleep(*after);
                let killed = client.map_or(0..self.clients.len(), |client| client..client + 1);
                for client in killed {
                    self.clients[client].kill()?;
                }
            }
            Mishap::Blow(blow, after) => {
                std::thread::sleep(*after);
                self.place.strike(*blow)?;
                match blow {
                    Blow::Cut => self.counts.cut += 1,
                    Blow::Server => self.counts.servers += 1,
                    Blow::Failover => self.counts.failovers += 1,
                }
            }
        }
        Ok(())
    }

    /// Starts the dead anew, after what their death brought with it; whether all were dead at once.
    pub(super) fn revive(&mut self, dead: &mut Vec<usize>, mishap: &Mishap) -> anyhow::Result<bool> {
        match mishap {
            Mishap::Kill { client: None, .. } => *dead = (0..self.clients.len()).collect(),
            Mishap::Kill { client: Some(client), .. } => *dead = vec![*client],
            Mishap::Reopen { client, closing, opening, .. } => {
                for (ask, name, fault) in [(Ask::Close, "close", closing), (Ask::Open, "open", opening)] {
                    if !self.reopen(*client, ask, name, *fault)? {
                        dead.push(*client);
                        break;
                    }
                }
            }
            _ => {}
        }
        if dead.is_empty() {
            return Ok(false);
        }
        if mishap.power() {
            for client in &mut self.clients {
                client.kill()?;
            }
            *dead = (0..self.clients.len()).collect();
        }
        self.counts.kills += dead.len() as u64;
        let all = dead.len() == self.clients.len();
        if mishap.power() {
            self.counts.power += 1;
            if let Place::File(place) = &self.place {
                place.lose_power(&mut self.series)?;
            }
        }
        for n in dead.iter() {
            self.clients[*n] = self.place.client(*n)?;
        }
        Ok(all)
    }

    /// Notes what became of a request: whether the fault struck that it came with, or else how many calls it took.
    pub(super) fn went(&mut self, client: usize, name: &str, fault: Option<Fault>, reply: Option<&Reply>) {
        match (reply, fault) {
            (Some(reply), None) => self.points.went(name, reply.steps),
            (reply, Some(fault)) => {
                self.counts.faults += u64::from(reply.is_none_or(|reply| reply.steps >= fault.at));
                if reply.is_some() {
                    self.clients[client].spare();
                }
            }
            (None, None) => {}
        }
    }

    /// Closes or opens the store of a client; whether it lives.
    fn reopen(&mut self, client: usize, ask: Ask, name: &str, fault: Option<Fault>) -> anyhow::Result<bool> {
        self.clients[client].ask(ask.clone(), fault)?;
        let reply = self.clients[client].hear()?;
        self.went(client, name, fault, reply.as_ref());
        let Some(reply) = reply else { return Ok(false) };
        match reply.said {
            Err(failure) if fault.is_none() => anyhow::bail!("{ask:?}, with nothing in its way: {}", failure.why),
            // What it could not open it opens now.
            Err(_) => self.clients[client].answer(ask).map(|_| true),
            Ok(_) => Ok(true),
        }
    }
}
