//! The handle of one person: observe, recall, look, rebuild.

use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;

use kithkin_core::{
    ChatError, ConversationId, EventTime, Millis, Scope, Seq, SessionRef, StoredTurn, Turn, TurnId, TurnKey,
};
use kithkin_engine::{
    AsOf, Aspect, Derived, EngineError, Evidence, Method, Progress, RecallRequest, Recalled, SessionHit,
};

use crate::quote::without_blocks;
use crate::reports::{
    AspectReport, EvidenceReport, FilterReport, PartialReport, PersonReport, RecallReport, RescoreReport,
    SessionReport, TimingsReport, TurnReport, instant,
};
use crate::{Error, Kithkin};

/// How far after the machine's clock a turn may be dated: a day, for clocks and zones that disagree.
pub(crate) const FUTURE_SLACK: Millis = 24 * 3600 * 1000;

/// The present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Now {
    /// The machine's clock, and all of the log: it has been said, whatever the clock says.
    #[default]
    Clock,
    /// A time that is given: nothing said after it is seen.
    At(EventTime),
}

/// A question to a person's memory.
#[derive(Debug, Clone)]
pub struct Recall {
    /// The question.
    pub question: String,
    /// Further queries: what a turn may answer to beside the question. A turn counts by the question and by the aspect
    /// that fits it best. Who, when, and whether it can be answered is the question's alone to say.
    pub aspects: Vec<Aspect>,
    /// Only turns of these sittings come back; of all when empty, as by default. One that is not there has no turns.
    pub within: Vec<SessionRef>,
    /// Turns that do not come back, such as those that a model hears anyway; none by default.
    pub without: Vec<TurnKey>,
    /// The present.
    pub now: Now,
    /// At most so many turns come back; 10 by default.
    pub limit: usize,
    /// How to search; by default the method that the person is bound to, else `hybrid`.
    pub method: Option<Method>,
    /// Whether each turn comes with the whole tree of its score.
    pub explain: bool,
}

impl Recall {
    /// A question with the defaults.
    pub fn new(question: impl Into<String>, now: Now) -> Self {
        Self {
            question: question.into(),
            aspects: Vec::new(),
            within: Vec::new(),
            without: Vec::new(),
            now,
            limit: 10,
            method: None,
            explain: false,
        }
    }
}

/// One person of a store.
#[derive(Debug)]
pub struct Person<'k> {
    kithkin: &'k Kithkin,
    scope: Scope,
}

impl<'k> Person<'k> {
    pub(crate) fn new(kithkin: &'k Kithkin, scope: Scope) -> Self {
        Self { kithkin, scope }
    }

    /// Whose memory it is.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    pub(crate) fn kithkin(&self) -> &'k Kithkin {
        self.kithkin
    }

    /// How much is remembered of the person, at the cost of a read of the log.
    ///
    /// # Errors
    /// No such person, or the store failed.
    pub fn report(&self) -> Result<PersonReport, Error> {
        self.known()?;
        let turns = self.log()?;
        let replaced: HashSet<_> = turns.iter().filter_map(|turn| turn.supersedes).collect();
        let current: Vec<&Turn> = turns.iter().filter(|t| !replaced.contains(&t.seq)).map(|t| &t.turn).collect();
        let conversations: HashSet<_> = current.iter().map(|turn| &turn.conversation).collect();
        let sessions: HashSet<_> = current.iter().map(|turn| (&turn.conversation, &turn.session)).collect();
        let dated = || current.iter().filter_map(|turn| turn.said_at).map(|at| at.start());
        Ok(PersonReport {
            person: self.scope.person.to_string(),
            conversations: conversations.len() as u64,
            sessions: sessions.len() as u64,
            turns: current.len() as u64,
            first: dated().min().map(instant),
            last: dated().max().map(instant),
        })
    }

    /// The state of what is remembered, as a short text: it stays the same until something is written, derived or erased, and
    /// says nothing of what that is. It is cheap: two reads of single rows.
    ///
    /// # Errors
    /// No such person, or the store failed.
    pub fn state(&self) -> Result<String, Error> {
        let store = self.kithkin.engine.store();
        let pulse = store.pulse(&self.scope)?.ok_or_else(|| EngineError::NoPerson { scope: self.scope.clone() })?;
        // Somebody who is erased and begins anew counts from the start; when the last turn was written down differs.
        let last = store.turns(&self.scope, &[Seq(pulse.last_seq)])?;
        let recorded = last.first().map_or(0, |turn| turn.recorded_at);
        let mut hasher = blake3::Hasher::new();
        for part in [pulse.version, pulse.epoch, pulse.last_seq, recorded.cast_unsigned()] {
            hasher.update(&part.to_le_bytes());
        }
        Ok(hasher.finalize().to_hex()[..20].to_owned())
    }

    /// Makes what is still to be derived: memories of the person's method, then vectors. Resumable. Memories that need an
    /// embedder or a chat model are left for later where there is none; [`Kithkin::doctor`] finds them. A chat model that
    /// fails costs no vector.
    ///
    /// # Errors
    /// The store or a model failed, or the caller stopped it.
    pub fn catch_up(&self, progress: &mut dyn FnMut(Progress) -> ControlFlow<()>) -> Result<u64, Error> {
        let method = self.kithkin.method_of(&self.scope)?;
        let derived = self.derive(&method, progress);
        if matches!(derived, Err(Error::Engine(EngineError::Stopped))) {
            return derived.map(|()| 0);
        }
        let made = self.kithkin.engine.embed_missing(&self.scope, &method, progress)?;
        derived.map(|()| made)
    }

    /// Derives what can be derived here: not what needs a model that is not there, or that may not be asked.
    pub(crate) fn derive(
        &self,
        method: &Method,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        match self.kithkin.engine.derive_missing(&self.scope, method, progress) {
            Ok(_) | Err(EngineError::NoEmbedder { .. } | EngineError::NoChatModel { .. }) => Ok(()),
            Err(EngineError::Chat(ChatError::Spent { .. } | ChatError::NoConsent { .. })) => Ok(()),
            Err(e) => Err(e.into()),
        }
    }

    /// Finds the turns that answer a question.
    ///
    /// # Errors
    /// No such person, an empty question or aspect, a weight out of range, a method that cannot run here, or a failing store
    /// or model.
    pub fn recall(&self, recall: &Recall) -> Result<RecallReport, Error> {
        let (method, now) = self.resolve(recall)?;
        let found = self.found(recall, &method, now)?;
        Ok(self.recall_report(recall, &method, now, found))
    }

    pub(crate) fn resolve(&self, recall: &Recall) -> Result<(Method, AsOf), Error> {
        let method = recall.method.clone().map_or_else(|| self.kithkin.method_of(&self.scope), Ok)?;
        Ok((method, self.as_of(recall.now)?))
    }

    pub(crate) fn moment(&self, now: Now) -> Result<EventTime, Error> {
        match now {
            Now::At(time) => Ok(time),
            Now::Clock => Ok(EventTime::from_millis(self.kithkin.clock.now())?),
        }
    }

    pub(crate) fn as_of(&self, now: Now) -> Result<AsOf, Error> {
        let time = self.moment(now)?;
        Ok(if now == Now::Clock { AsOf::now(time) } else { AsOf::at(time) })
    }

    pub(crate) fn found(&self, recall: &Recall, method: &Method, now: AsOf) -> Result<Recalled, Error> {
        let request = RecallRequest {
            question: &recall.question,
            aspects: &recall.aspects,
            within: &recall.within,
            method,
            now,
            limit: recall.limit.saturating_add(recall.without.len()),
            explain: recall.explain,
        };
        let mut found = self.kithkin.engine.recall(&self.scope, &request)?;
        let without: HashSet<&TurnKey> = recall.without.iter().collect();
        found.evidence.retain(|evidence| !without.contains(&evidence.turn.turn.key()));
        found.evidence.truncate(recall.limit);
        Ok(found)
    }

    fn recall_report(&self, recall: &Recall, method: &Method, now: AsOf, found: Recalled) -> RecallReport {
        let about = method.about();
        let mut models = self.models(method);
        if let Some(model) = self.kithkin.chat_name().filter(|_| found.filtered.is_some()) {
            models.insert("chat".to_owned(), model.to_owned());
        }
        if let Some(model) = self.kithkin.reranker_name().filter(|_| found.rescored.is_some()) {
            models.insert("reranker".to_owned(), model.to_owned());
        }
        let filter = |f: kithkin_engine::Filtered| FilterReport {
            candidates: f.candidates,
            relevant: f.relevant,
            readable: f.readable,
        };
        let t = found.timings;
        RecallReport {
            query: recall.question.clone(),
            aspects: recall.aspects.iter().map(|a| AspectReport { text: a.text.clone(), weight: a.weight }).collect(),
            now: now.to_string(),
            method: about.id.to_string(),
            models,
            answerable: found.answerable,
            abstain: found.abstain,
            partial: found.partial.map(|p| PartialReport { vectors: p.vectors, turns: p.turns }),
            rescore: found.rescored.map(|r| RescoreReport { candidates: r.candidates, scored: r.scored }),
            filter: found.filtered.map(filter),
            evidence: found.evidence.into_iter().map(evidence).collect(),
            sessions: found.sessions.iter().map(session).collect(),
            compared: found.compared,
            answerable_why: found.answerable_why,
            timings_ms: TimingsReport { embed: t.embed, load: t.load, search: t.search, total: t.total },
        }
    }

    /// The models that a recall by this method uses beside those of its filter.
    pub(crate) fn models(&self, method: &Method) -> BTreeMap<String, String> {
        let embedder = self.kithkin.embedder_name().filter(|_| method.about().needs_embedder);
        embedder.map(|model| ("embedder".to_owned(), model.to_owned())).into_iter().collect()
    }

    /// All turns in the order in which they were said, replaced tellings included.
    ///
    /// # Errors
    /// No such person, or the store failed.
    pub fn timeline(&self) -> Result<Vec<TurnReport>, Error> {
        self.known()?;
        let mut turns = self.log()?;
        turns.sort_by_key(|t| (t.turn.said_at.map_or(Millis::MIN, |at| at.start()), t.seq));
        Ok(reports(turns))
    }

    /// A part of the log in the order in which it was written down: at most `limit` turns, replaced tellings included, of
    /// those behind the place `after`, which is 0 at first; and the place to go on from, if there are more. A turn that is
    /// written down meanwhile comes in a later part.
    ///
    /// # Errors
    /// No such person, or the store failed.
    pub fn turns(&self, after: u64, limit: usize) -> Result<(Vec<TurnReport>, Option<u64>), Error> {
        self.known()?;
        let (mut part, mut replaced, mut more) = (Vec::new(), HashSet::new(), false);
        self.kithkin.engine.store().scan_turns(&self.scope, after, &mut |turn| {
            replaced.extend(turn.supersedes);
            if part.len() < limit {
                part.push(turn);
            } else {
                more = true;
            }
            ControlFlow::Continue(())
        })?;
        let next = part.last().map(|turn: &StoredTurn| turn.seq.0).filter(|_| more);
        let report = |turn: StoredTurn| {
            let gone = replaced.contains(&turn.seq);
            TurnReport::new(turn, gone)
        };
        Ok((part.into_iter().map(report).collect(), next))
    }

    /// All tellings of the turns with this id.
    ///
    /// # Errors
    /// No such person or turn.
    pub fn show(&self, id: &TurnId) -> Result<Vec<TurnReport>, Error> {
        self.known()?;
        let tellings = self.kithkin.engine.store().tellings(&self.scope, id)?;
        if tellings.is_empty() {
            return Err(self.no_such("turn", id.as_str()));
        }
        Ok(reports(tellings))
    }

    /// The one conversation that has the named thing.
    pub(crate) fn only(
        &self,
        what: &'static str,
        name: &str,
        named: impl Iterator<Item = ConversationId>,
        within: Option<&ConversationId>,
    ) -> Result<ConversationId, Error> {
        let mut found: Vec<ConversationId> = named.filter(|c| within.is_none_or(|w| w == c)).collect();
        found.sort();
        found.dedup();
        match found.len() {
            0 => Err(self.no_such(what, name)),
            1 => Ok(found.remove(0)),
            _ => Err(Error::Ambiguous {
                person: self.scope.person.to_string(),
                what,
                name: name.to_owned(),
                within: found.iter().map(ToString::to_string).collect(),
            }),
        }
    }

    /// Binds the person to a method and derives what it needs from the log; the former method serves until then.
    ///
    /// # Errors
    /// No such person, or the store or a model failed or is missing, or the caller stopped it.
    pub fn rebuild(
        &self,
        method: &Method,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Derived, Error> {
        self.known()?;
        self.kithkin.engine.mend(&self.scope)?;
        Ok(self.kithkin.engine.rebuild(&self.scope, method, progress)?)
    }

    /// The method that the person is bound to, or the default.
    ///
    /// # Errors
    /// The store failed, or the preset has changed.
    pub fn method(&self) -> Result<Method, Error> {
        self.kithkin.method_of(&self.scope)
    }

    /// The same as its preset says now, also where the preset has changed since: what a rebuild takes.
    ///
    /// # Errors
    /// The store failed.
    pub fn preset(&self) -> Result<Method, Error> {
        Ok(self.kithkin.preset_of(&self.scope)?.0)
    }

    /// Makes the vectors of the embedder in use, then drops those that other embedders made. Resumable.
    ///
    /// # Errors
    /// No such person, or the store or the embedder failed, or the caller stopped it.
    pub fn reembed(&self, progress: &mut dyn FnMut(Progress) -> ControlFlow<()>) -> Result<u64, Error> {
        self.known()?;
        self.kithkin.engine.mend(&self.scope)?;
        let made = self.kithkin.engine.embed_missing(&self.scope, &self.method()?, progress)?;
        self.kithkin.engine.drop_other_vectors(&self.scope)?;
        Ok(made)
    }

    /// The whole log in order of place.
    pub(crate) fn log(&self) -> Result<Vec<StoredTurn>, Error> {
        let mut turns = Vec::new();
        self.kithkin.engine.store().scan_turns(&self.scope, 0, &mut |turn| {
            turns.push(turn);
            ControlFlow::Continue(())
        })?;
        Ok(turns)
    }

    /// The last turns of the log in order of place, without those that were replaced; none of a person who is not there.
    pub(crate) fn last_turns(&self, most: u64) -> Result<Vec<StoredTurn>, Error> {
        let store = self.kithkin.engine.store();
        let Some(pulse) = store.pulse(&self.scope)? else { return Ok(Vec::new()) };
        let mut turns: Vec<StoredTurn> = Vec::new();
        store.scan_turns(&self.scope, pulse.last_seq.saturating_sub(most), &mut |turn| {
            turns.push(turn);
            ControlFlow::Continue(())
        })?;
        let replaced: HashSet<_> = turns.iter().filter_map(|turn| turn.supersedes).collect();
        turns.retain(|turn| !replaced.contains(&turn.seq));
        Ok(turns)
    }

    /// Refuses a person who is not there.
    pub(crate) fn known(&self) -> Result<(), Error> {
        match self.kithkin.engine.store().pulse(&self.scope)? {
            Some(_) => Ok(()),
            None => Err(EngineError::NoPerson { scope: self.scope.clone() }.into()),
        }
    }

    pub(crate) fn no_such(&self, what: &'static str, name: &str) -> Error {
        Error::NoSuch { person: self.scope.person.to_string(), what, name: name.to_owned() }
    }
}

/// The turn as it may be stored: without recalled blocks, valid, not of the future.
pub(crate) fn admitted(mut turn: Turn, now: Millis) -> Result<Turn, Error> {
    if let Some(rest) = without_blocks(&turn.text) {
        if rest.is_empty() && turn.attachments.is_empty() {
            return Err(Error::OnlyRecalled);
        }
        turn.text = rest;
    }
    turn.validate()?;
    match turn.said_at {
        Some(at) if at.start() > now.saturating_add(FUTURE_SLACK) => {
            Err(Error::Future { given: at.to_string(), now: instant(now) })
        }
        _ => Ok(turn),
    }
}

fn reports(turns: Vec<StoredTurn>) -> Vec<TurnReport> {
    let replaced: HashSet<_> = turns.iter().filter_map(|t| t.supersedes).collect();
    turns
        .into_iter()
        .map(|turn| {
            let gone = replaced.contains(&turn.seq);
            TurnReport::new(turn, gone)
        })
        .collect()
}

pub(crate) fn evidence(found: Evidence) -> EvidenceReport {
    let turn = found.turn.turn;
    EvidenceReport {
        turn: turn.id.to_string(),
        conversation: turn.conversation.to_string(),
        session: turn.session.to_string(),
        speaker: turn.speaker,
        said_at: turn.said_at.map(|t| t.to_string()),
        text: turn.text,
        attachments: turn.attachments,
        score: found.score,
        why: found.why,
    }
}

fn session(found: &SessionHit) -> SessionReport {
    SessionReport {
        conversation: found.session.conversation.to_string(),
        session: found.session.session.to_string(),
        score: found.score,
    }
}
