//! What a recall does with the texts of the best turns, as its method says: a reranker orders them anew, a chat model keeps
//! the relevant ones. No index is locked meanwhile.

use kithkin_core::{ChatModel, Explanation, Purpose, Scope, StoredTurn};

use super::{Engine, Evidence, RecallRequest};
use crate::chat::{Chat, Metered};
use crate::observe::turn_text;
use crate::recall::{Filter, Rescore};
use crate::{EngineError, Method};

/// What a reranker made of the best turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rescored {
    /// Turns that it was to read, the best of the search.
    pub candidates: usize,
    /// Turns that it came to before its deadline, the first of them. They are in its order; all others follow in that of
    /// the search.
    pub scored: usize,
}

/// What a chat model made of the best turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filtered {
    /// Turns that it looked at.
    pub candidates: usize,
    /// Turns that it called relevant; all where its answer could not be read.
    pub relevant: usize,
    /// Whether its answer could be read.
    pub readable: bool,
}

/// How many turns the search is to give, for `limit` to come back.
pub(super) fn wanted(method: &Method, limit: usize) -> usize {
    let bound = method.bound();
    let shown = bound.filter.as_deref().map_or(limit, Filter::candidates);
    bound.rescore.as_deref().map_or(shown, |rescore| shown.max(rescore.candidates()))
}

impl Engine {
    /// Refuses a method whose passes need a model that is not there.
    pub(super) fn check_passes(&self, method: &Method) -> Result<(), EngineError> {
        let about = method.about();
        if about.needs_reranker && self.reranker.is_none() {
            return Err(EngineError::NoReranker { method: about.id.clone() });
        }
        if method.bound().filter.is_some() && self.chat.is_none() {
            return Err(EngineError::NoChatModel { method: about.id.clone() });
        }
        Ok(())
    }

    /// Runs the passes over what the search found, and leaves at most as many turns as were asked for.
    pub(super) fn pass(
        &self,
        scope: &Scope,
        request: &RecallRequest<'_>,
        evidence: &mut Vec<Evidence>,
    ) -> Result<(Option<Rescored>, Option<Filtered>), EngineError> {
        let bound = request.method.bound();
        let rescored = bound.rescore.as_deref().map(|rescore| self.rescore(rescore, request, evidence)).transpose()?;
        let filtered =
            bound.filter.as_deref().map(|filter| self.filter(filter, scope, request, evidence)).transpose()?;
        if filtered.is_some() || !bound.everything {
            evidence.truncate(request.limit);
        }
        Ok((rescored, filtered))
    }

    /// Brings the turns that the reranker came to into its order.
    fn rescore(
        &self,
        rescore: &dyn Rescore,
        request: &RecallRequest<'_>,
        evidence: &mut Vec<Evidence>,
    ) -> Result<Rescored, EngineError> {
        let Some(reranker) = self.reranker.as_deref() else {
            return Err(EngineError::NoReranker { method: request.method.about().id.clone() });
        };
        let texts: Vec<String> = evidence.iter().take(rescore.candidates()).map(|e| turn_text(&e.turn.turn)).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let order = rescore.rescore(request.question, &texts, reranker, &*self.clock)?;
        let (candidates, scored) = (texts.len(), order.len());
        let model = reranker.model();
        let mut before: Vec<Option<Evidence>> = evidence.drain(..).map(Some).collect();
        // The scores belong to the places, so that they still fall from one turn to the next.
        let places: Vec<f32> = before.iter().flatten().map(|e| e.score).collect();
        for ((from, score), place) in order.into_iter().zip(places) {
            let Some(mut turn) = before.get_mut(from).and_then(Option::take) else { continue };
            let moved =
                Explanation::new(format!("moved by the reranker {model}, from place {}", from + 1), place - turn.score);
            turn.why.parts.push(moved.with(Explanation::new("score of the question and the turn", score)));
            turn.why.value = place;
            turn.score = place;
            evidence.push(turn);
        }
        for mut turn in before.into_iter().flatten() {
            turn.why.parts.push(Explanation::new(format!("not read by the reranker {model}"), 0.0));
            evidence.push(turn);
        }
        Ok(Rescored { candidates, scored })
    }

    /// Leaves the turns that the filter keeps.
    fn filter(
        &self,
        filter: &dyn Filter,
        scope: &Scope,
        request: &RecallRequest<'_>,
        evidence: &mut Vec<Evidence>,
    ) -> Result<Filtered, EngineError> {
        evidence.truncate(filter.candidates());
        let candidates = evidence.len();
        let turns: Vec<&StoredTurn> = evidence.iter().map(|e| &e.turn).collect();
        let metered = self.metered(scope, Purpose::Filter, request.question);
        metered.iter().for_each(|metered| metered.shows(turns.iter().map(|turn| turn.seq)));
        let chat = Chat::new(metered.as_ref().map(|metered| metered as &dyn ChatModel));
        let kept = filter.keep(request.question, request.now.time, &turns, &chat);
        metered.as_ref().map_or(Ok(()), Metered::end)?;
        let kept = kept?;
        let readable = kept.is_some() || candidates == 0;
        if let Some(kept) = kept {
            let mut place = 0..;
            evidence.retain(|_| place.next().is_some_and(|place| kept.contains(&place)));
        }
        let label = if readable { "the chat model calls it relevant" } else { "the chat model's answer is unreadable" };
        for evidence in evidence.iter_mut() {
            evidence.why.parts.push(Explanation::new(label, 0.0));
        }
        Ok(Filtered { candidates, relevant: evidence.len(), readable })
    }
}
