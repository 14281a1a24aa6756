//! LongMemEval: an array of questions (or one), each with the history that it is asked of.
//!
//! Read are `question_id`, `haystack_session_ids`, `haystack_dates` and `haystack_sessions`, whose messages have `role`
//! and `content`. The question, its answer and the marks of its evidence are not read. The question id is the person
//! and the conversation. Message n of a session, from 1, is the turn `<session id>:<n>`, spoken by its role. A session
//! that comes again with the same date and messages is the same; with others it becomes `<session id>#2` and so on.

use std::collections::HashMap;

use jiff::civil::Date;
use kithkin_core::{ContentHash, EventTime, PersonId, Precision, Turn};
use serde_json::Value;

use super::fields::{Fields, kind};
use super::intake::{Draft, Intake, Stop};
use super::stream::Scanner;

pub(super) fn read(intake: &mut Intake<'_>, scanner: &mut Scanner<'_>) -> Result<(), Stop> {
    let mut number = 0;
    super::each_element(scanner, |scanner| {
        number += 1;
        let label = format!("question {number}");
        let names = ["question_id", "haystack_session_ids", "haystack_dates"];
        intake.object(scanner, &label, &names, true, |intake, scanner, ahead| {
            match Question::new(intake, Fields(ahead), &label) {
                Ok(question) if intake.wants(question.id) => question.read(intake, scanner),
                Ok(_) => Ok(scanner.skip()?),
                Err(why) => {
                    scanner.skip()?;
                    intake.reject(&label, why)
                }
            }
        })
    })
}

struct Question<'a> {
    label: String,
    id: &'a str,
    person: PersonId,
    sessions: &'a [Value],
    dates: &'a [Value],
    /// What each session id held so far, in the order of its tellings.
    told: HashMap<String, Vec<Vec<ContentHash>>>,
}

impl<'a> Question<'a> {
    fn new(intake: &Intake<'_>, ahead: Fields<'a>, label: &str) -> Result<Self, String> {
        let id = ahead.need("question_id")?;
        let person = intake.options.person.clone().map_or_else(|| PersonId::new(id), Ok);
        Ok(Self {
            label: format!("{label} {id:?}"),
            id,
            person: person.map_err(|error| error.to_string())?,
            sessions: ahead.array("haystack_session_ids")?,
            dates: ahead.array("haystack_dates")?,
            told: HashMap::new(),
        })
    }

    fn read(mut self, intake: &mut Intake<'_>, scanner: &mut Scanner<'_>) -> Result<(), Stop> {
        scanner.enter(b'{')?;
        let mut first = true;
        while let Some(key) = scanner.key(&mut first)? {
            if key != "haystack_sessions" || scanner.peek()? != Some(b'[') {
                scanner.skip()?;
                continue;
            }
            scanner.enter(b'[')?;
            let (mut index, mut first) = (0, true);
            while scanner.item(&mut first)? {
                let session = scanner.json()?;
                self.session(intake, index, session)?;
                index += 1;
            }
        }
        Ok(())
    }

    fn session(&mut self, intake: &mut Intake<'_>, index: usize, session: Result<Value, String>) -> Result<(), Stop> {
        let place = format!("{}, session {}", self.label, index + 1);
        let messages = match session {
            Ok(Value::Array(messages)) => messages,
            Ok(other) => {
                return intake.reject(place, format!("it is {}; an array of messages was expected", kind(&other)));
            }
            Err(why) => return intake.reject(place, why),
        };
        let given = self.sessions.get(index).and_then(Value::as_str).unwrap_or_default();
        let id = if given.is_empty() { format!("session_{}", index + 1) } else { given.to_owned() };
        let said_at = match self.dates.get(index).filter(|value| !value.is_null()) {
            Some(value) => date(value).map(Some),
            None => intake.dated(None, "its session has no date in `haystack_dates`"),
        };
        let told = |name: &str| -> Vec<Result<Turn, String>> {
            let said_at = || said_at.clone();
            messages.iter().enumerate().map(|(at, value)| turn(self.id, name, at + 1, value, said_at()?)).collect()
        };
        // The tellings differ by their content only, so they are compared under the first one's name.
        let turns = told(&id);
        let content = turns.iter().flatten().map(Turn::content_hash).collect();
        // A name made from the place cannot come again, so it need not be remembered.
        let mut unnamed = Vec::new();
        let tellings = if given.is_empty() { &mut unnamed } else { self.told.entry(id.clone()).or_default() };
        let telling = tellings.iter().position(|other| *other == content).unwrap_or_else(|| {
            tellings.push(content);
            tellings.len() - 1
        });
        let turns = if telling == 0 { turns } else { told(&format!("{id}#{}", telling + 1)) };
        for (at, turn) in turns.into_iter().enumerate() {
            intake.turn(format_args!("{place} {id:?}, message {}", at + 1), &self.person, turn)?;
        }
        Ok(())
    }
}

fn turn(
    conversation: &str,
    session: &str,
    number: usize,
    message: &Value,
    said_at: Option<EventTime>,
) -> Result<Turn, String> {
    let fields = Fields::of(message)?;
    let speaker = fields.need("role")?;
    let draft = Draft {
        conversation,
        session,
        id: &format!("{session}:{number}"),
        speaker,
        role: speaker.parse().map_err(|error: kithkin_core::InvalidTurn| error.to_string())?,
        said_at,
        text: fields.need("content")?.to_owned(),
        attachments: Vec::new(),
    };
    draft.build()
}

/// Reads `2023/05/20 (Sat) 02:21`; the week day may be missing, and so may the time.
fn date(value: &Value) -> Result<EventTime, String> {
    let wrong = || format!("{value} in `haystack_dates` is not a time; write it like \"2023/05/20 (Sat) 02:21\"");
    let text = value.as_str().ok_or_else(wrong)?;
    parse_date(text).ok_or_else(wrong)
}

fn parse_date(text: &str) -> Option<EventTime> {
    let mut words = text.split_whitespace().filter(|word| !word.starts_with('('));
    let mut parts = words.next()?.splitn(3, '/');
    let date = Date::new(parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?).ok()?;
    let time = words.next();
    if words.next().is_some() {
        return None;
    }
    match time {
        None => EventTime::day(date).ok(),
        Some(time) => EventTime::new(date.to_datetime(time.parse().ok()?), None, Precision::Minute).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        let check = |text: &str, expect: Option<&str>| {
            assert_eq!(parse_date(text).map(|time| time.to_string()).as_deref(), expect, "{text}");
        };
        check("2023/05/20 (Sat) 02:21", Some("2023-05-20T02:21"));
        check("2023/05/20", Some("2023-05-20"));
        for wrong in ["", "2023/13/20 (Sat) 02:21", "2023/05/20 (Sat) 25:21", "2023-05-20", "2023/05/20 02:21 x"] {
            check(wrong, None);
        }
    }
}
