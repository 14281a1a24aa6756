//! Memories: what was derived from turns, and up to where.

use kithkin_core::{
    ConversationId, DerivationId, DerivedSession, Memory, Scope, Seq, SessionId, SessionRef, StoredMemory, Visit,
};
use tokio_postgres::Row;

use super::connection::Fault;
use super::session::{Session, column, number, sql};
use super::{persons, vectors};
use crate::counters::{Counters, Stale};
use crate::record;

/// The number of a derivation; 0, which none has, when the store has no memory of it.
fn derivation_number(session: &mut Session, derivation: &DerivationId) -> Result<i32, Fault> {
    let row = session.first("SELECT id FROM derivation WHERE name = $1", &[&derivation.0])?;
    row.map_or(Ok(0), |row| column(&row, 0)).map_err(|why| Fault::damaged("a derivation", why))
}

/// The number of a derivation, which is given one if it has none.
fn derivation_to_write(session: &mut Session, derivation: &DerivationId) -> Result<i32, Fault> {
    match derivation_number(session, derivation)? {
        0 => {
            session.execute("INSERT INTO derivation (name) VALUES ($1) ON CONFLICT DO NOTHING", &[&derivation.0])?;
            derivation_number(session, derivation)
        }
        number => Ok(number),
    }
}

pub(super) fn stale_sessions(
    session: &mut Session,
    scope: &Scope,
    derivation: &DerivationId,
) -> Result<Vec<SessionRef>, Fault> {
    session.see(scope)?;
    let derivation = derivation_number(session, derivation)?;
    let rows = session.query(
        "SELECT s.conversation, s.session FROM session AS s LEFT JOIN derived_session AS d
             ON d.tenant = $1 AND d.person = $2 AND d.conversation = s.conversation
            AND d.session = s.session AND d.derivation = $3
          WHERE s.tenant = $1 AND s.person = $2 AND (d.upto IS NULL OR d.upto < s.changed_seq)
          ORDER BY s.first_seq",
        &[&scope.tenant.as_str(), &scope.person.as_str(), &derivation],
    )?;
    let read = |row: &Row| -> Result<SessionRef, String> {
        Ok(SessionRef {
            conversation: ConversationId::new(column::<&str>(row, 0)?).map_err(|why| why.to_string())?,
            session: SessionId::new(column::<&str>(row, 1)?).map_err(|why| why.to_string())?,
        })
    };
    rows.iter().map(|row| read(row).map_err(|why| Fault::damaged(format_args!("a session of {scope}"), why))).collect()
}

pub(super) fn put(
    session: &mut Session,
    scope: &Scope,
    derivation: &DerivationId,
    sitting: &SessionRef,
    upto: Seq,
    memories: &[Memory],
) -> Result<bool, Fault> {
    session.see(scope)?;
    if !sources_exist(session, scope, sitting, memories)? {
        return Ok(false);
    }
    let mut counters = persons::load_or_begin(session, scope)?;
    let floor = if counters.last_memory == 0 { persons::floor(session)? } else { 0 };
    let numbers: Vec<i64> = memories.iter().map(|_| sql(counters.next_memory(floor))).collect();
    let stale = replace(session, scope, derivation, sitting, Some(upto), &numbers, memories)?;
    persons::save(session, scope, counters.written(stale))?;
    Ok(true)
}

/// Writes what was derived from a session in the place of the old, and raises the counters to the numbers, which it keeps;
/// whether they are free and the turns are there. What became stale of the person is noted in `stale`.
pub(super) fn take_over(
    session: &mut Session,
    scope: &Scope,
    derived: &DerivedSession,
    counters: &mut Counters,
    stale: &mut Stale,
) -> Result<bool, Fault> {
    let DerivedSession { derivation, session: sitting, upto, memories } = derived;
    let numbers: Vec<i64> = memories.iter().map(|one| sql(one.id.0)).collect();
    let memories: Vec<Memory> = memories.iter().map(|one| one.memory.clone()).collect();
    let other = session.first(
        "SELECT 1 FROM memory JOIN derivation ON derivation.id = memory.derivation
          WHERE tenant = $1 AND person = $2 AND memory.id = ANY ($3)
            AND (conversation <> $4 OR session <> $5 OR name <> $6) LIMIT 1",
        &[
            &scope.tenant.as_str(),
            &scope.person.as_str(),
            &numbers,
            &sitting.conversation.as_str(),
            &sitting.session.as_str(),
            &derivation.0,
        ],
    )?;
    if other.is_some() || !sources_exist(session, scope, sitting, &memories)? {
        return Ok(false);
    }
    let last = numbers.iter().copied().max().unwrap_or(0).cast_unsigned();
    counters.last_memory = counters.last_memory.max(last);
    if replace(session, scope, derivation, sitting, *upto, &numbers, &memories)? == Stale::Whole {
        *stale = Stale::Whole;
    }
    Ok(true)
}

/// Puts these memories in the place of those of the session under the derivation, and marks up to where it was seen.
fn replace(
    session: &mut Session,
    scope: &Scope,
    derivation: &DerivationId,
    sitting: &SessionRef,
    upto: Option<Seq>,
    numbers: &[i64],
    memories: &[Memory],
) -> Result<Stale, Fault> {
    let derivation = derivation_to_write(session, derivation)?;
    let (tenant, person) = (scope.tenant.as_str(), scope.person.as_str());
    let (conversation, name) = (sitting.conversation.as_str(), sitting.session.as_str());
    let old = session.query(
        "SELECT id FROM memory
          WHERE tenant = $1 AND person = $2 AND conversation = $3 AND session = $4 AND derivation = $5",
        &[&tenant, &person, &conversation, &name, &derivation],
    )?;
    let old = ids(&old, scope)?;
    delete(session, scope, &old)?;
    add(session, scope, derivation, sitting, numbers, memories)?;
    match upto {
        Some(upto) => session.execute(
            "INSERT INTO derived_session (tenant, person, conversation, session, derivation, upto)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (tenant, person, conversation, session, derivation) DO UPDATE SET upto = $6",
            &[&tenant, &person, &conversation, &name, &derivation, &sql(upto.0)],
        )?,
        None => session.execute(
            "DELETE FROM derived_session
              WHERE tenant = $1 AND person = $2 AND conversation = $3 AND session = $4 AND derivation = $5",
            &[&tenant, &person, &conversation, &name, &derivation],
        )?,
    };
    Ok(if old.is_empty() { Stale::Behind } else { Stale::Whole })
}

/// Writes memories, and what links them to their sources.
fn add(
    session: &mut Session,
    scope: &Scope,
    derivation: i32,
    sitting: &SessionRef,
    numbers: &[i64],
    memories: &[Memory],
) -> Result<(), Fault> {
    let (tenant, person) = (scope.tenant.as_str(), scope.person.as_str());
    let kinds: Vec<&str> = memories.iter().map(|memory| memory.kind.as_str()).collect();
    let said_at: Vec<Option<String>> =
        memories.iter().map(|memory| memory.said_at.map(|time| time.to_string())).collect();
    let texts: Vec<&[u8]> = memories.iter().map(|memory| memory.text.as_bytes()).collect();
    // An array of arrays of several lengths is none; each is written as PostgreSQL writes it.
    let sources: Vec<String> = memories
        .iter()
        .map(|memory| {
            let seqs: Vec<String> = memory.sources.iter().map(|seq| sql(seq.0).to_string()).collect();
            format!("{{{}}}", seqs.join(","))
        })
        .collect();
    session.execute(
        "INSERT INTO memory (tenant, person, derivation, conversation, session, id, kind, said_at, sources, text)
         SELECT $1, $2, $3, $4, $5, u.id, u.kind, u.said_at, u.sources::bigint[], u.text
           FROM unnest($6::bigint[], $7::text[], $8::text[], $9::text[], $10::bytea[])
             AS u (id, kind, said_at, sources, text)",
        &[
            &tenant,
            &person,
            &derivation,
            &sitting.conversation.as_str(),
            &sitting.session.as_str(),
            &numbers,
            &kinds,
            &said_at,
            &sources,
            &texts,
        ],
    )?;
    let links =
        numbers.iter().zip(memories).flat_map(|(id, memory)| memory.sources.iter().map(|seq| (sql(seq.0), *id)));
    let (seqs, of): (Vec<i64>, Vec<i64>) = links.unzip();
    session.execute(
        "INSERT INTO memory_source (tenant, person, seq, memory)
         SELECT $1, $2, * FROM unnest($3::bigint[], $4::bigint[]) ON CONFLICT DO NOTHING",
        &[&tenant, &person, &seqs, &of],
    )?;
    Ok(())
}

/// Whether the session and every source are still in the log.
fn sources_exist(
    session: &mut Session,
    scope: &Scope,
    sitting: &SessionRef,
    memories: &[Memory],
) -> Result<bool, Fault> {
    let (tenant, person) = (scope.tenant.as_str(), scope.person.as_str());
    let there = session.first(
        "SELECT 1 FROM session WHERE tenant = $1 AND person = $2 AND conversation = $3 AND session = $4",
        &[&tenant, &person, &sitting.conversation.as_str(), &sitting.session.as_str()],
    )?;
    if there.is_none() {
        return Ok(false);
    }
    let sources: Vec<i64> = memories.iter().flat_map(|memory| &memory.sources).map(|seq| sql(seq.0)).collect();
    all_there(session, scope, &sources)
}

/// Whether the log has all of these places.
pub(super) fn all_there(session: &mut Session, scope: &Scope, seqs: &[i64]) -> Result<bool, Fault> {
    let lost = session.first(
        "SELECT 1 FROM unnest($3::bigint[]) AS k (seq)
          WHERE NOT EXISTS (SELECT 1 FROM turn WHERE tenant = $1 AND person = $2 AND seq = k.seq) LIMIT 1",
        &[&scope.tenant.as_str(), &scope.person.as_str(), &seqs],
    )?;
    Ok(lost.is_none())
}

pub(super) fn scan(
    session: &mut Session,
    scope: &Scope,
    derivation: &DerivationId,
    visit: Visit<'_, StoredMemory>,
) -> Result<(), Fault> {
    session.see(scope)?;
    let derivation = derivation_number(session, derivation)?;
    let scanned = session.each(
        "SELECT id, kind, said_at, sources, text FROM memory
          WHERE tenant = $1 AND person = $2 AND derivation = $3 ORDER BY id",
        &[&scope.tenant.as_str(), &scope.person.as_str(), &derivation],
        |row| Ok(visit(decode(scope, row)?)),
    );
    scanned.map(drop)
}

pub(super) fn scan_derived(
    session: &mut Session,
    scope: &Scope,
    visit: Visit<'_, DerivedSession>,
) -> Result<(), Fault> {
    session.see(scope)?;
    let (tenant, person) = (scope.tenant.as_str(), scope.person.as_str());
    let marks = session.query(
        "SELECT name, conversation, session, MAX(upto), derivation FROM
                (SELECT conversation, session, derivation, upto FROM derived_session WHERE tenant = $1 AND person = $2
                 UNION SELECT conversation, session, derivation, NULL FROM memory WHERE tenant = $1 AND person = $2) AS s
           JOIN derivation ON derivation.id = s.derivation
          GROUP BY name, conversation, session, derivation ORDER BY name, conversation, session",
        &[&tenant, &person],
    )?;
    let read = |row: &Row| -> Result<(DerivedSession, i32), String> {
        let sitting = SessionRef {
            conversation: ConversationId::new(column::<&str>(row, 1)?).map_err(|why| why.to_string())?,
            session: SessionId::new(column::<&str>(row, 2)?).map_err(|why| why.to_string())?,
        };
        let upto = column::<Option<i64>>(row, 3)?.map(|upto| Seq(upto.cast_unsigned()));
        let derivation = DerivationId(column(row, 0)?);
        Ok((DerivedSession { derivation, session: sitting, upto, memories: Vec::new() }, column(row, 4)?))
    };
    for row in &marks {
        let wrong = |why| Fault::damaged(format_args!("a derived session of {scope}"), why);
        let (mut derived, derivation) = read(row).map_err(wrong)?;
        let memories = session.query(
            "SELECT id, kind, said_at, sources, text FROM memory
              WHERE tenant = $1 AND person = $2 AND conversation = $3 AND session = $4 AND derivation = $5 ORDER BY id",
            &[&tenant, &person, &derived.session.conversation.as_str(), &derived.session.session.as_str(), &derivation],
        )?;
        derived.memories = memories.iter().map(|row| decode(scope, row)).collect::<Result<_, _>>()?;
        if visit(derived).is_break() {
            break;
        }
    }
    Ok(())
}

fn decode(scope: &Scope, row: &Row) -> Result<StoredMemory, Fault> {
    let id = number(row, 0).map_err(|why| Fault::damaged(format_args!("a memory of {scope}"), why))?;
    let read = || -> Result<StoredMemory, String> {
        let sources: Vec<i64> = column(row, 3)?;
        let sources = sources.into_iter().map(|seq| Seq(seq.cast_unsigned())).collect();
        record::memory(id, column(row, 1)?, column(row, 2)?, sources, words(row, 4)?)
    };
    read().map_err(|why| Fault::damaged(format_args!("memory {id} of {scope}"), why))
}

/// A text that is kept as bytes.
/// The memories, under whatever derivation, that cannot be read back.
pub(super) fn damaged(session: &mut Session, scope: &Scope) -> Result<Vec<i64>, Fault> {
    let rows = session.query(
        "SELECT id, kind, said_at, sources, text FROM memory WHERE tenant = $1 AND person = $2",
        &[&scope.tenant.as_str(), &scope.person.as_str()],
    )?;
    let damaged: Vec<Row> = rows.into_iter().filter(|row| decode(scope, row).is_err()).collect();
    ids(&damaged, scope)
}

pub(super) fn words(row: &Row, at: usize) -> Result<String, String> {
    String::from_utf8(column(row, at)?).map_err(|why| why.to_string())
}

pub(super) fn drop_others(session: &mut Session, scope: &Scope, keep: &DerivationId) -> Result<u64, Fault> {
    session.see(scope)?;
    let (tenant, person) = (scope.tenant.as_str(), scope.person.as_str());
    let keep = derivation_number(session, keep)?;
    let marks = session.execute(
        "DELETE FROM derived_session WHERE tenant = $1 AND person = $2 AND derivation <> $3",
        &[&tenant, &person, &keep],
    )?;
    let others = session.query(
        "SELECT id FROM memory WHERE tenant = $1 AND person = $2 AND derivation <> $3",
        &[&tenant, &person, &keep],
    )?;
    let others = ids(&others, scope)?;
    delete(session, scope, &others)?;
    match (others.len(), marks) {
        (0, 0) => {}
        (0, _) => persons::touch(session, scope, Stale::Behind)?,
        _ => persons::touch(session, scope, Stale::Whole)?,
    }
    Ok(others.len() as u64)
}

/// The first column of rows, which is a number.
pub(super) fn ids(rows: &[Row], scope: &Scope) -> Result<Vec<i64>, Fault> {
    let wrong = |why| Fault::damaged(format_args!("a number of {scope}"), why);
    rows.iter().map(|row| column(row, 0).map_err(wrong)).collect()
}

/// Deletes memories, their vectors, and what links them to their sources.
pub(super) fn delete(session: &mut Session, scope: &Scope, ids: &[i64]) -> Result<(), Fault> {
    if ids.is_empty() {
        return Ok(());
    }
    let (tenant, person) = (scope.tenant.as_str(), scope.person.as_str());
    session.execute(
        "DELETE FROM memory_source WHERE tenant = $1 AND person = $2 AND (seq, memory) IN
         (SELECT unnest(sources), id FROM memory WHERE tenant = $1 AND person = $2 AND id = ANY ($3))",
        &[&tenant, &person, &ids],
    )?;
    vectors::delete_of(session, scope, 1, ids)?;
    session
        .execute("DELETE FROM memory WHERE tenant = $1 AND person = $2 AND id = ANY ($3)", &[&tenant, &person, &ids])?;
    Ok(())
}
