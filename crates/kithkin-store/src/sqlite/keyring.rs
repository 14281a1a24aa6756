//! The rows of a keyring in a file of their own. Keys are wrapped and unwrapped elsewhere.
//!
//! The file has a rollback journal, and no log beside it: in that mode whoever reads in a transaction holds back everyone's
//! commit, between processes as well, and that is how a key is held while something is written with it.

use std::io::ErrorKind;
use std::path::Path;

use kithkin_core::{KeyringId, Millis, StoreError};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::connection::{Connections, Fault, Patience, new_file};
use crate::encrypted::KeyId;
use crate::encrypted::keyring::{Fate, Going, Head, KeyRow, LEFT, NewKey, PersonHash, Rewrap, Rows, left_behind};

/// Marks a file as a keyring: `KiKr` in ASCII.
const APPLICATION_ID: u32 = 0x4B69_4B72;
const SCHEMA: &str = include_str!("../../migrations/keyring/0001_first.sql");
/// The schema's version.
const VERSION: u32 = 1;

/// A keyring in a file.
#[derive(Debug)]
pub(crate) struct KeyringFile {
    connections: Connections,
}

impl KeyringFile {
    /// Makes one in a new file, which its owner alone may read.
    pub(crate) fn create(path: &Path, head: &Head) -> Result<Self, StoreError> {
        new_file(path, true)?;
        let created = Connections::open(path, Patience::default()).and_then(|connections| {
            connections.with_writer("creating the keyring", |c| initialise(c, head))?;
            Ok(Self { connections })
        });
        if created.is_err() {
            // The file is this call's own; if it cannot be removed either, the first error says more.
            let _ = std::fs::remove_file(path);
        }
        created
    }

    /// Opens one that is there, and writes nothing.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let place = path.display().to_string();
        let none = |why: &str| StoreError::NoKeyring { place: place.clone(), why: why.to_owned() };
        match std::fs::metadata(path) {
            Ok(file) if file.is_file() && file.len() > 0 => {}
            Ok(_) => return Err(none("it is empty, or no file")),
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(none("there is no such file")),
            Err(error) => return Err(StoreError::NoAccess { place, why: error.to_string() }),
        }
        let header = |c: &Connection| {
            let number = |pragma: &str| c.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0));
            Ok((number("application_id")?.cast_unsigned(), number("user_version")?.cast_unsigned()))
        };
        let opened = Connections::open(path, Patience::default())
            .and_then(|connections| Ok((connections.read("reading the header", header)?, connections)));
        match opened {
            Ok(((APPLICATION_ID, VERSION), connections)) => Ok(Self { connections }),
            Ok(((APPLICATION_ID, found), _)) => Err(StoreError::TooNew { place, found, known: VERSION }),
            Ok(_) | Err(StoreError::Foreign { .. }) => Err(none("the file is something else")),
            Err(e) => Err(e),
        }
    }

    fn read<T>(
        &self,
        doing: &'static str,
        read: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        self.connections.read(doing, read)
    }
}

fn initialise(connection: &Connection, Head { id, secret }: &Head) -> Result<(), Fault> {
    let transaction = connection.unchecked_transaction()?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.execute_batch(SCHEMA)?;
    transaction.execute("INSERT INTO ring (id, secret, purge) VALUES (?1, ?2, 0)", params![id.0, secret])?;
    Ok(transaction.commit()?)
}

/// Whether the secret is wrapped like this.
fn has_secret(connection: &Connection, secret: &[u8]) -> Result<bool, Fault> {
    Ok(connection.query_row("SELECT secret = ?1 FROM ring", [secret], |row| row.get(0))?)
}

/// Wraps the keys that are there anew, a part at a time; `false` as soon as `anew` gives nothing.
fn rewrap_keys(connection: &Connection, anew: Rewrap<'_>) -> Result<bool, Fault> {
    let mut some = connection.prepare(
        "SELECT id, person, wrapped, going, destroyed_at, number FROM key
          WHERE number > ?1 AND wrapped IS NOT NULL ORDER BY number LIMIT 1000",
    )?;
    let mut put = connection.prepare("UPDATE key SET wrapped = ?2 WHERE number = ?1")?;
    let mut after: i64 = 0;
    loop {
        let rows = some.query_map([after], |row| Ok((row.get::<_, i64>(5)?, key(row)?)))?;
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        let Some((last, _)) = rows.last() else { return Ok(true) };
        after = *last;
        for (number, row) in &rows {
            let Some(wrapped) = anew(row) else { return Ok(false) };
            put.execute(params![number, wrapped])?;
        }
    }
}

fn purge(connection: &Connection) -> Result<i64, Fault> {
    Ok(connection.query_row("SELECT purge FROM ring", [], |row| row.get(0))?)
}

/// A row of `id, person, wrapped, going, destroyed_at`.
fn key(row: &Row<'_>) -> rusqlite::Result<KeyRow> {
    let fate = Fate::of(row.get(4)?, row.get(3)?);
    let (person, wrapped) = (row.get::<_, Option<_>>(1)?.map(PersonHash), row.get::<_, Option<_>>(2)?);
    Ok(KeyRow { id: KeyId(row.get(0)?), person, wrapped: wrapped.unwrap_or_default(), fate })
}

fn newest(connection: &Connection, person: &PersonHash) -> Result<Option<KeyRow>, Fault> {
    let mut select = connection.prepare_cached(
        "SELECT id, person, wrapped, going, destroyed_at FROM key WHERE person = ?1 ORDER BY number DESC LIMIT 1",
    )?;
    Ok(select.query_row([person.0], key).optional()?)
}

impl Rows for KeyringFile {
    fn place(&self) -> &str {
        self.connections.place()
    }

    fn head(&self) -> Result<Head, StoreError> {
        let row = |row: &Row<'_>| Ok(Head { id: KeyringId(row.get(0)?), secret: row.get(1)? });
        self.read("reading the keyring's name", |c| {
            c.query_row("SELECT id, secret FROM ring", [], row).map_err(|why| Fault::damaged("the keyring's name", why))
        })
    }

    fn hold(&self, persons: &[PersonHash], work: &mut dyn FnMut(&[Option<KeyRow>])) -> Result<(), StoreError> {
        self.read("looking up keys", |c| {
            let rows = persons.iter().map(|person| newest(c, person)).collect::<Result<Vec<_>, _>>()?;
            work(&rows);
            Ok(())
        })
    }

    fn find(&self, id: KeyId) -> Result<Option<KeyRow>, StoreError> {
        self.read("looking up a key", |c| {
            let mut select =
                c.prepare_cached("SELECT id, person, wrapped, going, destroyed_at FROM key WHERE id = ?1")?;
            Ok(select.query_row([id.0], key).optional()?)
        })
    }

    fn add(&self, secret: &[u8], keys: &[NewKey]) -> Result<bool, StoreError> {
        self.connections.write_if("writing keys", |c| {
            if !has_secret(c, secret)? {
                return Ok(false);
            }
            let mut add = c.prepare_cached(
                "INSERT INTO key (id, person, wrapped, going) SELECT ?1, ?2, ?3, 0
                  WHERE NOT EXISTS (SELECT 1 FROM key WHERE person = ?2 AND going = 0)",
            )?;
            for NewKey { id, person, wrapped } in keys {
                add.execute(params![id.0, person.0, wrapped])?;
            }
            Ok(true)
        })
    }

    fn rewrap(&self, old: &[u8], new: &[u8], anew: Rewrap<'_>) -> Result<bool, StoreError> {
        let done = self.connections.write_if("wrapping keys anew", |c| {
            if !has_secret(c, old)? || !rewrap_keys(c, anew)? {
                return Ok(false);
            }
            c.execute("UPDATE ring SET secret = ?1, purge = 1", [new])?;
            Ok(true)
        })?;
        if done {
            self.purge()?;
        }
        Ok(done)
    }

    fn begin_going(&self, person: PersonHash) -> Result<Vec<KeyId>, StoreError> {
        self.connections.write("letting keys go", |c| {
            let mut select = c.prepare_cached("UPDATE key SET going = going + 1 WHERE person = ?1 RETURNING id")?;
            let ids = select.query_map([person.0], |row| row.get(0).map(KeyId))?;
            Ok(ids.collect::<Result<_, _>>()?)
        })
    }

    fn take_back(&self, keys: &[KeyId]) -> Result<(), StoreError> {
        self.connections.write("keeping keys", |c| {
            let mut keep = c.prepare_cached("UPDATE key SET going = going - 1 WHERE id = ?1 AND going > 0")?;
            for id in keys {
                keep.execute([id.0])?;
            }
            Ok(())
        })
    }

    fn destroy(&self, keys: &[KeyId], at: Millis) -> Result<(), StoreError> {
        self.connections.write("destroying keys", |c| {
            let mut destroy = c.prepare_cached(
                "UPDATE key SET person = NULL, wrapped = NULL, going = 0, destroyed_at = ?2
                  WHERE id = ?1 AND destroyed_at IS NULL",
            )?;
            for id in keys {
                destroy.execute(params![id.0, at])?;
            }
            c.execute("UPDATE ring SET purge = 1", [])?;
            Ok(())
        })?;
        self.purge()
    }

    /// Rewrites the file, if keys were destroyed or wrapped anew since this was done last: where rows were moved between
    /// pages, their copies may outlive them.
    fn purge(&self) -> Result<(), StoreError> {
        if self.read("looking for old keys", purge)? == 0 {
            return Ok(());
        }
        let doing = "rewriting the keyring";
        self.connections.with_writer(doing, |c| Ok(c.execute_batch("VACUUM")?)).map_err(left_behind)?;
        self.connections.write(doing, |c| {
            c.execute("UPDATE ring SET purge = 0", [])?;
            Ok(())
        })
    }

    fn going(&self) -> Result<Vec<Going>, StoreError> {
        self.read("looking for keys that go", |c| {
            let mut select = c.prepare_cached("SELECT person, id FROM key WHERE going > 0 AND person IS NOT NULL")?;
            let row = |row: &Row<'_>| Ok(Going { person: PersonHash(row.get(0)?), key: KeyId(row.get(1)?) });
            Ok(select.query_map([], row)?.collect::<Result<_, _>>()?)
        })
    }

    fn check(&self) -> Result<Vec<String>, StoreError> {
        self.read("checking the keyring", |c| {
            let mut problems = Vec::new();
            if purge(c)? != 0 {
                problems.push(LEFT.to_owned());
            }
            let mut check = c.prepare("PRAGMA integrity_check")?;
            let found = check.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
            problems.extend(found.into_iter().filter(|line| line != "ok").map(|line| format!("the keyring: {line}")));
            Ok(problems)
        })
    }

    fn copy(&self, file: &Path) -> Result<(), StoreError> {
        new_file(file, true)?;
        let target = file.to_string_lossy();
        let copied = self.connections.with_writer("copying the keyring", |c| {
            c.execute("VACUUM INTO ?1", [target])?;
            Ok(())
        });
        let synced = copied.and_then(|()| {
            let place = file.display().to_string();
            let synced = std::fs::File::open(file).and_then(|copy| copy.sync_all());
            synced.map_err(|e| StoreError::CutShort { place, why: e.to_string() })
        });
        synced.inspect_err(|_| {
            // As above.
            let _ = std::fs::remove_file(file);
        })
    }

    fn remove_unused(&self) -> Result<(), StoreError> {
        let used = self.read("looking for keys", |c| {
            Ok(c.query_row("SELECT EXISTS (SELECT 1 FROM key)", [], |row| row.get::<_, bool>(0))?)
        })?;
        if used {
            return Ok(());
        }
        let place = self.connections.place().to_owned();
        std::fs::remove_file(self.connections.path()).map_err(|e| StoreError::ReadOnly { place, why: e.to_string() })
    }
}
