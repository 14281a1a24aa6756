//! A store in a file, on a disk that may lose its power.

use std::path::{Path, PathBuf};

use kithkin_store::SqliteStore;
use proptest::test_runner::TestRng;
use tempfile::TempDir;

use crate::disk;

/// The folder of a store.
pub(crate) struct FilePlace {
    folder: TempDir,
    /// Whether the disk says that it has synced what it has not.
    pub(crate) lies: bool,
}

impl FilePlace {
    /// Makes an empty store.
    pub(crate) fn new(lies: bool) -> anyhow::Result<Self> {
        let place = Self { folder: tempfile::tempdir()?, lies };
        SqliteStore::create(place.path())?;
        Ok(place)
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("a.db")
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The power goes.
    pub(crate) fn lose_power(&self, series: &mut TestRng) -> anyhow::Result<()> {
        Ok(disk::lose(self.folder.path(), None, series)?)
    }
}
