//! The vectors of turns and memories, each a row of little-endian `f32`.

use std::ops::ControlFlow;

use kithkin_core::{Scope, UnitId, VectorCount, VectorSpace, VisitVector};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Rows, params};

use super::connection::{Fault, sql};
use super::persons;
use crate::counters::Stale;
use crate::record;

/// How a unit is kept.
fn key(unit: UnitId) -> (i64, i64) {
    let (kind, id) = record::unit_key(unit);
    (kind, sql(id))
}

/// The number of a space; `None` when the store has no vector of it.
fn space_number(connection: &Connection, space: &VectorSpace) -> Result<Option<i64>, Fault> {
    let mut get = connection.prepare_cached("SELECT id FROM space WHERE name = ?1")?;
    Ok(get.query_row([&space.0], |row| row.get(0)).optional()?)
}

/// The number of a space, which is given one if it has none.
pub(super) fn space_to_write(connection: &Connection, space: &VectorSpace) -> Result<Option<i64>, Fault> {
    connection.prepare_cached("INSERT INTO space (name) VALUES (?1) ON CONFLICT DO NOTHING")?.execute([&space.0])?;
    space_number(connection, space)
}

pub(super) fn put(
    connection: &Connection,
    scope: &Scope,
    space: &VectorSpace,
    rows: &[(UnitId, &[f32])],
) -> Result<(), Fault> {
    let Some(space) = space_to_write(connection, space)? else { return Ok(()) };
    let add_to = |exists: &str| {
        connection.prepare_cached(&format!(
            "INSERT INTO vector (tenant, person, space, kind, id, vector) SELECT ?1, ?2, ?3, ?4, ?5, ?6
              WHERE EXISTS ({exists}) ON CONFLICT DO NOTHING"
        ))
    };
    let mut add_turn = add_to("SELECT 1 FROM turn WHERE tenant = ?1 AND person = ?2 AND seq = ?5")?;
    let mut add_memory = add_to("SELECT 1 FROM memory WHERE tenant = ?1 AND person = ?2 AND id = ?5")?;
    let mut replace = connection.prepare_cached(
        "UPDATE vector SET vector = ?6
          WHERE tenant = ?1 AND person = ?2 AND space = ?3 AND kind = ?4 AND id = ?5 AND vector <> ?6",
    )?;
    let (mut added, mut replaced) = (0, 0);
    let mut bytes = Vec::new();
    for (unit, vector) in rows {
        record::write_vector_short(vector, &mut bytes);
        let add: &mut CachedStatement<'_> =
            if matches!(unit, UnitId::Turn(_)) { &mut add_turn } else { &mut add_memory };
        let (kind, id) = key(*unit);
        let row = params![scope.tenant.as_str(), scope.person.as_str(), space, kind, id, bytes];
        match add.execute(row)? {
            0 => replaced += replace.execute(row)?,
            new => added += new,
        }
    }
    for kind in [0, 1] {
        if added > 0 && rows.iter().any(|(unit, _)| key(*unit).0 == kind) {
            raise_embedded(connection, scope, space, kind)?;
        }
    }
    match (added, replaced) {
        (0, 0) => Ok(()),
        (_, 0) => persons::touch(connection, scope, Stale::Behind),
        _ => persons::touch(connection, scope, Stale::Whole),
    }
}

pub(super) fn scan(
    connection: &Connection,
    scope: &Scope,
    space: &VectorSpace,
    after_seq: u64,
    visit: VisitVector<'_>,
) -> Result<(), Fault> {
    let Some(space) = space_number(connection, space)? else { return Ok(()) };
    let mut select = connection.prepare_cached(
        "SELECT id, vector FROM vector
          WHERE tenant = ?1 AND person = ?2 AND space = ?3 AND kind = ?4 AND id > ?5 ORDER BY id",
    )?;
    for (kind, after) in [(0, sql(after_seq)), (1, 0)] {
        let rows = select.query(params![scope.tenant.as_str(), scope.person.as_str(), space, kind, after])?;
        if visit_rows(rows, scope, kind, visit)?.is_break() {
            break;
        }
    }
    Ok(())
}

fn visit_rows(mut rows: Rows<'_>, scope: &Scope, kind: i64, visit: VisitVector<'_>) -> Result<ControlFlow<()>, Fault> {
    let mut vector = Vec::new();
    while let Some(row) = rows.next()? {
        let unit = record::unit(kind, row.get(0)?);
        let wrong = |why: &str| Fault::damaged(format_args!("{} of {scope}", record::unit_name(unit)), why);
        let bytes = row.get_ref(1)?.as_blob().map_err(|why| wrong(&why.to_string()))?;
        record::read_vector(bytes, &mut vector).map_err(wrong)?;
        if visit((unit, &vector)).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// The units of a kind, above a number, that need a vector of a space and have none; in order.
fn missing_query(kind: i64) -> String {
    let (units, id) = if kind == 0 { ("turn", "seq") } else { ("memory", "id") };
    let current = if kind == 0 { "AND replaced_by IS NULL" } else { "" };
    format!(
        "SELECT {id} FROM {units} AS unit WHERE tenant = ?1 AND person = ?2 AND {id} > ?4 {current} AND NOT EXISTS
         (SELECT 1 FROM vector WHERE tenant = ?1 AND person = ?2 AND space = ?3 AND kind = {kind} AND id = unit.{id})
         ORDER BY {id}"
    )
}

/// Up to which number all units of a kind are known to have their vectors.
fn embedded(connection: &Connection, scope: &Scope, space: i64, kind: i64) -> Result<i64, Fault> {
    let mut get = connection
        .prepare_cached("SELECT upto FROM embedded WHERE tenant = ?1 AND person = ?2 AND space = ?3 AND kind = ?4")?;
    let row = params![scope.tenant.as_str(), scope.person.as_str(), space, kind];
    Ok(get.query_row(row, |row| row.get(0)).optional()?.unwrap_or(0))
}

/// Notes how far the vectors of a kind now reach without a gap. What one call looks at, the next need not.
fn raise_embedded(connection: &Connection, scope: &Scope, space: i64, kind: i64) -> Result<(), Fault> {
    let (tenant, person) = (scope.tenant.as_str(), scope.person.as_str());
    let from = embedded(connection, scope, space, kind)?;
    let mut first = connection.prepare_cached(&format!("{} LIMIT 1", missing_query(kind)))?;
    let missing: Option<i64> = first.query_row(params![tenant, person, space, from], |row| row.get(0)).optional()?;
    let upto = match missing {
        Some(missing) => missing - 1,
        None => {
            let last = if kind == 0 { "last_seq" } else { "last_memory" };
            let last = format!("SELECT {last} FROM person WHERE tenant = ?1 AND person = ?2");
            connection.prepare_cached(&last)?.query_row([tenant, person], |row| row.get(0)).optional()?.unwrap_or(0)
        }
    };
    if upto > from {
        let mut note = connection.prepare_cached("REPLACE INTO embedded VALUES (?1, ?2, ?3, ?4, ?5)")?;
        note.execute(params![tenant, person, space, kind, upto])?;
    }
    Ok(())
}

pub(super) fn missing(
    connection: &Connection,
    scope: &Scope,
    space: &VectorSpace,
    visit: &mut dyn FnMut(UnitId) -> ControlFlow<()>,
) -> Result<(), Fault> {
    // No space has the number 0, so for an unknown one every vector is missing.
    let space = space_number(connection, space)?.unwrap_or(0);
    for kind in [0, 1] {
        let upto = embedded(connection, scope, space, kind)?;
        let mut select = connection.prepare_cached(&missing_query(kind))?;
        let mut rows = select.query(params![scope.tenant.as_str(), scope.person.as_str(), space, upto])?;
        while let Some(row) = rows.next()? {
            if visit(record::unit(kind, row.get(0)?)).is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The units with a vector that cannot be read back.
pub(super) fn damaged(connection: &Connection, scope: &Scope) -> Result<Vec<UnitId>, Fault> {
    let mut select =
        connection.prepare_cached("SELECT kind, id, vector FROM vector WHERE tenant = ?1 AND person = ?2")?;
    let mut rows = select.query([scope.tenant.as_str(), scope.person.as_str()])?;
    let (mut damaged, mut vector) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next()? {
        if row.get_ref(2)?.as_blob().map_or(true, |bytes| record::read_vector(bytes, &mut vector).is_err()) {
            damaged.push(record::unit(row.get(0)?, row.get(1)?));
        }
    }
    Ok(damaged)
}

/// Forgets how far the vectors reach, so that all that is missing is looked for.
pub(super) fn forget_reach(connection: &Connection, scope: &Scope) -> Result<(), Fault> {
    let mut delete = connection.prepare_cached("DELETE FROM embedded WHERE tenant = ?1 AND person = ?2")?;
    delete.execute([scope.tenant.as_str(), scope.person.as_str()])?;
    Ok(())
}

pub(super) fn counts(connection: &Connection, scope: &Scope) -> Result<Vec<VectorCount>, Fault> {
    let mut select = connection.prepare_cached(
        "SELECT name, SUM(kind = 0), SUM(kind = 1) FROM vector JOIN space ON space.id = vector.space
          WHERE tenant = ?1 AND person = ?2 GROUP BY name ORDER BY name",
    )?;
    let counts = select.query_map([scope.tenant.as_str(), scope.person.as_str()], |row| {
        Ok(VectorCount { space: VectorSpace(row.get(0)?), turns: row.get(1)?, memories: row.get(2)? })
    })?;
    Ok(counts.collect::<Result<_, _>>()?)
}

pub(super) fn drop_others(connection: &Connection, scope: &Scope, keep: &VectorSpace) -> Result<u64, Fault> {
    // Naming the spaces makes each a range of the key, so that the vectors to keep are not read.
    let delete = |table: &str| -> Result<usize, Fault> {
        let mut delete = connection.prepare_cached(&format!(
            "DELETE FROM {table} WHERE tenant = ?1 AND person = ?2 AND space IN (SELECT id FROM space WHERE name <> ?3)"
        ))?;
        Ok(delete.execute([scope.tenant.as_str(), scope.person.as_str(), &keep.0])?)
    };
    delete("embedded")?;
    let gone = delete("vector")?;
    if gone > 0 {
        persons::touch(connection, scope, Stale::Whole)?;
    }
    Ok(gone as u64)
}

/// How many vectors, of every space, a unit has.
pub(super) fn count_of(connection: &Connection, scope: &Scope, unit: UnitId) -> Result<u64, Fault> {
    let mut count = connection.prepare_cached(
        "SELECT COUNT(*) FROM vector
          WHERE tenant = ?1 AND person = ?2 AND space IN (SELECT id FROM space) AND kind = ?3 AND id = ?4",
    )?;
    let (kind, id) = key(unit);
    Ok(count.query_row(params![scope.tenant.as_str(), scope.person.as_str(), kind, id], |row| row.get(0))?)
}

/// Deletes the vectors, of every space, of a unit.
pub(super) fn delete_of(connection: &Connection, scope: &Scope, unit: UnitId) -> Result<(), Fault> {
    let mut delete = connection.prepare_cached(
        "DELETE FROM vector
          WHERE tenant = ?1 AND person = ?2 AND space IN (SELECT id FROM space) AND kind = ?3 AND id = ?4",
    )?;
    let (kind, id) = key(unit);
    delete.execute(params![scope.tenant.as_str(), scope.person.as_str(), kind, id])?;
    Ok(())
}
