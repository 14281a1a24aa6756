//! The turns of a person that say something of somebody, with what they say, kept in memory and brought up to date.
//!
//! Reading what a turn says takes some 15 µs, and fetching the log more; a reply needs both of all that was ever said. So
//! what was read is kept, of turns that say nothing only what orders the others, and later calls read on from there. What
//! was erased or replaced makes all of it stale. Nothing here is stored, and nothing is filtered by time.

use std::ops::ControlFlow;
use std::sync::Arc;

use kithkin_core::{Millis, Pulse, Role, Scope, Seq, Store, StoreError, StoredTurn};

use super::entries::Entries;
use super::{Claim, Correction, Profile, patterns};
use crate::guard::Consent;

/// What a turn and its bookkeeping take in memory beside its text, in bytes: its ids, its speaker, a claim or two, and its
/// share of the entries.
const TURN_BYTES: usize = 900;

/// A turn, and what a rule reads of it.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) turn: StoredTurn,
    pub(crate) claims: Arc<[Claim]>,
}

impl From<StoredTurn> for Told {
    fn from(turn: StoredTurn) -> Self {
        let speaks = matches!(turn.turn.role, Role::User | Role::Assistant) && Correction::of(&turn.turn).is_none();
        let claims = if speaks { patterns::claims(&turn.turn.text) } else { Vec::new() };
        Self { turn, claims: claims.into() }
    }
}

impl Told {
    /// Whether a profile or a consent depends on it.
    fn matters(&self) -> bool {
        let turn = &self.turn.turn;
        !self.claims.is_empty() || Correction::of(turn).is_some() || Consent::of(turn).is_some()
    }
}

/// What orders a turn among the others, and what it replaces.
#[derive(Debug, Clone, Copy)]
struct Frame {
    seq: Seq,
    said: Option<Millis>,
    seen_at: Millis,
    supersedes: Option<Seq>,
}

/// A person's log: all turns by their frames, and those that matter whole, both in its order.
#[derive(Debug)]
pub(crate) struct Telling {
    epoch: u64,
    upto: u64,
    frames: Vec<Frame>,
    told: Vec<Told>,
    bytes: usize,
    /// When the last of the turns was seen: from then on all of them are there.
    latest: Millis,
    whole: Whole,
}

/// What all turns say together. A turn that is said after all others is added to it; for another, it is read anew.
#[derive(Debug)]
struct Whole {
    entries: Entries,
    /// How many frames, and how many of the turns that matter, are in it.
    frames: usize,
    told: usize,
    /// When the last dated of the turns that hold was said, which is where an undated one after it belongs.
    dated: Millis,
    /// The place of the last turn in it.
    last: (Millis, Seq),
}

impl Telling {
    /// An empty one, of a person whose data was last erased or replaced at `epoch`.
    pub(crate) fn new(epoch: u64) -> Self {
        let (frames, told) = (Vec::new(), Vec::new());
        Self { epoch, upto: 0, frames, told, bytes: 0, latest: Millis::MIN, whole: Whole::new() }
    }

    /// Whether it is up to date.
    pub(crate) fn is_fresh(&self, pulse: Pulse) -> bool {
        self.epoch == pulse.epoch && self.upto >= pulse.last_seq
    }

    /// Brings it up to date.
    pub(crate) fn refresh(
        stale: Option<Self>,
        store: &dyn Store,
        scope: &Scope,
        pulse: Pulse,
    ) -> Result<Self, StoreError> {
        let usable = stale.filter(|telling| telling.epoch == pulse.epoch);
        let mut telling = usable.unwrap_or_else(|| Self::new(pulse.epoch));
        store.scan_turns(scope, telling.upto, &mut |turn| {
            telling.take(turn);
            ControlFlow::Continue(())
        })?;
        telling.upto = telling.upto.max(pulse.last_seq);
        if !telling.read_on() {
            telling.whole = telling.read();
        }
        Ok(telling)
    }

    fn take(&mut self, turn: StoredTurn) {
        self.upto = turn.seq.0;
        let (said, seen_at) = (turn.turn.said_at.map(|at| at.start()), turn.seen_at());
        self.latest = self.latest.max(seen_at);
        self.frames.push(Frame { seq: turn.seq, said, seen_at, supersedes: turn.supersedes });
        self.bytes += size_of::<Frame>();
        let told = Told::from(turn);
        if told.matters() {
            self.bytes += TURN_BYTES + told.turn.turn.text.len();
            self.told.push(told);
        }
    }

    /// The turns that matter and hold at a time, in the order in which they were said: as [`current_in_order`] has them.
    ///
    /// [`current_in_order`]: crate::observe::current_in_order
    pub(crate) fn current(&self, end: Millis) -> Vec<&Told> {
        self.placed(end).into_iter().map(|(_, told)| told).collect()
    }

    /// The profile of the turns that hold at a time. At one when all of them are there it costs a copy of the entries.
    pub(crate) fn profile(&self, end: Millis) -> Profile {
        if self.latest <= end { self.whole.entries.profile() } else { Entries::read(&self.current(end), &[]).profile() }
    }

    /// The same, each with its place in that order.
    fn placed(&self, end: Millis) -> Vec<((Millis, Seq), &Told)> {
        let seen = || self.frames.iter().filter(|frame| frame.seen_at <= end);
        let mut replaced: Vec<Seq> = seen().filter_map(|frame| frame.supersedes).collect();
        replaced.sort_unstable();
        let mut told = self.told.iter().peekable();
        let (mut last, mut placed) = (Millis::MIN, Vec::new());
        for frame in seen() {
            // Both lists are in the order of the log.
            while told.next_if(|told| told.turn.seq < frame.seq).is_some() {}
            if replaced.binary_search(&frame.seq).is_ok() {
                continue;
            }
            last = frame.said.unwrap_or(last);
            placed.extend(told.next_if(|told| told.turn.seq == frame.seq).map(|told| ((last, frame.seq), told)));
        }
        placed.sort_by_key(|(place, _)| *place);
        placed
    }

    /// What all turns say together.
    fn read(&self) -> Whole {
        let placed = self.placed(Millis::MAX);
        let turns: Vec<&Told> = placed.iter().map(|(_, told)| *told).collect();
        let replaced: Vec<Seq> = self.frames.iter().filter_map(|frame| frame.supersedes).collect();
        let dated = self.frames.iter().rev().find(|frame| frame.said.is_some() && !replaced.contains(&frame.seq));
        Whole {
            entries: Entries::read(&turns, &[]),
            frames: self.frames.len(),
            told: self.told.len(),
            dated: dated.and_then(|frame| frame.said).unwrap_or(Millis::MIN),
            last: placed.last().map_or((Millis::MIN, Seq(0)), |(place, _)| *place),
        }
    }

    /// Adds the turns that are new to what all say together; `false` where one of them does not belong at the end.
    fn read_on(&mut self) -> bool {
        let whole = &mut self.whole;
        let mut told = self.told[whole.told..].iter().peekable();
        for frame in &self.frames[whole.frames..] {
            if frame.supersedes.is_some() {
                return false;
            }
            whole.dated = frame.said.unwrap_or(whole.dated);
            let Some(told) = told.next_if(|told| told.turn.seq == frame.seq) else { continue };
            let place = (whole.dated, frame.seq);
            if place < whole.last {
                return false;
            }
            whole.last = place;
            whole.entries.take(told);
        }
        (whole.frames, whole.told) = (self.frames.len(), self.told.len());
        true
    }

    /// About how much memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Whole {
    fn new() -> Self {
        Self { entries: Entries::default(), frames: 0, told: 0, dated: Millis::MIN, last: (Millis::MIN, Seq(0)) }
    }
}
