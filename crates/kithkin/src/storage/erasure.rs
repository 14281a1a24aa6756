//! Looks whether what a receipt names is gone: from the log, from all that is derived, and from the chain's history.
//!
//! What bytes a file still has is the store's to answer for; see `docs/how-to/erasure.md` for what that proves.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;

use kithkin_core::{ChainEntry, DerivedSession, MemoryId, Pulse, Scope, Seq, Store, StoreError, StoredTurn, UnitId};
use kithkin_engine::EngineError;
use serde::Serialize;

use super::{pages, verify};
use crate::receipt::{Receipt, hash_of_id, hash_of_person, hash_of_text};
use crate::{Error, Kithkin};

/// What was found of an erasure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ErasureReport {
    /// Whether nothing was found that should be gone.
    pub gone: bool,
    /// What was found; empty when all is gone.
    pub findings: Vec<String>,
    /// Entries in the tenant's chain, all of which were followed.
    pub chain: u64,
    /// Whether there is a person of that name now.
    pub person: bool,
    /// Erased turns that were told again after the erasure: they are there by that telling.
    pub told_again: u64,
    /// Other turns of the person, of before the erasure, that have the words of an erased one. They were not named.
    pub same_words: u64,
}

/// The free pages of a store's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct FreePages {
    /// How many there are.
    pub pages: u64,
    /// How many of them are not blank.
    pub marked: u64,
}

/// Reads the free pages of a store's file as they lie. No handle of this process may have the file open: to close a file
/// drops the locks that the process has on it.
///
/// # Errors
/// The file cannot be read, or is damaged.
pub fn free_pages(path: &Path) -> Result<FreePages, Error> {
    let kithkin_store::FreePages { pages, marked } = kithkin_store::free_pages(path)?;
    Ok(FreePages { pages, marked })
}

impl Kithkin {
    /// Looks for everything that the receipt names. It reads all of the person, where there is one of the name.
    ///
    /// # Errors
    /// The store failed, or has a damaged record of the person.
    pub fn verify_erasure(&self, receipt: &Receipt) -> Result<ErasureReport, Error> {
        let store = self.engine.store();
        let key = receipt.key().map_err(|e| EngineError::Internal { what: format!("the key of a receipt: {e}") })?;
        let mut look = Look { store, receipt, key, findings: Vec::new(), told_again: 0, same_words: 0 };
        let chain = look.chain()?;
        let person = look.person()?;
        if let Some(scope) = &person {
            match look.all(scope) {
                // Rows are there, though nobody can read them: those of a copy of before the erasure.
                Err(Error::Engine(EngineError::Store(e @ StoreError::KeyGone { .. }))) => look.find(e.to_string()),
                looked => looked?,
            }
        }
        // An erasure whose old bytes are still read by another process is one of these.
        look.findings.extend(store.check()?.problems);
        let Look { findings, told_again, same_words, .. } = look;
        Ok(ErasureReport {
            gone: findings.is_empty(),
            findings,
            chain,
            person: person.is_some(),
            told_again,
            same_words,
        })
    }
}

struct Look<'a> {
    store: &'a dyn Store,
    receipt: &'a Receipt,
    key: [u8; 32],
    findings: Vec<String>,
    told_again: u64,
    same_words: u64,
}

impl Look<'_> {
    fn find(&mut self, what: impl Into<String>) {
        self.findings.push(what.into());
    }

    /// Looks through all that there is of the person.
    fn all(&mut self, scope: &Scope) -> Result<(), Error> {
        let memories = self.derived(scope)?;
        self.turns(scope)?;
        self.feedback(scope)?;
        self.vectors(scope, &memories)
    }

    /// Follows the chain to its end, and looks for the receipt's entry.
    fn chain(&mut self) -> Result<u64, Error> {
        let Receipt { tenant, entry, .. } = self.receipt;
        let mut own = None;
        let mut find = |one: ChainEntry| {
            if one.number == *entry {
                own = Some(one);
            }
            ControlFlow::Continue(())
        };
        self.store.scan_chain(tenant, &mut find)?;
        match own {
            Some(own) if own.receipt == self.receipt.hash() => {}
            Some(_) => self.find(format!(
                "entry {entry} of the chain of {tenant} is of another receipt: this one was changed, or is of another store"
            )),
            None => self.find(format!("the chain of {tenant} has no entry {entry}: it was cut off, or is another's")),
        }
        match verify::chain(self.store, tenant) {
            Ok(chain) => Ok(chain.map_or(0, |chain| chain.entries)),
            Err(StoreError::Damaged { what, why, .. }) => {
                self.find(format!("{what}: {why}"));
                Ok(0)
            }
            Err(e) => Err(e.into()),
        }
    }

    /// The person, where there is one whose name has the hash.
    fn person(&self) -> Result<Option<Scope>, Error> {
        let persons = self.store.person_ids(&self.receipt.tenant)?;
        let named = persons.into_iter().find(|person| hash_of_person(&self.key, person) == self.receipt.person);
        Ok(named.map(|person| Scope::new(self.receipt.tenant.clone(), person)))
    }

    fn is_erased(&self, seq: Seq) -> bool {
        // In the order of the log.
        self.receipt.erased.binary_search_by_key(&seq.0, |turn| turn.place).is_ok()
    }

    fn turns(&mut self, scope: &Scope) -> Result<(), Error> {
        let ids: BTreeSet<&str> = self.receipt.erased.iter().map(|turn| turn.id.as_str()).collect();
        let texts: BTreeSet<&str> = self.receipt.erased.iter().map(|turn| turn.text.as_str()).collect();
        let mut last = 0;
        loop {
            let page = pages::turns(self.store, scope, last, u64::MAX)?;
            let Some(end) = page.last() else { return Ok(()) };
            last = end.seq.0;
            for StoredTurn { seq, turn, .. } in &page {
                let before = seq.0 <= self.receipt.last;
                if self.is_erased(*seq) {
                    self.find(format!("there is a turn at the place {seq}, which was erased"));
                } else if ids.contains(hash_of_id(&self.key, turn).as_str()) {
                    if before {
                        self.find(format!(
                            "there is a telling of an erased turn, of before the erasure, at the place {seq}"
                        ));
                    } else {
                        self.told_again += 1;
                    }
                } else if before && texts.contains(hash_of_text(&self.key, &turn.text).as_str()) {
                    self.same_words += 1;
                }
            }
        }
    }

    /// The numbers of the memories that there are.
    fn derived(&mut self, scope: &Scope) -> Result<BTreeSet<MemoryId>, Error> {
        let (mut ids, mut of_erased) = (BTreeSet::new(), Vec::new());
        let mut look = |derived: DerivedSession| {
            for one in derived.memories {
                if one.memory.sources.iter().any(|seq| self.is_erased(*seq)) {
                    of_erased.push(one.id);
                }
                ids.insert(one.id);
            }
            ControlFlow::Continue(())
        };
        self.store.scan_derived(scope, &mut look)?;
        for MemoryId(id) in of_erased {
            self.find(format!("the memory {id} is of an erased turn"));
        }
        Ok(ids)
    }

    fn feedback(&mut self, scope: &Scope) -> Result<(), Error> {
        let Pulse { version, .. } = self.store.pulse(scope)?.unwrap_or_default();
        let mut last = 0;
        loop {
            let page = pages::feedback(self.store, scope, last, version)?;
            let Some(end) = page.last() else { return Ok(()) };
            last = end.number;
            for given in &page {
                if given.feedback.shown.iter().any(|shown| self.is_erased(shown.seq)) {
                    self.find(format!("the feedback {} is on an erased turn", given.number));
                }
            }
        }
    }

    fn vectors(&mut self, scope: &Scope, memories: &BTreeSet<MemoryId>) -> Result<(), Error> {
        for space in self.store.vector_counts(scope)? {
            let mut left = Vec::new();
            let mut look = |(unit, _): (UnitId, &[f32])| {
                let gone = match unit {
                    UnitId::Turn(seq) => self.is_erased(seq),
                    // One that came since the memories were read has a higher number.
                    UnitId::Memory(id) => !memories.contains(&id) && memories.last().is_none_or(|last| id < *last),
                };
                if gone {
                    left.push(unit);
                }
                ControlFlow::Continue(())
            };
            self.store.scan_vectors(scope, &space.space, 0, &mut look)?;
            for unit in left {
                self.find(match unit {
                    UnitId::Turn(seq) => format!("there is a vector of the erased turn at the place {seq}"),
                    UnitId::Memory(MemoryId(id)) => format!("there is a vector of the memory {id}, which is gone"),
                });
            }
        }
        Ok(())
    }
}
