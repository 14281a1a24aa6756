//! The log: appending to it and reading it.

use std::collections::BTreeMap;

use kithkin_core::{
    Appended, ConversationId, Millis, Outcome, PersonTurns, Scope, Seq, StoredTurn, Turn, TurnId, Visit,
};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};

use super::connection::{Fault, sql};
use super::persons;
use crate::counters::{Counters, Stale};
use crate::record::{self, TurnRecord};

/// The columns of a turn in the order that [`decode`] reads them.
macro_rules! select_turn {
    ($rest:literal) => {
        concat!(
            "SELECT seq, version, supersedes, recorded_at, conversation, session, turn, speaker, role, said_at, ",
            "attachments, text, hash FROM turn WHERE tenant = ?1 AND person = ?2 ",
            $rest
        )
    };
}

pub(super) fn append(
    connection: &Connection,
    batch: &[PersonTurns],
    recorded_at: Millis,
) -> Result<Vec<Appended>, Fault> {
    let floor = persons::floor(connection)?;
    let mut writer = Writer::new(connection)?;
    batch.iter().map(|PersonTurns { scope, turns }| writer.append(scope, turns, recorded_at, floor)).collect()
}

/// Appends turns that keep their places and raises the counters to the last; whether each follows what is there.
pub(super) fn take_over(
    connection: &Connection,
    scope: &Scope,
    turns: &[StoredTurn],
    counters: &mut Counters,
) -> Result<bool, Fault> {
    let mut writer = Writer::new(connection)?;
    let mut sessions = Sessions::new();
    for stored in turns {
        let StoredTurn { seq, supersedes, turn, .. } = stored;
        let old = writer.current(scope, turn)?;
        if seq.0 <= counters.last_seq || old.as_ref().map(|old| Seq(old.seq)) != *supersedes {
            return Ok(false);
        }
        counters.last_seq = seq.0;
        writer.insert(scope, stored, turn.content_hash().0)?;
        note(&mut sessions, &turn.conversation, turn.session.as_str(), seq.0);
        if let Some(old) = old {
            note(&mut sessions, &turn.conversation, &old.session, seq.0);
        }
    }
    writer.note_sessions(scope, &sessions)?;
    Ok(true)
}

/// The newest version of a turn that is in the log already.
struct Current {
    seq: u64,
    version: u32,
    session: String,
    hash: [u8; 16],
}

/// Appends person by person.
struct Writer<'a> {
    connection: &'a Connection,
    find: CachedStatement<'a>,
    insert: CachedStatement<'a>,
    replace: CachedStatement<'a>,
    note_session: CachedStatement<'a>,
}

impl<'a> Writer<'a> {
    fn new(connection: &'a Connection) -> Result<Self, Fault> {
        Ok(Self {
            connection,
            find: connection.prepare_cached(
                "SELECT seq, version, session, hash FROM turn
                  WHERE tenant = ?1 AND person = ?2 AND turn = ?3 AND conversation = ?4
                  ORDER BY version DESC LIMIT 1",
            )?,
            insert: connection.prepare_cached(
                "INSERT INTO turn (tenant, person, seq, version, supersedes, recorded_at, said_start, hash,
                                   conversation, session, turn, speaker, role, said_at, attachments, text)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
            )?,
            replace: connection
                .prepare_cached("UPDATE turn SET replaced_by = ?4 WHERE tenant = ?1 AND person = ?2 AND seq = ?3")?,
            note_session: connection.prepare_cached(
                "INSERT INTO session (tenant, person, conversation, session, first_seq, changed_seq)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET changed_seq = ?6",
            )?,
        })
    }

    fn append(&mut self, scope: &Scope, turns: &[Turn], recorded_at: Millis, floor: u64) -> Result<Appended, Fault> {
        let mut counters = persons::load_or_begin(self.connection, scope)?;
        let mut sessions = Sessions::new();
        let mut outcomes = Vec::with_capacity(turns.len());
        for turn in turns {
            let hash = turn.content_hash().0;
            let outcome = match self.current(scope, turn)? {
                Some(old) if old.hash == hash => Outcome::Duplicate(Seq(old.seq)),
                old => {
                    let seq = Seq(counters.next_seq(floor));
                    let version = old.as_ref().map_or(1, |old| old.version.saturating_add(1));
                    let supersedes = old.as_ref().map(|old| Seq(old.seq));
                    let stored = StoredTurn { seq, version, supersedes, recorded_at, turn: turn.clone() };
                    self.insert(scope, &stored, hash)?;
                    let mut touched = |session: &str| note(&mut sessions, &turn.conversation, session, seq.0);
                    touched(turn.session.as_str());
                    match old {
                        None => Outcome::New(seq),
                        Some(old) => {
                            touched(&old.session);
                            Outcome::Changed { seq, supersedes: Seq(old.seq) }
                        }
                    }
                }
            };
            outcomes.push(outcome);
        }
        self.note_sessions(scope, &sessions)?;
        if outcomes.iter().any(|outcome| !outcome.is_duplicate()) {
            persons::save(self.connection, scope, counters.written(Stale::Behind))?;
        }
        Ok(Appended { scope: scope.clone(), outcomes })
    }

    fn note_sessions(&mut self, scope: &Scope, sessions: &Sessions) -> Result<(), Fault> {
        let (tenant, person) = (scope.tenant.as_str(), scope.person.as_str());
        for ((conversation, session), (first, last)) in sessions {
            self.note_session.execute(params![tenant, person, conversation, session, first, last])?;
        }
        Ok(())
    }

    fn current(&mut self, scope: &Scope, turn: &Turn) -> Result<Option<Current>, Fault> {
        let key = [scope.tenant.as_str(), scope.person.as_str(), turn.id.as_str(), turn.conversation.as_str()];
        let row = |row: &Row<'_>| {
            Ok(Current { seq: row.get(0)?, version: row.get(1)?, session: row.get(2)?, hash: row.get(3)? })
        };
        Ok(self.find.query_row(key, row).optional()?)
    }

    fn insert(&mut self, scope: &Scope, stored: &StoredTurn, hash: [u8; 16]) -> Result<(), Fault> {
        let StoredTurn { seq, version, supersedes, recorded_at, turn } = stored;
        let attachments = record::attachments(&turn.attachments).map_err(|why| Fault::damaged(turn.key(), why))?;
        let (tenant, person) = (scope.tenant.as_str(), scope.person.as_str());
        let old = supersedes.map(|old| sql(old.0));
        self.insert.execute(params![
            tenant,
            person,
            sql(seq.0),
            version,
            old,
            recorded_at,
            turn.said_at.map(|time| time.start()),
            hash,
            turn.conversation.as_str(),
            turn.session.as_str(),
            turn.id.as_str(),
            turn.speaker,
            turn.role.as_str(),
            turn.said_at.map(|time| time.to_string()),
            attachments,
            turn.text,
        ])?;
        if let Some(old) = old {
            self.replace.execute(params![tenant, person, old, sql(seq.0)])?;
        }
        Ok(())
    }
}

/// The first and the last place given out to each session that an append touched.
type Sessions = BTreeMap<(String, String), (u64, u64)>;

fn note(sessions: &mut Sessions, conversation: &ConversationId, session: &str, seq: u64) {
    let key = (conversation.as_str().to_owned(), session.to_owned());
    sessions.entry(key).or_insert((seq, seq)).1 = seq;
}

pub(super) fn scan(
    connection: &Connection,
    scope: &Scope,
    after: u64,
    visit: Visit<'_, StoredTurn>,
) -> Result<(), Fault> {
    let mut select = connection.prepare_cached(select_turn!("AND seq > ?3 ORDER BY seq"))?;
    let mut rows = select.query(params![scope.tenant.as_str(), scope.person.as_str(), sql(after)])?;
    while let Some(row) = rows.next()? {
        if visit(decode(scope, row)?).is_break() {
            break;
        }
    }
    Ok(())
}

pub(super) fn get(connection: &Connection, scope: &Scope, seqs: &[Seq]) -> Result<Vec<StoredTurn>, Fault> {
    let mut select = connection.prepare_cached(select_turn!("AND seq = ?3"))?;
    let mut turns = Vec::with_capacity(seqs.len());
    for seq in seqs {
        let mut rows = select.query(params![scope.tenant.as_str(), scope.person.as_str(), sql(seq.0)])?;
        if let Some(row) = rows.next()? {
            turns.push(decode(scope, row)?);
        }
    }
    Ok(turns)
}

pub(super) fn tellings(connection: &Connection, scope: &Scope, id: &TurnId) -> Result<Vec<StoredTurn>, Fault> {
    let mut select = connection.prepare_cached(select_turn!("AND turn = ?3 ORDER BY seq"))?;
    let mut rows = select.query([scope.tenant.as_str(), scope.person.as_str(), id.as_str()])?;
    let mut turns = Vec::new();
    while let Some(row) = rows.next()? {
        turns.push(decode(scope, row)?);
    }
    Ok(turns)
}

fn decode(scope: &Scope, row: &Row<'_>) -> Result<StoredTurn, Fault> {
    let seq: u64 = row.get(0)?;
    let columns = || -> rusqlite::Result<TurnRecord> {
        Ok(TurnRecord {
            seq,
            version: row.get(1)?,
            supersedes: row.get(2)?,
            recorded_at: row.get(3)?,
            conversation: row.get(4)?,
            session: row.get(5)?,
            turn: row.get(6)?,
            speaker: row.get(7)?,
            role: row.get(8)?,
            said_at: row.get(9)?,
            attachments: row.get(10)?,
            text: row.get(11)?,
            hash: row.get(12)?,
        })
    };
    let read = columns().map_err(|why| why.to_string()).and_then(TurnRecord::read);
    read.map_err(|why| Fault::damaged(format_args!("turn {seq} of {scope}"), why))
}
