//! Import: turns become durable in batches, and vectors are made behind them.
//!
//! The reading thread writes turns down as fast as the store takes them; a second thread embeds what is already durable.
//! Either can be stopped or killed at any moment: importing again completes, and stores nothing twice.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

use kithkin_core::{Binding, Blame, EventTime, Millis, Outcome, PersonId, PersonTurns, Scope, TenantId, Turn};
use serde::Serialize;

use crate::feedback::{Restored, Restorer};
use crate::import::kithkin::FeedbackRecord;
use crate::import::{self, Format, ImportOptions, Item};
use crate::person::admitted;
use crate::{Error, Kithkin, Work};

/// Turns of a transaction. Each transaction waits for the disk once.
const BATCH_TURNS: usize = 2_000;
/// Bytes of text of a transaction, so that long turns do not gather in memory.
const BATCH_BYTES: usize = 8 << 20;
/// Rejected items that are listed; more are counted in a last entry.
const MAX_REJECTIONS: usize = 1_000;

/// What to import.
#[derive(Debug, Clone)]
pub struct Ingest {
    /// The file; `-` is standard input.
    pub path: PathBuf,
    /// Its format; recognised by content when `None`.
    pub format: Option<Format>,
    /// Whose turns they are; formats that name the person themselves do not need it.
    pub person: Option<PersonId>,
    /// Only the conversation or item with this id.
    pub select: Option<String>,
    /// When turns without a time of their own were said.
    pub at: Option<EventTime>,
    /// Whether memories and vectors are made as well, in the background; without an embedder, only memories.
    pub embed: bool,
}

/// An item that was not imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Rejection {
    /// The file, line or item.
    #[serde(rename = "where")]
    pub location: String,
    /// What is wrong with it, and what would be right.
    pub why: String,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ImportReport {
    /// Persons in the file.
    pub persons: u64,
    /// Conversations in the file.
    pub conversations: u64,
    /// Sittings in the file.
    pub sessions: u64,
    /// Turns written down, changed ones included.
    pub turns: u64,
    /// Of these, turns whose earlier telling was replaced.
    pub changed: u64,
    /// Turns that were there already.
    pub duplicates: u64,
    /// Pieces of feedback written down.
    pub feedback: u64,
    /// What was not imported, and why.
    pub rejected: Vec<Rejection>,
    /// Vectors made.
    pub vectors: u64,
    /// How long the turns took to become durable.
    pub seconds: f64,
}

/// How an import comes along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// So many turns of the file are durable.
    Stored(u64),
    /// The file is read to its end.
    Read,
    /// So many vectors are made.
    Embedded(u64),
}

/// Told of each step, from two threads; [`ControlFlow::Break`] stops the import, keeping what is durable.
pub type OnStep<'a> = &'a (dyn Fn(Step) -> ControlFlow<()> + Sync);

impl Kithkin {
    /// Imports a file into a tenant. Items that cannot be imported are listed in the report, and the rest is stored.
    ///
    /// # Errors
    /// The file cannot be read or recognised, the store failed, or the embedder failed; turns that are durable stay.
    pub fn import(&self, tenant: &TenantId, what: &Ingest, on_step: OnStep<'_>) -> Result<ImportReport, Error> {
        let start = Instant::now();
        let stop = AtomicBool::new(false);
        let embedded = AtomicU64::new(0);
        let (touched, persons) = channel();
        std::thread::scope(|threads| {
            let (stopping, made) = (&stop, &embedded);
            let worker = threads.spawn(move || embed_behind(self, &persons, what.embed, stopping, made, on_step));
            let mut run = Run::new(self, tenant, touched, on_step, self.clock.now());
            let read = run.read(what);
            let stopped = run.stopped;
            let mut report = run.report;
            report.seconds = start.elapsed().as_secs_f64();
            drop(run.touched);
            if read.is_err() || stopped || on_step(Step::Read).is_break() {
                stop.store(true, Ordering::Relaxed);
            }
            let worked = worker.join();
            read?;
            worked.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            report.vectors = embedded.load(Ordering::Relaxed);
            Ok(report)
        })
    }
}

/// Embeds the persons that the reading thread names, until it hangs up and all is done.
fn embed_behind(
    kithkin: &Kithkin,
    persons: &Receiver<Scope>,
    embed: bool,
    stop: &AtomicBool,
    embedded: &AtomicU64,
    on_step: OnStep<'_>,
) -> Result<(), Error> {
    let mut waiting: Vec<Scope> = Vec::new();
    while let Ok(first) = persons.recv() {
        waiting.push(first);
        waiting.extend(persons.try_iter());
        waiting.sort();
        waiting.dedup();
        if !embed {
            waiting.clear();
            continue;
        }
        for scope in waiting.drain(..) {
            let (mut earlier, mut last) = (embedded.load(Ordering::Relaxed), 0);
            let mut progress = |p: crate::Progress| {
                if p.work == Work::Vectors {
                    // Vectors that a segmenter asks for and those that come after it are counted from 0 each.
                    if p.done <= last {
                        earlier += last;
                    }
                    last = p.done;
                    embedded.store(earlier + last, Ordering::Relaxed);
                }
                if stop.load(Ordering::Relaxed) {
                    ControlFlow::Break(())
                } else {
                    on_step(Step::Embedded(earlier + last))
                }
            };
            match kithkin.person(&scope).catch_up(&mut progress) {
                Err(Error::Engine(kithkin_engine::EngineError::Stopped)) => return Ok(()),
                done => drop(done?),
            }
        }
    }
    Ok(())
}

/// The reading thread's side.
struct Run<'a> {
    kithkin: &'a Kithkin,
    tenant: &'a TenantId,
    touched: Sender<Scope>,
    on_step: OnStep<'a>,
    now: Millis,
    batch: Vec<PersonTurns>,
    /// Feedback with its place in the file; written down once all turns are there.
    feedback: Vec<(Scope, String, FeedbackRecord)>,
    /// Methods that the file binds persons to; bound once their turns are there.
    bindings: Vec<(Scope, Binding)>,
    batch_turns: usize,
    batch_bytes: usize,
    /// When the batch was recorded: now, or at the time that an export of our own says.
    recorded_at: Millis,
    stored: u64,
    unlisted: u64,
    seen: Seen,
    report: ImportReport,
    stopped: bool,
}

/// Hashes of the names that occurred, to count each once in little memory.
#[derive(Default)]
struct Seen {
    persons: HashSet<u64>,
    conversations: HashSet<u64>,
    sessions: HashSet<u64>,
}

impl<'a> Run<'a> {
    fn new(
        kithkin: &'a Kithkin,
        tenant: &'a TenantId,
        touched: Sender<Scope>,
        on_step: OnStep<'a>,
        now: Millis,
    ) -> Self {
        let report = ImportReport {
            persons: 0,
            conversations: 0,
            sessions: 0,
            turns: 0,
            changed: 0,
            duplicates: 0,
            feedback: 0,
            rejected: Vec::new(),
            vectors: 0,
            seconds: 0.0,
        };
        Self {
            kithkin,
            tenant,
            touched,
            on_step,
            now,
            batch: Vec::new(),
            feedback: Vec::new(),
            bindings: Vec::new(),
            batch_turns: 0,
            batch_bytes: 0,
            recorded_at: now,
            stored: 0,
            unlisted: 0,
            seen: Seen::default(),
            report,
            stopped: false,
        }
    }

    fn read(&mut self, what: &Ingest) -> Result<(), Error> {
        let options = ImportOptions {
            format: what.format,
            person: what.person.clone(),
            select: what.select.clone(),
            at: what.at,
            now: self.now,
        };
        let mut failed = None;
        let read = import::read(&what.path, &options, &mut |item| match self.take(item) {
            Ok(flow) => flow,
            Err(e) => {
                failed = Some(e);
                ControlFlow::Break(())
            }
        });
        if let Some(e) = failed {
            return Err(e);
        }
        // What was read before the file turned out to be broken is kept.
        let flushed = self.flush();
        read?;
        flushed?;
        self.restore_feedback()?;
        for (scope, binding) in std::mem::take(&mut self.bindings) {
            if self.kithkin.engine.store().pulse(&scope)?.is_some() {
                self.kithkin.engine.store().bind(&scope, &binding)?;
                let _gone = self.touched.send(scope);
            }
        }
        if self.unlisted > 0 {
            let why = format!("{} more items were rejected and are not listed", self.unlisted);
            self.report.rejected.push(Rejection { location: what.path.display().to_string(), why });
        }
        Ok(())
    }

    fn take(&mut self, item: Item) -> Result<ControlFlow<()>, Error> {
        match item {
            Item::Turn { person, turn, recorded_at } => self.turn(person, turn, recorded_at)?,
            Item::Method { person, binding } => self.bindings.push((Scope::new(self.tenant.clone(), person), binding)),
            Item::Feedback { person, location, feedback } => {
                self.feedback.push((Scope::new(self.tenant.clone(), person), location, feedback));
            }
            Item::Rejected { location, why } => self.reject(location, why),
        }
        Ok(if self.stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    fn restore_feedback(&mut self) -> Result<(), Error> {
        let mut restorer = Restorer::new(self.kithkin.engine.store());
        for (scope, location, record) in std::mem::take(&mut self.feedback) {
            match restorer.restore(&scope, record)? {
                Restored::Written => self.report.feedback += 1,
                Restored::Known => {}
                Restored::Homeless(turn) => {
                    let why = format!("the feedback showed the turn {turn}, which is not there with that content");
                    self.reject(location, why);
                }
            }
        }
        Ok(())
    }

    fn reject(&mut self, location: String, why: String) {
        if self.report.rejected.len() < MAX_REJECTIONS {
            self.report.rejected.push(Rejection { location, why });
        } else {
            self.unlisted += 1;
        }
    }

    fn turn(&mut self, person: PersonId, turn: Turn, recorded_at: Option<Millis>) -> Result<(), Error> {
        let name = turn.key();
        // What an export of our own says was admitted once, and has to come back as it was: with the person's consents and
        // corrections, since a backup that lost a withdrawal would open what the person has closed.
        let admission = match recorded_at {
            Some(_) => Ok(turn),
            None => self.admit(&person, turn)?,
        };
        let turn = match admission {
            Ok(turn) => turn,
            Err(e) => {
                self.reject(format!("turn {name} of {person}"), e.to_string());
                return Ok(());
            }
        };
        let recorded_at = recorded_at.unwrap_or(self.now);
        if recorded_at != self.recorded_at {
            self.flush()?;
            self.recorded_at = recorded_at;
        }
        let ids = (&person, &turn.conversation, &turn.session);
        self.report.persons += u64::from(self.seen.persons.insert(hashed(ids.0)));
        self.report.conversations += u64::from(self.seen.conversations.insert(hashed((ids.0, ids.1))));
        self.report.sessions += u64::from(self.seen.sessions.insert(hashed(ids)));
        self.batch_turns += 1;
        self.batch_bytes += turn.text.len();
        match self.batch.last_mut().filter(|last| last.scope.person == person) {
            Some(last) => last.turns.push(turn),
            None => {
                let scope = Scope::new(self.tenant.clone(), person);
                self.batch.push(PersonTurns { scope, turns: vec![turn] });
            }
        }
        if self.batch_turns >= BATCH_TURNS || self.batch_bytes >= BATCH_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    /// The turn as it may be stored, or why it may not; a failing store is the outer error.
    fn admit(&self, person: &PersonId, turn: Turn) -> Result<Result<Turn, Error>, Error> {
        let scope = Scope::new(self.tenant.clone(), person.clone());
        match self.kithkin.person(&scope).only_said(&turn) {
            Ok(()) => Ok(admitted(turn, self.now)),
            Err(refused) if refused.blame() == Blame::User => Ok(Err(refused)),
            Err(failed) => Err(failed),
        }
    }

    fn flush(&mut self) -> Result<(), Error> {
        if self.batch.is_empty() {
            return Ok(());
        }
        let appended = self.kithkin.engine.store().append(&self.batch, self.recorded_at)?;
        for person in appended {
            for outcome in &person.outcomes {
                match outcome {
                    Outcome::New(_) => self.report.turns += 1,
                    Outcome::Changed { .. } => {
                        self.report.turns += 1;
                        self.report.changed += 1;
                    }
                    Outcome::Duplicate(_) => self.report.duplicates += 1,
                }
            }
            // The worker may have failed and gone; its error is reported when it is joined.
            let _gone = self.touched.send(person.scope);
        }
        self.stored += self.batch_turns as u64;
        self.batch.clear();
        (self.batch_turns, self.batch_bytes) = (0, 0);
        self.stopped |= (self.on_step)(Step::Stored(self.stored)).is_break();
        Ok(())
    }
}

fn hashed(name: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}
