//! What of a person reached a chat model.

use std::collections::BTreeSet;

use kithkin_core::{Disclosure, Millis, Scope, Spent, StoredDisclosure, Visit};
use rusqlite::{Connection, Row, params};

use super::connection::{Fault, sql};
use super::persons;
use crate::record;

pub(super) fn put(connection: &Connection, scope: &Scope, new: &Disclosure) -> Result<Option<u64>, Fault> {
    if persons::load(connection, scope)?.is_none() {
        return Ok(None);
    }
    let (tenant, person) = (scope.tenant.as_str(), scope.person.as_str());
    let turns = serde_json::to_string(&new.turns).map_err(|why| Fault::damaged("a new disclosure", why))?;
    // The counters of the person are left alone: nothing that is loaded of them has changed.
    let mut add = connection.prepare_cached(
        "INSERT INTO disclosure (tenant, person, id, at, purpose, model, calls, read, said, turns)
         SELECT ?1, ?2, COALESCE(MAX(id), 0) + 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9
           FROM disclosure WHERE tenant = ?1 AND person = ?2
         RETURNING id",
    )?;
    let Spent { calls, read, said } = new.spent;
    let purpose = new.purpose.as_str();
    let row = params![tenant, person, new.at, purpose, new.model, sql(calls), sql(read), sql(said), turns];
    Ok(Some(add.query_row(row, |row| row.get(0))?))
}

/// Writes disclosures that keep their numbers, in the place of those that have them.
pub(super) fn take_over(connection: &Connection, scope: &Scope, noted: &[StoredDisclosure]) -> Result<(), Fault> {
    let mut put = connection.prepare_cached(
        "REPLACE INTO disclosure (tenant, person, id, at, purpose, model, calls, read, said, turns)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    let (tenant, person) = (scope.tenant.as_str(), scope.person.as_str());
    for StoredDisclosure { number, disclosure } in noted {
        let Disclosure { at, purpose, model, turns, spent: Spent { calls, read, said } } = disclosure;
        let turns = serde_json::to_string(turns).map_err(|why| Fault::damaged("a disclosure taken over", why))?;
        let (number, purpose, counts) = (sql(*number), purpose.as_str(), [calls, read, said].map(|count| sql(*count)));
        let [calls, read, said] = counts;
        put.execute(params![tenant, person, number, at, purpose, model, calls, read, said, turns])?;
    }
    Ok(())
}

pub(super) fn end(connection: &Connection, scope: &Scope, ended: &StoredDisclosure) -> Result<(), Fault> {
    let Spent { calls, read, said } = ended.disclosure.spent;
    // The time as well: another person of the same name may have come meanwhile, and begins with the same number.
    let mut update = connection.prepare_cached(
        "UPDATE disclosure SET calls = ?5, read = ?6, said = ?7 WHERE tenant = ?1 AND person = ?2 AND id = ?3 AND at = ?4",
    )?;
    let (tenant, person) = (scope.tenant.as_str(), scope.person.as_str());
    update.execute(params![
        tenant,
        person,
        sql(ended.number),
        ended.disclosure.at,
        sql(calls),
        sql(read),
        sql(said)
    ])?;
    Ok(())
}

pub(super) fn delete(connection: &Connection, scope: &Scope, numbers: &BTreeSet<u64>) -> Result<(), Fault> {
    let mut remove =
        connection.prepare_cached("DELETE FROM disclosure WHERE tenant = ?1 AND person = ?2 AND id = ?3")?;
    for number in numbers {
        remove.execute(params![scope.tenant.as_str(), scope.person.as_str(), number])?;
    }
    Ok(())
}

pub(super) fn scan(
    connection: &Connection,
    scope: &Scope,
    since: Millis,
    visit: Visit<'_, StoredDisclosure>,
) -> Result<(), Fault> {
    let mut select = connection.prepare_cached(
        "SELECT id, at, purpose, model, calls, read, said, turns FROM disclosure
          WHERE tenant = ?1 AND person = ?2 AND at >= ?3 ORDER BY id",
    )?;
    let mut rows = select.query(params![scope.tenant.as_str(), scope.person.as_str(), since])?;
    while let Some(row) = rows.next()? {
        if visit(decode(scope, row)?).is_break() {
            break;
        }
    }
    Ok(())
}

fn decode(scope: &Scope, row: &Row<'_>) -> Result<StoredDisclosure, Fault> {
    let number: u64 = row.get(0)?;
    let read = || -> rusqlite::Result<Result<StoredDisclosure, String>> {
        let (purpose, turns): (String, String) = (row.get(2)?, row.get(7)?);
        let spent = Spent { calls: row.get(4)?, read: row.get(5)?, said: row.get(6)? };
        Ok(record::disclosure(number, row.get(1)?, &purpose, row.get(3)?, spent, &turns))
    };
    let wrong = |why: String| Fault::damaged(format_args!("disclosure {number} of {scope}"), why);
    read().map_err(|why| wrong(why.to_string()))?.map_err(wrong)
}
