//! What tells a whole backup from one that was cut off: the digest of everything in it, written last.
//!
//! What the digest is taken of is the caller's to say.

use kithkin_core::StoreError;
use rusqlite::{Connection, OptionalExtension};

use super::connection::{Connections, Fault};

pub(super) fn put(connections: &Connections, digest: &[u8; 32]) -> Result<(), StoreError> {
    connections.write("sealing the backup", |c| {
        c.execute("DELETE FROM seal", [])?;
        c.execute("INSERT INTO seal (digest) VALUES (?1)", [digest])?;
        Ok(())
    })?;
    // A backup is one file, which may come to lie where none can be made beside it.
    connections.drop_readers();
    connections.with_writer("closing the log", |c| Ok(c.execute_batch("PRAGMA journal_mode = DELETE;")?))
}

pub(super) fn get(connections: &Connections) -> Result<Option<[u8; 32]>, StoreError> {
    let is_cut = std::fs::metadata(connections.path()).is_ok_and(|file| {
        // The engine takes a part of a page for one, and does not miss what it has no need to read.
        connections.read("reading the size", pages).is_ok_and(|bytes| file.len() < bytes)
    });
    if is_cut {
        return Ok(None);
    }
    connections
        .read("reading the seal", |c| Ok(c.query_row("SELECT digest FROM seal", [], |row| row.get(0)).optional()?))
}

/// What all pages take, in bytes.
fn pages(connection: &Connection) -> Result<u64, Fault> {
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, u64>(0));
    Ok(number("page_count")?.saturating_mul(number("page_size")?))
}
