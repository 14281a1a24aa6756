//! Persons: their counters, the listing, and what each is bound to.

use kithkin_core::{Binding, DerivationId, MethodId, PersonId, PersonSummary, Pulse, Scope, TenantId};
use tokio_postgres::Row;

use super::connection::Fault;
use super::session::{Session, column, number, sql};
use crate::counters::{Counters, Stale};

/// The counters of a person, or those of one that begins now.
pub(super) fn load_or_begin(session: &mut Session, scope: &Scope) -> Result<Counters, Fault> {
    match load(session, scope)? {
        Some(counters) => Ok(counters),
        None => Ok(Counters::begin(floor(session)?)),
    }
}

/// Writes the counters down.
pub(super) fn save(session: &mut Session, scope: &Scope, counters: Counters) -> Result<(), Fault> {
    let Counters { last_seq, last_memory, version, epoch } = counters;
    session.execute(
        "INSERT INTO person (tenant, person, last_seq, last_memory, version, epoch) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (tenant, person) DO UPDATE SET last_seq = $3, last_memory = $4, version = $5, epoch = $6",
        &[
            &scope.tenant.as_str(),
            &scope.person.as_str(),
            &sql(last_seq),
            &sql(last_memory),
            &sql(version),
            &sql(epoch),
        ],
    )?;
    Ok(())
}

/// Counts a write for a person that exists.
pub(super) fn touch(session: &mut Session, scope: &Scope, stale: Stale) -> Result<(), Fault> {
    let counters = load_or_begin(session, scope)?.written(stale);
    save(session, scope, counters)
}

/// The counters of a person; `None` when there is no such person.
pub(super) fn load(session: &mut Session, scope: &Scope) -> Result<Option<Counters>, Fault> {
    session.see(scope)?;
    let row = session.first(
        "SELECT last_seq, last_memory, version, epoch FROM person WHERE tenant = $1 AND person = $2",
        &[&scope.tenant.as_str(), &scope.person.as_str()],
    )?;
    let counters = |row: &Row| -> Result<Counters, String> {
        Ok(Counters {
            last_seq: number(row, 0)?,
            last_memory: number(row, 1)?,
            version: number(row, 2)?,
            epoch: number(row, 3)?,
        })
    };
    row.map(|row| counters(&row).map_err(|why| Fault::damaged(format_args!("the counters of {scope}"), why)))
        .transpose()
}

/// The number above which the counters of new persons begin.
pub(super) fn floor(session: &mut Session) -> Result<u64, Fault> {
    let row = session.first("SELECT value FROM meta WHERE name = 'floor'", &[])?;
    row.map_or(Ok(0), |row| number(&row, 0)).map_err(|why| Fault::damaged("the floor of the counters", why))
}

pub(super) fn pulse(session: &mut Session, scope: &Scope) -> Result<Option<Pulse>, Fault> {
    Ok(load(session, scope)?.map(|counters| counters.pulse()))
}

pub(super) fn tenants(session: &mut Session) -> Result<Vec<TenantId>, Fault> {
    // For this transaction; the policy `listed` says what it opens.
    session.run("SET LOCAL kithkin.lists = 'tenants'")?;
    let rows = session.query("SELECT tenant FROM person UNION SELECT tenant FROM erasure ORDER BY tenant", &[])?;
    let id = |row: &Row| TenantId::new(column::<&str>(row, 0)?).map_err(|why| why.to_string());
    rows.iter().map(|row| id(row).map_err(|why| Fault::damaged("a tenant", why))).collect()
}

pub(super) fn ids(session: &mut Session, tenant: &TenantId) -> Result<Vec<PersonId>, Fault> {
    session.see_tenant(tenant)?;
    let rows = session.query("SELECT person FROM person WHERE tenant = $1 ORDER BY person", &[&tenant.as_str()])?;
    let id = |row: &Row| PersonId::new(column::<&str>(row, 0)?).map_err(|why| why.to_string());
    rows.iter().map(|row| id(row).map_err(|why| Fault::damaged(format_args!("a person of {tenant}"), why))).collect()
}

pub(super) fn list(
    session: &mut Session,
    tenant: &TenantId,
    after: Option<&PersonId>,
    limit: usize,
) -> Result<Vec<PersonSummary>, Fault> {
    // No name is empty, so that all come after the empty one.
    let after = after.map_or("", PersonId::as_str);
    session.see_tenant(tenant)?;
    let rows = session.query(
        "SELECT p.person, s.turns, s.conversations, s.sessions, s.first, s.last
           FROM person AS p CROSS JOIN LATERAL
                (SELECT COUNT(*) AS turns, COUNT(DISTINCT conversation) AS conversations,
                        COUNT(DISTINCT (conversation, session)) AS sessions,
                        MIN(said_start) AS first, MAX(said_start) AS last
                   FROM turn WHERE tenant = $1 AND person = p.person AND replaced_by IS NULL) AS s
          WHERE p.tenant = $1 AND p.person > $2 ORDER BY p.person LIMIT $3",
        &[&tenant.as_str(), &after, &i64::try_from(limit).unwrap_or(i64::MAX)],
    )?;
    let summary = |row: &Row| -> Result<PersonSummary, String> {
        let (first, last): (Option<i64>, Option<i64>) = (column(row, 4)?, column(row, 5)?);
        Ok(PersonSummary {
            person: PersonId::new(column::<&str>(row, 0)?).map_err(|why| why.to_string())?,
            turns: number(row, 1)?,
            conversations: number(row, 2)?,
            sessions: number(row, 3)?,
            span: first.zip(last),
        })
    };
    rows.iter()
        .map(|row| summary(row).map_err(|why| Fault::damaged(format_args!("a person of {tenant}"), why)))
        .collect()
}

pub(super) fn binding(session: &mut Session, scope: &Scope) -> Result<Option<Binding>, Fault> {
    session.see(scope)?;
    let row = session.first(
        "SELECT method, spec, derivation FROM binding WHERE tenant = $1 AND person = $2",
        &[&scope.tenant.as_str(), &scope.person.as_str()],
    )?;
    let binding = |row: &Row| -> Result<Binding, String> {
        let method = MethodId::new(column::<&str>(row, 0)?).map_err(|why| why.to_string())?;
        Ok(Binding { method, spec: column(row, 1)?, derivation: DerivationId(column(row, 2)?) })
    };
    row.map(|row| binding(&row).map_err(|why| Fault::damaged(format_args!("the binding of {scope}"), why))).transpose()
}

pub(super) fn bind(session: &mut Session, scope: &Scope, new: &Binding) -> Result<(), Fault> {
    if binding(session, scope)?.as_ref() == Some(new) {
        return Ok(());
    }
    session.execute(
        "INSERT INTO binding (tenant, person, method, spec, derivation) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (tenant, person) DO UPDATE SET method = $3, spec = $4, derivation = $5",
        &[&scope.tenant.as_str(), &scope.person.as_str(), &new.method.as_str(), &new.spec, &new.derivation.0],
    )?;
    touch(session, scope, Stale::Whole)
}
