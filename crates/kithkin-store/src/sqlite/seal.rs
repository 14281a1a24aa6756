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

pub(super) fn get(connection: &Connection) -> Result<Option<[u8; 32]>, Fault> {
    Ok(connection.query_row("SELECT digest FROM seal", [], |row| row.get(0)).optional()?)
}
