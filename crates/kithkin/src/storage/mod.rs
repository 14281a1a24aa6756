//! Stores as a whole: whether they are sound, and how they get from one place to another.
//!
//! All of it goes through [`kithkin_core::Store`], so that it holds between stores of any kind. Nothing is embedded or
//! derived here.

mod backup;
mod copy;
mod digest;
mod erasure;
mod pages;
mod verify;

use std::ops::ControlFlow;
use std::path::Path;

use kithkin_core::{PersonId, Scope, Store, TenantId};
use kithkin_store::MasterKey;
use serde::Serialize;

pub use backup::BackupReport;
pub use copy::{CopyReport, Refusal};
pub use erasure::{ErasureReport, FreePages, free_pages};
pub use verify::{ChainReport, Damage, StoredPerson, Unreadable, VerifyReport};
pub(crate) use verify::{Wrong, read};

use crate::{Error, Kithkin};

/// Which persons of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// All of every tenant.
    All,
    /// All of a tenant.
    Tenant(TenantId),
    /// One.
    Person(TenantId, PersonId),
}

impl Selection {
    /// The tenants of which everything is meant.
    fn tenants(&self, store: &dyn Store) -> Result<Vec<TenantId>, Error> {
        match self {
            Self::All => Ok(store.tenants()?),
            Self::Tenant(tenant) => Ok(vec![tenant.clone()]),
            Self::Person(..) => Ok(Vec::new()),
        }
    }

    /// The persons that are there.
    fn scopes(&self, store: &dyn Store) -> Result<Vec<Scope>, Error> {
        if let Self::Person(tenant, person) = self {
            let scope = Scope::new(tenant.clone(), person.clone());
            return match store.pulse(&scope)? {
                Some(_) => Ok(vec![scope]),
                None => Err(kithkin_engine::EngineError::NoPerson { scope }.into()),
            };
        }
        let mut scopes = Vec::new();
        for tenant in self.tenants(store)? {
            let persons = store.person_ids(&tenant)?;
            scopes.extend(persons.into_iter().map(|person| Scope::new(tenant.clone(), person)));
        }
        Ok(scopes)
    }
}

/// How far work on a store has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passed {
    /// Persons that are done.
    pub persons: u64,
    /// Of so many.
    pub of: u64,
}

/// What is told how far the work has come, and stops it by [`ControlFlow::Break`].
pub type OnPassed<'a> = &'a mut dyn FnMut(Passed) -> ControlFlow<()>;

/// How large a store's files were, and are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CompactReport {
    /// Bytes before.
    pub before: u64,
    /// Bytes after.
    pub after: u64,
}

impl Kithkin {
    /// Writes a copy of an encrypted store's keyring into a new file. It has the keys of all persons of now, wrapped: keep it
    /// apart from copies of the store, and only until there is a newer one, for from it they come back whoever is erased
    /// meanwhile. `false` where the store is not encrypted.
    ///
    /// # Errors
    /// The file exists or cannot be written, or the keyring is in a database, which has programs for this.
    pub fn copy_keyring(&self, file: &Path) -> Result<bool, Error> {
        let Some(keyring) = &self.opened.keyring else { return Ok(false) };
        keyring.copy(file)?;
        Ok(true)
    }

    /// Wraps every key of an encrypted store's keyring anew with another master key, in one transaction: where it is cut off, the
    /// keyring opens with one of the two. The keys themselves stay, so that no store and no copy or backup of one is touched; a
    /// copy of the keyring from before still opens with the old one. `false` where the store is not encrypted.
    ///
    /// This handle, and every other that is open with the old key, reads and writes nothing any more that is encrypted: open the
    /// store anew with the new one.
    ///
    /// # Errors
    /// The new key is the old one, the old one was changed meanwhile, or a person's key is damaged: then nothing was changed. Nor
    /// was it where the keyring cannot be written, unless the error says that it is done and bytes of the old wrapping are left,
    /// which [`Kithkin::compact`] takes away.
    pub fn change_master_key(&self, new: &MasterKey) -> Result<bool, Error> {
        let Some(keyring) = &self.opened.keyring else { return Ok(false) };
        keyring.change_master_key(new)?;
        Ok(true)
    }

    /// Rewrites the store's files so that they are no larger than what is in them. Others may use it meanwhile; writers
    /// wait. It needs room for a second copy of the store.
    ///
    /// # Errors
    /// The disk is full, or another process holds the store for too long: then everything is as it was.
    pub fn compact(&self) -> Result<CompactReport, Error> {
        let kithkin_core::Compacted { before, after } = self.engine.store().compact()?;
        Ok(CompactReport { before, after })
    }
}
