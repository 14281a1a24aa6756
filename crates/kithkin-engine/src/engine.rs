//! The engine's handle: recall for one person, and the work that keeps the person's derived data up to date.

mod asking;
mod knowing;
mod passes;
mod usage;

pub use passes::{Filtered, Rescored};
pub use usage::Usage;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use kithkin_core::{
    Binding, ChatModel, Clock, Embedder, Explanation, Feedback, Millis, Purpose, QuestionVector, Reranker, Scope, Seq,
    SessionRef, Shown, Spent, Store, StoredTurn,
};

use crate::cache::Cache;
use crate::chat::{Budget, Metered, Price, Totals, day_of, spent_since};
use crate::guard::Policy;
use crate::index::{Contents, PersonIndex, Scratch};
use crate::profile::Telling;
use crate::recall::{self, Asked, Aspect, Found, Question, SessionHit};
use crate::{AsOf, Derived, EngineError, Estimate, Method, Stop, observe};

/// What is kept of what persons tell takes beside their indexes one byte in so many.
const TELLINGS_SHARE: usize = 8;

/// A question to a person's memory.
#[derive(Debug, Clone)]
pub struct RecallRequest<'a> {
    /// The question, in any language.
    pub question: &'a str,
    /// Further queries; none is the usual case, and costs nothing.
    pub aspects: &'a [Aspect],
    /// Only turns of these sittings come back; of all when empty. Statistics are still those of everything said.
    pub within: &'a [SessionRef],
    /// How to search.
    pub method: &'a Method,
    /// Nothing said after it is seen, and relative dates in the question count from it.
    pub now: AsOf,
    /// At most so many turns come back.
    pub limit: usize,
    /// Whether each turn comes with the whole tree of its score.
    pub explain: bool,
}

/// What of the turns that a recall showed was of use.
#[derive(Debug, Clone)]
pub struct Judged<'a> {
    /// The question that was asked.
    pub question: &'a str,
    /// The method that answered it.
    pub method: &'a Method,
    /// As of when it was asked.
    pub now: AsOf,
    /// The turns that were shown, best first, each once.
    pub shown: &'a [Shown],
    /// When this is written down.
    pub recorded_at: Millis,
}

/// A turn that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// The turn as the store has it.
    pub turn: StoredTurn,
    /// Its score: comparable within one recall only.
    pub score: f32,
    /// How the score came about.
    pub why: Explanation,
}

/// Some turns have no vector yet, so a method that compares embeddings saw them by their words alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partial {
    /// Turns that have a vector.
    pub vectors: u64,
    /// Turns that there are.
    pub turns: u64,
}

/// How much has no vector yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lacking {
    /// Current turns.
    pub turns: u64,
    /// Memories of the method in question.
    pub memories: u64,
}

/// How long the steps of a recall took, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Timings {
    /// Embedding the question.
    pub embed: f64,
    /// Bringing the index up to date; the whole load at a person's first recall.
    pub load: f64,
    /// Searching and ranking.
    pub search: f64,
    /// Everything, with reading the texts, rescoring and filtering them.
    pub total: f64,
}

/// What a recall found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recalled {
    /// The best turns, best first.
    pub evidence: Vec<Evidence>,
    /// The best sittings, best first; at most 10.
    pub sessions: Vec<SessionHit>,
    /// How many turns, memories and topics were compared with the question, added up over the method's retrievers.
    pub compared: usize,
    /// How likely the evidence can answer the question, 0 to 1.
    pub answerable: f32,
    /// How that number came about; only when an explanation was asked for.
    pub answerable_why: Option<Explanation>,
    /// Whether it lies below the method's threshold: better say that it is not known.
    pub abstain: bool,
    /// Set while vectors are still being made.
    pub partial: Option<Partial>,
    /// Set where the method lets a reranker order the best turns.
    pub rescored: Option<Rescored>,
    /// Set where the method lets a chat model choose among the best turns.
    pub filtered: Option<Filtered>,
    /// How long it took.
    pub timings: Timings,
}

/// Which index: a person, what a method searches, and the bound of time when some of the log lies after it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    scope: Scope,
    contents: Contents,
    bound: Option<Millis>,
}

/// Answers questions from persons' logs. Shared between threads; recalls run in parallel.
pub struct Engine {
    store: Arc<dyn Store>,
    embedder: Option<Arc<dyn Embedder>>,
    chat: Option<Arc<dyn ChatModel>>,
    reranker: Option<Arc<dyn Reranker>>,
    policy: Policy,
    budget: Budget,
    price: Option<Price>,
    clock: Arc<dyn Clock>,
    cache: Cache<Key, PersonIndex>,
    tellings: Cache<Scope, Telling>,
    totals: Totals,
    scratch: Mutex<Vec<Scratch>>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("store", &self.store)
            .field("embedder", &self.embedder)
            .field("chat", &self.chat)
            .field("reranker", &self.reranker)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine over a store. Without an embedder only methods that compare words can run, without a chat model or a
    /// reranker only those that ask none. Indexes in memory are bounded by `cache_bytes`;
    /// a turn takes about 2.5 kB with a vector of 384 dimensions.
    pub fn new(
        store: Arc<dyn Store>,
        embedder: Option<Arc<dyn Embedder>>,
        chat: Option<Arc<dyn ChatModel>>,
        reranker: Option<Arc<dyn Reranker>>,
        clock: Arc<dyn Clock>,
        cache_bytes: usize,
    ) -> Self {
        let (cache, tellings) = (Cache::new(cache_bytes), Cache::new(cache_bytes / TELLINGS_SHARE));
        let scratch = Mutex::new(Vec::new());
        let (policy, budget, price, totals) = (Policy::default(), Budget::default(), None, Totals::default());
        Self { store, embedder, chat, reranker, policy, budget, price, clock, cache, tellings, totals, scratch }
    }

    /// The same under a policy: what it withholds reaches no chat model.
    #[must_use]
    pub fn under(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }

    /// The same with a budget for each person, and what a million tokens cost.
    #[must_use]
    pub fn within(self, budget: Budget, price: Option<Price>) -> Self {
        Self { budget, price, ..self }
    }

    /// What a million tokens cost, where that is known.
    pub fn price(&self) -> Option<Price> {
        self.price
    }

    /// The policy.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The store.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// The embedder, if there is one.
    pub fn embedder(&self) -> Option<&dyn Embedder> {
        self.embedder.as_deref()
    }

    /// The chat model, if there is one.
    pub fn chat(&self) -> Option<&dyn ChatModel> {
        self.chat.as_deref()
    }

    /// The reranker, if there is one.
    pub fn reranker(&self) -> Option<&dyn Reranker> {
        self.reranker.as_deref()
    }

    /// Finds the turns that answer a question. The cost is one embedding of the question, one read of the person's
    /// counters, a scan of the person's index, and one read for each turn returned; it does not depend on other persons.
    /// Each aspect costs an embedding, in the same batch, and a scan more. The first recall of a person loads the index. A
    /// method that rescores costs what the reranker takes until its deadline, and one with a filter a call of the chat
    /// model.
    ///
    /// # Errors
    /// No such person, an empty question or aspect, a weight out of range, a method that cannot run here, or a failing
    /// store or model.
    pub fn recall(&self, scope: &Scope, request: &RecallRequest<'_>) -> Result<Recalled, EngineError> {
        recall::check_question(request.question)?;
        Aspect::check(request.aspects)?;
        let about = request.method.about();
        let start = self.millis();
        if about.needs_embedder && self.embedder.is_none() {
            return Err(EngineError::NoEmbedder { method: about.id.clone() });
        }
        self.check_passes(request.method)?;
        let limit = passes::wanted(request.method, request.limit);
        let contents = self.contents(request.method);
        let upto = request.now.upto();
        let asked = self.with_index(scope, &contents, upto, |index| {
            index.check(scope, about, contents.space.as_ref())?;
            let asked = Asked::new(request.question, request.now.time, index.speakers());
            Ok(asked.with_aspects(request.aspects, index.speakers()))
        })?;
        let loaded = self.millis();
        // The index is not locked while the model runs.
        let vectors = match self.embedder.as_deref().filter(|_| about.needs_embedder) {
            Some(embedder) => Some(embedder.embed(&asked.texts())?),
            None => None,
        };
        let embedded = self.millis();
        let (found, partial) = self.with_index(scope, &contents, upto, |index| {
            let question = Question::new(asked, vectors.as_ref(), index).within(request.within, index);
            let mut scratch = self.borrow_scratch();
            let found = recall::run(request.method, index, &question, limit, request.explain, &mut scratch);
            self.scratch.lock().unwrap_or_else(PoisonError::into_inner).push(scratch);
            Ok((found, index.partial(about.needs_embedder)))
        })?;
        let searched = self.millis();
        let mut evidence = self.read(scope, &found)?;
        let (rescored, filtered) = self.pass(scope, request, &mut evidence)?;
        let total = self.millis();
        let timings = Timings {
            embed: embedded - loaded,
            load: loaded - start,
            search: searched - embedded,
            total: total - start,
        };
        let abstain = evidence.is_empty() || found.answerable < request.method.bound().abstain_below;
        let Found { sessions, compared, answerable, answerable_why, .. } = found;
        Ok(Recalled {
            evidence,
            sessions,
            compared,
            answerable,
            answerable_why,
            abstain,
            partial,
            rescored,
            filtered,
            timings,
        })
    }

    /// Writes down what of the turns that a recall showed was of use. The question is embedded as `method` embeds it, where
    /// there is an embedder. Gives the number of the feedback; `None`, and nothing is written, when a turn is gone.
    ///
    /// # Errors
    /// No such person, an empty question, or a failing store or model.
    pub fn feedback(&self, scope: &Scope, given: &Judged<'_>) -> Result<Option<u64>, EngineError> {
        recall::check_question(given.question)?;
        let AsOf { time, .. } = given.now;
        let asked = self.with_index(scope, &self.contents(given.method), given.now.upto(), |index| {
            Ok(Asked::new(given.question, time, index.speakers()))
        })?;
        let vector = match self.embedder.as_deref() {
            Some(embedder) => {
                let vector = embedder.embed(&[&asked.text])?.rows().next().map(<[f32]>::to_vec);
                vector.map(|vector| QuestionVector { space: observe::vector_space(embedder), vector })
            }
            None => None,
        };
        let feedback = Feedback {
            question: given.question.to_owned(),
            vector,
            asked_at: time.end(),
            recorded_at: given.recorded_at,
            shown: given.shown.to_vec(),
        };
        Ok(self.store.put_feedback(scope, &feedback)?)
    }

    /// What an index holds to serve a method. Without an embedder it holds no vectors.
    fn contents(&self, method: &Method) -> Contents {
        let about = method.about();
        let space = self.embedder.as_deref().filter(|_| about.needs_embedder).map(observe::Space::of);
        let derivation = about.needs_memories.then(|| method.derivation().clone());
        Contents { space, derivation, frames: method.bound().frames, feedback: method.bound().learns }
    }

    /// Makes the vectors that the person's turns, and the memories of `method`, lack; gives how many were made. Resumable.
    ///
    /// # Errors
    /// The store or the embedder failed, or the caller stopped it. Without an embedder there is nothing to do.
    pub fn embed_missing(&self, scope: &Scope, method: &Method, progress: Stop<'_>) -> Result<u64, EngineError> {
        match &self.embedder {
            Some(embedder) => {
                observe::embed_missing(&*self.store, &**embedder, scope, Some(method.derivation()), progress)
            }
            None => Ok(0),
        }
    }

    /// Derives the memories that the person's bound method still lacks. Resumable.
    ///
    /// # Errors
    /// The store or a model failed, a model is missing, or the caller stopped it.
    pub fn derive_missing(&self, scope: &Scope, method: &Method, progress: Stop<'_>) -> Result<Derived, EngineError> {
        let metered = self.metered(scope, Purpose::Derive, "");
        let models = observe::Models { embedder: self.embedder(), chat: metered.as_ref() };
        let derived = observe::derive_stale(&*self.store, models, scope, method, progress);
        // What a session took that could not be derived to its end was spent all the same.
        metered.as_ref().map_or(Ok(()), Metered::end)?;
        derived
    }

    /// What deriving the memories that the method still lacks would take. No model is asked.
    ///
    /// # Errors
    /// The store failed.
    pub fn estimate(&self, scope: &Scope, method: &Method) -> Result<Estimate, EngineError> {
        observe::estimate(&*self.store, self.embedder(), scope, method)
    }

    /// What chat models have taken for the person today, by the clock in UTC, and why they may not be asked any more, if
    /// so.
    ///
    /// # Errors
    /// The store failed.
    pub fn spent_today(&self, scope: &Scope) -> Result<(Spent, Option<String>), EngineError> {
        let spent = spent_since(&*self.store, scope, day_of(self.clock.now()))?;
        Ok((spent, self.budget.spent(spent, self.price)))
    }

    /// Binds the person to a method once its memories, and the vectors that it compares, are there, and drops the memories
    /// of the method before. Until then the former method serves. `progress` hears of sessions, then of vectors.
    ///
    /// # Errors
    /// As [`Engine::derive_missing`] and [`Engine::embed_missing`].
    pub fn rebuild(&self, scope: &Scope, method: &Method, progress: Stop<'_>) -> Result<Derived, EngineError> {
        let derived = self.derive_missing(scope, method, progress)?;
        if method.about().needs_embedder {
            self.embed_missing(scope, method, progress)?;
        }
        let binding = Binding {
            method: method.about().id.clone(),
            spec: method.json().to_owned(),
            derivation: method.derivation().clone(),
        };
        self.store.bind(scope, &binding)?;
        self.store.drop_other_memories(scope, method.derivation())?;
        Ok(derived)
    }

    /// Drops the vectors that other embedders made.
    ///
    /// # Errors
    /// The store failed. Without an embedder nothing is dropped.
    pub fn drop_other_vectors(&self, scope: &Scope) -> Result<u64, EngineError> {
        match &self.embedder {
            Some(embedder) => Ok(self.store.drop_other_vectors(scope, &observe::vector_space(&**embedder))?),
            None => Ok(0),
        }
    }

    /// What of the person, current turns and memories of `method`, has no vector of the embedder in use: what
    /// [`Engine::embed_missing`] would make. Nothing without an embedder.
    ///
    /// # Errors
    /// The store failed.
    pub fn lacking_vectors(&self, scope: &Scope, method: Option<&Method>) -> Result<Lacking, EngineError> {
        let Some(embedder) = &self.embedder else { return Ok(Lacking::default()) };
        let space = observe::vector_space(&**embedder);
        let missing = observe::Missing::find(&*self.store, &space, scope, method.map(Method::derivation))?;
        Ok(Lacking { turns: missing.turns(), memories: missing.memories() })
    }

    /// How many sessions of the person have turns that the memories of `method` do not reflect yet: those that
    /// [`Engine::derive_missing`] would derive. 0 for a method that derives nothing.
    ///
    /// # Errors
    /// The store failed.
    pub fn stale_sessions(&self, scope: &Scope, method: &Method) -> Result<u64, EngineError> {
        if method.bound().observe.is_none() {
            return Ok(0);
        }
        Ok(self.store.stale_sessions(scope, method.derivation())?.len() as u64)
    }

    /// Forgets the person's indexes in memory, after an erasure.
    pub fn evict(&self, scope: &Scope) {
        self.cache.remove_where(|key| key.scope == *scope);
        self.tellings.remove_where(|key| key == scope);
    }

    /// Calls `with` on the person's index, brought up to date with the store, of what was said by `upto`.
    pub(crate) fn with_index<T>(
        &self,
        scope: &Scope,
        contents: &Contents,
        upto: Millis,
        with: impl FnOnce(&PersonIndex) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        let pulse = self.store.pulse(scope)?.ok_or_else(|| EngineError::NoPerson { scope: scope.clone() })?;
        let mut key = Key { scope: scope.clone(), contents: contents.clone(), bound: None };
        loop {
            let slot = self.cache.slot(&key);
            let fresh =
                |index: &Option<PersonIndex>| index.as_ref().is_some_and(|i| i.pulse().version >= pulse.version);
            let mut guard = slot.read().unwrap_or_else(PoisonError::into_inner);
            if !fresh(&guard) {
                drop(guard);
                let mut writing = slot.write().unwrap_or_else(PoisonError::into_inner);
                if !fresh(&writing) {
                    let stale = writing.take();
                    let index = PersonIndex::refresh(stale, &*self.store, scope, contents, key.bound, pulse)?;
                    self.cache.sized(&key, index.bytes());
                    *writing = Some(index);
                }
                drop(writing);
                guard = slot.read().unwrap_or_else(PoisonError::into_inner);
            }
            // Another recall may have taken the index up to refresh it in between; then look again.
            let Some(index) = guard.as_ref() else { continue };
            if key.bound.is_none() && index.latest() > upto {
                // Some of the log lies after it. Statistics over it would let the future shine through, so what is
                // visible gets an index of its own.
                drop(guard);
                key.bound = Some(upto);
                continue;
            }
            return with(index);
        }
    }

    fn borrow_scratch(&self) -> Scratch {
        self.scratch.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// The texts of what was found. A turn erased since the search is left out.
    fn read(&self, scope: &Scope, found: &Found) -> Result<Vec<Evidence>, EngineError> {
        let seqs: Vec<Seq> = found.hits.iter().map(|hit| hit.seq).collect();
        let mut turns: HashMap<Seq, StoredTurn> =
            self.store.turns(scope, &seqs)?.into_iter().map(|turn| (turn.seq, turn)).collect();
        let evidence = found.hits.iter().filter_map(|hit| {
            let turn = turns.remove(&hit.seq)?;
            Some(Evidence { turn, score: hit.score, why: hit.why.clone() })
        });
        Ok(evidence.collect())
    }

    fn millis(&self) -> f64 {
        self.clock.elapsed().as_secs_f64() * 1e3
    }
}
