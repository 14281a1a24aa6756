//! Opening a store and what concerns all of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kithkin_core::{ChatModel, Clock, DerivationId, Embedder, PersonId, Reranker, Scope, TenantId};
use kithkin_engine::method::{preset, presets};
use kithkin_engine::{Budget, Engine, EngineError, Method, NoBudget, Policy, Price, Usage};
use kithkin_models::{ChatSource, open_cross_encoder, open_embedder};
use kithkin_store::MemoryStore;

use crate::clock::SystemClock;
use crate::opened::Opened;
use crate::reports::{PersonReport, instant};
use crate::{Encryption, Error, Location, Person};

/// The method of a person who was never bound to one.
pub(crate) const DEFAULT_METHOD: &str = "hybrid";

/// The default bound of the indexes in memory: 512 MiB, about 200,000 turns with their vectors.
const CACHE_BYTES: usize = 512 << 20;

/// Loads the weights of a named embedder from its folder under `models_dir`; nothing for the name `none`.
///
/// # Errors
/// An unknown name, or missing or damaged weights.
pub fn load_embedder(name: &str, models_dir: &Path) -> Result<Option<Arc<dyn Embedder>>, Error> {
    if name == "none" { Ok(None) } else { Ok(Some(Arc::from(open_embedder(name, models_dir)?))) }
}

/// Loads the cross-encoder in a folder: `config.json`, `tokenizer.json` and `model.safetensors` of a BERT with one label.
///
/// # Errors
/// A file that is missing, damaged, or of another form of model.
pub fn load_reranker(folder: &Path) -> Result<Arc<dyn Reranker>, Error> {
    Ok(Arc::from(open_cross_encoder(folder).map_err(EngineError::from)?))
}

/// Opens a chat model; one that is named has its file under `models_dir`.
///
/// # Errors
/// A file that is missing or damaged, or an address that is none.
pub fn load_chat(source: &ChatSource, models_dir: &Path) -> Result<Arc<dyn ChatModel>, Error> {
    Ok(Arc::from(source.open(models_dir).map_err(EngineError::from)?))
}

/// A store that is open, on its way to a [`Kithkin`].
#[derive(Debug)]
pub struct Builder {
    opened: Opened,
    embedder: Option<Arc<dyn Embedder>>,
    chat: Option<Arc<dyn ChatModel>>,
    reranker: Option<Arc<dyn Reranker>>,
    policy: Policy,
    budget: Budget,
    price: Option<Price>,
    models_dir: PathBuf,
    cache_bytes: usize,
    clock: Option<Arc<dyn Clock>>,
}

impl Builder {
    fn new(opened: Opened) -> Self {
        let (embedder, chat, reranker) = (None, None, None);
        let (policy, budget, price) = (Policy::default(), Budget::default(), None);
        let (models_dir, cache_bytes) = (PathBuf::new(), CACHE_BYTES);
        Self { opened, embedder, chat, reranker, policy, budget, price, models_dir, cache_bytes, clock: None }
    }

    /// Loads the weights of a named embedder from its folder under `models_dir`. The name `none` loads nothing: then
    /// only methods that compare words can run.
    ///
    /// # Errors
    /// An unknown name, or missing or damaged weights.
    pub fn embedder(mut self, name: &str, models_dir: impl AsRef<Path>) -> Result<Self, Error> {
        self.models_dir = models_dir.as_ref().to_owned();
        self.embedder = load_embedder(name, &self.models_dir)?;
        Ok(self)
    }

    /// Says where the weights are, without loading any: [`Kithkin::doctor`] checks them there.
    #[must_use]
    pub fn models_dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.models_dir = dir.as_ref().to_owned();
        self
    }

    /// Uses an embedder of the caller's own.
    #[must_use]
    pub fn embedder_object(mut self, embedder: Arc<dyn Embedder>) -> Self {
        self.embedder = Some(embedder);
        self
    }

    /// Opens a chat model. One of [`kithkin_models::CHAT_MODELS`] needs [`Builder::models_dir`] before. Without a chat model
    /// only methods that ask none can run.
    ///
    /// # Errors
    /// It is not there, or cannot be used.
    pub fn chat(mut self, source: &ChatSource) -> Result<Self, Error> {
        self.chat = Some(load_chat(source, &self.models_dir)?);
        Ok(self)
    }

    /// Uses a chat model of the caller's own.
    #[must_use]
    pub fn chat_object(mut self, chat: Arc<dyn ChatModel>) -> Self {
        self.chat = Some(chat);
        self
    }

    /// Loads a cross-encoder; see [`load_reranker`]. Without one only methods that need none can run.
    ///
    /// # Errors
    /// As [`load_reranker`].
    pub fn reranker(mut self, folder: impl AsRef<Path>) -> Result<Self, Error> {
        self.reranker = Some(load_reranker(folder.as_ref())?);
        Ok(self)
    }

    /// Uses a reranker of the caller's own.
    #[must_use]
    pub fn reranker_object(mut self, reranker: Arc<dyn Reranker>) -> Self {
        self.reranker = Some(reranker);
        self
    }

    /// Keeps what the policy withholds from every prompt, and lets it answer messages before anything is recalled. The
    /// default keeps nothing back.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Limits what chat models may be asked for each person on a day, and says what a million tokens cost. By default
    /// nothing is limited.
    ///
    /// # Errors
    /// An amount below 0, or a limit of money without a price.
    pub fn budget(mut self, budget: Budget, price: Option<Price>) -> Result<Self, NoBudget> {
        budget.check(price)?;
        (self.budget, self.price) = (budget, price);
        Ok(self)
    }

    /// Bounds the indexes in memory; the default is 512 MiB.
    #[must_use]
    pub fn cache_bytes(mut self, bytes: usize) -> Self {
        self.cache_bytes = bytes;
        self
    }

    /// Goes by a clock of the caller's own and not by the machine's.
    #[must_use]
    pub fn clock_object(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// The handle.
    pub fn start(self) -> Kithkin {
        let Self { opened, embedder, chat, reranker, policy, budget, price, models_dir, cache_bytes, clock } = self;
        let clock = clock.unwrap_or_else(|| Arc::new(SystemClock::new()));
        let store = Arc::clone(&opened.store);
        let engine = Engine::new(store, embedder, chat, reranker, Arc::clone(&clock), cache_bytes);
        let engine = engine.under(policy).within(budget, price);
        Kithkin { engine, clock, models_dir, opened }
    }
}

/// A store of persons' memories, shared between threads.
#[derive(Debug)]
pub struct Kithkin {
    pub(crate) engine: Engine,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) models_dir: PathBuf,
    pub(crate) opened: Opened,
}

impl Kithkin {
    /// Opens the store in a file or a database; a text that begins with `postgres://` is the address of one. A missing store
    /// is an error: reading never makes one. A handle on a database must not be used on a thread that runs asynchronous
    /// tasks.
    ///
    /// # Errors
    /// No such file, not a store, written by a newer version, damaged; encrypted; a database that does not answer, or that
    /// this build cannot open.
    pub fn open(location: impl Into<Location>) -> Result<Builder, Error> {
        Self::open_with(location, None)
    }

    /// The same of a store that is encrypted, where a key is given.
    ///
    /// # Errors
    /// As [`Kithkin::open`]; and the store is not encrypted, the key is not the one of its keyring, or the keyring is not there
    /// or another store's: then nothing was changed.
    pub fn open_with(location: impl Into<Location>, encryption: Option<&Encryption>) -> Result<Builder, Error> {
        Ok(Builder::new(Opened::open(&location.into(), encryption)?))
    }

    /// Makes a store in a new file, or in a database that has none.
    ///
    /// # Errors
    /// It exists, or cannot be written; for a database, as [`Kithkin::open`].
    pub fn create(location: impl Into<Location>) -> Result<Builder, Error> {
        Self::create_with(location, None)
    }

    /// The same, encrypted where a key is given. Its keyring is made too.
    ///
    /// # Errors
    /// As [`Kithkin::create`]; and the keyring exists, or cannot be written: then there is no store.
    pub fn create_with(location: impl Into<Location>, encryption: Option<&Encryption>) -> Result<Builder, Error> {
        Ok(Builder::new(Opened::create(&location.into(), encryption)?))
    }

    /// Makes a store for a copy of this one: encrypted with the keys of the same keyring where this one is. Who is erased in
    /// either can then be read in neither.
    ///
    /// # Errors
    /// As [`Kithkin::create`].
    pub fn create_alike(&self, location: impl Into<Location>) -> Result<Builder, Error> {
        Ok(Builder::new(Opened::create_with(&location.into(), self.opened.keyring.clone())?))
    }

    /// A store in memory, gone when the handle is dropped.
    pub fn in_memory() -> Builder {
        Builder::new(Opened::plain(Arc::new(MemoryStore::new())))
    }

    /// The handle of one person. It exists whether or not the person has turns.
    pub fn person(&self, scope: &Scope) -> Person<'_> {
        Person::new(self, scope.clone())
    }

    /// The tenants who have a person, or erased one with a receipt, in order.
    ///
    /// # Errors
    /// The store failed.
    pub fn tenants(&self) -> Result<Vec<TenantId>, Error> {
        Ok(self.engine.store().tenants()?)
    }

    /// The names of a tenant's persons, in order. It reads no turn.
    ///
    /// # Errors
    /// The store failed.
    pub fn person_ids(&self, tenant: &TenantId) -> Result<Vec<PersonId>, Error> {
        Ok(self.engine.store().person_ids(tenant)?)
    }

    /// Persons of a tenant, by id: at most `limit` of those that come after `after`, at the cost of a pass over their turns
    /// and nobody else's.
    ///
    /// # Errors
    /// The store failed.
    pub fn persons(
        &self,
        tenant: &TenantId,
        after: Option<&PersonId>,
        limit: usize,
    ) -> Result<Vec<PersonReport>, Error> {
        let persons = self.engine.store().persons(tenant, after, limit)?;
        let report = persons.into_iter().map(|p| PersonReport {
            person: p.person.to_string(),
            conversations: p.conversations,
            sessions: p.sessions,
            turns: p.turns,
            first: p.span.map(|(first, _)| instant(first)),
            last: p.span.map(|(_, last)| instant(last)),
        });
        Ok(report.collect())
    }

    /// Writes a record that concerns nobody, durably, and reads it back: whether the store can be used.
    ///
    /// # Errors
    /// The store failed.
    pub fn probe(&self) -> Result<(), Error> {
        if self.engine.store().probe()? {
            return Ok(());
        }
        Err(EngineError::Internal { what: "the store does not give back what was just written".to_owned() }.into())
    }

    /// What this handle holds in memory and what it has asked of chat models; it names no person.
    pub fn usage(&self) -> Usage {
        self.engine.usage()
    }

    /// The method of this name.
    ///
    /// # Errors
    /// An unknown name, with near ones.
    pub fn method(name: &str) -> Result<Method, Error> {
        Ok(preset(name)?)
    }

    /// All methods, in alphabetical order.
    ///
    /// # Errors
    /// None for the presets that are shipped.
    pub fn methods() -> Result<Vec<Method>, Error> {
        Ok(presets().map_err(EngineError::from)?)
    }

    /// The name of the embedder in use.
    pub fn embedder_name(&self) -> Option<&str> {
        self.engine.embedder().map(Embedder::model)
    }

    /// The name of the chat model in use.
    pub fn chat_name(&self) -> Option<&str> {
        self.engine.chat().map(ChatModel::model)
    }

    /// The name of the reranker in use.
    pub fn reranker_name(&self) -> Option<&str> {
        self.engine.reranker().map(Reranker::model)
    }

    /// The method that a person is bound to, or the default.
    pub(crate) fn method_of(&self, scope: &Scope) -> Result<Method, Error> {
        let (method, derivation) = self.preset_of(scope)?;
        match derivation {
            Some(derivation) if derivation != *method.derivation() => {
                Err(Error::Rebuild { person: scope.person.to_string(), method: method.about().id.to_string() })
            }
            _ => Ok(method),
        }
    }

    /// The same as its preset says now, and what the person's memories were derived with, if the person is bound.
    pub(crate) fn preset_of(&self, scope: &Scope) -> Result<(Method, Option<DerivationId>), Error> {
        let Some(binding) = self.engine.store().binding(scope)? else {
            return Ok((Self::method(DEFAULT_METHOD)?, None));
        };
        // A method of the caller's own is not among the presets; what was bound is then read back.
        let kept = || Method::from_json("the method that the person is bound to", &binding.spec);
        let method = preset(binding.method.as_str()).or_else(|_| kept().map_err(Into::into));
        Ok((method.map_err(Error::Engine)?, Some(binding.derivation)))
    }
}
