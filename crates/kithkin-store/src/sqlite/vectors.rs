//! The vectors of turns and memories, each a row of little-endian `f32`.

use std::ops::ControlFlow;

use kithkin_core::{MemoryId, Scope, Seq, UnitId, VectorCount, VectorSpace};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Rows, params};

use super::connection::{Fault, sql};
use super::persons::{self, Stale};

/// What a scan calls for each vector; the slice lives for one call.
type VisitVector<'a> = &'a mut dyn FnMut((UnitId, &[f32])) -> ControlFlow<()>;

/// How a unit is kept: its kind and its number.
fn key(unit: UnitId) -> (i64, i64) {
    match unit {
        UnitId::Turn(seq) => (0, sql(seq.0)),
        UnitId::Memory(id) => (1, sql(id.0)),
    }
}

fn unit(kind: i64, id: u64) -> UnitId {
    if kind == 0 { UnitId::Turn(Seq(id)) } else { UnitId::Memory(MemoryId(id)) }
}

/// The number of a space; `None` when the store has no vector of it.
fn space_number(connection: &Connection, space: &VectorSpace) -> Result<Option<i64>, Fault> {
    let mut get = connection.prepare_cached("SELECT id FROM space WHERE name = ?1")?;
    Ok(get.query_row([&space.0], |row| row.get(0)).optional()?)
}

pub(super) fn put(
    connection: &Connection,
    scope: &Scope,
    space: &VectorSpace,
    rows: &[(UnitId, &[f32])],
) -> Result<(), Fault> {
    connection.prepare_cached("INSERT INTO space (name) VALUES (?1) ON CONFLICT DO NOTHING")?.execute([&space.0])?;
    let Some(space) = space_number(connection, space)? else { return Ok(()) };
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
        bytes.clear();
        bytes.extend(vector.iter().flat_map(|x| x.to_le_bytes()));
        let add: &mut CachedStatement<'_> =
            if matches!(unit, UnitId::Turn(_)) { &mut add_turn } else { &mut add_memory };
        let (kind, id) = key(*unit);
        let row = params![scope.tenant.as_str(), scope.person.as_str(), space, kind, id, bytes];
        match add.execute(row)? {
            0 => replaced += replace.execute(row)?,
            new => added += new,
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
        let unit = unit(kind, row.get(0)?);
        let wrong = |why: &str| {
            let what = match unit {
                UnitId::Turn(seq) => format!("the vector of turn {seq} of {scope}"),
                UnitId::Memory(id) => format!("the vector of memory {} of {scope}", id.0),
            };
            Fault::damaged(what, why)
        };
        let bytes = row.get_ref(1)?.as_blob().map_err(|why| wrong(&why.to_string()))?;
        let (numbers, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() {
            return Err(wrong("its length is no multiple of 4 bytes"));
        }
        vector.clear();
        vector.extend(numbers.iter().map(|number| f32::from_le_bytes(*number)));
        if visit((unit, &vector)).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

pub(super) fn missing(
    connection: &Connection,
    scope: &Scope,
    space: &VectorSpace,
    visit: &mut dyn FnMut(UnitId) -> ControlFlow<()>,
) -> Result<(), Fault> {
    // No space has the number 0, so for an unknown one every vector is missing.
    let space = space_number(connection, space)?.unwrap_or(0);
    let turns = "SELECT seq FROM turn AS unit WHERE tenant = ?1 AND person = ?2 AND replaced_by IS NULL AND NOT EXISTS
        (SELECT 1 FROM vector WHERE tenant = ?1 AND person = ?2 AND space = ?3 AND kind = 0 AND id = unit.seq)
        ORDER BY seq";
    let memories = "SELECT id FROM memory AS unit WHERE tenant = ?1 AND person = ?2 AND NOT EXISTS
        (SELECT 1 FROM vector WHERE tenant = ?1 AND person = ?2 AND space = ?3 AND kind = 1 AND id = unit.id)
        ORDER BY id";
    for (kind, query) in [(0, turns), (1, memories)] {
        let mut select = connection.prepare_cached(query)?;
        let mut rows = select.query(params![scope.tenant.as_str(), scope.person.as_str(), space])?;
        while let Some(row) = rows.next()? {
            if visit(unit(kind, row.get(0)?)).is_break() {
                return Ok(());
            }
        }
    }
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
    let mut delete = connection.prepare_cached(
        "DELETE FROM vector WHERE tenant = ?1 AND person = ?2 AND space IN (SELECT id FROM space WHERE name <> ?3)",
    )?;
    let gone = delete.execute([scope.tenant.as_str(), scope.person.as_str(), &keep.0])?;
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
