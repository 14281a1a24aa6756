//! What was derived from turns.
//!
//! A memory always lists the turns it came from, so that it can be cited, explained, and erased with them. How one is
//! derived is the engine's business.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{EventTime, Seq};

/// The number of a memory within its person. It changes when the memory is derived anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MemoryId(pub u64);

/// What a memory is. Later derivations add kinds; a store keeps them as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MemoryKind {
    /// A turn with its neighbours, searched together so that an answer is found with its question.
    Window,
    /// What one side says and what the other answers.
    Round,
    /// Neighbouring turns on one topic.
    Segment,
    /// A whole sitting.
    Session,
    /// What a sitting or a part of it comes to, in few sentences.
    Summary,
    /// The words that a sitting or a part of it is about.
    Keyphrases,
    /// A statement about somebody that holds for some time.
    Fact,
    /// Something that happened, or is to happen.
    Event,
    /// What somebody likes, dislikes, thinks or feels.
    Opinion,
    /// An entry of a profile, in the form that the engine reads back.
    Entry,
}

impl MemoryKind {
    /// Every kind, in the order of the enum.
    pub const ALL: &'static [Self] = &[
        Self::Window,
        Self::Round,
        Self::Segment,
        Self::Session,
        Self::Summary,
        Self::Keyphrases,
        Self::Fact,
        Self::Event,
        Self::Opinion,
        Self::Entry,
    ];

    /// The name in presets, stores and exports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::Round => "round",
            Self::Segment => "segment",
            Self::Session => "session",
            Self::Summary => "summary",
            Self::Keyphrases => "keyphrases",
            Self::Fact => "fact",
            Self::Event => "event",
            Self::Opinion => "opinion",
            Self::Entry => "entry",
        }
    }
}

impl fmt::Display for MemoryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for MemoryKind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name).ok_or_else(|| name.to_owned())
    }
}

/// Something derived from turns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// What it is.
    pub kind: MemoryKind,
    /// The text that is searched.
    pub text: String,
    /// The turns it came from, in the order of the log; the first is the one that it stands for. Never empty.
    pub sources: Vec<Seq>,
    /// When what it says was said: the time of the turn it stands for.
    pub said_at: Option<EventTime>,
}

/// Which derivation made a memory: the observe stages of a method with their parameters, as text.
///
/// Two methods with the same observe stages share their memories.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DerivationId(pub String);

impl fmt::Display for DerivationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
