//! From the options to an open store and loaded models: the only place that reads the environment.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use kithkin::{
    Card, ChatError, ChatKey, ChatModel, ChatSource, Embedder, Encryption, EngineError, Kithkin, Location, Method,
    OpenAiEndpoint, Person, PersonId, Policy, Reranker, Scope, TenantId,
};

use crate::args::{ChatOptions, Options};
use crate::config::Config;

/// What every command works on: the options, with what the configuration file says beside them.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) store: Location,
    key_file: Option<PathBuf>,
    keyring: Option<Location>,
    /// Made when it is first asked for: not every command needs the key, and none runs a command for it twice.
    encryption: OnceLock<Option<Encryption>>,
    pub(crate) tenant: TenantId,
    /// Whether the tenant was named, as an option, in the environment or in the configuration file.
    pub(crate) tenant_named: bool,
    pub(crate) embedder: String,
    pub(crate) reranker: Option<PathBuf>,
    policy: Option<PathBuf>,
    models: Option<PathBuf>,
    pub(crate) json: bool,
    pub(crate) chat: Chat,
    /// What the configuration file says beside: of the service, and of what a chat model may take.
    pub(crate) config: Config,
}

/// Which chat model, if any.
#[derive(Debug, Clone)]
pub(crate) struct Chat {
    model: Option<ChatSource>,
    url: Option<String>,
    name: Option<String>,
    key_file: Option<PathBuf>,
    timeout: Duration,
}

/// Which models a command loads; of those that are optional, only where one is named.
#[derive(Clone, Copy, Default)]
struct Models {
    embedder: bool,
    chat: bool,
    reranker: bool,
}

impl Models {
    /// Those that a method needs.
    fn of(method: &Method) -> Self {
        let about = method.about();
        Self { embedder: about.needs_embedder, chat: about.needs_chat, reranker: about.needs_reranker }
    }
}

impl Place {
    /// Options first, then the environment, then the configuration file, then the defaults.
    pub(crate) fn new(options: Options) -> Result<Self> {
        let config = Config::read(options.config.as_deref())?;
        let tenant = options.tenant.or(config.tenant.clone());
        Ok(Self {
            chat: Chat::new(options.chat, &config)?,
            store: options.store.map(Location::from).or(config.store.clone()).unwrap_or_else(|| "kithkin.db".into()),
            key_file: options.encryption_key_file,
            keyring: options.keyring.map(Location::from).or(config.keyring.clone()),
            encryption: OnceLock::new(),
            tenant_named: tenant.is_some(),
            tenant: tenant.map_or_else(|| TenantId::new("default"), Ok)?,
            embedder: options.embedder.or(config.embedder.clone()).unwrap_or_else(|| "all-MiniLM-L6-v2".to_owned()),
            reranker: options.reranker.or(config.reranker.clone()),
            policy: options.policy.or(config.policy.clone()),
            models: options.models.or(config.models.clone()),
            json: options.json,
            config,
        })
    }

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

    /// The key of the store, where one is named: as an option or in the environment, or else in the configuration file.
    pub(crate) fn encryption(&self) -> Result<Option<&Encryption>> {
        if let Some(made) = self.encryption.get() {
            return Ok(made.as_ref());
        }
        let Config { encryption_key_file, encryption_key_command, .. } = &self.config;
        let (command, keyring) = (encryption_key_command.as_ref(), self.keyring.clone());
        let made = match (self.key_file.as_ref(), command, encryption_key_file) {
            (Some(file), ..) | (None, None, Some(file)) => Some(Encryption::with_key_file(file, keyring)?),
            (None, Some(command), _) => {
                let keyring = keyring.context("encryption-key-command needs a keyring; name it with --keyring")?;
                Some(Encryption::with_command(command, keyring)?)
            }
            (None, None, None) if keyring.is_some() => {
                bail!("a keyring is named, and no key; name it with --encryption-key-file, or leave the keyring out")
            }
            (None, None, None) => None,
        };
        Ok(self.encryption.get_or_init(|| made).as_ref())
    }

    fn open_with(&self, models: Models) -> Result<Kithkin> {
        let builder = Kithkin::open_with(&self.store, self.encryption()?)?;
        let mut builder = builder.models_dir(self.models_dir()?).policy(self.policy()?);
        builder = builder.budget(self.config.budget, self.config.price)?;
        if models.embedder {
            builder = builder.embedder(&self.embedder, self.models_dir()?)?;
        }
        if let Some(source) = self.chat.source()?.filter(|_| models.chat) {
            builder = builder.chat(&source)?;
        }
        if let Some(folder) = self.reranker.as_ref().filter(|_| models.reranker) {
            builder = builder.reranker(folder)?;
        }
        Ok(builder.start())
    }

    /// The store with every model that is named: for a conversation, in which the method may change.
    pub(crate) fn open_with_all(&self) -> Result<Kithkin> {
        self.open_with(Models { embedder: true, chat: true, reranker: true })
    }

    /// The store with the chat model and those that the method needs: for replies.
    pub(crate) fn open_to_reply(&self, person: &PersonId, method: Option<&Method>) -> Result<Kithkin> {
        let method = match method {
            Some(method) => method.clone(),
            None => self.person(&self.open()?, person).method()?,
        };
        self.open_with(Models { chat: true, ..Models::of(&method) })
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
        let models = Models::of(method);
        if models.embedder || models.chat || models.reranker { self.open_with(models) } else { Ok(plain) }
    }

    /// The policy; one that keeps nothing back where none is named.
    fn policy(&self) -> Result<Policy> {
        let Some(file) = &self.policy else { return Ok(Policy::default()) };
        let shown = file.display().to_string();
        let text = std::fs::read_to_string(file).with_context(|| format!("the policy {shown} cannot be read"))?;
        Ok(Policy::parse(&shown, &text)?)
    }

    /// The embedder alone.
    pub(crate) fn embedder(&self, name: &str) -> Result<Option<Arc<dyn Embedder>>, kithkin::Error> {
        let folder =
            self.models_dir().map_err(|e| kithkin::Error::Read { path: "cache folder".into(), why: e.to_string() })?;
        kithkin::load_embedder(name, &folder)
    }

    /// The chat model alone, where one is named.
    pub(crate) fn chat(&self) -> Result<Option<Arc<dyn ChatModel>>> {
        let Some(source) = self.chat.source()? else { return Ok(None) };
        Ok(Some(kithkin::load_chat(&source, &self.models_dir()?)?))
    }

    /// The chat model of this name, alone.
    pub(crate) fn named_chat(&self, name: &str) -> Result<Arc<dyn ChatModel>, kithkin::Error> {
        let folder =
            self.models_dir().map_err(|e| kithkin::Error::Read { path: "cache folder".into(), why: e.to_string() })?;
        let unknown = |e: kithkin::UnknownChat| EngineError::from(ChatError::Missing { message: e.to_string() });
        kithkin::load_chat(&name.parse().map_err(unknown)?, &folder)
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

impl Chat {
    /// A model that is given as an option is not mixed with the file's.
    fn new(options: ChatOptions, config: &Config) -> Result<Self> {
        let given = options.chat.is_some() || options.chat_url.is_some();
        let (model, url) =
            if given { (options.chat, options.chat_url) } else { (config.chat()?, config.chat_url.clone()) };
        Ok(Self {
            model,
            url,
            name: options.chat_model.or_else(|| config.chat_model.clone()),
            key_file: options.chat_key_file.or_else(|| config.chat_key_file.clone()),
            timeout: Duration::from_secs(options.chat_timeout.or(config.chat_timeout).unwrap_or(120)),
        })
    }

    /// The chat model that is named; `None` where none is.
    pub(crate) fn source(&self) -> Result<Option<ChatSource>> {
        let Some(url) = &self.url else { return Ok(self.model.clone()) };
        let mut endpoint = OpenAiEndpoint::new(url, self.name.clone().unwrap_or_default(), self.key()?);
        endpoint.timeout = self.timeout;
        Ok(Some(ChatSource::OpenAi(endpoint)))
    }

    fn key(&self) -> Result<Option<ChatKey>> {
        let Some((text, origin)) = secret(self.key_file.as_deref(), "KITHKIN_CHAT_KEY")? else { return Ok(None) };
        Ok(Some(ChatKey::new(&text).with_context(|| format!("{origin} holds no key"))?))
    }
}

/// A secret, and where it is from: the file that is named, or else a variable of the environment.
pub(crate) fn secret(file: Option<&Path>, variable: &str) -> Result<Option<(String, String)>> {
    match file {
        Some(file) => {
            let shown = file.display().to_string();
            let text = std::fs::read_to_string(file).with_context(|| format!("the key file {shown} cannot be read"))?;
            Ok(Some((text, shown)))
        }
        None => match std::env::var(variable) {
            Ok(text) if !text.is_empty() => Ok(Some((text, variable.to_owned()))),
            _ => Ok(None),
        },
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

/// The card of a character, where a file is named.
pub(crate) fn card(file: Option<&Path>) -> Result<Option<Card>> {
    let Some(file) = file else { return Ok(None) };
    let shown = file.display().to_string();
    let text = std::fs::read_to_string(file).with_context(|| format!("the card {shown} cannot be read"))?;
    Ok(Some(Card::parse(&shown, &text)?))
}
