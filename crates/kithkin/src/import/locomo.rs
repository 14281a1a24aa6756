//! LoCoMo: an array of samples (or one), each a long conversation of two speakers in dated sessions.
//!
//! Read are `sample_id` and, within `conversation`, `session_N` with its `session_N_date_time`; of a turn `speaker`,
//! `dia_id`, `text`, and `blip_caption` with the first `img_url` as an image. The questions and summaries of the
//! dataset are not read: they are no part of the conversation. The sample is the person and the conversation; sessions
//! come in the order of their numbers; both speakers are users; a turn has the time of its session, to the minute.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use kithkin_core::{Attachment, EventTime, PersonId, Precision, Role};
use serde_json::Value;

use super::fields::{Fields, kind};
use super::intake::{Draft, Intake, Stop};
use super::stream::{MAX_MESSAGES, Scanner};

pub(super) fn read(intake: &mut Intake<'_>, scanner: &mut Scanner<'_>) -> Result<(), Stop> {
    let mut number = 0;
    super::each_element(scanner, |scanner| {
        number += 1;
        let label = format!("sample {number}");
        intake.object(scanner, &label, &["sample_id"], false, |intake, scanner, ahead| {
            match sample_id(intake, Fields(ahead)) {
                Ok((id, person)) if intake.wants(id) => sample(intake, scanner, &Sample { id, person, label: &label }),
                Ok(_) => Ok(scanner.skip()?),
                Err(why) => {
                    scanner.skip()?;
                    intake.reject(&label, why)
                }
            }
        })
    })
}

struct Sample<'a> {
    id: &'a str,
    person: PersonId,
    label: &'a str,
}

fn sample_id<'a>(intake: &Intake<'_>, ahead: Fields<'a>) -> Result<(&'a str, PersonId), String> {
    let id = ahead.need("sample_id")?;
    let person = intake.options.person.clone().map_or_else(|| PersonId::new(id), Ok);
    Ok((id, person.map_err(|error| error.to_string())?))
}

#[derive(Default)]
struct Session {
    date: Option<Result<EventTime, String>>,
    /// Why not all of it is in `turns`.
    broken: Option<String>,
    turns: Vec<Result<Utterance, String>>,
}

struct Utterance {
    id: String,
    speaker: String,
    text: String,
    image: Option<Attachment>,
}

fn sample(intake: &mut Intake<'_>, scanner: &mut Scanner<'_>, sample: &Sample<'_>) -> Result<(), Stop> {
    let mut found = false;
    scanner.enter(b'{')?;
    let mut first = true;
    while let Some(key) = scanner.key(&mut first)? {
        if key != "conversation" || scanner.peek()? != Some(b'{') {
            scanner.skip()?;
            continue;
        }
        found = true;
        let mut sessions = BTreeMap::new();
        let done = conversation(scanner, &mut sessions);
        // What was read before a cut is whole, so it goes out first.
        emit(intake, sample, sessions)?;
        done?;
    }
    if found {
        Ok(())
    } else {
        intake.reject(sample.label, "there is no `conversation` object with the sessions in it")
    }
}

fn conversation(scanner: &mut Scanner<'_>, sessions: &mut BTreeMap<u64, Session>) -> Result<(), Stop> {
    let mut held = 0;
    scanner.enter(b'{')?;
    let mut first = true;
    while let Some(key) = scanner.key(&mut first)? {
        let dated = key.strip_suffix("_date_time");
        let number = dated.unwrap_or(&key).strip_prefix("session_").and_then(|n| n.parse::<u64>().ok());
        let Some(number) = number else {
            scanner.skip()?;
            continue;
        };
        let session = sessions.entry(number).or_default();
        if dated.is_some() {
            session.date = Some(scanner.json()?.and_then(|value| date(&value)));
        } else if scanner.peek()? == Some(b'[') {
            scanner.enter(b'[')?;
            let mut first = true;
            while scanner.item(&mut first)? {
                let turn = scanner.json()?.and_then(|value| utterance(&value));
                held += 1;
                if held <= MAX_MESSAGES {
                    session.turns.push(turn);
                } else {
                    session.broken = Some(format!("turns of the sample beyond {MAX_MESSAGES} were not read; split it"));
                }
            }
        } else {
            session.broken = scanner.json()?.map_or_else(Some, |value| match value {
                Value::Null => None,
                other => Some(format!("it is {}; an array of turns was expected", kind(&other))),
            });
        }
    }
    Ok(())
}

fn utterance(value: &Value) -> Result<Utterance, String> {
    let fields = Fields::of(value)?;
    let caption = fields.text("blip_caption")?.map(str::to_owned);
    // One link or several; all show the same scene, so the first stands for them.
    let reference = match fields.get("img_url") {
        Some(Value::Array(urls)) => urls.first().and_then(Value::as_str),
        other => other.and_then(Value::as_str),
    };
    let image = (caption.is_some() || reference.is_some()).then(|| Attachment {
        kind: "image".to_owned(),
        caption,
        reference: reference.map(str::to_owned),
    });
    Ok(Utterance {
        id: fields.need("dia_id")?.to_owned(),
        speaker: fields.need("speaker")?.to_owned(),
        text: fields.text("text")?.unwrap_or_default().to_owned(),
        image,
    })
}

fn emit(intake: &mut Intake<'_>, sample: &Sample<'_>, sessions: BTreeMap<u64, Session>) -> Result<(), Stop> {
    for (number, session) in sessions {
        let name = format!("session_{number}");
        let place = format!("{} {:?}, {name}", sample.label, sample.id);
        if let Some(why) = session.broken {
            intake.reject(&place, why)?;
        }
        let said_at = match session.date {
            Some(Ok(date)) => Ok(Some(date)),
            // The time that is given for turns without one does not stand in for one that cannot be read.
            Some(Err(why)) => Err(format!("{name}_date_time: {why}")),
            None => intake.dated(None, &format!("its session has no {name}_date_time")),
        };
        for (index, turn) in session.turns.into_iter().enumerate() {
            let turn = turn.and_then(|said| {
                let draft = Draft {
                    conversation: sample.id,
                    session: &name,
                    id: &said.id,
                    speaker: &said.speaker,
                    role: Role::User,
                    said_at: said_at.clone()?,
                    text: said.text,
                    attachments: said.image.into_iter().collect(),
                };
                draft.build()
            });
            intake.turn(format_args!("{place}, turn {}", index + 1), &sample.person, turn)?;
        }
    }
    Ok(())
}

/// Reads `1:56 pm on 8 May, 2023`.
fn date(value: &Value) -> Result<EventTime, String> {
    let wrong = || format!("{value} is not a time; write it like \"1:56 pm on 8 May, 2023\"");
    let text = value.as_str().ok_or_else(wrong)?;
    civil(text).and_then(|civil| EventTime::new(civil, None, Precision::Minute).ok()).ok_or_else(wrong)
}

fn civil(text: &str) -> Option<DateTime> {
    let (time, date) = text.trim().split_once(" on ")?;
    let (clock, half) = time.trim().split_once(' ')?;
    let (hour, minute) = clock.split_once(':')?;
    let (hour, minute) = (hour.parse::<i8>().ok()?, minute.parse::<i8>().ok()?);
    let hour = match (half.trim().to_ascii_lowercase().as_str(), hour) {
        ("am", 12) => 0,
        ("pm", 12) => 12,
        ("am", 1..=11) => hour,
        ("pm", 1..=11) => hour + 12,
        _ => return None,
    };
    let (day_month, year) = date.split_once(',')?;
    let (day, month) = day_month.trim().split_once(' ')?;
    let date = Date::new(year.trim().parse().ok()?, month_number(month.trim())?, day.parse().ok()?).ok()?;
    (0..60).contains(&minute).then(|| date.at(hour, minute, 0, 0))
}

/// Takes full names and their first three letters.
fn month_number(name: &str) -> Option<i8> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let name = name.to_ascii_lowercase();
    let month = MONTHS.iter().position(|month| *month == name || (name.len() == 3 && month.starts_with(&name)))?;
    i8::try_from(month + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        let check = |text: &str, expect: Option<&str>| {
            let got = date(&Value::from(text)).ok().map(|time| time.to_string());
            assert_eq!(got.as_deref(), expect, "{text}");
        };
        check("1:56 pm on 8 May, 2023", Some("2023-05-08T13:56"));
        check("12:09 am on 13 September, 2023", Some("2023-09-13T00:09"));
        check("12:00 pm on 1 jan, 2024", Some("2024-01-01T12:00"));
        for wrong in
            ["", "13:00 pm on 8 May, 2023", "1:60 pm on 8 May, 2023", "1:00 pm on 31 June, 2023", "8 May, 2023"]
        {
            check(wrong, None);
        }
    }
}
