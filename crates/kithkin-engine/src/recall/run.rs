//! Runs the bound stages of a method over one person's index.

use kithkin_core::Explanation;

use super::aspects::Aspects;
use super::{Doc, Found, Hit, Question, SessionHit, Signal, Top, View, fuse};
use crate::index::{PersonIndex, Scratch};
use crate::method::Method;

/// How many sittings a recall returns.
const SESSIONS: usize = 10;

/// Finds the `limit` best turns for the question. With `explain` each hit carries the whole tree; otherwise its fused
/// score and the raw signals.
pub(crate) fn run(
    method: &Method,
    index: &PersonIndex,
    question: &Question,
    limit: usize,
    explain: bool,
    scratch: &mut Scratch,
) -> Found {
    let bound = method.bound();
    let view = View { index, question };
    let own: Vec<Signal> = bound
        .retrieve
        .iter()
        .map(|retriever| {
            let mut scores = Vec::with_capacity(index.docs());
            retriever.score(&view, scratch, &mut scores);
            debug_assert_eq!(scores.len(), index.docs());
            let compared = scratch.compared.take().unwrap_or(index.docs());
            Signal { kind: retriever.kind(), name: retriever.name(), ceiling: retriever.ceiling(), scores, compared }
        })
        .collect();
    let aspects = aspects(method, view, scratch);
    let joined: Vec<Signal> = aspects.iter().zip(&own).map(|(aspects, own)| aspects.joined(own)).collect();
    let signals: &[Signal] = if joined.is_empty() { &own } else { &joined };
    let mut scores = Vec::with_capacity(index.docs());
    bound.fuse.fuse(&view, signals, &mut scores);
    let mut steps: Vec<Vec<f32>> = Vec::new();
    // The scores by what is said alone, before who said it and when come in: what `answer` looks at.
    let mut content: Option<Vec<f32>> = None;
    for rerank in &bound.rerank {
        if content.is_none() && !rerank.is_about_content() {
            content = Some(scores.clone());
        }
        if explain {
            steps.push(scores.clone());
        }
        rerank.rerank(&view, &mut scores);
    }
    let limit = if bound.everything { index.docs() } else { limit };
    let best = best(&view, signals, &scores, limit);
    let tree = |doc: Doc, score: f32| {
        if !explain {
            let root = Explanation::new("score", score);
            return signals
                .iter()
                .fold(root, |root, s| root.with(Explanation::new(s.name.clone(), at(&s.scores, doc))));
        }
        let mut fused = bound.fuse.explain(&view, signals, doc);
        for (place, (own, retriever)) in own.iter().zip(&bound.retrieve).enumerate() {
            fused = fused.with(match aspects.get(place) {
                Some(aspects) => aspects.explain(own, doc),
                None => retriever.explain(&view, doc, at(&own.scores, doc)),
            });
        }
        let mut root = Explanation::new("score", score).with(fused);
        for (i, rerank) in bound.rerank.iter().enumerate() {
            let before = at(&steps[i], doc);
            let after = steps.get(i + 1).map_or(score, |next| at(next, doc));
            root = root.with(rerank.explain(&view, doc, before, after));
        }
        root
    };
    let hits =
        best.iter().map(|&(doc, score)| Hit { seq: index.seq(doc), score, why: tree(doc, score) }).collect::<Vec<_>>();
    let mut sessions = bound.sessions.rank(&view, signals, &scores);
    sessions.retain(|(session, _)| question.admits(*session));
    sessions.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    sessions.truncate(SESSIONS);
    let sessions = sessions
        .into_iter()
        .filter_map(|(session, score)| Some(SessionHit { session: index.session(session)?.clone(), score }))
        .collect();
    let content = content.as_deref().unwrap_or(&scores);
    let (answerable, why) = bound.answer.answerable(&view, &own, content, &best);
    let compared = signals.iter().map(|s| s.compared).sum();
    Found { hits, sessions, compared, answerable, answerable_why: explain.then_some(why) }
}

/// What each retriever finds for the aspects of the question; nothing without any.
fn aspects<'a>(method: &'a Method, view: View<'a>, scratch: &mut Scratch) -> Vec<Aspects<'a>> {
    if view.question.aspects.is_empty() {
        return Vec::new();
    }
    let bound = method.bound();
    let retrievers = bound.retrieve.iter().enumerate();
    let found = retrievers.map(|(place, retriever)| {
        let weight = fuse::weight(&bound.aspects, place);
        Aspects::score(&**retriever, view, weight, scratch)
    });
    found.collect()
}

pub(super) fn at(scores: &[f32], doc: Doc) -> f32 {
    scores.get(doc as usize).copied().unwrap_or(f32::NAN)
}

/// Whether any signal has found something in the turn.
pub(super) fn known(signals: &[Signal], doc: Doc) -> bool {
    signals.iter().any(|s| at(&s.scores, doc) != 0.0 && !at(&s.scores, doc).is_nan())
}

/// The best turns by score, ties to the earlier turn; turns that no signal knows anything of, and those that the question
/// does not admit, are left out.
fn best(view: &View<'_>, signals: &[Signal], scores: &[f32], limit: usize) -> Vec<(Doc, f32)> {
    let (index, question) = (view.index, view.question);
    let mut top = Top::new(limit);
    for (doc, &score) in (0..).zip(scores) {
        if top.takes(score) && index.is_live(doc) && question.admits(index.session_of(doc)) && known(signals, doc) {
            top.offer(doc, score);
        }
    }
    top.into_items()
}
