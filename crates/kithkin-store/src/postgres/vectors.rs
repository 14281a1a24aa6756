//! The vectors of turns and memories, each a row of little-endian `f32`.

use std::collections::HashSet;
use std::ops::ControlFlow;

use kithkin_core::{Scope, UnitId, VectorCount, VectorSpace, VisitVector};
use tokio_postgres::Row;

use super::connection::Fault;
use super::memories::ids;
use super::persons;
use super::session::{Session, column, number, sql};
use crate::counters::Stale;
use crate::record;

/// The number of a space; 0, which none has, when the store has no vector of it.
fn space_number(session: &mut Session, space: &VectorSpace) -> Result<i32, Fault> {
    let row = session.first("SELECT id FROM space WHERE name = $1", &[&space.0])?;
    row.map_or(Ok(0), |row| column(&row, 0)).map_err(|why| Fault::damaged("a vector space", why))
}

/// The number of a space, which is given one if it has none.
pub(super) fn space_to_write(session: &mut Session, space: &VectorSpace) -> Result<i32, Fault> {
    match space_number(session, space)? {
        0 => {
            session.execute("INSERT INTO space (name) VALUES ($1) ON CONFLICT DO NOTHING", &[&space.0])?;
            space_number(session, space)
        }
        number => Ok(number),
    }
}

pub(super) fn put(
    session: &mut Session,
    scope: &Scope,
    space: &VectorSpace,
    rows: &[(UnitId, &[f32])],
) -> Result<(), Fault> {
    session.see(scope)?;
    let space = space_to_write(session, space)?;
    let (mut added, mut replaced) = ([0, 0], 0);
    for rows in without_repeats(rows) {
        for kind in [0, 1] {
            let of_kind = rows.iter().filter(|(unit, _)| record::unit_key(*unit).0 == kind);
            let (ids, vectors): (Vec<i64>, Vec<Vec<u8>>) = of_kind
                .map(|(unit, vector)| {
                    let mut bytes = Vec::with_capacity(vector.len() * 4);
                    record::write_vector(vector, &mut bytes);
                    (sql(record::unit_key(*unit).1), bytes)
                })
                .unzip();
            if !ids.is_empty() {
                let (new, other) = put_of_kind(session, scope, space, kind, &ids, &vectors)?;
                added[usize::from(kind == 1)] += new;
                replaced += other;
            }
        }
    }
    for kind in [0, 1] {
        if added.iter().sum::<u64>() > 0 && rows.iter().any(|(unit, _)| record::unit_key(*unit).0 == i64::from(kind)) {
            raise_embedded(session, scope, space, kind)?;
        }
    }
    match (added.iter().sum(), replaced) {
        (0, 0) => Ok(()),
        (_, 0) => persons::touch(session, scope, Stale::Behind),
        _ => persons::touch(session, scope, Stale::Whole),
    }
}

/// The rows in parts, none of which names a unit twice: of two vectors of a unit the second replaces the first.
fn without_repeats<T>(rows: &[(UnitId, T)]) -> Vec<&[(UnitId, T)]> {
    let (mut parts, mut from, mut seen) = (Vec::new(), 0, HashSet::new());
    for (at, (unit, _)) in rows.iter().enumerate() {
        if !seen.insert(*unit) {
            parts.push(&rows[from..at]);
            from = at;
            seen = HashSet::from([*unit]);
        }
    }
    parts.push(&rows[from..]);
    parts
}

/// How many were added, and how many replaced others.
fn put_of_kind(
    session: &mut Session,
    scope: &Scope,
    space: i32,
    kind: i64,
    ids: &[i64],
    vectors: &[Vec<u8>],
) -> Result<(u64, u64), Fault> {
    let (tenant, person) = (scope.tenant.as_str(), scope.person.as_str());
    let add = if kind == 0 {
        "INSERT INTO vector (tenant, person, space, kind, id, vector)
         SELECT $1, $2, $3, 0, u.id, u.vector FROM unnest($4::bigint[], $5::bytea[]) AS u (id, vector)
          WHERE EXISTS (SELECT 1 FROM turn WHERE tenant = $1 AND person = $2 AND seq = u.id) ON CONFLICT DO NOTHING"
    } else {
        "INSERT INTO vector (tenant, person, space, kind, id, vector)
         SELECT $1, $2, $3, 1, u.id, u.vector FROM unnest($4::bigint[], $5::bytea[]) AS u (id, vector)
          WHERE EXISTS (SELECT 1 FROM memory WHERE tenant = $1 AND person = $2 AND id = u.id) ON CONFLICT DO NOTHING"
    };
    let added = session.execute(add, &[&tenant, &person, &space, &ids, &vectors])?;
    if added == ids.len() as u64 {
        return Ok((added, 0));
    }
    let kind = i16::from(kind == 1);
    let replaced = session.execute(
        "UPDATE vector AS v SET vector = u.vector FROM unnest($5::bigint[], $6::bytea[]) AS u (id, vector)
          WHERE v.tenant = $1 AND v.person = $2 AND v.space = $3 AND v.kind = $4 AND v.id = u.id
            AND v.vector <> u.vector",
        &[&tenant, &person, &space, &kind, &ids, &vectors],
    )?;
    Ok((added, replaced))
}

pub(super) fn scan(
    session: &mut Session,
    scope: &Scope,
    space: &VectorSpace,
    after_seq: u64,
    visit: VisitVector<'_>,
) -> Result<(), Fault> {
    session.see(scope)?;
    let space = space_number(session, space)?;
    let mut vector = Vec::new();
    for (kind, after) in [(0, sql(after_seq)), (1, 0)] {
        let going = session.each(
            "SELECT id, vector FROM vector
              WHERE tenant = $1 AND person = $2 AND space = $3 AND kind = $4 AND id > $5 ORDER BY id",
            &[&scope.tenant.as_str(), &scope.person.as_str(), &space, &i16::from(kind == 1), &after],
            |row| {
                let id = number(row, 0).map_err(|why| Fault::damaged(format_args!("a vector of {scope}"), why))?;
                let unit = record::unit(kind, id);
                let read = column::<&[u8]>(row, 1)
                    .and_then(|bytes| record::read_vector(bytes, &mut vector).map_err(str::to_owned));
                read.map_err(|why| Fault::damaged(format_args!("{} of {scope}", record::unit_name(unit)), why))?;
                Ok(visit((unit, &vector)))
            },
        )?;
        if going.is_break() {
            break;
        }
    }
    Ok(())
}

/// The units of a kind, above a number, that need a vector of a space and have none; in order.
macro_rules! missing_of {
    ($kind:literal, $rest:literal) => {
        if $kind == 0 {
            concat!(
                "SELECT seq FROM turn AS unit WHERE tenant = $1 AND person = $2 AND seq > $4 AND replaced_by IS NULL AND
                 NOT EXISTS (SELECT 1 FROM vector WHERE tenant = $1 AND person = $2 AND space = $3 AND kind = 0
                             AND id = unit.seq) ORDER BY seq ",
                $rest
            )
        } else {
            concat!(
                "SELECT id FROM memory AS unit WHERE tenant = $1 AND person = $2 AND id > $4 AND
                 NOT EXISTS (SELECT 1 FROM vector WHERE tenant = $1 AND person = $2 AND space = $3 AND kind = 1
                             AND id = unit.id) ORDER BY id ",
                $rest
            )
        }
    };
}

/// Up to which number all units of a kind are known to have their vectors.
fn embedded(session: &mut Session, scope: &Scope, space: i32, kind: i16) -> Result<i64, Fault> {
    let row = session.first(
        "SELECT upto FROM embedded WHERE tenant = $1 AND person = $2 AND space = $3 AND kind = $4",
        &[&scope.tenant.as_str(), &scope.person.as_str(), &space, &kind],
    )?;
    row.map_or(Ok(0), |row| column(&row, 0)).map_err(|why| Fault::damaged(format_args!("the vectors of {scope}"), why))
}

/// Notes how far the vectors of a kind now reach without a gap. What one call looks at, the next need not.
fn raise_embedded(session: &mut Session, scope: &Scope, space: i32, kind: i16) -> Result<(), Fault> {
    let (tenant, person) = (scope.tenant.as_str(), scope.person.as_str());
    let from = embedded(session, scope, space, kind)?;
    let first = if kind == 0 { missing_of!(0, "LIMIT 1") } else { missing_of!(1, "LIMIT 1") };
    let missing = session.first(first, &[&tenant, &person, &space, &from])?;
    let wrong = |why| Fault::damaged(format_args!("the vectors of {scope}"), why);
    let upto = match missing {
        Some(row) => column::<i64>(&row, 0).map_err(wrong)? - 1,
        None => {
            let counters = persons::load(session, scope)?;
            counters.map_or(0, |counters| sql(if kind == 0 { counters.last_seq } else { counters.last_memory }))
        }
    };
    if upto > from {
        session.execute(
            "INSERT INTO embedded (tenant, person, space, kind, upto) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (tenant, person, space, kind) DO UPDATE SET upto = $5",
            &[&tenant, &person, &space, &kind, &upto],
        )?;
    }
    Ok(())
}

pub(super) fn missing(
    session: &mut Session,
    scope: &Scope,
    space: &VectorSpace,
    visit: &mut dyn FnMut(UnitId) -> ControlFlow<()>,
) -> Result<(), Fault> {
    session.see(scope)?;
    let space = space_number(session, space)?;
    for (kind, select) in [(0, missing_of!(0, "")), (1, missing_of!(1, ""))] {
        let upto = embedded(session, scope, space, i16::from(kind == 1))?;
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
            [&scope.tenant.as_str(), &scope.person.as_str(), &space, &upto];
        let going = session.each(select, &values, |row| {
            let id = number(row, 0).map_err(|why| Fault::damaged(format_args!("a unit of {scope}"), why))?;
            Ok(visit(record::unit(kind, id)))
        })?;
        if going.is_break() {
            break;
        }
    }
    Ok(())
}

/// The turns and the memories with a vector that cannot be read back.
pub(super) fn damaged(session: &mut Session, scope: &Scope) -> Result<(Vec<i64>, Vec<i64>), Fault> {
    let mut of_kind = |kind: i16| {
        let rows = session.query(
            "SELECT id, vector FROM vector WHERE tenant = $1 AND person = $2 AND kind = $3",
            &[&scope.tenant.as_str(), &scope.person.as_str(), &kind],
        )?;
        let mut vector = Vec::new();
        let mut is_damaged =
            |row: &Row| column::<&[u8]>(row, 1).map_or(true, |bytes| record::read_vector(bytes, &mut vector).is_err());
        let damaged: Vec<Row> = rows.into_iter().filter(|row| is_damaged(row)).collect();
        ids(&damaged, scope)
    };
    Ok((of_kind(0)?, of_kind(1)?))
}

/// Forgets how far the vectors reach, so that all that is missing is looked for.
pub(super) fn forget_reach(session: &mut Session, scope: &Scope) -> Result<(), Fault> {
    session.execute(
        "DELETE FROM embedded WHERE tenant = $1 AND person = $2",
        &[&scope.tenant.as_str(), &scope.person.as_str()],
    )?;
    Ok(())
}

pub(super) fn counts(session: &mut Session, scope: &Scope) -> Result<Vec<VectorCount>, Fault> {
    session.see(scope)?;
    let rows = session.query(
        "SELECT name, COUNT(*) FILTER (WHERE kind = 0), COUNT(*) FILTER (WHERE kind = 1)
           FROM vector JOIN space ON space.id = vector.space
          WHERE tenant = $1 AND person = $2 GROUP BY name ORDER BY name",
        &[&scope.tenant.as_str(), &scope.person.as_str()],
    )?;
    let count = |row: &Row| -> Result<VectorCount, String> {
        Ok(VectorCount { space: VectorSpace(column(row, 0)?), turns: number(row, 1)?, memories: number(row, 2)? })
    };
    let wrong = |why| Fault::damaged(format_args!("the vectors of {scope}"), why);
    rows.iter().map(|row| count(row).map_err(wrong)).collect()
}

pub(super) fn drop_others(session: &mut Session, scope: &Scope, keep: &VectorSpace) -> Result<u64, Fault> {
    session.see(scope)?;
    // Naming the spaces makes each a range of the key, so that the vectors to keep are not read.
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
        [&scope.tenant.as_str(), &scope.person.as_str(), &keep.0];
    session.execute(
        "DELETE FROM embedded
          WHERE tenant = $1 AND person = $2 AND space = ANY (ARRAY (SELECT id FROM space WHERE name <> $3))",
        &values,
    )?;
    let gone = session.execute(
        "DELETE FROM vector
          WHERE tenant = $1 AND person = $2 AND space = ANY (ARRAY (SELECT id FROM space WHERE name <> $3))",
        &values,
    )?;
    if gone > 0 {
        persons::touch(session, scope, Stale::Whole)?;
    }
    Ok(gone)
}

/// How many vectors, of every space, units of a kind have.
pub(super) fn count_of(session: &mut Session, scope: &Scope, kind: i16, ids: &[i64]) -> Result<u64, Fault> {
    let row = session.first(
        "SELECT COUNT(*) FROM vector WHERE tenant = $1 AND person = $2 AND space = ANY (ARRAY (SELECT id FROM space))
            AND kind = $3 AND id = ANY ($4)",
        &[&scope.tenant.as_str(), &scope.person.as_str(), &kind, &ids],
    )?;
    row.map_or(Ok(0), |row| number(&row, 0)).map_err(|why| Fault::damaged(format_args!("the vectors of {scope}"), why))
}

/// Deletes the vectors, of every space, of units of a kind.
pub(super) fn delete_of(session: &mut Session, scope: &Scope, kind: i16, ids: &[i64]) -> Result<(), Fault> {
    session.execute(
        "DELETE FROM vector WHERE tenant = $1 AND person = $2 AND space = ANY (ARRAY (SELECT id FROM space))
            AND kind = $3 AND id = ANY ($4)",
        &[&scope.tenant.as_str(), &scope.person.as_str(), &kind, &ids],
    )?;
    Ok(())
}
