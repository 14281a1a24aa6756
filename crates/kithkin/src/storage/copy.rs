//! Copies persons from one store to another, each with all numbers as they are.
//!
//! A copy may be stopped at any moment and run again: what is there is compared by its hash and not written twice. Turns
//! that come into the source meanwhile are copied too. Memories and vectors are copied rather than made again, since that
//! may have taken a chat model and hours; what cannot be taken over is left for the target to derive.
//!
//! Nothing that is in the target is ever replaced by this, but what this very run has put there.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use kithkin_core::{
    ChainEntry, DerivationId, DerivedSession, Disclosure, Erasure, MemoryId, Pulse, Records, Scope, SessionRef, Spent,
    Store, StoreError, StoredDisclosure, TenantId, UnitId, VectorSpace,
};
use kithkin_engine::EngineError;
use serde::Serialize;

use super::digest::{self, Digest};
use super::{OnPassed, Passed, Selection, Unreadable, pages, verify};
use crate::opened::Opened;
use crate::{Error, Kithkin};

/// How often a person is looked at again who is written meanwhile.
const ROUNDS: u32 = 16;
/// Sessions and vectors that are written at once.
const SESSIONS: usize = 64;
const VECTORS: usize = 1000;

/// What a copy did.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct CopyReport {
    /// Persons of whom something was written; each was compared afterwards.
    pub copied: u64,
    /// Persons who were there already, as they are.
    pub unchanged: u64,
    /// Turns that were written, counting every version.
    pub turns: u64,
    /// What could not be copied; empty when all was.
    pub refused: Vec<Refusal>,
    /// Who was erased since the source was written: their keys are destroyed, and nobody can read what it has of them.
    pub erased: Vec<Unreadable>,
}

/// A person or chain that was not copied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The tenant.
    pub tenant: String,
    /// The person; `null` where it is the tenant's chain of erasures.
    pub person: Option<String>,
    /// Why, and what to do.
    pub why: String,
}

impl Kithkin {
    /// Copies persons into another store, with the chains of erasures of the tenants that are copied whole. What cannot be
    /// copied is in the report, and the copying goes on.
    ///
    /// # Errors
    /// No such person; a store failed as a whole; a person was written faster than they could be copied; or `on` stopped
    /// it. Copying again goes on.
    pub fn copy_to(&self, target: &Self, of: &Selection, on: OnPassed<'_>) -> Result<CopyReport, Error> {
        copy(self.engine.store(), &target.opened, of, on)
    }
}

pub(super) fn copy(source: &dyn Store, into: &Opened, of: &Selection, on: OnPassed<'_>) -> Result<CopyReport, Error> {
    let mut report = CopyReport::default();
    let (target, undo) = (&*into.store, &*into.below);
    let keyring = target.keyring()?;
    let shares_keys = keyring.is_some() && source.keyring()? == keyring;
    let scopes = of.scopes(source)?;
    for (done, scope) in scopes.iter().enumerate() {
        let passed = Passed { persons: done as u64, of: scopes.len() as u64 };
        let mut copy =
            PersonCopy { source, target, undo, shares_keys, scope, turns: 0, wrote: false, go_on: &mut || on(passed) };
        let fate = copy.run();
        report.turns += copy.turns;
        match fate {
            Ok(()) if copy.wrote => report.copied += 1,
            Ok(()) => report.unchanged += 1,
            Err(Halt::Refused(why)) => report.refused.push(Refusal {
                tenant: scope.tenant.to_string(),
                person: Some(scope.person.to_string()),
                why,
            }),
            Err(Halt::Gone(e)) => match verify::erased(source, scope)? {
                Some(erased) => report.erased.push(erased),
                None => report.refused.push(Refusal {
                    tenant: scope.tenant.to_string(),
                    person: Some(scope.person.to_string()),
                    why: e.to_string(),
                }),
            },
            Err(Halt::Failed(e)) => return Err(e),
        }
    }
    for tenant in of.tenants(source)? {
        if !copy_chain(source, target, &tenant)? {
            let why = "the target has other erasures in its chain; it is left as it is".to_owned();
            report.refused.push(Refusal { tenant: tenant.to_string(), person: None, why });
        }
    }
    Ok(report)
}

/// Adds what the target's chain lacks; whether it is the beginning of the source's.
fn copy_chain(source: &dyn Store, target: &dyn Store, tenant: &TenantId) -> Result<bool, Error> {
    let chain = |store: &dyn Store| {
        let mut all: Vec<ChainEntry> = Vec::new();
        let mut push = |entry| {
            all.push(entry);
            ControlFlow::Continue(())
        };
        store.scan_chain(tenant, &mut push).map(|()| all)
    };
    let (from, to) = (chain(source)?, chain(target)?);
    let Some(rest) = from.strip_prefix(to.as_slice()) else { return Ok(false) };
    for entry in rest {
        if !target.put_chain(tenant, entry)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Why a person was not copied.
enum Halt {
    /// It concerns this person alone.
    Refused(String),
    /// A key is gone, in the source or in the target.
    Gone(StoreError),
    Failed(Error),
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Damaged { .. } => Self::Refused(error.to_string()),
            StoreError::KeyGone { .. } => Self::Gone(error),
            other => Self::Failed(other.into()),
        }
    }
}

/// Whether what the target has of a person is the beginning of what the source has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Beginning,
    Another,
}

/// One person on the way.
struct PersonCopy<'a> {
    source: &'a dyn Store,
    target: &'a dyn Store,
    /// The target without its encryption: what is taken back there takes no key with it, which may be the source's as well.
    undo: &'a dyn Store,
    /// Whether both are encrypted with the same keys.
    shares_keys: bool,
    scope: &'a Scope,
    /// Turns written.
    turns: u64,
    /// Whether anything was.
    wrote: bool,
    go_on: &'a mut dyn FnMut() -> ControlFlow<()>,
}

impl PersonCopy<'_> {
    fn run(&mut self) -> Result<(), Halt> {
        let begins = self.target.pulse(self.scope)?.is_none();
        for round in 1..=ROUNDS {
            let Some(now) = self.source.pulse(self.scope)? else {
                // Erased while it was copied: it does not come to stay in the copy.
                return if begins { self.take_back() } else { Err(self.another()) };
            };
            if self.bring(now)? == Found::Another {
                if !begins {
                    return Err(self.another());
                }
                self.take_back()?;
                continue;
            }
            let same = !self.wrote || self.digest(self.source, now)? == self.digest(self.target, now)?;
            // Of one who is written all the time, what was there at the last look is copied.
            if same && (self.source.pulse(self.scope)? == Some(now) || round == ROUNDS) {
                return Ok(());
            }
        }
        Err(Halt::Failed(Error::Moving { person: self.scope.person.to_string() }))
    }

    fn digest(&self, store: &dyn Store, upto: Pulse) -> Result<Digest, StoreError> {
        Digest::of(store, self.scope, upto)
    }

    fn another(&self) -> Halt {
        let person = &self.scope.person;
        let remedy = if self.shares_keys {
            "copy into a new store: both have the same keys, and who is forgotten in one is lost in the other"
                .to_owned()
        } else {
            format!("erase it there (`kithkin forget --person {person} --all`) and copy again")
        };
        Halt::Refused(format!(
            "the target has a {person} with other content, or with turns that are erased in the source; nothing of it \
             was changed: {remedy}"
        ))
    }

    fn take_back(&mut self) -> Result<(), Halt> {
        self.undo.erase(self.scope, &Erasure::Person, false)?;
        (self.turns, self.wrote) = (0, false);
        Ok(())
    }

    /// Writes what the target lacks of the person as of a moment.
    fn bring(&mut self, now: Pulse) -> Result<Found, Halt> {
        for part in [Self::log, Self::feedback, Self::disclosures, Self::binding] {
            if part(self, now)? == Found::Another {
                return Ok(Found::Another);
            }
        }
        let taken = self.derived()?;
        self.vectors(&taken)?;
        let has = self.target.pulse(self.scope)?.unwrap_or_default();
        if has.version < now.version || has.epoch < now.epoch || has.last_seq < now.last_seq {
            self.put(&Records { pulse: now, ..Records::default() })?;
        }
        Ok(Found::Beginning)
    }

    /// Writes records down; whether they were taken.
    fn put(&mut self, records: &Records) -> Result<Found, Halt> {
        if (self.go_on)().is_break() {
            return Err(Halt::Failed(EngineError::Stopped.into()));
        }
        let taken = self.target.take_over(self.scope, records)?;
        self.wrote |= taken;
        Ok(if taken { Found::Beginning } else { Found::Another })
    }

    fn log(&mut self, now: Pulse) -> Result<Found, Halt> {
        let has = digest::log(self.target, self.scope, u64::MAX)?;
        if digest::log(self.source, self.scope, has.last)? != has {
            return Ok(Found::Another);
        }
        let mut last = has.last;
        loop {
            let turns = pages::turns(self.source, self.scope, last, now.last_seq)?;
            let Some(end) = turns.last() else { return Ok(Found::Beginning) };
            last = end.seq.0;
            let count = turns.len() as u64;
            if self.put(&Records { turns, ..Records::default() })? == Found::Another {
                return Ok(Found::Another);
            }
            self.turns += count;
        }
    }

    fn feedback(&mut self, now: Pulse) -> Result<Found, Halt> {
        let has = digest::feedback(self.target, self.scope, u64::MAX)?;
        if digest::feedback(self.source, self.scope, has.last)? != has {
            return Ok(Found::Another);
        }
        let mut last = has.last;
        loop {
            let feedback = pages::feedback(self.source, self.scope, last, now.version)?;
            let Some(end) = feedback.last() else { return Ok(Found::Beginning) };
            last = end.number;
            if self.put(&Records { feedback, ..Records::default() })? == Found::Another {
                return Ok(Found::Another);
            }
        }
    }

    /// Those that are new, and those that have ended since.
    fn disclosures(&mut self, _: Pulse) -> Result<Found, Halt> {
        let all = pages::disclosures(self.source, self.scope)?;
        let noted: BTreeMap<u64, &Disclosure> = all.iter().map(|one| (one.number, &one.disclosure)).collect();
        let has = pages::disclosures(self.target, self.scope)?;
        let begun = |one: &Disclosure| Disclosure { spent: Spent::default(), ..one.clone() };
        if !has.iter().all(|one| noted.get(&one.number).is_some_and(|of| begun(of) == begun(&one.disclosure))) {
            return Ok(Found::Another);
        }
        let has: BTreeMap<u64, &Disclosure> = has.iter().map(|one| (one.number, &one.disclosure)).collect();
        let is_new = |one: &&StoredDisclosure| has.get(&one.number) != Some(&&one.disclosure);
        let disclosures: Vec<_> = all.iter().filter(is_new).cloned().collect();
        if disclosures.is_empty() {
            return Ok(Found::Beginning);
        }
        self.put(&Records { disclosures, ..Records::default() })
    }

    fn binding(&mut self, _: Pulse) -> Result<Found, Halt> {
        let has = self.target.binding(self.scope)?;
        match self.source.binding(self.scope)? {
            binding if binding == has => {}
            Some(binding) => {
                self.target.bind(self.scope, &binding)?;
                self.wrote = true;
            }
            None => return Ok(Found::Another),
        }
        Ok(Found::Beginning)
    }

    /// Writes what was derived from sessions; gives the memories that both stores have under one number.
    fn derived(&mut self) -> Result<BTreeSet<MemoryId>, Halt> {
        let all = derived(self.source, self.scope)?;
        let has = derived(self.target, self.scope)?;
        let has: BTreeMap<Key<'_>, &DerivedSession> = has.iter().map(|one| (key(one), one)).collect();
        let (same, new): (Vec<_>, Vec<_>) = all.into_iter().partition(|one| has.get(&key(one)) == Some(&one));
        let ids = |derived: &DerivedSession| derived.memories.iter().map(|one| one.id).collect::<Vec<_>>();
        let mut taken: BTreeSet<MemoryId> = same.iter().flat_map(ids).collect();
        for some in new.chunks(SESSIONS) {
            if self.put(&Records { derived: some.to_vec(), ..Records::default() })? == Found::Beginning {
                taken.extend(some.iter().flat_map(ids));
                continue;
            }
            // The target has derived on its own since; what does not fit is its own to derive.
            for one in some {
                if self.put(&Records { derived: vec![one.clone()], ..Records::default() })? == Found::Beginning {
                    taken.extend(ids(one));
                }
            }
        }
        Ok(taken)
    }

    fn vectors(&mut self, taken: &BTreeSet<MemoryId>) -> Result<(), Halt> {
        let has = self.target.vector_counts(self.scope)?;
        for count in self.source.vector_counts(self.scope)? {
            if !has.contains(&count) {
                self.vectors_of(&count.space, taken)?;
            }
        }
        Ok(())
    }

    fn vectors_of(&mut self, space: &VectorSpace, taken: &BTreeSet<MemoryId>) -> Result<(), Halt> {
        let mut after = 0;
        loop {
            if (self.go_on)().is_break() {
                return Err(Halt::Failed(EngineError::Stopped.into()));
            }
            let (mut rows, mut last, mut more): (Vec<(UnitId, Vec<f32>)>, _, _) = (Vec::new(), after, false);
            let mut push = |(unit, vector): (UnitId, &[f32])| {
                if let UnitId::Turn(seq) = unit {
                    last = seq.0;
                    more = rows.len() + 1 >= VECTORS;
                }
                if !matches!(unit, UnitId::Memory(id) if !taken.contains(&id)) {
                    rows.push((unit, vector.to_vec()));
                }
                if more { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            self.source.scan_vectors(self.scope, space, after, &mut push)?;
            after = last;
            for rows in rows.chunks(VECTORS) {
                let rows: Vec<(UnitId, &[f32])> =
                    rows.iter().map(|(unit, vector)| (*unit, vector.as_slice())).collect();
                self.target.put_vectors(self.scope, space, &rows)?;
                self.wrote = true;
            }
            if !more {
                return Ok(());
            }
        }
    }
}

type Key<'a> = (&'a DerivationId, &'a SessionRef);

fn key(derived: &DerivedSession) -> Key<'_> {
    (&derived.derivation, &derived.session)
}

fn derived(store: &dyn Store, scope: &Scope) -> Result<Vec<DerivedSession>, StoreError> {
    let mut all = Vec::new();
    let mut push = |one| {
        all.push(one);
        ControlFlow::Continue(())
    };
    store.scan_derived(scope, &mut push)?;
    Ok(all)
}
