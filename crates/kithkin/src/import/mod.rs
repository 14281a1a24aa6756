//! Reading chat logs: other programs' files become turns.
//!
//! A file is read as a stream, one conversation, message or line at a time, so its size does not matter; no single
//! conversation, message or line may exceed 64 MiB. What is wrong with one item is handed out as [`Item::Rejected`]
//! with its place, and the rest goes on. Nothing here writes to a store, and nothing is fetched.
//!
//! One file per format; each says at its top which fields it reads and how ids and times come about.

mod archive;
mod chatgpt;
mod claude;
mod detect;
mod error;
mod fields;
mod intake;
mod jsonl;
pub mod kithkin;
mod lines;
mod locomo;
mod longmemeval;
mod openai;
mod parse;
mod stream;
#[cfg(test)]
mod tests;
mod thread;

use std::fmt;
use std::fs::File;
use std::io::{self, Cursor, Read, Seek};
use std::ops::ControlFlow;
use std::path::Path;
use std::str::FromStr;

use kithkin_core::{Binding, EventTime, Millis, PersonId, Turn};

use intake::{Intake, Stop};
use stream::{Fault, Scanner};

pub use error::ImportError;

/// How much of a file decides about its format and encoding.
const HEAD: u64 = 256 << 10;

/// A kind of chat log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// The LoCoMo dataset.
    Locomo,
    /// The LongMemEval dataset.
    LongMemEval,
    /// Messages as chat completion APIs take them.
    OpenAi,
    /// A ChatGPT account export.
    ChatGpt,
    /// A Claude account export.
    Claude,
    /// Kithkin's own simple form: a turn a line.
    Jsonl,
    /// Kithkin's own lossless export.
    Kithkin,
}

/// A format with its name and a line about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormatEntry {
    /// The format.
    pub format: Format,
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
}

/// Every format.
pub const FORMATS: &[FormatEntry] = &[
    FormatEntry {
        format: Format::Locomo,
        name: "locomo",
        about: "LoCoMo samples: two speakers, sessions with dates; one person a sample",
    },
    FormatEntry {
        format: Format::LongMemEval,
        name: "longmemeval",
        about: "LongMemEval questions: a history of dated sessions each; one person a question",
    },
    FormatEntry {
        format: Format::OpenAi,
        name: "openai",
        about: "chat completion messages: an array of them, or records with `messages`, as JSON or JSONL",
    },
    FormatEntry {
        format: Format::ChatGpt,
        name: "chatgpt",
        about: "ChatGPT account export: conversations.json, or the zip as it came; needs --person",
    },
    FormatEntry {
        format: Format::Claude,
        name: "claude",
        about: "Claude account export: conversations.json, or the zip as it came; needs --person",
    },
    FormatEntry {
        format: Format::Jsonl,
        name: "jsonl",
        about: "a turn a line: person, conversation, session, id, speaker, role, said_at, text, attachments",
    },
    FormatEntry {
        format: Format::Kithkin,
        name: "kithkin",
        about: "what `kithkin export` wrote: every version of every turn, without loss",
    },
];

impl Format {
    /// The name on the command line.
    pub fn as_str(self) -> &'static str {
        FORMATS.iter().find(|entry| entry.format == self).map_or("unknown", |entry| entry.name)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Format {
    type Err = String;

    /// Reads the name of a format; the error is a sentence that lists them.
    fn from_str(name: &str) -> Result<Self, String> {
        let entry = FORMATS.iter().find(|entry| entry.name == name);
        entry.map(|entry| entry.format).ok_or_else(|| format!("{name:?} is not a format; use {}", format_names()))
    }
}

fn format_names() -> String {
    FORMATS.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ")
}

/// How to read a file.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// The format; `None` recognises it by the content.
    pub format: Option<Format>,
    /// Whose turns they are. It overrides what `locomo`, `longmemeval`, `openai` and `kithkin` files say, stands in
    /// where a `jsonl` line says nothing, and is needed for `chatgpt` and `claude`.
    pub person: Option<PersonId>,
    /// Only this conversation: a LoCoMo sample, a LongMemEval question, the id of a conversation.
    pub select: Option<String>,
    /// The time of turns whose time the source does not know. Without it they are rejected, except in `openai`, which
    /// has no times by nature: there they keep none.
    pub at: Option<EventTime>,
    /// The present. Turns more than a day ahead of it are rejected.
    pub now: Millis,
}

impl ImportOptions {
    /// Everything as the file says.
    pub fn new(now: Millis) -> Self {
        Self { format: None, person: None, select: None, at: None, now }
    }
}

/// What an import hands out.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A turn, valid by [`Turn::validate`], in the order of the source.
    Turn {
        /// Whose turn.
        person: PersonId,
        /// The turn. One name may come again with the same content; only `kithkin` files also change it, which makes
        /// the later one a new version.
        turn: Turn,
        /// When a store wrote it down; only `kithkin` files know.
        recorded_at: Option<Millis>,
    },
    /// What a person's data was derived with; only in `kithkin` files, before the turns.
    Method {
        /// The person.
        person: PersonId,
        /// The method as it was bound.
        binding: Binding,
    },
    /// What of a recall's turns was of use; only in `kithkin` files, after the turns.
    Feedback {
        /// Whose recall.
        person: PersonId,
        /// The place within the file.
        location: String,
        /// What was given.
        feedback: kithkin::FeedbackRecord,
    },
    /// Something was left out.
    Rejected {
        /// Where: the file and the place within it.
        location: String,
        /// What is wrong and what would be right.
        why: String,
    },
}

/// What an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Imported {
    /// The format, as given or recognised.
    pub format: Format,
    /// Messages in which nobody said anything and which were passed over in silence: tool calls and tool output, a
    /// model's thoughts, hidden instructions, empty messages, and images without a word.
    pub passed_over: u64,
}

/// Reads the file at `path` (`-` is standard input) and hands each turn to `sink`, which ends the import by breaking.
///
/// A zip archive is read without unpacking it, except from standard input. The cost is one pass over the file; in
/// memory are one conversation or message and 16 bytes a turn (with the table's slack about 50 MB a million turns).
///
/// # Errors
/// The file as a whole cannot be used: see [`ImportError`]. Items handed out before stay valid.
pub fn read(
    path: &Path,
    options: &ImportOptions,
    sink: &mut dyn FnMut(Item) -> ControlFlow<()>,
) -> Result<Imported, ImportError> {
    if path.as_os_str() == "-" {
        return read_stream("standard input", &mut io::stdin().lock(), options, sink);
    }
    let name = path.display().to_string();
    let open = |why| ImportError::Open { name: name.clone(), why };
    let mut file = File::open(path).map_err(open)?;
    let mut magic = Vec::new();
    (&mut file).take(4).read_to_end(&mut magic).and_then(|_| file.rewind()).map_err(open)?;
    if magic == *archive::MAGIC {
        return archive::read(&name, &mut file, options, sink);
    }
    read_stream(&name, &mut file, options, sink)
}

/// Reads a chat log from any reader, as [`read`] does. `name` stands for the file in messages; where a format has no
/// ids for its conversations, they are made from its last part without the extension. A zip archive is an error.
///
/// # Errors
/// As [`read`].
pub fn read_stream(
    name: &str,
    reader: &mut dyn Read,
    options: &ImportOptions,
    sink: &mut dyn FnMut(Item) -> ControlFlow<()>,
) -> Result<Imported, ImportError> {
    let mut intake = Intake::new(name.to_owned(), options, sink);
    let mut format = options.format;
    let done = read_one(&mut intake, reader, &mut format);
    finish(intake, format, done)
}

/// Reads one file; `format` is filled in when it is recognised.
fn read_one(intake: &mut Intake<'_>, reader: &mut dyn Read, format: &mut Option<Format>) -> Result<(), Stop> {
    let mut head = Vec::new();
    (&mut *reader).take(HEAD).read_to_end(&mut head).map_err(Fault::Io)?;
    let skipped = detect::check_start(&intake.name, &head)?;
    head.drain(..skipped);
    let seen = detect::recognise(&head);
    let chosen = match (*format, seen) {
        (Some(chosen), Ok(found)) => {
            intake.suspect = (chosen != found).then_some((chosen, found));
            chosen
        }
        (Some(chosen), Err(_)) => chosen,
        (None, Ok(found)) => found,
        (None, Err(saw)) => return Err(ImportError::Unrecognised { name: intake.name.clone(), saw }.into()),
    };
    *format = Some(chosen);
    let by_line = chosen == Format::OpenAi && detect::is_line_by_line(&head);
    let base = skipped as u64;
    let whole: &mut dyn Read = &mut Cursor::new(head).chain(reader);
    let done = match chosen {
        Format::Jsonl => jsonl::read(intake, whole),
        Format::Kithkin => kithkin::read(intake, whole),
        Format::OpenAi if by_line => openai::read_lines(intake, whole),
        Format::OpenAi => openai::read(intake, &mut Scanner::new(whole, base, 1)),
        Format::Locomo => locomo::read(intake, &mut Scanner::new(whole, base, 1)),
        Format::LongMemEval => longmemeval::read(intake, &mut Scanner::new(whole, base, 1)),
        Format::ChatGpt => chatgpt::read(intake, &mut Scanner::new(whole, base, 1)),
        Format::Claude => claude::read(intake, &mut Scanner::new(whole, base, 1)),
    };
    match done {
        Err(Stop::Fault(Fault::EndsEarly(place))) => {
            intake.reject(place, "the file ends early, inside a value; what was whole before was read: get it again")
        }
        Err(Stop::Fault(Fault::Syntax(place, why))) => {
            intake.reject(place, format!("not valid JSON: {why}; nothing after this place was read"))
        }
        other => other,
    }
}

/// Calls `each` at every item of each array at the top, and at every other value there. It MUST take the value.
fn each_element(
    scanner: &mut Scanner<'_>,
    mut each: impl FnMut(&mut Scanner<'_>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    while let Some(byte) = scanner.peek()? {
        if byte != b'[' {
            each(scanner)?;
            continue;
        }
        scanner.enter(b'[')?;
        let mut first = true;
        while scanner.item(&mut first)? {
            each(scanner)?;
        }
    }
    Ok(())
}

fn finish(mut intake: Intake<'_>, format: Option<Format>, done: Result<(), Stop>) -> Result<Imported, ImportError> {
    let name = intake.name.clone();
    match done.and_then(|()| intake.finish()) {
        Ok(()) | Err(Stop::Enough) => {}
        Err(Stop::Error(error)) => return Err(error),
        Err(Stop::Fault(Fault::Encoding { at, byte })) => {
            return Err(ImportError::Encoding { name, at, found: format!("0x{byte:02X}"), from: "WINDOWS-1252" });
        }
        Err(Stop::Fault(Fault::Io(why))) => return Err(ImportError::Read { name, why }),
        // What is wrong with the content was told where it arose.
        Err(Stop::Fault(_)) => {}
    }
    // Whatever is not empty has a format by now, or ended in an error above.
    let format = format.ok_or(ImportError::Empty { name })?;
    Ok(Imported { format, passed_over: intake.passed_over })
}
