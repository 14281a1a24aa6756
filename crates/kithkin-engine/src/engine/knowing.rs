//! What is known of a person by rules, kept in memory between calls: the profile that replies are shown, and consents.

use std::ops::ControlFlow;
use std::sync::PoisonError;

use kithkin_core::{ChatError, Memory, Millis, Purpose, Scope, StoreError};

use super::Engine;
use crate::guard::Consents;
use crate::profile::{Profile, Telling};
use crate::{AsOf, EngineError, profile};

impl Engine {
    /// The profiles of all who speak in what was said by `now`. `derived` is as for [`profile()`]; with it, the whole log is
    /// read. Else the cost is that of the turns that are new, and of those that say something.
    ///
    /// # Errors
    /// The store failed.
    pub fn profile(&self, scope: &Scope, now: AsOf, derived: &[Memory]) -> Result<Profile, EngineError> {
        if derived.is_empty() {
            return Ok(self.with_telling(scope, |telling| telling.profile(now.upto()))?);
        }
        let mut turns = Vec::new();
        self.store.scan_turns(scope, 0, &mut |turn| {
            turns.extend(Some(turn).filter(|turn| turn.seen_at() <= now.upto()));
            ControlFlow::Continue(())
        })?;
        Ok(profile(turns, derived))
    }

    /// What the person has said of each purpose, at the cost of the turns that are new.
    ///
    /// # Errors
    /// The store failed.
    pub fn consents(&self, scope: &Scope) -> Result<Consents, EngineError> {
        let said = |telling: &Telling| Consents::of(telling.current(Millis::MAX).into_iter().map(|told| &told.turn));
        Ok(self.with_telling(scope, said)?)
    }

    /// Refuses a purpose that the person, or the policy, has not opened.
    ///
    /// # Errors
    /// Such a purpose, or the store failed.
    pub fn consented(&self, scope: &Scope, purpose: Purpose) -> Result<(), EngineError> {
        match self.consents(scope)?.closed(&self.policy, scope, purpose) {
            Some(message) => Err(ChatError::NoConsent { message }.into()),
            None => Ok(()),
        }
    }

    /// Calls `with` on what the person's log tells, brought up to date; on nothing where there is no such person.
    fn with_telling<T>(&self, scope: &Scope, with: impl FnOnce(&Telling) -> T) -> Result<T, StoreError> {
        let Some(pulse) = self.store.pulse(scope)? else { return Ok(with(&Telling::new(0))) };
        let slot = self.tellings.slot(scope);
        loop {
            let guard = slot.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(telling) = guard.as_ref().filter(|telling| telling.is_fresh(pulse)) {
                return Ok(with(telling));
            }
            drop(guard);
            let mut writing = slot.write().unwrap_or_else(PoisonError::into_inner);
            if !writing.as_ref().is_some_and(|telling| telling.is_fresh(pulse)) {
                let telling = Telling::refresh(writing.take(), &*self.store, scope, pulse)?;
                self.tellings.sized(scope, telling.bytes());
                *writing = Some(telling);
            }
        }
    }
}
