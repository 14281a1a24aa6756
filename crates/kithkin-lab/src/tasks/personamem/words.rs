//! The words that persons are made of: in a file a language what may hold of somebody and why it may change, in a file a
//! part and language how it is said.

use serde::Deserialize;

use crate::LabError;
use crate::data::Data;

/// The languages, as the files name them.
pub(super) const LANGUAGES: [&str; 3] = ["en", "de", "zh"];
/// The parts: words that rules may be developed on, and words that are only reported on.
pub(super) const PARTS: [&str; 2] = ["tune", "held-out"];

/// What may hold of somebody, in a language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct World {
    /// Names of persons.
    pub(super) names: Vec<String>,
    /// How one asks whether one likes a thing (`{value}`).
    pub(super) ask_thing: String,
    pub(super) fact: Vec<Fact>,
    pub(super) thing: Vec<Thing>,
}

/// Something that has one value at a time.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fact {
    pub(super) kind: FactKind,
    /// The topic of the entry of a profile.
    pub(super) topic: String,
    /// What a favourite is one of (`{class}`).
    #[serde(default)]
    pub(super) class: String,
    /// The question whose answer is the value.
    pub(super) ask: String,
    pub(super) values: Vec<String>,
    /// Why the value may change; two forms are parted by `|`.
    pub(super) reasons: Vec<String>,
}

/// Which templates tell a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum FactKind {
    Home,
    Work,
    Favourite,
}

/// Something that one likes, or does not.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Thing {
    pub(super) value: String,
    /// Why one may like it no longer.
    pub(super) off: Vec<String>,
    /// Why one may come to like it.
    pub(super) on: Vec<String>,
}

/// How things are said, in a part and language. Templates hold `{value}` and `{class}`; those with two orders of words
/// part them by `|`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wording {
    /// Sentences around a statement (`{plain}`) without a reason.
    pub(super) said: Vec<String>,
    /// Sentences around a statement (`{plain}`, or in the other order `{inverted}`) and its reason (`{sub}` behind a
    /// conjunction, `{main}` by itself).
    pub(super) why: Vec<String>,
    /// What may stand before such a sentence.
    pub(super) lead: Vec<String>,
    /// What the assistant answers to a statement.
    pub(super) noted: Vec<String>,
    /// Exchanges about other matters.
    pub(super) talk: Vec<[String; 2]>,
    pub(super) home: Telling,
    pub(super) work: Telling,
    pub(super) favourite: Telling,
    pub(super) likes: Telling,
    pub(super) dislikes: Telling,
}

/// The statements of one kind.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Telling {
    /// Of what holds.
    pub(super) first: Vec<String>,
    /// Of what holds now, and did not before.
    pub(super) change: Vec<String>,
}

/// Reads what may hold of somebody in a language.
///
/// # Errors
/// The file is missing or of another form, or has too little to choose from.
pub(super) fn world(data: &mut Data, language: &str) -> Result<World, LabError> {
    let file = format!("{language}.toml");
    let world: World = toml::from_str(&data.text(&file)?).map_err(|e| data.wrong(&file, e.to_string()))?;
    let kinds = [FactKind::Home, FactKind::Work, FactKind::Favourite];
    let lacks = kinds.iter().find(|kind| !world.fact.iter().any(|fact| fact.kind == **kind && fact.values.len() > 1));
    if let Some(kind) = lacks {
        return Err(data.wrong(&file, format!("a fact of the kind {kind:?} with two values or more is missing")));
    }
    if world.names.is_empty() || world.thing.is_empty() {
        return Err(data.wrong(&file, "names and things are missing".to_owned()));
    }
    Ok(world)
}

/// Reads how things are said in a part and language.
///
/// # Errors
/// The file is missing or of another form.
pub(super) fn wording(data: &mut Data, part: &str, language: &str) -> Result<Wording, LabError> {
    let file = format!("{part}-{language}.toml");
    toml::from_str(&data.text(&file)?).map_err(|e| data.wrong(&file, e.to_string()))
}

/// The two forms of a text that are parted by `|`; the one form twice where it has one.
pub(super) fn forms(text: &str) -> (&str, &str) {
    let (first, second) = text.split_once('|').unwrap_or((text, text));
    (first.trim(), second.trim())
}
