//! The chains of erasures, one a tenant.

use kithkin_core::{ChainEntry, TenantId, Visit};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::connection::{Fault, sql};

pub(super) fn scan(connection: &Connection, tenant: &TenantId, visit: Visit<'_, ChainEntry>) -> Result<(), Fault> {
    let mut select =
        connection.prepare_cached("SELECT number, at, receipt, link FROM erasure WHERE tenant = ?1 ORDER BY number")?;
    let mut rows = select.query([tenant.as_str()])?;
    while let Some(row) = rows.next()? {
        if visit(decode(tenant, row)?).is_break() {
            break;
        }
    }
    Ok(())
}

pub(super) fn put(connection: &Connection, tenant: &TenantId, entry: &ChainEntry) -> Result<bool, Fault> {
    let mut last = connection.prepare_cached(
        "SELECT number, at, receipt, link FROM erasure WHERE tenant = ?1 ORDER BY number DESC LIMIT 1",
    )?;
    let last = last.query_row([tenant.as_str()], |row| Ok(decode(tenant, row))).optional()?.transpose()?;
    if !entry.follows(last.as_ref(), tenant) {
        return Ok(false);
    }
    let mut add = connection
        .prepare_cached("INSERT INTO erasure (tenant, number, at, receipt, link) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    let ChainEntry { number, at, receipt, link } = entry;
    add.execute(params![tenant.as_str(), sql(*number), at, receipt, link])?;
    Ok(true)
}

fn decode(tenant: &TenantId, row: &Row<'_>) -> Result<ChainEntry, Fault> {
    let read = || -> rusqlite::Result<ChainEntry> {
        Ok(ChainEntry { number: row.get(0)?, at: row.get(1)?, receipt: row.get(2)?, link: row.get(3)? })
    };
    read().map_err(|why| Fault::damaged(format_args!("the chain of erasures of {tenant}"), why))
}
