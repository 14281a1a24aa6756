//! The log: appending to it and reading it.

use std::collections::BTreeMap;

use kithkin_core::{
    Appended, ConversationId, Millis, Outcome, PersonTurns, Scope, Seq, StoredTurn, Turn, TurnId, Visit,
};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};

use super::connection::{Fault, sql};
use super::persons;
use crate::counters::Stale;
use crate::record::{self, TurnRecord};

/// The columns of a turn in the order that [`decode`] reads them.
macro_rules! select_turn {
    ($rest:literal) => {
        concat!(
            "SELECT seq, version, supersedes, recorded_at, conversation, session, turn, speaker, role, said_at, ",
            "attachments, text FROM turn WHERE tenant = ?1 AND person = ?2 ",
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
    let mut writer = Writer::new(connection, recorded_at, floor)?;
    batch.iter().map(|PersonTurns { scope, turns }| writer.append(scope, turns)).collect()
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
    recorded_at: Millis,
    floor: u64,
    find: CachedStatement<'a>,
    insert: CachedStatement<'a>,
    replace: CachedStatement<'a>,
    note_session: CachedStatement<'a>,
}

impl<'a> Writer<'a> {
    fn new(connection: &'a Connection, recorded_at: Millis, floor: u64) -> Result<Self, Fault> {
        Ok(Self {
            connection,
            recorded_at,
            floor,
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

    fn append(&mut self, scope: &Scope, turns: &[Turn]) -> Result<Appended, Fault> {
        let mut counters = persons::load_or_begin(self.connection, scope)?;
        let mut sessions = Sessions::new();
        let mut outcomes = Vec::with_capacity(turns.len());
        for turn in turns {
            let hash = turn.content_hash().0;
            let outcome = match self.current(scope, turn)? {
                Some(old) if old.hash == hash => Outcome::Duplicate(Seq(old.seq)),
                old => {
                    let seq = counters.next_seq(self.floor);
                    self.insert(scope, turn, hash, seq, old.as_ref())?;
                    let mut touched = |session: &str| note(&mut sessions, &turn.conversation, session, seq);
                    touched(turn.session.as_str());
                    match old {
                        None => Outcome::New(Seq(seq)),
                        Some(old) => {
                            touched(&old.session);
                            Outcome::Changed { seq: Seq(seq), supersedes: Seq(old.seq) }
                        }
                    }
                }
            };
            outcomes.push(outcome);
        }
        for ((conversation, session), (first, last)) in &sessions {
            let (tenant, person) = (scope.tenant.as_str(), scope.person.as_str());
            self.note_session.execute(params![tenant, person, conversation, session, first, last])?;
        }
        if outcomes.iter().any(|outcome| !outcome.is_duplicate()) {
            persons::save(self.connection, scope, counters.written(Stale::Behind))?;
        }
        Ok(Appended { scope: scope.clone(), outcomes })
    }

    fn current(&mut self, scope: &Scope, turn: &Turn) -> Result<Option<Current>, Fault> {
        let key = [scope.tenant.as_str(), scope.person.as_str(), turn.id.as_str(), turn.conversation.as_str()];
        let row = |row: &Row<'_>| {
            Ok(Current { seq: row.get(0)?, version: row.get(1)?, session: row.get(2)?, hash: row.get(3)? })
        };
        Ok(self.find.query_row(key, row).optional()?)
    }

    fn insert(
        &mut self,
        scope: &Scope,
        turn: &Turn,
        hash: [u8; 16],
        seq: u64,
        old: Option<&Current>,
    ) -> Result<(), Fault> {
        let attachments = record::attachments(&turn.attachments).map_err(|why| Fault::damaged(turn.key(), why))?;
        let (tenant, person) = (scope.tenant.as_str(), scope.person.as_str());
        self.insert.execute(params![
            tenant,
            person,
            seq,
            old.map_or(1, |old| old.version.saturating_add(1)),
            old.map(|old| old.seq),
            self.recorded_at,
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
            self.replace.execute(params![tenant, person, old.seq, seq])?;
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
        })
    };
    let read = columns().map_err(|why| why.to_string()).and_then(TurnRecord::read);
    read.map_err(|why| Fault::damaged(format_args!("turn {seq} of {scope}"), why))
}
