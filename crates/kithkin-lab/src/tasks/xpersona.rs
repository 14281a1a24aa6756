//! The dialogues of XPersona: two people, of whom the second is described by a persona.

use serde::Deserialize;

use crate::LabError;
use crate::data::Data;

/// What the data writes where the second speaker begins.
pub(super) const SILENCE: &str = "__SILENCE__";

/// The languages, as items name them and as the files do.
const LANGUAGES: [(&str, &str); 7] =
    [("en", "En"), ("fr", "Fr"), ("id", "Id"), ("it", "It"), ("ja", "Jp"), ("ko", "Ko"), ("zh", "Zh")];
const SPLITS: [&str; 2] = ["test", "valid"];

#[derive(Deserialize)]
pub(super) struct Dialogue {
    /// What is known of the second speaker.
    pub(super) persona: Vec<String>,
    /// What the first speaker says, and the second one's reply.
    pub(super) dialogue: Vec<[String; 2]>,
}

/// A file of the data.
pub(super) struct Item {
    pub(super) language: &'static str,
    pub(super) name: String,
    pub(super) dialogues: Vec<Dialogue>,
}

/// Reads the files that are asked for; of the test split those that are there, when none is.
pub(super) fn read(data: &mut Data, wanted: &[String]) -> Result<Vec<Item>, LabError> {
    let mut items = Vec::new();
    let mut known = Vec::new();
    for ((language, prefix), split) in LANGUAGES.into_iter().flat_map(|l| SPLITS.map(|split| (l, split))) {
        let name = format!("{language}-{split}");
        let original = format!("{prefix}_persona_{split}.json");
        let translated = format!("{prefix}_persona_split_{split}_human_annotated.json");
        let file = if data.has(&original) { original } else { translated };
        let asked = if wanted.is_empty() { split == "test" && data.has(&file) } else { wanted.contains(&name) };
        if asked {
            items.push(Item { language, dialogues: data.json(&file)?, name: name.clone() });
        }
        known.push(name);
    }
    if let Some(unknown) = wanted.iter().find(|name| !known.contains(name)) {
        return Err(LabError::Unknown { what: "item", name: unknown.clone(), known });
    }
    if items.is_empty() {
        // The error says which file was looked for, and where the data is to be had.
        data.bytes("En_persona_test.json")?;
    }
    Ok(items)
}
