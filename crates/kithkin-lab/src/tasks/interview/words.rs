//! The files of the interviews: the slots of a language, and how a part tells their values.

use kithkin::ask::Wanted;
use serde::Deserialize;

use crate::LabError;
use crate::data::Data;

/// The languages, as the files name them.
pub(super) const LANGUAGES: [&str; 3] = ["en", "de", "zh"];
/// The parts: words that rules may be developed on, and words that are only reported on.
pub(super) const PARTS: [&str; 2] = ["tune", "held-out"];

/// How things are said, in a part and language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wording {
    /// What may stand before and behind an answer.
    pub(super) before: Vec<String>,
    pub(super) behind: Vec<String>,
    pub(super) evade: Vec<String>,
    pub(super) refuse: Vec<String>,
    pub(super) off_topic: Vec<String>,
    /// A value that is put right at once: `{wrong}`, then `{right}`.
    pub(super) correct: Vec<String>,
    /// One that is put right later: `{full}`.
    pub(super) later: Vec<String>,
    pub(super) slot: Vec<Telling>,
}

/// How the values of a slot are told.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Telling {
    pub(super) name: String,
    /// Sentences around a value (`{v}`).
    #[serde(default)]
    pub(super) full: Vec<String>,
    pub(super) values: Vec<Value>,
}

/// A value.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Value {
    pub(super) is: Is,
    /// In few words.
    pub(super) said: Vec<String>,
    /// In sentences of its own.
    #[serde(default)]
    pub(super) full: Vec<String>,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub(super) enum Is {
    YesNo(bool),
    Number(f64),
    Text(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Slots {
    slot: Vec<Wanted>,
}

/// Reads the slots of a language, and how a part tells them; the tellings are in the order of the slots.
///
/// # Errors
/// A file is missing or of another form, or a slot cannot be told.
pub(super) fn read(data: &mut Data, part: &str, language: &str) -> Result<(Vec<Wanted>, Wording), LabError> {
    let (slots_file, file) = (format!("slots-{language}.toml"), format!("{part}-{language}.toml"));
    let Slots { slot } =
        toml::from_str(&data.text(&slots_file)?).map_err(|e| data.wrong(&slots_file, e.to_string()))?;
    let wording: Wording = toml::from_str(&data.text(&file)?).map_err(|e| data.wrong(&file, e.to_string()))?;
    let told = |telling: &Telling| {
        let has_full = |value: &Value| !telling.full.is_empty() || !value.full.is_empty();
        telling.values.len() > 1 && telling.values.iter().all(|value| !value.said.is_empty() && has_full(value))
    };
    let named = wording.slot.iter().map(|telling| &telling.name).eq(slot.iter().map(|slot| &slot.name));
    if !named || !wording.slot.iter().all(told) {
        let why = format!("it must tell the slots of {slots_file} in their order, each with two values or more");
        return Err(data.wrong(&file, why));
    }
    Ok((slot, wording))
}

/// The seeds of a part and language: the first ones, and those that are named.
pub(super) fn seeds(category: &str, asked: &[String], first: u64) -> Vec<u64> {
    let named = asked.iter().filter_map(|item| item.strip_prefix(category)?.strip_prefix('/')?.parse().ok());
    let mut seeds: Vec<u64> = (1..=first).chain(named).collect();
    seeds.sort_unstable();
    seeds.dedup();
    seeds
}
