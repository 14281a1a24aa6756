//! Chat completion messages: an array of messages, an array of records with `messages`, one of either, or a line each.
//!
//! A record is a conversation with one session. Its name is its `conversation_id` or `id`, else
//! `<file name without extension>#<n>`, n being the place of the record or its line; message n is the turn `m000n`, which stays so when a history is sent again
//! with more at its end. The person is the one given, else the record's `user`. The speaker is a message's `name`, else
//! its role. Such messages have no time in general: `created_at`, `created` or `timestamp` of the message or of its
//! record is taken, else the one given, else the time stays unknown.
//!
//! A message without text holds no utterance, such as a call of a tool; it is passed over, but counted in the names of
//! those behind it. Parts that are no text become attachments; inline data is not kept.

use std::io::Read;
use std::path::Path;

use kithkin_core::{Attachment, EventTime, InvalidTurn, PersonId, Role, Turn};
use serde_json::Value;

use super::fields::{Fields, kind};
use super::intake::{Draft, Intake, Stop};
use super::lines::Lines;
use super::stream::{Fault, Scanner};
use super::{Format, ImportError};

const TIMES: [&str; 3] = ["created_at", "created", "timestamp"];

/// Reads a document.
pub(super) fn read(intake: &mut Intake<'_>, scanner: &mut Scanner<'_>) -> Result<(), Stop> {
    let mut log = Log::new(intake);
    super::each_element(scanner, |scanner| log.element(intake, scanner))
}

/// Reads a document a line, so that a broken one spoils no other.
pub(super) fn read_lines(intake: &mut Intake<'_>, source: &mut dyn Read) -> Result<(), Stop> {
    let mut log = Log::new(intake);
    let mut lines = Lines::new(source);
    while let Some(line) = lines.next().map_err(Fault::Io)? {
        log.line = Some(line.number);
        let read = line.text.map(|text| {
            let mut text = text.as_bytes();
            let mut scanner = Scanner::new(&mut text, 0, line.number);
            log.element(intake, &mut scanner)?;
            Ok(scanner.peek()?.is_none())
        });
        let why = match read {
            Ok(Ok(true)) => continue,
            Ok(Ok(false)) => "there is more behind the JSON value; write one value a line".to_owned(),
            Ok(Err(Stop::Fault(Fault::EndsEarly(_)))) => "the line ends inside a JSON value".to_owned(),
            Ok(Err(Stop::Fault(Fault::Syntax(place, why)))) => format!("not valid JSON at {place}: {why}"),
            Ok(Err(stop)) => return Err(stop),
            Err(why) => why,
        };
        intake.reject(format_args!("line {}", line.number), why)?;
    }
    Ok(())
}

/// What is known of the file so far.
struct Log {
    stem: String,
    /// Values so far.
    items: u64,
    /// Records and arrays of messages so far.
    records: u64,
    /// The conversation of messages that stand in no record.
    loose: Option<Conversation>,
    line: Option<u64>,
}

#[derive(Debug)]
struct Conversation {
    label: String,
    id: String,
    person: Option<PersonId>,
    time: Option<EventTime>,
    messages: u64,
}

impl Log {
    fn new(intake: &Intake<'_>) -> Self {
        let stem = Path::new(&intake.name).file_stem().map_or_else(String::new, |s| s.to_string_lossy().into_owned());
        Self { stem, items: 0, records: 0, loose: None, line: None }
    }

    fn begin(&mut self) -> Conversation {
        self.records += 1;
        let (what, number) = self.line.map_or(("record", self.records), |line| ("line", line));
        let id = format!("{}#{number}", self.stem);
        Conversation { label: format!("{what} {number}"), id, person: None, time: None, messages: 0 }
    }

    /// Takes a record, a message, or an array of messages.
    fn element(&mut self, intake: &mut Intake<'_>, scanner: &mut Scanner<'_>) -> Result<(), Stop> {
        self.items += 1;
        if scanner.peek()? == Some(b'[') {
            let mut conversation = self.begin();
            return conversation.messages(intake, scanner);
        }
        let label = self.line.map_or_else(|| format!("item {}", self.items), |line| format!("line {line}"));
        let names = ["conversation_id", "id", "user", TIMES[0], TIMES[1], TIMES[2]];
        intake.object(scanner, &label, &names, true, |intake, scanner, ahead| {
            if ahead.contains_key("messages") {
                return self.begin().record(intake, scanner, Fields(ahead));
            }
            if ahead.contains_key("role") {
                let mut loose = self.loose.take().unwrap_or_else(|| self.begin());
                if !intake.wants(&loose.id) {
                    self.loose = Some(loose);
                    return Ok(scanner.skip()?);
                }
                let done = loose.message(intake, scanner, self.line);
                self.loose = Some(loose);
                return done;
            }
            scanner.skip()?;
            intake.reject(&label, "there is neither `messages` nor `role`; a record has the one, a message the other")
        })
    }
}

impl Conversation {
    fn record(mut self, intake: &mut Intake<'_>, scanner: &mut Scanner<'_>, ahead: Fields<'_>) -> Result<(), Stop> {
        if let Err(why) = self.describe(ahead) {
            scanner.skip()?;
            return intake.reject(&self.label, why);
        }
        scanner.enter(b'{')?;
        let mut first = true;
        while let Some(key) = scanner.key(&mut first)? {
            if key != "messages" {
                scanner.skip()?;
            } else if scanner.peek()? == Some(b'[') {
                self.messages(intake, scanner)?;
            } else {
                scanner.skip()?;
                intake.reject(&self.label, "`messages` is not an array; it should hold the messages")?;
            }
        }
        Ok(())
    }

    fn describe(&mut self, record: Fields<'_>) -> Result<(), String> {
        if let Some(id) = record.text("conversation_id")?.map_or_else(|| record.text("id"), |id| Ok(Some(id)))? {
            self.id = id.to_owned();
        }
        if let Some(user) = record.text("user")? {
            self.person = Some(PersonId::new(user).map_err(|error| error.to_string())?);
        }
        self.time = time(record)?;
        Ok(())
    }

    fn messages(&mut self, intake: &mut Intake<'_>, scanner: &mut Scanner<'_>) -> Result<(), Stop> {
        if !intake.wants(&self.id) {
            return Ok(scanner.skip()?);
        }
        scanner.enter(b'[')?;
        let mut first = true;
        while scanner.item(&mut first)? {
            self.message(intake, scanner, None)?;
        }
        Ok(())
    }

    fn message(&mut self, intake: &mut Intake<'_>, scanner: &mut Scanner<'_>, line: Option<u64>) -> Result<(), Stop> {
        let value = scanner.json()?;
        self.messages += 1;
        let missing = || ImportError::NeedsPerson { name: intake.name.clone(), format: Format::OpenAi };
        let person = intake.options.person.clone().or_else(|| self.person.clone()).ok_or_else(missing)?;
        match value.and_then(|value| self.turn(intake, &value)) {
            Ok(None) => {
                intake.passed_over += 1;
                Ok(())
            }
            turn => {
                let place = match line {
                    Some(line) => format!("line {line}"),
                    None => format!("{}, message {}", self.label, self.messages),
                };
                // The arm above took what holds no turn.
                turn.transpose().map_or(Ok(()), |turn| intake.turn(place, &person, turn))
            }
        }
    }

    /// `None` if nobody says anything in it.
    fn turn(&self, intake: &Intake<'_>, value: &Value) -> Result<Option<Turn>, String> {
        let fields = Fields::of(value)?;
        let role_name = fields.need("role")?;
        let role: Role = role_name.parse().map_err(|error: InvalidTurn| error.to_string())?;
        let (text, attachments) = content(fields)?;
        if text.trim().is_empty() {
            return Ok(None);
        }
        let draft = Draft {
            conversation: &self.id,
            session: &self.id,
            id: &format!("m{:04}", self.messages),
            speaker: fields.text("name")?.unwrap_or(role_name),
            role,
            said_at: time(fields)?.or(self.time).or(intake.options.at),
            text,
            attachments,
        };
        draft.build().map(Some)
    }
}

fn time(fields: Fields<'_>) -> Result<Option<EventTime>, String> {
    for name in TIMES {
        if let Some(time) = fields.time(name)? {
            return Ok(Some(time));
        }
    }
    Ok(None)
}

/// The text of a message, parts joined by line breaks, and what came with it.
fn content(message: Fields<'_>) -> Result<(String, Vec<Attachment>), String> {
    let parts = match message.get("content") {
        None => &[],
        Some(Value::String(text)) => return Ok((text.clone(), Vec::new())),
        Some(Value::Array(parts)) => parts.as_slice(),
        Some(other) => return Err(format!("`content` is {}; text or an array of parts was expected", kind(other))),
    };
    let (mut text, mut attachments) = (Vec::new(), Vec::new());
    for part in parts {
        if let Some(plain) = part.as_str() {
            text.push(plain);
            continue;
        }
        let part = Fields::of(part).map_err(|why| format!("a part of `content`: {why}"))?;
        match part.text("type")?.unwrap_or("text") {
            "text" | "input_text" | "output_text" => text.push(part.need("text")?),
            "refusal" => text.push(part.need("refusal")?),
            other => attachments.push(attachment(other, part)),
        }
    }
    Ok((text.join("\n"), attachments))
}

fn attachment(kind: &str, part: Fields<'_>) -> Attachment {
    // The link stands beside the type, or one level below it.
    let below = part.object(kind).ok().flatten();
    let link = ["url", "filename", "file_id"].iter().find_map(|name| below?.text(name).ok().flatten());
    let link = link.or_else(|| part.text(kind).ok().flatten());
    let kind = match kind {
        "image_url" | "input_image" => "image",
        "input_audio" => "audio",
        other => other,
    };
    let reference = link.filter(|link| !link.starts_with("data:")).map(str::to_owned);
    Attachment { kind: kind.to_owned(), caption: None, reference }
}
