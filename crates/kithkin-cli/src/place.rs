//! From the options to an open store and loaded models: the only place that reads the environment.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use kithkin::{Embedder, Kithkin, Method, Person, PersonId, Reranker, Scope};

use crate::args::Place;

/// Which models a command loads; of those that are optional, only where one is named.
#[derive(Clone, Copy, Default)]
struct Models {
    embedder: bool,
    chat: bool,
    reranker: bool,
}

impl Place {
    /// The store, without a model: for commands that compare no vectors and derive nothing.
    pub(crate) fn open(&self) -> Result<Kithkin> {
        self.open_with(Models::default())
    }

    /// The store with the embedder.
    pub(crate) fn open_with_embedder(&self) -> Result<Kithkin> {
        self.open_with(Models { embedder: true, ..Models::default() })
    }

    /// The store with the embedder and, where one is named, the chat model: for commands that derive.
    pub(crate) fn open_with_models(&self) -> Result<Kithkin> {
        self.open_with(Models { embedder: true, chat: true, ..Models::default() })
    }

    fn open_with(&self, models: Models) -> Result<Kithkin> {
        let mut builder = Kithkin::open(&self.store)?.models_dir(self.models_dir()?);
        if models.embedder {
            builder = builder.embedder(&self.embedder, self.models_dir()?)?;
        }
        if let Some(source) = self.chat.as_ref().filter(|_| models.chat) {
            builder = builder.chat(source)?;
        }
        if let Some(folder) = self.reranker.as_ref().filter(|_| models.reranker) {
            builder = builder.reranker(folder)?;
        }
        Ok(builder.start())
    }

    /// The store with the models that the method needs. A person's own method is looked up first.
    pub(crate) fn open_for(&self, person: &PersonId, method: Option<&str>) -> Result<(Kithkin, Option<Method>)> {
        let method = method.map(named_method).transpose()?;
        let plain = self.open()?;
        let bound = match &method {
            Some(method) => method.clone(),
            None => self.person(&plain, person).method()?,
        };
        Ok((self.with_models_for(&bound, plain)?, method))
    }

    /// The store with the models that the method needs; the one that is open where it needs none.
    pub(crate) fn with_models_for(&self, method: &Method, plain: Kithkin) -> Result<Kithkin> {
        let about = method.about();
        let models = Models { embedder: about.needs_embedder, chat: about.needs_chat, reranker: about.needs_reranker };
        if models.embedder || models.chat || models.reranker { self.open_with(models) } else { Ok(plain) }
    }

    /// The embedder alone.
    pub(crate) fn embedder(&self, name: &str) -> Result<Option<Arc<dyn Embedder>>, kithkin::Error> {
        let folder =
            self.models_dir().map_err(|e| kithkin::Error::Read { path: "cache folder".into(), why: e.to_string() })?;
        kithkin::load_embedder(name, &folder)
    }

    /// The reranker alone, where one is named.
    pub(crate) fn reranker(&self) -> Result<Option<Arc<dyn Reranker>>, kithkin::Error> {
        self.reranker.as_deref().map(kithkin::load_reranker).transpose()
    }

    /// The person of the tenant.
    pub(crate) fn person<'k>(&self, kithkin: &'k Kithkin, person: &PersonId) -> Person<'k> {
        kithkin.person(&Scope::new(self.tenant.clone(), person.clone()))
    }

    /// Where the weights are.
    pub(crate) fn models_dir(&self) -> Result<PathBuf> {
        if let Some(dir) = &self.models {
            return Ok(dir.clone());
        }
        let cache = match std::env::var_os("XDG_CACHE_HOME").filter(|v| !v.is_empty()) {
            Some(cache) => PathBuf::from(cache),
            None => std::env::home_dir()
                .context("there is no home folder; name the models' folder with --models")?
                .join(".cache"),
        };
        Ok(cache.join("kithkin").join("models"))
    }
}

/// A preset by name, or by the path of its file.
pub(crate) fn named_method(name: &str) -> Result<Method> {
    if !name.ends_with(".toml") {
        return Ok(Kithkin::method(name)?);
    }
    let text = std::fs::read_to_string(name).with_context(|| format!("{name} cannot be read"))?;
    Ok(Method::parse(name, &text)?)
}
