//! What of a person reached a chat model, when, for what, and what it cost.
//!
//! Disclosures are a log for whoever answers for the application. It names turns by their places and holds no word of
//! them, so that it may outlive them; of a person who is erased nothing is left of it either.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Millis, Seq};

/// What a chat model was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// To answer the person.
    Reply,
    /// To derive memories from what was said.
    Derive,
    /// To choose among what was recalled.
    Filter,
    /// To find what to ask the person.
    Ask,
    /// To talk the person into something.
    Persuade,
    /// To set the person beside others, or others beside the person.
    Compare,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Reply, Self::Derive, Self::Filter, Self::Ask, Self::Persuade, Self::Compare];

    /// Whether nobody has to allow it first. What a person says is there to answer them; to persuade them, or to show it to
    /// others, is not.
    pub fn is_open_by_default(self) -> bool {
        !matches!(self, Self::Persuade | Self::Compare)
    }

    /// The lower-case name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Derive => "derive",
            Self::Filter => "filter",
            Self::Ask => "ask",
            Self::Persuade => "persuade",
            Self::Compare => "compare",
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that names no purpose.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is no purpose; there are reply, derive, filter, ask, persuade and compare")]
pub struct UnknownPurpose {
    /// The text.
    pub name: String,
}

impl FromStr for Purpose {
    type Err = UnknownPurpose;

    fn from_str(name: &str) -> Result<Self, UnknownPurpose> {
        let found = Self::ALL.into_iter().find(|purpose| purpose.as_str() == name);
        found.ok_or_else(|| UnknownPurpose { name: name.to_owned() })
    }
}

/// One piece of work for which a chat model was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disclosure {
    /// When it began.
    pub at: Millis,
    /// What for.
    pub purpose: Purpose,
    /// The model.
    pub model: String,
    /// The turns that it was given to read, and those behind the entries of the profile that it was given: each once,
    /// ascending.
    pub turns: Vec<Seq>,
    /// What was asked so far.
    pub spent: Spent,
}

/// What asking took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Spent {
    /// Requests to the model, failed ones included.
    pub calls: u64,
    /// Tokens that it read, as it counts them, or else as they are estimated.
    pub read: u64,
    /// Tokens that it said, likewise.
    pub said: u64,
}

impl Spent {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            calls: self.calls.saturating_add(other.calls),
            read: self.read.saturating_add(other.read),
            said: self.said.saturating_add(other.said),
        }
    }
}

/// A disclosure with its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDisclosure {
    /// Its number within the person: it ascends.
    pub number: u64,
    /// What was disclosed.
    pub disclosure: Disclosure,
}
