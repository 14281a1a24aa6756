//! Names that come from outside: tenants, persons, conversations, sessions, turns, methods.
//!
//! An id is kept exactly as it was given. Nothing is lower-cased, trimmed or replaced, because two ids that collide
//! after such a repair would join two persons' data; what cannot be kept is refused.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::Blame;

/// The longest id in bytes. Long enough for a URL or an e-mail address, short enough to lead every key of a store.
const MAX_ID_BYTES: usize = 512;

/// Why a text cannot be an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// The text is empty or only white space.
    #[error("{what} id is empty; give at least one visible character")]
    Empty {
        /// Which id, such as `person`.
        what: &'static str,
    },
    /// The text has a NUL or another control character, which terminals and logs would swallow.
    #[error("{what} id {id:?} holds the control character {found:?}; remove it")]
    Control {
        /// Which id.
        what: &'static str,
        /// The text.
        id: String,
        /// The character.
        found: char,
    },
    /// The text is longer than 512 bytes.
    #[error("{what} id is {bytes} bytes long; at most {MAX_ID_BYTES} are allowed")]
    TooLong {
        /// Which id.
        what: &'static str,
        /// Its length.
        bytes: usize,
    },
}

impl InvalidId {
    /// Always the user's: the id came from outside.
    pub fn blame(&self) -> Blame {
        Blame::User
    }
}

fn check(what: &'static str, id: &str) -> Result<(), InvalidId> {
    if id.trim().is_empty() {
        return Err(InvalidId::Empty { what });
    }
    if id.len() > MAX_ID_BYTES {
        return Err(InvalidId::TooLong { what, bytes: id.len() });
    }
    match id.chars().find(|c| c.is_control()) {
        Some(found) => Err(InvalidId::Control { what, id: id.to_owned(), found }),
        None => Ok(()),
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(value_type = String))]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the text as it is.
            ///
            /// # Errors
            /// An empty text, one over 512 bytes, or one with a control character.
            pub fn new(id: impl AsRef<str>) -> Result<Self, InvalidId> {
                let id = id.as_ref();
                check($what, id)?;
                Ok(Self(id.into()))
            }

            /// The text, exactly as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(id: String) -> Result<Self, InvalidId> {
                Self::new(id)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().to_owned()
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;
            fn from_str(id: &str) -> Result<Self, InvalidId> {
                Self::new(id)
            }
        }
    };
}

id!(
    /// Whose installation of persons: a customer of a service, or `default` on a laptop.
    TenantId,
    "tenant"
);
id!(
    /// The person whose memory it is. The same text under two tenants is two persons.
    PersonId,
    "person"
);
id!(
    /// A conversation of one person: a chat thread, or one long relation with a partner.
    ConversationId,
    "conversation"
);
id!(
    /// A sitting within a conversation: turns that follow each other without a long break.
    SessionId,
    "session"
);
id!(
    /// The name of a turn within its conversation, stable across imports of the same source.
    TurnId,
    "turn"
);
id!(
    /// The name of a method preset, such as `hybrid`.
    MethodId,
    "method"
);

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(id: &str, expect: bool) {
        assert_eq!(PersonId::new(id).is_ok(), expect, "{id:?}");
    }

    #[test]
    fn ids_are_kept_or_refused_never_repaired() {
        for id in ["a", "Ann Lee", "安娜", "🦊", "مريم", "a/b", " padded ", "e\u{301}"] {
            accepted(id, true);
            assert_eq!(PersonId::new(id).unwrap().as_str(), id);
        }
        for id in ["", "  ", "a\0b", "a\nb", &"x".repeat(513)] {
            accepted(id, false);
        }
    }
}
