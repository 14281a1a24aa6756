//! What can go wrong at the facade.

use kithkin_core::{Blame, EmbedError, InvalidId, InvalidTime, InvalidTurn, StoreError};
use kithkin_engine::EngineError;
use kithkin_engine::ask::AskError;

use crate::import::ImportError;

/// Why a call failed. The message names the object and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The engine, or a store or model below it.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A file could not be imported.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// A question cannot be chosen, or an answer not be noted.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// A name that cannot be an id.
    #[error(transparent)]
    Id(#[from] InvalidId),
    /// A text that is no time.
    #[error(transparent)]
    Time(#[from] InvalidTime),
    /// A turn that cannot be kept.
    #[error(transparent)]
    Turn(#[from] InvalidTurn),
    /// The time lies after the machine's clock by more than a day.
    #[error("{given} lies in the future (the clock says {now}); correct the time, or the machine's clock")]
    Future {
        /// The time given.
        given: String,
        /// The clock.
        now: String,
    },
    /// The machine's clock and the database's are too far apart to say what is old.
    #[error(
        "the clock of this machine says {here} and that of the database {there}, so that nobody knows what is old; nothing was \
         erased: set both, or give the time with --now"
    )]
    ClocksDiffer {
        /// What the machine's clock says.
        here: String,
        /// What the database's says.
        there: String,
    },
    /// The store is said to be in a database, and this build has no client for one.
    #[error("this build of Kithkin opens files only; build it with the feature `postgres` to use a database")]
    NoDatabase,
    /// The master key of an encrypted store is not to be had.
    #[error("the key of {origin} cannot be used ({why}); nothing was changed")]
    NoMasterKey {
        /// The file or the command.
        origin: String,
        /// What is wrong.
        why: String,
    },
    /// A new store is to have the keyring of another.
    #[error(
        "the keyring {keyring} is there already, and a new store needs its own: who is erased in one would be lost in the \
         other; nothing was changed: name another with --keyring, or bring that store here with `kithkin store copy` or `restore`"
    )]
    KeyringInUse {
        /// The keyring.
        keyring: String,
    },
    /// The text is nothing but a block that recall made: it is not stored again as new.
    #[error(
        "the text is only a block of recalled memories; these are stored already and are never stored again as new"
    )]
    OnlyRecalled,
    /// A turn from outside carries what makes a turn a consent or a correction.
    #[error(
        "the turn {turn} has an attachment of the kind {kind:?}, by which a person speaks of their own data; leave it out: \
         consents and corrections are made by their own commands"
    )]
    Declared {
        /// The turn.
        turn: String,
        /// The kind.
        kind: &'static str,
    },
    /// A turn from outside has the name of a consent or of a correction, which it would replace.
    #[error("the turn {turn} is the person's own word on their data and is not told anew; give yours another id")]
    Retold {
        /// The turn.
        turn: String,
    },
    /// A conversation is sent whole, and is too long to be set beside the log.
    #[error("the conversation has {count} messages; at most {most} are followed: send its last ones")]
    TooManyMessages {
        /// How many it has.
        count: usize,
        /// How many it may have.
        most: usize,
    },
    /// There is no such turn, session or conversation.
    #[error("{person} has no {what} {name:?}; `kithkin timeline --person {person}` lists what there is")]
    NoSuch {
        /// The person.
        person: String,
        /// Turn, session or conversation.
        what: &'static str,
        /// The name given.
        name: String,
    },
    /// The id is there in several conversations.
    #[error("{person} has the {what} {name:?} in several conversations: {}; name one with --conversation", within.join(", "))]
    Ambiguous {
        /// The person.
        person: String,
        /// Turn or session.
        what: &'static str,
        /// The name given.
        name: String,
        /// The conversations.
        within: Vec<String>,
    },
    /// The profile has no such entry.
    #[error(
        "the profile of {person} has nothing of that value about {topic:?}; `kithkin profile --person {person}` shows what it has"
    )]
    NoEntry {
        /// The person.
        person: String,
        /// What it should be about.
        topic: String,
    },
    /// The profile has several values that may be meant.
    #[error(
        "the profile of {person} has several values about {topic:?}: {}; name one with --value, or whose with --about",
        found.join(", ")
    )]
    SeveralEntries {
        /// The person.
        person: String,
        /// What they are about.
        topic: String,
        /// The values, each with whom it is of.
        found: Vec<String>,
    },
    /// A correction whose topic or value is empty or too long.
    #[error("the {what} of a correction is empty or longer than {most} characters; give a few words")]
    NoEntryText {
        /// The topic or the value.
        what: &'static str,
        /// The most characters.
        most: usize,
    },
    /// Feedback that names no turn that was shown.
    #[error("the feedback shows no turn; name those that the recall showed with --shown")]
    NothingShown,
    /// A turn is marked useful that was not shown.
    #[error("the turn {turn:?} is marked useful but is not among those shown; name it with --shown as well")]
    NotShown {
        /// The turn.
        turn: String,
    },
    /// A turn is said to have been shown before it was said.
    #[error(
        "the turn {turn:?} was said after {now}, so no recall then showed it; give the recall's own time with --now"
    )]
    SaidLater {
        /// The turn.
        turn: String,
        /// When the question was asked.
        now: String,
    },
    /// A turn that was shown was erased while the feedback was being written.
    #[error("a turn that was shown has been erased meanwhile; the feedback was not kept")]
    ErasedMeanwhile,
    /// The person is bound to a method that no longer derives what it did.
    #[error(
        "the preset {method} has changed since {person} was built with it; run `kithkin rebuild --person {person}`"
    )]
    Rebuild {
        /// The person.
        person: String,
        /// The method.
        method: String,
    },
    /// The system gives no random numbers, without which a receipt could be guessed at.
    #[error("there are no random numbers for a receipt ({why}); nothing was erased")]
    NoRandom {
        /// What the system said.
        why: String,
    },
    /// The folder for receipts cannot be used.
    #[error("receipts cannot be kept in {folder} ({why}); nothing was erased")]
    NoReceipts {
        /// The folder.
        folder: String,
        /// What is wrong.
        why: String,
    },
    /// The file is no receipt of an erasure.
    #[error("{path} is no receipt of an erasure ({why}); nothing was looked at")]
    NoReceipt {
        /// The file.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// A person is written faster than a store can be read.
    #[error("{person} is written faster than they can be read; try again when less is written")]
    Moving {
        /// The person.
        person: String,
    },
    /// The file is not restored: it is no backup, or no longer a whole one.
    #[error("{path} is no whole backup ({why}); nothing was restored")]
    NoBackup {
        /// The file.
        path: String,
        /// How that was seen.
        why: String,
    },
    /// A backup would be mixed with others.
    #[error(
        "{place} has persons who are not in the backup, such as {person}; nothing was restored: name a new place with --store"
    )]
    Occupied {
        /// The place.
        place: String,
        /// One of them.
        person: String,
    },
    /// A file could not be written.
    #[error("{path} cannot be written: {why}")]
    Write {
        /// The file.
        path: String,
        /// What the system said.
        why: String,
    },
    /// A file could not be read.
    #[error("{path} cannot be read: {why}")]
    Read {
        /// The file.
        path: String,
        /// What the system said.
        why: String,
    },
}

impl Error {
    /// Who can mend it.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Engine(e) => e.blame(),
            Self::Import(e) => e.blame(),
            Self::Ask(e) => e.blame(),
            Self::Rebuild { .. }
            | Self::ErasedMeanwhile
            | Self::Moving { .. }
            | Self::Occupied { .. }
            | Self::KeyringInUse { .. } => Blame::Conflict,
            Self::NoDatabase => Blame::Missing,
            Self::ClocksDiffer { .. } => Blame::Store,
            Self::Write { .. } | Self::Read { .. } | Self::NoRandom { .. } | Self::NoReceipts { .. } => Blame::Store,
            Self::NoMasterKey { .. }
            | Self::Id(_)
            | Self::Time(_)
            | Self::Turn(_)
            | Self::Future { .. }
            | Self::OnlyRecalled
            | Self::NoBackup { .. }
            | Self::NoReceipt { .. }
            | Self::Declared { .. }
            | Self::TooManyMessages { .. }
            | Self::Retold { .. }
            | Self::NoSuch { .. }
            | Self::NoEntry { .. }
            | Self::SeveralEntries { .. }
            | Self::NoEntryText { .. }
            | Self::NothingShown
            | Self::NotShown { .. }
            | Self::SaidLater { .. }
            | Self::Ambiguous { .. } => Blame::User,
        }
    }
}

impl From<StoreError> for Error {
    fn from(e: StoreError) -> Self {
        Self::Engine(e.into())
    }
}

impl From<EmbedError> for Error {
    fn from(e: EmbedError) -> Self {
        Self::Engine(e.into())
    }
}
