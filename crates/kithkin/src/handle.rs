//! Opening a store and what concerns all of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kithkin_core::{Clock, Embedder, MethodId, Scope, Store, TenantId};
use kithkin_engine::method::{preset, presets};
use kithkin_engine::{Engine, EngineError, Method};
use kithkin_models::{Status as WeightStatus, embedder_names, open_embedder};
use kithkin_store::{MemoryStore, SqliteStore};
use serde::Serialize;

use crate::clock::SystemClock;
use crate::reports::{PersonReport, instant};
use crate::{Error, Person};

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

/// A store that is open, on its way to a [`Kithkin`].
#[derive(Debug)]
pub struct Builder {
    store: Arc<dyn Store>,
    embedder: Option<Arc<dyn Embedder>>,
    models_dir: PathBuf,
    cache_bytes: usize,
}

impl Builder {
    fn new(store: Arc<dyn Store>) -> Self {
        Self { store, embedder: None, models_dir: PathBuf::new(), cache_bytes: CACHE_BYTES }
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

    /// Bounds the indexes in memory; the default is 512 MiB.
    #[must_use]
    pub fn cache_bytes(mut self, bytes: usize) -> Self {
        self.cache_bytes = bytes;
        self
    }

    /// The handle.
    pub fn start(self) -> Kithkin {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let engine = Engine::new(self.store, self.embedder, Arc::clone(&clock), self.cache_bytes);
        Kithkin { engine, clock, models_dir: self.models_dir }
    }
}

/// A store of persons' memories, shared between threads.
#[derive(Debug)]
pub struct Kithkin {
    pub(crate) engine: Engine,
    pub(crate) clock: Arc<dyn Clock>,
    models_dir: PathBuf,
}

impl Kithkin {
    /// Opens the store in a file. A missing file is an error: reading never makes a store.
    ///
    /// # Errors
    /// No such file, not a store, written by a newer version, damaged.
    pub fn open(path: impl AsRef<Path>) -> Result<Builder, Error> {
        Ok(Builder::new(Arc::new(SqliteStore::open(path.as_ref())?)))
    }

    /// Makes a store in a new file.
    ///
    /// # Errors
    /// The file exists, or cannot be written.
    pub fn create(path: impl AsRef<Path>) -> Result<Builder, Error> {
        Ok(Builder::new(Arc::new(SqliteStore::create(path.as_ref())?)))
    }

    /// A store in memory, gone when the handle is dropped.
    pub fn in_memory() -> Builder {
        Builder::new(Arc::new(MemoryStore::new()))
    }

    /// The handle of one person. It exists whether or not the person has turns.
    pub fn person(&self, scope: &Scope) -> Person<'_> {
        Person::new(self, scope.clone())
    }

    /// All persons of a tenant who have at least one turn, by id.
    ///
    /// # Errors
    /// The store failed.
    pub fn persons(&self, tenant: &TenantId) -> Result<Vec<PersonReport>, Error> {
        let persons = self.engine.store().persons(tenant)?;
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

    /// Checks the store by a real write and read, and the weights by their hashes.
    ///
    /// # Errors
    /// None: what is wrong is a finding.
    pub fn doctor(&self, tenant: &TenantId) -> Doctor {
        let mut findings = Vec::new();
        let mut place = String::new();
        let mut bad = |what: String, repair: Repair| findings.push(Finding { what, repair });
        match self.engine.store().check() {
            Ok(health) => {
                place = format!("{} (schema {})", health.place, health.schema);
                health.problems.into_iter().for_each(|p| bad(p, Repair::RestoreACopy));
            }
            Err(e) => bad(e.to_string(), Repair::AsTheMessageSays),
        }
        for name in embedder_names() {
            if let Ok(WeightStatus::Damaged { file }) = kithkin_models::verify(name, &self.models_dir) {
                bad(format!("the weights in {file} are damaged"), Repair::FetchWeights { model: name.to_owned() });
            }
        }
        match self.unfinished(tenant) {
            Ok(persons) => {
                for (person, lacking) in persons {
                    bad(format!("{lacking} turns of {person} have no vector yet"), Repair::Reembed);
                }
            }
            Err(e) => bad(e.to_string(), Repair::AsTheMessageSays),
        }
        Doctor { store: place, embedder: self.embedder_name().map(str::to_owned), findings }
    }

    /// Persons with turns that lack a vector of the embedder in use, and how many.
    fn unfinished(&self, tenant: &TenantId) -> Result<Vec<(String, u64)>, Error> {
        let mut unfinished = Vec::new();
        for summary in self.engine.store().persons(tenant)? {
            let scope = Scope::new(tenant.clone(), summary.person.clone());
            let lacking = self.engine.lacking_vectors(&scope)?;
            if lacking > 0 {
                unfinished.push((summary.person.to_string(), lacking));
            }
        }
        Ok(unfinished)
    }

    /// The method that a person is bound to, or the default.
    pub(crate) fn method_of(&self, scope: &Scope) -> Result<Method, Error> {
        let Some(binding) = self.engine.store().binding(scope)? else { return Self::method(DEFAULT_METHOD) };
        // A method of the caller's own is not among the presets; what was bound is then read back.
        let method = preset(binding.method.as_str()).or_else(|_| Method::from_json(&binding.spec).map_err(Into::into));
        let method = method.map_err(Error::Engine)?;
        if *method.derivation() == binding.derivation {
            return Ok(method);
        }
        let name: MethodId = binding.method;
        Err(Error::Rebuild { person: scope.person.to_string(), method: name.to_string() })
    }
}

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
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was found.
    pub what: String,
    /// What mends it.
    pub repair: Repair,
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
