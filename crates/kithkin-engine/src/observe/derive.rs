//! Brings a person's memories up to date with the log, session by session.
//!
//! A session whose memories are older than its turns is derived anew as a whole, so that what is stored after any order
//! of observing and erasing equals what a rebuild would make.

use std::collections::HashMap;
use std::ops::ControlFlow;

use kithkin_core::{
    ChatError, ChatModel, Embedder, Memory, Scope, Seq, SessionRef, Spent, Store, StoreError, StoredTurn, UnitId,
};

use super::{Progress, Sitting, Space, Work, embed_missing};
use crate::chat::{Chat, Estimating, Metered};
use crate::method::{Method, Observe};
use crate::{EngineError, Stop};

/// Vectors of turns.
type TurnVectors = HashMap<Seq, Vec<f32>>;

/// What was derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Derived {
    /// Sessions.
    pub sessions: u64,
    /// Answers of the chat model, or pieces of them, that could not be read. What depends on them was left out.
    pub unread: u64,
}

/// The models that deriving may need, as far as they are there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Models<'a> {
    pub(crate) embedder: Option<&'a dyn Embedder>,
    pub(crate) chat: Option<&'a Metered<'a>>,
}

/// Derives the memories of all stale sessions. Where the segmenter looks at vectors, those that turns lack are made first.
/// A session is stored when all calls for it are done; nothing is locked meanwhile.
///
/// # Errors
/// The store or a model failed, a model is missing, or the caller stopped it: sessions already derived are kept.
pub(crate) fn derive_stale(
    store: &dyn Store,
    models: Models<'_>,
    scope: &Scope,
    method: &Method,
    progress: Stop<'_>,
) -> Result<Derived, EngineError> {
    let Some(observe) = &method.bound().observe else { return Ok(Derived::default()) };
    let stale = store.stale_sessions(scope, method.derivation())?;
    if stale.is_empty() {
        return Ok(Derived::default());
    }
    if observe.asks() && models.chat.is_none() {
        return Err(EngineError::NoChatModel { method: method.about().id.clone() });
    }
    let chat = Chat::new(models.chat.map(|chat| chat as &dyn ChatModel));
    let mut vectors = HashMap::new();
    if observe.segment.needs_vectors() {
        let Some(embedder) = models.embedder else {
            return Err(EngineError::NoEmbedder { method: method.about().id.clone() });
        };
        vectors = made_vectors(store, embedder, scope, progress)?;
    }
    let mut turns = turns_of(store, scope, &stale)?;
    let of = stale.len() as u64;
    let mut done = 0;
    for session in &stale {
        let told = turns.remove(session).unwrap_or_default();
        let upto = told.last().map_or(Seq(0), |turn| turn.seq);
        models.chat.iter().for_each(|chat| chat.shows(told.iter().map(|turn| turn.seq)));
        let memories = observe.memories(&Sitting::new(told, &mut vectors), &chat)?;
        models.chat.map_or(Ok(()), Metered::end)?;
        // `false` says that a source went in the meantime; the erasure left the session stale, so a later run does it.
        store.put_memories(scope, method.derivation(), session, upto, &memories)?;
        done += 1;
        if progress(Progress { work: Work::Sessions, done, of }).is_break() {
            return Err(EngineError::Stopped);
        }
    }
    Ok(Derived { sessions: done, unread: chat.unread() })
}

/// What deriving would take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Estimate {
    /// Sessions that are to be derived.
    pub sessions: u64,
    /// What a chat model would be asked: about so many calls and tokens to read, and at most so many to say.
    pub spent: Spent,
}

/// What [`derive_stale`] would take. No model is asked, so vectors that are not there are done without.
///
/// # Errors
/// The store failed.
pub(crate) fn estimate(
    store: &dyn Store,
    embedder: Option<&dyn Embedder>,
    scope: &Scope,
    method: &Method,
) -> Result<Estimate, EngineError> {
    let Some(observe) = &method.bound().observe else { return Ok(Estimate::default()) };
    let stale = store.stale_sessions(scope, method.derivation())?;
    let sessions = stale.len() as u64;
    if !observe.asks() {
        return Ok(Estimate { sessions, spent: Spent::default() });
    }
    let mut vectors = match embedder.filter(|_| observe.segment.needs_vectors()) {
        Some(embedder) => turn_vectors(store, embedder, scope)?.0,
        None => HashMap::new(),
    };
    let mut turns = turns_of(store, scope, &stale)?;
    let counting = Estimating::default();
    let chat = Chat::new(Some(&counting));
    for session in &stale {
        observe.memories(&Sitting::new(turns.remove(session).unwrap_or_default(), &mut vectors), &chat)?;
    }
    Ok(Estimate { sessions, spent: counting.counted() })
}

impl Observe {
    /// Whether a strategy asks a chat model.
    pub(crate) fn asks(&self) -> bool {
        self.segment.prompt().is_some()
            || self.extract.iter().any(|extract| extract.prompt().is_some())
            || self.compress.as_ref().is_some_and(|compress| compress.asks())
    }

    /// What is derived from one session.
    fn memories(&self, sitting: &Sitting, chat: &Chat<'_>) -> Result<Vec<Memory>, ChatError> {
        let spans = self.segment.spans(sitting, chat)?;
        let mut made = Vec::new();
        for extract in &self.extract {
            made.extend(extract.extract(sitting, self.segment.kind(), &spans, chat)?);
        }
        made.retain(|memory| !memory.sources.is_empty());
        if let Some(compress) = &self.compress {
            let texts: Vec<&str> = made.iter().map(|memory| memory.text.as_str()).collect();
            let left = compress.compress(sitting, &texts, chat)?;
            made.iter_mut().zip(left).for_each(|(memory, text)| memory.text = text);
        }
        Ok(made)
    }
}

/// The tellings of these sessions, in order of place.
fn turns_of(
    store: &dyn Store,
    scope: &Scope,
    sessions: &[SessionRef],
) -> Result<HashMap<SessionRef, Vec<StoredTurn>>, EngineError> {
    let mut turns: HashMap<SessionRef, Vec<StoredTurn>> = sessions.iter().map(|s| (s.clone(), Vec::new())).collect();
    store.scan_turns(scope, 0, &mut |turn| {
        let session = SessionRef { conversation: turn.turn.conversation.clone(), session: turn.turn.session.clone() };
        if let Some(wanted) = turns.get_mut(&session) {
            wanted.push(turn);
        }
        ControlFlow::Continue(())
    })?;
    Ok(turns)
}

/// The vectors of all turns. Those that are missing, and those that are damaged, are made first.
fn made_vectors(
    store: &dyn Store,
    embedder: &dyn Embedder,
    scope: &Scope,
    progress: Stop<'_>,
) -> Result<TurnVectors, EngineError> {
    embed_missing(store, embedder, scope, None, progress)?;
    let unusable = match turn_vectors(store, embedder, scope) {
        Ok((vectors, unusable)) if unusable.is_empty() => return Ok(vectors),
        Ok((_, unusable)) => unusable,
        Err(StoreError::Damaged { .. } | StoreError::KeyGone { .. }) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    store.mend(scope, &unusable)?;
    embed_missing(store, embedder, scope, None, progress)?;
    Ok(turn_vectors(store, embedder, scope)?.0)
}

/// The vectors of the turns, and what has one that cannot be compared.
fn turn_vectors(
    store: &dyn Store,
    embedder: &dyn Embedder,
    scope: &Scope,
) -> Result<(TurnVectors, Vec<UnitId>), StoreError> {
    let mut vectors = HashMap::new();
    let unusable = Space::of(embedder).scan(store, scope, 0, &mut |unit, vector| {
        if let UnitId::Turn(seq) = unit {
            vectors.insert(seq, vector.to_vec());
        }
    })?;
    Ok((vectors, unusable))
}
