//! Zip archives, as accounts are exported: the files with the chats are read without unpacking them.
//!
//! What comes out is bounded by what went in, over all files together: files of an archive may lie over one another, and each may
//! claim to be small. How large a value or a line may be is the formats' own limit.

use std::borrow::Cow;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::ControlFlow;

use super::intake::Intake;
use super::{ImportError, ImportOptions, Imported, Item, finish, read_one};

/// How many bytes may come out of an archive for each that it has. Chats come to about ten; the method of compression ends at a
/// thousand.
const RATIO: u64 = 200;

/// So many may come out of any: 64 MiB.
const ALWAYS: u64 = 64 << 20;

/// How a zip archive with at least one file begins.
pub(super) const MAGIC: &[u8; 4] = b"PK\x03\x04";

pub(super) fn read(
    name: &str,
    reader: &mut (impl Read + Seek),
    options: &ImportOptions,
    sink: &mut dyn FnMut(Item) -> ControlFlow<()>,
) -> Result<Imported, ImportError> {
    let archive = |why: String| ImportError::Archive { name: name.to_owned(), why };
    let unread = |why| ImportError::Read { name: name.to_owned(), why };
    let size = reader.seek(SeekFrom::End(0)).map_err(unread)?;
    reader.seek(SeekFrom::Start(0)).map_err(unread)?;
    let damaged = |error: zip::result::ZipError| archive(format!("it cannot be opened ({error}); export it again"));
    let mut zip = zip::ZipArchive::new(reader).map_err(damaged)?;
    let names: Vec<String> = zip.file_names().filter_map(Result::ok).map(Cow::into_owned).collect();
    let mut chats: Vec<&String> = names.iter().filter(|name| is_chat_file(name)).collect();
    chats.sort();
    if chats.is_empty() {
        let holds = names.iter().take(10).map(String::as_str).collect::<Vec<_>>().join(", ");
        return Err(archive(format!(
            "it holds no conversations.json, only: {holds}; unpack it and import the file with the chats"
        )));
    }
    let mut intake = Intake::new(name.to_owned(), options, sink);
    let mut format = options.format;
    let mut left = size.saturating_mul(RATIO).max(ALWAYS);
    for chat in chats {
        let entry = zip.by_name(chat).map_err(|error| archive(format!("{chat} in it cannot be read: {error}")))?;
        intake.name.clone_from(chat);
        let done = read_one(&mut intake, &mut Unpacked { entry, left: &mut left }, &mut format);
        if done.is_err() {
            return finish(intake, format, done);
        }
    }
    name.clone_into(&mut intake.name);
    finish(intake, format, Ok(()))
}

/// Large accounts come in several files, `conversations-000.json` and on.
fn is_chat_file(name: &str) -> bool {
    let base = name.rsplit('/').next().unwrap_or(name);
    let number = base.strip_prefix("conversations").and_then(|rest| rest.strip_suffix(".json"));
    number.is_some_and(|n| n.bytes().all(|b| b == b'-' || b.is_ascii_digit())) && !name.starts_with("__MACOSX")
}

/// A file of the archive, up to what the archive may come to.
struct Unpacked<'a, R> {
    entry: R,
    left: &'a mut u64,
}

impl<R: Read> Read for Unpacked<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.entry.read(out)?;
        *self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            io::Error::other(format!(
                "what it unpacks to is more than {RATIO} times the archive; unpack it and import the file itself"
            ))
        })?;
        Ok(read)
    }
}
