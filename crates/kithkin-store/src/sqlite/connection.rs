//! The connections to one file: how they are set up, who uses which, and what the engine's errors mean.
//!
//! Writes share one connection, reads take one each, so that reads go on during a write and a scan's visitor may call
//! the store again. No SQL about persons is here.

use std::fmt;
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use kithkin_core::StoreError;
use rusqlite::{Connection, ErrorCode, MAIN_DB, OpenFlags, Transaction, TransactionBehavior, ffi};

/// How many readers are kept open between reads. More may read at once; those beyond it are closed afterwards.
const IDLE_READERS: usize = 8;

/// Statements kept prepared per connection: more than the store has.
const STATEMENTS: usize = 128;

/// How long to wait for others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// For the write lock.
    pub(super) write: Duration,
    /// For readers of erased bytes to finish.
    pub(super) purge: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { write: Duration::from_secs(10), purge: Duration::from_secs(5) }
    }
}

/// Why an operation on a connection failed, before it is known where.
#[derive(Debug)]
pub(super) enum Fault {
    /// The engine said so.
    Sql(rusqlite::Error),
    /// A record cannot be read back.
    Damaged {
        /// Which record.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// The caller said so.
    Told(StoreError),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl Fault {
    /// The record `what` cannot be read back.
    pub(super) fn damaged(what: impl fmt::Display, why: impl fmt::Display) -> Self {
        Self::Damaged { what: what.to_string(), why: why.to_string() }
    }
}

/// A file and the connections to it.
#[derive(Debug)]
pub(super) struct Connections {
    /// The path as it was given, for messages.
    place: String,
    /// The path from the root: connections are opened later too, when the working directory may have changed.
    path: PathBuf,
    pub(super) patience: Patience,
    read_only: bool,
    writer: Mutex<Connection>,
    idle: Mutex<Vec<Connection>>,
}

impl Connections {
    /// Opens the file, which must exist. One that may not be written is opened for reading.
    pub(super) fn open(path: &Path, patience: Patience) -> Result<Self, StoreError> {
        let place = path.display().to_string();
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let fail = |error| store_error(&place, patience.write, "opening the file", Fault::Sql(error));
        let writer = connect(&path, patience.write).map_err(fail)?;
        let read_only = writer.is_readonly(MAIN_DB).map_err(fail)?;
        Ok(Self { place, path, patience, read_only, writer: Mutex::new(writer), idle: Mutex::default() })
    }

    /// The file, from the root.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The path as it was given.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// Whether the system refuses to write the file.
    pub(super) fn read_only(&self) -> bool {
        self.read_only
    }

    /// Runs `read` on a connection of its own, within one snapshot.
    pub(super) fn read<T>(
        &self,
        doing: &'static str,
        read: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let run = || -> Result<T, Fault> {
            let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let connection = match idle {
                Some(connection) => connection,
                None => self.extra()?,
            };
            let snapshot = connection.unchecked_transaction()?;
            let result = read(&snapshot);
            snapshot.finish()?;
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < IDLE_READERS {
                idle.push(connection);
            }
            result
        };
        run().map_err(|fault| self.error(doing, fault))
    }

    /// Runs `write` in one transaction, which is taken back whole unless it and the commit succeed.
    pub(super) fn write<T>(
        &self,
        doing: &'static str,
        write: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        self.transact(doing, write, |_| true)
    }

    /// The same, taken back as well unless `write` gives `true`.
    pub(super) fn write_if(
        &self,
        doing: &'static str,
        write: impl FnOnce(&Transaction<'_>) -> Result<bool, Fault>,
    ) -> Result<bool, StoreError> {
        self.transact(doing, write, |written| *written)
    }

    fn transact<T>(
        &self,
        doing: &'static str,
        write: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>,
        keep: impl FnOnce(&T) -> bool,
    ) -> Result<T, StoreError> {
        // A panic while the lock was held has rolled its transaction back, so the connection is as good as new.
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let run = || -> Result<T, Fault> {
            let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let result = write(&transaction)?;
            if keep(&result) {
                transaction.commit()?;
            } else {
                transaction.rollback()?;
            }
            Ok(result)
        };
        run().map_err(|fault| self.error(doing, fault))
    }

    /// Makes durable what can be seen, and moves the log into the file as far as nobody is in the way.
    ///
    /// What a process had written and not yet synced when it was killed is read from the memory of the system as if it were
    /// on the disk. Whoever says it again is told that it is there, which a loss of power must not make untrue.
    pub(super) fn settle(&self) -> Result<(), StoreError> {
        if self.read_only {
            return Ok(());
        }
        let settled = self.with_writer("moving the log into the file", |connection| {
            Ok(connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?)
        });
        match settled {
            // Then it stays in the log, which is synced before anything is moved.
            Err(StoreError::Full { .. } | StoreError::CutShort { .. } | StoreError::Busy { .. }) => Ok(()),
            settled => settled,
        }
    }

    /// Runs `work` on the writing connection outside of a transaction.
    pub(super) fn with_writer<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        work(&writer).map_err(|fault| self.error(doing, fault))
    }

    /// Closes the connections that nobody reads with.
    pub(super) fn drop_readers(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// A further connection to the same file.
    pub(super) fn extra(&self) -> Result<Connection, Fault> {
        Ok(connect(&self.path, self.patience.write)?)
    }

    /// What `fault` means to a caller.
    pub(super) fn error(&self, doing: &'static str, fault: Fault) -> StoreError {
        store_error(&self.place, self.patience.write, doing, fault)
    }
}

/// Opens a connection that never creates the file. Where writing is not permitted the engine opens it for reading.
pub(super) fn connect(path: &Path, wait: Duration) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(wait)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // FULL: a commit is on the disk when the call returns. secure_delete: what is deleted is overwritten with zeros.
    // temp_store: no sorting step leaves a person's text in a temporary file.
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;")?;
    Ok(connection)
}

/// What `fault` at `place` means to a caller.
pub(super) fn store_error(place: &str, waited: Duration, doing: &'static str, fault: Fault) -> StoreError {
    let place = place.to_owned();
    let error = match fault {
        Fault::Damaged { what, why } => return StoreError::Damaged { place, what, why },
        Fault::Told(error) => return error,
        Fault::Sql(error) => error,
    };
    let why = error.to_string();
    match error.sqlite_error() {
        // The index of the log is a file of its own, and SQLite has no better word for a disk without room for it.
        Some(e) if e.extended_code == ffi::SQLITE_IOERR_SHMSIZE => StoreError::Full { place },
        Some(e) if e.extended_code == ffi::SQLITE_IOERR_WRITE => StoreError::CutShort { place, why },
        Some(e) => match e.code {
            ErrorCode::DiskFull => StoreError::Full { place },
            ErrorCode::CannotOpen => {
                StoreError::NoAccess { place, why: "the file, or the log that even reading needs beside it".to_owned() }
            }
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied => StoreError::ReadOnly { place, why },
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
                let waited_ms = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX);
                StoreError::Busy { place, waited_ms }
            }
            ErrorCode::NotADatabase => StoreError::Foreign { place, why },
            ErrorCode::DatabaseCorrupt => StoreError::Damaged { place, what: "the file".to_owned(), why },
            _ => StoreError::Engine { place, doing, why },
        },
        None => match error {
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::Utf8Error(..) => StoreError::Damaged { place, what: "a record".to_owned(), why },
            _ => StoreError::Engine { place, doing, why },
        },
    }
}

/// A number as SQLite keeps it. Nothing has a number beyond its range, so the highest stands for all those.
pub(super) fn sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Makes an empty file where nothing was; a private one can be read by its owner alone.
pub(super) fn new_file(path: &Path, private: bool) -> Result<(), StoreError> {
    let place = path.display().to_string();
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if private {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(StoreError::Exists { place }),
        Err(error) if error.kind() == ErrorKind::StorageFull => Err(StoreError::Full { place }),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(StoreError::ReadOnly { place, why: "its folder does not exist".to_owned() })
        }
        Err(error) => Err(StoreError::ReadOnly { place, why: error.to_string() }),
    }
}
