//! What every format hands its turns to: they are checked, compared with what the file held before, and passed on.
//!
//! It knows no format.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Display;
use std::ops::ControlFlow;

use kithkin_core::{
    Attachment, ConversationId, EventTime, InvalidId, InvalidTurn, Millis, PersonId, Role, SessionId, Turn, TurnId,
};

use super::stream::{Extent, Fault, Scanner};
use super::{Format, ImportError, ImportOptions, Item};

/// How far ahead of the present a turn may lie: clocks and time zones differ by less than a day.
const FUTURE: Millis = 24 * 3600 * 1000;

/// After this many rejected items and no turn, a format that the content contradicts is given up.
const HOPELESS: u64 = 20;

/// How many names an error about a selection lists.
const NAMES: usize = 20;

/// Why reading stops.
#[derive(Debug)]
pub(super) enum Stop {
    /// The receiver wants no more.
    Enough,
    /// The text cannot be read on.
    Fault(Fault),
    /// The import failed.
    Error(ImportError),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<ImportError> for Stop {
    fn from(error: ImportError) -> Self {
        Self::Error(error)
    }
}

/// A turn before its names are checked.
#[derive(Debug, Default)]
pub(super) struct Draft<'d> {
    pub(super) conversation: &'d str,
    pub(super) session: &'d str,
    pub(super) id: &'d str,
    pub(super) speaker: &'d str,
    pub(super) role: Role,
    pub(super) said_at: Option<EventTime>,
    pub(super) text: String,
    pub(super) attachments: Vec<Attachment>,
}

impl Draft<'_> {
    pub(super) fn build(self) -> Result<Turn, String> {
        let invalid = |error: InvalidId| error.to_string();
        Ok(Turn {
            conversation: ConversationId::new(self.conversation).map_err(invalid)?,
            session: SessionId::new(self.session).map_err(invalid)?,
            id: TurnId::new(self.id).map_err(invalid)?,
            speaker: self.speaker.to_owned(),
            role: self.role,
            said_at: self.said_at,
            text: self.text,
            attachments: self.attachments,
        })
    }
}

/// See the module.
pub(super) struct Intake<'a> {
    /// The file, as messages name it.
    pub(super) name: String,
    pub(super) options: &'a ImportOptions,
    /// The format that the content looks like, where another was named.
    pub(super) suspect: Option<(Format, Format)>,
    /// Messages in which nobody said anything.
    pub(super) passed_over: u64,
    sink: &'a mut dyn FnMut(Item) -> ControlFlow<()>,
    /// The name of each turn and its content, hashed to 64 bits: 16 bytes a turn. Among 10 million turns, two names
    /// meet by chance once in 370,000 files.
    seen: HashMap<u64, u64>,
    offered: BTreeSet<String>,
    selected: bool,
    accepted: u64,
    rejected: u64,
}

impl<'a> Intake<'a> {
    pub(super) fn new(
        name: String,
        options: &'a ImportOptions,
        sink: &'a mut dyn FnMut(Item) -> ControlFlow<()>,
    ) -> Self {
        Self {
            name,
            options,
            suspect: None,
            passed_over: 0,
            sink,
            seen: HashMap::new(),
            offered: BTreeSet::new(),
            selected: false,
            accepted: 0,
            rejected: 0,
        }
    }

    /// The person given, which a format that knows none cannot do without.
    pub(super) fn person(&self, format: Format) -> Result<PersonId, Stop> {
        let missing = || ImportError::NeedsPerson { name: self.name.clone(), format };
        Ok(self.options.person.clone().ok_or_else(missing)?)
    }

    /// Whether this conversation is wanted.
    pub(super) fn wants(&mut self, conversation: &str) -> bool {
        let Some(wanted) = &self.options.select else { return true };
        if wanted == conversation {
            self.selected = true;
            return true;
        }
        // One more than is listed, so that the list shows that it is not all.
        if self.offered.len() <= NAMES {
            self.offered.insert(conversation.to_owned());
        }
        false
    }

    /// The time of a turn in a format that has times: what the source says, else what was given for such turns.
    pub(super) fn dated(&self, said_at: Option<EventTime>, missing: &str) -> Result<Option<EventTime>, String> {
        match said_at.or(self.options.at) {
            None => Err(format!("{missing}; add the time, or give one for all turns without it with --at")),
            dated => Ok(dated),
        }
    }

    /// Hands on a turn, or rejects it.
    pub(super) fn turn(
        &mut self,
        location: impl Display,
        person: &PersonId,
        turn: Result<Turn, String>,
    ) -> Result<(), Stop> {
        match turn.and_then(|turn| self.checked(person, turn)) {
            Ok(turn) => self.emit(person, turn, None),
            Err(why) => self.reject(location, why),
        }
    }

    /// Hands on a turn that was checked already, as it was stored at `recorded_at`.
    pub(super) fn emit(&mut self, person: &PersonId, turn: Turn, recorded_at: Option<Millis>) -> Result<(), Stop> {
        self.accepted += 1;
        self.send(Item::Turn { person: person.clone(), turn, recorded_at })
    }

    /// Hands on anything.
    pub(super) fn send(&mut self, item: Item) -> Result<(), Stop> {
        if (self.sink)(item).is_break() { Err(Stop::Enough) } else { Ok(()) }
    }

    /// Says that something was left out. `location` is within the file; a line stands right behind its name.
    pub(super) fn reject(&mut self, location: impl Display, why: impl Into<String>) -> Result<(), Stop> {
        self.rejected += 1;
        let location = location.to_string();
        let joint = if location.starts_with("line ") { " " } else { ": " };
        let location = format!("{}{joint}{location}", self.name);
        self.send(Item::Rejected { location, why: why.into() })?;
        if self.rejected >= HOPELESS { self.check_suspicion() } else { Ok(()) }
    }

    /// Whether the file gave this turn's name before, to a turn that was handed on.
    pub(super) fn knows(&self, person: &PersonId, conversation: &str, id: &str) -> bool {
        self.seen.contains_key(&name_hash(person, conversation, id))
    }

    /// Reads the object that comes next: `body` gets its `names` as far as they can be seen ahead, and has to take it.
    /// What is broken inside costs no more than this object, if its end could be seen.
    ///
    /// `unbounded` objects may be larger than what can be looked ahead; others are rejected then.
    pub(super) fn object(
        &mut self,
        scanner: &mut Scanner<'_>,
        label: &str,
        names: &[&str],
        unbounded: bool,
        body: impl FnOnce(&mut Self, &mut Scanner<'_>, &serde_json::Map<String, serde_json::Value>) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        if scanner.peek()? != Some(b'{') {
            let place = scanner.place();
            scanner.skip()?;
            return self.reject(label, format!("an object was expected at {place}"));
        }
        let ahead = scanner.look_ahead(names)?;
        if ahead.extent == Extent::TooLarge && !unbounded {
            scanner.skip()?;
            return self.reject(label, format!("it is larger than {} MiB; split it", super::stream::MAX_ELEMENT >> 20));
        }
        match (body(self, scanner, &ahead.fields), ahead.extent) {
            (Err(Stop::Fault(Fault::Syntax(place, why))), Extent::Whole(end)) => {
                scanner.jump(end)?;
                self.reject(label, format!("not valid JSON at {place}: {why}; what follows in it was not read"))
            }
            (other, _) => other,
        }
    }

    /// The errors that only the end of the file shows.
    pub(super) fn finish(&mut self) -> Result<(), Stop> {
        self.check_suspicion()?;
        if let (Some(wanted), false) = (&self.options.select, self.selected) {
            let mut found: Vec<_> = self.offered.iter().take(NAMES).cloned().collect();
            if self.offered.len() > NAMES {
                found.push("and more".to_owned());
            }
            let found = if found.is_empty() { "none".to_owned() } else { found.join(", ") };
            return Err(ImportError::Selection { name: self.name.clone(), wanted: wanted.clone(), found }.into());
        }
        Ok(())
    }

    fn check_suspicion(&self) -> Result<(), Stop> {
        match self.suspect {
            Some((asked, found)) if self.accepted == 0 && self.rejected > 0 => {
                Err(ImportError::WrongFormat { name: self.name.clone(), asked, found }.into())
            }
            _ => Ok(()),
        }
    }

    fn checked(&mut self, person: &PersonId, turn: Turn) -> Result<Turn, String> {
        turn.validate().map_err(|error: InvalidTurn| error.to_string())?;
        if let Some(time) = turn.said_at.filter(|time| time.start() > self.options.now.saturating_add(FUTURE)) {
            let now =
                EventTime::from_millis(self.options.now).map_or_else(|error| error.to_string(), |t| t.to_string());
            return Err(format!("its time {time} lies in the future (now is {now}); correct it"));
        }
        let name = name_hash(person, turn.conversation.as_str(), turn.id.as_str());
        let content = first_64(&turn.content_hash().0);
        if *self.seen.entry(name).or_insert(content) != content {
            let id = &turn.id;
            return Err(format!(
                "id {id} occurs twice in this file with different content; the first was kept; give it an id of its own"
            ));
        }
        Ok(turn)
    }
}

fn name_hash(person: &PersonId, conversation: &str, id: &str) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for part in [person.as_str(), conversation, id] {
        // Ids hold no control characters, so a NUL keeps the parts apart.
        hasher.update(part.as_bytes()).update(&[0]);
    }
    first_64(hasher.finalize().as_bytes())
}

fn first_64(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).fold(0, |sum, &byte| sum << 8 | u64::from(byte))
}
