//! Whether all content of a file comes encrypted, and with the keys of which keyring.

use kithkin_core::KeyringId;
use rusqlite::{Connection, OptionalExtension};

use super::connection::Fault;

pub(super) fn get(connection: &Connection) -> Result<Option<KeyringId>, Fault> {
    let mut select = connection.prepare_cached("SELECT keyring FROM encryption")?;
    let id: Option<[u8; 16]> = select
        .query_row([], |row| row.get(0))
        .optional()
        .map_err(|why| Fault::damaged("the name of the keyring", why))?;
    Ok(id.map(KeyringId))
}

pub(super) fn put(connection: &Connection, KeyringId(id): KeyringId) -> Result<bool, Fault> {
    let add = "INSERT INTO encryption (keyring) SELECT ?1
                WHERE NOT EXISTS (SELECT 1 FROM encryption) AND NOT EXISTS (SELECT 1 FROM person)
                  AND NOT EXISTS (SELECT 1 FROM erasure) AND (SELECT value FROM meta WHERE name = 'floor') = 0";
    Ok(connection.execute(add, [id])? > 0)
}
