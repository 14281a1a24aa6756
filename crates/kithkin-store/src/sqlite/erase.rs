//! Erasing: which rows go, and how their bytes leave the files.
//!
//! `secure_delete` alone does not do it. It overwrites a deleted row, but when SQLite moves rows between pages to
//! balance a tree it may leave copies of them in the unused middle of a page, and these outlive the row. So the file is
//! rewritten after an erasure, which takes time in proportion to the whole store and, meanwhile, room for two copies.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use kithkin_core::{Aged, Decided, Erased, Erasure, MemoryId, Millis, Noted, Scope, Seq, StoreError, UnitId};
use rusqlite::{Connection, Row, params};

use super::connection::{Connections, Fault};
use super::{chain, disclosures, feedback, memories, persons, vectors};
use crate::counters::Stale;

/// How long one attempt to empty the log waits, so that writers get their turn between two attempts.
const ATTEMPT: Duration = Duration::from_millis(200);

/// What of a person an erasure takes with it.
#[derive(Default)]
struct Doomed {
    turns: BTreeSet<u64>,
    memories: BTreeSet<u64>,
    feedback: BTreeSet<u64>,
    disclosures: BTreeSet<u64>,
}

/// What would be erased.
pub(super) fn count(connection: &Connection, scope: &Scope, what: &Erasure) -> Result<Erased, Fault> {
    match doomed(connection, scope, what)? {
        Some(doomed) => doomed.count(connection, scope),
        None => count_person(connection, scope),
    }
}

/// Deletes the rows, and notes that the files have to be purged of them.
pub(super) fn delete(connection: &Connection, scope: &Scope, what: &Erasure) -> Result<Erased, Fault> {
    let erased = match doomed(connection, scope, what)? {
        Some(doomed) => {
            let erased = doomed.count(connection, scope)?;
            if erased.is_nothing() {
                return Ok(erased);
            }
            doomed.delete(connection, scope)?;
            persons::touch(connection, scope, Stale::Whole)?;
            erased
        }
        None => {
            let Some(counters) = persons::load(connection, scope)? else { return Ok(Erased::default()) };
            let erased = count_person(connection, scope)?;
            delete_person(connection, scope)?;
            let floor = persons::floor(connection)?.max(counters.highest());
            persons::set_meta(connection, "floor", floor)?;
            erased
        }
    };
    let mark = persons::meta(connection, "purge")?;
    persons::set_meta(connection, "purge", (mark | 1) + 2)?;
    Ok(erased)
}

/// The same, unless there is a turn that was not read when it was decided upon; noted as the one at this place of the list.
pub(super) fn delete_decided(
    connection: &Connection,
    place: usize,
    decided: &Decided,
    noted: Option<&mut Noted<'_>>,
) -> Result<Option<Erased>, Fault> {
    let Decided { scope, what, upto } = decided;
    let counters = persons::load(connection, scope)?;
    if counters.is_some_and(|counters| counters.last_seq > upto.0) {
        return Ok(None);
    }
    let erased = delete(connection, scope, what)?;
    if let Some(Noted { at, receipt }) = noted.filter(|_| !erased.is_nothing()) {
        chain::add(connection, &scope.tenant, *at, |number| receipt(place, &erased, number))?;
    }
    Ok(Some(erased))
}

/// The mark of the last erasure whose bytes are still in the files: a number that no other has had, and odd; once they are
/// gone it is the next even one.
pub(super) fn mark(connection: &Connection) -> Result<Option<u64>, Fault> {
    Ok(Some(persons::meta(connection, "purge")?).filter(|mark| mark % 2 == 1))
}

/// Notes that the bytes of all erasures up to this mark are gone.
pub(super) fn unmark(connection: &Connection, mark: u64) -> Result<(), Fault> {
    // What another has erased meanwhile may be there still: that one has a mark of its own.
    if persons::meta(connection, "purge")? == mark {
        persons::set_meta(connection, "purge", mark + 1)?;
    }
    Ok(())
}

/// What `what` takes with it; `None` for all of the person.
fn doomed(connection: &Connection, scope: &Scope, what: &Erasure) -> Result<Option<Doomed>, Fault> {
    let mut turns = BTreeSet::new();
    let (mut feedback, mut disclosures) = (BTreeSet::new(), BTreeSet::new());
    if let Erasure::Aged(aged) = what {
        let select = "SELECT id FROM feedback WHERE tenant = ?1 AND person = ?2 AND recorded_at < ?3";
        feedback = older(connection, scope, select, aged.feedback_before)?;
        let select = "SELECT id FROM disclosure WHERE tenant = ?1 AND person = ?2 AND at < ?3";
        disclosures = older(connection, scope, select, aged.disclosures_before)?;
    }
    match what {
        Erasure::Turns(keys) | Erasure::Aged(Aged { turns: keys, .. }) => {
            for key in keys {
                let find = "AND turn = ?3 AND conversation = ?4";
                select_turns(connection, scope, find, &[key.turn.as_str(), key.conversation.as_str()], &mut turns)?;
            }
        }
        // With the versions that were told in another session, lest a replaced one become the current one.
        Erasure::Session(session) => {
            let find = "AND (turn, conversation) IN (SELECT turn, conversation FROM turn
                         WHERE tenant = ?1 AND person = ?2 AND conversation = ?3 AND session = ?4)";
            let session = [session.conversation.as_str(), session.session.as_str()];
            select_turns(connection, scope, find, &session, &mut turns)?;
        }
        Erasure::Conversation(conversation) => {
            select_turns(connection, scope, "AND conversation = ?3", &[conversation.as_str()], &mut turns)?;
        }
        Erasure::Person => return Ok(None),
    }
    let memories = led_to(connection, scope, &turns, "SELECT memory FROM memory_source")?;
    feedback.extend(led_to(connection, scope, &turns, "SELECT feedback FROM feedback_turn")?);
    Ok(Some(Doomed { turns, memories, feedback, disclosures }))
}

/// What `select` names of the person for a time.
fn older(connection: &Connection, scope: &Scope, select: &str, before: Millis) -> Result<BTreeSet<u64>, Fault> {
    let mut select = connection.prepare_cached(select)?;
    let rows = select.query_map(params![scope.tenant.as_str(), scope.person.as_str(), before], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What `select`, the head of a query, names for the turns.
fn led_to(connection: &Connection, scope: &Scope, turns: &BTreeSet<u64>, select: &str) -> Result<BTreeSet<u64>, Fault> {
    let mut found = BTreeSet::new();
    let mut select = connection.prepare_cached(&format!("{select} WHERE tenant = ?1 AND person = ?2 AND seq = ?3"))?;
    for seq in turns {
        let rows = select.query_map(params![scope.tenant.as_str(), scope.person.as_str(), seq], |row| row.get(0))?;
        for number in rows {
            found.insert(number?);
        }
    }
    Ok(found)
}

fn select_turns(
    connection: &Connection,
    scope: &Scope,
    condition: &str,
    values: &[&str],
    into: &mut BTreeSet<u64>,
) -> Result<(), Fault> {
    let select = format!("SELECT seq FROM turn WHERE tenant = ?1 AND person = ?2 {condition}");
    let values = [scope.tenant.as_str(), scope.person.as_str()].into_iter().chain(values.iter().copied());
    let mut select = connection.prepare_cached(&select)?;
    for seq in select.query_map(rusqlite::params_from_iter(values), |row| row.get(0))? {
        into.insert(seq?);
    }
    Ok(())
}

/// Deletes memories with their vectors, and marks their sessions as not derived.
pub(super) fn delete_memories(connection: &Connection, scope: &Scope, memories: BTreeSet<u64>) -> Result<(), Fault> {
    Doomed { memories, ..Doomed::default() }.delete(connection, scope)
}

impl Doomed {
    fn units(&self) -> impl Iterator<Item = UnitId> {
        let turns = self.turns.iter().map(|seq| UnitId::Turn(Seq(*seq)));
        turns.chain(self.memories.iter().map(|id| UnitId::Memory(MemoryId(*id))))
    }

    fn count(&self, connection: &Connection, scope: &Scope) -> Result<Erased, Fault> {
        let mut vectors = 0;
        for unit in self.units() {
            vectors += vectors::count_of(connection, scope, unit)?;
        }
        let [turns, memories, feedback, disclosures] =
            [&self.turns, &self.memories, &self.feedback, &self.disclosures].map(|gone| gone.len() as u64);
        Ok(Erased { turns, memories, vectors, feedback, disclosures })
    }

    fn delete(&self, connection: &Connection, scope: &Scope) -> Result<(), Fault> {
        let (tenant, person) = (scope.tenant.as_str(), scope.person.as_str());
        for (table, id, gone) in [("turn", "seq", &self.turns), ("memory", "id", &self.memories)] {
            let mut unmark = connection.prepare_cached(&format!(
                "DELETE FROM derived_session WHERE tenant = ?1 AND person = ?2 AND (conversation, session) IN
                 (SELECT conversation, session FROM {table} WHERE tenant = ?1 AND person = ?2 AND {id} = ?3)"
            ))?;
            for number in gone {
                unmark.execute(params![tenant, person, number])?;
            }
        }
        let memories: Vec<u64> = self.memories.iter().copied().collect();
        memories::delete(connection, scope, &memories)?;
        feedback::delete(connection, scope, &self.feedback)?;
        disclosures::delete(connection, scope, &self.disclosures)?;
        if self.turns.is_empty() {
            return Ok(());
        }
        let mut remove =
            connection.prepare_cached("DELETE FROM turn WHERE tenant = ?1 AND person = ?2 AND seq = ?3")?;
        for seq in &self.turns {
            vectors::delete_of(connection, scope, UnitId::Turn(Seq(*seq)))?;
            remove.execute(params![tenant, person, seq])?;
        }
        connection
            .prepare_cached("DELETE FROM session WHERE tenant = ?1 AND person = ?2")?
            .execute([tenant, person])?;
        let mut sessions = connection.prepare_cached(
            "INSERT INTO session (tenant, person, conversation, session, first_seq, changed_seq)
             SELECT tenant, person, conversation, session, MIN(seq), MAX(MAX(seq, COALESCE(replaced_by, 0)))
               FROM turn WHERE tenant = ?1 AND person = ?2 GROUP BY tenant, person, conversation, session",
        )?;
        sessions.execute([tenant, person])?;
        Ok(())
    }
}

fn count_person(connection: &Connection, scope: &Scope) -> Result<Erased, Fault> {
    let mut count = connection.prepare_cached(
        "SELECT (SELECT COUNT(*) FROM turn WHERE tenant = ?1 AND person = ?2),
                (SELECT COUNT(*) FROM memory WHERE tenant = ?1 AND person = ?2),
                (SELECT COUNT(*) FROM vector WHERE tenant = ?1 AND person = ?2),
                (SELECT COUNT(*) FROM feedback WHERE tenant = ?1 AND person = ?2),
                (SELECT COUNT(*) FROM disclosure WHERE tenant = ?1 AND person = ?2)",
    )?;
    let row = |row: &Row<'_>| {
        let (turns, memories, vectors) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Erased { turns, memories, vectors, feedback: row.get(3)?, disclosures: row.get(4)? })
    };
    Ok(count.query_row([scope.tenant.as_str(), scope.person.as_str()], row)?)
}

fn delete_person(connection: &Connection, scope: &Scope) -> Result<(), Fault> {
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
    for table in TABLES {
        let delete = format!("DELETE FROM {table} WHERE tenant = ?1 AND person = ?2");
        connection.execute(&delete, [scope.tenant.as_str(), scope.person.as_str()])?;
    }
    Ok(())
}

/// Rewrites the file and empties the log beside it, if something was erased since this was done last.
///
/// # Errors
/// The erasure itself is done whatever this returns; doing it again tries this again.
pub(super) fn purge(connections: &Connections) -> Result<(), StoreError> {
    let Some(mark) = connections.read("looking for erased bytes", mark)? else { return Ok(()) };
    let wait = connections.patience.purge;
    let busy = || StoreError::Busy {
        place: format!("{} (what was asked is erased, but its old bytes are still there)", connections.place()),
        waited_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
    };
    let fault = match rewrite(connections, wait) {
        Ok(true) => return connections.write("noting the purge", |c| unmark(c, mark)),
        Ok(false) => return Err(busy()),
        Err(fault) => fault,
    };
    let doing = "rewriting the file after an erasure that is done";
    Err(match connections.error(doing, fault) {
        StoreError::Busy { .. } => busy(),
        // Not as these, which say that the write was taken back.
        StoreError::Full { place } => {
            StoreError::Engine { place, doing, why: "the disk is full; free some room and erase again".to_owned() }
        }
        StoreError::CutShort { place, why } => StoreError::Engine {
            place,
            doing,
            why: format!("{why}; look at quota and file size limit, and erase again"),
        },
        other => other,
    })
}

/// Rewrites the file; whether the old bytes are gone, which they are not while another connection still reads them.
pub(super) fn rewrite(connections: &Connections, wait: Duration) -> Result<bool, Fault> {
    let deadline = Instant::now() + wait;
    let connection = connections.extra()?;
    // The copy of what remains may be larger than the memory of the machine.
    connection.execute_batch("PRAGMA temp_store = FILE; VACUUM;")?;
    connection.busy_timeout(ATTEMPT.min(wait))?;
    loop {
        let busy: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        if !busy || Instant::now() >= deadline {
            return Ok(!busy);
        }
        // When another process is at the same, SQLite returns at once instead of waiting.
        std::thread::sleep(ATTEMPT / 10);
    }
}
