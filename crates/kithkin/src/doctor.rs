//! Whether store and weights are sound and everything is derived. It repairs nothing: each finding names what does.

use std::ops::ControlFlow;

use kithkin_core::{DerivationId, DerivedSession, Scope, TenantId};
use kithkin_models::{Status as WeightStatus, embedder_names};
use serde::Serialize;

use crate::storage::{Damage, Wrong, read};
use crate::{Error, Kithkin};

/// How far the clocks of machine and database may be apart, in milliseconds.
const CLOCKS_APART: u64 = 60_000;

/// What mends a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Repair {
    /// Restore a copy of the store.
    RestoreACopy,
    /// The finding says it.
    AsTheMessageSays,
    /// Fetch the weights again.
    FetchWeights {
        /// Of which model.
        model: String,
    },
    /// Run `kithkin reembed`.
    Reembed,
    /// Run `kithkin rebuild`.
    Rebuild {
        /// For which person.
        person: String,
    },
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was found.
    pub what: String,
    /// What mends it.
    pub repair: Repair,
}

impl Finding {
    fn told(e: &Error) -> Self {
        Self { what: e.to_string(), repair: Repair::AsTheMessageSays }
    }
}

/// What `doctor` found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Doctor {
    /// Which store.
    pub store: String,
    /// Which embedder is in use.
    pub embedder: Option<String>,
    /// What is wrong; empty when all is well.
    pub findings: Vec<Finding>,
}

impl Kithkin {
    /// Checks the store by a real write and read, the weights by their hashes, and for each person of the tenant whether
    /// everything can be read, memories and vectors are up to date with the log, and no memories are of another method.
    ///
    /// # Errors
    /// None: what is wrong is a finding.
    pub fn doctor(&self, tenant: &TenantId) -> Doctor {
        let mut findings = Vec::new();
        let mut place = String::new();
        match self.engine.store().check() {
            Ok(health) => {
                place = format!("{} (schema {})", health.place, health.schema);
                let problems = health.problems.into_iter();
                findings.extend(problems.map(|what| Finding { what, repair: Repair::RestoreACopy }));
            }
            Err(e) => findings.push(Finding::told(&e.into())),
        }
        if let Ok(Some(there)) = self.engine.store().clock() {
            let apart = self.clock.now().saturating_sub(there);
            if apart.unsigned_abs() > CLOCKS_APART {
                let (seconds, way) = (apart.unsigned_abs() / 1000, if apart > 0 { "ahead of" } else { "behind" });
                let what = format!("the clock of this machine is {seconds} s {way} that of the database; set both");
                findings.push(Finding { what, repair: Repair::AsTheMessageSays });
            }
        }
        for name in embedder_names() {
            if let Ok(WeightStatus::Damaged { file }) = kithkin_models::verify(name, &self.models_dir) {
                let what = format!("the weights in {file} are damaged");
                findings.push(Finding { what, repair: Repair::FetchWeights { model: name.to_owned() } });
            }
        }
        match self.engine.store().person_ids(tenant) {
            Ok(persons) => {
                for person in persons {
                    let scope = Scope::new(tenant.clone(), person);
                    let damaged = self.damaged(&scope, &mut findings);
                    // What is damaged is named above, and would be named again.
                    match damaged
                        .and_then(|damaged| if damaged { Ok(()) } else { self.unfinished(&scope, &mut findings) })
                    {
                        Ok(()) => {}
                        Err(e) => findings.push(Finding::told(&e)),
                    }
                }
            }
            Err(e) => findings.push(Finding::told(&e.into())),
        }
        Doctor { store: place, embedder: self.embedder_name().map(str::to_owned), findings }
    }

    /// Finds what of a person cannot be read; whether there is any.
    fn damaged(&self, scope: &Scope, findings: &mut Vec<Finding>) -> Result<bool, Error> {
        let mut wrong = Wrong::default();
        read(self.engine.store(), scope, &mut wrong)?;
        let found = findings.len();
        findings.extend(wrong.damaged.into_iter().map(|Damage { what, why, derived, .. }| Finding {
            what: format!("{what} is damaged: {why}"),
            repair: if derived { Repair::Rebuild { person: scope.person.to_string() } } else { Repair::RestoreACopy },
        }));
        let told = |why| Finding { what: why, repair: Repair::AsTheMessageSays };
        findings.extend(wrong.unreadable.into_iter().map(|one| told(one.why)));
        Ok(findings.len() > found)
    }

    /// Finds what is still to be derived for a person.
    fn unfinished(&self, scope: &Scope, findings: &mut Vec<Finding>) -> Result<(), Error> {
        let person = scope.person.to_string();
        let method = match self.method_of(scope) {
            Ok(method) => Some(method),
            // The vectors of its turns can be looked at all the same.
            Err(e @ Error::Rebuild { .. }) => {
                findings.push(Finding::told(&e));
                None
            }
            Err(e) => return Err(e),
        };
        if let Some(method) = &method {
            let stale = self.engine.stale_sessions(scope, method)?;
            if stale > 0 {
                let method = &method.about().id;
                let what =
                    format!("{stale} sessions of {person} have turns that are not in its memories for {method} yet");
                findings.push(Finding { what, repair: Repair::Rebuild { person: person.clone() } });
            }
            let others = self.memories_of_others(scope, method.derivation())?;
            if others > 0 {
                let method = &method.about().id;
                let what = format!(
                    "{others} memories of {person} are of another method than {method}, left by a rebuild that is running \
                     or was broken off"
                );
                findings.push(Finding { what, repair: Repair::Rebuild { person: person.clone() } });
            }
        }
        let unusable = self.engine.unusable_vectors(scope)?.len();
        if unusable > 0 {
            let embedder = self.embedder_name().unwrap_or("none");
            let what = format!(
                "{unusable} vectors of {person} are damaged: they have another length than those of {embedder}, or a number \
                 that is not finite"
            );
            findings.push(Finding { what, repair: Repair::Rebuild { person: person.clone() } });
        }
        let lacking = self.engine.lacking_vectors(scope, method.as_ref())?;
        for (count, units) in [(lacking.turns, "turns"), (lacking.memories, "memories")] {
            if count > 0 {
                let what = format!("{count} {units} of {person} have no vector yet");
                findings.push(Finding { what, repair: Repair::Reembed });
            }
        }
        Ok(())
    }

    /// How many memories the person has of other derivations than `own`.
    fn memories_of_others(&self, scope: &Scope, own: &DerivationId) -> Result<u64, Error> {
        let mut others = 0;
        let mut count = |derived: DerivedSession| {
            others += if derived.derivation == *own { 0 } else { derived.memories.len() as u64 };
            ControlFlow::Continue(())
        };
        self.engine.store().scan_derived(scope, &mut count)?;
        Ok(others)
    }
}
