//! A chat model that notes what it is given of a person before it is asked, counts what that takes, and is not asked
//! beyond the person's budget, nor for a purpose that the person or the policy has closed.
//!
//! The note is in the store before the first request, so that nothing reaches a model without a trace; what it took is
//! written down when the work is done.

use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kithkin_core::{
    ChatError, ChatModel, ChatReply, ChatRequest, Clock, Disclosure, Millis, Purpose, Scope, Seq, Spent, Store,
    StoreError, StoredDisclosure, TokenLikelihood,
};

use super::budget::{Budget, day_of};
use super::estimated_tokens;
use super::totals::Totals;
use crate::guard::Walled;
use crate::{Engine, EngineError};

/// What is noted where, and how much may be asked.
#[derive(Debug)]
pub(crate) struct Ledger<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) scope: &'a Scope,
    pub(crate) purpose: Purpose,
    pub(crate) budget: Budget,
    pub(crate) totals: &'a Totals,
}

/// A chat model behind a wall, with its ledger.
#[derive(Debug)]
pub(crate) struct Metered<'a> {
    inner: Walled<'a>,
    ledger: Ledger<'a>,
    work: Mutex<Work>,
}

/// The work that is going on.
#[derive(Debug, Default)]
struct Work {
    /// What it shows.
    turns: Vec<Seq>,
    /// Its note, from the first request on; of a person who is not there no note is kept.
    noted: Option<Option<StoredDisclosure>>,
    spent: Spent,
    /// What else was spent on the day, where there is a budget.
    before: Spent,
}

impl<'a> Metered<'a> {
    pub(crate) fn new(inner: Walled<'a>, ledger: Ledger<'a>) -> Self {
        Self { inner, ledger, work: Mutex::default() }
    }

    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says what the model will be given to read. What was asked already is noted with what was said before.
    pub(crate) fn shows(&self, turns: impl IntoIterator<Item = Seq>) {
        let mut work = self.work();
        if work.noted.is_none() {
            work.turns = turns.into_iter().collect();
            work.turns.sort_unstable();
            work.turns.dedup();
        }
    }

    /// Ends the work, and writes down what it took. What is asked from now on is other work.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) fn end(&self) -> Result<(), StoreError> {
        let done = std::mem::take(&mut *self.work());
        self.ledger.totals.add(done.spent);
        match done.noted.flatten() {
            Some(mut noted) => {
                noted.disclosure.spent = done.spent;
                self.ledger.engine.store().end_disclosure(self.ledger.scope, &noted)
            }
            None => Ok(()),
        }
    }

    /// Refuses what the person, or the policy, has not opened.
    fn consented(&self) -> Result<(), ChatError> {
        self.ledger.engine.consented(self.ledger.scope, self.ledger.purpose).map_err(|e| match e {
            EngineError::Chat(refused) => refused,
            e => ChatError::Failed {
                model: self.inner.model().to_owned(),
                message: format!("it was not asked, as what the person consents to could not be read: {e}"),
            },
        })
    }

    /// Notes the work at its first request, and counts the request where the budget allows it.
    fn admit(&self, read: u64) -> Result<(), ChatError> {
        let Ledger { engine, clock, scope, purpose, budget, totals } = &self.ledger;
        let store = engine.store();
        let check = |today| {
            budget.spent(today, engine.price()).map_or(Ok(()), |message| {
                totals.refuse();
                Err(ChatError::Spent { message })
            })
        };
        let failed = |e: StoreError| ChatError::Failed {
            model: self.inner.model().to_owned(),
            message: format!("it was not asked, as what it is given could not be noted: {e}"),
        };
        let mut work = self.work();
        if work.noted.is_none() {
            let now = clock.now();
            if !budget.is_boundless() {
                work.before = spent_since(store, scope, day_of(now)).map_err(failed)?;
            }
            // What may not be asked any longer is not noted as if it were.
            check(work.before)?;
            let model = self.inner.model().to_owned();
            let (turns, spent) = (work.turns.clone(), Spent::default());
            let disclosure = Disclosure { at: now, purpose: *purpose, model, turns, spent };
            let number = store.put_disclosure(scope, &disclosure).map_err(failed)?;
            work.noted = Some(number.map(|number| StoredDisclosure { number, disclosure }));
        }
        check(work.before.and(work.spent))?;
        work.spent = work.spent.and(Spent { calls: 1, read, said: 0 });
        Ok(())
    }

    /// Puts what the model counts in the place of what was estimated.
    fn count(&self, read: u64, reply: &ChatReply) {
        let mut work = self.work();
        work.spent.said += reply.usage.map_or_else(|| tokens(&reply.text), |usage| usage.completion_tokens);
        work.spent.read = work.spent.read - read + reply.usage.map_or(read, |usage| usage.prompt_tokens);
    }
}

/// What was spent for a person since a time.
pub(crate) fn spent_since(store: &dyn Store, scope: &Scope, since: Millis) -> Result<Spent, StoreError> {
    let mut spent = Spent::default();
    store.scan_disclosures(scope, since, &mut |one| {
        spent = spent.and(one.disclosure.spent);
        ControlFlow::Continue(())
    })?;
    Ok(spent)
}

fn tokens(text: &str) -> u64 {
    estimated_tokens(text) as u64
}

/// What a request takes, as far as it can be estimated.
pub(crate) fn request_tokens(request: &ChatRequest) -> u64 {
    request.messages.iter().map(|message| tokens(&message.content)).sum()
}

impl ChatModel for Metered<'_> {
    fn model(&self) -> &str {
        self.inner.model()
    }

    fn reply(&self, request: &ChatRequest) -> Result<ChatReply, ChatError> {
        let read = request_tokens(request);
        self.consented()?;
        self.inner.check_request(request)?;
        self.admit(read)?;
        let reply = self.inner.reply(request)?;
        self.count(read, &reply);
        Ok(reply)
    }

    fn stream(
        &self,
        request: &ChatRequest,
        heard: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<ChatReply, ChatError> {
        let read = request_tokens(request);
        self.consented()?;
        self.inner.check_request(request)?;
        self.admit(read)?;
        let reply = self.inner.stream(request, heard)?;
        self.count(read, &reply);
        Ok(reply)
    }

    fn likelihoods(&self, request: Option<&ChatRequest>, text: &str) -> Result<Vec<TokenLikelihood>, ChatError> {
        self.consented()?;
        self.admit(request.map_or(0, request_tokens) + tokens(text))?;
        self.inner.likelihoods(request, text)
    }
}
