//! All persons in one SQLite file.
//!
//! The file has a write-ahead log beside it (`-wal`, `-shm`) while it is open: move or copy it only when it is not.
//! Several threads and processes may have it open; it must lie on a local disk. This module holds the store's API; the
//! SQL is in the modules below it.

mod chain;
mod compact;
mod connection;
mod disclosures;
mod encryption;
mod erase;
mod feedback;
mod free;
mod keyring;
mod memories;
mod mend;
mod persons;
mod schema;
mod seal;
mod take_over;
#[cfg(test)]
mod tests;
mod turns;
mod vectors;

use std::path::Path;

use kithkin_core::{
    Appended, Binding, ChainEntry, Compacted, Decided, DerivationId, DerivedSession, Disclosure, Erased, Erasure,
    Feedback, KeyringId, Memory, Millis, Noted, PersonId, PersonSummary, PersonTurns, Pulse, ReceiptHash, Records,
    Scope, Seq, SessionRef, Store, StoreError, StoreHealth, StoredDisclosure, StoredFeedback, StoredMemory, StoredTurn,
    TenantId, TurnId, UnitId, VectorCount, VectorSpace, Visit, VisitVector,
};

pub use free::{FreePages, free_pages};
pub(crate) use keyring::KeyringFile;

use connection::{Connections, Fault, Patience, new_file};

/// A store in one SQLite file.
///
/// Writes wait up to 10 s for another process's write. An erasure rewrites the whole file, so that the erased bytes are
/// gone: it takes time and free disk in proportion to the store (about a second for each few hundred megabytes), and
/// waits up to 5 s for those who still read the old state, a scan of the same process included.
#[derive(Debug)]
pub struct SqliteStore {
    connections: Connections,
}

impl SqliteStore {
    /// Makes a new store at `path`, in a folder that exists.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if anything is there already; read-only or full: then nothing is left behind.
    pub fn create(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        new_file(path, false)?;
        let created = Connections::open(path, Patience::default()).and_then(|connections| {
            connections.with_writer("creating the schema", schema::initialise)?;
            Ok(Self { connections })
        });
        if created.is_err() {
            // The file is this call's own; if it cannot be removed either, the first error says more.
            let _ = std::fs::remove_file(path);
        }
        created
    }

    /// Opens the store at `path`, and migrates it if an earlier version wrote it. It never makes a file. One that may
    /// not be written is opened too; writes then answer [`StoreError::ReadOnly`].
    ///
    /// # Errors
    /// [`StoreError::Absent`], [`StoreError::Foreign`] and [`StoreError::TooNew`]: then the file is as it was;
    /// [`StoreError::NoAccess`] if it may not even be read, or lies in a folder that may not be written.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::open_with(path.as_ref(), Patience::default())
    }

    /// Marks the store as a whole backup of this digest, in a file that needs no log beside it. It is for one that nobody
    /// else has open.
    ///
    /// # Errors
    /// Full, read-only, busy.
    pub fn seal(&self, digest: &[u8; 32]) -> Result<(), StoreError> {
        seal::put(&self.connections, digest)
    }

    /// Opens a file to read it, without a log beside it where it has none. One of an earlier schema is brought up to date
    /// first.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_sealed(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        schema::inspect(path.as_ref())?;
        let connections = Connections::open(path.as_ref(), Patience::default())?;
        if !schema::is_current(&connections)? {
            schema::upgrade(&connections)?;
        }
        Ok(Self { connections })
    }

    /// The digest that it was sealed with; `None` if it is no whole backup.
    ///
    /// # Errors
    /// The engine failed.
    pub fn sealed(&self) -> Result<Option<[u8; 32]>, StoreError> {
        seal::get(&self.connections)
    }

    fn open_with(path: &Path, patience: Patience) -> Result<Self, StoreError> {
        schema::inspect(path)?;
        let connections = Connections::open(path, patience)?;
        schema::upgrade(&connections)?;
        connections.settle()?;
        Ok(Self { connections })
    }
}

impl Store for SqliteStore {
    fn append(&self, batch: &[PersonTurns], recorded_at: Millis) -> Result<Vec<Appended>, StoreError> {
        self.connections.write("appending turns", |c| turns::append(c, batch, recorded_at))
    }

    fn keyring(&self) -> Result<Option<KeyringId>, StoreError> {
        self.connections.read("reading the keyring's name", encryption::get)
    }

    fn set_keyring(&self, keyring: KeyringId) -> Result<bool, StoreError> {
        self.connections.write("noting the keyring", |c| encryption::put(c, keyring))
    }

    fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        self.connections.read("listing tenants", persons::tenants)
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
        self.connections.read("reading turns", |c| turns::scan(c, scope, after, visit))
    }

    fn turns(&self, scope: &Scope, seqs: &[Seq]) -> Result<Vec<StoredTurn>, StoreError> {
        self.connections.read("reading turns", |c| turns::get(c, scope, seqs))
    }

    fn tellings(&self, scope: &Scope, id: &TurnId) -> Result<Vec<StoredTurn>, StoreError> {
        self.connections.read("reading turns", |c| turns::tellings(c, scope, id))
    }

    fn put_vectors(&self, scope: &Scope, space: &VectorSpace, rows: &[(UnitId, &[f32])]) -> Result<(), StoreError> {
        self.connections.write("writing vectors", |c| vectors::put(c, scope, space, rows))
    }

    fn scan_vectors(
        &self,
        scope: &Scope,
        space: &VectorSpace,
        after_seq: u64,
        visit: VisitVector<'_>,
    ) -> Result<(), StoreError> {
        self.connections.read("reading vectors", |c| vectors::scan(c, scope, space, after_seq, visit))
    }

    fn missing_vectors(&self, scope: &Scope, space: &VectorSpace, visit: Visit<'_, UnitId>) -> Result<(), StoreError> {
        self.connections.read("looking for missing vectors", |c| vectors::missing(c, scope, space, visit))
    }

    fn vector_counts(&self, scope: &Scope) -> Result<Vec<VectorCount>, StoreError> {
        self.connections.read("counting vectors", |c| vectors::counts(c, scope))
    }

    fn drop_other_vectors(&self, scope: &Scope, keep: &VectorSpace) -> Result<u64, StoreError> {
        self.connections.write("dropping vectors", |c| vectors::drop_others(c, scope, keep))
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
        self.connections.write("writing memories", |c| memories::put(c, scope, derivation, session, upto, memories))
    }

    fn scan_memories(
        &self,
        scope: &Scope,
        derivation: &DerivationId,
        visit: Visit<'_, StoredMemory>,
    ) -> Result<(), StoreError> {
        self.connections.read("reading memories", |c| memories::scan(c, scope, derivation, visit))
    }

    fn scan_derived(&self, scope: &Scope, visit: Visit<'_, DerivedSession>) -> Result<(), StoreError> {
        self.connections.read("reading memories", |c| memories::scan_derived(c, scope, visit))
    }

    fn take_over(&self, scope: &Scope, records: &Records) -> Result<bool, StoreError> {
        self.connections.write_if("taking records over", |c| take_over::records(c, scope, records))
    }

    fn mend(&self, scope: &Scope, also: &[UnitId]) -> Result<u64, StoreError> {
        self.connections.write("taking out what is damaged", |c| mend::derived(c, scope, also))
    }

    fn drop_other_memories(&self, scope: &Scope, keep: &DerivationId) -> Result<u64, StoreError> {
        self.connections.write("dropping memories", |c| memories::drop_others(c, scope, keep))
    }

    fn put_feedback(&self, scope: &Scope, feedback: &Feedback) -> Result<Option<u64>, StoreError> {
        self.connections.write("writing feedback", |c| feedback::put(c, scope, feedback))
    }

    fn scan_feedback(&self, scope: &Scope, after: u64, visit: Visit<'_, StoredFeedback>) -> Result<(), StoreError> {
        self.connections.read("reading feedback", |c| feedback::scan(c, scope, after, visit))
    }

    fn put_disclosure(&self, scope: &Scope, disclosure: &Disclosure) -> Result<Option<u64>, StoreError> {
        self.connections.write("noting a disclosure", |c| disclosures::put(c, scope, disclosure))
    }

    fn end_disclosure(&self, scope: &Scope, ended: &StoredDisclosure) -> Result<(), StoreError> {
        self.connections.write("noting a disclosure", |c| disclosures::end(c, scope, ended))
    }

    fn scan_disclosures(
        &self,
        scope: &Scope,
        since: Millis,
        visit: Visit<'_, StoredDisclosure>,
    ) -> Result<(), StoreError> {
        self.connections.read("reading disclosures", |c| disclosures::scan(c, scope, since, visit))
    }

    fn binding(&self, scope: &Scope) -> Result<Option<Binding>, StoreError> {
        self.connections.read("reading the binding", |c| persons::binding(c, scope))
    }

    fn bind(&self, scope: &Scope, binding: &Binding) -> Result<(), StoreError> {
        self.connections.write("binding a method", |c| persons::bind(c, scope, binding))
    }

    fn erase(&self, scope: &Scope, what: &Erasure, dry_run: bool) -> Result<Erased, StoreError> {
        if dry_run {
            return self.connections.read("counting what to erase", |c| erase::count(c, scope, what));
        }
        let erased = self.connections.write("erasing", |c| erase::delete(c, scope, what))?;
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
        let erased = self.connections.write("erasing", |c| {
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
        let erased = self.connections.write("erasing", |c| {
            let delete = |(place, one)| erase::delete_decided(c, place, one, noted.as_mut());
            decided.iter().enumerate().map(delete).collect()
        })?;
        erase::purge(&self.connections)?;
        Ok(erased)
    }

    fn scan_chain(&self, tenant: &TenantId, visit: Visit<'_, ChainEntry>) -> Result<(), StoreError> {
        self.connections.read("reading the chain of erasures", |c| chain::scan(c, tenant, visit))
    }

    fn chain_end(&self, tenant: &TenantId) -> Result<Option<ChainEntry>, StoreError> {
        self.connections.read("reading the chain of erasures", |c| chain::end(c, tenant))
    }

    fn put_chain(&self, tenant: &TenantId, entry: &ChainEntry) -> Result<bool, StoreError> {
        self.connections.write("writing the chain of erasures", |c| chain::put(c, tenant, entry))
    }

    fn compact(&self) -> Result<Compacted, StoreError> {
        compact::compact(&self.connections)
    }

    fn clock(&self) -> Result<Option<Millis>, StoreError> {
        Ok(None)
    }

    fn probe(&self) -> Result<bool, StoreError> {
        let probe = self.connections.write("writing a probe", |c| {
            let next = persons::meta(c, "probe")?.wrapping_add(1) % (1 << 32);
            persons::set_meta(c, "probe", next)?;
            Ok(next)
        })?;
        self.connections.read("reading a probe", |c| Ok::<_, Fault>(persons::meta(c, "probe")? >= probe))
    }

    fn check(&self) -> Result<StoreHealth, StoreError> {
        let reads_back = self.probe()?;
        self.connections.read("checking the file", |c| {
            let mut problems = Vec::new();
            if !reads_back {
                problems.push("a record that was just written does not read back".to_owned());
            }
            if erase::mark(c)?.is_some() {
                problems.push("erased bytes are still in the file; do the last erasure again".to_owned());
            }
            let mut check = c.prepare("PRAGMA integrity_check")?;
            let found = check.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
            problems.extend(found.into_iter().filter(|line| line != "ok"));
            let place = format!("sqlite file {}", self.connections.place());
            Ok::<_, Fault>(StoreHealth { place, schema: schema::version(c)?, problems })
        })
    }
}
