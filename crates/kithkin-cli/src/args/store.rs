//! `kithkin store` and what comes after it.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use kithkin::{Location, PersonId};

#[derive(Debug, Args)]
pub(crate) struct StoreArgs {
    #[command(subcommand)]
    pub(crate) command: StoreCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Read everything; print a hash for each person, and what is damaged
    Verify {
        #[command(flatten)]
        whose: Whose,
    },
    /// Copy persons into another store, which is made where there is none; run again, it goes on
    Copy {
        /// The other store: a file, or postgres://user@host/database
        #[arg(long, value_name = "STORE", value_parser = place)]
        to: Location,
        /// Encrypt the copy with the key in this file, and with a keyring of its own [default: as the store is]
        #[arg(long, value_name = "FILE", conflicts_with = "plain")]
        to_key_file: Option<PathBuf>,
        /// That keyring: a file, or postgres://user@host/database [default: FILE.keyring beside the key's FILE]
        #[arg(long, value_name = "KEYRING", value_parser = place, requires = "to_key_file")]
        to_keyring: Option<Location>,
        /// Leave the copy of an encrypted store unencrypted
        #[arg(long)]
        plain: bool,
        #[command(flatten)]
        whose: Whose,
    },
    /// Write all persons of all tenants into a new file, while the store is in use
    Backup {
        /// The file to write; it must not exist
        file: PathBuf,
    },
    /// Put everything of a backup into the store, which is made where there is none
    Restore {
        /// The backup
        file: PathBuf,
    },
    /// Write a copy of an encrypted store's keyring into a new file, while the store is in use
    CopyKeyring {
        /// The file to write; it must not exist
        file: PathBuf,
    },
    /// Give an encrypted store another master key: wrap every key of its keyring anew, and nothing else
    #[command(group(clap::ArgGroup::new("new_key").required(true)))]
    ChangeMasterKey {
        /// The new key: a file of 64 hexadecimal digits
        #[arg(long, value_name = "FILE", group = "new_key")]
        new_key_file: Option<PathBuf>,
        /// A command that prints the new key, run without a shell: all that follows is its arguments
        #[arg(long, value_name = "COMMAND", num_args = 1.., allow_hyphen_values = true, group = "new_key")]
        new_key_command: Option<Vec<String>>,
    },
    /// Rewrite the store's files so that they are no larger than what is in them
    Compact,
}

/// Of all tenants, unless a tenant is named.
#[derive(Debug, Args)]
pub(crate) struct Whose {
    /// The person, of the tenant of --tenant [default: all of that tenant; without --tenant, all of all tenants]
    #[arg(long, value_name = "P")]
    pub(crate) person: Option<PersonId>,
}

fn place(text: &str) -> Result<Location, std::convert::Infallible> {
    text.parse()
}
