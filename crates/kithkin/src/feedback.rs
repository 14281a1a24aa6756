//! Feedback: which of the turns that a recall showed were cited in an answer, or marked useful.
//!
//! It is kept as it was given. Methods that learn from it, such as `rmm`, read it at the next recall; others pass it over.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::ControlFlow;

use kithkin_core::{
    ConversationId, Feedback as Kept, QuestionVector, Scope, Seq, Shown, Store, StoredTurn, TurnId, TurnKey,
};
use kithkin_engine::{AsOf, Judged};
use serde::Serialize;

use crate::import::kithkin::{FeedbackRecord, ShownRecord};
use crate::person::FUTURE_SLACK;
use crate::reports::instant;
use crate::{Error, Now, Person};

/// What of a recall's turns was of use.
#[derive(Debug, Clone)]
pub struct Feedback {
    /// The question that was asked.
    pub question: String,
    /// The present that it was asked in. Recalls in an earlier present know nothing of this feedback.
    pub now: Now,
    /// The turns that were shown, best first; at least one. One that is named twice counts once.
    pub shown: Vec<TurnKey>,
    /// Those of them that were cited or marked useful; none where all failed.
    pub useful: Vec<TurnKey>,
}

/// What became of feedback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct FeedbackReport {
    /// The question.
    pub query: String,
    /// The present that it was asked in.
    pub now: String,
    /// How many turns were shown.
    pub shown: usize,
    /// How many of them were of use.
    pub useful: usize,
    /// Whether the question has a vector. Without one, for want of an embedder, no method learns from this feedback.
    pub embedded: bool,
}

impl Person<'_> {
    /// Writes feedback down; it is durable when the call returns. What is erased later takes the feedback that showed it
    /// along.
    ///
    /// # Errors
    /// No such person or turn, an empty question, nothing shown, a useful turn that was not shown, a turn that was said
    /// only later, a time in the future, or a failing store or embedder.
    pub fn feedback(&self, given: &Feedback) -> Result<FeedbackReport, Error> {
        self.known()?;
        let clock = self.kithkin().clock.now();
        let now = self.as_of(given.now)?;
        if now.time.start() > clock.saturating_add(FUTURE_SLACK) {
            return Err(Error::Future { given: now.to_string(), now: instant(clock) });
        }
        let shown = self.shown(given, now)?;
        let method = self.method()?;
        let judged = Judged { question: &given.question, method: &method, now, shown: &shown, recorded_at: clock };
        if self.kithkin().engine.feedback(self.scope(), &judged)?.is_none() {
            return Err(Error::ErasedMeanwhile);
        }
        Ok(FeedbackReport {
            query: given.question.clone(),
            now: now.to_string(),
            shown: shown.len(),
            useful: shown.iter().filter(|shown| shown.useful).count(),
            embedded: self.kithkin().engine.embedder().is_some(),
        })
    }

    /// All feedback as an export holds it. `log` is all turns of the person.
    pub(crate) fn feedback_records(&self, log: &[StoredTurn]) -> Result<Vec<FeedbackRecord>, Error> {
        let turns: HashMap<Seq, &StoredTurn> = log.iter().map(|turn| (turn.seq, turn)).collect();
        let named = |shown: &Shown| {
            let StoredTurn { turn, version, .. } = turns.get(&shown.seq)?;
            let (conversation, content) = (turn.conversation.clone(), turn.content_hash().to_string());
            Some(ShownRecord { conversation, turn: turn.id.clone(), version: *version, content, useful: shown.useful })
        };
        let mut records = Vec::new();
        self.kithkin().engine.store().scan_feedback(self.scope(), 0, &mut |stored| {
            let given = stored.feedback;
            let (space, vector) = given.vector.map(|v| (v.space, v.vector)).unzip();
            // A turn that came after the log was read has its feedback in the next export.
            if let Some(shown) = given.shown.iter().map(named).collect() {
                records.push(FeedbackRecord {
                    question: given.question,
                    asked_at: given.asked_at,
                    recorded_at: given.recorded_at,
                    space,
                    vector: vector.unwrap_or_default(),
                    shown,
                });
            }
            ControlFlow::Continue(())
        })?;
        Ok(records)
    }

    /// The turn with this id; the conversation where the id is there in several.
    ///
    /// # Errors
    /// No such turn, or one in several conversations.
    pub fn turn_key(&self, id: &TurnId, within: Option<&ConversationId>) -> Result<TurnKey, Error> {
        let tellings = self.kithkin().engine.store().tellings(self.scope(), id)?;
        let named = tellings.into_iter().map(|t| t.turn.conversation);
        let conversation = self.only("turn", id.as_str(), named, within)?;
        Ok(TurnKey { conversation, turn: id.clone() })
    }

    /// The tellings that were shown, each once.
    fn shown(&self, given: &Feedback, now: AsOf) -> Result<Vec<Shown>, Error> {
        if given.shown.is_empty() {
            return Err(Error::NothingShown);
        }
        if let Some(stray) = given.useful.iter().find(|key| !given.shown.contains(key)) {
            return Err(Error::NotShown { turn: stray.turn.to_string() });
        }
        let mut all: Vec<Shown> = Vec::new();
        for key in &given.shown {
            let seq = self.telling(key, now)?;
            if all.iter().all(|shown| shown.seq != seq) {
                all.push(Shown { seq, useful: given.useful.contains(key) });
            }
        }
        Ok(all)
    }

    /// The last telling of a turn that could be seen at `now`.
    fn telling(&self, key: &TurnKey, now: AsOf) -> Result<Seq, Error> {
        let mut tellings = self.kithkin().engine.store().tellings(self.scope(), &key.turn)?;
        tellings.retain(|telling| telling.turn.conversation == key.conversation);
        if tellings.is_empty() {
            return Err(self.no_such("turn", key.turn.as_str()));
        }
        let seen = tellings.iter().rev().find(|telling| telling.seen_at() <= now.upto());
        let later = || Error::SaidLater { turn: key.turn.to_string(), now: now.to_string() };
        seen.map(|telling| telling.seq).ok_or_else(later)
    }
}

/// Writes the feedback of an export down, each piece once however often it is imported.
pub(crate) struct Restorer<'a> {
    store: &'a dyn Store,
    /// Hashes of the feedback that each person has.
    known: HashMap<Scope, HashSet<u64>>,
}

/// What became of the feedback of an export.
pub(crate) enum Restored {
    /// It was written down.
    Written,
    /// It was there already.
    Known,
    /// This turn, which it showed, is not there.
    Homeless(TurnId),
}

impl<'a> Restorer<'a> {
    pub(crate) fn new(store: &'a dyn Store) -> Self {
        Self { store, known: HashMap::new() }
    }

    pub(crate) fn restore(&mut self, scope: &Scope, record: FeedbackRecord) -> Result<Restored, Error> {
        let mut shown = Vec::new();
        for one in &record.shown {
            let tellings = self.store.tellings(scope, &one.turn)?;
            let same = |t: &&StoredTurn| {
                t.turn.conversation == one.conversation && t.turn.content_hash().to_string() == one.content
            };
            let exact = tellings.iter().find(|t| t.version == one.version && same(t));
            match exact.or_else(|| tellings.iter().rev().find(same)) {
                Some(telling) => shown.push(Shown { seq: telling.seq, useful: one.useful }),
                None => return Ok(Restored::Homeless(one.turn.clone())),
            }
        }
        let vector = record.space.map(|space| QuestionVector { space, vector: record.vector });
        let FeedbackRecord { question, asked_at, recorded_at, .. } = record;
        let feedback = Kept { question, vector, asked_at, recorded_at, shown };
        let known = match self.known.remove(scope) {
            Some(known) => known,
            None => self.hashes(scope)?,
        };
        let known = self.known.entry(scope.clone()).or_insert(known);
        if !known.insert(hashed(&feedback)) || self.store.put_feedback(scope, &feedback)?.is_none() {
            return Ok(Restored::Known);
        }
        Ok(Restored::Written)
    }

    fn hashes(&self, scope: &Scope) -> Result<HashSet<u64>, Error> {
        let mut hashes = HashSet::new();
        self.store.scan_feedback(scope, 0, &mut |stored| {
            hashes.insert(hashed(&stored.feedback));
            ControlFlow::Continue(())
        })?;
        Ok(hashes)
    }
}

/// A hash of all but the vector, which follows from the question.
fn hashed(feedback: &Kept) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&feedback.question, feedback.asked_at, feedback.recorded_at).hash(&mut hasher);
    feedback.shown.iter().for_each(|shown| (shown.seq, shown.useful).hash(&mut hasher));
    hasher.finish()
}
