//! The free pages of a file: whether anything is left in those that hold nothing any more.
//!
//! The file is read as it lies, by the description of the format that SQLite publishes, and not through SQLite, which shows
//! nothing of pages that are free.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use kithkin_core::StoreError;

/// How often a file is looked at again that was written meanwhile.
const TRIES: u32 = 5;

/// The free pages of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FreePages {
    /// How many there are.
    pub pages: u64,
    /// How many of them hold more than the list of free pages itself.
    pub marked: u64,
}

/// Reads the free pages of a store's file. No store of this process may have the file open: to close a file drops the locks
/// that the process has on it.
///
/// # Errors
/// The file cannot be read, or its list of free pages leads nowhere.
pub fn free_pages(path: &Path) -> Result<FreePages, StoreError> {
    let place = path.display().to_string();
    let read = || -> io::Result<Option<FreePages>> { Pages::open(path)?.free() };
    for _ in 0..TRIES {
        // What is not blank may be a page that another process was writing at this moment.
        match read() {
            Ok(Some(found)) if found.marked == 0 => return Ok(found),
            Ok(_) => {}
            Err(error) => return Err(StoreError::NoAccess { place, why: error.to_string() }),
        }
    }
    let last = read().map_err(|error| StoreError::NoAccess { place: place.clone(), why: error.to_string() })?;
    let why = "it does not end, or leads out of the file".to_owned();
    last.ok_or(StoreError::Damaged { place, what: "the list of free pages".to_owned(), why })
}

struct Pages {
    file: File,
    size: u64,
    count: u32,
    first: u32,
    free: u32,
}

impl Pages {
    fn open(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let mut header = [0; 100];
        file.read_exact(&mut header)?;
        // A size of 65,536 does not fit into its field, which then has 1.
        let size = match u16::from_be_bytes([header[16], header[17]]) {
            1 => 65_536,
            size => u64::from(size.max(512)),
        };
        Ok(Self { count: number(&header, 28), first: number(&header, 32), free: number(&header, 36), file, size })
    }

    fn page(&mut self, page: u32) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(self.size).unwrap_or(0)];
        self.file.seek(SeekFrom::Start(u64::from(page - 1) * self.size))?;
        self.file.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// Follows the list; `None` where it leads nowhere.
    fn free(&mut self) -> io::Result<Option<FreePages>> {
        let mut found = FreePages::default();
        let mut trunk = self.first;
        while trunk != 0 {
            if trunk > self.count || found.pages > u64::from(self.free) {
                return Ok(None);
            }
            let bytes = self.page(trunk)?;
            found.pages += 1;
            // A trunk has the next one, how many leaves it names, and these; what it named before are numbers of pages too.
            let is_a_number = |at: usize| number(&bytes, at) <= self.count;
            found.marked += u64::from(!(8..bytes.len()).step_by(4).all(is_a_number));
            let leaves = usize::try_from(number(&bytes, 4)).unwrap_or(usize::MAX).min(bytes.len() / 4 - 2);
            for leaf in 0..leaves {
                let leaf = number(&bytes, 8 + 4 * leaf);
                if leaf == 0 || leaf > self.count {
                    return Ok(None);
                }
                found.pages += 1;
                found.marked += u64::from(self.page(leaf)?.iter().any(|byte| *byte != 0));
            }
            trunk = number(&bytes, 0);
        }
        Ok(Some(found))
    }
}

/// The number of four bytes at a place.
fn number(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_in_a_free_page_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let check = |secure: bool, marked: bool| {
            let path = folder.path().join(format!("{secure}.db"));
            let connection = rusqlite::Connection::open(&path).unwrap();
            connection.execute_batch("CREATE TABLE t (x); PRAGMA page_size = 512;").unwrap();
            connection.pragma_update(None, "secure_delete", secure).unwrap();
            let mut add = connection.prepare("INSERT INTO t VALUES (?1)").unwrap();
            for n in 0..2000 {
                add.execute([format!("what was said, {n} times").repeat(9)]).unwrap();
            }
            drop(add);
            assert_eq!(free_pages(&path).unwrap(), FreePages::default());
            connection.execute("DELETE FROM t", []).unwrap();
            drop(connection);
            let found = free_pages(&path).unwrap();
            assert!(found.pages > 90 && (found.marked > 0) == marked, "{secure}: {found:?}");
        };
        check(true, false);
        check(false, true);
    }

    #[test]
    fn what_is_no_list_is_no_panic() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        let check = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            assert!(free_pages(&path).is_err(), "{} bytes", bytes.len());
        };
        check(b"");
        check(&[0xFF; 99]);
        check(&[0xFF; 4096]);
        // A list of one page that names itself for ever.
        let mut round = vec![0; 1024];
        round[16..18].copy_from_slice(&512_u16.to_be_bytes());
        round[31] = 2;
        round[35] = 2;
        round[39] = 1;
        round[515] = 2;
        check(&round);
        assert!(free_pages(&folder.path().join("none")).is_err());
    }
}
