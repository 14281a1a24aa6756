//! Kithkin's own export: JSONL that holds a person's log without loss. Both its reader and its writer are here.
//!
//! The first line is a header; behind it stands every stored turn in the order of its place, replaced versions too:
//! ```json
//! {"kithkin_export": 1, "person": "ann", "method": null, "turns": 1}
//! {"version": 1, "recorded_at": 1709288520000, "turn": {"conversation": "c", "session": "s", "id": "1", …}}
//! {"feedback": {"question": "Where?", "asked_at": 1709288520000, …, "shown": [{"conversation": "c", "turn": "1", …}]}}
//! ```
//! Feedback stands behind the turns and names their tellings by version and content. An export with feedback is of version 2; one without
//! is of version 1, which earlier versions of Kithkin read as well.
//!
//! Another header begins another person, so exports may be joined into one file. What is derived from the turns is not
//! in it: it is rebuilt. Unlike in other formats, one name with two contents is no error here but two versions, and no
//! time is refused as lying in the future: what was kept once is kept again.

use std::io::{self, Read, Write};

use kithkin_core::{
    Binding, ConversationId, DerivationId, MethodId, Millis, PersonId, StoredTurn, Turn, TurnId, VectorSpace,
};
use serde::{Deserialize, Serialize};

use super::ImportError;
use super::intake::{Intake, Stop};
use super::lines::Lines;
use super::parse::{Place, broken};
use super::stream::Fault;

/// The highest version that is read; it is written where there is feedback.
const VERSION: u64 = 2;
/// The version that is written where there is none.
const WITHOUT_FEEDBACK: u64 = 1;

/// What the first line of an export says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Whose turns follow.
    pub person: PersonId,
    /// What the person's data was derived with, if it was.
    pub method: Option<Binding>,
    /// How many turns follow, counting every version.
    pub turns: u64,
    /// How many pieces of feedback follow the turns.
    pub feedback: u64,
}

/// Feedback as an export holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedbackRecord {
    /// The question that was asked.
    pub question: String,
    /// When it was asked.
    pub asked_at: Millis,
    /// When the feedback was written down.
    pub recorded_at: Millis,
    /// The space of the question's vector.
    pub space: Option<VectorSpace>,
    /// The question's vector; empty without a space.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vector: Vec<f32>,
    /// The turns that were shown, best first.
    pub shown: Vec<ShownRecord>,
}

/// A turn that was shown, as an export names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShownRecord {
    /// Its conversation.
    pub conversation: ConversationId,
    /// Its id.
    pub turn: TurnId,
    /// Which telling: 1 for the first.
    pub version: u32,
    /// The hash of its content, by which a telling is found where it has another version.
    pub content: String,
    /// Whether it was of use.
    pub useful: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeaderLine {
    kithkin_export: u64,
    person: PersonId,
    method: Option<MethodLine>,
    turns: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    feedback: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FeedbackLine {
    feedback: FeedbackRecord,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MethodLine {
    id: MethodId,
    spec: String,
    derivation: DerivationId,
}

#[derive(Serialize)]
struct TurnLineOut<'a> {
    version: u32,
    recorded_at: Millis,
    turn: &'a Turn,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TurnLine {
    /// For whoever reads the file: the order of the lines says the same.
    #[serde(rename = "version")]
    _version: u32,
    recorded_at: Millis,
    turn: Turn,
}

/// Writes the first line of an export. Exactly `header.turns` turns MUST follow, then `header.feedback` of feedback.
///
/// # Errors
/// What `out` says.
pub fn write_header(out: &mut dyn Write, header: &Header) -> io::Result<()> {
    let method = header.method.clone();
    let line = HeaderLine {
        kithkin_export: if header.feedback > 0 { VERSION } else { WITHOUT_FEEDBACK },
        person: header.person.clone(),
        method: method.map(|b| MethodLine { id: b.method, spec: b.spec, derivation: b.derivation }),
        turns: header.turns,
        feedback: header.feedback,
    };
    write_line(out, &line)
}

/// Writes the line of a turn. The turns MUST come in the order of their places.
///
/// # Errors
/// What `out` says.
pub fn write_turn(out: &mut dyn Write, stored: &StoredTurn) -> io::Result<()> {
    write_line(out, &TurnLineOut { version: stored.version, recorded_at: stored.recorded_at, turn: &stored.turn })
}

/// Writes the line of feedback.
///
/// # Errors
/// What `out` says.
pub fn write_feedback(out: &mut dyn Write, feedback: FeedbackRecord) -> io::Result<()> {
    write_line(out, &FeedbackLine { feedback })
}

fn write_line(out: &mut dyn Write, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}

pub(super) fn read(intake: &mut Intake<'_>, source: &mut dyn Read) -> Result<(), Stop> {
    let mut lines = Lines::new(source);
    let mut part: Option<Part> = None;
    while let Some(line) = lines.next().map_err(Fault::Io)? {
        let place = format!("line {}", line.number);
        let start = Place { line: line.number, column: 1 };
        let text = match line.text {
            Ok(text) => text,
            Err(why) => {
                part.iter_mut().for_each(|part| part.found += 1);
                intake.reject(place, why)?;
                continue;
            }
        };
        if let Some(version) = header_version(text) {
            if version > VERSION {
                return Err(ImportError::Newer { name: intake.name.clone(), found: version, known: VERSION }.into());
            }
            finish(intake, part.take())?;
            match serde_json::from_str(text) {
                Ok(header) => part = Some(Part::begin(intake, header)?),
                Err(error) => {
                    let why = broken(&error, start);
                    intake.reject(
                        place,
                        format!("the header, without which no turn can be placed: {why}; export again"),
                    )?;
                }
            }
            continue;
        }
        match &mut part {
            Some(part) if text.starts_with(FEEDBACK) => part.feedback(intake, &place, start, text)?,
            Some(part) => part.turn(intake, &place, start, text)?,
            None => {
                intake.reject(place, "no header stands before it; the first line should begin with kithkin_export")?;
            }
        }
    }
    finish(intake, part)
}

/// The version in a header, `None` for any other line.
fn header_version(line: &str) -> Option<u64> {
    #[derive(Deserialize)]
    struct Version {
        kithkin_export: u64,
    }
    // A turn's line has the word in its text at most; a look is cheaper than reading each line twice.
    let maybe = line.contains("\"kithkin_export\"");
    maybe.then(|| serde_json::from_str::<Version>(line).ok()).flatten().map(|header| header.kithkin_export)
}

/// How a line of feedback begins; that of a turn does not.
const FEEDBACK: &str = "{\"feedback\":";

/// The turns and the feedback behind one header.
struct Part {
    person: PersonId,
    expected: u64,
    found: u64,
    expected_feedback: u64,
    found_feedback: u64,
}

impl Part {
    fn begin(intake: &mut Intake<'_>, header: HeaderLine) -> Result<Self, Stop> {
        let person = intake.options.person.clone().unwrap_or(header.person);
        if let Some(method) = header.method {
            let binding = Binding { method: method.id, spec: method.spec, derivation: method.derivation };
            intake.send(super::Item::Method { person: person.clone(), binding })?;
        }
        let (expected, expected_feedback) = (header.turns, header.feedback);
        Ok(Self { person, expected, found: 0, expected_feedback, found_feedback: 0 })
    }

    fn feedback(&mut self, intake: &mut Intake<'_>, place: &str, start: Place, text: &str) -> Result<(), Stop> {
        self.found_feedback += 1;
        let FeedbackLine { feedback } = match serde_json::from_str(text) {
            Ok(line) => line,
            Err(error) => return intake.reject(place, format!("no feedback of an export: {}", broken(&error, start))),
        };
        // What showed a turn that is not wanted cannot be kept without it.
        if !feedback.shown.iter().all(|shown| intake.wants(shown.conversation.as_str())) {
            return Ok(());
        }
        intake.send(super::Item::Feedback { person: self.person.clone(), location: place.to_owned(), feedback })
    }

    fn turn(&mut self, intake: &mut Intake<'_>, place: &str, start: Place, text: &str) -> Result<(), Stop> {
        self.found += 1;
        let line: TurnLine = match serde_json::from_str(text) {
            Ok(line) => line,
            Err(error) => return intake.reject(place, format!("no turn of an export: {}", broken(&error, start))),
        };
        if !intake.wants(line.turn.conversation.as_str()) {
            return Ok(());
        }
        match line.turn.validate() {
            Ok(()) => intake.emit(&self.person, line.turn, Some(line.recorded_at)),
            Err(error) => intake.reject(place, error.to_string()),
        }
    }
}

fn finish(intake: &mut Intake<'_>, part: Option<Part>) -> Result<(), Stop> {
    match part {
        Some(part) => {
            ended(intake, &part.person, "turns", part.found, part.expected)?;
            ended(intake, &part.person, "pieces of feedback", part.found_feedback, part.expected_feedback)
        }
        None => Ok(()),
    }
}

/// Says where the file holds more or less than its header promised.
fn ended(intake: &mut Intake<'_>, person: &PersonId, what: &str, found: u64, expected: u64) -> Result<(), Stop> {
    if found == expected {
        return Ok(());
    }
    let why = if found < expected { "the file ends" } else { "the file goes on" };
    intake.reject(format!("person {person}"), format!("{why} after {found} of {expected} {what}; export again"))
}
