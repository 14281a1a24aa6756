//! Whether all content of a database comes encrypted, and with the keys of which keyring.

use kithkin_core::KeyringId;

use super::connection::Fault;
use super::session::{Session, column};

pub(super) fn get(session: &mut Session) -> Result<Option<KeyringId>, Fault> {
    let Some(row) = session.first("SELECT keyring FROM encryption", &[])? else { return Ok(None) };
    let wrong = |why: String| Fault::damaged("the name of the keyring", why);
    let id: &[u8] = column(&row, 0).map_err(wrong)?;
    let id = <[u8; 16]>::try_from(id).map_err(|why| wrong(why.to_string()))?;
    Ok(Some(KeyringId(id)))
}

pub(super) fn put(session: &mut Session, KeyringId(id): KeyringId) -> Result<bool, Fault> {
    // For this transaction; the policy `listed` says what it opens.
    session.run("LOCK TABLE encryption IN EXCLUSIVE MODE; SET LOCAL kithkin.lists = 'tenants'")?;
    let add = "INSERT INTO encryption (keyring) SELECT $1
                WHERE NOT EXISTS (SELECT 1 FROM encryption) AND NOT EXISTS (SELECT 1 FROM person)
                  AND NOT EXISTS (SELECT 1 FROM erasure) AND (SELECT value FROM meta WHERE name = 'floor') = 0";
    Ok(session.execute(add, &[&id.as_slice()])? > 0)
}
