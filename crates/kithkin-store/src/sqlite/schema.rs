//! What makes a file a store of Kithkin's, and how its schema came about.
//!
//! The schema version is SQLite's `user_version`. A new version is one more file in [`MIGRATIONS`]; files that were
//! released never change.

use std::path::Path;
use std::time::Duration;

use kithkin_core::StoreError;
use rusqlite::{Connection, OpenFlags};

use super::connection::{Connections, Fault, store_error};

/// Marks a file as ours: `Kith` in ASCII.
const APPLICATION_ID: u32 = 0x4B69_7468;

/// The migrations in order: number `n` leads from version `n` to `n + 1`.
const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/0001_first.sql"),
    include_str!("../../migrations/0002_embedded.sql"),
    include_str!("../../migrations/0003_feedback.sql"),
    include_str!("../../migrations/0004_disclosure.sql"),
    include_str!("../../migrations/0005_erasure.sql"),
    include_str!("../../migrations/0006_encryption.sql"),
    include_str!("../../migrations/0007_halves.sql"),
];

/// What the header of a file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Header {
    application: u32,
    version: u32,
}

impl Header {
    fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0));
        Ok(Self {
            application: number("application_id")?.cast_unsigned(),
            version: number("user_version")?.cast_unsigned(),
        })
    }

    /// Refuses a file that is not ours or that is too new.
    fn accept(self, place: &str) -> Result<Self, StoreError> {
        if self.application != APPLICATION_ID {
            let why = format!("its application id is {:#010x}", self.application);
            return Err(StoreError::Foreign { place: place.to_owned(), why });
        }
        let known = known();
        if self.version > known {
            return Err(StoreError::TooNew { place: place.to_owned(), found: self.version, known });
        }
        Ok(self)
    }
}

/// The highest schema version known.
fn known() -> u32 {
    u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX)
}

/// Refuses what is no store of ours without touching it.
///
/// The file is read as if it could not change: without locks, journals or a log beside it. That goes through SQLite,
/// since closing a file of one's own would drop the locks that other connections of this process hold on it.
pub(super) fn inspect(path: &Path) -> Result<(), StoreError> {
    let place = path.display().to_string();
    let foreign = |why: &str| Err(StoreError::Foreign { place: place.clone(), why: why.to_owned() });
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(StoreError::Absent { place }),
        Err(error) => return Err(StoreError::NoAccess { place, why: error.to_string() }),
        Ok(file) if !file.is_file() => return foreign("it is no file"),
        Ok(file) if file.len() == 0 => return foreign("it is empty"),
        Ok(_) => {}
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let header = Connection::open_with_flags(immutable_uri(path), flags).and_then(|c| Header::read(&c));
    match header {
        Ok(header) => header.accept(&place).map(drop),
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) => {
            foreign("it is no SQLite file")
        }
        // Another process may be moving its log into the file at this moment; the real opening waits for it.
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseCorrupt) => Ok(()),
        Err(error) => Err(store_error(&place, Duration::ZERO, "reading the header", Fault::Sql(error))),
    }
}

fn immutable_uri(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri + "?immutable=1"
}

/// Makes the empty file of `connection` a store.
pub(super) fn initialise(connection: &Connection) -> Result<(), Fault> {
    // A vector of 384 numbers takes 1,536 bytes; pages of 8 KiB keep it without an overflow page.
    connection.execute_batch("PRAGMA page_size = 8192;")?;
    let transaction = connection.unchecked_transaction()?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    migrate_from(&transaction, 0)?;
    transaction.commit()?;
    // Only now: the mark stands in the file itself, where `inspect` looks, and not in a log beside it.
    Ok(connection.execute_batch("PRAGMA journal_mode = WAL;")?)
}

/// Whether a file has the current schema; one that is not ours or too new is refused.
pub(super) fn is_current(connections: &Connections) -> Result<bool, StoreError> {
    Ok(header(connections)?.version == known())
}

fn header(connections: &Connections) -> Result<Header, StoreError> {
    let read = |connection: &Connection| Ok(Header::read(connection)?);
    connections.with_writer("reading the header", read)?.accept(connections.place())
}

/// Brings an existing file up to the current schema, or refuses it.
pub(super) fn upgrade(connections: &Connections) -> Result<(), StoreError> {
    let header = header(connections)?;
    if !connections.read_only() {
        // Kept in the file already, unless someone else changed it.
        connections.with_writer("choosing the log", |c| Ok(c.execute_batch("PRAGMA journal_mode = WAL;")?))?;
    }
    if header.version == known() {
        return Ok(());
    }
    connections.write("migrating", |transaction| {
        // Read again under the write lock: another process may have migrated it meanwhile.
        migrate_from(transaction, Header::read(transaction)?.version)
    })
}

fn migrate_from(connection: &Connection, version: u32) -> Result<(), Fault> {
    let done = usize::try_from(version).unwrap_or(usize::MAX);
    for migration in MIGRATIONS.iter().skip(done) {
        connection.execute_batch(migration)?;
    }
    Ok(connection.pragma_update(None, "user_version", known().max(version))?)
}

/// The schema version of an open store.
pub(super) fn version(connection: &Connection) -> rusqlite::Result<u32> {
    Ok(Header::read(connection)?.version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_path_has_no_special_characters() {
        let check = |path: &str, expect: &str| assert_eq!(immutable_uri(Path::new(path)), expect);
        check("/a/b-c_1.db", "file:/a/b-c_1.db?immutable=1");
        check("/a?x=1#%/é", "file:/a%3Fx%3D1%23%25/%C3%A9?immutable=1");
    }

    #[test]
    fn every_migration_is_applied_once() {
        let connection = Connection::open_in_memory().unwrap();
        initialise(&connection).unwrap();
        let header = Header::read(&connection).unwrap();
        assert_eq!(header, Header { application: APPLICATION_ID, version: known() });
        migrate_from(&connection, header.version).unwrap();
        assert_eq!(Header::read(&connection).unwrap(), header);
    }
}
