//! What makes a database a store of Kithkin's, and how its schema came about.
//!
//! All tables lie in the schema `kithkin`; its version stands in the table `meta`. A new version is one more file in
//! [`MIGRATIONS`]; files that were released never change. Nodes that start at once migrate one after another.

use kithkin_core::StoreError;

use super::connection::{Connections, Fault};
use super::session::{Session, column};

/// The migrations in order: number `n` leads from version `n` to `n + 1`.
const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/postgres/0001_first.sql"),
    include_str!("../../migrations/postgres/0002_erasure.sql"),
    include_str!("../../migrations/postgres/0003_encryption.sql"),
];

/// The encoding that holds every text.
const UTF8: &str = "UTF8";

/// What is locked while the schema is made or changed: `Kith` in ASCII.
const LOCK: &str = "SELECT pg_advisory_xact_lock(1265202280)";

/// What a database holds.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Found {
    Nothing,
    /// A database that cannot hold every text, of this encoding.
    Encoding(String),
    /// A schema of our name without our table.
    Foreign,
    Version(u32),
}

/// The highest schema version known.
fn known() -> u32 {
    u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX)
}

/// Makes the store in a database that has none.
pub(super) fn create(connections: &Connections) -> Result<(), StoreError> {
    let found = connections.write("creating the schema", [], |session| {
        session.run(LOCK)?;
        let found = find(session)?;
        let encoding = encoding(session)?;
        if encoding != UTF8 {
            return Ok(Found::Encoding(encoding));
        }
        if found == Found::Nothing {
            session.run("CREATE SCHEMA kithkin")?;
            migrate_from(session, 0)?;
        }
        Ok(found)
    })?;
    let place = || connections.place().to_owned();
    match found {
        Found::Nothing => Ok(()),
        Found::Foreign => Err(foreign(connections)),
        Found::Encoding(encoding) => {
            let why =
                format!("its encoding is {encoding}; make one with createdb --encoding=UTF8 --template=template0");
            Err(StoreError::Foreign { place: place(), why })
        }
        Found::Version(_) => Err(StoreError::Exists { place: place() }),
    }
}

/// Brings an existing store up to the current schema, or refuses what is none.
pub(super) fn upgrade(connections: &Connections) -> Result<(), StoreError> {
    let place = || connections.place().to_owned();
    match connections.read("reading the schema", find)? {
        Found::Nothing => Err(StoreError::Absent { place: place() }),
        Found::Foreign | Found::Encoding(_) => Err(foreign(connections)),
        Found::Version(found) if found > known() => Err(StoreError::TooNew { place: place(), found, known: known() }),
        Found::Version(found) if found == known() => Ok(()),
        Found::Version(_) => connections.write("migrating", [], |session| {
            session.run(LOCK)?;
            // Read again under the lock: another node may have migrated it meanwhile.
            match find(session)? {
                Found::Version(version) => migrate_from(session, version),
                _ => Ok(()),
            }
        }),
    }
}

fn foreign(connections: &Connections) -> StoreError {
    let why = "it has a schema named kithkin that is not one of Kithkin's".to_owned();
    StoreError::Foreign { place: connections.place().to_owned(), why }
}

fn find(session: &mut Session) -> Result<Found, Fault> {
    let there = session.first(
        "SELECT to_regnamespace('kithkin') IS NOT NULL, to_regclass('kithkin.meta') IS NOT NULL
            AND to_regclass('kithkin.turn') IS NOT NULL",
        &[],
    )?;
    let wrong = |why| Fault::damaged("the catalogue", why);
    let Some(there) = there else { return Ok(Found::Nothing) };
    match (column(&there, 0).map_err(wrong)?, column(&there, 1).map_err(wrong)?) {
        (false, _) => Ok(Found::Nothing),
        (true, false) => Ok(Found::Foreign),
        (true, true) => Ok(Found::Version(version(session)?)),
    }
}

fn encoding(session: &mut Session) -> Result<String, Fault> {
    let row = session
        .first("SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()", &[])?;
    let wrong = |why| Fault::damaged("the encoding of the database", why);
    row.map_or(Ok(UTF8.to_owned()), |row| column(&row, 0)).map_err(wrong)
}

/// The schema version of a store.
pub(super) fn version(session: &mut Session) -> Result<u32, Fault> {
    let row = session.first("SELECT value FROM kithkin.meta WHERE name = 'schema'", &[])?;
    let wrong = |why: String| Fault::damaged("the schema's version", why);
    let version: i64 = row.map_or(Ok(0), |row| column(&row, 0)).map_err(wrong)?;
    u32::try_from(version).map_err(|_| wrong(format!("{version} is none")))
}

fn migrate_from(session: &mut Session, version: u32) -> Result<(), Fault> {
    // One that goes over tables of many persons may take longer than a statement may otherwise.
    session.run_unlimited(MIGRATIONS.iter().skip(usize::try_from(version).unwrap_or(usize::MAX)))?;
    session.run(&format!("UPDATE meta SET value = {} WHERE name = 'schema'", known().max(version)))
}
