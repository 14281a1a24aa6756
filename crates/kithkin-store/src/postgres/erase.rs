//! Erasing: which rows go, and how their bytes leave the tables' files.
//!
//! A deleted row stays in its page as a dead one; `VACUUM` makes its room free and leaves its bytes, in pages of indexes as
//! well. So the person's part of each table, one of 16, is rewritten after an erasure (`VACUUM FULL`), which locks that part
//! for as long as it takes. That keeps dead rows which an older transaction of the database may still look at, so it waits
//! for those. What the log of the server (WAL), its archives, replicas and backups hold is the operator's to bound:
//! `docs/how-to/scale-out.md` says how.

use std::time::{Duration, Instant};

use kithkin_core::{Aged, Decided, Erased, Erasure, Millis, Noted, Scope, StoreError};

use super::connection::{Connections, Fault, PATIENCE};
use super::memories::ids;
use super::session::{Session, column, sql};
use super::{chain, feedback, memories, persons, vectors};
use crate::counters::Stale;

/// The tables of persons' data.
const TABLES: [&str; 12] = [
    "turn",
    "session",
    "derived_session",
    "memory",
    "memory_source",
    "vector",
    "embedded",
    "feedback",
    "feedback_turn",
    "disclosure",
    "binding",
    "person",
];

/// What of a person an erasure takes with it.
#[derive(Default)]
struct Doomed {
    turns: Vec<i64>,
    memories: Vec<i64>,
    feedback: Vec<i64>,
    disclosures: Vec<i64>,
}

/// What would be erased.
pub(super) fn count(session: &mut Session, scope: &Scope, what: &Erasure) -> Result<Erased, Fault> {
    session.see(scope)?;
    match doomed(session, scope, what)? {
        Some(doomed) => doomed.count(session, scope),
        None => count_person(session, scope),
    }
}

/// Deletes the rows, and notes that the files have to be purged of them.
pub(super) fn delete(session: &mut Session, scope: &Scope, what: &Erasure) -> Result<Erased, Fault> {
    session.see(scope)?;
    let erased = match doomed(session, scope, what)? {
        Some(doomed) => {
            let erased = doomed.count(session, scope)?;
            if erased.is_nothing() {
                return Ok(erased);
            }
            note(session, scope)?;
            doomed.delete(session, scope)?;
            persons::touch(session, scope, Stale::Whole)?;
            erased
        }
        None => {
            let Some(counters) = persons::load(session, scope)? else { return Ok(Erased::default()) };
            let erased = count_person(session, scope)?;
            note(session, scope)?;
            for table in TABLES {
                let delete = delete_of_table(table);
                session.execute(delete, &[&scope.tenant.as_str(), &scope.person.as_str()])?;
            }
            session.execute(
                "UPDATE meta SET value = $1 WHERE name = 'floor' AND value < $1",
                &[&sql(counters.highest())],
            )?;
            erased
        }
    };
    Ok(erased)
}

/// Notes, in the transaction that deletes, in which part of the tables the person's rows are.
fn note(session: &mut Session, scope: &Scope) -> Result<(), Fault> {
    session.execute(
        "INSERT INTO erased (part, xid)
         SELECT substring(tableoid::regclass::text FROM '[0-9]+$')::smallint, pg_current_xact_id()
           FROM person WHERE tenant = $1 AND person = $2",
        &[&scope.tenant.as_str(), &scope.person.as_str()],
    )?;
    Ok(())
}

/// The same, unless there is a turn that was not read when it was decided upon; noted as the one at this place of the list.
pub(super) fn delete_decided(
    session: &mut Session,
    place: usize,
    decided: &Decided,
    noted: Option<&mut Noted<'_>>,
) -> Result<Option<Erased>, Fault> {
    let Decided { scope, what, upto } = decided;
    let counters = persons::load(session, scope)?;
    if counters.is_some_and(|counters| counters.last_seq > upto.0) {
        return Ok(None);
    }
    let erased = delete(session, scope, what)?;
    if let Some(Noted { at, receipt }) = noted.filter(|_| !erased.is_nothing()) {
        chain::add(session, &scope.tenant, *at, |number| receipt(place, &erased, number))?;
    }
    Ok(Some(erased))
}

/// What `what` takes with it; `None` for all of the person.
fn doomed(session: &mut Session, scope: &Scope, what: &Erasure) -> Result<Option<Doomed>, Fault> {
    let (tenant, person) = (scope.tenant.as_str(), scope.person.as_str());
    let turns = match what {
        Erasure::Turns(keys) | Erasure::Aged(Aged { turns: keys, .. }) => {
            let (turns, conversations): (Vec<&str>, Vec<&str>) =
                keys.iter().map(|key| (key.turn.as_str(), key.conversation.as_str())).unzip();
            session.query(
                "SELECT DISTINCT t.seq FROM unnest($3::text[], $4::text[]) AS k (turn, conversation) CROSS JOIN LATERAL
                 (SELECT seq FROM turn WHERE tenant = $1 AND person = $2 AND turn = k.turn
                     AND conversation = k.conversation) AS t",
                &[&tenant, &person, &turns, &conversations],
            )?
        }
        // With the versions that were told in another session, lest a replaced one become the current one.
        Erasure::Session(sitting) => session.query(
            "SELECT seq FROM turn WHERE tenant = $1 AND person = $2 AND (turn, conversation) IN
             (SELECT turn, conversation FROM turn
               WHERE tenant = $1 AND person = $2 AND conversation = $3 AND session = $4)",
            &[&tenant, &person, &sitting.conversation.as_str(), &sitting.session.as_str()],
        )?,
        Erasure::Conversation(conversation) => session.query(
            "SELECT seq FROM turn WHERE tenant = $1 AND person = $2 AND conversation = $3",
            &[&tenant, &person, &conversation.as_str()],
        )?,
        Erasure::Person => return Ok(None),
    };
    let turns = ids(&turns, scope)?;
    let memories = session.query(
        "SELECT DISTINCT memory FROM memory_source WHERE tenant = $1 AND person = $2 AND seq = ANY ($3)",
        &[&tenant, &person, &turns],
    )?;
    let (feedback_before, disclosures_before) = match what {
        Erasure::Aged(aged) => (aged.feedback_before, aged.disclosures_before),
        _ => (Millis::MIN, Millis::MIN),
    };
    let feedback = session.query(
        "SELECT feedback FROM feedback_turn WHERE tenant = $1 AND person = $2 AND seq = ANY ($3)
         UNION SELECT id FROM feedback WHERE tenant = $1 AND person = $2 AND recorded_at < $4",
        &[&tenant, &person, &turns, &feedback_before],
    )?;
    let disclosures = session.query(
        "SELECT id FROM disclosure WHERE tenant = $1 AND person = $2 AND at < $3",
        &[&tenant, &person, &disclosures_before],
    )?;
    let (memories, feedback) = (ids(&memories, scope)?, ids(&feedback, scope)?);
    Ok(Some(Doomed { turns, memories, feedback, disclosures: ids(&disclosures, scope)? }))
}

/// Deletes memories with their vectors, and marks their sessions as not derived.
pub(super) fn delete_memories(session: &mut Session, scope: &Scope, memories: Vec<i64>) -> Result<(), Fault> {
    Doomed { memories, ..Doomed::default() }.delete(session, scope)
}

impl Doomed {
    fn count(&self, session: &mut Session, scope: &Scope) -> Result<Erased, Fault> {
        let vectors =
            vectors::count_of(session, scope, 0, &self.turns)? + vectors::count_of(session, scope, 1, &self.memories)?;
        let [turns, memories, feedback, disclosures] =
            [&self.turns, &self.memories, &self.feedback, &self.disclosures].map(|gone| gone.len() as u64);
        Ok(Erased { turns, memories, vectors, feedback, disclosures })
    }

    fn delete(&self, session: &mut Session, scope: &Scope) -> Result<(), Fault> {
        let (tenant, person) = (scope.tenant.as_str(), scope.person.as_str());
        session.execute(
            "DELETE FROM derived_session WHERE tenant = $1 AND person = $2 AND (conversation, session) IN
             (SELECT conversation, session FROM turn WHERE tenant = $1 AND person = $2 AND seq = ANY ($3)
              UNION SELECT conversation, session FROM memory WHERE tenant = $1 AND person = $2 AND id = ANY ($4))",
            &[&tenant, &person, &self.turns, &self.memories],
        )?;
        memories::delete(session, scope, &self.memories)?;
        feedback::delete(session, scope, &self.feedback)?;
        session.execute(
            "DELETE FROM disclosure WHERE tenant = $1 AND person = $2 AND id = ANY ($3)",
            &[&tenant, &person, &self.disclosures],
        )?;
        if self.turns.is_empty() {
            return Ok(());
        }
        vectors::delete_of(session, scope, 0, &self.turns)?;
        session.execute(
            "DELETE FROM turn WHERE tenant = $1 AND person = $2 AND seq = ANY ($3)",
            &[&tenant, &person, &self.turns],
        )?;
        session.execute("DELETE FROM session WHERE tenant = $1 AND person = $2", &[&tenant, &person])?;
        session.execute(
            "INSERT INTO session (tenant, person, conversation, session, first_seq, changed_seq)
             SELECT tenant, person, conversation, session, MIN(seq), MAX(GREATEST(seq, COALESCE(replaced_by, 0)))
               FROM turn WHERE tenant = $1 AND person = $2 GROUP BY tenant, person, conversation, session",
            &[&tenant, &person],
        )?;
        Ok(())
    }
}

fn count_person(session: &mut Session, scope: &Scope) -> Result<Erased, Fault> {
    let row = session.first(
        "SELECT (SELECT COUNT(*) FROM turn WHERE tenant = $1 AND person = $2),
                (SELECT COUNT(*) FROM memory WHERE tenant = $1 AND person = $2),
                (SELECT COUNT(*) FROM vector WHERE tenant = $1 AND person = $2),
                (SELECT COUNT(*) FROM feedback WHERE tenant = $1 AND person = $2),
                (SELECT COUNT(*) FROM disclosure WHERE tenant = $1 AND person = $2)",
        &[&scope.tenant.as_str(), &scope.person.as_str()],
    )?;
    let Some(row) = row else { return Ok(Erased::default()) };
    let count = |at| super::session::number(&row, at).map_err(|why| Fault::damaged("a count", why));
    let (turns, memories, vectors) = (count(0)?, count(1)?, count(2)?);
    Ok(Erased { turns, memories, vectors, feedback: count(3)?, disclosures: count(4)? })
}

/// The statement that deletes a person's rows of a table.
fn delete_of_table(table: &'static str) -> &'static str {
    macro_rules! of {
        ($($name:literal)*) => {
            match table {
                $($name => concat!("DELETE FROM ", $name, " WHERE tenant = $1 AND person = $2"),)*
                _ => "",
            }
        };
    }
    of!("turn" "session" "derived_session" "memory" "memory_source" "vector" "embedded" "feedback" "feedback_turn"
        "disclosure" "binding" "person")
}

/// Rewrites the parts of the tables in which something was erased since this was done last.
///
/// # Errors
/// The erasure itself is done whatever this returns; doing it again tries this again.
pub(super) fn purge(connections: &Connections) -> Result<(), StoreError> {
    let doing = "rewriting the tables after an erasure that is done";
    let error = match connections.alone(doing, rewrite) {
        Ok(true) => return Ok(()),
        Ok(false) => None,
        Err(error) => Some(error),
    };
    Err(match error {
        None | Some(StoreError::Busy { .. }) => StoreError::Busy {
            place: format!("{} (what was asked is erased, but its old bytes are still there)", connections.place()),
            waited_ms: u64::try_from(PATIENCE.as_millis()).unwrap_or(u64::MAX),
        },
        // Not as this, which says that the write was taken back.
        Some(StoreError::Full { place }) => {
            StoreError::Engine { place, doing, why: "the disk is full; free some room and erase again".to_owned() }
        }
        Some(other) => other,
    })
}

/// How many erasures' bytes are still in the files.
pub(super) fn waiting(session: &mut Session) -> Result<i64, Fault> {
    let row = session.first("SELECT COUNT(*) FROM erased", &[])?;
    row.map_or(Ok(0), |row| column(&row, 0)).map_err(|why| Fault::damaged("the list of erasures", why))
}

/// Whether the old bytes are gone; not while a transaction may still look at them.
fn rewrite(session: &mut Session) -> Result<bool, Fault> {
    let rows = session.query("SELECT id, part FROM erased", &[])?;
    let read = |row: &tokio_postgres::Row| -> Result<(i64, i16), String> { Ok((column(row, 0)?, column(row, 1)?)) };
    let wrong = |why| Fault::damaged("the list of erasures", why);
    let erased = rows.iter().map(|row| read(row).map_err(wrong)).collect::<Result<Vec<_>, _>>()?;
    let numbers: Vec<i64> = erased.iter().map(|(id, _)| *id).collect();
    if numbers.is_empty() {
        return Ok(true);
    }
    let last = session.first("SELECT MAX(xid)::text FROM erased WHERE id = ANY ($1)", &[&numbers])?;
    let last: Option<String> = last.map(|row| column(&row, 0)).transpose().map_err(wrong)?.flatten();
    if let Some(last) = last
        && !is_unseen(session, &last)?
    {
        return Ok(false);
    }
    let mut parts: Vec<i16> = erased.iter().map(|(_, part)| *part).collect();
    parts.sort_unstable();
    parts.dedup();
    rewrite_parts(session, parts)?;
    session.execute("DELETE FROM erased WHERE id = ANY ($1)", &[&numbers])?;
    Ok(true)
}

/// Rewrites these parts of every table.
pub(super) fn rewrite_parts(session: &mut Session, parts: impl IntoIterator<Item = i16>) -> Result<(), Fault> {
    let rewrite = |part| TABLES.iter().map(move |table| format!("VACUUM (FULL) {table}_{part}"));
    // A large part takes longer than a statement may otherwise.
    session.run_unlimited(parts.into_iter().flat_map(rewrite))
}

/// Whether nobody may still look at what a transaction deleted, after a wait for those who do.
pub(super) fn is_unseen(session: &mut Session, transaction: &str) -> Result<bool, Fault> {
    let is_seen = "SELECT 1 FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid()
            AND backend_xmin IS NOT NULL AND age(backend_xmin) >= age($1::text::xid8::xid) LIMIT 1";
    let deadline = Instant::now() + PATIENCE;
    while session.first(is_seen, &[&transaction])?.is_some() {
        if Instant::now() >= deadline {
            return Ok(false);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(true)
}
