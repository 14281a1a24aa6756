//! What was said: one utterance, kept verbatim.
//!
//! A [`Turn`] is what an application hands in; a [`StoredTurn`] is the same with its place in the person's log. Nothing
//! here interprets the text.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Blame, ConversationId, EventTime, Millis, SessionId, TurnId};

/// The longest text of a turn with its attachments, in bytes: 4 MiB.
pub const MAX_TURN_BYTES: usize = 4 << 20;

/// How many attachments a turn may have.
pub const MAX_ATTACHMENTS: usize = 1_000;

/// The longest kind of an attachment, in bytes.
const MAX_KIND_BYTES: usize = 100;

/// The place of a turn in its person's log: 1, 2, 3 …, in the order of recording, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Seq(pub u64);

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The part that the speaker plays towards the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A human. Both speakers of a conversation between two humans are users.
    #[default]
    User,
    /// The agent.
    Assistant,
    /// Instructions of the application.
    System,
    /// The output of a tool.
    Tool,
}

impl Role {
    /// The lower-case name, as in chat APIs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::System => "system",
            Self::Tool => "tool",
        }
    }
}

impl FromStr for Role {
    type Err = InvalidTurn;

    /// Reads the names of chat APIs; `human`, `ai`, `model`, `developer` and `function` are taken as their like.
    fn from_str(name: &str) -> Result<Self, InvalidTurn> {
        Ok(match name {
            "user" | "human" => Self::User,
            "assistant" | "ai" | "model" => Self::Assistant,
            "system" | "developer" => Self::System,
            "tool" | "function" => Self::Tool,
            _ => return Err(InvalidTurn::Role { name: name.to_owned() }),
        })
    }
}

/// Something that came with a turn, described in words. The bytes of an image are not kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    /// What it is: `image`, `file`, `audio`.
    pub kind: String,
    /// A caption or a transcript: it is searched like the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// Where it can be had, or its file name. It is kept, but not searched and never fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// The name of a turn: unique within a person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TurnKey {
    /// The conversation.
    pub conversation: ConversationId,
    /// The turn's id within it.
    pub turn: TurnId,
}

impl fmt::Display for TurnKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.conversation, self.turn)
    }
}

/// One utterance as it was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Turn {
    /// The conversation it belongs to.
    pub conversation: ConversationId,
    /// The sitting it belongs to.
    pub session: SessionId,
    /// Its name within the conversation.
    pub id: TurnId,
    /// Who said it, as the source writes the name.
    pub speaker: String,
    /// The part that the speaker plays.
    #[serde(default)]
    pub role: Role,
    /// When it was said; `None` where the source does not know, which is never replaced by a guess.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said_at: Option<EventTime>,
    /// The words, verbatim.
    pub text: String,
    /// What came with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
}

/// Why a turn cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTurn {
    /// Neither text nor a caption.
    #[error("the turn has no text and no caption; leave it out or give it one")]
    Empty,
    /// Longer than [`MAX_TURN_BYTES`].
    #[error("the turn is {bytes} bytes long; at most {MAX_TURN_BYTES} are allowed: split it")]
    TooLong {
        /// Its length with its attachments.
        bytes: usize,
    },
    /// More than [`MAX_ATTACHMENTS`].
    #[error("the turn has {count} attachments; at most {MAX_ATTACHMENTS} are allowed: split it")]
    Attachments {
        /// How many it has.
        count: usize,
    },
    /// The kind of an attachment is empty or over 100 bytes.
    #[error("the kind of an attachment is empty or longer than {MAX_KIND_BYTES} bytes; name one such as image or file")]
    Kind,
    /// A NUL byte, which text columns and C interfaces cut at.
    #[error("the {field} holds a NUL byte at {at}; remove it")]
    Nul {
        /// Which field.
        field: &'static str,
        /// The byte position.
        at: usize,
    },
    /// The speaker's name is empty or over 512 bytes.
    #[error("the speaker's name is empty or longer than 512 bytes; give a name or a role")]
    Speaker,
    /// A role that no chat API has.
    #[error("{name:?} is not a role; use user, assistant, system or tool")]
    Role {
        /// The name given.
        name: String,
    },
}

impl InvalidTurn {
    /// Always the user's: the turn came from outside.
    pub fn blame(&self) -> Blame {
        Blame::User
    }
}

impl Turn {
    /// The name of the turn within its person.
    pub fn key(&self) -> TurnKey {
        TurnKey { conversation: self.conversation.clone(), turn: self.id.clone() }
    }

    /// Checks what the types cannot: some text, no NUL, bounded length.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn validate(&self) -> Result<(), InvalidTurn> {
        let count = self.attachments.len();
        if count > MAX_ATTACHMENTS {
            return Err(InvalidTurn::Attachments { count });
        }
        if self.attachments.iter().any(|a| a.kind.trim().is_empty() || a.kind.len() > MAX_KIND_BYTES) {
            return Err(InvalidTurn::Kind);
        }
        let captions = self.attachments.iter().flat_map(|a| [a.caption.as_deref(), a.reference.as_deref()]).flatten();
        let bytes = self.text.len() + captions.map(str::len).sum::<usize>();
        if bytes > MAX_TURN_BYTES {
            return Err(InvalidTurn::TooLong { bytes });
        }
        if self.text.trim().is_empty() && self.captions().next().is_none() {
            return Err(InvalidTurn::Empty);
        }
        if self.speaker.trim().is_empty() || self.speaker.len() > 512 {
            return Err(InvalidTurn::Speaker);
        }
        let attached = self.attachments.iter().flat_map(|a| {
            [Some(a.kind.as_str()), a.caption.as_deref(), a.reference.as_deref()].map(|s| ("attachment", s))
        });
        let fields = [("text", Some(self.text.as_str())), ("speaker", Some(self.speaker.as_str()))];
        for (field, value) in fields.into_iter().chain(attached) {
            if let Some(at) = value.and_then(|v| v.find('\0')) {
                return Err(InvalidTurn::Nul { field, at });
            }
        }
        Ok(())
    }

    /// The captions of the attachments, without the empty ones.
    pub fn captions(&self) -> impl Iterator<Item = &str> {
        self.attachments.iter().filter_map(|a| a.caption.as_deref()).filter(|c| !c.trim().is_empty())
    }

    /// The hash of all that was said: two turns of one name and one hash are the same turn, told twice.
    pub fn content_hash(&self) -> ContentHash {
        let mut hasher = blake3::Hasher::new();
        let mut field = |bytes: &[u8]| {
            // The length before each field keeps ("ab", "c") apart from ("a", "bc").
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        field(self.session.as_str().as_bytes());
        field(self.speaker.as_bytes());
        field(self.role.as_str().as_bytes());
        field(self.said_at.map(|t| t.to_string()).unwrap_or_default().as_bytes());
        field(self.text.as_bytes());
        for a in &self.attachments {
            field(a.kind.as_bytes());
            field(a.caption.as_deref().unwrap_or_default().as_bytes());
            field(a.reference.as_deref().unwrap_or_default().as_bytes());
        }
        let mut short = [0; 16];
        short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        ContentHash(short)
    }
}

/// 128 bits of BLAKE3 over what was said.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentHash(pub [u8; 16]);

/// Lower-case hexadecimal.
impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A turn with its place in the person's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTurn {
    /// Its place.
    pub seq: Seq,
    /// 1 for the first telling, 2 for the first changed telling, and so on.
    pub version: u32,
    /// The place of the telling that this one replaces. The replaced one stays in the log and is no longer recalled.
    pub supersedes: Option<Seq>,
    /// When the store wrote it down, in milliseconds since 1970: apart from when it was said.
    pub recorded_at: Millis,
    /// What was said.
    pub turn: Turn,
}

impl StoredTurn {
    /// From when on the turn can be seen: when it was said, and of an undated turn, when it was recorded, since it was
    /// said no later.
    pub fn seen_at(&self) -> Millis {
        self.turn.said_at.map_or(self.recorded_at, |at| at.start())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(text: &str) -> Turn {
        Turn {
            conversation: ConversationId::new("c").unwrap(),
            session: SessionId::new("s").unwrap(),
            id: TurnId::new("1").unwrap(),
            speaker: "Ann".into(),
            role: Role::User,
            said_at: None,
            text: text.into(),
            attachments: Vec::new(),
        }
    }

    #[test]
    fn what_cannot_be_kept_is_named() {
        let check = |text: &str, expect| assert_eq!(turn(text).validate(), expect, "{text:.20?}");
        check("hello", Ok(()));
        check("🦊", Ok(()));
        check(" \n", Err(InvalidTurn::Empty));
        check("a\0b", Err(InvalidTurn::Nul { field: "text", at: 1 }));
        check(&"x".repeat(MAX_TURN_BYTES + 1), Err(InvalidTurn::TooLong { bytes: MAX_TURN_BYTES + 1 }));
        assert_eq!(Turn { speaker: " ".into(), ..turn("a") }.validate(), Err(InvalidTurn::Speaker));
        let caption = Attachment { kind: "image".into(), caption: Some("a dog".into()), reference: None };
        assert_eq!(Turn { attachments: vec![caption.clone()], ..turn("") }.validate(), Ok(()));
        let check = |kind: &str, count: usize, expect| {
            let attachments = vec![Attachment { kind: kind.into(), ..caption.clone() }; count];
            assert_eq!(Turn { attachments, ..turn("a") }.validate(), expect);
        };
        check("image", MAX_ATTACHMENTS, Ok(()));
        check("image", MAX_ATTACHMENTS + 1, Err(InvalidTurn::Attachments { count: MAX_ATTACHMENTS + 1 }));
        check("", 1, Err(InvalidTurn::Kind));
        check(&"x".repeat(MAX_TURN_BYTES), 1, Err(InvalidTurn::Kind));
    }

    #[test]
    fn the_hash_covers_every_field_and_its_borders() {
        let base = turn("ab").content_hash();
        assert_eq!(base, turn("ab").content_hash());
        let others = [
            turn("abc"),
            Turn { speaker: "An".into(), text: "nab".into(), ..turn("") },
            Turn { role: Role::Assistant, ..turn("ab") },
            Turn { said_at: Some("2023".parse().unwrap()), ..turn("ab") },
            Turn { session: SessionId::new("t").unwrap(), ..turn("ab") },
        ];
        for other in others {
            assert_ne!(base, other.content_hash(), "{other:?}");
        }
    }
}
