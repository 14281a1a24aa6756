//! What is done behind the requests by one thread: memories and vectors of what was written, and the erasing of what has been
//! kept for long enough.
//!
//! A person is worked on when something of theirs was written, and once at the start where something had been left. What
//! fails is tried again later, each time later than before. There is no queue to lose: what is to be done is seen from the
//! store (decision 15).

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use kithkin::{Blame, Kithkin, Now, Passed, Retain, Retention, RetentionReport, Scope, TenantId};

/// After the first failure; each further one waits twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// No wait is longer.
const LONGEST_WAIT: Duration = Duration::from_secs(900);

/// Between two looks for what is no longer kept.
const RETENTION: Duration = Duration::from_secs(6 * 3_600);

/// The thread and what it has to do.
#[derive(Debug)]
pub(crate) struct Background {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug, Default)]
struct Shared {
    todo: Mutex<Todo>,
    changed: Condvar,
    stop: AtomicBool,
    kept: Kept,
}

/// What of whom is kept for how long.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// The tenants that are served.
    pub(crate) tenants: Vec<TenantId>,
    pub(crate) rules: Vec<Retention>,
    /// The folder for receipts of what is erased by them.
    pub(crate) receipts: Option<PathBuf>,
}

#[derive(Debug, Default)]
struct Todo {
    /// Tenants whose persons are all to be looked at.
    tenants: Vec<TenantId>,
    /// Persons by when they are due.
    waiting: BTreeMap<Scope, Waiting>,
    /// How often in a row each failed.
    failures: HashMap<Scope, u32>,
    /// When it is looked next for what is no longer kept, where there are rules.
    retention: Option<Instant>,
}

enum Next {
    Retention,
    Tenant(TenantId),
    Person(Scope),
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    since: Instant,
    due: Instant,
}

impl Background {
    /// Starts the thread; it first looks for what was left undone of the tenants' persons.
    pub(crate) fn start(kithkin: Arc<Kithkin>, kept: Kept) -> Self {
        let retention = (!kept.rules.is_empty()).then(Instant::now);
        let todo = Todo { tenants: kept.tenants.clone(), retention, ..Todo::default() };
        let shared = Arc::new(Shared { todo: Mutex::new(todo), kept, ..Shared::default() });
        let seen = Arc::clone(&shared);
        let thread = std::thread::spawn(move || seen.work(&kithkin));
        Self { shared, thread: Mutex::new(Some(thread)) }
    }

    /// Has the person looked at after so long.
    pub(crate) fn add(&self, scope: Scope, wait: Duration) {
        self.shared.add(scope, wait);
    }

    /// Has all persons of the tenant looked at.
    pub(crate) fn look(&self, tenant: TenantId) {
        self.shared.todo().tenants.push(tenant);
        self.shared.changed.notify_all();
    }

    /// How many persons wait, and for how long the first of them has.
    pub(crate) fn waiting(&self) -> (usize, Duration) {
        let todo = self.shared.todo();
        let oldest = todo.waiting.values().map(|waiting| waiting.since.elapsed()).max();
        (todo.waiting.len(), oldest.unwrap_or_default())
    }

    /// Stops at the next place where nothing is lost, and waits for that.
    pub(crate) fn stop(&self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.shared.changed.notify_all();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that derives memories panicked");
        }
    }
}

impl Shared {
    fn todo(&self) -> MutexGuard<'_, Todo> {
        self.todo.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn add(&self, scope: Scope, wait: Duration) {
        let now = Instant::now();
        let mut todo = self.todo();
        let waiting = todo.waiting.entry(scope).or_insert(Waiting { since: now, due: now + wait });
        waiting.due = waiting.due.min(now + wait);
        drop(todo);
        self.changed.notify_all();
    }

    fn take_up(&self, kithkin: &Kithkin, tenant: &TenantId) {
        let jobs = match kithkin.jobs(tenant) {
            Ok(jobs) => jobs,
            Err(error) => return tracing::error!(%error, "what is to be derived could not be read"),
        };
        for job in jobs {
            if let Ok(person) = job.person.parse() {
                self.add(Scope::new(tenant.clone(), person), Duration::ZERO);
            }
        }
    }

    /// Erases what is no longer kept. What fails is tried again with the next look.
    fn retain(&self, kithkin: &Kithkin) {
        let Kept { tenants, rules, receipts } = &self.kept;
        let how = Retain { rules, now: Now::Clock, receipts: receipts.as_deref(), dry_run: false };
        for tenant in tenants {
            match kithkin.retain(tenant, &how, &mut |_: Passed| self.flow()) {
                Ok(report) => {
                    let RetentionReport { turns, persons, receipts, .. } = report;
                    tracing::info!(turns, persons, receipts, "retention");
                    if report.unreadable > 0 {
                        tracing::error!(
                            persons = report.unreadable,
                            "retention: they cannot be read; run kithkin doctor"
                        );
                    }
                }
                Err(_) if self.stopped() => return,
                Err(error) => {
                    tracing::error!(error = told(&error), blame = ?error.blame(), "what is no longer kept could not be erased");
                }
            }
        }
    }

    fn flow(&self) -> ControlFlow<()> {
        if self.stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn work(&self, kithkin: &Kithkin) {
        while let Some(next) = self.next() {
            let scope = match next {
                Next::Tenant(tenant) => {
                    self.take_up(kithkin, &tenant);
                    continue;
                }
                Next::Retention => {
                    self.retain(kithkin);
                    continue;
                }
                Next::Person(scope) => scope,
            };
            let mut progress = |_| self.flow();
            let Some(error) = failure(kithkin.person(&scope).catch_up(&mut progress)) else {
                self.todo().failures.remove(&scope);
                continue;
            };
            if self.stopped() {
                return;
            }
            let failures = {
                let mut todo = self.todo();
                let failures = todo.failures.entry(scope.clone()).or_insert(0);
                *failures = failures.saturating_add(1);
                *failures
            };
            let wait = FIRST_WAIT.saturating_mul(1 << failures.min(10)).min(LONGEST_WAIT);
            tracing::warn!(error = told(&error), blame = ?error.blame(), failures, seconds = wait.as_secs(), "deriving failed; it is tried again later");
            self.add(scope, wait);
        }
    }

    /// What is due next; `None` when it is time to stop.
    fn next(&self) -> Option<Next> {
        let mut todo = self.todo();
        loop {
            if self.stopped() {
                return None;
            }
            if let Some(tenant) = todo.tenants.pop() {
                return Some(Next::Tenant(tenant));
            }
            let now = Instant::now();
            if todo.retention.is_some_and(|due| due <= now) {
                todo.retention = Some(now + RETENTION);
                return Some(Next::Retention);
            }
            let first = todo.waiting.iter().min_by_key(|(_, waiting)| waiting.due);
            let (scope, due) = first.map(|(scope, waiting)| (scope.clone(), waiting.due)).unzip();
            match (scope, [due, todo.retention].into_iter().flatten().min()) {
                (Some(scope), Some(first)) if first <= now => {
                    todo.waiting.remove(&scope);
                    return Some(Next::Person(scope));
                }
                (_, Some(due)) => {
                    let waited = self.changed.wait_timeout(todo, due - now);
                    todo = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
                _ => todo = self.changed.wait(todo).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

/// What is logged of an error: what a model or a disk says is the operator's to know; other errors name the person.
fn told(error: &kithkin::Error) -> Option<String> {
    matches!(error.blame(), Blame::Model | Blame::Store | Blame::Internal).then(|| error.to_string())
}

/// What failed; a person who was erased meanwhile is no failure.
fn failure(done: Result<u64, kithkin::Error>) -> Option<kithkin::Error> {
    done.err().filter(|error| !matches!(error, kithkin::Error::Engine(kithkin::EngineError::NoPerson { .. })))
}
