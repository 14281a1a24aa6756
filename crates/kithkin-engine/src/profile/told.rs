//! The turns of a person that say something of somebody, with what they say, kept in memory and brought up to date.
//!
//! Reading what a turn says takes some 15 µs, and fetching the log more; a reply needs both of all that was ever said. So
//! what was read is kept, of turns that say nothing only what orders the others, and later calls read on from there. What
//! was erased or replaced makes all of it stale. Nothing here is stored, and nothing is filtered by time.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use kithkin_core::{Millis, Pulse, Role, Scope, Seq, Store, StoreError, StoredTurn};

use super::{Claim, Correction, patterns};
use crate::guard::Consent;

/// What a turn and its bookkeeping take in memory beside its text, in bytes: its ids, its speaker, a claim or two.
const TURN_BYTES: usize = 600;

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
#[derive(Debug, Default)]
pub(crate) struct Telling {
    epoch: u64,
    upto: u64,
    frames: Vec<Frame>,
    told: Vec<Told>,
    bytes: usize,
}

impl Telling {
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
        let empty = || Self { epoch: pulse.epoch, ..Self::default() };
        let mut telling = stale.filter(|telling| telling.epoch == pulse.epoch).unwrap_or_else(empty);
        store.scan_turns(scope, telling.upto, &mut |turn| {
            telling.take(turn);
            ControlFlow::Continue(())
        })?;
        telling.upto = telling.upto.max(pulse.last_seq);
        Ok(telling)
    }

    fn take(&mut self, turn: StoredTurn) {
        self.upto = turn.seq.0;
        let (said, seen_at) = (turn.turn.said_at.map(|at| at.start()), turn.seen_at());
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
    pub(crate) fn current(&self, end: Millis) -> Vec<Told> {
        let seen = || self.frames.iter().filter(|frame| frame.seen_at <= end);
        let replaced: HashSet<Seq> = seen().filter_map(|frame| frame.supersedes).collect();
        let mut last = Millis::MIN;
        let mut places: HashMap<Seq, Millis> = HashMap::new();
        for frame in seen().filter(|frame| !replaced.contains(&frame.seq)) {
            last = frame.said.unwrap_or(last);
            places.insert(frame.seq, last);
        }
        let placed = self.told.iter().filter_map(|told| Some((*places.get(&told.turn.seq)?, told)));
        let mut placed: Vec<(Millis, &Told)> = placed.collect();
        placed.sort_by_key(|(place, told)| (*place, told.turn.seq));
        placed.into_iter().map(|(_, told)| told.clone()).collect()
    }

    /// About how much memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}
