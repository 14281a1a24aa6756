//! Reads everything in a store, and says of each person what is there and what cannot be read.

use std::ops::ControlFlow;

use kithkin_core::{ChainEntry, Pulse, Scope, Store, StoreError, TenantId};
use kithkin_engine::EngineError;
use serde::Serialize;

use super::digest::{self, Digest};
use super::{OnPassed, Passed, Selection, pages};
use crate::fields::Fields;
use crate::reports::instant;
use crate::{Error, Kithkin};

/// How often a person is read again who is written meanwhile.
const TRIES: u32 = 10;

/// What a store holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerifyReport {
    /// The hash over all persons and chains that were read: the same content gives the same in any store.
    pub hash: String,
    /// The persons that could be read whole.
    pub persons: Vec<StoredPerson>,
    /// The chains of erasures of the tenants that were read whole, where they have one.
    pub chains: Vec<ChainReport>,
    /// What is damaged; empty when all is sound.
    pub damaged: Vec<Damage>,
    /// Who cannot be read because the key is gone; empty in a store that is not encrypted.
    pub unreadable: Vec<Unreadable>,
}

/// A person of whom an encrypted store has what nobody can read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unreadable {
    /// The tenant.
    pub tenant: String,
    /// The person.
    pub person: String,
    /// When they were erased; `null` where the keyring does not have their key, which is an older copy or another's.
    pub erased_at: Option<String>,
    /// Why, and what to do.
    pub why: String,
}

/// A person as a store has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoredPerson {
    /// The tenant.
    pub tenant: String,
    /// The person.
    pub person: String,
    /// The hash of all that is true of them: turns with places and versions, feedback, disclosures and method.
    pub hash: String,
    /// Turns, counting every version.
    pub turns: u64,
    /// Pieces of feedback.
    pub feedback: u64,
    /// Disclosures to chat models.
    pub disclosures: u64,
    /// Memories; they are derived, and not in the hash.
    pub memories: u64,
    /// Vectors of turns and memories, likewise.
    pub vectors: u64,
}

/// A tenant's chain of erasures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChainReport {
    /// The tenant.
    pub tenant: String,
    /// Erasures.
    pub entries: u64,
    /// The hash of the last entry with all before it.
    pub last: String,
}

/// A record that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Damage {
    /// The tenant.
    pub tenant: String,
    /// The person; `null` where it is something of the tenant.
    pub person: Option<String>,
    /// Which record.
    pub what: String,
    /// What is wrong with it.
    pub why: String,
    /// Whether it was derived, so that `kithkin rebuild` makes it again.
    pub derived: bool,
}

impl Kithkin {
    /// Reads all of the persons. What is damaged is in the report, and the reading goes on.
    ///
    /// # Errors
    /// No such person; the store failed as a whole; a person was written faster than they could be read; or `on` stopped it.
    pub fn verify(&self, of: &Selection, on: OnPassed<'_>) -> Result<VerifyReport, Error> {
        verify(self.engine.store(), of, on)
    }
}

pub(super) fn verify(store: &dyn Store, of: &Selection, on: OnPassed<'_>) -> Result<VerifyReport, Error> {
    let (mut persons, mut chains, mut wrong) = (Vec::new(), Vec::new(), Wrong::default());
    let mut whole = Fields::new(digest::CONTEXT);
    let scopes = of.scopes(store)?;
    for (done, scope) in scopes.iter().enumerate() {
        if on(Passed { persons: done as u64, of: scopes.len() as u64 }).is_break() {
            return Err(EngineError::Stopped.into());
        }
        if let Some(person) = read(store, scope, &mut wrong)? {
            whole.text(&person.tenant).text(&person.person).text(&person.hash);
            persons.push(person);
        }
    }
    for tenant in of.tenants(store)? {
        match chain(store, &tenant) {
            Ok(Some(chain)) => {
                whole.text(&chain.tenant).number(chain.entries).text(&chain.last);
                chains.push(chain);
            }
            Ok(None) => {}
            Err(e) => wrong.note(e, &tenant, None, false)?,
        }
    }
    let Wrong { damaged, unreadable } = wrong;
    Ok(VerifyReport { hash: whole.hash().to_hex().to_string(), persons, chains, damaged, unreadable })
}

/// What was found that is not as it should be.
#[derive(Debug, Default)]
pub(crate) struct Wrong {
    pub(crate) damaged: Vec<Damage>,
    pub(crate) unreadable: Vec<Unreadable>,
}

impl Wrong {
    /// Notes what is wrong with a record; any other error is one of the store as a whole.
    fn note(
        &mut self,
        error: StoreError,
        tenant: &TenantId,
        person: Option<&Scope>,
        derived: bool,
    ) -> Result<(), Error> {
        let tenant = tenant.to_string();
        let whose = person.map(|scope| scope.person.to_string());
        match error {
            StoreError::Damaged { what, why, .. } => {
                self.damaged.push(Damage { tenant, person: whose, what, why, derived });
            }
            StoreError::KeyGone { ref person, destroyed_at, .. } => {
                let (person, erased_at) = (person.clone(), destroyed_at.map(instant));
                self.unreadable.push(Unreadable { tenant, person, erased_at, why: error.to_string() });
            }
            other => return Err(other.into()),
        }
        Ok(())
    }

    /// The result, or nothing where something is wrong with it; `derived` says of what kind it is.
    fn sift<T>(&mut self, result: Result<T, StoreError>, scope: &Scope, derived: bool) -> Result<Option<T>, Error> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(e) => self.note(e, &scope.tenant, Some(scope), derived).map(|()| None),
        }
    }
}

/// A person, read in one state; `None` where something is wrong, which is noted, or where they are gone meanwhile.
pub(crate) fn read(store: &dyn Store, scope: &Scope, wrong: &mut Wrong) -> Result<Option<StoredPerson>, Error> {
    for _ in 0..TRIES {
        let mut found = Wrong::default();
        let Some(before) = store.pulse(scope)? else { return Ok(None) };
        let person = read_once(store, scope, before, &mut found)?;
        // What is added meanwhile lies behind the pulse that was read; what is taken away or replaced does not.
        if store.pulse(scope)?.is_some_and(|after| after.epoch == before.epoch) {
            wrong.damaged.extend(found.damaged);
            wrong.unreadable.extend(found.unreadable);
            return Ok(person);
        }
    }
    Err(Error::Moving { person: scope.person.to_string() })
}

fn read_once(store: &dyn Store, scope: &Scope, upto: Pulse, wrong: &mut Wrong) -> Result<Option<StoredPerson>, Error> {
    let log = wrong.sift(digest::log(store, scope, upto.last_seq), scope, false)?;
    if !wrong.unreadable.is_empty() {
        // Without the key there is nothing more to see.
        return Ok(None);
    }
    let feedback = wrong.sift(digest::feedback(store, scope, upto.version), scope, false)?;
    let noted = pages::disclosures(store, scope).map(|all| digest::disclosures(&all));
    let disclosures = wrong.sift(noted, scope, false)?;
    let memories = wrong.sift(memories(store, scope), scope, true)?;
    let vectors = wrong.sift(vectors(store, scope), scope, true)?;
    let binding = wrong.sift(store.binding(scope).map(|binding| digest::binding(binding.as_ref())), scope, false)?;
    let (Some(log), Some(feedback), Some(disclosures), Some(binding)) = (log, feedback, disclosures, binding) else {
        return Ok(None);
    };
    let (Some(memories), Some(vectors)) = (memories, vectors) else { return Ok(None) };
    let digest = Digest { log, feedback, disclosures, binding };
    Ok(Some(StoredPerson {
        tenant: scope.tenant.to_string(),
        person: scope.person.to_string(),
        hash: digest.whole().to_hex().to_string(),
        turns: log.records,
        feedback: feedback.records,
        disclosures: disclosures.records,
        memories,
        vectors,
    }))
}

/// The person, where their key was destroyed.
pub(super) fn erased(store: &dyn Store, scope: &Scope) -> Result<Option<Unreadable>, Error> {
    let mut wrong = Wrong::default();
    wrong.sift(store.scan_turns(scope, 0, &mut |_| ControlFlow::Break(())), scope, false)?;
    Ok(wrong.unreadable.pop().filter(|one| one.erased_at.is_some()))
}

fn memories(store: &dyn Store, scope: &Scope) -> Result<u64, StoreError> {
    let mut memories = 0;
    let mut count = |derived: kithkin_core::DerivedSession| {
        memories += derived.memories.len() as u64;
        ControlFlow::Continue(())
    };
    store.scan_derived(scope, &mut count)?;
    Ok(memories)
}

fn vectors(store: &dyn Store, scope: &Scope) -> Result<u64, StoreError> {
    let mut vectors = 0;
    for space in store.vector_counts(scope)? {
        let mut count = |_: (kithkin_core::UnitId, &[f32])| {
            vectors += 1;
            ControlFlow::Continue(())
        };
        store.scan_vectors(scope, &space.space, 0, &mut count)?;
    }
    Ok(vectors)
}

/// A tenant's chain, each entry of which follows the one before.
pub(super) fn chain(store: &dyn Store, tenant: &TenantId) -> Result<Option<ChainReport>, StoreError> {
    let (mut last, mut broken): (Option<ChainEntry>, Option<u64>) = (None, None);
    let mut check = |entry: ChainEntry| {
        if !entry.follows(last.as_ref(), tenant) {
            broken = Some(entry.number);
            return ControlFlow::Break(());
        }
        last = Some(entry);
        ControlFlow::Continue(())
    };
    store.scan_chain(tenant, &mut check)?;
    if let Some(number) = broken {
        return Err(StoreError::Damaged {
            place: "the store".to_owned(),
            what: format!("entry {number} of the chain of erasures of {tenant}"),
            why: "it does not follow the entry before it".to_owned(),
        });
    }
    Ok(last.map(|last| ChainReport {
        tenant: tenant.to_string(),
        entries: last.number,
        last: blake3::Hash::from_bytes(last.link).to_hex().to_string(),
    }))
}
