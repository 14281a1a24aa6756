//! Memories: what was derived from turns, and up to where.

use std::fmt::Display;

use kithkin_core::{
    ConversationId, DerivationId, DerivedSession, Memory, MemoryId, Scope, Seq, SessionId, SessionRef, StoredMemory,
    UnitId, Visit,
};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::connection::{Fault, sql};
use super::{persons, vectors};
use crate::counters::{Counters, Stale};
use crate::record;

/// The number of a derivation; `None` when the store has no memory of it.
fn derivation_number(connection: &Connection, derivation: &DerivationId) -> Result<Option<i64>, Fault> {
    let mut get = connection.prepare_cached("SELECT id FROM derivation WHERE name = ?1")?;
    Ok(get.query_row([&derivation.0], |row| row.get(0)).optional()?)
}

pub(super) fn stale_sessions(
    connection: &Connection,
    scope: &Scope,
    derivation: &DerivationId,
) -> Result<Vec<SessionRef>, Fault> {
    // No derivation has the number 0, so under an unknown one every session is stale.
    let derivation = derivation_number(connection, derivation)?.unwrap_or(0);
    let mut select = connection.prepare_cached(
        "SELECT s.conversation, s.session FROM session AS s LEFT JOIN derived_session AS d
             ON d.tenant = s.tenant AND d.person = s.person AND d.conversation = s.conversation
            AND d.session = s.session AND d.derivation = ?3
          WHERE s.tenant = ?1 AND s.person = ?2 AND (d.upto IS NULL OR d.upto < s.changed_seq)
          ORDER BY s.first_seq",
    )?;
    let mut rows = select.query(params![scope.tenant.as_str(), scope.person.as_str(), derivation])?;
    let mut sessions = Vec::new();
    while let Some(row) = rows.next()? {
        let wrong = |why: &dyn Display| Fault::damaged(format_args!("a session of {scope}"), why);
        let text = |column: usize| row.get::<_, String>(column).map_err(|why| wrong(&why));
        sessions.push(SessionRef {
            conversation: ConversationId::new(text(0)?).map_err(|why| wrong(&why))?,
            session: SessionId::new(text(1)?).map_err(|why| wrong(&why))?,
        });
    }
    Ok(sessions)
}

pub(super) fn put(
    connection: &Connection,
    scope: &Scope,
    derivation: &DerivationId,
    session: &SessionRef,
    upto: Seq,
    memories: &[Memory],
) -> Result<bool, Fault> {
    if !sources_exist(connection, scope, session, memories)? {
        return Ok(false);
    }
    let floor = persons::floor(connection)?;
    let mut counters = persons::load_or_begin(connection, scope)?;
    let numbered: Vec<_> = memories.iter().map(|memory| (counters.next_memory(floor), memory)).collect();
    let stale = replace(connection, scope, derivation, session, Some(upto), &numbered)?;
    persons::save(connection, scope, counters.written(stale))?;
    Ok(true)
}

/// Writes what was derived from a session in the place of the old, and raises the counters to the numbers, which it keeps;
/// whether they are free and the turns are there. What became stale of the person is noted in `stale`.
pub(super) fn take_over(
    connection: &Connection,
    scope: &Scope,
    derived: &DerivedSession,
    counters: &mut Counters,
    stale: &mut Stale,
) -> Result<bool, Fault> {
    let DerivedSession { derivation, session, upto, memories } = derived;
    if !sources_exist(connection, scope, session, memories.iter().map(|one| &one.memory))? {
        return Ok(false);
    }
    let mut other = connection.prepare_cached(
        "SELECT 1 FROM memory JOIN derivation ON derivation.id = memory.derivation
          WHERE tenant = ?1 AND person = ?2 AND memory.id = ?3
            AND (conversation <> ?4 OR session <> ?5 OR name <> ?6)",
    )?;
    let (tenant, person) = (scope.tenant.as_str(), scope.person.as_str());
    let (conversation, sitting) = (session.conversation.as_str(), session.session.as_str());
    for StoredMemory { id, .. } in memories {
        if other.exists(params![tenant, person, sql(id.0), conversation, sitting, derivation.0])? {
            return Ok(false);
        }
        counters.last_memory = counters.last_memory.max(id.0);
    }
    let numbered: Vec<_> = memories.iter().map(|one| (one.id.0, &one.memory)).collect();
    if replace(connection, scope, derivation, session, *upto, &numbered)? == Stale::Whole {
        *stale = Stale::Whole;
    }
    Ok(true)
}

/// Puts these memories in the place of those of the session under the derivation, and marks up to where it was seen.
fn replace(
    connection: &Connection,
    scope: &Scope,
    derivation: &DerivationId,
    session: &SessionRef,
    upto: Option<Seq>,
    memories: &[(u64, &Memory)],
) -> Result<Stale, Fault> {
    let mut name = connection.prepare_cached("INSERT INTO derivation (name) VALUES (?1) ON CONFLICT DO NOTHING")?;
    name.execute([&derivation.0])?;
    let derivation = derivation_number(connection, derivation)?.unwrap_or(0);

    let (tenant, person) = (scope.tenant.as_str(), scope.person.as_str());
    let (conversation, sitting) = (session.conversation.as_str(), session.session.as_str());
    let mut old = connection.prepare_cached(
        "SELECT id FROM memory
          WHERE tenant = ?1 AND person = ?2 AND conversation = ?3 AND session = ?4 AND derivation = ?5",
    )?;
    let old = old.query_map(params![tenant, person, conversation, sitting, derivation], |row| row.get(0))?;
    let old: Vec<u64> = old.collect::<Result<_, _>>()?;
    delete(connection, scope, &old)?;

    let mut add = connection.prepare_cached(
        "INSERT INTO memory (tenant, person, id, derivation, conversation, session, kind, said_at, sources, text)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    let mut add_source = connection.prepare_cached(
        "INSERT INTO memory_source (tenant, person, seq, memory) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
    )?;
    for (id, Memory { kind, text, sources, said_at }) in memories {
        let id = sql(*id);
        let listed = serde_json::to_string(sources).map_err(|why| Fault::damaged("a new memory", why))?;
        let (kind, said_at) = (kind.as_str(), said_at.map(|time| time.to_string()));
        add.execute(params![tenant, person, id, derivation, conversation, sitting, kind, said_at, listed, text])?;
        for source in sources {
            add_source.execute(params![tenant, person, sql(source.0), id])?;
        }
    }
    match upto {
        Some(upto) => connection
            .prepare_cached("REPLACE INTO derived_session VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
            .execute(params![tenant, person, conversation, sitting, derivation, sql(upto.0)])?,
        None => connection
            .prepare_cached(
                "DELETE FROM derived_session
                  WHERE tenant = ?1 AND person = ?2 AND conversation = ?3 AND session = ?4 AND derivation = ?5",
            )?
            .execute(params![tenant, person, conversation, sitting, derivation])?,
    };
    Ok(if old.is_empty() { Stale::Behind } else { Stale::Whole })
}

/// Whether the session and every source are still in the log.
fn sources_exist<'a>(
    connection: &Connection,
    scope: &Scope,
    session: &SessionRef,
    memories: impl IntoIterator<Item = &'a Memory>,
) -> Result<bool, Fault> {
    let (tenant, person) = (scope.tenant.as_str(), scope.person.as_str());
    let mut has_session = connection.prepare_cached(
        "SELECT 1 FROM session WHERE tenant = ?1 AND person = ?2 AND conversation = ?3 AND session = ?4",
    )?;
    if !has_session.exists([tenant, person, session.conversation.as_str(), session.session.as_str()])? {
        return Ok(false);
    }
    let mut has_turn =
        connection.prepare_cached("SELECT 1 FROM turn WHERE tenant = ?1 AND person = ?2 AND seq = ?3")?;
    for source in memories.into_iter().flat_map(|memory| &memory.sources) {
        if !has_turn.exists(params![tenant, person, sql(source.0)])? {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(super) fn scan(
    connection: &Connection,
    scope: &Scope,
    derivation: &DerivationId,
    visit: Visit<'_, StoredMemory>,
) -> Result<(), Fault> {
    let Some(derivation) = derivation_number(connection, derivation)? else { return Ok(()) };
    let mut select = connection.prepare_cached(
        "SELECT id, kind, said_at, sources, text FROM memory
          WHERE tenant = ?1 AND person = ?2 AND derivation = ?3 ORDER BY id",
    )?;
    let mut rows = select.query(params![scope.tenant.as_str(), scope.person.as_str(), derivation])?;
    while let Some(row) = rows.next()? {
        if visit(decode(scope, row)?).is_break() {
            break;
        }
    }
    Ok(())
}

fn decode(scope: &Scope, row: &Row<'_>) -> Result<StoredMemory, Fault> {
    let id: u64 = row.get(0)?;
    let columns = || -> rusqlite::Result<(String, Option<String>, String, String)> {
        Ok((row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
    };
    let wrong = |why: &dyn Display| damaged(scope, id, why);
    let (kind, said_at, sources, text) = columns().map_err(|why| wrong(&why))?;
    let sources = serde_json::from_str(&sources).map_err(|why| wrong(&why))?;
    record::memory(id, &kind, said_at.as_deref(), sources, text).map_err(|why| wrong(&why))
}

fn damaged(scope: &Scope, id: u64, why: &dyn Display) -> Fault {
    Fault::damaged(format_args!("memory {id} of {scope}"), why)
}

pub(super) fn scan_derived(
    connection: &Connection,
    scope: &Scope,
    visit: Visit<'_, DerivedSession>,
) -> Result<(), Fault> {
    let (tenant, person) = (scope.tenant.as_str(), scope.person.as_str());
    let mut marks = connection.prepare_cached(
        "SELECT name, conversation, session, MAX(upto), derivation FROM
                (SELECT conversation, session, derivation, upto FROM derived_session WHERE tenant = ?1 AND person = ?2
                 UNION SELECT conversation, session, derivation, NULL FROM memory WHERE tenant = ?1 AND person = ?2)
           JOIN derivation ON derivation.id = derivation
          GROUP BY name, conversation, session ORDER BY name, conversation, session",
    )?;
    let mut select = connection.prepare_cached(
        "SELECT id, kind, said_at, sources, text FROM memory
          WHERE tenant = ?1 AND person = ?2 AND conversation = ?3 AND session = ?4 AND derivation = ?5 ORDER BY id",
    )?;
    let mut rows = marks.query([tenant, person])?;
    while let Some(row) = rows.next()? {
        let wrong = |why: &dyn Display| Fault::damaged(format_args!("a derived session of {scope}"), why);
        let text = |column: usize| row.get::<_, String>(column).map_err(|why| wrong(&why));
        let session = SessionRef {
            conversation: ConversationId::new(text(1)?).map_err(|why| wrong(&why))?,
            session: SessionId::new(text(2)?).map_err(|why| wrong(&why))?,
        };
        let derivation: i64 = row.get(4)?;
        let key = params![tenant, person, session.conversation.as_str(), session.session.as_str(), derivation];
        let mut found = select.query(key)?;
        let mut memories = Vec::new();
        while let Some(memory) = found.next()? {
            memories.push(decode(scope, memory)?);
        }
        let upto = row.get::<_, Option<u64>>(3).map_err(|why| wrong(&why))?.map(Seq);
        if visit(DerivedSession { derivation: DerivationId(text(0)?), session, upto, memories }).is_break() {
            break;
        }
    }
    Ok(())
}

pub(super) fn drop_others(connection: &Connection, scope: &Scope, keep: &DerivationId) -> Result<u64, Fault> {
    let (tenant, person) = (scope.tenant.as_str(), scope.person.as_str());
    // As above: an unknown derivation has no memory to keep.
    let keep = derivation_number(connection, keep)?.unwrap_or(0);
    let mut marks = connection
        .prepare_cached("DELETE FROM derived_session WHERE tenant = ?1 AND person = ?2 AND derivation <> ?3")?;
    let marks = marks.execute(params![tenant, person, keep])?;
    let mut others =
        connection.prepare_cached("SELECT id FROM memory WHERE tenant = ?1 AND person = ?2 AND derivation <> ?3")?;
    let others = others.query_map(params![tenant, person, keep], |row| row.get(0))?;
    let others: Vec<u64> = others.collect::<Result<_, _>>()?;
    delete(connection, scope, &others)?;
    match (others.len(), marks) {
        (0, 0) => {}
        (0, _) => persons::touch(connection, scope, Stale::Behind)?,
        _ => persons::touch(connection, scope, Stale::Whole)?,
    }
    Ok(others.len() as u64)
}

/// Deletes memories, their vectors, and what links them to their sources.
pub(super) fn delete(connection: &Connection, scope: &Scope, ids: &[u64]) -> Result<(), Fault> {
    let (tenant, person) = (scope.tenant.as_str(), scope.person.as_str());
    let mut sources =
        connection.prepare_cached("SELECT sources FROM memory WHERE tenant = ?1 AND person = ?2 AND id = ?3")?;
    let mut unlink = connection
        .prepare_cached("DELETE FROM memory_source WHERE tenant = ?1 AND person = ?2 AND seq = ?3 AND memory = ?4")?;
    let mut remove = connection.prepare_cached("DELETE FROM memory WHERE tenant = ?1 AND person = ?2 AND id = ?3")?;
    for id in ids {
        let json: String = sources.query_row(params![tenant, person, id], |row| row.get(0))?;
        let seqs: Vec<Seq> = serde_json::from_str(&json).map_err(|why| damaged(scope, *id, &why))?;
        for seq in seqs {
            unlink.execute(params![tenant, person, sql(seq.0), id])?;
        }
        vectors::delete_of(connection, scope, UnitId::Memory(MemoryId(*id)))?;
        remove.execute(params![tenant, person, id])?;
    }
    Ok(())
}
