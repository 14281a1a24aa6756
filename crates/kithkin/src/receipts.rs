//! A folder of receipts, for erasures by age, which nobody asks for one by one.
//!
//! A receipt is on the disk before its erasure is: it is written in the transaction that erases, under a name that ends in
//! `.part`, and takes its own name when that has ended. A process that is killed in between leaves a `.part`, of which the
//! tenant's chain says whether its erasure was done; the next run looks. The names tell the day and are otherwise random.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use kithkin_core::{ChainEntry, Store, StoreError};

use crate::{Error, Receipt};

/// How the name of a receipt ends, and that of one whose erasure may not be done.
const WHOLE: &str = "receipt";
const PART: &str = "part";
/// The file that a run locks, so that none takes the receipts of another for left behind.
const LOCK: &str = ".lock";
/// So many digits of a random number tell the receipts of a day apart.
const DIGITS: usize = 16;

/// A folder that receipts are put into, by one run at a time.
#[derive(Debug)]
pub(crate) struct Receipts {
    folder: PathBuf,
    /// Locked as long as this lives.
    _lock: File,
    /// Written, and not yet known to be of what was erased.
    open: Vec<PathBuf>,
}

impl Receipts {
    /// Takes the folder, which must be there, and gives their names to receipts that a killed run left behind, if what they
    /// tell of was done in this store.
    pub(crate) fn open(folder: &Path, store: &dyn Store) -> Result<Self, Error> {
        let failed = |e: std::io::Error| Error::NoReceipts { folder: shown(folder), why: e.to_string() };
        let lock =
            OpenOptions::new().create(true).truncate(false).write(true).open(folder.join(LOCK)).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let why = "another run is writing into it; try again when it has ended".to_owned();
                return Err(Error::NoReceipts { folder: shown(folder), why });
            }
            Err(TryLockError::Error(e)) => return Err(failed(e)),
        }
        let receipts = Self { folder: folder.to_owned(), _lock: lock, open: Vec::new() };
        for entry in std::fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|end| end == PART) && is_done(&path, store)? {
                receipts.name(&path)?;
            }
        }
        receipts.sync()?;
        Ok(receipts)
    }

    /// Puts a receipt on the disk whose erasure is about to be done. It may be put there again, with other counts.
    pub(crate) fn put(&mut self, receipt: &Receipt) -> Result<(), StoreError> {
        let path = self.path(receipt);
        let write = || -> std::io::Result<()> {
            let mut options = OpenOptions::new();
            options.create(true).truncate(true).write(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(&path)?;
            writeln!(file, "{}", serde_json::to_string_pretty(receipt)?)?;
            file.sync_all()?;
            File::open(&self.folder)?.sync_all()
        };
        let written = write();
        if !self.open.contains(&path) {
            self.open.push(path.clone());
        }
        written.map_err(|e| {
            let place = shown(&path);
            match e.kind() {
                ErrorKind::StorageFull => StoreError::Full { place },
                _ => StoreError::CutShort { place, why: e.to_string() },
            }
        })
    }

    /// Gives its name to the receipt of an erasure that was done.
    pub(crate) fn keep(&mut self, receipt: &Receipt) -> Result<(), Error> {
        let path = self.path(receipt);
        self.open.retain(|open| *open != path);
        self.name(&path)
    }

    /// Ends what was written and not kept: of an erasure that was not done it is taken away. Where the store does not say, it
    /// stays for the next run to look.
    pub(crate) fn settle(&mut self, store: &dyn Store) -> Result<(), Error> {
        for path in std::mem::take(&mut self.open) {
            if is_done(&path, store)? {
                self.name(&path)?;
            } else {
                let removed = std::fs::remove_file(&path);
                removed.map_err(|e| Error::Write { path: shown(&path), why: e.to_string() })?;
            }
        }
        self.sync()
    }

    /// Where a receipt is while it is not known to be of what was erased.
    fn path(&self, receipt: &Receipt) -> PathBuf {
        let day = receipt.at.split('T').next().unwrap_or_default();
        // A hash with the receipt's own random key.
        let random = receipt.person.get(..DIGITS).unwrap_or_default();
        self.folder.join(format!("{day}-{random}.{PART}"))
    }

    fn name(&self, path: &Path) -> Result<(), Error> {
        let whole = path.with_extension(WHOLE);
        std::fs::rename(path, &whole).map_err(|e| Error::Write { path: shown(&whole), why: e.to_string() })
    }

    /// Makes the names durable.
    fn sync(&self) -> Result<(), Error> {
        let synced = File::open(&self.folder).and_then(|folder| folder.sync_all());
        synced.map_err(|e| Error::Write { path: shown(&self.folder), why: e.to_string() })
    }
}

/// Whether the store's chain has the entry of the receipt in this file. A file that was cut off has none.
fn is_done(path: &Path, store: &dyn Store) -> Result<bool, Error> {
    let shown = shown(path);
    let json = std::fs::read_to_string(path).map_err(|e| Error::Read { path: shown.clone(), why: e.to_string() })?;
    let Ok(receipt) = Receipt::parse(&shown, &json) else { return Ok(false) };
    let (hash, mut found) = (receipt.hash(), false);
    let mut look = |entry: ChainEntry| {
        found = entry.number == receipt.entry && entry.receipt == hash;
        if entry.number < receipt.entry { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    store.scan_chain(&receipt.tenant, &mut look)?;
    Ok(found)
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
