//! Who a person is, as far as they said it themselves: a view that is computed from the log.
//!
//! Each clause in which a speaker says something of themselves makes a claim ([`patterns`]); claims of one thing make
//! one entry, the last one its value, those before its history. Nothing is stored, so an erased turn leaves nothing
//! behind, and a profile at a past time is that of the turns said by then. What is implied is not read. What a person
//! says against an entry, or for it, is a turn of its own ([`Correction`]).
//!
//! Costs one pass over the turns that it is given, some 15 µs for a short one.

mod clauses;
mod corrections;
mod entries;
mod forms;
mod inferred;
mod patterns;
mod reasons;
mod standing;
mod style;
mod tokens;
mod told;
mod traits;
mod words;

use std::collections::HashSet;

use kithkin_core::{EventTime, Memory, Role, Seq, StoredTurn};
use serde::{Deserialize, Serialize};

use crate::observe::current_in_order;
pub use corrections::{Correction, Verdict};
use entries::Entries;
pub(crate) use inferred::Inferred;
pub use inferred::UnknownEntryKind;
pub(crate) use patterns::is_of_oneself;
pub use style::{Style, styles};
pub(crate) use told::{Telling, Told};
pub use traits::{BigFive, TraitEstimate, traits};

/// How far what is said once is trusted; each time more takes half of what is missing.
const SAID_ONCE: f32 = 0.8;
/// The same for what a chat model inferred.
const INFERRED_ONCE: f32 = 0.5;

/// What the topics of favourites begin with.
const FAVOURITE: &str = "favourite ";
/// What somebody thinks of a thing.
const LIKES: &str = "likes";
const DISLIKES: &str = "dislikes";
const NO_LONGER: &str = "no longer likes";
const NO_LONGER_DISLIKES: &str = "no longer dislikes";

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum EntryKind {
    /// Something that holds of somebody, such as where they live.
    Attribute,
    /// What they like, or do not.
    Preference,
    /// Who belongs to them.
    Relation,
    /// What they are after.
    Goal,
    /// How they are as a person: a word that they say of themselves ("shy"), which holds or not, or what a chat model infers.
    Trait,
    /// How they want things, or do not, in a sentence of their own that says it in no form of the other kinds.
    Standing,
}

/// What a sentence says of its speaker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim {
    kind: EntryKind,
    topic: String,
    value: String,
    context: Option<String>,
    because: Option<String>,
}

/// A value of an entry, from when it was said on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The value.
    pub value: String,
    /// In which case it holds, in the speaker's words.
    pub context: Option<String>,
    /// Why, in the speaker's words.
    pub because: Option<String>,
    /// The turns that say it, oldest first.
    pub sources: Vec<Seq>,
    /// When it was first said, where that is known.
    pub from: Option<EventTime>,
    /// Whether the person said that it holds when they were shown it, or put it there.
    pub confirmed: bool,
    /// Whether a chat model read it from what was said, and neither a rule nor the person.
    pub inferred: bool,
}

/// What is known of one thing about somebody.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Who said it of themselves.
    pub about: String,
    /// In which role.
    pub role: Role,
    /// What it is.
    pub kind: EntryKind,
    /// What it is about: `home`, `favourite tea`, or the thing that is liked.
    pub topic: String,
    /// The value that holds.
    pub current: Version,
    /// Those before it, oldest first; each held until the next one was said.
    pub former: Vec<Version>,
}

impl Entry {
    /// How far it is trusted, 0 to 1: .8 for what was said once, .9 for twice, and so on; .5, .75 and so on for what a model
    /// inferred; 1 for what the person confirmed. What was said was said; that it is read rightly is what may be wrong.
    pub fn confidence(&self) -> f32 {
        if self.current.confirmed {
            return 1.0;
        }
        let again = i32::try_from(self.current.sources.len()).unwrap_or(i32::MAX).saturating_sub(1);
        let once = if self.current.inferred { INFERRED_ONCE } else { SAID_ONCE };
        1.0 - (1.0 - once) * 0.5_f32.powi(again)
    }
}

/// A value that a person said is not so.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejected {
    /// Who it was read of.
    pub about: String,
    /// In which role they spoke.
    pub role: Role,
    /// What the entry is.
    pub kind: EntryKind,
    /// What it is about.
    pub topic: String,
    /// The value, the turns that it was read from, and those that say that it is not so.
    pub version: Version,
}

/// What is known of all who speak in some turns.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Profile {
    /// What holds, in the order in which each thing was first said.
    pub entries: Vec<Entry>,
    /// What was read and then rejected by the person.
    pub rejected: Vec<Rejected>,
}

/// The profiles of all who speak in these turns. `derived` may have memories of the kind [`kithkin_core::MemoryKind::Entry`]; those with a
/// source that is not among the turns are left out.
pub fn profile(turns: Vec<StoredTurn>, derived: &[Memory]) -> Profile {
    entries(turns, derived).profile()
}

fn entries(turns: Vec<StoredTurn>, derived: &[Memory]) -> Entries {
    let told = told(turns);
    Entries::read(&told.iter().collect::<Vec<_>>(), derived)
}

/// The turns that hold, in the order in which they were said, each read.
fn told(turns: Vec<StoredTurn>) -> Vec<Told> {
    current_in_order(turns).into_iter().map(Told::from).collect()
}

/// The corrections among these turns that go along with others that are erased: those of entries of which nothing is left
/// then that the person said beside them. A correction quotes what it corrects.
pub fn corrections_left_alone(turns: Vec<StoredTurn>, derived: &[Memory], erased: &HashSet<Seq>) -> Vec<Seq> {
    entries(turns, derived).corrections_without(erased)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::Sitting;

    /// Each entry with its value, those before it, and the turns behind it.
    fn check(texts: &[&str], expect: &[&str]) {
        let shown = |entry: &Entry| {
            let version = |v: &Version| format!("{} {:?}", v.value, v.sources.iter().map(|s| s.0).collect::<Vec<_>>());
            let former: String = entry.former.iter().map(|v| format!("; was {}", version(v))).collect();
            format!("{} {}: {}{former}", entry.about, entry.topic, version(&entry.current))
        };
        let entries = profile(Sitting::of(texts).turns().to_vec(), &[]).entries;
        assert_eq!(entries.iter().map(shown).collect::<Vec<_>>(), expect, "{texts:?}");
    }

    #[test]
    fn a_later_value_holds_and_the_earlier_one_is_kept() {
        check(
            &[
                "I live in Bristol.",
                "I live in Leeds.",
                "I moved to Hamburg.",
                "I moved to Leeds, too.",
                "I live in Hamburg!",
            ],
            &["Ann home: Hamburg [3, 5]; was Bristol [1]", "Bo home: Leeds [2, 4]"],
        );
        check(
            &["I love black coffee.", "Ok.", "I hate coffee now, because it keeps me awake."],
            &["Ann black coffee: dislikes [3]; was likes [1]"],
        );
        check(
            &["I love coffee.", "", "I've gone off coffee because it keeps me awake.", "", "I hate coffee."],
            &["Ann coffee: dislikes [3, 5]; was likes [1]"],
        );
        check(
            &["I love tea. My favourite tea is Assam.", "", "I hate tea."],
            &["Ann tea: dislikes [3]; was likes [1]", "Ann favourite tea: Assam [1]"],
        );
        check(
            &["I'm allergic to peanuts. I speak French.", "", "I'm allergic to cats. I speak German."],
            &[
                "Ann allergy: peanuts [1]",
                "Ann language: French [1]",
                "Ann allergy: cats [3]",
                "Ann language: German [3]",
            ],
        );
    }

    #[test]
    fn what_is_said_again_is_trusted_more() {
        let of = |texts: &[&str]| profile(Sitting::of(texts).turns().to_vec(), &[]).entries[0].confidence();
        assert_eq!(of(&["I love tea."]), 0.8);
        assert_eq!(of(&["I love tea.", "", "I really like tea."]), 0.9);
    }

    #[test]
    fn degenerate_turns_make_no_entry() {
        check(&[], &[]);
        check(&["", "…", "I", "I love ", "🦊"], &[]);
    }
}
