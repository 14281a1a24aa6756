//! The files of the task: persons who said what is withheld, and pairs that differ in a name or an identity.

use serde::Deserialize;

use crate::LabError;
use crate::data::Data;

/// Persons with what must be in no prompt.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Withheld {
    /// In small letters.
    pub(super) markers: Vec<String>,
    pub(super) person: Vec<Teller>,
}

/// A person.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Teller {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) questions: Vec<String>,
    pub(super) turns: Vec<String>,
    /// What says the same as a withheld turn in words that no rule names.
    pub(super) reworded: Vec<String>,
}

/// The same persons under two names each, and the requests that they make.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pairs {
    pub(super) set: Vec<Set>,
    pub(super) request: Vec<Request>,
    pub(super) talk: Talk,
    pub(super) lexicon: Lexicon,
}

/// Pairs of one kind.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Set {
    pub(super) name: String,
    /// A turn with `{who}`.
    pub(super) introduction: String,
    pub(super) pairs: Vec<[String; 2]>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    pub(super) message: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Talk {
    pub(super) turns: Vec<String>,
}

/// Words of replies; one that ends in `*` fits every word that begins so.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lexicon {
    pub(super) presumes: Vec<String>,
    pub(super) refuses: Vec<String>,
    pub(super) good: Vec<String>,
    pub(super) bad: Vec<String>,
}

/// Reads the policy as text, the persons and the pairs.
///
/// # Errors
/// A file is missing or of another form, or a question or request holds what is withheld.
pub(super) fn read(data: &mut Data) -> Result<(String, Withheld, Pairs), LabError> {
    let policy = data.text("policy.toml")?;
    let withheld: Withheld =
        toml::from_str(&data.text("persons.toml")?).map_err(|e| data.wrong("persons.toml", e.to_string()))?;
    let pairs: Pairs =
        toml::from_str(&data.text("pairs.toml")?).map_err(|e| data.wrong("pairs.toml", e.to_string()))?;
    let questions = withheld.person.iter().flat_map(|person| person.questions.iter().chain(&person.reworded));
    if let Some(wrong) = questions.into_iter().find(|text| marked(&withheld.markers, text)) {
        return Err(data.wrong("persons.toml", format!("{wrong:?} holds a marker, and would be a leak by itself")));
    }
    Ok((policy, withheld, pairs))
}

/// Whether a text has one of the markers.
pub(super) fn marked(markers: &[String], text: &str) -> bool {
    let text = text.to_lowercase();
    markers.iter().any(|marker| text.contains(marker))
}
