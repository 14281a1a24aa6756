//! All persons in memory: the model that the other stores are compared with, and a store for runs that keep nothing.
//!
//! Everything is computed from the plain records, without a second structure that could disagree. One lock guards all
//! of it; visitors are called after it is released.

mod person;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kithkin_core::{
    Appended, Binding, ChainEntry, Compacted, Decided, DerivationId, DerivedSession, Disclosure, Erased, Erasure,
    Feedback, KeyringId, Memory, Millis, Noted, PersonId, PersonSummary, PersonTurns, Pulse, ReceiptHash, Records,
    Scope, Seq, SessionRef, Store, StoreError, StoreHealth, StoredDisclosure, StoredFeedback, StoredMemory, StoredTurn,
    TenantId, TurnId, UnitId, VectorCount, VectorSpace, Visit,
};

use person::Person;

/// A store in memory. It is gone when it is dropped, and no call fails.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

#[derive(Debug, Clone, Default)]
struct State {
    /// The highest counter of all erased persons: new ones begin above it.
    floor: u64,
    persons: BTreeMap<Scope, Person>,
    chains: BTreeMap<TenantId, Vec<ChainEntry>>,
    keyring: Option<KeyringId>,
}

impl State {
    fn erase(&mut self, scope: &Scope, what: &Erasure, dry_run: bool) -> Erased {
        let Some(person) = self.persons.get_mut(scope) else { return Erased::default() };
        let doomed = person.doomed(what);
        let erased = person.count(&doomed);
        if !dry_run && *what == Erasure::Person {
            self.floor = self.floor.max(person.highest());
            self.persons.remove(scope);
        } else if !dry_run && !erased.is_nothing() {
            person.erase(&doomed);
        }
        erased
    }

    /// Adds an entry to the tenant's chain.
    fn note(
        &mut self,
        tenant: &TenantId,
        at: Millis,
        receipt: impl FnOnce(u64) -> Result<[u8; 32], StoreError>,
    ) -> Result<(), StoreError> {
        let chain = self.chains.entry(tenant.clone()).or_default();
        let receipt = receipt(ChainEntry::number_after(chain.last()))?;
        chain.push(ChainEntry::after(chain.last(), tenant, at, receipt));
        Ok(())
    }
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What `read` makes of the person; its default when there is none.
    fn read<T: Default>(&self, scope: &Scope, read: impl FnOnce(&Person) -> T) -> T {
        self.state().persons.get(scope).map(read).unwrap_or_default()
    }

    /// What `write` makes of the person; its default when there is none.
    fn write<T: Default>(&self, scope: &Scope, write: impl FnOnce(&mut Person) -> T) -> T {
        self.state().persons.get_mut(scope).map(write).unwrap_or_default()
    }
}

/// A store of its own with the same records.
impl Clone for MemoryStore {
    fn clone(&self) -> Self {
        Self { state: Mutex::new(self.state().clone()) }
    }
}

fn visit_all<T>(all: Vec<T>, visit: Visit<'_, T>) {
    for one in all {
        if visit(one).is_break() {
            break;
        }
    }
}

impl Store for MemoryStore {
    fn append(&self, batch: &[PersonTurns], recorded_at: Millis) -> Result<Vec<Appended>, StoreError> {
        let mut state = self.state();
        let floor = state.floor;
        let mut appended = Vec::new();
        for PersonTurns { scope, turns } in batch {
            let outcomes = match turns.as_slice() {
                [] => Vec::new(),
                turns => {
                    let person = state.persons.entry(scope.clone()).or_insert_with(|| Person::begin(floor));
                    person.append(floor, turns, recorded_at)
                }
            };
            appended.push(Appended { scope: scope.clone(), outcomes });
        }
        Ok(appended)
    }

    fn keyring(&self) -> Result<Option<KeyringId>, StoreError> {
        Ok(self.state().keyring)
    }

    fn set_keyring(&self, keyring: KeyringId) -> Result<bool, StoreError> {
        let mut state = self.state();
        let fresh = state.keyring.is_none() && state.floor == 0 && state.persons.is_empty() && state.chains.is_empty();
        if fresh {
            state.keyring = Some(keyring);
        }
        Ok(fresh)
    }

    fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        let state = self.state();
        let of_persons = state.persons.keys().map(|scope| &scope.tenant);
        let tenants: BTreeSet<&TenantId> = of_persons.chain(state.chains.keys()).collect();
        Ok(tenants.into_iter().cloned().collect())
    }

    fn person_ids(&self, tenant: &TenantId) -> Result<Vec<PersonId>, StoreError> {
        let state = self.state();
        let of_tenant = state.persons.keys().filter(|scope| scope.tenant == *tenant);
        Ok(of_tenant.map(|scope| scope.person.clone()).collect())
    }

    fn persons(
        &self,
        tenant: &TenantId,
        after: Option<&PersonId>,
        limit: usize,
    ) -> Result<Vec<PersonSummary>, StoreError> {
        let state = self.state();
        let comes_after = |scope: &Scope| scope.tenant == *tenant && after.is_none_or(|after| scope.person > *after);
        let listed = state.persons.iter().filter(|(scope, _)| comes_after(scope)).take(limit);
        Ok(listed.map(|(scope, person)| person.summary(&scope.person)).collect())
    }

    fn pulse(&self, scope: &Scope) -> Result<Option<Pulse>, StoreError> {
        Ok(self.read(scope, |person| Some(person.pulse)))
    }

    fn scan_turns(&self, scope: &Scope, after: u64, visit: Visit<'_, StoredTurn>) -> Result<(), StoreError> {
        let later = |person: &Person| person.turns.values().filter(|turn| turn.seq.0 > after).cloned().collect();
        visit_all(self.read(scope, later), visit);
        Ok(())
    }

    fn turns(&self, scope: &Scope, seqs: &[Seq]) -> Result<Vec<StoredTurn>, StoreError> {
        Ok(self.read(scope, |person| seqs.iter().filter_map(|seq| person.turns.get(seq).cloned()).collect()))
    }

    fn tellings(&self, scope: &Scope, id: &TurnId) -> Result<Vec<StoredTurn>, StoreError> {
        Ok(self.read(scope, |person| person.turns.values().filter(|turn| turn.turn.id == *id).cloned().collect()))
    }

    fn put_vectors(&self, scope: &Scope, space: &VectorSpace, rows: &[(UnitId, &[f32])]) -> Result<(), StoreError> {
        self.write(scope, |person| person.put_vectors(space, rows));
        Ok(())
    }

    fn scan_vectors(
        &self,
        scope: &Scope,
        space: &VectorSpace,
        after_seq: u64,
        visit: &mut dyn FnMut((UnitId, &[f32])) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        for (unit, vector) in self.read(scope, |person| person.vectors_after(space, after_seq)) {
            if visit((unit, &vector)).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn missing_vectors(&self, scope: &Scope, space: &VectorSpace, visit: Visit<'_, UnitId>) -> Result<(), StoreError> {
        visit_all(self.read(scope, |person| person.missing_vectors(space)), visit);
        Ok(())
    }

    fn vector_counts(&self, scope: &Scope) -> Result<Vec<VectorCount>, StoreError> {
        Ok(self.read(scope, Person::vector_counts))
    }

    fn drop_other_vectors(&self, scope: &Scope, keep: &VectorSpace) -> Result<u64, StoreError> {
        Ok(self.write(scope, |person| person.drop_other_vectors(keep)))
    }

    fn stale_sessions(&self, scope: &Scope, derivation: &DerivationId) -> Result<Vec<SessionRef>, StoreError> {
        Ok(self.read(scope, |person| person.stale_sessions(derivation)))
    }

    fn put_memories(
        &self,
        scope: &Scope,
        derivation: &DerivationId,
        session: &SessionRef,
        upto: Seq,
        memories: &[Memory],
    ) -> Result<bool, StoreError> {
        let mut state = self.state();
        let floor = state.floor;
        let Some(person) = state.persons.get_mut(scope) else { return Ok(false) };
        Ok(person.put_memories(floor, derivation, session, upto, memories))
    }

    fn scan_memories(
        &self,
        scope: &Scope,
        derivation: &DerivationId,
        visit: Visit<'_, StoredMemory>,
    ) -> Result<(), StoreError> {
        visit_all(self.read(scope, |person| person.memories_of(derivation)), visit);
        Ok(())
    }

    fn scan_derived(&self, scope: &Scope, visit: Visit<'_, DerivedSession>) -> Result<(), StoreError> {
        visit_all(self.read(scope, Person::derived_sessions), visit);
        Ok(())
    }

    fn take_over(&self, scope: &Scope, records: &Records) -> Result<bool, StoreError> {
        let mut state = self.state();
        let mut person = state.persons.get(scope).cloned().unwrap_or_else(|| Person::begin(state.floor));
        let taken = person.take_over(records);
        if taken {
            state.persons.insert(scope.clone(), person);
        }
        Ok(taken)
    }

    fn drop_other_memories(&self, scope: &Scope, keep: &DerivationId) -> Result<u64, StoreError> {
        Ok(self.write(scope, |person| person.drop_other_memories(keep)))
    }

    fn put_feedback(&self, scope: &Scope, feedback: &Feedback) -> Result<Option<u64>, StoreError> {
        Ok(self.write(scope, |person| person.put_feedback(feedback)))
    }

    fn scan_feedback(&self, scope: &Scope, after: u64, visit: Visit<'_, StoredFeedback>) -> Result<(), StoreError> {
        visit_all(self.read(scope, |person| person.feedback_after(after)), visit);
        Ok(())
    }

    fn put_disclosure(&self, scope: &Scope, disclosure: &Disclosure) -> Result<Option<u64>, StoreError> {
        Ok(self.write(scope, |person| Some(person.put_disclosure(disclosure))))
    }

    fn end_disclosure(&self, scope: &Scope, ended: &StoredDisclosure) -> Result<(), StoreError> {
        self.write(scope, |person| person.end_disclosure(ended));
        Ok(())
    }

    fn scan_disclosures(
        &self,
        scope: &Scope,
        since: Millis,
        visit: Visit<'_, StoredDisclosure>,
    ) -> Result<(), StoreError> {
        visit_all(self.read(scope, |person| person.disclosures_since(since)), visit);
        Ok(())
    }

    fn binding(&self, scope: &Scope) -> Result<Option<Binding>, StoreError> {
        Ok(self.read(scope, |person| person.binding.clone()))
    }

    fn bind(&self, scope: &Scope, binding: &Binding) -> Result<(), StoreError> {
        let mut state = self.state();
        let floor = state.floor;
        state.persons.entry(scope.clone()).or_insert_with(|| Person::begin(floor)).bind(binding);
        Ok(())
    }

    fn erase(&self, scope: &Scope, what: &Erasure, dry_run: bool) -> Result<Erased, StoreError> {
        Ok(self.state().erase(scope, what, dry_run))
    }

    fn mend(&self, scope: &Scope, also: &[UnitId]) -> Result<u64, StoreError> {
        Ok(self.state().persons.get_mut(scope).map_or(0, |person| person.take_out(also)))
    }

    fn erase_noted(
        &self,
        scope: &Scope,
        what: &Erasure,
        at: Millis,
        receipt: ReceiptHash<'_>,
    ) -> Result<Erased, StoreError> {
        let mut state = self.state();
        let erased = state.erase(scope, what, false);
        state.note(&scope.tenant, at, |number| Ok(receipt(&erased, number)))?;
        Ok(erased)
    }

    fn erase_decided(
        &self,
        decided: &[Decided],
        mut noted: Option<Noted<'_>>,
    ) -> Result<Vec<Option<Erased>>, StoreError> {
        let mut state = self.state();
        // Only a receipt can fail.
        let before = noted.is_some().then(|| state.clone());
        let erase = |(place, Decided { scope, what, upto }): (usize, &Decided)| {
            if state.persons.get(scope).is_some_and(|person| person.pulse.last_seq > upto.0) {
                return Ok(None);
            }
            let erased = state.erase(scope, what, false);
            if let Some(Noted { at, receipt }) = noted.as_mut().filter(|_| !erased.is_nothing()) {
                state.note(&scope.tenant, *at, |number| receipt(place, &erased, number))?;
            }
            Ok(Some(erased))
        };
        let done: Result<Vec<_>, _> = decided.iter().enumerate().map(erase).collect();
        if let (Err(_), Some(before)) = (&done, before) {
            *state = before;
        }
        done
    }

    fn scan_chain(&self, tenant: &TenantId, visit: Visit<'_, ChainEntry>) -> Result<(), StoreError> {
        let chain = self.state().chains.get(tenant).cloned().unwrap_or_default();
        visit_all(chain, visit);
        Ok(())
    }

    fn chain_end(&self, tenant: &TenantId) -> Result<Option<ChainEntry>, StoreError> {
        Ok(self.state().chains.get(tenant).and_then(|chain| chain.last().copied()))
    }

    fn put_chain(&self, tenant: &TenantId, entry: &ChainEntry) -> Result<bool, StoreError> {
        let mut state = self.state();
        let follows = entry.follows(state.chains.get(tenant).and_then(|chain| chain.last()), tenant);
        if follows {
            state.chains.entry(tenant.clone()).or_default().push(*entry);
        }
        Ok(follows)
    }

    fn compact(&self) -> Result<Compacted, StoreError> {
        Ok(Compacted::default())
    }

    fn clock(&self) -> Result<Option<Millis>, StoreError> {
        Ok(None)
    }

    fn probe(&self) -> Result<bool, StoreError> {
        Ok(true)
    }

    fn check(&self) -> Result<StoreHealth, StoreError> {
        Ok(StoreHealth { place: "memory".to_owned(), schema: 0, problems: Vec::new() })
    }
}
