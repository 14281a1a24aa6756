//! Where a person's data lives.
//!
//! The log of turns is the truth and only grows; memories and vectors are derived from it and can be rebuilt. Every
//! call takes a [`Scope`]. One conformance suite in the store crate holds every implementation to these contracts.

use std::fmt;
use std::ops::ControlFlow;

use crate::{
    Appended, Binding, ChainEntry, Compacted, Decided, DerivationId, DerivedSession, Disclosure, Erased, Erasure,
    Feedback, KeyringId, Memory, Millis, PersonId, PersonSummary, PersonTurns, Pulse, Records, Scope, Seq, SessionRef,
    StoreError, StoreHealth, StoredDisclosure, StoredFeedback, StoredMemory, StoredTurn, TenantId, TurnId, UnitId,
    VectorCount, VectorSpace,
};

/// What a scan calls for each record; [`ControlFlow::Break`] ends the scan early.
pub type Visit<'a, T> = &'a mut dyn FnMut(T) -> ControlFlow<()>;

/// Makes the hash of a receipt of what was erased and of its number in the chain.
pub type ReceiptHash<'a> = &'a mut dyn FnMut(&Erased, u64) -> [u8; 32];

/// Makes the hash of the receipt of the erasure at a place of a list: of what was erased and of its number in the chain. An
/// error takes the erasure back.
pub type ReceiptHashOf<'a> = &'a mut dyn FnMut(usize, &Erased, u64) -> Result<[u8; 32], StoreError>;

/// What several erasures are noted with in the chains of their tenants.
pub struct Noted<'a> {
    /// When it is.
    pub at: Millis,
    /// The receipts.
    pub receipt: ReceiptHashOf<'a>,
}

impl fmt::Debug for Noted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Noted").field("at", &self.at).finish_non_exhaustive()
    }
}

/// What a scan calls for each vector. The slice lives for the call only.
pub type VisitVector<'a> = &'a mut dyn FnMut((UnitId, &[f32])) -> ControlFlow<()>;

/// A place that keeps persons' data.
///
/// Implementations MUST hold: a write is durable when the call returns, and either whole or not there at all; a read
/// sees only the scope it names, and of it only what is durable; several threads and several processes may use one place
/// at once. An error that a write does not name leaves open whether it was done, which can be read.
pub trait Store: Send + Sync + fmt::Debug {
    /// Writes turns down in one transaction and gives each its place. A turn whose key and content the person has
    /// already is a duplicate; one whose key exists with other content becomes a new version, and the old one stays.
    /// Persons come into being with their first turn. Turns must be valid ([`crate::Turn::validate`]).
    ///
    /// # Errors
    /// Full, read-only, busy: then nothing of the batch is written.
    fn append(&self, batch: &[PersonTurns], recorded_at: Millis) -> Result<Vec<Appended>, StoreError>;

    /// The keyring that has the keys of what is kept here; `None` where it can be read without any.
    ///
    /// # Errors
    /// The engine failed, or the record is damaged.
    fn keyring(&self) -> Result<Option<KeyringId>, StoreError>;

    /// Notes for good that all content comes encrypted, and whose keys it needs; `false`, and nothing is written, where that
    /// is noted already or somebody was ever written.
    ///
    /// # Errors
    /// Full, read-only, busy.
    fn set_keyring(&self, keyring: KeyringId) -> Result<bool, StoreError>;

    /// The tenants that have a person or an entry in their chain of erasures, in order. Only what concerns a store as a
    /// whole, such as a copy of it, asks this.
    ///
    /// # Errors
    /// The engine failed.
    fn tenants(&self) -> Result<Vec<TenantId>, StoreError>;

    /// The names of a tenant's persons, in order. It reads no turn.
    ///
    /// # Errors
    /// The engine failed.
    fn person_ids(&self, tenant: &TenantId) -> Result<Vec<PersonId>, StoreError>;

    /// Persons of a tenant, by id: at most `limit` of those that come after `after`, at the cost of a pass over their turns
    /// and nobody else's.
    ///
    /// # Errors
    /// The engine failed.
    fn persons(
        &self,
        tenant: &TenantId,
        after: Option<&PersonId>,
        limit: usize,
    ) -> Result<Vec<PersonSummary>, StoreError>;

    /// The person's counters; `None` when there is no such person.
    ///
    /// # Errors
    /// The engine failed.
    fn pulse(&self, scope: &Scope) -> Result<Option<Pulse>, StoreError>;

    /// Visits the log in order of place, from after `after` (0: from the start), replaced versions included.
    ///
    /// # Errors
    /// The engine failed, or a record is damaged.
    fn scan_turns(&self, scope: &Scope, after: u64, visit: Visit<'_, StoredTurn>) -> Result<(), StoreError>;

    /// The turns with these places, in the order asked for; those that do not exist are left out.
    ///
    /// # Errors
    /// The engine failed, or a record is damaged.
    fn turns(&self, scope: &Scope, seqs: &[Seq]) -> Result<Vec<StoredTurn>, StoreError>;

    /// All versions of the turns with this id, in any conversation of the person, in order of place.
    ///
    /// # Errors
    /// The engine failed, or a record is damaged.
    fn tellings(&self, scope: &Scope, id: &TurnId) -> Result<Vec<StoredTurn>, StoreError>;

    /// Keeps vectors of one space, each of the same length; a vector that is there already is replaced. Vectors of
    /// units that no longer exist are passed over, so that a slow embedder cannot bring back what was erased.
    ///
    /// # Errors
    /// Full, read-only, busy.
    fn put_vectors(&self, scope: &Scope, space: &VectorSpace, rows: &[(UnitId, &[f32])]) -> Result<(), StoreError>;

    /// Visits the vectors of a space: those of turns after place `after_seq` in order of place, then those of all
    /// memories in order of number.
    ///
    /// # Errors
    /// The engine failed, or a record is damaged.
    fn scan_vectors(
        &self,
        scope: &Scope,
        space: &VectorSpace,
        after_seq: u64,
        visit: VisitVector<'_>,
    ) -> Result<(), StoreError>;

    /// Visits the units that have no vector in the space: turns in order of place (replaced versions are left out),
    /// then memories in order of number.
    ///
    /// # Errors
    /// The engine failed.
    fn missing_vectors(&self, scope: &Scope, space: &VectorSpace, visit: Visit<'_, UnitId>) -> Result<(), StoreError>;

    /// How many vectors the person has, by space.
    ///
    /// # Errors
    /// The engine failed.
    fn vector_counts(&self, scope: &Scope) -> Result<Vec<VectorCount>, StoreError>;

    /// Drops the person's vectors of every space but `keep`; gives how many went.
    ///
    /// # Errors
    /// Full, read-only, busy.
    fn drop_other_vectors(&self, scope: &Scope, keep: &VectorSpace) -> Result<u64, StoreError>;

    /// The sessions whose memories under this derivation are not up to date with the log, in order of their first turn.
    ///
    /// # Errors
    /// The engine failed.
    fn stale_sessions(&self, scope: &Scope, derivation: &DerivationId) -> Result<Vec<SessionRef>, StoreError>;

    /// Replaces the memories of one session under a derivation, with their vectors, and marks the session up to date
    /// as of `upto`, in one transaction. Refused as a conflict of no effect (`false`) when a source no longer exists.
    ///
    /// # Errors
    /// Full, read-only, busy.
    fn put_memories(
        &self,
        scope: &Scope,
        derivation: &DerivationId,
        session: &SessionRef,
        upto: Seq,
        memories: &[Memory],
    ) -> Result<bool, StoreError>;

    /// Visits the memories of a derivation in order of number.
    ///
    /// # Errors
    /// The engine failed, or a record is damaged.
    fn scan_memories(
        &self,
        scope: &Scope,
        derivation: &DerivationId,
        visit: Visit<'_, StoredMemory>,
    ) -> Result<(), StoreError>;

    /// Visits what was derived from each session under each derivation, in order of derivation, conversation and session.
    ///
    /// # Errors
    /// The engine failed, or a record is damaged.
    fn scan_derived(&self, scope: &Scope, visit: Visit<'_, DerivedSession>) -> Result<(), StoreError>;

    /// Takes records over from another store in one transaction; each keeps its number, and the person comes into being
    /// where it is not there yet, its epoch above those of all persons erased before. Turns and feedback follow those that
    /// are there; a disclosure of a number that is there, and what was derived from a session, take the place of the old.
    ///
    /// Refused as a conflict of no effect (`false`): a place or number that does not follow, a turn that supersedes
    /// another than the current telling, feedback or a memory without its turns, a memory whose number another session's
    /// has.
    ///
    /// # Errors
    /// Full, read-only, busy: then nothing was written.
    fn take_over(&self, scope: &Scope, records: &Records) -> Result<bool, StoreError>;

    /// Takes out the memories and vectors of the person that cannot be read back, so that they are missing, and the sessions
    /// of the memories stale; with them those that `also` names: the vectors of turns, and memories with theirs. Gives how
    /// many went. What was said is never touched. It reads all of them.
    ///
    /// # Errors
    /// Full, read-only, busy: then nothing went.
    fn mend(&self, scope: &Scope, also: &[UnitId]) -> Result<u64, StoreError>;

    /// Drops the memories, and their vectors, of every derivation but `keep`; gives how many memories went.
    ///
    /// # Errors
    /// Full, read-only, busy.
    fn drop_other_memories(&self, scope: &Scope, keep: &DerivationId) -> Result<u64, StoreError>;

    /// Adds feedback to the person's log of it and gives its number; `None`, and nothing is written, when no turn was
    /// shown, or one that no longer exists: an erasure finds feedback by its turns, and what is erased stays so.
    ///
    /// # Errors
    /// Full, read-only, busy.
    fn put_feedback(&self, scope: &Scope, feedback: &Feedback) -> Result<Option<u64>, StoreError>;

    /// Visits the feedback with a number above `after` (0: all) in order of number.
    ///
    /// # Errors
    /// The engine failed, or a record is damaged.
    fn scan_feedback(&self, scope: &Scope, after: u64, visit: Visit<'_, StoredFeedback>) -> Result<(), StoreError>;

    /// Notes that a chat model is about to be given something of the person, and gives the note's number; `None`, and
    /// nothing is written, when there is no such person. It moves no counter of the person. Erasing turns leaves it.
    ///
    /// # Errors
    /// Full, read-only, busy.
    fn put_disclosure(&self, scope: &Scope, disclosure: &Disclosure) -> Result<Option<u64>, StoreError>;

    /// Writes down what the disclosure of this number and time has taken; nothing where it is gone.
    ///
    /// # Errors
    /// Full, read-only, busy.
    fn end_disclosure(&self, scope: &Scope, ended: &StoredDisclosure) -> Result<(), StoreError>;

    /// Visits the disclosures since a time, in order of number.
    ///
    /// # Errors
    /// The engine failed, or a record is damaged.
    fn scan_disclosures(
        &self,
        scope: &Scope,
        since: Millis,
        visit: Visit<'_, StoredDisclosure>,
    ) -> Result<(), StoreError>;

    /// The method that the person is bound to; `None` before one was chosen.
    ///
    /// # Errors
    /// The engine failed, or the record is damaged.
    fn binding(&self, scope: &Scope) -> Result<Option<Binding>, StoreError>;

    /// Binds the person to a method.
    ///
    /// # Errors
    /// Full, read-only, busy.
    fn bind(&self, scope: &Scope, binding: &Binding) -> Result<(), StoreError>;

    /// Erases turns and all that came from them in one transaction, so that their bytes leave the files as well
    /// before the call returns; sessions that lost a turn become stale. With `dry_run` only counts.
    ///
    /// # Errors
    /// Full, read-only, busy; then nothing was erased. [`StoreError::Busy`] may also say that the erasure is done but
    /// that another process still reads the old bytes.
    fn erase(&self, scope: &Scope, what: &Erasure, dry_run: bool) -> Result<Erased, StoreError>;

    /// Erases as [`Store::erase`] does, and in the same transaction adds an entry to the tenant's chain of erasures: with the
    /// time `at`, and the hash that `receipt` gives of what was erased and of the entry's number. It may be called again.
    ///
    /// # Errors
    /// As of [`Store::erase`]; then there is no entry either, or both are done.
    fn erase_noted(
        &self,
        scope: &Scope,
        what: &Erasure,
        at: Millis,
        receipt: ReceiptHash<'_>,
    ) -> Result<Erased, StoreError>;

    /// Erases of several persons what was decided upon by a reading of their logs, with one rewriting of the files for
    /// all; gives for each what went, or `None` where nothing went because there is a turn that was not read.
    ///
    /// Where it is `noted`, each erasure that takes anything adds an entry to its tenant's chain, in its own transaction. The
    /// receipt is asked for before that ends, and may be asked for again, or for an erasure that is then taken back.
    ///
    /// # Errors
    /// As of [`Store::erase`]; of several persons, some may be erased, each with its entry.
    fn erase_decided(&self, decided: &[Decided], noted: Option<Noted<'_>>) -> Result<Vec<Option<Erased>>, StoreError>;

    /// Visits the tenant's chain of erasures from its first entry on.
    ///
    /// # Errors
    /// The engine failed, or a record is damaged.
    fn scan_chain(&self, tenant: &TenantId, visit: Visit<'_, ChainEntry>) -> Result<(), StoreError>;

    /// The last entry of the tenant's chain of erasures.
    ///
    /// # Errors
    /// The engine failed, or the record is damaged.
    fn chain_end(&self, tenant: &TenantId) -> Result<Option<ChainEntry>, StoreError>;

    /// Adds an entry to the tenant's chain of erasures; `false`, and nothing is written, where it is not the one that comes
    /// after the last.
    ///
    /// # Errors
    /// Full, read-only, busy.
    fn put_chain(&self, tenant: &TenantId, entry: &ChainEntry) -> Result<bool, StoreError>;

    /// Rewrites the files so that they are no larger than what is in them. Others may use the store meanwhile; writers wait.
    ///
    /// # Errors
    /// Full, read-only, busy: then everything is as it was. [`StoreError::Busy`] may also say that the files shrink once
    /// another process has finished reading.
    fn compact(&self) -> Result<Compacted, StoreError>;

    /// The time by a clock of the place's own, in milliseconds since 1970; `None` where it has none.
    ///
    /// # Errors
    /// The engine failed.
    fn clock(&self) -> Result<Option<Millis>, StoreError>;

    /// Writes a record of its own, durably, and gives whether it reads back. It concerns no person.
    ///
    /// # Errors
    /// The place cannot be written or read.
    fn probe(&self) -> Result<bool, StoreError>;

    /// The same, then lets the engine check its files.
    ///
    /// # Errors
    /// The place cannot be written or read.
    fn check(&self) -> Result<StoreHealth, StoreError>;
}
