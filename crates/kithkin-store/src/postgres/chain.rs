//! The chains of erasures, one a tenant.

use kithkin_core::{ChainEntry, Millis, StoreError, TenantId, Visit};
use tokio_postgres::Row;

use super::connection::Fault;
use super::session::{Session, column, number, sql};

pub(super) fn scan(session: &mut Session, tenant: &TenantId, visit: Visit<'_, ChainEntry>) -> Result<(), Fault> {
    let select = "SELECT number, at, receipt, link FROM erasure WHERE tenant = $1 ORDER BY number";
    session.each(select, &[&tenant.as_str()], |row| Ok(visit(decode(tenant, row)?))).map(drop)
}

pub(super) fn end(session: &mut Session, tenant: &TenantId) -> Result<Option<ChainEntry>, Fault> {
    let select = "SELECT number, at, receipt, link FROM erasure WHERE tenant = $1 ORDER BY number DESC LIMIT 1";
    session.first(select, &[&tenant.as_str()])?.map(|row| decode(tenant, &row)).transpose()
}

/// Adds an entry of its own number, with the hash of a receipt that names it.
pub(super) fn add(
    session: &mut Session,
    tenant: &TenantId,
    at: Millis,
    receipt: impl FnOnce(u64) -> Result<[u8; 32], StoreError>,
) -> Result<(), Fault> {
    lock(session)?;
    let last = end(session, tenant)?;
    let receipt = receipt(ChainEntry::number_after(last.as_ref())).map_err(Fault::Told)?;
    insert(session, tenant, &ChainEntry::after(last.as_ref(), tenant, at, receipt))
}

/// Two nodes add one after another, whatever the tenant: erasures are rare.
fn lock(session: &mut Session) -> Result<(), Fault> {
    session.run("LOCK TABLE erasure IN EXCLUSIVE MODE")
}

pub(super) fn put(session: &mut Session, tenant: &TenantId, entry: &ChainEntry) -> Result<bool, Fault> {
    lock(session)?;
    if !entry.follows(end(session, tenant)?.as_ref(), tenant) {
        return Ok(false);
    }
    insert(session, tenant, entry).map(|()| true)
}

fn insert(session: &mut Session, tenant: &TenantId, entry: &ChainEntry) -> Result<(), Fault> {
    let ChainEntry { number, at, receipt, link } = entry;
    session.execute(
        "INSERT INTO erasure (tenant, number, at, receipt, link) VALUES ($1, $2, $3, $4, $5)",
        &[&tenant.as_str(), &sql(*number), at, &receipt.as_slice(), &link.as_slice()],
    )?;
    Ok(())
}

fn decode(tenant: &TenantId, row: &Row) -> Result<ChainEntry, Fault> {
    let hash = |at| -> Result<[u8; 32], String> {
        column::<&[u8]>(row, at)?.try_into().map_err(|_| "a hash has 32 bytes".to_owned())
    };
    let read = || -> Result<ChainEntry, String> {
        Ok(ChainEntry { number: number(row, 0)?, at: column(row, 1)?, receipt: hash(2)?, link: hash(3)? })
    };
    read().map_err(|why| Fault::damaged(format_args!("the chain of erasures of {tenant}"), why))
}
