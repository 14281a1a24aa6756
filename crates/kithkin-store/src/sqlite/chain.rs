//! The chains of erasures, one a tenant.

use kithkin_core::{ChainEntry, Millis, StoreError, TenantId, Visit};
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

pub(super) fn end(connection: &Connection, tenant: &TenantId) -> Result<Option<ChainEntry>, Fault> {
    let mut last = connection.prepare_cached(
        "SELECT number, at, receipt, link FROM erasure WHERE tenant = ?1 ORDER BY number DESC LIMIT 1",
    )?;
    last.query_row([tenant.as_str()], |row| Ok(decode(tenant, row))).optional()?.transpose()
}

/// Adds an entry of its own number, with the hash of a receipt that names it.
pub(super) fn add(
    connection: &Connection,
    tenant: &TenantId,
    at: Millis,
    receipt: impl FnOnce(u64) -> Result<[u8; 32], StoreError>,
) -> Result<(), Fault> {
    let last = end(connection, tenant)?;
    let receipt = receipt(ChainEntry::number_after(last.as_ref())).map_err(Fault::Told)?;
    insert(connection, tenant, &ChainEntry::after(last.as_ref(), tenant, at, receipt))
}

pub(super) fn put(connection: &Connection, tenant: &TenantId, entry: &ChainEntry) -> Result<bool, Fault> {
    if !entry.follows(end(connection, tenant)?.as_ref(), tenant) {
        return Ok(false);
    }
    insert(connection, tenant, entry).map(|()| true)
}

fn insert(connection: &Connection, tenant: &TenantId, entry: &ChainEntry) -> Result<(), Fault> {
    let mut add = connection
        .prepare_cached("INSERT INTO erasure (tenant, number, at, receipt, link) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    let ChainEntry { number, at, receipt, link } = entry;
    add.execute(params![tenant.as_str(), sql(*number), at, receipt, link])?;
    Ok(())
}

fn decode(tenant: &TenantId, row: &Row<'_>) -> Result<ChainEntry, Fault> {
    let read = || -> rusqlite::Result<ChainEntry> {
        Ok(ChainEntry { number: row.get(0)?, at: row.get(1)?, receipt: row.get(2)?, link: row.get(3)? })
    };
    read().map_err(|why| Fault::damaged(format_args!("the chain of erasures of {tenant}"), why))
}
