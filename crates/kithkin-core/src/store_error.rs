//! Why a store could not do something, for every backend.

use crate::{Blame, EventTime, Millis};

/// Why a store could not do something.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no store at that place, and reading never makes one.
    #[error(
        "there is no store at {place}; create one with `kithkin init --store {place}` or name another with --store"
    )]
    Absent {
        /// The place.
        place: String,
    },
    /// `init` found something there already.
    #[error("{place} exists already; nothing was changed")]
    Exists {
        /// The place.
        place: String,
    },
    /// The file is no store of Kithkin's. It is left as it is.
    #[error("{place} is not a Kithkin store ({why}); nothing was changed")]
    Foreign {
        /// The place.
        place: String,
        /// How that was seen.
        why: String,
    },
    /// The store was written by a later version.
    #[error("{place} has schema {found}, this version knows up to {known}; use a newer Kithkin")]
    TooNew {
        /// The place.
        place: String,
        /// Its schema version.
        found: u32,
        /// The highest schema version known.
        known: u32,
    },
    /// The address of a database cannot be read.
    #[error(
        "the address of the database cannot be used ({why}); it looks like postgres://user:password@host:5432/database"
    )]
    Address {
        /// What is wrong with it; never the address itself, which may hold a password.
        why: String,
    },
    /// The database does not answer, or not to this user.
    #[error(
        "{place} cannot be reached ({why}); see whether the server runs and takes connections, and whether user, \
         password and database are right"
    )]
    Unreachable {
        /// The place, without the password.
        place: String,
        /// What the system or the server said.
        why: String,
    },
    /// The place cannot be opened, not even for reading.
    #[error(
        "{place} cannot be opened ({why}); nothing was changed: check the permissions of the file and its folder, \
         or copy the store to where you may write"
    )]
    NoAccess {
        /// The place.
        place: String,
        /// What the system said.
        why: String,
    },
    /// The place cannot be written.
    #[error("{place} cannot be written ({why}); nothing was changed: check the permissions of the file and its folder")]
    ReadOnly {
        /// The place.
        place: String,
        /// What the system said.
        why: String,
    },
    /// No room is left. What was acknowledged before is safe.
    #[error(
        "the disk of {place} is full; this write was taken back, everything before it is safe: free some room and do it again"
    )]
    Full {
        /// The place.
        place: String,
    },
    /// The system did not take all of a write: a quota, a limit on the size of a file, a failing disk. What was
    /// acknowledged before is safe.
    #[error(
        "{place} could not be written to the end ({why}); this write was taken back, everything before it is safe: \
         look at quota, file size limit and disk, and do it again"
    )]
    CutShort {
        /// The place.
        place: String,
        /// What the system said.
        why: String,
    },
    /// Another process held the store for too long.
    #[error("{place} is in use by another process and did not come free within {waited_ms} ms; try again")]
    Busy {
        /// The place.
        place: String,
        /// How long it was waited for.
        waited_ms: u64,
    },
    /// A stored record cannot be read back.
    #[error("{place} is damaged at {what}: {why}; run `kithkin doctor`, and restore a copy")]
    Damaged {
        /// The place.
        place: String,
        /// Which record.
        what: String,
        /// What is wrong.
        why: String,
    },
    /// The store is encrypted, and was opened without its key.
    #[error(
        "{place} is encrypted; name its key with --encryption-key-file, or a command that prints it in the configuration file"
    )]
    Encrypted {
        /// The place.
        place: String,
    },
    /// The store is not encrypted, and was opened with a key.
    #[error(
        "{place} is not encrypted; leave the key out, or make an encrypted copy: \
         `kithkin store copy --to NEW --to-key-file FILE`"
    )]
    NotEncrypted {
        /// The place.
        place: String,
    },
    /// There is no keyring, and reading never makes one.
    #[error(
        "there is no keyring at {place} ({why}), and without it nobody reads the store; nothing was changed: \
         put a copy of it back, or name another with --keyring"
    )]
    NoKeyring {
        /// The place of the keyring.
        place: String,
        /// How that was seen.
        why: String,
    },
    /// The keyring is that of another store.
    #[error(
        "the keyring {keyring} is not the one of {place}; nothing was changed: name the store's own with --keyring"
    )]
    OtherKeyring {
        /// The place of the store.
        place: String,
        /// The place of the keyring.
        keyring: String,
    },
    /// The key is not the one that the keyring was made with.
    #[error(
        "the key that is named does not open the keyring {keyring}; nothing was changed: name the one that it was made with"
    )]
    WrongKey {
        /// The place of the keyring.
        keyring: String,
    },
    /// The master key was changed since the keyring was opened, so that nothing can be unwrapped any more.
    #[error(
        "the master key of the keyring {keyring} was changed after it was opened here; nothing was read or written: \
         open the store again with the new one, a service by starting it again"
    )]
    MasterKeyChanged {
        /// The place of the keyring.
        keyring: String,
    },
    /// The new master key is the one that the keyring has.
    #[error(
        "the new key is the one that the keyring {keyring} has; nothing was changed: make another with `openssl rand -hex 32`"
    )]
    SameMasterKey {
        /// The place of the keyring.
        keyring: String,
    },
    /// What is kept of a person can be read by nobody.
    #[error("the key of {person} is gone, and with it all that {place} has of them: {}", fate(person, keyring, *destroyed_at))]
    KeyGone {
        /// The place of the store.
        place: String,
        /// The person.
        person: String,
        /// The place of the keyring.
        keyring: String,
        /// When the key was destroyed; `None` where the keyring never had it, or no longer knows.
        destroyed_at: Option<Millis>,
    },
    /// The engine failed in another way.
    #[error("{place}: {doing} failed: {why}")]
    Engine {
        /// The place.
        place: String,
        /// What was being done.
        doing: &'static str,
        /// What the engine said.
        why: String,
    },
}

/// What became of a key, and what to do.
fn fate(person: &str, keyring: &str, destroyed_at: Option<Millis>) -> String {
    match destroyed_at {
        Some(at) => {
            let at = EventTime::from_millis(at).map_or_else(|_| format!("{at} ms"), |time| time.to_string());
            format!(
                "it was destroyed when they were erased, at {at}; what a store still has, \
                 `kithkin forget --person {person} --all` takes away"
            )
        }
        None => format!(
            "the keyring {keyring} does not have it: it is an older copy, or not the one of this store; put the newest back"
        ),
    }
}

impl StoreError {
    /// Who can mend it.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Absent { .. } | Self::NoKeyring { .. } | Self::KeyGone { .. } => Blame::Missing,
            Self::Exists { .. } | Self::Busy { .. } => Blame::Conflict,
            Self::Foreign { .. }
            | Self::TooNew { .. }
            | Self::Address { .. }
            | Self::Encrypted { .. }
            | Self::NotEncrypted { .. }
            | Self::OtherKeyring { .. }
            | Self::WrongKey { .. }
            | Self::SameMasterKey { .. } => Blame::User,
            Self::Unreachable { .. }
            | Self::NoAccess { .. }
            | Self::ReadOnly { .. }
            | Self::Full { .. }
            | Self::CutShort { .. }
            | Self::Damaged { .. }
            | Self::MasterKeyChanged { .. }
            | Self::Engine { .. } => Blame::Store,
        }
    }
}
