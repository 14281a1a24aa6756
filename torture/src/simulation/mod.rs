//! The simulator: rounds of a few operations side by side, something that goes wrong in some of them, and after each a look
//! whether the model explains what the clients saw.
//!
//! A seed makes the operations and the mishaps. What one client does alone, without being killed at a moment that only the
//! clock knows, is the same in every run; how clients meet is not.

mod counts;
mod living;
mod mishap;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use anyhow::{Context, bail};
use kithkin_store::MemoryStore;
use proptest::prelude::RngExt;
use proptest::test_runner::TestRng;

use crate::client::state;
use crate::driver::Client;
use crate::invariants::{self, Call, Erased, Explained, Outcome, Seen, everyone, explain, texts};
use crate::lives::Lives;
use crate::operations::{self, How, Op, apply, scope, view};
use crate::place::{Blow, Place};
use crate::protocol::{Ask, Failure, Look, Named, Operations, series};
use counts::Counts;
use mishap::{Mishap, Points};

/// How often everybody's data is looked at where nothing went wrong, in rounds.
const ALL: u64 = 50;

/// How many of a hundred rounds go through the facade.
const LIVES: u32 = 15;

/// A run.
pub(crate) struct Simulation {
    seed: u64,
    place: Place,
    clients: Vec<Client>,
    operations: Operations,
    /// What the store has to hold.
    model: MemoryStore,
    /// What it may hold as well: states that look like the model, until a new person shows which it is.
    others: Vec<MemoryStore>,
    /// What has to come of the persons that are known through the facade, and the receipts of what they forgot.
    lives: Lives,
    receipts: VecDeque<String>,
    /// Persons whose rebuild was broken off, until another ends.
    half_rebuilt: BTreeSet<u8>,
    /// States that a loss of power may yet bring about: with an operation that was broken off, and is not seen.
    late: Vec<MemoryStore>,
    erased: Erased,
    /// Whether the store says that erased bytes are still there.
    bytes_left: bool,
    series: TestRng,
    points: Points,
    /// How often something goes wrong, in a thousand rounds.
    faults: u32,
    rounds: u64,
    /// Whether the last round broke something off, and nothing was written since.
    broken_off: bool,
    /// What happens to the servers in every run, and at which operation.
    due: Vec<(u64, Blow)>,
    counts: Counts,
}

/// An operation with the client that it goes to.
struct Going {
    client: usize,
    named: Named,
    op: Op,
}

/// What became of the operations of a round.
#[derive(Default)]
struct Heard {
    calls: Vec<Call>,
    /// The clients that are dead.
    dead: Vec<usize>,
}

impl Simulation {
    /// Makes an empty store with its clients.
    ///
    /// # Errors
    /// The store cannot be made, or the clients cannot be started.
    pub(crate) fn new(place: Place, seed: u64, clients: usize, faults: Option<u32>) -> anyhow::Result<Self> {
        let mut simulation = Self {
            seed,
            faults: faults.unwrap_or(place.pace().faults),
            place,
            clients: Vec::new(),
            operations: Operations::new(),
            model: MemoryStore::new(),
            others: Vec::new(),
            lives: Lives::in_memory(),
            receipts: VecDeque::new(),
            half_rebuilt: BTreeSet::new(),
            late: Vec::new(),
            erased: Erased::new(),
            bytes_left: false,
            series: series(seed, u64::MAX),
            points: Points::default(),
            rounds: 0,
            broken_off: false,
            due: Vec::new(),
            counts: Counts::new(),
        };
        for n in 0..clients.max(1) {
            let client = simulation.place.client(n)?;
            simulation.clients.push(client);
        }
        Ok(simulation)
    }

    /// Runs so many operations more; `tell` is told ten times how it stands.
    ///
    /// # Errors
    /// An invariant is broken, or the simulation itself fails.
    pub(crate) fn run(&mut self, operations: u64, tell: impl Fn(&Counts)) -> anyhow::Result<()> {
        let end = self.counts.operations + operations;
        if matches!(self.place, Place::Nodes(_)) {
            self.due = vec![(end - operations / 3, Blow::Failover), (end - operations / 3 * 2, Blow::Server)];
        }
        while self.counts.operations < end {
            let first = self.counts.operations;
            self.round().with_context(|| format!("at operation {first} of seed {}", self.seed))?;
            let part = (operations / 10).max(1);
            if first / part != self.counts.operations / part && self.counts.operations < end {
                tell(&self.counts);
            }
        }
        self.all_is_well().context("at the end")?;
        tell(&self.counts);
        Ok(())
    }

    fn round(&mut self) -> anyhow::Result<()> {
        self.rounds += 1;
        if self.series.random_ratio(LIVES, 100) {
            return self.live_round();
        }
        let again = std::mem::take(&mut self.broken_off) && self.series.random_bool(0.3);
        let going = if again { Vec::new() } else { self.choose()? };
        let names: Vec<_> = going.iter().map(|one| (one.client, mishap::name_of(&one.op))).collect();
        let mishap = if again { self.end_of_all() } else { self.maybe_mishap(&names)? };
        let wrong = !matches!(mishap, Mishap::None);
        for one in &going {
            let fault = mishap.fault_of(one.client);
            self.clients[one.client].ask(Ask::Do(one.named), fault)?;
        }
        self.strike(&mishap)?;
        let mut heard = self.hear(&going, &mishap)?;
        let all_died = self.revive(&mut heard.dead, &mishap)?;
        let doubt = heard.calls.iter().any(|call| matches!(call.outcome, Outcome::InDoubt(_)));
        self.judge(&heard.calls, wrong || doubt, all_died)
    }

    fn maybe_mishap(&mut self, going: &[(usize, String)]) -> anyhow::Result<Mishap> {
        if let Some((_, blow)) = self.due.pop_if(|(at, _)| *at <= self.counts.operations) {
            return Ok(Mishap::Blow(blow, self.moment()));
        }
        let wrong = self.series.random_ratio(self.faults.min(1000), 1000);
        if wrong { self.mishap(going) } else { Ok(Mishap::None) }
    }

    /// The operations of a round: one, or a few side by side.
    fn choose(&mut self) -> anyhow::Result<Vec<Going>> {
        let width = if self.series.random() { 1 } else { self.series.random_range(1..=self.clients.len()) };
        let compacts_every = self.place.pace().compacts_every;
        let mut going: Vec<Going> = Vec::new();
        let first = self.series.random_range(0..self.clients.len());
        while going.len() < width {
            let number = self.counts.operations;
            let number = (number % compacts_every != compacts_every - 1).then_some(number);
            let op = self.operations.of(self.seed, number);
            let low = op.low(&self.model)?;
            // One that reads and then writes what it has read is no single step, so it goes alone.
            let alone = matches!(op, Op::Derive(_) | Op::PutChain(..) | Op::EndDisclosure(..) | Op::Compact);
            if alone && !going.is_empty() {
                break;
            }
            let client = (first + going.len()) % self.clients.len();
            going.push(Going { client, named: Named { seed: self.seed, number, low }, op: op.above(low) });
            self.counts.operations += 1;
            if alone {
                break;
            }
        }
        Ok(going)
    }

    fn hear(&mut self, going: &[Going], mishap: &Mishap) -> anyhow::Result<Heard> {
        let mut heard = Heard::default();
        for one in going {
            let reply = self.clients[one.client].hear()?;
            self.went(one.client, &mishap::name_of(&one.op), mishap.fault_of(one.client), reply.as_ref());
            let outcome = match reply.map(|reply| reply.said) {
                Some(Ok(answer)) => {
                    self.counts.answered += 1;
                    Outcome::Answered(answer)
                }
                // An erasure that fails may have failed at the bytes, after the records were gone.
                Some(Err(Failure { taken_back: true, why })) if !matches!(one.op, Op::Erase(..)) => {
                    self.counts.taken_back += 1;
                    Outcome::TakenBack(why)
                }
                Some(Err(Failure { why, .. })) => Outcome::InDoubt(why),
                None => {
                    heard.dead.push(one.client);
                    Outcome::InDoubt("killed".to_owned())
                }
            };
            self.counts.in_doubt += u64::from(matches!(outcome, Outcome::InDoubt(_)));
            if let Outcome::TakenBack(why) | Outcome::InDoubt(why) = &outcome
                && !mishap.excuses(one.client)
            {
                bail!("{:?}, with nothing in its way, failed: {why}", one.op);
            }
            heard.calls.push(Call { op: one.op.clone(), outcome });
        }
        Ok(heard)
    }

    /// Holds what was answered, and what is seen now, to the model.
    fn judge(&mut self, calls: &[Call], wrong: bool, all_died: bool) -> anyhow::Result<()> {
        let erasing = |call: &&Call| matches!(call.op, Op::Erase(_, _, How::Erased | How::Noted));
        let mut before = Erased::new();
        for n in calls.iter().filter(erasing).flat_map(|call| call.op.scopes()) {
            before.extend(texts(&self.model, &scope(n))?);
        }
        let everybody = wrong || self.rounds.is_multiple_of(ALL);
        let mut scopes: Vec<u8> =
            if everybody { everyone().collect() } else { calls.iter().flat_map(|call| call.op.scopes()).collect() };
        scopes.sort_unstable();
        let named = scopes.len();
        scopes.dedup();
        // Two orders of writes to one person may come to the same counters.
        let meet = scopes.len() < named && calls.len() > 1;
        if wrong && self.place.settles() {
            self.any_client().answer(Ask::Settle(scopes.clone()))?;
        }
        let look = match everybody {
            true => Look::Closely,
            false if meet || self.rounds.is_multiple_of(self.place.pace().views_every) => Look::View,
            false => Look::Glance,
        };
        let seen = self.see(&scopes, look)?;
        self.counts.compared += u64::from(everybody);
        let mut found = explain(std::iter::once(&self.model).chain(&self.others), calls, &seen)?;
        if found.is_empty() && all_died {
            found = explain(self.late.iter(), calls, &seen)?;
            self.counts.late += u64::from(!found.is_empty());
        }
        if found.is_empty() {
            return Err(self.broken(calls, &scopes));
        }
        self.counts.open += u64::from(found.len() > 1);
        let in_doubt = |(call, done): &(&Call, &bool)| **done && call.outcome.is_in_doubt();
        self.counts.done += calls.iter().zip(&found[0].done).filter(in_doubt).count() as u64;
        self.note_late(&found, calls, all_died)?;
        self.model = found.remove(0).state;
        self.others = found.into_iter().map(|one| one.state).collect();
        self.note_texts(calls, before)?;
        // To look is to write: what was broken off cannot come back then.
        if wrong && self.series.random() {
            self.check()?;
        } else {
            self.broken_off = calls.iter().any(|call| !matches!(call.outcome, Outcome::Answered(_)));
            self.bytes_left |= self.broken_off;
        }
        let gone = calls.iter().filter(erasing).any(|call| matches!(call.outcome, Outcome::Answered(_)));
        if !wrong && gone {
            self.bytes_left = false;
        }
        if (gone || wrong) && !self.bytes_left {
            self.no_bytes()?;
        }
        Ok(())
    }

    /// Keeps what may yet turn out to be done: what was broken off and is not seen, until something else has been written in
    /// its place.
    fn note_late(&mut self, found: &[Explained], calls: &[Call], all_died: bool) -> anyhow::Result<()> {
        if self.place.settles() {
            return Ok(());
        }
        let mut written = all_died;
        if !self.late.is_empty() {
            for n in calls.iter().flat_map(|call| call.op.scopes()) {
                written |= state(&self.model, n, Look::View)? != state(&found[0].state, n, Look::View)?;
            }
        }
        if written {
            self.late.clear();
        }
        for Explained { state, done } in found {
            for (call, _) in calls.iter().zip(done).filter(|(call, done)| call.outcome.is_in_doubt() && !**done) {
                let late = state.clone();
                apply(&late, &call.op)?;
                self.late.push(late);
            }
        }
        Ok(())
    }

    /// Keeps what was erased, and not what may have been said again.
    fn note_texts(&mut self, calls: &[Call], mut before: Erased) -> anyhow::Result<()> {
        for n in calls.iter().flat_map(|call| call.op.scopes()) {
            for text in texts(&self.model, &scope(n))? {
                before.remove(&text);
            }
        }
        self.erased.extend(before);
        for call in calls {
            if let Op::Append(persons, _) = &call.op {
                for (n, told) in persons.iter().flat_map(|(n, turns)| turns.iter().map(move |told| (*n, *told))) {
                    self.erased.remove(&operations::words(n, told));
                }
            }
        }
        Ok(())
    }

    fn any_client(&mut self) -> &mut Client {
        let n = self.series.random_range(0..self.clients.len());
        &mut self.clients[n]
    }

    /// What any client sees of these persons.
    fn see(&mut self, scopes: &[u8], look: Look) -> anyhow::Result<Seen> {
        let seen = self.any_client().answer(Ask::See(scopes.to_vec(), look))?;
        let states: BTreeMap<u8, String> = scopes.iter().copied().zip(seen.split(' ').map(str::to_owned)).collect();
        if let Some((n, wrong)) = states.iter().find(|(_, seen)| seen.starts_with('!')) {
            bail!("the records of {} are not sound: {wrong}", scope(*n));
        }
        Ok(Seen { look, states })
    }

    /// Lets the store look at itself; it must find nothing, but that erased bytes are still there.
    fn check(&mut self) -> anyhow::Result<()> {
        let problems = self.any_client().answer(Ask::Check)?;
        self.late.clear();
        self.bytes_left = problems.contains("erased bytes");
        let others: Vec<&str> = problems.lines().filter(|line| !line.contains("erased bytes")).collect();
        if !others.is_empty() {
            bail!("the store finds itself damaged: {others:?}");
        }
        Ok(())
    }

    fn no_bytes(&self) -> anyhow::Result<()> {
        let Place::File(place) = &self.place else { return Ok(()) };
        if let Some(left) = invariants::left_bytes(&place.path(), &self.erased)? {
            bail!("erased, and {left}");
        }
        Ok(())
    }

    /// Everything that must hold at rest.
    fn all_is_well(&mut self) -> anyhow::Result<()> {
        let scopes: Vec<u8> = everyone().collect();
        let seen = self.see(&scopes, Look::Closely)?;
        if explain(std::iter::once(&self.model), &[], &seen)?.is_empty() {
            return Err(self.broken(&[], &scopes));
        }
        self.check()?;
        if self.bytes_left { Ok(()) } else { self.no_bytes() }
    }

    /// Says what was seen beside what the model would show.
    fn broken(&mut self, calls: &[Call], scopes: &[u8]) -> anyhow::Error {
        let mut text = "no order of the operations explains what is seen".to_owned();
        for call in calls {
            text.push_str(&format!("\n{:?}\n  {:?}", call.op, call.outcome));
            for state in std::iter::once(&self.model).chain(&self.others) {
                let alone = apply(&state.clone(), &call.op).unwrap_or_else(|error| error.to_string());
                text.push_str(&format!("\n  by the model, if nothing came before it: {alone}"));
            }
        }
        for n in scopes {
            let model = view(&self.model, &scope(*n)).unwrap_or_else(|error| error.to_string());
            let store = self.clients[0].answer(Ask::Show(*n)).unwrap_or_else(|error| format!("{error:#}"));
            if model != store {
                text.push_str(&format!(
                    "\n-- {} before, in the model\n{model}\n-- and in the store\n{store}",
                    scope(*n)
                ));
            }
        }
        anyhow::anyhow!(text)
    }
}
