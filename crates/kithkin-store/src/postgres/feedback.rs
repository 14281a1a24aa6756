//! Feedback: what recalls showed, and what of it was of use.

use kithkin_core::{Feedback, Scope, StoredFeedback, Visit};
use tokio_postgres::Row;

use super::connection::Fault;
use super::memories::{all_there, words};
use super::session::{Session, column, number, sql};
use super::{persons, vectors};
use crate::counters::{Counters, Stale};
use crate::record::{self, FeedbackRecord};

pub(super) fn put(session: &mut Session, scope: &Scope, new: &Feedback) -> Result<Option<u64>, Fault> {
    let Some(counters) = persons::load(session, scope)? else { return Ok(None) };
    let number = counters.next_write();
    if new.shown.is_empty() || !insert(session, scope, number, new)? {
        return Ok(None);
    }
    persons::save(session, scope, counters.written(Stale::Behind))?;
    Ok(Some(number))
}

/// Writes feedback that keeps its number, and raises the counters to it; whether it follows what is there.
pub(super) fn take_over(
    session: &mut Session,
    scope: &Scope,
    given: &[StoredFeedback],
    counters: &mut Counters,
) -> Result<bool, Fault> {
    let last = session.first(
        "SELECT COALESCE(MAX(id), 0) FROM feedback WHERE tenant = $1 AND person = $2",
        &[&scope.tenant.as_str(), &scope.person.as_str()],
    )?;
    let wrong = |why| Fault::damaged(format_args!("the feedback of {scope}"), why);
    let mut last = last.map_or(Ok(0), |row| number(&row, 0)).map_err(wrong)?;
    for StoredFeedback { number, feedback } in given {
        if *number <= last || !insert(session, scope, *number, feedback)? {
            return Ok(false);
        }
        last = *number;
        counters.version = counters.version.max(last);
    }
    Ok(true)
}

/// Writes feedback of this number; not where a turn that it shows is not there.
fn insert(session: &mut Session, scope: &Scope, number: u64, new: &Feedback) -> Result<bool, Fault> {
    let (tenant, person, id) = (scope.tenant.as_str(), scope.person.as_str(), sql(number));
    let seqs: Vec<i64> = new.shown.iter().map(|shown| sql(shown.seq.0)).collect();
    if !all_there(session, scope, &seqs)? {
        return Ok(false);
    }
    let shown = serde_json::to_string(&new.shown).map_err(|why| Fault::damaged("new feedback", why))?;
    let space = match &new.vector {
        Some(of_question) => Some(vectors::space_to_write(session, &of_question.space)?),
        None => None,
    };
    let vector = new.vector.as_ref().map(|of_question| {
        let mut bytes = Vec::new();
        record::write_vector(&of_question.vector, &mut bytes);
        bytes
    });
    session.execute(
        "INSERT INTO feedback (tenant, person, id, asked_at, recorded_at, shown, space, vector, question)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[&tenant, &person, &id, &new.asked_at, &new.recorded_at, &shown, &space, &vector, &new.question.as_bytes()],
    )?;
    session.execute(
        "INSERT INTO feedback_turn (tenant, person, feedback, seq)
         SELECT $1, $2, $3, * FROM unnest($4::bigint[]) ON CONFLICT DO NOTHING",
        &[&tenant, &person, &id, &seqs],
    )?;
    Ok(true)
}

pub(super) fn scan(
    session: &mut Session,
    scope: &Scope,
    after: u64,
    visit: Visit<'_, StoredFeedback>,
) -> Result<(), Fault> {
    session.see(scope)?;
    let scanned = session.each(
        "SELECT feedback.id, asked_at, recorded_at, shown, name, vector, question
           FROM feedback LEFT JOIN space ON space.id = feedback.space
          WHERE tenant = $1 AND person = $2 AND feedback.id > $3 ORDER BY feedback.id",
        &[&scope.tenant.as_str(), &scope.person.as_str(), &sql(after)],
        |row| Ok(visit(decode(scope, row)?)),
    );
    scanned.map(drop)
}

fn decode(scope: &Scope, row: &Row) -> Result<StoredFeedback, Fault> {
    let record = || -> Result<FeedbackRecord, String> {
        Ok(FeedbackRecord {
            number: number(row, 0)?,
            asked_at: column(row, 1)?,
            recorded_at: column(row, 2)?,
            shown: column(row, 3)?,
            space: column(row, 4)?,
            vector: column(row, 5)?,
            question: words(row, 6)?,
        })
    };
    let id = number(row, 0).unwrap_or_default();
    let read = record().and_then(FeedbackRecord::read);
    read.map_err(|why| Fault::damaged(format_args!("feedback {id} of {scope}"), why))
}

/// Deletes feedback, and what links it to the turns that it showed.
pub(super) fn delete(session: &mut Session, scope: &Scope, numbers: &[i64]) -> Result<(), Fault> {
    let (tenant, person) = (scope.tenant.as_str(), scope.person.as_str());
    session.execute(
        "DELETE FROM feedback_turn WHERE tenant = $1 AND person = $2 AND feedback = ANY ($3)",
        &[&tenant, &person, &numbers],
    )?;
    session.execute(
        "DELETE FROM feedback WHERE tenant = $1 AND person = $2 AND id = ANY ($3)",
        &[&tenant, &person, &numbers],
    )?;
    Ok(())
}
