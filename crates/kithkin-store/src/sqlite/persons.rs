//! Persons: their counters, the listing, and what each is bound to.

use kithkin_core::{Binding, DerivationId, MethodId, PersonId, PersonSummary, Pulse, Scope, TenantId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::connection::Fault;
use crate::counters::{Counters, Stale};

/// The counters of a person, or those of one that begins now.
pub(super) fn load_or_begin(connection: &Connection, scope: &Scope) -> Result<Counters, Fault> {
    let floor = floor(connection)?;
    Ok(load(connection, scope)?.unwrap_or_else(|| Counters::begin(floor)))
}

/// Writes the counters down.
pub(super) fn save(connection: &Connection, scope: &Scope, counters: Counters) -> Result<(), Fault> {
    let mut put = connection.prepare_cached(
        "INSERT INTO person (tenant, person, last_seq, last_memory, version, epoch) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO UPDATE SET last_seq = ?3, last_memory = ?4, version = ?5, epoch = ?6",
    )?;
    let Counters { last_seq, last_memory, version, epoch } = counters;
    put.execute(params![scope.tenant.as_str(), scope.person.as_str(), last_seq, last_memory, version, epoch])?;
    Ok(())
}

/// The counters of a person; `None` when there is no such person.
pub(super) fn load(connection: &Connection, scope: &Scope) -> Result<Option<Counters>, Fault> {
    let mut get = connection
        .prepare_cached("SELECT last_seq, last_memory, version, epoch FROM person WHERE tenant = ?1 AND person = ?2")?;
    let row = |row: &Row<'_>| {
        Ok(Counters { last_seq: row.get(0)?, last_memory: row.get(1)?, version: row.get(2)?, epoch: row.get(3)? })
    };
    Ok(get.query_row([scope.tenant.as_str(), scope.person.as_str()], row).optional()?)
}

/// Counts a write for a person that exists.
pub(super) fn touch(connection: &Connection, scope: &Scope, stale: Stale) -> Result<(), Fault> {
    save(connection, scope, load_or_begin(connection, scope)?.written(stale))
}

/// The number above which the counters of new persons begin.
pub(super) fn floor(connection: &Connection) -> Result<u64, Fault> {
    meta(connection, "floor")
}

/// A number of the store as a whole.
pub(super) fn meta(connection: &Connection, name: &str) -> Result<u64, Fault> {
    let mut get = connection.prepare_cached("SELECT value FROM meta WHERE name = ?1")?;
    Ok(get.query_row([name], |row| row.get(0))?)
}

/// Sets a number of the store as a whole.
pub(super) fn set_meta(connection: &Connection, name: &str, value: u64) -> Result<(), Fault> {
    connection.prepare_cached("UPDATE meta SET value = ?2 WHERE name = ?1")?.execute(params![name, value])?;
    Ok(())
}

pub(super) fn pulse(connection: &Connection, scope: &Scope) -> Result<Option<Pulse>, Fault> {
    Ok(load(connection, scope)?.map(|counters| counters.pulse()))
}

pub(super) fn tenants(connection: &Connection) -> Result<Vec<TenantId>, Fault> {
    // Each tenant is found by a step in the index of the key; its persons are not gone through.
    let mut next = connection.prepare_cached(
        "SELECT MIN(tenant) FROM (SELECT MIN(tenant) AS tenant FROM person WHERE tenant > ?1
                                  UNION ALL SELECT MIN(tenant) FROM erasure WHERE tenant > ?1)",
    )?;
    let mut tenants: Vec<TenantId> = Vec::new();
    let mut last = String::new();
    while let Some(name) = next.query_row([&last], |row| row.get::<_, Option<String>>(0))? {
        tenants.push(TenantId::new(&name).map_err(|why| Fault::damaged(format_args!("tenant {name:?}"), why))?);
        last = name;
    }
    Ok(tenants)
}

pub(super) fn ids(connection: &Connection, tenant: &TenantId) -> Result<Vec<PersonId>, Fault> {
    let mut names = connection.prepare_cached("SELECT person FROM person WHERE tenant = ?1 ORDER BY person")?;
    let names = names.query_map([tenant.as_str()], |row| row.get::<_, String>(0))?;
    names.map(|name| id(tenant, &name?)).collect()
}

fn id(tenant: &TenantId, name: &str) -> Result<PersonId, Fault> {
    PersonId::new(name).map_err(|why| Fault::damaged(format_args!("person {name:?} of {tenant}"), why))
}

pub(super) fn list(connection: &Connection, tenant: &TenantId) -> Result<Vec<PersonSummary>, Fault> {
    // One person after another: each is a range of the log, and no sort over all persons' turns is needed.
    let mut sum = connection.prepare_cached(
        "SELECT COUNT(*), COUNT(DISTINCT conversation), MIN(said_start), MAX(said_start),
                (SELECT COUNT(*) FROM (SELECT DISTINCT conversation, session FROM turn
                  WHERE tenant = ?1 AND person = ?2 AND replaced_by IS NULL))
           FROM turn WHERE tenant = ?1 AND person = ?2 AND replaced_by IS NULL",
    )?;
    let mut persons = Vec::new();
    for person in ids(connection, tenant)? {
        persons.push(sum.query_row([tenant.as_str(), person.as_str()], |row| {
            let (first, last): (Option<i64>, Option<i64>) = (row.get(2)?, row.get(3)?);
            Ok(PersonSummary {
                person: person.clone(),
                turns: row.get(0)?,
                conversations: row.get(1)?,
                sessions: row.get(4)?,
                span: first.zip(last),
            })
        })?);
    }
    Ok(persons)
}

pub(super) fn binding(connection: &Connection, scope: &Scope) -> Result<Option<Binding>, Fault> {
    let mut get =
        connection.prepare_cached("SELECT method, spec, derivation FROM binding WHERE tenant = ?1 AND person = ?2")?;
    let row = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?));
    let Some((method, spec, derivation)) =
        get.query_row([scope.tenant.as_str(), scope.person.as_str()], row).optional()?
    else {
        return Ok(None);
    };
    let method = MethodId::new(method).map_err(|why| Fault::damaged(format_args!("the binding of {scope}"), why))?;
    Ok(Some(Binding { method, spec, derivation: DerivationId(derivation) }))
}

pub(super) fn bind(connection: &Connection, scope: &Scope, new: &Binding) -> Result<(), Fault> {
    if binding(connection, scope)?.as_ref() == Some(new) {
        return Ok(());
    }
    let mut put = connection.prepare_cached(
        "INSERT INTO binding (tenant, person, method, spec, derivation) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET method = ?3, spec = ?4, derivation = ?5",
    )?;
    put.execute(params![
        scope.tenant.as_str(),
        scope.person.as_str(),
        new.method.as_str(),
        new.spec,
        new.derivation.0
    ])?;
    touch(connection, scope, Stale::Whole)
}
