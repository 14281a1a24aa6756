//! Corrections of a profile by the person it is of: an entry is edited, confirmed or rejected.
//!
//! Each is a turn of the conversation `profile`, so that it survives every rebuild, is exported, and can be forgotten.

use kithkin_core::{ConversationId, Role};
use kithkin_engine::{Correction, Entry, EntryKind, Profile, Verdict};
use serde::Serialize;

use crate::{Error, Now, Person};

/// The conversation of a person's corrections.
pub(crate) const CORRECTIONS: &str = "profile";

/// The longest topic and the longest value of an entry that a person writes, in characters.
const LONGEST: usize = 500;

/// What a person says of an entry of their profile.
#[derive(Debug, Clone)]
pub struct Correct {
    /// What the entry is about, as the profile names it; upper and lower case are the same.
    pub topic: String,
    /// A part of its value, where several entries are about this, or a value is meant that no longer holds, or one that
    /// was rejected.
    pub value: Option<String>,
    /// Of whom it is true, where it could be of several; a new entry is of the person.
    pub about: Option<String>,
    /// What is done.
    pub change: Change,
    /// When it is said. It holds from then on.
    pub at: Now,
}

/// What is done with an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Another value holds. Where there is no such entry yet, one is made.
    Edit {
        /// The value.
        value: String,
        /// What a new entry is; by default a preference where the value says that something is liked or not, else an
        /// attribute.
        kind: Option<EntryKind>,
    },
    /// The value holds.
    Confirm,
    /// The value is not so, and does not come back when it is said again.
    Reject,
}

/// What became of a correction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CorrectReport {
    /// Of whom the entry is.
    pub about: String,
    /// What it is.
    pub kind: EntryKind,
    /// What it is about.
    pub topic: String,
    /// The value that it has now; `None` where none is left.
    pub value: Option<String>,
    /// The ids of the turns that say so.
    pub turns: Vec<String>,
}

/// An entry with one of its values.
#[derive(Debug, Clone, PartialEq)]
struct Valued {
    about: String,
    role: Role,
    kind: EntryKind,
    topic: String,
    value: String,
}

impl Valued {
    fn correction(self, verdict: Verdict) -> Correction {
        let Self { about, role, kind, topic, value } = self;
        Correction { about, role, kind, topic, value, verdict }
    }

    /// Whether another value makes another entry: of allergies, languages and whole sentences there may be many.
    fn is_one_of_many(&self) -> bool {
        self.kind == EntryKind::Standing || matches!(self.topic.as_str(), "allergy" | "language")
    }
}

impl Person<'_> {
    /// Writes down what the person says of an entry of their profile; it is durable when the call returns.
    ///
    /// # Errors
    /// No such person, no such entry or several, an empty value, a time in the future, or a failing store. Where the store
    /// fails at reading the entry back, the correction is written all the same.
    pub fn correct(&self, what: &Correct) -> Result<CorrectReport, Error> {
        self.known()?;
        entry_text("topic", &what.topic)?;
        let now = self.as_of(what.at)?;
        let method = self.preset()?;
        let profile = self.profile_at(now, &method)?;
        let chosen = self.chosen(what, &profile)?;
        let corrections = match &what.change {
            Change::Confirm => vec![chosen.existing()?.correction(Verdict::Holds)],
            Change::Reject => vec![chosen.existing()?.correction(Verdict::IsNotSo)],
            Change::Edit { value, kind } => edited(chosen, entry_text("value", value)?, *kind),
        };
        let of = corrections.last().cloned();
        let conversation = ConversationId::new(CORRECTIONS)?;
        let mut turns = Vec::new();
        for correction in corrections {
            let speaker = self.scope().person.to_string();
            let mut turn = self.utterance(&correction.text(), speaker, Role::User, &conversation, now.time)?;
            turn.attachments.push(correction.attachment());
            turns.push(Self::named(turn)?);
        }
        let ids = turns.iter().map(|turn| turn.id.to_string()).collect();
        self.declare(turns)?;
        // There is one correction at least; a report of none would name nothing.
        let Some(Correction { about, kind, topic, value, .. }) = of else {
            return Err(self.no_such("entry", &what.topic));
        };
        let holds = |entry: &&Entry| entry.about == about && entry.kind == kind && entry.topic == topic;
        let profile = self.profile_at(now, &method)?;
        let same = |entry: &&Entry| kind != EntryKind::Standing || entry.current.value == value;
        let value = profile.entries.iter().filter(holds).find(same).map(|entry| entry.current.value.clone());
        Ok(CorrectReport { about, kind, topic, value, turns: ids })
    }

    /// The value that is meant.
    fn chosen(&self, what: &Correct, profile: &Profile) -> Result<Chosen, Error> {
        let lower = |text: &str| text.trim().to_lowercase();
        let (topic, part) = (lower(&what.topic), what.value.as_deref().map(lower));
        let is_meant = |valued: &Valued, holds: bool| {
            lower(&valued.topic) == topic
                && what.about.as_ref().is_none_or(|about| lower(about) == lower(&valued.about))
                && part.as_ref().map_or(holds, |part| lower(&valued.value).contains(part.as_str()))
        };
        let mut found = Vec::new();
        for Entry { about, role, kind, topic, current, former } in &profile.entries {
            for (version, holds) in former.iter().map(|version| (version, false)).chain([(current, true)]) {
                let (about, topic, value) = (about.clone(), topic.clone(), version.value.clone());
                let valued = Valued { about, role: *role, kind: *kind, topic, value };
                if is_meant(&valued, holds) && !found.contains(&valued) {
                    found.push(valued);
                }
            }
        }
        for rejected in &profile.rejected {
            let (about, topic, value) =
                (rejected.about.clone(), rejected.topic.clone(), rejected.version.value.clone());
            let valued = Valued { about, role: rejected.role, kind: rejected.kind, topic, value };
            if is_meant(&valued, false) {
                found.push(valued);
            }
        }
        match found.len() {
            0 => {
                let about = what.about.clone().unwrap_or_else(|| self.scope().person.to_string());
                Ok(Chosen::New {
                    person: self.scope().person.to_string(),
                    about,
                    topic: entry_text("topic", &what.topic)?,
                })
            }
            1 => Ok(Chosen::One(found.remove(0))),
            _ => Err(Error::SeveralEntries {
                person: self.scope().person.to_string(),
                topic: what.topic.clone(),
                found: found.iter().map(|valued| format!("{} ({})", valued.value, valued.about)).collect(),
            }),
        }
    }
}

enum Chosen {
    One(Valued),
    New { person: String, about: String, topic: String },
}

impl Chosen {
    fn existing(self) -> Result<Valued, Error> {
        match self {
            Self::One(valued) => Ok(valued),
            Self::New { person, topic, .. } => Err(Error::NoEntry { person, topic }),
        }
    }
}

/// A topic or a value as it is kept: on one line.
fn entry_text(what: &'static str, text: &str) -> Result<String, Error> {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() || line.chars().nth(LONGEST).is_some() {
        return Err(Error::NoEntryText { what, most: LONGEST });
    }
    Ok(line)
}

fn edited(chosen: Chosen, value: String, kind: Option<EntryKind>) -> Vec<Correction> {
    match chosen {
        Chosen::One(old) => {
            let new = Valued { value, ..old.clone() };
            let instead = old.is_one_of_many().then(|| old.correction(Verdict::IsNotSo));
            instead.into_iter().chain([new.correction(Verdict::Holds)]).collect()
        }
        Chosen::New { about, topic, .. } => {
            let liking = matches!(value.as_str(), "likes" | "dislikes");
            let kind = kind.unwrap_or(if liking { EntryKind::Preference } else { EntryKind::Attribute });
            vec![Valued { about, role: Role::User, kind, topic, value }.correction(Verdict::Holds)]
        }
    }
}
