//! The configuration file: what is not given as an option or in the environment.
//!
//! It has the long names of the options, and beside them the budget of each person and the price of the chat model. Nothing is
//! read from the folder in which a command runs: a file that somebody left there could name an endpoint to which conversations
//! would leave.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use kithkin::{Budget, ChatSource, Location, Price, Retention, TenantId};
use serde::Deserialize;

use crate::args::{LOG_LEVELS, TIMEOUT};

/// What the file says.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Config {
    pub(crate) store: Option<Location>,
    pub(crate) encryption_key_file: Option<PathBuf>,
    pub(crate) encryption_key_command: Option<Vec<String>>,
    pub(crate) keyring: Option<Location>,
    pub(crate) tenant: Option<TenantId>,
    pub(crate) embedder: Option<String>,
    pub(crate) reranker: Option<PathBuf>,
    pub(crate) policy: Option<PathBuf>,
    pub(crate) models: Option<PathBuf>,
    chat: Option<String>,
    pub(crate) chat_url: Option<String>,
    pub(crate) chat_model: Option<String>,
    pub(crate) chat_key_file: Option<PathBuf>,
    pub(crate) chat_timeout: Option<u64>,
    pub(crate) budget: Budget,
    pub(crate) price: Option<Price>,
    /// How long turns, feedback and disclosures are kept.
    pub(crate) retention: Vec<Retention>,
    /// The folder for receipts of what is erased by age.
    pub(crate) retention_receipts: Option<PathBuf>,
    // Of `serve` alone.
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) upstream: Option<String>,
    pub(crate) upstream_key_file: Option<PathBuf>,
    pub(crate) keys: Option<PathBuf>,
    pub(crate) memory_tokens: Option<usize>,
    pub(crate) lab: Option<PathBuf>,
    pub(crate) log: Option<String>,
}

impl Config {
    /// Reads the file that is named; without one that of the user, which need not be there.
    pub(crate) fn read(named: Option<&Path>) -> Result<Self> {
        let file = match named {
            Some(file) => file.to_owned(),
            None => match of_user().filter(|file| file.exists()) {
                Some(file) => file,
                None => return Ok(Self::default()),
            },
        };
        let shown = file.display();
        let text =
            std::fs::read_to_string(&file).with_context(|| format!("the configuration file {shown} cannot be read"))?;
        let config: Self = toml::from_str(&text).with_context(|| format!("the configuration file {shown}"))?;
        config.check().with_context(|| format!("the configuration file {shown}"))?;
        Ok(config.beside(file.parent().unwrap_or(Path::new(""))))
    }

    fn check(&self) -> Result<()> {
        if self.chat.is_some() && self.chat_url.is_some() {
            bail!("it has both chat and chat-url; keep one");
        }
        if self.encryption_key_file.is_some() && self.encryption_key_command.is_some() {
            bail!("it has both encryption-key-file and encryption-key-command; keep one");
        }
        if let Some(seconds) = self.chat_timeout.filter(|seconds| !TIMEOUT.contains(seconds)) {
            bail!("chat-timeout is {seconds}; it must lie within {} and {}", TIMEOUT.start(), TIMEOUT.end());
        }
        if let Some(level) = self.log.as_ref().filter(|level| !LOG_LEVELS.contains(&level.as_str())) {
            bail!("log is {level:?}; use {}", LOG_LEVELS.join(", "));
        }
        self.budget.check(self.price)?;
        self.chat().map(drop)
    }

    /// Paths count from the folder of the file.
    fn beside(mut self, folder: &Path) -> Self {
        let models = [&mut self.encryption_key_file, &mut self.reranker, &mut self.models, &mut self.chat_key_file];
        let service = [&mut self.policy, &mut self.upstream_key_file, &mut self.keys, &mut self.lab];
        let paths = models.into_iter().chain(service).chain([&mut self.retention_receipts]);
        for path in paths.flatten() {
            *path = folder.join(&path);
        }
        for place in [&mut self.store, &mut self.keyring] {
            if let Some(Location::File(path)) = place {
                *path = folder.join(&path);
            }
        }
        self
    }

    /// The model that runs in this process, or the recording.
    pub(crate) fn chat(&self) -> Result<Option<ChatSource>> {
        Ok(self.chat.as_deref().map(str::parse).transpose()?)
    }
}

/// Where a user's file is, by the XDG base directory specification.
fn of_user() -> Option<PathBuf> {
    let folder = match std::env::var_os("XDG_CONFIG_HOME").filter(|folder| !folder.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => std::env::home_dir()?.join(".config"),
    };
    Some(folder.join("kithkin").join("config.toml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_count_from_the_folder_of_the_file_and_databases_from_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let read = |text: &str| {
            let file = folder.path().join("c.toml");
            std::fs::write(&file, text).unwrap();
            Config::read(Some(&file)).unwrap()
        };
        let config = read("store = \"k.db\"\nlab = \"runs\"\nkeys = \"keys.toml\"");
        assert_eq!(config.store, Some(Location::File(folder.path().join("k.db"))));
        assert_eq!(
            (config.lab, config.keys),
            (Some(folder.path().join("runs")), Some(folder.path().join("keys.toml")))
        );
        let config = read("store = \"postgres://ann@h/d\"");
        assert_eq!(config.store, Some(Location::Database("postgres://ann@h/d".to_owned())));
    }
}
