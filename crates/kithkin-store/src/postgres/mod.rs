//! All persons in one PostgreSQL database, for many nodes at once.
//!
//! Plain PostgreSQL from 15 on, without extensions. A person's writes are one after another, whichever node they come
//! from, since each locks the person's number in the database; reads wait for nobody. There is no cache here: a node sees by
//! a person's counters, one small query, whether what it has in memory is still what the database holds (decision 20).
//! This module holds the store's API; the SQL is in the modules below it.

mod address;
mod certificates;
mod chain;
mod compact;
mod connection;
mod disclosures;
mod encryption;
mod erase;
mod feedback;
mod keyring;
mod link;
mod memories;
mod mend;
mod persons;
mod schema;
mod session;
mod take_over;
mod turns;
mod vectors;

use kithkin_core::{
    Appended, Binding, ChainEntry, Compacted, Decided, DerivationId, DerivedSession, Disclosure, Erased, Erasure,
    Feedback, KeyringId, Memory, Millis, Noted, PersonId, PersonSummary, PersonTurns, Pulse, ReceiptHash, Records,
    Scope, Seq, SessionRef, Store, StoreError, StoreHealth, StoredDisclosure, StoredFeedback, StoredMemory, StoredTurn,
    TenantId, TurnId, UnitId, VectorCount, VectorSpace, Visit, VisitVector,
};

pub(crate) use keyring::KeyringDatabase;

use connection::{Connections, Fault};
use session::{Session, column};

/// A store in a PostgreSQL database, in a schema named `kithkin`.
///
/// It holds at most 16 connections, and a call waits up to 10 s for one, and as long for another writer of the same person.
/// A statement may take 120 s; the server's own settings for role, database or server go before these two limits. A server that
/// says nothing is waited for 5 s longer than that. Work that meets a conflict, or a server that is going or coming back, is
/// tried again for about three seconds, unless a commit was under way. A call must not be made on a thread that runs
/// asynchronous tasks.
#[derive(Debug)]
pub struct PostgresStore {
    connections: Connections,
}

impl PostgresStore {
    /// Makes a new store in the database at `url`, such as `postgres://kithkin@localhost/kithkin`: an address as libpq has
    /// it, of one or several hosts.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if there is one already, [`StoreError::Foreign`] if a schema of this name is another's,
    /// [`StoreError::Address`], [`StoreError::Unreachable`].
    pub fn create(url: &str) -> Result<Self, StoreError> {
        let connections = Connections::new(url)?;
        schema::create(&connections)?;
        Ok(Self { connections })
    }

    /// Opens the store in the database at `url`, and migrates it if an earlier version wrote it.
    ///
    /// # Errors
    /// [`StoreError::Absent`], [`StoreError::Foreign`], [`StoreError::TooNew`]: then the database is as it was;
    /// [`StoreError::Address`], [`StoreError::Unreachable`].
    pub fn open(url: &str) -> Result<Self, StoreError> {
        let connections = Connections::new(url)?;
        schema::upgrade(&connections)?;
        Ok(Self { connections })
    }
}

impl Store for PostgresStore {
    fn append(&self, batch: &[PersonTurns], recorded_at: Millis) -> Result<Vec<Appended>, StoreError> {
        let scopes = batch.iter().map(|person| &person.scope);
        self.connections.write("appending turns", scopes, |c| turns::append(c, batch, recorded_at))
    }

    fn keyring(&self) -> Result<Option<KeyringId>, StoreError> {
        self.connections.read("reading the keyring's name", encryption::get)
    }

    fn set_keyring(&self, keyring: KeyringId) -> Result<bool, StoreError> {
        self.connections.write("noting the keyring", [], |c| encryption::put(c, keyring))
    }

    fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        self.connections.snapshot("listing tenants", persons::tenants)
    }

    fn person_ids(&self, tenant: &TenantId) -> Result<Vec<PersonId>, StoreError> {
        self.connections.read("listing persons", |c| persons::ids(c, tenant))
    }

    fn persons(
        &self,
        tenant: &TenantId,
        after: Option<&PersonId>,
        limit: usize,
    ) -> Result<Vec<PersonSummary>, StoreError> {
        self.connections.read("listing persons", |c| persons::list(c, tenant, after, limit))
    }

    fn pulse(&self, scope: &Scope) -> Result<Option<Pulse>, StoreError> {
        self.connections.read("reading a person", |c| persons::pulse(c, scope))
    }

    fn scan_turns(&self, scope: &Scope, after: u64, visit: Visit<'_, StoredTurn>) -> Result<(), StoreError> {
        self.connections.snapshot("reading turns", |c| turns::scan(c, scope, after, visit))
    }

    fn turns(&self, scope: &Scope, seqs: &[Seq]) -> Result<Vec<StoredTurn>, StoreError> {
        self.connections.read("reading turns", |c| turns::get(c, scope, seqs))
    }

    fn tellings(&self, scope: &Scope, id: &TurnId) -> Result<Vec<StoredTurn>, StoreError> {
        self.connections.read("reading turns", |c| turns::tellings(c, scope, id))
    }

    fn put_vectors(&self, scope: &Scope, space: &VectorSpace, rows: &[(UnitId, &[f32])]) -> Result<(), StoreError> {
        self.connections.write("writing vectors", [scope], |c| vectors::put(c, scope, space, rows))
    }

    fn scan_vectors(
        &self,
        scope: &Scope,
        space: &VectorSpace,
        after_seq: u64,
        visit: VisitVector<'_>,
    ) -> Result<(), StoreError> {
        self.connections.snapshot("reading vectors", |c| vectors::scan(c, scope, space, after_seq, visit))
    }

    fn missing_vectors(&self, scope: &Scope, space: &VectorSpace, visit: Visit<'_, UnitId>) -> Result<(), StoreError> {
        self.connections.snapshot("looking for missing vectors", |c| vectors::missing(c, scope, space, visit))
    }

    fn vector_counts(&self, scope: &Scope) -> Result<Vec<VectorCount>, StoreError> {
        self.connections.read("counting vectors", |c| vectors::counts(c, scope))
    }

    fn drop_other_vectors(&self, scope: &Scope, keep: &VectorSpace) -> Result<u64, StoreError> {
        self.connections.write("dropping vectors", [scope], |c| vectors::drop_others(c, scope, keep))
    }

    fn stale_sessions(&self, scope: &Scope, derivation: &DerivationId) -> Result<Vec<SessionRef>, StoreError> {
        self.connections.read("looking for stale sessions", |c| memories::stale_sessions(c, scope, derivation))
    }

    fn put_memories(
        &self,
        scope: &Scope,
        derivation: &DerivationId,
        session: &SessionRef,
        upto: Seq,
        memories: &[Memory],
    ) -> Result<bool, StoreError> {
        self.connections
            .write("writing memories", [scope], |c| memories::put(c, scope, derivation, session, upto, memories))
    }

    fn scan_memories(
        &self,
        scope: &Scope,
        derivation: &DerivationId,
        visit: Visit<'_, StoredMemory>,
    ) -> Result<(), StoreError> {
        self.connections.snapshot("reading memories", |c| memories::scan(c, scope, derivation, visit))
    }

    fn scan_derived(&self, scope: &Scope, visit: Visit<'_, DerivedSession>) -> Result<(), StoreError> {
        self.connections.snapshot("reading memories", |c| memories::scan_derived(c, scope, visit))
    }

    fn take_over(&self, scope: &Scope, records: &Records) -> Result<bool, StoreError> {
        self.connections.write_if("taking records over", [scope], |c| take_over::records(c, scope, records))
    }

    fn mend(&self, scope: &Scope, also: &[UnitId]) -> Result<u64, StoreError> {
        self.connections.write("taking out what is damaged", [scope], |c| mend::derived(c, scope, also))
    }

    fn drop_other_memories(&self, scope: &Scope, keep: &DerivationId) -> Result<u64, StoreError> {
        self.connections.write("dropping memories", [scope], |c| memories::drop_others(c, scope, keep))
    }

    fn put_feedback(&self, scope: &Scope, feedback: &Feedback) -> Result<Option<u64>, StoreError> {
        self.connections.write("writing feedback", [scope], |c| feedback::put(c, scope, feedback))
    }

    fn scan_feedback(&self, scope: &Scope, after: u64, visit: Visit<'_, StoredFeedback>) -> Result<(), StoreError> {
        self.connections.snapshot("reading feedback", |c| feedback::scan(c, scope, after, visit))
    }

    fn put_disclosure(&self, scope: &Scope, disclosure: &Disclosure) -> Result<Option<u64>, StoreError> {
        self.connections.write("noting a disclosure", [scope], |c| disclosures::put(c, scope, disclosure))
    }

    fn end_disclosure(&self, scope: &Scope, ended: &StoredDisclosure) -> Result<(), StoreError> {
        self.connections.write("noting a disclosure", [scope], |c| disclosures::end(c, scope, ended))
    }

    fn scan_disclosures(
        &self,
        scope: &Scope,
        since: Millis,
        visit: Visit<'_, StoredDisclosure>,
    ) -> Result<(), StoreError> {
        self.connections.snapshot("reading disclosures", |c| disclosures::scan(c, scope, since, visit))
    }

    fn binding(&self, scope: &Scope) -> Result<Option<Binding>, StoreError> {
        self.connections.read("reading the binding", |c| persons::binding(c, scope))
    }

    fn bind(&self, scope: &Scope, binding: &Binding) -> Result<(), StoreError> {
        self.connections.write("binding a method", [scope], |c| persons::bind(c, scope, binding))
    }

    fn erase(&self, scope: &Scope, what: &Erasure, dry_run: bool) -> Result<Erased, StoreError> {
        if dry_run {
            return self.connections.snapshot("counting what to erase", |c| erase::count(c, scope, what));
        }
        let erased = self.connections.write("erasing", [scope], |c| erase::delete(c, scope, what))?;
        erase::purge(&self.connections)?;
        Ok(erased)
    }

    fn erase_noted(
        &self,
        scope: &Scope,
        what: &Erasure,
        at: Millis,
        receipt: ReceiptHash<'_>,
    ) -> Result<Erased, StoreError> {
        let erased = self.connections.write("erasing", [scope], |c| {
            let erased = erase::delete(c, scope, what)?;
            chain::add(c, &scope.tenant, at, |number| Ok(receipt(&erased, number)))?;
            Ok(erased)
        })?;
        erase::purge(&self.connections)?;
        Ok(erased)
    }

    fn erase_decided(
        &self,
        decided: &[Decided],
        mut noted: Option<Noted<'_>>,
    ) -> Result<Vec<Option<Erased>>, StoreError> {
        let mut erased = Vec::with_capacity(decided.len());
        // One person after another: each is locked for a moment, and the server has room for some thousand locks in all.
        for (place, one) in decided.iter().enumerate() {
            let delete = |c: &mut Session| erase::delete_decided(c, place, one, noted.as_mut());
            erased.push(self.connections.write("erasing", [&one.scope], delete)?);
        }
        erase::purge(&self.connections)?;
        Ok(erased)
    }

    fn scan_chain(&self, tenant: &TenantId, visit: Visit<'_, ChainEntry>) -> Result<(), StoreError> {
        self.connections.snapshot("reading the chain of erasures", |c| chain::scan(c, tenant, visit))
    }

    fn chain_end(&self, tenant: &TenantId) -> Result<Option<ChainEntry>, StoreError> {
        self.connections.read("reading the chain of erasures", |c| chain::end(c, tenant))
    }

    fn put_chain(&self, tenant: &TenantId, entry: &ChainEntry) -> Result<bool, StoreError> {
        self.connections.write("writing the chain of erasures", [], |c| chain::put(c, tenant, entry))
    }

    fn compact(&self) -> Result<Compacted, StoreError> {
        compact::compact(&self.connections)
    }

    fn clock(&self) -> Result<Option<Millis>, StoreError> {
        self.connections.read("reading the server's clock", |c| {
            let now = c.first("SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint", &[])?;
            now.map(|row| column(&row, 0).map_err(|why| Fault::damaged("the server's clock", why))).transpose()
        })
    }

    fn probe(&self) -> Result<bool, StoreError> {
        let wrong = |why| Fault::damaged("the probe", why);
        let probe = self.connections.write("writing a probe", [], |c| {
            let next = "UPDATE meta SET value = (value + 1) % 4294967296 WHERE name = 'probe' RETURNING value";
            c.first(next, &[])?.map(|row| column::<i64>(&row, 0).map_err(wrong)).transpose()
        })?;
        self.connections.read("reading a probe", |c| {
            let read = c.first("SELECT value FROM meta WHERE name = 'probe'", &[])?;
            let read = read.map(|row| column::<i64>(&row, 0).map_err(wrong)).transpose()?;
            Ok(read.zip(probe).is_some_and(|(read, probe)| read >= probe))
        })
    }

    fn check(&self) -> Result<StoreHealth, StoreError> {
        let reads_back = self.probe()?;
        self.connections.read("checking the database", |c| {
            let mut problems = Vec::new();
            if !reads_back {
                problems.push("a record that was just written does not read back".to_owned());
            }
            if erase::waiting(c)? != 0 {
                problems.push("erased bytes are still in the tables' files; do the last erasure again".to_owned());
            }
            let wall = if is_bound(c)? { "" } else { " (its role is one that row-level security does not bind)" };
            let place = format!("{}{wall}", self.connections.place());
            Ok(StoreHealth { place, schema: schema::version(c)?, problems })
        })
    }
}

/// Whether row-level security binds the role that is connected.
fn is_bound(session: &mut Session) -> Result<bool, Fault> {
    let role = session.first("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user", &[])?;
    let free = role.map_or(Ok(false), |role| column(&role, 0)).map_err(|why| Fault::damaged("the role", why))?;
    Ok(!free)
}
