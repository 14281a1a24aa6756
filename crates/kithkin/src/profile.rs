//! Who a person is, as far as they said it themselves, with the turns behind each entry.

use std::collections::HashMap;
use std::ops::ControlFlow;

use kithkin_core::{EventTime, Memory, MemoryKind, Role, Seq, StoredTurn};
use kithkin_engine::{AsOf, BigFive, Entry, EntryKind, Method, Profile, Rejected, Style, TraitEstimate, Version};
use serde::Serialize;

use crate::{Error, Now, Person};

/// What is known of a person, and of those they talked with.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ProfileReport {
    /// The time that it holds for.
    pub as_of: String,
    /// The entries, in the order in which each thing was first said.
    pub entries: Vec<ProfileEntry>,
    /// What was read and then rejected by the person; it is in no prompt.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rejected: Vec<RejectedEntry>,
    /// Where those who said how they are put themselves on the scales of the five traits of personality: a count of what they
    /// said of themselves, no test and no diagnosis.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub traits: Vec<ProfileTrait>,
    /// How those write who said at least five turns.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub styles: Vec<Style>,
}

/// Where somebody puts themselves on the scale of a trait, by what they said.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ProfileTrait {
    /// Who said it of themselves.
    pub about: String,
    /// In which role they spoke.
    pub role: Role,
    /// The trait.
    #[serde(rename = "trait")]
    pub of: BigFive,
    /// The place on the scale from 0 to 1; .5 is its middle, to which little evidence draws.
    pub value: f64,
    /// The lower end of the interval: Wilson's at 95 %, of the share of turns that speak for the upper side.
    pub low: f64,
    /// The upper end. After a single turn the interval is four fifths of the scale.
    pub high: f64,
    /// The ids of the turns that speak for the upper side of the scale.
    pub towards: Vec<String>,
    /// The ids of those that speak for the lower side.
    pub against: Vec<String>,
}

/// A value that the person said is not so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RejectedEntry {
    /// Who it was read of.
    pub about: String,
    /// In which role they spoke.
    pub role: Role,
    /// What the entry is.
    pub kind: EntryKind,
    /// What it is about.
    pub topic: String,
    /// The value.
    pub value: String,
    /// The ids of the turns that it was read from, and of those that say that it is not so.
    pub sources: Vec<String>,
}

/// What is known of one thing.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ProfileEntry {
    /// Who said it of themselves.
    pub about: String,
    /// In which role they spoke.
    pub role: Role,
    /// What it is.
    pub kind: EntryKind,
    /// What it is about: `home`, `favourite tea`, or the thing that is liked.
    pub topic: String,
    /// The value that holds.
    #[serde(flatten)]
    pub current: ProfileVersion,
    /// How far it is trusted, 0 to 1: .8 for what was said once, .9 for twice, and so on; 1 for what the person confirmed.
    pub confidence: f32,
    /// The values before it, oldest first.
    pub history: Vec<ProfileVersion>,
}

/// A value and how long it held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ProfileVersion {
    /// The value.
    pub value: String,
    /// In which case it holds, in the speaker's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// Why, in the speaker's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
    /// The ids of the turns that say it, oldest first.
    pub sources: Vec<String>,
    /// When it was first said; `null` when it is not known.
    pub valid_from: Option<String>,
    /// When another value was said; `null` while it holds, or when that is not known.
    pub valid_to: Option<String>,
    /// Whether the person said that it holds when they were shown it, or put it there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub confirmed: bool,
    /// Whether a chat model read it from what was said, and neither a rule nor the person.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub inferred: bool,
}

impl Person<'_> {
    /// What is known of the person, and of those they talked with, from what was said by `now`. It is read off the log by
    /// rules, at the cost of one pass over it: about 15 ms for 1,000 short turns.
    ///
    /// # Errors
    /// No such person, or the store failed.
    pub fn profile(&self, now: Now) -> Result<ProfileReport, Error> {
        self.known()?;
        let now = self.as_of(now)?;
        let turns = self.said_by(now)?;
        let names: HashMap<Seq, String> = turns.iter().map(|t| (t.seq, t.turn.id.to_string())).collect();
        let styles = kithkin_engine::styles(turns.clone());
        let profile = kithkin_engine::profile(turns, &self.derived_entries(&self.preset()?)?);
        Ok(ProfileReport {
            as_of: now.to_string(),
            entries: profile.entries.iter().map(|entry| report(entry, &names)).collect(),
            traits: kithkin_engine::traits(&profile).into_iter().map(|of| trait_report(of, &names)).collect(),
            styles,
            rejected: profile.rejected.into_iter().map(|rejected| rejected_report(rejected, &names)).collect(),
        })
    }

    pub(crate) fn profile_at(&self, now: AsOf, method: &Method) -> Result<Profile, Error> {
        Ok(self.kithkin().engine.profile(self.scope(), now, &self.derived_entries(method)?)?)
    }

    /// The entries that a method has derived.
    pub(crate) fn derived_entries(&self, method: &Method) -> Result<Vec<Memory>, Error> {
        let mut entries = Vec::new();
        if method.derives_entries() {
            let store = self.kithkin().engine.store();
            store.scan_memories(self.scope(), method.derivation(), &mut |stored| {
                if stored.memory.kind == MemoryKind::Entry {
                    entries.push(stored.memory);
                }
                ControlFlow::Continue(())
            })?;
        }
        Ok(entries)
    }

    /// The log up to a time.
    fn said_by(&self, now: AsOf) -> Result<Vec<StoredTurn>, Error> {
        let mut turns = self.log()?;
        turns.retain(|turn| turn.seen_at() <= now.upto());
        Ok(turns)
    }
}

fn report(entry: &Entry, names: &HashMap<Seq, String>) -> ProfileEntry {
    let later = entry.former.iter().skip(1).chain([&entry.current]);
    let history = entry.former.iter().zip(later).map(|(version, next)| version_report(version, next.from, names));
    ProfileEntry {
        about: entry.about.clone(),
        role: entry.role,
        kind: entry.kind,
        topic: entry.topic.clone(),
        current: version_report(&entry.current, None, names),
        confidence: entry.confidence(),
        history: history.collect(),
    }
}

fn version_report(version: &Version, until: Option<EventTime>, names: &HashMap<Seq, String>) -> ProfileVersion {
    ProfileVersion {
        value: version.value.clone(),
        context: version.context.clone(),
        because: version.because.clone(),
        sources: sources(version, names),
        valid_from: version.from.map(|at| at.to_string()),
        valid_to: until.map(|at| at.to_string()),
        confirmed: version.confirmed,
        inferred: version.inferred,
    }
}

fn rejected_report(rejected: Rejected, names: &HashMap<Seq, String>) -> RejectedEntry {
    let Rejected { about, role, kind, topic, version } = rejected;
    RejectedEntry { about, role, kind, topic, sources: sources(&version, names), value: version.value }
}

fn trait_report(estimate: TraitEstimate, names: &HashMap<Seq, String>) -> ProfileTrait {
    let TraitEstimate { about, role, of, value, low, high, towards, against } = estimate;
    let (towards, against) = (ids(&towards, names), ids(&against, names));
    ProfileTrait { about, role, of, value, low, high, towards, against }
}

fn sources(version: &Version, names: &HashMap<Seq, String>) -> Vec<String> {
    ids(&version.sources, names)
}

fn ids(turns: &[Seq], names: &HashMap<Seq, String>) -> Vec<String> {
    turns.iter().filter_map(|seq| names.get(seq).cloned()).collect()
}
