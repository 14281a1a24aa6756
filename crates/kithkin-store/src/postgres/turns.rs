//! The log: appending to it and reading it.
//!
//! A batch of a person's turns costs the same few statements whatever its length.

use std::collections::{BTreeMap, HashMap};

use kithkin_core::{Appended, Millis, Outcome, PersonTurns, Scope, Seq, StoredTurn, Turn, TurnId, Visit};
use tokio_postgres::Row;

use super::connection::Fault;
use super::persons;
use super::session::{Session, column, number, sql};
use crate::counters::{Counters, Stale};
use crate::record::{self, TurnRecord};

/// The columns of a turn in the order that [`decode`] reads them.
macro_rules! columns {
    () => {
        "t.seq, t.version, t.supersedes, t.recorded_at, t.conversation, t.session, t.turn, t.speaker, t.role, t.said_at, \
         t.attachments, t.text, t.hash"
    };
}

/// The current version of a turn, as an append needs it.
#[derive(Clone)]
struct Current {
    seq: u64,
    version: i64,
    session: String,
    hash: Vec<u8>,
}

pub(super) fn append(
    session: &mut Session,
    batch: &[PersonTurns],
    recorded_at: Millis,
) -> Result<Vec<Appended>, Fault> {
    let mut appended = Vec::with_capacity(batch.len());
    for PersonTurns { scope, turns } in batch {
        let counters = persons::load_or_begin(session, scope)?;
        let floor = if counters.last_seq == 0 { persons::floor(session)? } else { 0 };
        let current = current(session, scope, turns)?;
        let mut writer =
            Writer { recorded_at, counters, floor, current, rows: Rows::default(), sessions: BTreeMap::new() };
        let outcomes = turns.iter().map(|turn| writer.take(turn)).collect::<Result<Vec<_>, _>>()?;
        if outcomes.iter().any(|outcome| !outcome.is_duplicate()) {
            writer.rows.insert(session, scope)?;
            note_sessions(session, scope, &writer.sessions)?;
            persons::save(session, scope, writer.counters.written(Stale::Behind))?;
        }
        appended.push(Appended { scope: scope.clone(), outcomes });
    }
    Ok(appended)
}

/// Appends turns that keep their places and raises the counters to the last; whether each follows what is there.
pub(super) fn take_over(
    session: &mut Session,
    scope: &Scope,
    turns: &[StoredTurn],
    counters: &mut Counters,
) -> Result<bool, Fault> {
    if turns.is_empty() {
        return Ok(true);
    }
    let mut current = current(session, scope, turns.iter().map(|stored| &stored.turn))?;
    let (mut rows, mut sessions) = (Rows::default(), BTreeMap::new());
    for StoredTurn { seq, version, supersedes, recorded_at, turn } in turns {
        let key = (turn.id.as_str().to_owned(), turn.conversation.as_str().to_owned());
        let old = current.remove(&key);
        if seq.0 <= counters.last_seq || old.as_ref().map(|old| Seq(old.seq)) != *supersedes {
            return Ok(false);
        }
        counters.last_seq = seq.0;
        let (version, hash) = (i64::from(*version), turn.content_hash().0.to_vec());
        rows.push(turn, seq.0, version, &hash, old.as_ref(), *recorded_at)?;
        let mut touch = |sitting: &str| {
            let key = (turn.conversation.as_str().to_owned(), sitting.to_owned());
            sessions.entry(key).or_insert((seq.0, seq.0)).1 = seq.0;
        };
        touch(turn.session.as_str());
        if let Some(old) = old {
            touch(&old.session);
        }
        let sitting = turn.session.as_str().to_owned();
        current.insert(key, Current { seq: seq.0, version, session: sitting, hash });
    }
    rows.insert(session, scope)?;
    note_sessions(session, scope, &sessions)?;
    Ok(true)
}

/// The current versions of those of the turns that the log has, by id and conversation.
fn current<'a>(
    session: &mut Session,
    scope: &Scope,
    turns: impl IntoIterator<Item = &'a Turn>,
) -> Result<HashMap<(String, String), Current>, Fault> {
    let (ids, conversations): (Vec<&str>, Vec<&str>) =
        turns.into_iter().map(|turn| (turn.id.as_str(), turn.conversation.as_str())).unzip();
    let rows = session.query(
        "SELECT k.turn, k.conversation, t.seq, t.version, t.session, t.hash
           FROM unnest($3::text[], $4::text[]) AS k (turn, conversation) CROSS JOIN LATERAL
                (SELECT seq, version, session, hash FROM turn
                  WHERE tenant = $1 AND person = $2 AND turn = k.turn AND conversation = k.conversation
                  ORDER BY version DESC LIMIT 1) AS t",
        &[&scope.tenant.as_str(), &scope.person.as_str(), &ids, &conversations],
    )?;
    let read = |row: &Row| -> Result<((String, String), Current), String> {
        let (version, session, hash) = (column(row, 3)?, column(row, 4)?, column(row, 5)?);
        Ok(((column(row, 0)?, column(row, 1)?), Current { seq: number(row, 2)?, version, session, hash }))
    };
    rows.iter().map(|row| read(row).map_err(|why| Fault::damaged(format_args!("a turn of {scope}"), why))).collect()
}

/// What an append of a person's turns writes.
struct Writer {
    recorded_at: Millis,
    counters: Counters,
    floor: u64,
    current: HashMap<(String, String), Current>,
    rows: Rows,
    /// The first and the last place given out to each session that it touches.
    sessions: BTreeMap<(String, String), (u64, u64)>,
}

impl Writer {
    fn take(&mut self, turn: &Turn) -> Result<Outcome, Fault> {
        let key = (turn.id.as_str().to_owned(), turn.conversation.as_str().to_owned());
        let hash = turn.content_hash().0.to_vec();
        let old = self.current.get(&key).cloned();
        if let Some(old) = old.as_ref().filter(|old| old.hash == hash) {
            return Ok(Outcome::Duplicate(Seq(old.seq)));
        }
        let seq = self.counters.next_seq(self.floor);
        let version = old.as_ref().map_or(1, |old| old.version.saturating_add(1));
        self.rows.push(turn, seq, version, &hash, old.as_ref(), self.recorded_at)?;
        self.touch(turn, turn.session.as_str(), seq);
        let session = turn.session.as_str().to_owned();
        self.current.insert(key, Current { seq, version, session, hash });
        match old {
            None => Ok(Outcome::New(Seq(seq))),
            Some(old) => {
                self.touch(turn, &old.session, seq);
                Ok(Outcome::Changed { seq: Seq(seq), supersedes: Seq(old.seq) })
            }
        }
    }

    fn touch(&mut self, turn: &Turn, session: &str, seq: u64) {
        let key = (turn.conversation.as_str().to_owned(), session.to_owned());
        self.sessions.entry(key).or_insert((seq, seq)).1 = seq;
    }
}

/// New rows of the log, column by column.
#[derive(Default)]
struct Rows {
    recorded_at: Vec<i64>,
    seq: Vec<i64>,
    version: Vec<i64>,
    supersedes: Vec<Option<i64>>,
    said_start: Vec<Option<i64>>,
    hash: Vec<Vec<u8>>,
    conversation: Vec<String>,
    session: Vec<String>,
    turn: Vec<String>,
    speaker: Vec<String>,
    role: Vec<String>,
    said_at: Vec<Option<String>>,
    attachments: Vec<Option<String>>,
    text: Vec<String>,
}

impl Rows {
    fn push(
        &mut self,
        turn: &Turn,
        seq: u64,
        version: i64,
        hash: &[u8],
        old: Option<&Current>,
        recorded_at: Millis,
    ) -> Result<(), Fault> {
        let attachments = record::attachments(&turn.attachments).map_err(|why| Fault::damaged(turn.key(), why))?;
        self.recorded_at.push(recorded_at);
        self.seq.push(sql(seq));
        self.version.push(version);
        self.supersedes.push(old.map(|old| sql(old.seq)));
        self.said_start.push(turn.said_at.map(|time| time.start()));
        self.hash.push(hash.to_vec());
        self.conversation.push(turn.conversation.as_str().to_owned());
        self.session.push(turn.session.as_str().to_owned());
        self.turn.push(turn.id.as_str().to_owned());
        self.speaker.push(turn.speaker.clone());
        self.role.push(turn.role.as_str().to_owned());
        self.said_at.push(turn.said_at.map(|time| time.to_string()));
        self.attachments.push(attachments);
        self.text.push(turn.text.clone());
        Ok(())
    }

    fn insert(&self, session: &mut Session, scope: &Scope) -> Result<(), Fault> {
        let (tenant, person) = (scope.tenant.as_str(), scope.person.as_str());
        session.execute(
            "INSERT INTO turn (tenant, person, recorded_at, seq, version, supersedes, said_start, hash, conversation,
                               session, turn, speaker, role, said_at, attachments, text)
             SELECT $1, $2, * FROM unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bytea[],
                    $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[],
                    $16::text[])",
            &[
                &tenant,
                &person,
                &self.recorded_at,
                &self.seq,
                &self.version,
                &self.supersedes,
                &self.said_start,
                &self.hash,
                &self.conversation,
                &self.session,
                &self.turn,
                &self.speaker,
                &self.role,
                &self.said_at,
                &self.attachments,
                &self.text,
            ],
        )?;
        for (seq, old) in self.seq.iter().zip(&self.supersedes) {
            if let Some(old) = old {
                session.execute(
                    "UPDATE turn SET replaced_by = $4 WHERE tenant = $1 AND person = $2 AND seq = $3",
                    &[&tenant, &person, old, seq],
                )?;
            }
        }
        Ok(())
    }
}

fn note_sessions(
    session: &mut Session,
    scope: &Scope,
    touched: &BTreeMap<(String, String), (u64, u64)>,
) -> Result<(), Fault> {
    let (conversations, sessions): (Vec<&str>, Vec<&str>) =
        touched.keys().map(|(conversation, session)| (conversation.as_str(), session.as_str())).unzip();
    let (first, last): (Vec<i64>, Vec<i64>) = touched.values().map(|(first, last)| (sql(*first), sql(*last))).unzip();
    session.execute(
        "INSERT INTO session (tenant, person, conversation, session, first_seq, changed_seq)
         SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::bigint[], $6::bigint[])
         ON CONFLICT (tenant, person, conversation, session) DO UPDATE SET changed_seq = EXCLUDED.changed_seq",
        &[&scope.tenant.as_str(), &scope.person.as_str(), &conversations, &sessions, &first, &last],
    )?;
    Ok(())
}

pub(super) fn scan(
    session: &mut Session,
    scope: &Scope,
    after: u64,
    visit: Visit<'_, StoredTurn>,
) -> Result<(), Fault> {
    session.see(scope)?;
    let sql_text =
        concat!("SELECT ", columns!(), " FROM turn AS t WHERE tenant = $1 AND person = $2 AND seq > $3 ORDER BY seq");
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
        [&scope.tenant.as_str(), &scope.person.as_str(), &sql(after)];
    session.each(sql_text, &values, |row| Ok(visit(decode(scope, row)?))).map(drop)
}

pub(super) fn get(session: &mut Session, scope: &Scope, seqs: &[Seq]) -> Result<Vec<StoredTurn>, Fault> {
    session.see(scope)?;
    let seqs: Vec<i64> = seqs.iter().map(|seq| sql(seq.0)).collect();
    let rows = session.query(
        concat!(
            "SELECT ",
            columns!(),
            " FROM unnest($3::bigint[]) WITH ORDINALITY AS k (seq, n) CROSS JOIN LATERAL
             (SELECT * FROM turn WHERE tenant = $1 AND person = $2 AND seq = k.seq LIMIT 1) AS t ORDER BY k.n"
        ),
        &[&scope.tenant.as_str(), &scope.person.as_str(), &seqs],
    )?;
    rows.iter().map(|row| decode(scope, row)).collect()
}

pub(super) fn tellings(session: &mut Session, scope: &Scope, id: &TurnId) -> Result<Vec<StoredTurn>, Fault> {
    session.see(scope)?;
    let rows = session.query(
        concat!("SELECT ", columns!(), " FROM turn AS t WHERE tenant = $1 AND person = $2 AND turn = $3 ORDER BY seq"),
        &[&scope.tenant.as_str(), &scope.person.as_str(), &id.as_str()],
    )?;
    rows.iter().map(|row| decode(scope, row)).collect()
}

fn decode(scope: &Scope, row: &Row) -> Result<StoredTurn, Fault> {
    let record = || -> Result<TurnRecord, String> {
        Ok(TurnRecord {
            seq: number(row, 0)?,
            version: u32::try_from(number(row, 1)?).map_err(|why| why.to_string())?,
            supersedes: column::<Option<i64>>(row, 2)?.map(i64::cast_unsigned),
            recorded_at: column(row, 3)?,
            conversation: column(row, 4)?,
            session: column(row, 5)?,
            turn: column(row, 6)?,
            speaker: column(row, 7)?,
            role: column(row, 8)?,
            said_at: column(row, 9)?,
            attachments: column(row, 10)?,
            text: column(row, 11)?,
            hash: column::<&[u8]>(row, 12)?.try_into().map_err(|_| "a hash has 16 bytes".to_owned())?,
        })
    };
    let seq = number(row, 0).unwrap_or_default();
    record().and_then(TurnRecord::read).map_err(|why| Fault::damaged(format_args!("turn {seq} of {scope}"), why))
}
