//! `Memory`: an open store, and what concerns all of it.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use kithkin::import::Format;
use kithkin::{
    Builder, ChatKey, ChatSource, Encryption, EngineError, Error, Ingest, Kithkin, Location, OpenAiEndpoint, Policy,
    Receipt, Scope, StoreError, TenantId,
};
use pyo3::prelude::*;
use pythonize::pythonize;

use crate::embedder::{Chosen, OwnEmbedder};
use crate::failure::{exception, input, raised, signalled};
use crate::person::Person;
use crate::values::{Moment, optional, parsed};

/// A store that is open until it is closed. Persons share it.
#[derive(Debug, Clone)]
pub(crate) struct Open(Arc<RwLock<Option<Arc<Kithkin>>>>);

impl Open {
    pub(crate) fn kithkin(&self, py: Python<'_>) -> PyResult<Arc<Kithkin>> {
        let open = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        open.ok_or_else(|| exception(py, "ClosedError", "the memory is closed; open it again".to_owned()))
    }

    fn close(&self) -> Option<Arc<Kithkin>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Which models and rules a store is opened with.
#[derive(Debug, FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Models {
    embedder: Option<Chosen>,
    models: PathBuf,
    chat: Option<String>,
    chat_url: Option<String>,
    chat_model: Option<String>,
    chat_key: Option<String>,
    reranker: Option<PathBuf>,
    policy: Option<PathBuf>,
    encryption_key_file: Option<PathBuf>,
    keyring: Option<PathBuf>,
}

impl Models {
    fn encryption(&self, py: Python<'_>) -> PyResult<Option<Encryption>> {
        let keyring = self.keyring.as_ref().map(Location::from);
        match &self.encryption_key_file {
            Some(file) => Encryption::with_key_file(file, keyring).map(Some).map_err(|e| raised(py, &e)),
            None if keyring.is_some() => {
                Err(input(py, "a keyring is named, and no key; name it as encryption_key_file"))
            }
            None => Ok(None),
        }
    }

    fn chat(&self, py: Python<'_>) -> PyResult<Option<ChatSource>> {
        let Some(url) = &self.chat_url else { return optional(py, self.chat.as_deref()) };
        let key = self.chat_key.as_deref().map(ChatKey::new).transpose().map_err(|e| input(py, e))?;
        let endpoint = OpenAiEndpoint::new(url, self.chat_model.clone().unwrap_or_default(), key);
        Ok(Some(ChatSource::OpenAi(endpoint)))
    }

    fn own_embedder(&self, py: Python<'_>) -> PyResult<Option<Arc<OwnEmbedder>>> {
        let Some(Chosen::Own(object)) = &self.embedder else { return Ok(None) };
        Ok(Some(Arc::new(OwnEmbedder::new(py, object)?)))
    }

    fn policy(&self, py: Python<'_>) -> PyResult<Policy> {
        let Some(file) = &self.policy else { return Ok(Policy::default()) };
        let shown = file.display().to_string();
        let unread = |e| input(py, format!("the policy {shown} cannot be read: {e}"));
        let text = std::fs::read_to_string(file).map_err(unread)?;
        Policy::parse(&shown, &text).map_err(|e| input(py, e))
    }
}

/// What is remembered, in one store. It may be used from any thread.
#[pyclass(frozen, module = "kithkin._kithkin")]
#[derive(Debug)]
pub(crate) struct Memory {
    open: Open,
    tenant: TenantId,
}

#[pymethods]
impl Memory {
    /// Opens the store in a file or database, makes one where `create` says so, or, without a path, one in memory.
    #[new]
    fn new(py: Python<'_>, path: Option<PathBuf>, create: bool, tenant: &str, models: Models) -> PyResult<Self> {
        let tenant = parsed(py, tenant)?;
        let (own, chat, policy) = (models.own_embedder(py)?, models.chat(py)?, models.policy(py)?);
        let encryption = models.encryption(py)?;
        if path.is_none() && encryption.is_some() {
            return Err(input(py, "a store in memory is not encrypted; leave the key out"));
        }
        let encryption = encryption.as_ref();
        let build = || -> Result<Kithkin, Error> {
            let mut builder: Builder = match &path {
                None => Kithkin::in_memory(),
                Some(path) if create => match Kithkin::open_with(path, encryption) {
                    Err(Error::Engine(EngineError::Store(StoreError::Absent { .. }))) => {
                        match Kithkin::create_with(path, encryption) {
                            // Another process was quicker.
                            Err(Error::Engine(EngineError::Store(StoreError::Exists { .. }))) => {
                                Kithkin::open_with(path, encryption)?
                            }
                            created => created?,
                        }
                    }
                    opened => opened?,
                },
                Some(path) => Kithkin::open_with(path, encryption)?,
            };
            builder = builder.policy(policy);
            builder = match (&models.embedder, own) {
                (_, Some(own)) => builder.models_dir(&models.models).embedder_object(own),
                (Some(Chosen::Named(name)), None) => builder.embedder(name, &models.models)?,
                _ => builder.embedder("none", &models.models)?,
            };
            if let Some(chat) = &chat {
                builder = builder.chat(chat)?;
            }
            if let Some(folder) = &models.reranker {
                builder = builder.reranker(folder)?;
            }
            Ok(builder.start())
        };
        let kithkin = py.detach(build).map_err(|e| raised(py, &e))?;
        Ok(Self { open: Open(Arc::new(RwLock::new(Some(Arc::new(kithkin))))), tenant })
    }

    /// The handle of one person.
    fn person(&self, py: Python<'_>, person: &str) -> PyResult<Person> {
        Ok(Person::new(self.open.clone(), Scope::new(self.tenant.clone(), parsed(py, person)?)))
    }

    /// At most `limit` persons of those that come after `after`; all, where neither is given.
    fn persons<'py>(&self, py: Python<'py>, after: Option<&str>, limit: Option<usize>) -> PyResult<Bound<'py, PyAny>> {
        let kithkin = self.open.kithkin(py)?;
        let after = optional(py, after)?;
        let list = || kithkin.persons(&self.tenant, after.as_ref(), limit.unwrap_or(usize::MAX));
        let persons = py.detach(list).map_err(|e| raised(py, &e))?;
        Ok(pythonize(py, &persons)?)
    }

    /// Looks whether all is gone that a receipt, as JSON, names.
    fn verify_erasure<'py>(&self, py: Python<'py>, receipt: &str) -> PyResult<Bound<'py, PyAny>> {
        let kithkin = self.open.kithkin(py)?;
        let receipt = Receipt::parse("what was given", receipt).map_err(|e| raised(py, &e))?;
        if receipt.tenant != self.tenant {
            return Err(input(py, "the receipt is of another tenant"));
        }
        let report = py.detach(|| kithkin.verify_erasure(&receipt)).map_err(|e| raised(py, &e))?;
        Ok(pythonize(py, &report)?)
    }

    /// Imports a file.
    fn import_file<'py>(
        &self,
        py: Python<'py>,
        path: PathBuf,
        person: Option<&str>,
        format: Option<&str>,
        at: Option<Moment>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let kithkin = self.open.kithkin(py)?;
        let what = Ingest {
            path,
            format: optional::<Format>(py, format)?,
            person: optional(py, person)?,
            select: None,
            at: at.map(|at| at.at(py)).transpose()?,
            embed: true,
        };
        let interrupted = Mutex::new(None);
        let step = |_| match signalled() {
            Ok(()) => ControlFlow::Continue(()),
            Err(signal) => {
                *interrupted.lock().unwrap_or_else(PoisonError::into_inner) = Some(signal);
                ControlFlow::Break(())
            }
        };
        let done = py.detach(|| kithkin.import(&self.tenant, &what, &step));
        match interrupted.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(signal) => Err(signal),
            None => Ok(pythonize(py, &done.map_err(|e| raised(py, &e))?)?),
        }
    }

    /// What is still to be derived.
    fn jobs<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let kithkin = self.open.kithkin(py)?;
        let jobs = py.detach(|| kithkin.jobs(&self.tenant)).map_err(|e| raised(py, &e))?;
        Ok(pythonize(py, &jobs)?)
    }

    /// Closes the store. Calls that run end first; later ones raise `ClosedError`.
    fn close(&self, py: Python<'_>) {
        let last = self.open.close();
        py.detach(|| drop(last));
    }
}

/// The names of the methods, each with what it is.
#[pyfunction]
pub(crate) fn methods<'py>(py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
    let methods = Kithkin::methods().map_err(|e| raised(py, &e))?;
    let about: Vec<_> = methods.iter().map(kithkin::Method::about).collect();
    Ok(pythonize(py, &about)?)
}
