//! What may be typed behind `kithkin consent`.

use clap::{Args, Subcommand};
use kithkin::{PersonId, Purpose};

#[derive(Debug, Args)]
pub(crate) struct Consent {
    /// The person
    #[arg(long, value_name = "P")]
    pub(crate) person: PersonId,
    #[command(subcommand)]
    pub(crate) command: Option<ConsentCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConsentCommand {
    /// Write down that the person allows it
    Grant(Named),
    /// Write down that the person does not allow it any longer
    Withdraw(Named),
}

/// The purpose that is meant.
#[derive(Debug, Args)]
pub(crate) struct Named {
    /// The purpose: reply, derive, filter, ask, persuade or compare
    pub(crate) purpose: Purpose,
}
