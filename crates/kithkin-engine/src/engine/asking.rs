//! What stands between the engine and a chat model: consent, the policy, the budget and the log of disclosures.

use std::collections::{BTreeMap, BTreeSet};

use kithkin_core::{Disclosure, Purpose, Scope, Seq, Spent};

use crate::chat::{Ledger, Metered};
use crate::guard::Walled;
use crate::{Brief, Engine, EngineError};

impl Engine {
    /// The chat model behind the policy, the person's consent and the person's budget, for the answer to this message;
    /// empty where none is answered.
    pub(crate) fn metered<'a>(&'a self, scope: &'a Scope, purpose: Purpose, message: &'a str) -> Option<Metered<'a>> {
        let walled = Walled::new(self.chat()?, &self.policy, purpose, message);
        let (clock, budget, totals) = (&*self.clock, self.budget, &self.totals);
        Some(Metered::new(walled, Ledger { engine: self, clock, scope, purpose, budget, totals }))
    }

    /// Notes, with each of the others, which of their turns a model is given for somebody else. It is asked for nothing more,
    /// so it takes nothing of their budgets.
    pub(crate) fn note_others(&self, brief: &Brief<'_>, model: &str) -> Result<(), EngineError> {
        let mut given: BTreeMap<&Scope, BTreeSet<Seq>> = BTreeMap::new();
        for (scope, turn) in brief.others {
            given.entry(scope).or_default().insert(turn.seq);
        }
        for (scope, turns) in given {
            let (at, purpose, turns) = (self.clock.now(), Purpose::Compare, turns.into_iter().collect());
            let disclosure = Disclosure { at, purpose, model: model.to_owned(), turns, spent: Spent::default() };
            self.store.put_disclosure(scope, &disclosure)?;
        }
        Ok(())
    }
}
