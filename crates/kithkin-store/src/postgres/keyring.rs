//! The rows of a keyring in a database, for a store that many nodes share. Keys are wrapped and unwrapped elsewhere.
//!
//! They lie in a schema of their own, `kithkin_keyring`, in whatever database is named. A key is held by a lock on its row
//! that others may share, and that whoever lets it go waits for.

use std::path::Path;

use kithkin_core::{KeyringId, Millis, StoreError};
use tokio_postgres::Row;

use super::connection::{Connections, Fault, PATIENCE};
use super::erase;
use super::session::{Session, column};
use crate::encrypted::KeyId;
use crate::encrypted::keyring::{Fate, Going, Head, KeyRow, LEFT, NewKey, PersonHash, Rewrap, Rows, left_behind};

const SCHEMA: &str = include_str!("../../migrations/postgres/keyring/0001_first.sql");
/// The schema's version.
const VERSION: u32 = 1;
/// What is locked while the schema is made: `KiKr` in ASCII.
const LOCK: &str = "SELECT pg_advisory_xact_lock(1265191794)";

/// A keyring in a database.
#[derive(Debug)]
pub(crate) struct KeyringDatabase {
    connections: Connections,
}

impl KeyringDatabase {
    /// Makes one in a database that has none.
    pub(crate) fn create(url: &str, Head { id, secret }: &Head) -> Result<Self, StoreError> {
        let connections = Connections::new(url)?;
        let made = connections.write("creating the keyring", [], |session| {
            session.run(LOCK)?;
            if is_there(session)? {
                return Ok(false);
            }
            session.run(SCHEMA)?;
            let version = i32::try_from(VERSION).unwrap_or(i32::MAX);
            session.execute(
                "INSERT INTO kithkin_keyring.ring (version, id, secret) VALUES ($1, $2, $3)",
                &[&version, &id.0.as_slice(), secret],
            )?;
            Ok(true)
        })?;
        if made {
            return Ok(Self { connections });
        }
        Err(StoreError::Exists { place: connections.place().to_owned() })
    }

    /// Opens one that is there, and writes nothing.
    pub(crate) fn open(url: &str) -> Result<Self, StoreError> {
        let connections = Connections::new(url)?;
        let found = connections.read("looking for the keyring", |session| {
            if !is_there(session)? {
                return Ok(None);
            }
            let row = session.first("SELECT version FROM kithkin_keyring.ring", &[])?;
            let version: Option<i32> = row.map(|row| column(&row, 0)).transpose().map_err(damaged("the version"))?;
            Ok(version.and_then(|version| u32::try_from(version).ok()))
        })?;
        let place = connections.place().to_owned();
        match found {
            Some(VERSION) => Ok(Self { connections }),
            Some(found) => Err(StoreError::TooNew { place, found, known: VERSION }),
            None => Err(StoreError::NoKeyring { place, why: "the database has none".to_owned() }),
        }
    }
}

fn damaged(what: &'static str) -> impl Fn(String) -> Fault {
    move |why| Fault::damaged(format_args!("{what} of the keyring"), why)
}

fn is_there(session: &mut Session) -> Result<bool, Fault> {
    Ok(session.first("SELECT 1 WHERE to_regclass('kithkin_keyring.ring') IS NOT NULL", &[])?.is_some())
}

/// The transaction that changed keys whose old bytes may still be in the files.
fn waiting(session: &mut Session) -> Result<Option<String>, Fault> {
    let row = session.first("SELECT purge::text FROM kithkin_keyring.ring WHERE purge IS NOT NULL", &[])?;
    row.map(|row| column(&row, 0)).transpose().map_err(damaged("the list of erasures"))
}

/// Whether the old bytes are gone; not while a transaction may still look at them.
fn rewrite(session: &mut Session) -> Result<bool, Fault> {
    let Some(transaction) = waiting(session)? else { return Ok(true) };
    if !erase::is_unseen(session, &transaction)? {
        return Ok(false);
    }
    session.run("VACUUM (FULL) kithkin_keyring.key")?;
    session.run("VACUUM (FULL) kithkin_keyring.ring")?;
    let done = "UPDATE kithkin_keyring.ring SET purge = NULL WHERE purge::text = $1";
    session.execute(done, &[&transaction])?;
    Ok(true)
}

/// Whether the secret is wrapped like this.
fn has_secret(session: &mut Session, secret: &[u8]) -> Result<bool, Fault> {
    Ok(session.first("SELECT 1 FROM kithkin_keyring.ring WHERE secret = $1", &[&secret])?.is_some())
}

/// Wraps the keys that are there anew, a part at a time; `false` as soon as `anew` gives nothing.
fn rewrap_keys(session: &mut Session, anew: Rewrap<'_>) -> Result<bool, Fault> {
    let some = "SELECT id, person, wrapped, going, destroyed_at, number FROM kithkin_keyring.key
                 WHERE number > $1 AND wrapped IS NOT NULL ORDER BY number LIMIT 1000";
    let put = "UPDATE kithkin_keyring.key AS k SET wrapped = n.wrapped
                 FROM unnest($1::bytea[], $2::bytea[]) AS n (id, wrapped) WHERE k.id = n.id";
    let mut after: i64 = 0;
    loop {
        let rows = session.query(some, &[&after])?;
        let Some(last) = rows.last() else { return Ok(true) };
        after = column(last, 5).map_err(damaged("a key"))?;
        let keys = rows.iter().map(key).collect::<Result<Vec<_>, _>>()?;
        let Some(wrapped) = keys.iter().map(&mut *anew).collect::<Option<Vec<_>>>() else { return Ok(false) };
        let ids: Vec<&[u8]> = keys.iter().map(|key| key.id.0.as_slice()).collect();
        session.execute(put, &[&ids, &wrapped])?;
    }
}

/// A row of `id, person, wrapped, going, destroyed_at`.
fn key(row: &Row) -> Result<KeyRow, Fault> {
    let read = || -> Result<KeyRow, String> {
        let fate = Fate::of(column(row, 4)?, i64::from(column::<i32>(row, 3)?));
        let person = column::<Option<&[u8]>>(row, 1)?.map(person).transpose()?;
        let wrapped = column::<Option<Vec<u8>>>(row, 2)?.unwrap_or_default();
        Ok(KeyRow { id: id(column(row, 0)?)?, person, wrapped, fate })
    };
    read().map_err(damaged("a key"))
}

fn id(bytes: &[u8]) -> Result<KeyId, String> {
    bytes.try_into().map(KeyId).map_err(|why: std::array::TryFromSliceError| why.to_string())
}

fn person(bytes: &[u8]) -> Result<PersonHash, String> {
    bytes.try_into().map(PersonHash).map_err(|why: std::array::TryFromSliceError| why.to_string())
}

fn numbers(keys: &[KeyId]) -> Vec<&[u8]> {
    keys.iter().map(|key| key.0.as_slice()).collect()
}

impl Rows for KeyringDatabase {
    fn place(&self) -> &str {
        self.connections.place()
    }

    fn head(&self) -> Result<Head, StoreError> {
        self.connections.read("reading the keyring's name", |session| {
            let row = session.first("SELECT id, secret FROM kithkin_keyring.ring", &[])?;
            let read = |row: Row| -> Result<Head, String> {
                let id: [u8; 16] = column::<&[u8]>(&row, 0)?.try_into().map_err(|_| "its length".to_owned())?;
                Ok(Head { id: KeyringId(id), secret: column(&row, 1)? })
            };
            row.ok_or_else(|| "it is not there".to_owned()).and_then(read).map_err(damaged("the name"))
        })
    }

    fn hold(&self, persons: &[PersonHash], work: &mut dyn FnMut(&[Option<KeyRow>])) -> Result<(), StoreError> {
        // The write that the keys are held for may take longer than an idle transaction is otherwise allowed to.
        let begin = "BEGIN; SET LOCAL idle_in_transaction_session_timeout = '300s'";
        self.connections.once("looking up keys", begin, |session| {
            let newest = "SELECT id, person, wrapped, going, destroyed_at FROM kithkin_keyring.key
                           WHERE person = $1 ORDER BY number DESC LIMIT 1 FOR SHARE";
            let mut rows = Vec::with_capacity(persons.len());
            for person in persons {
                let row = session.first(newest, &[&person.0.as_slice()])?;
                rows.push(row.map(|row| key(&row)).transpose()?);
            }
            work(&rows);
            Ok(())
        })
    }

    fn find(&self, id: KeyId) -> Result<Option<KeyRow>, StoreError> {
        self.connections.read("looking up a key", |session| {
            let find = "SELECT id, person, wrapped, going, destroyed_at FROM kithkin_keyring.key WHERE id = $1";
            session.first(find, &[&id.0.as_slice()])?.map(|row| key(&row)).transpose()
        })
    }

    fn add(&self, secret: &[u8], keys: &[NewKey]) -> Result<bool, StoreError> {
        self.connections.write_if("writing keys", [], |session| {
            // Two nodes do not give one person two keys, and none while all are wrapped anew; who holds a key is not held up.
            session.run("LOCK TABLE kithkin_keyring.key IN SHARE ROW EXCLUSIVE MODE")?;
            if !has_secret(session, secret)? {
                return Ok(false);
            }
            let add = "INSERT INTO kithkin_keyring.key (id, person, wrapped, going) SELECT $1, $2, $3, 0
                        WHERE NOT EXISTS (SELECT 1 FROM kithkin_keyring.key WHERE person = $2 AND going = 0)";
            for NewKey { id, person, wrapped } in keys {
                session.execute(add, &[&id.0.as_slice(), &person.0.as_slice(), wrapped])?;
            }
            Ok(true)
        })
    }

    fn rewrap(&self, old: &[u8], new: &[u8], anew: Rewrap<'_>) -> Result<bool, StoreError> {
        let done = self.connections.write_if("wrapping keys anew", [], |session| {
            // Whoever holds a key is waited for: to wait for one row after the other could be for each other.
            session.run("LOCK TABLE kithkin_keyring.key IN EXCLUSIVE MODE")?;
            if !has_secret(session, old)? || !rewrap_keys(session, anew)? {
                return Ok(false);
            }
            let ring = "UPDATE kithkin_keyring.ring SET secret = $1, purge = pg_current_xact_id()";
            session.execute(ring, &[&new])?;
            Ok(true)
        })?;
        if done {
            self.purge()?;
        }
        Ok(done)
    }

    fn begin_going(&self, person: PersonHash) -> Result<Vec<KeyId>, StoreError> {
        self.connections.write("letting keys go", [], |session| {
            let go = "UPDATE kithkin_keyring.key SET going = going + 1 WHERE person = $1 RETURNING id";
            let rows = session.query(go, &[&person.0.as_slice()])?;
            rows.iter().map(|row| column(row, 0).and_then(id).map_err(damaged("a key"))).collect()
        })
    }

    fn take_back(&self, keys: &[KeyId]) -> Result<(), StoreError> {
        self.connections.write("keeping keys", [], |session| {
            let keep = "UPDATE kithkin_keyring.key SET going = going - 1 WHERE id = ANY ($1) AND going > 0";
            session.execute(keep, &[&numbers(keys)]).map(drop)
        })
    }

    fn destroy(&self, keys: &[KeyId], at: Millis) -> Result<(), StoreError> {
        self.connections.write("destroying keys", [], |session| {
            let destroy = "UPDATE kithkin_keyring.key
                              SET person = NULL, wrapped = NULL, going = 0, destroyed_at = $2
                            WHERE id = ANY ($1) AND destroyed_at IS NULL";
            session.execute(destroy, &[&numbers(keys), &at])?;
            session.run("UPDATE kithkin_keyring.ring SET purge = pg_current_xact_id()")
        })?;
        self.purge()
    }

    /// Rewrites the tables, if keys were destroyed or wrapped anew since this was done last and nobody looks at the old ones
    /// any more.
    fn purge(&self) -> Result<(), StoreError> {
        if self.connections.alone("rewriting the keyring", rewrite).map_err(left_behind)? {
            return Ok(());
        }
        let place = self.connections.place().to_owned();
        let waited_ms = u64::try_from(PATIENCE.as_millis()).unwrap_or(u64::MAX);
        Err(left_behind(StoreError::Busy { place, waited_ms }))
    }

    fn going(&self) -> Result<Vec<Going>, StoreError> {
        self.connections.read("looking for keys that go", |session| {
            let find = "SELECT person, id FROM kithkin_keyring.key WHERE going > 0 AND person IS NOT NULL";
            let read = |row: &Row| Ok(Going { person: person(column(row, 0)?)?, key: id(column(row, 1)?)? });
            session.query(find, &[])?.iter().map(|row| read(row).map_err(damaged("a key"))).collect()
        })
    }

    fn check(&self) -> Result<Vec<String>, StoreError> {
        let waits = self.connections.read("checking the keyring", waiting)?;
        Ok(waits.map(|_| LEFT.to_owned()).into_iter().collect())
    }

    fn copy(&self, _: &Path) -> Result<(), StoreError> {
        let why = "a keyring in a database is copied with pg_dump --schema=kithkin_keyring".to_owned();
        Err(StoreError::Engine { place: self.connections.place().to_owned(), doing: "copying the keyring", why })
    }

    fn remove_unused(&self) -> Result<(), StoreError> {
        self.connections.write("removing the keyring", [], |session| {
            if session.first("SELECT 1 FROM kithkin_keyring.key LIMIT 1", &[])?.is_none() {
                session.run("DROP SCHEMA kithkin_keyring CASCADE")?;
            }
            Ok(())
        })
    }
}
