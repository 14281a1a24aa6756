//! What a person says of an entry of their own profile: that it holds, or that it does not.
//!
//! A correction is a turn like any other, so that it is kept, dated, exported and erased as they are. An attachment says
//! which entry it is about; the text says the same in words, for whoever reads the log. A turn whose attachment cannot be
//! read corrects nothing.

use kithkin_core::{Attachment, Role, Turn};
use serde::{Deserialize, Serialize};

use super::EntryKind;

/// Whether a value holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It holds from when this is said, whatever was said before.
    Holds,
    /// It is not so, however often it was said or will be read from what is said.
    IsNotSo,
}

/// What a person says of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    /// Who it is true of.
    pub about: String,
    /// In which role they speak.
    pub role: Role,
    /// What the entry is.
    pub kind: EntryKind,
    /// What it is about.
    pub topic: String,
    /// The value in question.
    pub value: String,
    /// Whether it holds.
    pub verdict: Verdict,
}

impl Correction {
    /// The kind of the attachment that makes a turn a correction.
    pub const KIND: &str = "profile-correction";

    /// The correction that a turn of a person is.
    pub fn of(turn: &Turn) -> Option<Self> {
        let attached = turn.attachments.iter().find(|attachment| attachment.kind == Self::KIND)?;
        let correction = serde_json::from_str(attached.reference.as_deref()?).ok()?;
        (turn.role == Role::User).then_some(correction)
    }

    /// What makes a turn this correction.
    pub fn attachment(&self) -> Attachment {
        let reference = serde_json::to_string(self).ok();
        Attachment { kind: Self::KIND.to_owned(), caption: None, reference }
    }

    /// The same in words.
    pub fn text(&self) -> String {
        let Self { topic, value, verdict, kind, .. } = self;
        let said = if *kind == EntryKind::Standing { value.clone() } else { format!("{topic}: {value}") };
        match verdict {
            Verdict::Holds => said,
            Verdict::IsNotSo => format!("It is not so: {said}"),
        }
    }
}
