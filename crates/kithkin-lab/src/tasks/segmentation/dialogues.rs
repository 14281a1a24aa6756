//! The dialogues of the segmentation task, with their right boundaries.
//!
//! Which dataset it is, the data's form says: TIAGE is a folder, LoCoMo a file of JSON, DialSeg711 (of TADAM) a text.

use std::collections::BTreeMap;

use kithkin::import::Format;
use kithkin::{Attachment, Role};
use serde::Deserialize;

use crate::data::Data;
use crate::persons::{Persons, Said};
use crate::{LabError, Setup};

/// The parts of TIAGE, each a folder, and an item.
const PARTS: [&str; 3] = ["train", "dev", "test"];
/// Dialogues of DialSeg711 in an item.
const BLOCK: usize = 100;
/// What opens a dialogue in DialSeg711.
const OPENS: &str = "call_id_";

/// A dialogue.
#[derive(Debug)]
pub(super) struct Dialogue {
    /// The item of the dataset that it belongs to.
    pub(super) item: String,
    /// Its name, unique within the data.
    pub(super) id: String,
    /// Its turns, each with words.
    pub(super) turns: Vec<Utterance>,
}

/// A turn of a dialogue.
#[derive(Debug)]
pub(super) struct Utterance {
    /// Its name, unique within the dialogue.
    pub(super) id: String,
    speaker: String,
    role: Role,
    text: String,
    /// The number of its right unit, which is that of the turns around it in the same unit.
    unit: usize,
}

impl Dialogue {
    /// Turns without words are left out, since they are never observed.
    fn new(item: &str, id: String, turns: impl IntoIterator<Item = Utterance>) -> Self {
        let turns = turns.into_iter().filter(|turn| !turn.text.trim().is_empty()).collect();
        Self { item: item.to_owned(), id, turns }
    }

    /// For each gap, whether it is a right boundary.
    pub(super) fn right(&self) -> Vec<bool> {
        self.turns.windows(2).map(|pair| pair[0].unit != pair[1].unit).collect()
    }

    /// The turns as one session. They have no times: in LoCoMo a pause would give the boundaries away, and the others
    /// come without.
    pub(super) fn said(&self) -> Vec<Said<'_>> {
        let said = self.turns.iter().map(|turn| Said {
            id: &turn.id,
            session: "whole",
            speaker: &turn.speaker,
            role: turn.role,
            at: None,
            text: &turn.text,
        });
        said.collect()
    }
}

/// Reads the dialogues of the items that are asked for.
///
/// # Errors
/// The data is missing or has another form, or there is no such item.
pub(super) fn read(setup: &Setup<'_>) -> Result<(Data, Vec<Dialogue>), LabError> {
    let (data, mut dialogues) = if setup.data.is_dir() {
        tiage(Data::new("tiage", &setup.data))?
    } else if setup.data.extension().is_some_and(|extension| extension == "json") {
        locomo(Data::new("locomo", &setup.data), setup)?
    } else {
        dialseg(Data::new("tadam-seg", &setup.data))?
    };
    let mut known: Vec<String> = dialogues.iter().map(|d| d.item.clone()).collect();
    known.dedup();
    if let Some(missing) = setup.items.iter().find(|item| !known.contains(item)) {
        return Err(LabError::Unknown { what: "item", name: missing.clone(), known });
    }
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    dialogues.retain(|dialogue| {
        let taken = taken.entry(dialogue.item.clone()).or_default();
        *taken += 1;
        (setup.items.is_empty() || setup.items.contains(&dialogue.item)) && *taken <= setup.limit.unwrap_or(usize::MAX)
    });
    Ok((data, dialogues))
}

/// TIAGE: in each part a file of dialogues by number.
fn tiage(mut data: Data) -> Result<(Data, Vec<Dialogue>), LabError> {
    let mut dialogues = Vec::new();
    for part in PARTS {
        if !data.has(part) {
            continue;
        }
        let file = format!("{part}/anno_{part}.json");
        let content: BTreeMap<String, Vec<(String, String)>> = data.json(&file)?;
        for (number, told) in content {
            let turns = shifts(told).map_err(|why| data.wrong(&file, format!("dialogue {number}, {why}")))?;
            dialogues.push(Dialogue::new(part, format!("{part}-{number}"), turns));
        }
    }
    if dialogues.is_empty() {
        return Err(data.wrong("", format!("there is none of the folders {}", PARTS.join(", "))));
    }
    Ok((data, dialogues))
}

/// A dialogue of TIAGE: each turn has its words and a label, 1 where the topic shifts. Two people speak in turn.
fn shifts(told: Vec<(String, String)>) -> Result<Vec<Utterance>, String> {
    let mut unit = 0;
    let turns = told.into_iter().enumerate().map(|(place, (text, label))| {
        match label.as_str() {
            "1" => unit += 1,
            "0" | "-1" => {}
            other => return Err(format!("turn {place}: the label is {other:?}; -1, 0 or 1 is right")),
        }
        let speaker = if place % 2 == 0 { "first" } else { "second" };
        Ok(Utterance { id: place.to_string(), speaker: speaker.to_owned(), role: Role::User, text, unit })
    });
    turns.collect()
}

/// DialSeg711: after a line that opens the dialogue a line a turn, the number of its unit and its words. The file names
/// no speakers: the person begins, and an assistant answers.
fn dialseg(mut data: Data) -> Result<(Data, Vec<Dialogue>), LabError> {
    let text = data.text("")?;
    let mut told: Vec<Vec<Utterance>> = Vec::new();
    for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        if line.starts_with(OPENS) {
            told.push(Vec::new());
            continue;
        }
        let parts = line.split_once(' ').and_then(|(unit, text)| Some((unit.parse().ok()?, text)));
        let (Some(turns), Some((unit, text))) = (told.last_mut(), parts) else {
            let why = format!("line {number} is neither `{OPENS}…` nor the number of a unit, a space and the words");
            return Err(data.wrong("", why));
        };
        let role = if turns.len() % 2 == 0 { Role::User } else { Role::Assistant };
        turns.push(Utterance {
            id: turns.len().to_string(),
            speaker: role.as_str().to_owned(),
            role,
            text: text.to_owned(),
            unit,
        });
    }
    let item = |place: usize| format!("{:03}", place / BLOCK * BLOCK);
    let dialogues = told.into_iter().enumerate();
    let dialogues = dialogues.map(|(place, turns)| Dialogue::new(&item(place), place.to_string(), turns)).collect();
    Ok((data, dialogues))
}

#[derive(Deserialize)]
struct Item {
    sample_id: String,
}

/// LoCoMo: the sessions of a conversation end to end; the right units are the sessions. Captions count as text.
fn locomo(mut data: Data, setup: &Setup<'_>) -> Result<(Data, Vec<Dialogue>), LabError> {
    let items: Vec<Item> = data.json("")?;
    let mut source = Persons::new(setup)?;
    source.import(&setup.data, Format::Locomo)?;
    let mut dialogues = Vec::new();
    for Item { sample_id } in items {
        let scope = source.scope(&sample_id)?;
        let timeline = source.person(&scope).timeline()?;
        let mut unit = 0;
        let mut last = None;
        let turns = timeline.into_iter().filter(|turn| !turn.replaced).map(|turn| {
            unit += usize::from(last.as_ref().is_some_and(|last| *last != turn.session));
            last = Some(turn.session);
            let captions = turn.attachments.into_iter().filter_map(|Attachment { caption, .. }| caption);
            let text = std::iter::once(turn.text).chain(captions).collect::<Vec<_>>().join(" ");
            Utterance { id: turn.turn, speaker: turn.speaker, role: Role::User, text, unit }
        });
        dialogues.push(Dialogue::new(&sample_id, sample_id.clone(), turns));
    }
    Ok((data, dialogues))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_at(path: std::path::PathBuf, items: &[&str]) -> Result<Vec<Dialogue>, LabError> {
        let items = items.iter().map(|item| (*item).to_owned()).collect();
        let setup = Setup {
            data: path,
            methods: Vec::new(),
            embedder: None,
            chat: None,
            reranker: None,
            items,
            limit: None,
            progress: &|_, _, _| {},
        };
        Ok(read(&setup)?.1)
    }

    #[test]
    fn the_form_says_which_dataset_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let check = |file: &str, text: &str, root: &str, items: &[&str], expect: &str| {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            let shown = match read_at(folder.path().join(root), items) {
                Ok(dialogues) => dialogues.iter().map(shown).collect::<Vec<_>>().join(" "),
                Err(e) => e.to_string().rsplit('/').next().unwrap().to_owned(),
            };
            assert_eq!(shown, expect, "{text}");
        };
        let turns = r#"{"7": [["Hi.", "-1"], ["", "0"], ["And?", "1"], ["So.", "0"]]}"#;
        check("a/dev/anno_dev.json", turns, "a", &[], "dev-7:|.");
        check("a/dev/anno_dev.json", turns, "a", &["test"], "there is no item \"test\"; there are dev");
        let wrong = r#"{"7": [["Hi.", "first"]]}"#;
        let why = "anno_dev.json: dialogue 7, turn 0: the label is \"first\"; -1, 0 or 1 is right";
        check("a/dev/anno_dev.json", wrong, "a", &[], why);
        check("b.txt", "call_id_0\n0 Hi.\n0 And 2 more?\n1 So.\n\ncall_id_1\n3 No.\n", "b.txt", &[], "0:.| 1:");
        let why = "b.txt: line 2 is neither `call_id_…` nor the number of a unit, a space and the words";
        check("b.txt", "call_id_0\nHi.\n", "b.txt", &[], why);
        let session = |n: u8| format!(r#""session_{n}": [{{"speaker": "Ann", "dia_id": "D{n}:1", "text": "Hi."}}]"#);
        let date =
            r#""session_1_date_time": "1:56 pm on 7 May, 2023", "session_2_date_time": "1:56 pm on 8 May, 2023""#;
        let sample = format!(r#"[{{"sample_id": "s", "conversation": {{{}, {}, {date}}}}}]"#, session(1), session(2));
        check("c.json", &sample, "c.json", &[], "s:|");
    }

    fn shown(dialogue: &Dialogue) -> String {
        let gaps: String = dialogue.right().iter().map(|boundary| if *boundary { '|' } else { '.' }).collect();
        format!("{}:{gaps}", dialogue.id)
    }
}
