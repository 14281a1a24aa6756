//! The persons of a task: observed once, built for each method in turn, and asked.
//!
//! All of it goes through the facade, into a store in memory.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use kithkin::{
    ConversationId, EventTime, Ingest, Kithkin, Method, Person, PersonId, Policy, PromptReport, Recall, RecallReport,
    Respond, Role, Scope, SessionId, TenantId, Turn, TurnId,
};

use crate::board::Board;
use crate::{LabError, Setup};

/// The conversation that observed turns are in.
pub(crate) const CONVERSATION: &str = "lab";

/// A turn as a task gives it.
#[derive(Debug, Clone)]
pub(crate) struct Said<'a> {
    /// Its id, unique within the person.
    pub(crate) id: &'a str,
    /// Its session.
    pub(crate) session: &'a str,
    /// Who said it.
    pub(crate) speaker: &'a str,
    /// The part of the speaker.
    pub(crate) role: Role,
    /// When.
    pub(crate) at: Option<EventTime>,
    /// The words.
    pub(crate) text: &'a str,
}

/// A store of persons for one run of a task.
#[derive(Debug)]
pub(crate) struct Persons {
    kithkin: Kithkin,
    tenant: TenantId,
    scopes: Vec<Scope>,
    stored: f64,
    /// What the first method that needs vectors took; they cost the others the same.
    embedded: Option<f64>,
}

impl Persons {
    /// An empty store.
    ///
    /// # Errors
    /// None: the tenant's name is valid.
    pub(crate) fn new(setup: &Setup<'_>) -> Result<Self, LabError> {
        Self::guarded(setup, Policy::default())
    }

    /// An empty store behind a policy.
    ///
    /// # Errors
    /// None: the tenant's name is valid.
    pub(crate) fn guarded(setup: &Setup<'_>, policy: Policy) -> Result<Self, LabError> {
        let mut builder = Kithkin::in_memory().policy(policy);
        if let Some(embedder) = &setup.embedder {
            builder = builder.embedder_object(Arc::clone(embedder));
        }
        if let Some(chat) = &setup.chat {
            builder = builder.chat_object(Arc::clone(chat));
        }
        if let Some(reranker) = &setup.reranker {
            builder = builder.reranker_object(Arc::clone(reranker));
        }
        let tenant = TenantId::new("lab").map_err(kithkin::Error::from)?;
        Ok(Self { kithkin: builder.start(), tenant, scopes: Vec::new(), stored: 0.0, embedded: None })
    }

    /// Imports a file of conversations, one person each.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(crate) fn import(&mut self, path: &std::path::Path, format: kithkin::import::Format) -> Result<(), LabError> {
        let start = Instant::now();
        let ingest =
            Ingest { path: path.to_owned(), format: Some(format), person: None, select: None, at: None, embed: false };
        self.kithkin.import(&self.tenant, &ingest, &|_| ControlFlow::Continue(()))?;
        self.stored += start.elapsed().as_secs_f64();
        Ok(())
    }

    /// Observes turns of a person. Turns without words are passed over.
    ///
    /// # Errors
    /// An id that is not valid, or a turn that the facade refuses.
    pub(crate) fn observe(&mut self, person: &str, said: &[Said<'_>]) -> Result<Scope, LabError> {
        let start = Instant::now();
        let scope = self.scope(person)?;
        let turns = said.iter().filter(|said| !said.text.trim().is_empty()).map(turn);
        let turns = turns.collect::<Result<Vec<Turn>, kithkin::Error>>()?;
        self.person(&scope).observe(turns)?;
        self.stored += start.elapsed().as_secs_f64();
        Ok(scope)
    }

    /// The scope of a person, who will be built for each method.
    ///
    /// # Errors
    /// The name is not valid.
    pub(crate) fn scope(&mut self, person: &str) -> Result<Scope, LabError> {
        let scope = Scope::new(self.tenant.clone(), PersonId::new(person).map_err(kithkin::Error::from)?);
        if !self.scopes.contains(&scope) {
            self.scopes.push(scope.clone());
        }
        Ok(scope)
    }

    /// The handle of a person.
    pub(crate) fn person(&self, scope: &Scope) -> Person<'_> {
        self.kithkin.person(scope)
    }

    /// Derives what the method needs for all persons; gives the seconds of storing and deriving.
    ///
    /// # Errors
    /// The method cannot run here.
    pub(crate) fn build(&mut self, method: &Method, setup: &Setup<'_>) -> Result<f64, LabError> {
        let start = Instant::now();
        for (done, scope) in (0..).zip(&self.scopes) {
            (setup.progress)("building", done, self.scopes.len() as u64);
            self.kithkin.person(scope).rebuild(method, &mut |_| ControlFlow::Continue(()))?;
        }
        let mut built = start.elapsed().as_secs_f64();
        // What a chat model took is the method's own.
        if method.about().needs_embedder && !method.about().needs_chat {
            built = built.max(*self.embedded.get_or_insert(built));
        }
        Ok(self.stored + built)
    }

    /// Asks, and notes time and models on the board.
    ///
    /// # Errors
    /// The recall failed.
    pub(crate) fn ask(&self, scope: &Scope, recall: &Recall, board: &mut Board) -> Result<RecallReport, LabError> {
        let start = Instant::now();
        let report = self.person(scope).recall(recall)?;
        board.took(start.elapsed().as_secs_f64() * 1e3);
        // The memories may have been made with a model that recalls nothing.
        let chat = recall.method.as_ref().filter(|method| method.about().needs_chat).and(self.kithkin.chat_name());
        let mut models = report.models.clone();
        models.extend(chat.map(|model| ("chat".to_owned(), model.to_owned())));
        board.ran(&models);
        Ok(report)
    }

    /// Composes what a chat model would be asked, and notes time and models on the board.
    ///
    /// # Errors
    /// The recall failed.
    pub(crate) fn prompt(&self, scope: &Scope, what: &Respond, board: &mut Board) -> Result<PromptReport, LabError> {
        let start = Instant::now();
        let report = self.person(scope).prompt(what)?;
        board.took(start.elapsed().as_secs_f64() * 1e3);
        board.ran(&report.models);
        Ok(report)
    }
}

fn turn(said: &Said<'_>) -> Result<Turn, kithkin::Error> {
    Ok(Turn {
        conversation: ConversationId::new(CONVERSATION)?,
        session: SessionId::new(said.session)?,
        id: TurnId::new(said.id)?,
        speaker: said.speaker.to_owned(),
        role: said.role,
        said_at: said.at,
        text: said.text.to_owned(),
        attachments: Vec::new(),
    })
}
