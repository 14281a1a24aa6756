//! Who a person is, as far as they said it themselves: a view that is computed from the log.
//!
//! Each clause in which a speaker says something of themselves makes a claim ([`patterns`]); claims of one thing make
//! one entry, the last one its value, those before its history. Nothing is stored, so an erased turn leaves nothing
//! behind, and a profile at a past time is that of the turns said by then. What is implied is not read.
//!
//! Costs one pass over the turns that it is given, some 15 µs for a short one.

mod clauses;
mod forms;
mod patterns;
mod reasons;
mod standing;
mod tokens;
mod words;

use std::collections::HashMap;

use kithkin_core::{EventTime, Role, Seq, StoredTurn};
use serde::{Deserialize, Serialize};

use crate::index::{Words, is_function_word};
use crate::observe::current_in_order;

/// The share of the shorter one's content words that two preferences have in common where they are about one thing.
const ONE_THING: f32 = 0.6;
/// How far what is said once is trusted; each time more takes half of what is missing.
const SAID_ONCE: f32 = 0.8;

/// What the topics of favourites begin with.
const FAVOURITE: &str = "favourite ";
/// What somebody thinks of a thing.
const LIKES: &str = "likes";
const DISLIKES: &str = "dislikes";
const NO_LONGER: &str = "no longer likes";
const NO_LONGER_DISLIKES: &str = "no longer dislikes";

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
    /// How far it is trusted, 0 to 1: .8 for what was said once, .9 for twice, and so on. What was said was said; that
    /// it is read rightly is what may be wrong.
    pub fn confidence(&self) -> f32 {
        let again = i32::try_from(self.current.sources.len()).unwrap_or(i32::MAX).saturating_sub(1);
        1.0 - (1.0 - SAID_ONCE) * 0.5_f32.powi(again)
    }
}

/// The profiles of all who speak in these turns, in the order in which each thing was first said.
pub fn profile(turns: Vec<StoredTurn>) -> Vec<Entry> {
    let mut found = Found::default();
    for turn in current_in_order(turns) {
        if matches!(turn.turn.role, Role::User | Role::Assistant) {
            patterns::claims(&turn.turn.text).into_iter().for_each(|claim| found.take(&turn, claim));
        }
    }
    found.entries
}

#[derive(Default)]
struct Found {
    entries: Vec<Entry>,
    /// The content words of the topic of each.
    words: Vec<Vec<String>>,
    /// The entries of each speaker by kind.
    of: HashMap<(String, EntryKind), Vec<usize>>,
}

impl Found {
    fn take(&mut self, turn: &StoredTurn, claim: Claim) {
        // Of a language or an allergy there may be several: the thing itself is what the entry is about.
        let about_value = matches!(claim.topic.as_str(), "allergy" | "language");
        let words = content(&match claim.kind {
            EntryKind::Standing => claim.value.clone(),
            _ if about_value => format!("{} {}", claim.topic, claim.value),
            _ => claim.topic.clone(),
        });
        let group = self.of.entry((turn.turn.speaker.clone(), claim.kind)).or_default();
        let same = group.iter().rev().copied().find(|entry| {
            let (Some(entry), Some(theirs)) = (self.entries.get(*entry), self.words.get(*entry)) else { return false };
            // A favourite tea is another thing than tea, which is liked or not.
            let favourite = [&entry.topic, &claim.topic].iter().any(|topic| topic.starts_with(FAVOURITE));
            match claim.kind {
                EntryKind::Standing => words == *theirs,
                EntryKind::Preference | EntryKind::Goal if !favourite => is_one_thing(&words, theirs),
                _ => entry.topic == claim.topic && words == *theirs,
            }
        });
        let version = Version {
            value: claim.value,
            context: claim.context,
            because: claim.because,
            sources: vec![turn.seq],
            from: turn.turn.said_at,
        };
        if let Some(entry) = same.and_then(|entry| self.entries.get_mut(entry)) {
            entry.take(version);
            return;
        }
        group.push(self.entries.len());
        self.words.push(words);
        let (about, role) = (turn.turn.speaker.clone(), turn.turn.role);
        let (kind, topic) = (claim.kind, claim.topic);
        self.entries.push(Entry { about, role, kind, topic, current: version, former: Vec::new() });
    }
}

impl Entry {
    /// Another saying of it.
    fn take(&mut self, version: Version) {
        let unliked = |value: &str| matches!(value, DISLIKES | NO_LONGER);
        let same = content(&version.value) == content(&self.current.value)
            || self.kind == EntryKind::Goal
            || unliked(&version.value) && unliked(&self.current.value);
        if !same {
            self.former.push(std::mem::replace(&mut self.current, version));
            return;
        }
        if unliked(&version.value) {
            self.current.value = version.value;
        }
        self.current.context = version.context.or(self.current.context.take());
        self.current.because = version.because.or(self.current.because.take());
        for seq in version.sources {
            if !self.current.sources.contains(&seq) {
                self.current.sources.push(seq);
            }
        }
    }
}

/// The content words of a text in lower case, sorted, each once; all words where there are no others.
fn content(text: &str) -> Vec<String> {
    let mut words = Words::default();
    words.read(text);
    let all: Vec<String> = words.iter().map(|(word, _)| word.to_owned()).collect();
    let mut content: Vec<String> = all.iter().filter(|word| !is_function_word(word)).cloned().collect();
    if content.is_empty() {
        content = all;
    }
    content.sort_unstable();
    content.dedup();
    content
}

fn is_one_thing(a: &[String], b: &[String]) -> bool {
    let shared = a.iter().filter(|word| b.binary_search(word).is_ok()).count();
    shared as f32 >= ONE_THING * a.len().min(b.len()).max(1) as f32
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
        let entries = profile(Sitting::of(texts).turns().to_vec());
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
        let of = |texts: &[&str]| profile(Sitting::of(texts).turns().to_vec())[0].confidence();
        assert_eq!(of(&["I love tea."]), 0.8);
        assert_eq!(of(&["I love tea.", "", "I really like tea."]), 0.9);
    }

    #[test]
    fn degenerate_turns_make_no_entry() {
        check(&[], &[]);
        check(&["", "…", "I", "I love ", "🦊"], &[]);
    }
}
