//! An entry that a chat model wrote down of a session, as a memory keeps it: a line of four fields, and of five where it is
//! a guess.

use std::str::FromStr;

use super::EntryKind;

/// What parts the fields.
const APART: &str = " | ";
/// The fifth field of a guess.
const EXPANDED: &str = "expanded";
/// The longest topic and the longest value that are kept, in characters: more is a story, and no entry.
const LONGEST: usize = 240;

/// What a model says of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Inferred {
    pub(crate) about: String,
    pub(crate) kind: EntryKind,
    pub(crate) topic: String,
    pub(crate) value: String,
    /// Whether the turns do not show it, but it was guessed from what they show.
    pub(crate) expanded: bool,
}

impl Inferred {
    /// The entry with its white space in one and without what parts the fields; `None` where a field is empty or too long.
    pub(crate) fn new(about: &str, kind: EntryKind, topic: &str, value: &str) -> Option<Self> {
        let plain = |text: &str| {
            let text = text.replace('|', "/").split_whitespace().collect::<Vec<_>>().join(" ");
            (!text.is_empty() && text.chars().nth(LONGEST).is_none()).then_some(text)
        };
        Some(Self { about: plain(about)?, kind, topic: plain(topic)?, value: plain(value)?, expanded: false })
    }

    /// The line.
    pub(crate) fn text(&self) -> String {
        let mut fields = vec![&self.about, self.kind.as_str(), &self.topic, &self.value];
        fields.extend(self.expanded.then_some(EXPANDED));
        fields.join(APART)
    }

    /// Reads the line back.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut fields = text.split(APART);
        let (about, kind, topic, value) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        let expanded = fields.next() == Some(EXPANDED);
        Some(Self { expanded, ..Self::new(about, kind.parse().ok()?, topic, value)? })
    }
}

impl EntryKind {
    const ALL: [Self; 6] = [Self::Attribute, Self::Preference, Self::Relation, Self::Goal, Self::Trait, Self::Standing];

    /// The lower-case name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Attribute => "attribute",
            Self::Preference => "preference",
            Self::Relation => "relation",
            Self::Goal => "goal",
            Self::Trait => "trait",
            Self::Standing => "standing",
        }
    }
}

/// A text that names no kind of an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is no kind of an entry; there are attribute, preference, relation, goal, trait and standing")]
pub struct UnknownEntryKind {
    /// The text.
    pub name: String,
}

impl FromStr for EntryKind {
    type Err = UnknownEntryKind;

    fn from_str(name: &str) -> Result<Self, UnknownEntryKind> {
        let kind = Self::ALL.into_iter().find(|kind| kind.as_str() == name);
        kind.ok_or_else(|| UnknownEntryKind { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_kept_is_read_back(fields in prop::array::uniform3("[a-z |🦊\\n]{0,12}"), kind in 0..6usize, expanded: bool) {
            let [about, topic, value] = fields;
            if let Some(inferred) = Inferred::new(&about, EntryKind::ALL[kind], &topic, &value) {
                let inferred = Inferred { expanded, ..inferred };
                prop_assert_eq!(Inferred::read(&inferred.text()), Some(inferred));
            }
        }

        #[test]
        fn any_text_is_read_or_not(text in "(Ann|preference| \\| |\\PC){0,9}") {
            let _ = Inferred::read(&text);
        }
    }
}
