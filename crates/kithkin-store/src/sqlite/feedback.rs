//! Feedback: what recalls showed, and what of it was of use.

use std::collections::BTreeSet;
use std::fmt::Display;

use kithkin_core::{Feedback, Scope, StoredFeedback, Visit};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::connection::{Fault, sql};
use super::{persons, vectors};
use crate::counters::{Counters, Stale};
use crate::record::{self, FeedbackRecord};

pub(super) fn put(connection: &Connection, scope: &Scope, new: &Feedback) -> Result<Option<u64>, Fault> {
    let Some(counters) = persons::load(connection, scope)? else { return Ok(None) };
    let number = counters.next_write();
    if new.shown.is_empty() || !insert(connection, scope, number, new)? {
        return Ok(None);
    }
    persons::save(connection, scope, counters.written(Stale::Behind))?;
    Ok(Some(number))
}

/// Writes feedback that keeps its number, and raises the counters to it; whether it follows what is there.
pub(super) fn take_over(
    connection: &Connection,
    scope: &Scope,
    given: &[StoredFeedback],
    counters: &mut Counters,
) -> Result<bool, Fault> {
    let mut last = connection.prepare_cached("SELECT MAX(id) FROM feedback WHERE tenant = ?1 AND person = ?2")?;
    let key = [scope.tenant.as_str(), scope.person.as_str()];
    let mut last: u64 = last.query_row(key, |row| row.get::<_, Option<u64>>(0))?.unwrap_or(0);
    for StoredFeedback { number, feedback } in given {
        if *number <= last || !insert(connection, scope, *number, feedback)? {
            return Ok(false);
        }
        last = *number;
        counters.version = counters.version.max(last);
    }
    Ok(true)
}

/// Writes feedback of this number; not where a turn that it shows is not there.
fn insert(connection: &Connection, scope: &Scope, number: u64, new: &Feedback) -> Result<bool, Fault> {
    let (tenant, person) = (scope.tenant.as_str(), scope.person.as_str());
    let mut has_turn =
        connection.prepare_cached("SELECT 1 FROM turn WHERE tenant = ?1 AND person = ?2 AND seq = ?3")?;
    for shown in &new.shown {
        if !has_turn.exists(params![tenant, person, sql(shown.seq.0)])? {
            return Ok(false);
        }
    }
    let id = sql(number);
    let shown = serde_json::to_string(&new.shown).map_err(|why| Fault::damaged("new feedback", why))?;
    let space = match &new.vector {
        Some(of_question) => vectors::space_to_write(connection, &of_question.space)?,
        None => None,
    };
    let vector = new.vector.as_ref().map(|of_question| {
        let mut bytes = Vec::new();
        record::write_vector(&of_question.vector, &mut bytes);
        bytes
    });
    let mut add = connection.prepare_cached(
        "INSERT INTO feedback (tenant, person, id, asked_at, recorded_at, shown, space, vector, question)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    add.execute(params![tenant, person, id, new.asked_at, new.recorded_at, shown, space, vector, new.question])?;
    let mut link = connection.prepare_cached(
        "INSERT INTO feedback_turn (tenant, person, seq, feedback) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
    )?;
    for shown in &new.shown {
        link.execute(params![tenant, person, sql(shown.seq.0), id])?;
    }
    Ok(true)
}

pub(super) fn scan(
    connection: &Connection,
    scope: &Scope,
    after: u64,
    visit: Visit<'_, StoredFeedback>,
) -> Result<(), Fault> {
    let mut select = connection.prepare_cached(
        "SELECT feedback.id, asked_at, recorded_at, shown, name, vector, question
           FROM feedback LEFT JOIN space ON space.id = feedback.space
          WHERE tenant = ?1 AND person = ?2 AND feedback.id > ?3 ORDER BY feedback.id",
    )?;
    let mut rows = select.query(params![scope.tenant.as_str(), scope.person.as_str(), sql(after)])?;
    while let Some(row) = rows.next()? {
        if visit(decode(scope, row)?).is_break() {
            break;
        }
    }
    Ok(())
}

fn decode(scope: &Scope, row: &Row<'_>) -> Result<StoredFeedback, Fault> {
    let number: u64 = row.get(0)?;
    let columns = || -> rusqlite::Result<FeedbackRecord> {
        Ok(FeedbackRecord {
            number,
            asked_at: row.get(1)?,
            recorded_at: row.get(2)?,
            shown: row.get(3)?,
            space: row.get(4)?,
            vector: row.get(5)?,
            question: row.get(6)?,
        })
    };
    let read = columns().map_err(|why| why.to_string()).and_then(FeedbackRecord::read);
    read.map_err(|why| damaged(scope, number, &why))
}

fn damaged(scope: &Scope, number: u64, why: &dyn Display) -> Fault {
    Fault::damaged(format_args!("feedback {number} of {scope}"), why)
}

/// Deletes feedback, and what links it to the turns that it showed.
pub(super) fn delete(connection: &Connection, scope: &Scope, numbers: &BTreeSet<u64>) -> Result<(), Fault> {
    let (tenant, person) = (scope.tenant.as_str(), scope.person.as_str());
    let mut shown =
        connection.prepare_cached("SELECT shown FROM feedback WHERE tenant = ?1 AND person = ?2 AND id = ?3")?;
    let mut unlink = connection
        .prepare_cached("DELETE FROM feedback_turn WHERE tenant = ?1 AND person = ?2 AND seq = ?3 AND feedback = ?4")?;
    let mut remove = connection.prepare_cached("DELETE FROM feedback WHERE tenant = ?1 AND person = ?2 AND id = ?3")?;
    for number in numbers {
        let json: Option<String> = shown.query_row(params![tenant, person, number], |row| row.get(0)).optional()?;
        let seqs = record::shown(json.as_deref().unwrap_or("[]")).map_err(|why| damaged(scope, *number, &why))?;
        for shown in seqs {
            unlink.execute(params![tenant, person, sql(shown.seq.0), number])?;
        }
        remove.execute(params![tenant, person, number])?;
    }
    Ok(())
}
