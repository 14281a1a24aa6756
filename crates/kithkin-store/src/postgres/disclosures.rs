//! What of a person reached a chat model.

use kithkin_core::{Disclosure, Millis, Scope, Spent, StoredDisclosure, Visit};
use tokio_postgres::Row;

use super::connection::Fault;
use super::memories::words;
use super::persons;
use super::session::{Session, column, number, sql};
use crate::record;

pub(super) fn put(session: &mut Session, scope: &Scope, new: &Disclosure) -> Result<Option<u64>, Fault> {
    if persons::load(session, scope)?.is_none() {
        return Ok(None);
    }
    let turns = serde_json::to_string(&new.turns).map_err(|why| Fault::damaged("a new disclosure", why))?;
    let Spent { calls, read, said } = new.spent;
    // The counters of the person are left alone: nothing that is loaded of them has changed.
    let row = session.first(
        "INSERT INTO disclosure (tenant, person, id, at, purpose, model, calls, read, said, turns)
         SELECT $1, $2, COALESCE(MAX(id), 0) + 1, $3, $4, $5, $6, $7, $8, $9
           FROM disclosure WHERE tenant = $1 AND person = $2
         RETURNING id",
        &[
            &scope.tenant.as_str(),
            &scope.person.as_str(),
            &new.at,
            &new.purpose.as_str(),
            &new.model.as_bytes(),
            &sql(calls),
            &sql(read),
            &sql(said),
            &turns,
        ],
    )?;
    let wrong = |why| Fault::damaged(format_args!("a new disclosure of {scope}"), why);
    row.map(|row| number(&row, 0).map_err(wrong)).transpose()
}

/// Writes disclosures that keep their numbers, in the place of those that have them.
pub(super) fn take_over(session: &mut Session, scope: &Scope, noted: &[StoredDisclosure]) -> Result<(), Fault> {
    for StoredDisclosure { number, disclosure } in noted {
        let Disclosure { at, purpose, model, turns, spent: Spent { calls, read, said } } = disclosure;
        let turns = serde_json::to_string(turns).map_err(|why| Fault::damaged("a disclosure taken over", why))?;
        session.execute(
            "INSERT INTO disclosure (tenant, person, id, at, purpose, model, calls, read, said, turns)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             ON CONFLICT (tenant, person, id) DO UPDATE
             SET at = $4, purpose = $5, model = $6, calls = $7, read = $8, said = $9, turns = $10",
            &[
                &scope.tenant.as_str(),
                &scope.person.as_str(),
                &sql(*number),
                at,
                &purpose.as_str(),
                &model.as_bytes(),
                &sql(*calls),
                &sql(*read),
                &sql(*said),
                &turns,
            ],
        )?;
    }
    Ok(())
}

pub(super) fn end(session: &mut Session, scope: &Scope, ended: &StoredDisclosure) -> Result<(), Fault> {
    session.see(scope)?;
    let Spent { calls, read, said } = ended.disclosure.spent;
    // The time as well: another person of the same name may have come meanwhile, and begins with the same number.
    session.execute(
        "UPDATE disclosure SET calls = $5, read = $6, said = $7
          WHERE tenant = $1 AND person = $2 AND id = $3 AND at = $4",
        &[
            &scope.tenant.as_str(),
            &scope.person.as_str(),
            &sql(ended.number),
            &ended.disclosure.at,
            &sql(calls),
            &sql(read),
            &sql(said),
        ],
    )?;
    Ok(())
}

pub(super) fn scan(
    session: &mut Session,
    scope: &Scope,
    since: Millis,
    visit: Visit<'_, StoredDisclosure>,
) -> Result<(), Fault> {
    session.see(scope)?;
    let scanned = session.each(
        "SELECT id, at, purpose, model, calls, read, said, turns FROM disclosure
          WHERE tenant = $1 AND person = $2 AND at >= $3 ORDER BY id",
        &[&scope.tenant.as_str(), &scope.person.as_str(), &since],
        |row| Ok(visit(decode(scope, row)?)),
    );
    scanned.map(drop)
}

fn decode(scope: &Scope, row: &Row) -> Result<StoredDisclosure, Fault> {
    let id = number(row, 0).unwrap_or_default();
    let read = || -> Result<StoredDisclosure, String> {
        let spent = Spent { calls: number(row, 4)?, read: number(row, 5)?, said: number(row, 6)? };
        record::disclosure(number(row, 0)?, column(row, 1)?, column(row, 2)?, words(row, 3)?, spent, column(row, 7)?)
    };
    read().map_err(|why| Fault::damaged(format_args!("disclosure {id} of {scope}"), why))
}
