//! What may be typed behind `kithkin profile`.

use clap::{Args, Subcommand};
use kithkin::{EntryKind, EventTime, PersonId};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Profile {
    #[command(subcommand)]
    pub(crate) command: Option<ProfileCommand>,
    /// The person
    #[arg(long, required = true, value_name = "P")]
    pub(crate) person: Option<PersonId>,
    /// What was known then, and held then [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) as_of: Option<EventTime>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProfileCommand {
    /// Say that another value holds; makes the entry where there is none
    Edit(EditEntry),
    /// Say that an entry is right
    Confirm(CorrectEntry),
    /// Say that an entry is not so; it does not come back when it is said again
    Reject(CorrectEntry),
}

/// The entry that is meant.
#[derive(Debug, Args)]
pub(crate) struct CorrectEntry {
    /// The person
    #[arg(long, value_name = "P")]
    pub(crate) person: PersonId,
    /// What the entry is about, as the profile names it
    pub(crate) topic: String,
    /// A part of the value that is meant, where there are several, or where it is one of before
    #[arg(long, value_name = "V")]
    pub(crate) value: Option<String>,
    /// Whose entry it is, where the profile has one of each speaker
    #[arg(long, value_name = "S")]
    pub(crate) about: Option<String>,
    /// When it is said [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<EventTime>,
}

#[derive(Debug, Args)]
pub(crate) struct EditEntry {
    #[command(flatten)]
    pub(crate) entry: CorrectEntry,
    /// The value that holds
    pub(crate) new: String,
    /// What a new entry is: attribute, preference, relation, goal, trait or standing
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Option<EntryKind>,
}
