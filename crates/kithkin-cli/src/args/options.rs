//! The options of every command: where, whose, with which models, and how to print.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use clap::Args;
use kithkin::{ChatSource, TenantId};

/// How long a reply may take at most, in seconds.
pub(crate) const TIMEOUT: RangeInclusive<u64> = 1..=86_400;

/// Where, whose, and how to print. What is not given is the configuration file's to say.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Of every command")]
pub(crate) struct Options {
    /// A file that sets what is not given here [default: kithkin/config.toml in the user's configuration folder]
    #[arg(long, global = true, env = "KITHKIN_CONFIG", hide_env_values = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The store: a file, or postgres://user@host/database [default: kithkin.db]
    #[arg(long, global = true, env = "KITHKIN_STORE", hide_env_values = true, value_name = "STORE")]
    pub(crate) store: Option<PathBuf>,
    /// The key of an encrypted store: a file of 64 hexadecimal digits [default: none]
    #[arg(long, global = true, env = "KITHKIN_ENCRYPTION_KEY_FILE", hide_env_values = true, value_name = "FILE")]
    pub(crate) encryption_key_file: Option<PathBuf>,
    /// The keyring of an encrypted store: a file, or postgres://user@host/database [default: FILE.keyring beside the key's FILE]
    #[arg(long, global = true, env = "KITHKIN_KEYRING", hide_env_values = true, value_name = "KEYRING")]
    pub(crate) keyring: Option<PathBuf>,
    /// Whose persons [default: default]
    #[arg(long, global = true, env = "KITHKIN_TENANT", hide_env_values = true, value_name = "T")]
    pub(crate) tenant: Option<TenantId>,
    /// The embedder: a name from `kithkin models`, or none [default: all-MiniLM-L6-v2]
    #[arg(long, global = true, env = "KITHKIN_EMBEDDER", hide_env_values = true, value_name = "NAME")]
    pub(crate) embedder: Option<String>,
    /// The folder of the cross-encoder of methods that need one [default: none]
    #[arg(long, global = true, env = "KITHKIN_RERANKER", hide_env_values = true, value_name = "DIR")]
    pub(crate) reranker: Option<PathBuf>,
    /// A policy: what reaches no prompt, and what is answered before anything is recalled [default: none]
    #[arg(long, global = true, env = "KITHKIN_POLICY", hide_env_values = true, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// The folder of the models' weights [default: kithkin/models in the user's cache folder]
    #[arg(long, global = true, env = "KITHKIN_MODELS", hide_env_values = true, value_name = "DIR")]
    pub(crate) models: Option<PathBuf>,
    /// Print JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) chat: ChatOptions,
}

/// The chat model of replies, and of methods that need one.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Chat model")]
pub(crate) struct ChatOptions {
    /// A model that runs in this process: a name from `kithkin models`, or gguf:FILE; or recorded answers, as recorded:FILE
    #[arg(long, global = true, env = "KITHKIN_CHAT", hide_env_values = true, value_name = "MODEL")]
    pub(crate) chat: Option<ChatSource>,
    /// An OpenAI-compatible endpoint, such as http://localhost:11434/v1; what is asked leaves for there
    #[arg(
        long,
        global = true,
        env = "KITHKIN_CHAT_URL",
        hide_env_values = true,
        value_name = "URL",
        conflicts_with = "chat"
    )]
    pub(crate) chat_url: Option<String>,
    /// The name of the endpoint's model
    #[arg(long, global = true, env = "KITHKIN_CHAT_MODEL", hide_env_values = true, value_name = "NAME")]
    pub(crate) chat_model: Option<String>,
    /// A file with the endpoint's key [default: the variable KITHKIN_CHAT_KEY]
    #[arg(long, global = true, env = "KITHKIN_CHAT_KEY_FILE", hide_env_values = true, value_name = "FILE")]
    pub(crate) chat_key_file: Option<PathBuf>,
    /// How long a reply may take, in seconds [default: 120]
    #[arg(
        long,
        global = true,
        env = "KITHKIN_CHAT_TIMEOUT",
        hide_env_values = true,
        value_parser = clap::value_parser!(u64).range(TIMEOUT),
        value_name = "S"
    )]
    pub(crate) chat_timeout: Option<u64>,
}
