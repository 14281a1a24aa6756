//! What is still to be derived, what it would take, and what chat models were given of a person.
//!
//! There is no queue beside the log: what is to be derived is what the log has and the memories have not, so that no job
//! can be lost, and each is found again after a crash. It is done at the next write, import or rebuild.

use std::collections::HashMap;
use std::ops::ControlFlow;

use kithkin_core::{ChatError, EventTime, Millis, Purpose, Scope, Seq, Spent, TenantId};
use kithkin_engine::{EngineError, Estimate, Method};
use serde::Serialize;

use crate::reports::instant;
use crate::{Error, Kithkin, Person};

/// What is still to be derived for a person.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct JobReport {
    /// The person.
    pub person: String,
    /// The method.
    pub method: String,
    /// Sessions whose memories are older than their turns.
    pub sessions: u64,
    /// Turns without a vector, where an embedder is in use.
    pub turns: u64,
    /// Memories without a vector, likewise.
    pub memories: u64,
    /// Whether deriving asks a chat model.
    pub asks: bool,
    /// What chat models have taken for the person today, by the clock in UTC.
    pub spent: Spent,
    /// Why no chat model may be asked for the person: the budget of today, or no consent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits: Option<String>,
}

/// What deriving would take.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct EstimateReport {
    /// The person.
    pub person: String,
    /// The method.
    pub method: String,
    /// Sessions that are to be derived.
    pub sessions: u64,
    /// About so many calls of the chat model and tokens to read, and at most so many tokens to say.
    pub spent: Spent,
    /// What that costs at most, where the price is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub money: Option<f64>,
}

/// A piece of work for which a chat model was given something of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DisclosureReport {
    /// Its number; it ascends.
    pub number: u64,
    /// When it began.
    pub at: String,
    /// What for.
    pub purpose: Purpose,
    /// The model.
    pub model: String,
    /// The ids of the turns that it was given, and of those behind the entries of the profile that it was given.
    pub turns: Vec<String>,
    /// How many more of them have been erased since.
    pub erased: usize,
    /// What it took.
    pub spent: Spent,
}

impl Kithkin {
    /// What is still to be derived for each person of the tenant, those with nothing left out.
    ///
    /// # Errors
    /// The store failed.
    pub fn jobs(&self, tenant: &TenantId) -> Result<Vec<JobReport>, Error> {
        let mut jobs = Vec::new();
        for person in self.engine.store().person_ids(tenant)? {
            let scope = Scope::new(tenant.clone(), person);
            let method = self.preset_of(&scope)?.0;
            let sessions = self.engine.stale_sessions(&scope, &method)?;
            let lacking = self.engine.lacking_vectors(&scope, Some(&method))?;
            if sessions + lacking.turns + lacking.memories == 0 {
                continue;
            }
            let (spent, waits) = self.engine.spent_today(&scope)?;
            let waits = match self.engine.consented(&scope, Purpose::Derive) {
                Err(EngineError::Chat(ChatError::NoConsent { message })) => Some(message),
                consented => consented.map(|()| waits)?,
            };
            jobs.push(JobReport {
                person: scope.person.to_string(),
                method: method.about().id.to_string(),
                sessions,
                turns: lacking.turns,
                memories: lacking.memories,
                asks: method.derives_with_chat(),
                spent,
                waits: waits.filter(|_| method.derives_with_chat()),
            });
        }
        Ok(jobs)
    }
}

impl Person<'_> {
    /// What it would take to derive what the method lacks. No model is asked, and nothing is written.
    ///
    /// # Errors
    /// No such person, or the store failed.
    pub fn estimate(&self, method: &Method) -> Result<EstimateReport, Error> {
        self.known()?;
        let engine = &self.kithkin().engine;
        let Estimate { sessions, spent } = engine.estimate(self.scope(), method)?;
        Ok(EstimateReport {
            person: self.scope().person.to_string(),
            method: method.about().id.to_string(),
            sessions,
            spent,
            money: engine.price().map(|price| price.of(spent)),
        })
    }

    /// What chat models were given of the person since a time, oldest first; all without one.
    ///
    /// # Errors
    /// No such person, or the store failed.
    pub fn disclosures(&self, since: Option<EventTime>) -> Result<Vec<DisclosureReport>, Error> {
        self.known()?;
        let names: HashMap<Seq, String> = self.log()?.into_iter().map(|t| (t.seq, t.turn.id.to_string())).collect();
        let mut reports = Vec::new();
        let since = since.map_or(Millis::MIN, |since| since.start());
        self.kithkin().engine.store().scan_disclosures(self.scope(), since, &mut |stored| {
            let given = stored.disclosure;
            let turns: Vec<String> = given.turns.iter().filter_map(|seq| names.get(seq).cloned()).collect();
            reports.push(DisclosureReport {
                number: stored.number,
                at: instant(given.at),
                purpose: given.purpose,
                model: given.model,
                erased: given.turns.len() - turns.len(),
                turns,
                spent: given.spent,
            });
            ControlFlow::Continue(())
        })?;
        Ok(reports)
    }
}
