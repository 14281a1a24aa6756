//! What a user may type of the service and its keys.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use kithkin::{EventTime, PersonId};
use kithkin_server::RightName;

/// How much can be logged.
pub(crate) const LOG_LEVELS: [&str; 4] = ["error", "warn", "info", "debug"];

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where to listen; without --keys only on a loopback address [default: 127.0.0.1:7700]
    #[arg(long, env = "KITHKIN_LISTEN", hide_env_values = true, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// The endpoint behind the proxy, such as http://localhost:11434/v1 [default: the chat model, where one is named]
    #[arg(long, env = "KITHKIN_UPSTREAM", hide_env_values = true, value_name = "URL")]
    pub(crate) upstream: Option<String>,
    /// A file with the upstream's key [default: the variable KITHKIN_UPSTREAM_KEY, else what clients send]
    #[arg(long, env = "KITHKIN_UPSTREAM_KEY_FILE", hide_env_values = true, value_name = "FILE")]
    pub(crate) upstream_key_file: Option<PathBuf>,
    /// The file of the keys that clients need
    #[arg(long, env = "KITHKIN_KEYS", hide_env_values = true, value_name = "FILE")]
    pub(crate) keys: Option<PathBuf>,
    /// Tokens that the block of memories takes at most in a request to the proxy [default: 1500]
    #[arg(long, value_name = "N")]
    pub(crate) memory_tokens: Option<usize>,
    /// A folder with past runs of the lab (`kithkin lab run --out DIR`), which the page /lab shows
    #[arg(long, env = "KITHKIN_LAB", hide_env_values = true, value_name = "DIR")]
    pub(crate) lab: Option<PathBuf>,
    /// What is logged: error, warn, info or debug [default: info]
    #[arg(long, env = "KITHKIN_LOG", hide_env_values = true, value_parser = LOG_LEVELS, value_name = "LEVEL")]
    pub(crate) log: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Mcp {
    /// The person whose memory it is
    #[arg(long, env = "KITHKIN_PERSON", hide_env_values = true, value_name = "P")]
    pub(crate) person: PersonId,
}

#[derive(Debug, Args)]
pub(crate) struct KeyArgs {
    /// The file of the keys
    #[arg(long, global = true, env = "KITHKIN_KEYS", hide_env_values = true, value_name = "FILE")]
    pub(crate) keys: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: KeyCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key; it is printed this once
    Add(AddKey),
    /// List the keys, without what makes them work
    List,
    /// Take a key out; services refuse it within a second
    Remove(RemoveKey),
}

#[derive(Debug, Args)]
pub(crate) struct AddKey {
    /// What it may be used for: read, write, erase, admin
    #[arg(long, value_delimiter = ',', default_value = "read,write", value_name = "RIGHTS")]
    pub(crate) rights: Vec<RightName>,
    /// The only person that it is for [default: all of the tenant]
    #[arg(long, value_name = "P")]
    pub(crate) person: Option<PersonId>,
    /// Until when [default: for ever]
    #[arg(long, value_name = "TIME")]
    pub(crate) expires: Option<EventTime>,
    /// How many requests a second it is good for [default: as many as come]
    #[arg(long, value_name = "N")]
    pub(crate) per_second: Option<NonZeroU32>,
    /// What it is for
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
    pub(crate) note: String,
}

#[derive(Debug, Args)]
pub(crate) struct RemoveKey {
    /// Its id: the part after kk-
    pub(crate) id: String,
}
