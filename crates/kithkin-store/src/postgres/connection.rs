//! The connections to one database: how many there are, when work is tried again, and what the engine's errors mean.
//!
//! Each call has a connection of its own while it runs, so that a scan's visitor may call the store again. No SQL about
//! persons is here.

use std::error::Error as _;
use std::fmt;
use std::io::ErrorKind;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kithkin_core::{Scope, StoreError};
use tokio_postgres::Config;
use tokio_postgres::config::Host;
use tokio_postgres::error::SqlState;

use super::address::Address;
use super::link::GRACE;
use super::session::Session;

/// Connections that one process holds at most.
const CONNECTIONS: usize = 16;
/// How long a call waits for one of them, for another writer of the same person, and for a table that is rewritten.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// How soon a server that has no connection to spare is asked again.
const ASKED_AGAIN: Duration = Duration::from_millis(100);
/// How often work is tried again that met another writer or lost its connection, and the first wait; each further one is
/// twice as long. Together some three seconds, in which a replica may take over.
const RETRIES: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// Why an operation failed, before it is known where.
#[derive(Debug)]
pub(super) enum Fault {
    /// The engine said so, or the connection broke.
    Sql(tokio_postgres::Error),
    /// The server did not answer for so long.
    Silent(Duration),
    /// The system has no room for another connection.
    System(std::io::Error),
    /// No connection came free.
    NoneFree,
    /// The connection was lost, for this reason, while a commit was under way.
    InDoubt(String),
    /// Work failed that may not be done twice.
    Once(Box<Fault>),
    /// A record cannot be read back.
    Damaged {
        /// Which record.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// The caller said so.
    Told(StoreError),
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Sql(error)
    }
}

impl Fault {
    /// The record `what` cannot be read back.
    pub(super) fn damaged(what: impl fmt::Display, why: impl fmt::Display) -> Self {
        Self::Damaged { what: what.to_string(), why: why.to_string() }
    }

    /// Whether the same may well succeed a moment later: nothing of it was written.
    fn passes(&self) -> bool {
        let conflicts = [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED];
        let Self::Sql(error) = self else { return false };
        self.is_lost() || error.code().is_some_and(|code| conflicts.contains(code))
    }

    /// Whether the connection is gone, or about to go.
    fn is_lost(&self) -> bool {
        let stops = [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::CANNOT_CONNECT_NOW];
        match self {
            Self::Sql(error) => error.code().map_or_else(|| is_broken(error), |code| stops.contains(code)),
            Self::Silent(_) => true,
            _ => false,
        }
    }

    /// The same, of a commit.
    fn in_doubt(self) -> Self {
        match self {
            Self::Sql(error) => Self::InDoubt(said(&error)),
            Self::Silent(waited) => Self::InDoubt(no_answer(waited)),
            other => other,
        }
    }
}

fn no_answer(waited: Duration) -> String {
    format!("it did not answer within {} s", waited.as_secs())
}

/// Whether the connection broke, or none came about.
fn is_broken(error: &tokio_postgres::Error) -> bool {
    // A certificate that is not the right one comes as invalid data, and will be no better a moment later.
    let is_passing = |error: &std::io::Error| error.kind() != ErrorKind::InvalidData;
    let by_system = |error: &(dyn std::error::Error + 'static)| error.downcast_ref().is_some_and(is_passing);
    error.is_closed() || error.source().is_some_and(by_system)
}

/// Whether the server has as many connections as it, the database or the role may have.
fn has_none_to_spare(fault: &Fault) -> bool {
    matches!(fault, Fault::Sql(error) if error.code() == Some(&SqlState::TOO_MANY_CONNECTIONS))
}

/// A database and the connections to it.
pub(super) struct Connections {
    address: Address,
    /// Where it is, without the password.
    place: String,
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Default)]
struct State {
    idle: Vec<Session>,
    open: usize,
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Connections {
    /// Reads the address; connects to nothing yet.
    pub(super) fn new(url: &str) -> Result<Self, StoreError> {
        let mut address = Address::parse(url)?;
        let config = &mut address.config;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(GRACE);
        }
        if config.get_application_name().is_none() {
            config.application_name("kithkin");
        }
        let place = place_of(config);
        Ok(Self { address, place, state: Mutex::default(), freed: Condvar::new() })
    }

    /// Where it is, without the password.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn borrow(&self) -> Result<Session, Fault> {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.state();
        loop {
            while let Some(session) = state.idle.pop() {
                if !session.is_closed() {
                    return Ok(session);
                }
                state.open -= 1;
                discard(session);
            }
            let mut refused = None;
            if state.open < CONNECTIONS {
                state.open += 1;
                drop(state);
                match Session::open(&self.address) {
                    Ok(session) => return Ok(session),
                    Err(fault) => refused = Some(fault),
                }
                state = self.state();
                state.open -= 1;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let wait = match refused {
                // One of this process comes free, or another process lets one go.
                Some(fault) if has_none_to_spare(&fault) && !left.is_zero() => left.min(ASKED_AGAIN),
                Some(fault) => {
                    self.freed.notify_one();
                    return Err(fault);
                }
                None if left.is_zero() => return Err(Fault::NoneFree),
                None => left,
            };
            state = self.freed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn give_back(&self, session: Session, usable: bool) {
        let keep = usable && !session.is_closed();
        if keep {
            self.state().idle.push(session);
        } else {
            discard(session);
            self.state().open -= 1;
        }
        self.freed.notify_one();
    }

    fn drop_idle(&self) {
        let idle = std::mem::take(&mut self.state().idle);
        self.state().open -= idle.len();
        idle.into_iter().for_each(discard);
    }

    /// Runs `work` between two statements, of which the second is told how it ended. Gives the connection back whatever
    /// happens, also when the work panics.
    fn within<T>(
        &self,
        begin: &str,
        end: impl FnOnce(&mut Session, Result<T, Fault>) -> Result<T, Fault>,
        work: impl FnOnce(&mut Session) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        struct Lent<'a>(&'a Connections, Option<Session>, bool);
        impl Drop for Lent<'_> {
            fn drop(&mut self) {
                if let Some(session) = self.1.take() {
                    self.0.give_back(session, self.2);
                }
            }
        }
        let mut lent = Lent(self, Some(self.borrow()?), false);
        let Some(session) = lent.1.as_mut() else { return Err(Fault::NoneFree) };
        if !begin.is_empty() {
            session.run(begin)?;
        }
        let result = work(session);
        let result = end(session, result);
        // A failed end leaves an open transaction, or no connection.
        lent.2 = result.is_ok();
        result
    }

    /// Runs `read`, which is one query, without a transaction of its own.
    pub(super) fn read<T>(
        &self,
        doing: &'static str,
        mut read: impl FnMut(&mut Session) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        self.again(doing, || self.within("", |_, result| result, &mut read))
    }

    /// Runs `read` within one snapshot. Once it has begun it is not tried again, for it may have visited some of the rows.
    pub(super) fn snapshot<T>(
        &self,
        doing: &'static str,
        read: impl FnOnce(&mut Session) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        // A visitor may take as long as it likes over the rows.
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0";
        self.once(doing, begin, read)
    }

    /// Runs `work` within a transaction that begins like this, and at most once: it is for work that locks what it looks at,
    /// and does something elsewhere.
    pub(super) fn once<T>(
        &self,
        doing: &'static str,
        begin: &str,
        work: impl FnOnce(&mut Session) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let last = |fault| Fault::Once(Box::new(fault));
        let end = |session: &mut Session, result: Result<T, Fault>| {
            let value = result?;
            session.run("COMMIT").map_err(last)?;
            Ok(value)
        };
        let mut work = Some(work);
        let mut once = |session: &mut Session| match work.take() {
            Some(work) => work(session).map_err(last),
            None => Err(Fault::NoneFree),
        };
        self.again(doing, || self.within(begin, end, &mut once))
    }

    /// Runs `write` in one transaction, alone among the writers of `scopes`; it is taken back whole unless it and the
    /// commit succeed.
    pub(super) fn write<'a, T>(
        &self,
        doing: &'static str,
        scopes: impl IntoIterator<Item = &'a Scope>,
        mut write: impl FnMut(&mut Session) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let begin = begin_of_write(scopes);
        self.again(doing, || self.within(&begin, end_of_write, &mut write))
    }

    /// The same, taken back as well unless `write` gives `true`.
    pub(super) fn write_if<'a>(
        &self,
        doing: &'static str,
        scopes: impl IntoIterator<Item = &'a Scope>,
        mut write: impl FnMut(&mut Session) -> Result<bool, Fault>,
    ) -> Result<bool, StoreError> {
        let begin = begin_of_write(scopes);
        let end = |session: &mut Session, result: Result<bool, Fault>| match result {
            Ok(false) => {
                session.roll_back();
                Ok(false)
            }
            result => end_of_write(session, result),
        };
        self.again(doing, || self.within(&begin, end, &mut write))
    }

    /// Runs `work` outside of any transaction, and once.
    pub(super) fn alone<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&mut Session) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let begun = Instant::now();
        self.within("", |_, result| result, work).map_err(|fault| self.error(doing, fault, begun))
    }

    fn again<T>(&self, doing: &'static str, mut run: impl FnMut() -> Result<T, Fault>) -> Result<T, StoreError> {
        let begun = Instant::now();
        let mut wait = FIRST_WAIT;
        for _ in 0..RETRIES {
            match run() {
                Err(fault) if fault.passes() => {
                    if fault.is_lost() {
                        // The others went the same way, and each would cost a try.
                        self.drop_idle();
                    }
                    std::thread::sleep(wait);
                }
                done => return done.map_err(|fault| self.error(doing, fault, begun)),
            }
            wait *= 2;
        }
        run().map_err(|fault| self.error(doing, fault, begun))
    }

    /// What `fault` means to a caller who has waited since `begun`.
    fn error(&self, doing: &'static str, fault: Fault, begun: Instant) -> StoreError {
        let place = self.place.clone();
        let waited_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let error = match fault {
            Fault::Damaged { what, why } => return StoreError::Damaged { place, what, why },
            Fault::Told(error) => return error,
            Fault::Once(fault) => return self.error(doing, *fault, begun),
            Fault::NoneFree => {
                return StoreError::Busy { place: format!("{place} (all {CONNECTIONS} connections)"), waited_ms };
            }
            Fault::InDoubt(why) => {
                let why = format!("the connection broke during the commit ({why}): look whether it was written");
                return StoreError::Engine { place, doing, why };
            }
            Fault::Silent(waited) => return StoreError::Unreachable { place, why: no_answer(waited) },
            Fault::System(error) => return StoreError::Unreachable { place, why: error.to_string() },
            Fault::Sql(error) => error,
        };
        let why = match self.advice(&error) {
            Some(advice) => format!("{}; {advice}", said(&error)),
            None => said(&error),
        };
        match error.code() {
            Some(code) => match *code {
                SqlState::DISK_FULL => StoreError::Full { place },
                SqlState::READ_ONLY_SQL_TRANSACTION => StoreError::ReadOnly { place, why },
                SqlState::LOCK_NOT_AVAILABLE => StoreError::Busy { place, waited_ms },
                SqlState::INSUFFICIENT_PRIVILEGE
                | SqlState::INVALID_PASSWORD
                | SqlState::INVALID_AUTHORIZATION_SPECIFICATION
                | SqlState::UNDEFINED_DATABASE
                | SqlState::TOO_MANY_CONNECTIONS => StoreError::Unreachable { place, why },
                SqlState::DATA_CORRUPTED | SqlState::INDEX_CORRUPTED => {
                    StoreError::Damaged { place, what: "a page of the database".to_owned(), why }
                }
                _ => StoreError::Engine { place, doing, why },
            },
            None => StoreError::Unreachable { place, why },
        }
    }

    /// What to do about an error of which the server's words do not say it.
    fn advice(&self, error: &tokio_postgres::Error) -> Option<&'static str> {
        match error.code() {
            Some(&SqlState::QUERY_CANCELED) => Some(
                "nothing of it was written: see in pg_stat_activity what the database is busy with, or give the role a \
                 longer statement_timeout",
            ),
            Some(&SqlState::TOO_MANY_CONNECTIONS) => Some(
                "each node takes up to 16 connections: raise max_connections, or the limit of the role or database",
            ),
            _ => self.address.advice(error),
        }
    }
}

impl Drop for Connections {
    fn drop(&mut self) {
        self.drop_idle();
    }
}

/// Closes a connection on a thread of its own: its runtime must not end on one that serves another runtime.
fn discard(session: Session) {
    let closing = std::thread::Builder::new().name("closing".to_owned()).spawn(move || session.close());
    let _ = closing.map(std::thread::JoinHandle::join);
}

/// Begins a transaction, alone among the writers of the scopes.
fn begin_of_write<'a>(scopes: impl IntoIterator<Item = &'a Scope>) -> String {
    let mut locks: Vec<i64> = scopes.into_iter().map(lock_of).collect();
    locks.sort_unstable();
    locks.dedup();
    let mut begin = "BEGIN;".to_owned();
    for lock in locks {
        begin.push_str(&format!("SELECT pg_advisory_xact_lock({lock});"));
    }
    begin
}

fn end_of_write<T>(session: &mut Session, result: Result<T, Fault>) -> Result<T, Fault> {
    match result {
        Ok(value) => match session.run("COMMIT") {
            Ok(()) => Ok(value),
            // A server that stops may have committed before it said so.
            Err(fault) if fault.is_lost() => Err(fault.in_doubt()),
            Err(fault) => Err(fault),
        },
        Err(fault) => {
            session.roll_back();
            Err(fault)
        }
    }
}

/// The number that writers of a person lock. Two persons of one number wait for each other, and nothing else.
fn lock_of(scope: &Scope) -> i64 {
    let mut hash: u64 = 0xCBF2_9CE4_8422_2325;
    let bytes = scope.tenant.as_str().bytes().chain([0]).chain(scope.person.as_str().bytes());
    for byte in bytes {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
    }
    hash.cast_signed()
}

/// An error with its cause, in a line.
pub(super) fn said(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(error) => error.message().to_owned(),
        None => match error.source() {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        },
    }
}

/// `postgres://user@host:port/database`, without the password.
fn place_of(config: &Config) -> String {
    let hosts = config.get_hosts().iter().enumerate().map(|(n, host)| {
        let name = match host {
            Host::Tcp(name) => name.clone(),
            #[cfg(unix)]
            Host::Unix(folder) => folder.display().to_string(),
        };
        let port = config.get_ports().get(n).or(config.get_ports().first()).copied().unwrap_or(5432);
        format!("{name}:{port}")
    });
    let hosts: Vec<String> = hosts.collect();
    let user = config.get_user().map(|user| format!("{user}@")).unwrap_or_default();
    format!("postgres://{user}{}/{}", hosts.join(","), config.get_dbname().or(config.get_user()).unwrap_or_default())
}
