//! What a disk forgets when the power goes: everything that was written and not yet synced, or any part of it.
//!
//! Files are written through to the system, so that all processes see what one has written. Beside each lies a list of
//! what was written since it was last synced, with what was there before; [`lose`] takes any of it back. A deletion is kept
//! beside as well, until something that is synced makes it certain.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use proptest::prelude::RngExt;
use proptest::test_runner::TestRng;

/// Bytes that a disk writes as one.
const SECTOR: usize = 512;

const UNSYNCED: &str = ".unsynced";
const DELETED: &str = ".deleted";

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The list beside a file of what is not synced. Processes that write the same file share it.
#[derive(Debug)]
pub(crate) struct Unsynced {
    path: PathBuf,
    list: File,
}

/// What was done to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    Write,
    Truncate,
}

/// An entry: what was done, where, how long the file was, and the bytes before and after.
struct Entry {
    kind: Kind,
    at: u64,
    size: u64,
    before: Vec<u8>,
    after: Vec<u8>,
}

impl Unsynced {
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let list = File::options().create(true).append(true).open(beside(path, UNSYNCED))?;
        Ok(Self { path: path.to_owned(), list })
    }

    /// Runs `write` and notes it first, with nobody else writing or syncing between.
    pub(crate) fn write<T>(
        &self,
        (at, size): (u64, u64),
        before: &[u8],
        after: &[u8],
        write: impl FnOnce() -> T,
    ) -> io::Result<T> {
        self.alone(|| {
            self.note(Kind::Write, (at, size), before, after)?;
            Ok(write())
        })
    }

    /// The same for a truncation to `to` bytes, which takes `before` away.
    pub(crate) fn truncate<T>(
        &self,
        (to, size): (u64, u64),
        before: &[u8],
        truncate: impl FnOnce() -> T,
    ) -> io::Result<T> {
        self.alone(|| {
            self.note(Kind::Truncate, (to, size), before, &[])?;
            Ok(truncate())
        })
    }

    /// All that was written is on the disk, and so is the folder.
    pub(crate) fn synced(&self) -> io::Result<()> {
        self.alone(|| {
            self.list.set_len(0)?;
            forget_deleted(&self.path);
            Ok(())
        })
    }

    fn alone<T>(&self, work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        self.list.lock()?;
        let done = work();
        self.list.unlock()?;
        done
    }

    fn note(&self, kind: Kind, (at, size): (u64, u64), before: &[u8], after: &[u8]) -> io::Result<()> {
        let mut entry = vec![kind as u8];
        for number in [at, size, before.len() as u64, after.len() as u64] {
            entry.extend(number.to_le_bytes());
        }
        entry.extend(before);
        entry.extend(after);
        (&self.list).write_all(&entry)
    }
}

/// Deletes a file. Unless the folder is synced with it, the file may come back.
pub(crate) fn delete(path: &Path, synced: bool) -> io::Result<()> {
    forget_deleted(path);
    let kept = beside(path, DELETED);
    std::fs::rename(path, &kept)?;
    let _ = std::fs::rename(beside(path, UNSYNCED), beside(&kept, UNSYNCED));
    if synced {
        forget_deleted(path);
    }
    Ok(())
}

fn forget_deleted(path: &Path) {
    let kept = beside(path, DELETED);
    let _ = std::fs::remove_file(beside(&kept, UNSYNCED));
    let _ = std::fs::remove_file(kept);
}

/// The entries of a list, as far as it was written.
fn entries(mut bytes: &[u8]) -> Vec<Entry> {
    let mut entries = Vec::new();
    while let Some((entry, rest)) = entry(bytes) {
        entries.push(entry);
        bytes = rest;
    }
    entries
}

fn entry(bytes: &[u8]) -> Option<(Entry, &[u8])> {
    let (kind, mut rest) = bytes.split_first()?;
    let kind = if *kind == Kind::Write as u8 { Kind::Write } else { Kind::Truncate };
    let mut number = || {
        let (number, after) = rest.split_first_chunk::<8>()?;
        rest = after;
        Some(u64::from_le_bytes(*number))
    };
    let [at, size, before, after] = [number()?, number()?, number()?, number()?];
    let (before, rest) = rest.split_at_checked(usize::try_from(before).ok()?)?;
    let (after, rest) = rest.split_at_checked(usize::try_from(after).ok()?)?;
    Some((Entry { kind, at, size, before: before.to_vec(), after: after.to_vec() }, rest))
}

/// The power goes: of each file in the folder any part of what was not synced is lost. `luck` is how much of it is kept, from 0
/// to 1; without it, all may be lost, or nothing, or each sector has its own luck. Nobody may have the files open.
///
/// # Errors
/// A file of the folder cannot be read or written.
pub(crate) fn lose(folder: &Path, luck: Option<f64>, series: &mut TestRng) -> io::Result<()> {
    let names = || -> io::Result<Vec<PathBuf>> {
        let mut names = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
        names.sort();
        Ok(names)
    };
    for kept in names()?.iter().filter(|path| path.as_os_str().to_string_lossy().ends_with(DELETED)) {
        let path = kept.with_extension("");
        if series.random_bool(luck.unwrap_or(0.5)) {
            let _ = std::fs::rename(beside(kept, UNSYNCED), beside(&path, UNSYNCED));
            std::fs::rename(kept, path)?;
        } else {
            forget_deleted(&path);
        }
    }
    for list in names()?.iter().filter(|path| path.as_os_str().to_string_lossy().ends_with(UNSYNCED)) {
        let path = list.with_extension("");
        if path.exists() {
            let luck = luck.unwrap_or([0.0, 0.5, 0.9, 1.0][series.random_range(0..4)]);
            lose_of(&path, &entries(&std::fs::read(list)?), luck, series)?;
        }
        std::fs::remove_file(list)?;
    }
    // The index of the log is shared memory: nothing says what is left of it.
    for shared in names()?.iter().filter(|path| path.as_os_str().to_string_lossy().ends_with("-shm")) {
        let noise: Vec<u8> = (0..series.random_range(0..70_000)).map(|_| series.random()).collect();
        std::fs::write(shared, noise)?;
    }
    Ok(())
}

fn lose_of(path: &Path, entries: &[Entry], luck: f64, series: &mut TestRng) -> io::Result<()> {
    let file = File::options().read(true).write(true).open(path)?;
    for entry in entries.iter().rev() {
        match entry.kind {
            Kind::Write => {
                file.write_all_at(&entry.before, entry.at)?;
                file.set_len(entry.size)?;
            }
            Kind::Truncate => {
                file.set_len(entry.size)?;
                file.write_all_at(&entry.before, entry.at)?;
            }
        }
    }
    for entry in entries {
        let mut kept = || series.random_bool(luck);
        match entry.kind {
            Kind::Write => {
                for (at, sector) in entry.after.chunks(SECTOR).enumerate() {
                    if kept() {
                        file.write_all_at(sector, entry.at + (at * SECTOR) as u64)?;
                    }
                }
            }
            Kind::Truncate => {
                if kept() {
                    file.set_len(entry.at)?;
                }
            }
        }
    }
    Ok(())
}
