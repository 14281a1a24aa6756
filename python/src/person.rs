//! `Person`: one person's memory.

use std::fs::File;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use kithkin::{
    Aspect, Change, Correct, Error, Feedback, Forget, Kithkin, Now, Progress, Recall, Remember, Role, Scope,
    SessionRef, TurnId, TurnKey,
};
use pyo3::prelude::*;
use pythonize::pythonize;

use crate::failure::{input, raised, signalled};
use crate::memory::Open;
use crate::values::{Attached, Manner, Moment, Query, all, method, now, optional, parsed};

/// What is to be erased.
#[derive(Debug, FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Named {
    turns: Option<Vec<String>>,
    session: Option<String>,
    conversation: Option<String>,
    everything: bool,
}

impl Named {
    fn forget(self, py: Python<'_>) -> PyResult<Forget> {
        let within = optional(py, self.conversation.as_deref())?;
        Ok(match (self.turns, self.session, within, self.everything) {
            (Some(turns), None, within, false) => Forget::Turns(all(py, &turns)?, within),
            (None, Some(session), within, false) => Forget::Session(parsed(py, &session)?, within),
            (None, None, Some(conversation), false) => Forget::Conversation(conversation),
            (None, None, None, true) => Forget::All,
            _ => return Err(input(py, "name exactly one of turns, session, conversation and everything=True")),
        })
    }
}

/// One person of a memory. It may be used from any thread, until the memory is closed.
#[pyclass(frozen, module = "kithkin._kithkin")]
#[derive(Debug)]
pub(crate) struct Person {
    open: Open,
    scope: Scope,
}

/// Asks Python for signals at every step, so that Ctrl-C ends what takes long.
#[derive(Debug, Default)]
struct Steps {
    interrupted: Option<PyErr>,
}

impl Steps {
    fn step(&mut self, _progress: Progress) -> ControlFlow<()> {
        match signalled() {
            Ok(()) => ControlFlow::Continue(()),
            Err(signal) => {
                self.interrupted = Some(signal);
                ControlFlow::Break(())
            }
        }
    }
}

impl Person {
    pub(crate) fn new(open: Open, scope: Scope) -> Self {
        Self { open, scope }
    }

    /// Runs a call of the facade while other Python threads run.
    fn run<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&kithkin::Person<'_>) -> Result<T, Error> + Send,
    ) -> PyResult<T> {
        let kithkin: Arc<Kithkin> = self.open.kithkin(py)?;
        py.detach(|| work(&kithkin.person(&self.scope))).map_err(|e| raised(py, &e))
    }

    /// The same for work that can be interrupted.
    fn run_long<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&kithkin::Person<'_>, &mut dyn FnMut(Progress) -> ControlFlow<()>) -> Result<T, Error> + Send,
    ) -> PyResult<T> {
        let mut steps = Steps::default();
        let done = self.run(py, |person| work(person, &mut |progress| steps.step(progress)));
        match steps.interrupted {
            Some(signal) => Err(signal),
            None => done,
        }
    }

    fn change(
        &self,
        py: Python<'_>,
        topic: String,
        value: Option<String>,
        about: Option<String>,
        change: Change,
    ) -> PyResult<Py<PyAny>> {
        let what = Correct { topic, value, about, change, at: Now::Clock };
        let report = self.run(py, |person| person.correct(&what))?;
        self.catch_up(py)?;
        Ok(pythonize(py, &report)?.unbind())
    }

    /// The keys of turns that are named by their ids.
    fn keys(&self, py: Python<'_>, ids: &[String]) -> PyResult<Vec<TurnKey>> {
        let ids: Vec<TurnId> = all(py, ids)?;
        self.run(py, |person| ids.iter().map(|id| person.turn_key(id, None)).collect())
    }
}

/// A turn that Python gives.
#[derive(Debug, FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Said {
    text: String,
    speaker: Option<String>,
    role: String,
    conversation: Option<String>,
    session: Option<String>,
    id: Option<String>,
    at: Option<Moment>,
    attachments: Vec<Attached>,
}

impl Said {
    fn remember(self, py: Python<'_>) -> PyResult<Remember> {
        Ok(Remember {
            speaker: self.speaker,
            role: parsed::<Role>(py, &self.role)?,
            conversation: optional(py, self.conversation.as_deref())?,
            session: optional(py, self.session.as_deref())?,
            id: optional(py, self.id.as_deref())?,
            at: now(py, self.at.as_ref())?,
            attachments: self.attachments.into_iter().map(|one| one.attachment(py)).collect::<PyResult<_>>()?,
            ..Remember::new(self.text)
        })
    }
}

/// A question that Python asks.
#[derive(Debug, FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Question {
    question: String,
    aspects: Vec<Query>,
    within: Vec<(String, String)>,
    now: Option<Moment>,
    limit: Option<usize>,
    method: Option<String>,
    explain: bool,
}

impl Question {
    fn recall(self, py: Python<'_>) -> PyResult<Recall> {
        let plain = Recall::new(self.question, now(py, self.now.as_ref())?);
        let session = |(conversation, session): &(String, String)| {
            Ok(SessionRef { conversation: parsed(py, conversation)?, session: parsed(py, session)? })
        };
        Ok(Recall {
            aspects: self.aspects.into_iter().map(Aspect::from).collect(),
            within: self.within.iter().map(session).collect::<PyResult<_>>()?,
            limit: self.limit.unwrap_or(plain.limit),
            method: method(py, self.method.as_deref())?,
            explain: self.explain,
            ..plain
        })
    }
}

#[pymethods]
impl Person {
    #[getter]
    fn id(&self) -> String {
        self.scope.person.to_string()
    }

    #[getter]
    fn tenant(&self) -> String {
        self.scope.tenant.to_string()
    }

    /// Writes turns down, all or none, and derives what follows from them where `derive` says so.
    fn remember_all<'py>(&self, py: Python<'py>, turns: Vec<Said>, derive: bool) -> PyResult<Bound<'py, PyAny>> {
        let turns = turns.into_iter().map(|turn| turn.remember(py)).collect::<PyResult<Vec<_>>>()?;
        let remembered = self.run(py, |person| person.remember_all(&turns))?;
        if derive && !remembered.is_empty() {
            self.catch_up(py)?;
        }
        Ok(pythonize(py, &remembered)?)
    }

    /// Derives what is still to be derived; gives the number of vectors that were made.
    fn catch_up(&self, py: Python<'_>) -> PyResult<u64> {
        self.run_long(py, |person, step| person.catch_up(step))
    }

    /// Binds the person to a method and derives what it needs.
    fn rebuild(&self, py: Python<'_>, name: Option<&str>) -> PyResult<(u64, u64)> {
        let named = method(py, name)?;
        let derived = self.run_long(py, |person, step| {
            let method = named.map_or_else(|| person.preset(), Ok)?;
            let derived = person.rebuild(&method, step)?;
            person.catch_up(step)?;
            Ok(derived)
        })?;
        Ok((derived.sessions, derived.unread))
    }

    fn recall<'py>(&self, py: Python<'py>, question: Question) -> PyResult<Bound<'py, PyAny>> {
        let recall = question.recall(py)?;
        Ok(pythonize(py, &self.run(py, |person| person.recall(&recall))?)?)
    }

    fn context<'py>(&self, py: Python<'py>, message: Question, tokens: usize) -> PyResult<Bound<'py, PyAny>> {
        let recall = message.recall(py)?;
        Ok(pythonize(py, &self.run(py, |person| person.context(&recall, tokens))?)?)
    }

    /// Answers a message; `heard` gets the reply piece by piece. What it raises ends the reply, and is raised.
    fn respond<'py>(&self, py: Python<'py>, manner: Manner, heard: Option<Py<PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        let what = manner.respond(py)?;
        let mut broken = None;
        let mut hear = |piece: &str| {
            let told = Python::attach(|py| {
                py.check_signals()?;
                heard.as_ref().map(|heard| heard.call1(py, (piece,))).transpose()
            });
            match told {
                Ok(_) => ControlFlow::Continue(()),
                Err(raised) => {
                    broken = Some(raised);
                    ControlFlow::Break(())
                }
            }
        };
        let report = self.run(py, |person| person.respond(&what, &mut hear));
        match broken {
            Some(raised) => Err(raised),
            None => Ok(pythonize(py, &report?)?),
        }
    }

    /// What a chat model would be asked for a reply.
    fn prompt<'py>(&self, py: Python<'py>, manner: Manner) -> PyResult<Bound<'py, PyAny>> {
        let what = manner.respond(py)?;
        Ok(pythonize(py, &self.run(py, |person| person.prompt(&what))?)?)
    }

    fn profile<'py>(&self, py: Python<'py>, as_of: Option<Moment>) -> PyResult<Bound<'py, PyAny>> {
        let now = now(py, as_of.as_ref())?;
        Ok(pythonize(py, &self.run(py, |person| person.profile(now))?)?)
    }

    fn edit(
        &self,
        py: Python<'_>,
        topic: String,
        value: String,
        instead_of: Option<String>,
        about: Option<String>,
        kind: Option<&str>,
    ) -> PyResult<Py<PyAny>> {
        let kind = optional(py, kind)?;
        self.change(py, topic, instead_of, about, Change::Edit { value, kind })
    }

    fn confirm(
        &self,
        py: Python<'_>,
        topic: String,
        value: Option<String>,
        about: Option<String>,
    ) -> PyResult<Py<PyAny>> {
        self.change(py, topic, value, about, Change::Confirm)
    }

    fn reject(
        &self,
        py: Python<'_>,
        topic: String,
        value: Option<String>,
        about: Option<String>,
    ) -> PyResult<Py<PyAny>> {
        self.change(py, topic, value, about, Change::Reject)
    }

    fn memories<'py>(&self, py: Python<'py>, as_of: Option<Moment>) -> PyResult<Bound<'py, PyAny>> {
        let now = now(py, as_of.as_ref())?;
        Ok(pythonize(py, &self.run(py, |person| person.memories(now))?)?)
    }

    /// All tellings of a turn where one is named, else all turns in the order in which they were said.
    fn turns<'py>(&self, py: Python<'py>, id: Option<&str>) -> PyResult<Bound<'py, PyAny>> {
        let id: Option<TurnId> = optional(py, id)?;
        let turns = self.run(py, |person| match &id {
            Some(id) => person.show(id),
            None => person.timeline(),
        })?;
        Ok(pythonize(py, &turns)?)
    }

    fn report<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(pythonize(py, &self.run(py, |person| person.report())?)?)
    }

    /// Notes which turns were of use for a question.
    fn feedback<'py>(
        &self,
        py: Python<'py>,
        question: String,
        shown: Vec<String>,
        useful: Vec<String>,
        asked: Option<Moment>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (shown, useful) = (self.keys(py, &shown)?, self.keys(py, &useful)?);
        let given = Feedback { question, now: now(py, asked.as_ref())?, shown, useful };
        Ok(pythonize(py, &self.run(py, |person| person.feedback(&given))?)?)
    }

    /// Erases turns, a sitting, a conversation, or everything.
    fn forget<'py>(&self, py: Python<'py>, named: Named, dry_run: bool, receipt: bool) -> PyResult<Bound<'py, PyAny>> {
        let what = named.forget(py)?;
        let report = match (receipt, dry_run) {
            (true, true) => return Err(input(py, "what is only counted has no receipt: leave out dry_run or receipt")),
            (true, false) => self.run(py, |person| person.forget_with_receipt(&what, Now::Clock))?,
            (false, dry_run) => self.run(py, |person| person.forget(&what, dry_run))?,
        };
        Ok(pythonize(py, &report)?)
    }

    /// Writes the person out; gives the number of turns.
    fn export(&self, py: Python<'_>, path: PathBuf) -> PyResult<u64> {
        let shown = path.display().to_string();
        self.run(py, |person| {
            let unwritten = |e: std::io::Error| Error::Write { path: shown.clone(), why: e.to_string() };
            let mut file = File::create_new(&path).map_err(unwritten)?;
            let written = person.export(&mut file, &shown)?;
            file.sync_all().map_err(unwritten)?;
            Ok(written)
        })
    }

    /// What chat models were given of the person.
    fn disclosures<'py>(&self, py: Python<'py>, since: Option<Moment>) -> PyResult<Bound<'py, PyAny>> {
        let since = since.map(|at| at.at(py)).transpose()?;
        Ok(pythonize(py, &self.run(py, |person| person.disclosures(since))?)?)
    }

    /// What the person's data may be used for; with a purpose, after saying whether it may.
    fn consent<'py>(&self, py: Python<'py>, purpose: Option<&str>, given: bool) -> PyResult<Bound<'py, PyAny>> {
        let purpose = optional(py, purpose)?;
        let consents = self.run(py, |person| match purpose {
            Some(purpose) => person.consent(purpose, given),
            None => person.consents(),
        })?;
        Ok(pythonize(py, &consents)?)
    }
}
