//! Any store with all content encrypted, each person's with a key of their own.
//!
//! The store below works as ever: it sees names, places, times and counts, and where there were words and vectors,
//! ciphertext. Since the same content in the same place gives the same ciphertext, what is told twice is still a duplicate
//! to it, and an unchanged vector unchanged. When a person is erased their key is destroyed, and with it whatever copies
//! and backups have of them (decision 25).

mod cipher;
mod erase;
pub(crate) mod keyring;
mod master;
mod mend;
mod records;
mod rewrap;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kithkin_core::{
    Appended, Binding, ChainEntry, Clock, Compacted, Decided, DerivationId, DerivedSession, Disclosure, Erased,
    Erasure, Feedback, KeyringId, Memory, Millis, Noted, PersonId, PersonSummary, PersonTurns, Pulse, ReceiptHash,
    Records, Scope, Seq, SessionRef, Store, StoreError, StoreHealth, StoredDisclosure, StoredFeedback, StoredMemory,
    StoredTurn, TenantId, TurnId, UnitId, VectorCount, VectorSpace, Visit, VisitVector,
};

pub(crate) use cipher::KeyId;
pub use keyring::Keyring;
pub use master::MasterKey;

use cipher::Cipher;
use keyring::Held;
use records::Reader;

/// How long a write waits for an erasure of its person.
const PATIENCE_MS: u64 = 10_000;
const PATIENCE: Duration = Duration::from_millis(PATIENCE_MS);
/// How long it waits between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// A store whose content is encrypted before it reaches the store below.
#[derive(Debug)]
pub struct EncryptedStore {
    below: Arc<dyn Store>,
    keyring: Keyring,
    clock: Arc<dyn Clock>,
    /// Where the store below is, for errors.
    place: String,
}

impl EncryptedStore {
    /// Encrypts whatever comes to a new store. `place` is what it is called in errors.
    ///
    /// # Errors
    /// [`StoreError::Exists`] where somebody was ever written into it; full, read-only, busy.
    pub fn create(
        below: Arc<dyn Store>,
        keyring: Keyring,
        clock: Arc<dyn Clock>,
        place: String,
    ) -> Result<Self, StoreError> {
        if below.set_keyring(keyring.id())? {
            return Ok(Self { below, keyring, clock, place });
        }
        Err(StoreError::Exists { place })
    }

    /// Reads and writes a store whose content was encrypted with the keys of this keyring.
    ///
    /// # Errors
    /// [`StoreError::NotEncrypted`], [`StoreError::OtherKeyring`].
    pub fn open(
        below: Arc<dyn Store>,
        keyring: Keyring,
        clock: Arc<dyn Clock>,
        place: String,
    ) -> Result<Self, StoreError> {
        match below.keyring()? {
            Some(id) if id == keyring.id() => Ok(Self { below, keyring, clock, place }),
            Some(_) => Err(StoreError::OtherKeyring { place, keyring: keyring.place().to_owned() }),
            None => Err(StoreError::NotEncrypted { place }),
        }
    }

    fn reader<'a>(&'a self, scope: &'a Scope) -> Reader<'a> {
        Reader::new(scope, &self.keyring, &self.place)
    }

    /// Runs `write` with the keys of persons, none of which begins to go meanwhile. Persons of whom nothing was written yet
    /// get one where they begin with this; else `None`, and nothing is done.
    fn write<T>(
        &self,
        scopes: &[&Scope],
        begins: bool,
        mut write: impl FnMut(&[Cipher]) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let deadline = Instant::now() + PATIENCE;
        let mut without_key: Vec<&Scope> = Vec::new();
        loop {
            let missing = match self.keyring.hold(scopes, &mut write)? {
                Held::Done(done) => return Ok(Some(done)),
                Held::Missing(missing) => missing,
                Held::Going(whose) if Instant::now() >= deadline => {
                    let place = format!("{} ({} is being erased)", self.place, scopes[whose].person);
                    return Err(StoreError::Busy { place, waited_ms: PATIENCE_MS });
                }
                Held::Going(_) => {
                    std::thread::sleep(LOOK);
                    continue;
                }
            };
            let (mut with_turns, mut new) = (Vec::new(), Vec::new());
            for scope in missing.into_iter().map(|whose| scopes[whose]) {
                match self.below.pulse(scope)? {
                    None if !begins => return Ok(None),
                    Some(pulse) if pulse.last_seq > 0 => with_turns.push(scope),
                    _ => new.push(scope),
                }
            }
            // Whoever has turns had a key. It may have come only after it was looked for, so one more look is due.
            if let Some(scope) = with_turns.iter().find(|scope| without_key.contains(scope)) {
                return Err(self.lost(scope)?);
            }
            without_key = with_turns;
            self.keyring.add(&new)?;
        }
    }

    /// The same for one person.
    fn write_of<T>(
        &self,
        scope: &Scope,
        begins: bool,
        mut write: impl FnMut(&Cipher) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let first = |ciphers: &[Cipher]| match ciphers {
            [cipher, ..] => write(cipher),
            [] => Err(self.keyring.gone(scope, &self.place, None)),
        };
        self.write(&[scope], begins, first)
    }

    /// What became of the key of a person who has turns and no key.
    fn lost(&self, scope: &Scope) -> Result<StoreError, StoreError> {
        let mut why = self.keyring.gone(scope, &self.place, None);
        let mut reader = self.reader(scope);
        let mut look = |turn| {
            if let Err(e @ StoreError::KeyGone { .. }) = reader.turn(turn) {
                why = e;
            }
            ControlFlow::Break(())
        };
        self.below.scan_turns(scope, 0, &mut look)?;
        Ok(why)
    }

    fn failed(&self, scope: &Scope) -> impl Fn(String) -> StoreError {
        let (place, what) = (self.place.clone(), format!("a new record of {scope}"));
        move |why| StoreError::Damaged { place: place.clone(), what: what.clone(), why }
    }
}

/// Scans through a reader: what it cannot read ends the scan.
fn read<T, U>(
    scan: impl FnOnce(Visit<'_, T>) -> Result<(), StoreError>,
    mut read: impl FnMut(T) -> Result<U, StoreError>,
    visit: Visit<'_, U>,
) -> Result<(), StoreError> {
    let mut failed = Ok(());
    scan(&mut |record| match read(record) {
        Ok(record) => visit(record),
        Err(e) => {
            failed = Err(e);
            ControlFlow::Break(())
        }
    })?;
    failed
}

impl Store for EncryptedStore {
    fn append(&self, batch: &[PersonTurns], recorded_at: Millis) -> Result<Vec<Appended>, StoreError> {
        let scopes: Vec<&Scope> =
            batch.iter().filter(|person| !person.turns.is_empty()).map(|person| &person.scope).collect();
        let write = |ciphers: &[Cipher]| {
            let ciphers: BTreeMap<&Scope, &Cipher> = scopes.iter().copied().zip(ciphers).collect();
            let encrypt = |PersonTurns { scope, turns }: &PersonTurns| {
                let turns = match ciphers.get(scope) {
                    Some(cipher) => turns.iter().map(|turn| cipher.turn(scope, turn)).collect::<Result<_, _>>(),
                    None => Ok(Vec::new()),
                };
                Ok(PersonTurns { scope: scope.clone(), turns: turns.map_err(self.failed(scope))? })
            };
            let batch = batch.iter().map(encrypt).collect::<Result<Vec<_>, StoreError>>()?;
            self.below.append(&batch, recorded_at)
        };
        Ok(self.write(&scopes, true, write)?.unwrap_or_default())
    }

    fn keyring(&self) -> Result<Option<KeyringId>, StoreError> {
        self.below.keyring()
    }

    fn set_keyring(&self, _: KeyringId) -> Result<bool, StoreError> {
        Ok(false)
    }

    fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        self.below.tenants()
    }

    fn person_ids(&self, tenant: &TenantId) -> Result<Vec<PersonId>, StoreError> {
        self.below.person_ids(tenant)
    }

    fn persons(
        &self,
        tenant: &TenantId,
        after: Option<&PersonId>,
        limit: usize,
    ) -> Result<Vec<PersonSummary>, StoreError> {
        self.below.persons(tenant, after, limit)
    }

    fn pulse(&self, scope: &Scope) -> Result<Option<Pulse>, StoreError> {
        self.below.pulse(scope)
    }

    fn scan_turns(&self, scope: &Scope, after: u64, visit: Visit<'_, StoredTurn>) -> Result<(), StoreError> {
        let mut reader = self.reader(scope);
        read(|visit| self.below.scan_turns(scope, after, visit), |turn| reader.turn(turn), visit)
    }

    fn turns(&self, scope: &Scope, seqs: &[Seq]) -> Result<Vec<StoredTurn>, StoreError> {
        let mut reader = self.reader(scope);
        self.below.turns(scope, seqs)?.into_iter().map(|turn| reader.turn(turn)).collect()
    }

    fn tellings(&self, scope: &Scope, id: &TurnId) -> Result<Vec<StoredTurn>, StoreError> {
        let mut reader = self.reader(scope);
        self.below.tellings(scope, id)?.into_iter().map(|turn| reader.turn(turn)).collect()
    }

    fn put_vectors(&self, scope: &Scope, space: &VectorSpace, rows: &[(UnitId, &[f32])]) -> Result<(), StoreError> {
        let write = |cipher: &Cipher| {
            let rows = cipher.vectors(scope, space, rows).map_err(self.failed(scope))?;
            let rows: Vec<(UnitId, &[f32])> = rows.iter().map(|(unit, vector)| (*unit, vector.as_slice())).collect();
            self.below.put_vectors(scope, space, &rows)
        };
        self.write_of(scope, false, write).map(Option::unwrap_or_default)
    }

    fn scan_vectors(
        &self,
        scope: &Scope,
        space: &VectorSpace,
        after_seq: u64,
        visit: VisitVector<'_>,
    ) -> Result<(), StoreError> {
        let (mut reader, mut plain, mut failed) = (self.reader(scope), Vec::new(), Ok(()));
        let mut decrypt = |(unit, vector): (UnitId, &[f32])| match reader.vector(space, unit, vector, &mut plain) {
            Ok(()) => visit((unit, &plain)),
            Err(e) => {
                failed = Err(e);
                ControlFlow::Break(())
            }
        };
        self.below.scan_vectors(scope, space, after_seq, &mut decrypt)?;
        failed
    }

    fn missing_vectors(&self, scope: &Scope, space: &VectorSpace, visit: Visit<'_, UnitId>) -> Result<(), StoreError> {
        self.below.missing_vectors(scope, space, visit)
    }

    fn vector_counts(&self, scope: &Scope) -> Result<Vec<VectorCount>, StoreError> {
        self.below.vector_counts(scope)
    }

    fn drop_other_vectors(&self, scope: &Scope, keep: &VectorSpace) -> Result<u64, StoreError> {
        self.below.drop_other_vectors(scope, keep)
    }

    fn stale_sessions(&self, scope: &Scope, derivation: &DerivationId) -> Result<Vec<SessionRef>, StoreError> {
        self.below.stale_sessions(scope, derivation)
    }

    fn put_memories(
        &self,
        scope: &Scope,
        derivation: &DerivationId,
        session: &SessionRef,
        upto: Seq,
        memories: &[Memory],
    ) -> Result<bool, StoreError> {
        let write = |cipher: &Cipher| {
            let memories = memories.iter().map(|memory| cipher.memory(scope, derivation, memory));
            let memories = memories.collect::<Result<Vec<_>, _>>().map_err(self.failed(scope))?;
            self.below.put_memories(scope, derivation, session, upto, &memories)
        };
        self.write_of(scope, false, write).map(Option::unwrap_or_default)
    }

    fn scan_memories(
        &self,
        scope: &Scope,
        derivation: &DerivationId,
        visit: Visit<'_, StoredMemory>,
    ) -> Result<(), StoreError> {
        let mut reader = self.reader(scope);
        let decrypt = |memory| reader.memory(derivation, memory);
        read(|visit| self.below.scan_memories(scope, derivation, visit), decrypt, visit)
    }

    fn scan_derived(&self, scope: &Scope, visit: Visit<'_, DerivedSession>) -> Result<(), StoreError> {
        let mut reader = self.reader(scope);
        read(|visit| self.below.scan_derived(scope, visit), |derived| reader.derived(derived), visit)
    }

    fn take_over(&self, scope: &Scope, records: &Records) -> Result<bool, StoreError> {
        let write = |cipher: &Cipher| {
            let records = cipher.records(scope, records).map_err(self.failed(scope))?;
            self.below.take_over(scope, &records)
        };
        self.write_of(scope, true, write).map(Option::unwrap_or_default)
    }

    /// Takes out what the store below cannot read, and what does not decrypt.
    fn mend(&self, scope: &Scope, also: &[UnitId]) -> Result<u64, StoreError> {
        let mended = self.below.mend(scope, also)?;
        match self.undecryptable(scope)?.as_slice() {
            [] => Ok(mended),
            units => Ok(mended + self.below.mend(scope, units)?),
        }
    }

    fn drop_other_memories(&self, scope: &Scope, keep: &DerivationId) -> Result<u64, StoreError> {
        self.below.drop_other_memories(scope, keep)
    }

    fn put_feedback(&self, scope: &Scope, feedback: &Feedback) -> Result<Option<u64>, StoreError> {
        let write = |cipher: &Cipher| {
            let feedback = cipher.feedback(scope, feedback).map_err(self.failed(scope))?;
            self.below.put_feedback(scope, &feedback)
        };
        self.write_of(scope, false, write).map(Option::flatten)
    }

    fn scan_feedback(&self, scope: &Scope, after: u64, visit: Visit<'_, StoredFeedback>) -> Result<(), StoreError> {
        let mut reader = self.reader(scope);
        read(|visit| self.below.scan_feedback(scope, after, visit), |feedback| reader.feedback(feedback), visit)
    }

    fn put_disclosure(&self, scope: &Scope, disclosure: &Disclosure) -> Result<Option<u64>, StoreError> {
        self.below.put_disclosure(scope, disclosure)
    }

    fn end_disclosure(&self, scope: &Scope, ended: &StoredDisclosure) -> Result<(), StoreError> {
        self.below.end_disclosure(scope, ended)
    }

    fn scan_disclosures(
        &self,
        scope: &Scope,
        since: Millis,
        visit: Visit<'_, StoredDisclosure>,
    ) -> Result<(), StoreError> {
        self.below.scan_disclosures(scope, since, visit)
    }

    fn binding(&self, scope: &Scope) -> Result<Option<Binding>, StoreError> {
        self.below.binding(scope)
    }

    fn bind(&self, scope: &Scope, binding: &Binding) -> Result<(), StoreError> {
        self.below.bind(scope, binding)
    }

    fn erase(&self, scope: &Scope, what: &Erasure, dry_run: bool) -> Result<Erased, StoreError> {
        if dry_run || *what != Erasure::Person {
            return self.below.erase(scope, what, dry_run);
        }
        self.erase_with_keys(&[scope], || self.below.erase(scope, what, false))
    }

    fn erase_noted(
        &self,
        scope: &Scope,
        what: &Erasure,
        at: Millis,
        receipt: ReceiptHash<'_>,
    ) -> Result<Erased, StoreError> {
        let mut erase = || self.below.erase_noted(scope, what, at, receipt);
        if *what == Erasure::Person { self.erase_with_keys(&[scope], erase) } else { erase() }
    }

    fn erase_decided(&self, decided: &[Decided], noted: Option<Noted<'_>>) -> Result<Vec<Option<Erased>>, StoreError> {
        let persons: Vec<&Scope> =
            decided.iter().filter(|one| one.what == Erasure::Person).map(|one| &one.scope).collect();
        self.erase_with_keys(&persons, || self.below.erase_decided(decided, noted))
    }

    fn scan_chain(&self, tenant: &TenantId, visit: Visit<'_, ChainEntry>) -> Result<(), StoreError> {
        self.below.scan_chain(tenant, visit)
    }

    fn chain_end(&self, tenant: &TenantId) -> Result<Option<ChainEntry>, StoreError> {
        self.below.chain_end(tenant)
    }

    fn put_chain(&self, tenant: &TenantId, entry: &ChainEntry) -> Result<bool, StoreError> {
        self.below.put_chain(tenant, entry)
    }

    /// Does so with the store below, destroys the keys of persons whose erasure was cut off when they were gone already, and
    /// rewrites the keyring where bytes of old keys are left in it.
    fn compact(&self) -> Result<Compacted, StoreError> {
        // Before the persons are listed: of one who is not there then, nothing is left that such a key could read.
        let going = self.keyring.going()?;
        if !going.is_empty() {
            let mut there = Vec::new();
            for tenant in self.below.tenants()? {
                let persons = self.below.person_ids(&tenant)?;
                there.extend(persons.into_iter().map(|person| Scope::new(tenant.clone(), person)));
            }
            self.keyring.destroy(&self.keyring.of_nobody(&going, &there), self.clock.now())?;
        }
        self.keyring.purge()?;
        self.below.compact()
    }

    fn clock(&self) -> Result<Option<Millis>, StoreError> {
        self.below.clock()
    }

    fn probe(&self) -> Result<bool, StoreError> {
        self.keyring.probe()?;
        self.below.probe()
    }

    fn check(&self) -> Result<StoreHealth, StoreError> {
        let StoreHealth { place, schema, mut problems } = self.below.check()?;
        problems.extend(self.keyring.check()?);
        Ok(StoreHealth { place: format!("{place}, encrypted, keys in {}", self.keyring.place()), schema, problems })
    }
}
