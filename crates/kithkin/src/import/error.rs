//! Why a file cannot be imported at all. What is wrong with one item of it is an [`Item::Rejected`](super::Item).

use std::io;

use kithkin_core::Blame;

use super::{Format, format_names};

/// Why an import could not be done, or could not go on. What was handed out before stays valid.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The file cannot be opened.
    #[error("{name} cannot be opened: {why}")]
    Open {
        /// The path.
        name: String,
        /// What the system said.
        why: io::Error,
    },
    /// The file cannot be read on.
    #[error("{name} cannot be read: {why}")]
    Read {
        /// The file.
        name: String,
        /// What the system said.
        why: io::Error,
    },
    /// The file holds nothing, or only white space.
    #[error("{name} is empty; export the chat log again, or name another file")]
    Empty {
        /// The file.
        name: String,
    },
    /// The file is not UTF-8.
    #[error("{name} is not UTF-8: {found} at byte {at}; convert it with `iconv -f {from} -t UTF-8`")]
    Encoding {
        /// The file.
        name: String,
        /// The position of the byte, from 0.
        at: u64,
        /// What stands there.
        found: String,
        /// The encoding that it looks like, as iconv names it.
        from: &'static str,
    },
    /// No format was named and the content fits none.
    #[error("{name} fits no format ({saw}); name one of them with --format: {}", format_names())]
    Unrecognised {
        /// The file.
        name: String,
        /// What was seen.
        saw: String,
    },
    /// Nothing could be read in the format that was named, and the content looks like another.
    #[error("{name} cannot be read as {asked}; it looks like {found}: use --format {found}, or leave --format away")]
    WrongFormat {
        /// The file.
        name: String,
        /// The format that was named.
        asked: Format,
        /// The format that it looks like.
        found: Format,
    },
    /// The format names no person and none was given.
    #[error("{name} does not say whose chats these are (format {format}); name the person with --person")]
    NeedsPerson {
        /// The file.
        name: String,
        /// Its format.
        format: Format,
    },
    /// No conversation has the name that was selected.
    #[error("{name} has no conversation {wanted:?} to select; it has: {found}")]
    Selection {
        /// The file.
        name: String,
        /// The name that was selected.
        wanted: String,
        /// The names that are there.
        found: String,
    },
    /// The zip archive cannot be used.
    #[error("{name} is a zip archive, but {why}")]
    Archive {
        /// The file.
        name: String,
        /// What is wrong with it, and what to do.
        why: String,
    },
    /// A later version of Kithkin wrote the file.
    #[error("{name} was exported by a newer Kithkin (export version {found}, this one knows up to {known}); update")]
    Newer {
        /// The file.
        name: String,
        /// Its version.
        found: u64,
        /// The highest version known.
        known: u64,
    },
}

impl ImportError {
    /// Whose fault it is: a file that is not there is missing, all else is about what was given.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Open { why, .. } if why.kind() == io::ErrorKind::NotFound => Blame::Missing,
            _ => Blame::User,
        }
    }
}
