//! Kithkin's simple form: JSONL, a turn a line. It is the one to write when no other format fits.
//!
//! ```json
//! {"person": "ann", "conversation": "c1", "session": "s1", "id": "t1", "speaker": "Ann", "role": "user",
//!  "said_at": "2024-03-01T10:22", "text": "Hello", "attachments": [{"kind": "image", "caption": "a dog"}]}
//! ```
//! `text` (or a caption) and `said_at` are needed; `"said_at": null` says that the time is not known. Without `person`
//! it is the one given; `conversation` is the file's name without its extension, `session` the conversation, `role`
//! user, `speaker` the role. Without `id`, it is the first 12 hexadecimal digits of a hash of the line's content, and
//! `-2`, `-3` … behind it where the same content comes again: so a longer file names its first turns as before.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

use kithkin_core::{Attachment, EventTime, InvalidTurn, PersonId, Role, Turn};
use serde_json::Value;

use super::fields::{Fields, kind};
use super::intake::{Draft, Intake, Stop};
use super::lines::Lines;
use super::parse::{Place, parse};
use super::stream::Fault;

const NAMES: [&str; 9] =
    ["person", "conversation", "session", "id", "speaker", "role", "said_at", "text", "attachments"];

pub(super) fn read(intake: &mut Intake<'_>, source: &mut dyn Read) -> Result<(), Stop> {
    let stem = Path::new(&intake.name).file_stem().map_or_else(String::new, |s| s.to_string_lossy().into_owned());
    let mut again = HashMap::new();
    let mut lines = Lines::new(source);
    while let Some(line) = lines.next().map_err(Fault::Io)? {
        let place = format!("line {}", line.number);
        let start = Place { line: line.number, column: 1 };
        let value = line.text.and_then(|text| parse(text.as_bytes()).map_err(|refused| refused.at(start)));
        let read = value.and_then(|value| {
            let fields = Fields::of(&value)?;
            let person = person(intake, fields)?;
            let (turn, named) = turn(intake, fields, &stem)?;
            Ok((person, turn, named))
        });
        match read {
            Ok((_, turn, _)) if !intake.wants(turn.conversation.as_str()) => {}
            Ok((person, turn, true)) => intake.turn(place, &person, Ok(turn))?,
            Ok((person, turn, false)) => {
                let turn = named(intake, &person, turn, &mut again);
                intake.turn(place, &person, turn)?;
            }
            Err(why) => intake.reject(place, why)?,
        }
    }
    Ok(())
}

fn person(intake: &Intake<'_>, fields: Fields<'_>) -> Result<PersonId, String> {
    match (fields.text("person")?, &intake.options.person) {
        (Some(person), _) => PersonId::new(person).map_err(|error| error.to_string()),
        (None, Some(person)) => Ok(person.clone()),
        (None, None) => Err("it does not say whose turn it is; add `person`, or name one with --person".to_owned()),
    }
}

/// The turn, and whether it has a name.
fn turn(intake: &Intake<'_>, fields: Fields<'_>, stem: &str) -> Result<(Turn, bool), String> {
    if let Some(unknown) = fields.0.keys().find(|key| !NAMES.contains(&key.as_str())) {
        return Err(format!("`{unknown:.80}` is not a field of a turn; the fields are {}", NAMES.join(", ")));
    }
    let conversation = fields.text("conversation")?.unwrap_or(stem);
    let role = fields.text("role")?.map_or(Ok(Role::User), str::parse);
    let role = role.map_err(|error: InvalidTurn| error.to_string())?;
    let attachments = match fields.get("attachments") {
        None => Vec::new(),
        Some(list) => {
            serde_json::from_value::<Vec<Attachment>>(list.clone()).map_err(|e| format!("attachments: {e}"))?
        }
    };
    let id = fields.text("id")?;
    let draft = Draft {
        conversation,
        session: fields.text("session")?.unwrap_or(conversation),
        id: id.unwrap_or("unnamed"),
        speaker: fields.text("speaker")?.unwrap_or(role.as_str()),
        role,
        said_at: said_at(intake, fields)?,
        text: fields.text("text")?.unwrap_or_default().to_owned(),
        attachments,
    };
    Ok((draft.build()?, id.is_some()))
}

fn said_at(intake: &Intake<'_>, fields: Fields<'_>) -> Result<Option<EventTime>, String> {
    match fields.0.get("said_at") {
        None => intake.dated(None, "there is no `said_at` (null says that the time is not known)"),
        Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => text.parse().map(Some).map_err(|error| format!("`said_at`: {error}")),
        Some(other) => Err(format!("`said_at` is {}; write a time as text, or null if it is not known", kind(other))),
    }
}

/// Gives a turn a name by its content. `again` counts only contents that came more than once.
fn named(
    intake: &Intake<'_>,
    person: &PersonId,
    mut turn: Turn,
    again: &mut HashMap<String, u64>,
) -> Result<Turn, String> {
    let mut id: String = turn.content_hash().to_string().chars().take(12).collect();
    if intake.knows(person, turn.conversation.as_str(), &id) {
        let count = again.entry(format!("{person}\0{}\0{id}", turn.conversation)).or_insert(1);
        *count += 1;
        id = format!("{id}-{count}");
    }
    turn.id = kithkin_core::TurnId::new(id).map_err(|error| error.to_string())?;
    Ok(turn)
}
