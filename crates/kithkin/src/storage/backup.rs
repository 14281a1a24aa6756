//! A backup is a copy of a store, of whatever kind, into a new SQLite file, which is sealed when it is whole.
//!
//! The backup of an encrypted store has what the store has, encrypted, and no key. Who is erased later is not restored from
//! it.
//!
//! The seal is the hash of everything that is true in it, as it lies there. A backup that was cut off has none, and one that
//! was changed or damaged has another content than its seal says; neither is restored.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kithkin_core::{KeyringId, Scope, Store, StoreError};
use kithkin_store::SqliteStore;
use serde::Serialize;

use super::copy::{CopyReport, copy};
use super::digest::CONTEXT;
use super::verify::verify;
use super::{OnPassed, Selection};
use crate::fields::Fields;
use crate::opened::Opened;
use crate::{Encryption, Error, Kithkin, Location};

/// A backup that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BackupReport {
    /// The file.
    pub file: String,
    /// Persons in it, of all tenants.
    pub persons: u64,
    /// Turns in it, counting every version.
    pub turns: u64,
    /// Its size in bytes.
    pub bytes: u64,
    /// The hash of what is true in it, as [`Kithkin::verify`] gives it.
    pub hash: String,
}

impl Kithkin {
    /// Writes every person of every tenant into a new file, which takes its name when it is whole, checked and on the disk.
    /// The store may be written meanwhile; each person in the backup is as they were at one moment.
    ///
    /// # Errors
    /// The file exists or cannot be written; something in the store is damaged; the store failed, or `on` stopped it: then
    /// no file is left.
    pub fn backup(&self, file: &Path, on: OnPassed<'_>) -> Result<BackupReport, Error> {
        if file.symlink_metadata().is_ok() {
            return Err(StoreError::Exists { place: file.display().to_string() }.into());
        }
        // Two backups of one name at once do not meet.
        let partial = beside(file, &format!(".{}.partial", std::process::id()));
        let made = self.write_backup(&partial, on).and_then(|mut report| {
            give_name(&partial, file)?;
            report.file = file.display().to_string();
            Ok(report)
        });
        if made.is_err() {
            for suffix in ["", "-wal", "-shm", "-journal"] {
                // Half a backup is of no use. If it cannot be removed, the first error says more.
                let _ = fs::remove_file(beside(&partial, suffix));
            }
        }
        made
    }

    fn write_backup(&self, partial: &Path, on: OnPassed<'_>) -> Result<BackupReport, Error> {
        let target = Arc::new(SqliteStore::create(partial)?);
        if let Some(keyring) = &self.opened.keyring {
            target.set_keyring(keyring.id())?;
        }
        // As it lies there: nothing is decrypted, and what is taken back takes no key with it.
        let raw = Opened::plain(Arc::clone(&target) as Arc<dyn Store>);
        let CopyReport { refused, .. } = copy(&*self.opened.below, &raw, &Selection::All, on)?;
        let damaged = |what: String, why: String| StoreError::Damaged { place: "the store".to_owned(), what, why };
        if let Some(first) = refused.first() {
            let whose = first.person.as_deref().unwrap_or("the chain of erasures");
            let what = format!("{whose} of {}", first.tenant);
            return Err(damaged(what, format!("no backup was made: {}", first.why)).into());
        }
        let raw = verify(&*target, &Selection::All, on)?;
        let found = match &self.opened.keyring {
            None => raw.clone(),
            // A backup that cannot be read would be found out when it is needed.
            Some(keyring) => {
                let place = partial.display().to_string();
                let opened = Opened::open_encrypted(Arc::clone(&target) as Arc<dyn Store>, keyring.clone(), place)?;
                verify(&*opened.store, &Selection::All, on)?
            }
        };
        // Who was erased while the backup was made cannot be read in it, and is not restored from it.
        let lost = found.unreadable.iter().find(|one| one.erased_at.is_none()).map(|one| &one.why);
        let problems = target.check()?.problems;
        let damage = raw.damaged.first().or(found.damaged.first()).map(|damage| &damage.why);
        if let Some(problem) = problems.first().or(damage).or(lost) {
            return Err(damaged("the backup that was just written".to_owned(), problem.clone()).into());
        }
        target.seal(&seal(&raw.hash, target.keyring()?)?)?;
        let bytes = fs::metadata(partial).map_err(|e| unwritten(partial, &e))?.len();
        let turns = found.persons.iter().map(|person| person.turns).sum();
        let persons = found.persons.len() as u64;
        Ok(BackupReport { file: String::new(), persons, turns, bytes, hash: found.hash })
    }

    /// Puts everything of a backup into the store at `to`, which is made where there is none. One that holds nobody but
    /// persons of the backup is completed, so that restoring again goes on where it was stopped.
    ///
    /// A backup of an encrypted store needs its key and keyring, and the store is encrypted with the same. Persons whose keys
    /// were destroyed since are not restored; the report names them.
    ///
    /// # Errors
    /// The file is no whole backup, or damaged; the key or the keyring is not its own: then nothing was written. The place holds
    /// other persons, or cannot be written; or `on` stopped it.
    pub fn restore(
        file: &Path,
        to: &Location,
        encryption: Option<&Encryption>,
        on: OnPassed<'_>,
    ) -> Result<CopyReport, Error> {
        let no_backup = |why: String| Error::NoBackup { path: file.display().to_string(), why };
        let source = match SqliteStore::open_sealed(file) {
            Ok(source) => source,
            Err(StoreError::Absent { .. }) => return Err(no_backup("there is no such file".to_owned())),
            Err(StoreError::Damaged { why, .. }) => return Err(no_backup(format!("it is damaged: {why}"))),
            Err(e) => return Err(e.into()),
        };
        check(&source, on).map_err(|why| match why {
            Unsound::Failed(e) => e,
            Unsound::Said(why) => no_backup(why),
        })?;
        let source: Arc<dyn Store> = Arc::new(source);
        let source = match (source.keyring()?, encryption) {
            (None, _) => Opened::plain(source),
            (Some(_), None) => return Err(StoreError::Encrypted { place: file.display().to_string() }.into()),
            (Some(_), Some(encryption)) => {
                Opened::open_encrypted(source, encryption.open_keyring()?, file.display().to_string())?
            }
        };
        let target = match Opened::open(to, encryption) {
            Err(Error::Engine(kithkin_engine::EngineError::Store(StoreError::Absent { .. }))) => match source.keyring {
                Some(keyring) => Opened::create_with(to, Some(keyring))?,
                None => Opened::create(to, encryption)?,
            },
            target => target?,
        };
        let source = &*source.store;
        let ours: BTreeSet<Scope> = Selection::All.scopes(source)?.into_iter().collect();
        if let Some(other) = Selection::All.scopes(&*target.store)?.iter().find(|scope| !ours.contains(scope)) {
            return Err(Error::Occupied { place: to.to_string(), person: other.person.to_string() });
        }
        copy(source, &target, &Selection::All, on)
    }
}

/// Why a file is not restored.
enum Unsound {
    Said(String),
    Failed(Error),
}

impl From<StoreError> for Unsound {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Damaged { what, why, .. } => Self::Said(format!("it is damaged at {what}: {why}")),
            other => Self::Failed(other.into()),
        }
    }
}

impl From<Error> for Unsound {
    fn from(error: Error) -> Self {
        match error {
            Error::Engine(kithkin_engine::EngineError::Store(error)) => error.into(),
            other => Self::Failed(other),
        }
    }
}

/// Reads all of the backup and compares it with its seal.
fn check(source: &SqliteStore, on: OnPassed<'_>) -> Result<(), Unsound> {
    let Some(sealed) = source.sealed()? else {
        let why = "it has no seal, so it was cut off, or it is a store in use: `kithkin store copy` copies one";
        return Err(Unsound::Said(why.to_owned()));
    };
    let found = verify(source, &Selection::All, on)?;
    if let Some(damage) = found.damaged.first() {
        return Err(Unsound::Said(format!("it is damaged at {}: {}", damage.what, damage.why)));
    }
    if seal(&found.hash, source.keyring()?)? != sealed {
        return Err(Unsound::Said("its content is not what was backed up: it was damaged or changed since".to_owned()));
    }
    Ok(())
}

/// The seal of what has this hash, as it is reported: with whose keys it can be read is a part of it.
fn seal(hash: &str, keyring: Option<KeyringId>) -> Result<[u8; 32], Error> {
    if let Some(KeyringId(id)) = keyring {
        return Ok(*Fields::new(CONTEXT).text(hash).bytes(&id).hash().as_bytes());
    }
    let hash = blake3::Hash::from_hex(hash);
    let internal = |e: blake3::HexError| kithkin_engine::EngineError::Internal { what: format!("{hash:?}: {e}") };
    Ok(*hash.clone().map_err(internal)?.as_bytes())
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

fn unwritten(path: &Path, error: &std::io::Error) -> Error {
    Error::Write { path: path.display().to_string(), why: error.to_string() }
}

/// Gives the file its name, which nothing may have, and waits until that is on the disk.
fn give_name(partial: &Path, file: &Path) -> Result<(), Error> {
    let exists = || StoreError::Exists { place: file.display().to_string() };
    match fs::hard_link(partial, file) {
        // Unlike a renaming, it never takes the place of a file that came meanwhile.
        Ok(()) => fs::remove_file(partial),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(exists().into()),
        // A file system without links, as many sticks have.
        Err(_) if file.symlink_metadata().is_ok() => return Err(exists().into()),
        Err(_) => fs::rename(partial, file),
    }
    .map_err(|e| unwritten(file, &e))?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Where a folder cannot be opened as a file, its entries are the system's to keep.
    if let Ok(folder) = fs::File::open(folder) {
        folder.sync_all().map_err(|e| unwritten(file, &e))?;
    }
    Ok(())
}
