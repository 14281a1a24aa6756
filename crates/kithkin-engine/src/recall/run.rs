//! Runs the bound stages of a method over one person's index.

use kithkin_core::Explanation;

use super::{Doc, Found, Hit, Question, SessionHit, Signal, Top, View};
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
    let signals: Vec<Signal> = bound
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
    let mut scores = Vec::with_capacity(index.docs());
    bound.fuse.fuse(&view, &signals, &mut scores);
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
    let best = best(index, &signals, &scores, limit);
    let tree = |doc: Doc, score: f32| {
        if !explain {
            let root = Explanation::new("score", score);
            return signals
                .iter()
                .fold(root, |root, s| root.with(Explanation::new(s.name.clone(), at(&s.scores, doc))));
        }
        let mut fused = bound.fuse.explain(&view, &signals, doc);
        for (signal, retriever) in signals.iter().zip(&bound.retrieve) {
            fused = fused.with(retriever.explain(&view, doc, at(&signal.scores, doc)));
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
    let mut sessions = bound.sessions.rank(&view, &signals, &scores);
    sessions.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    sessions.truncate(SESSIONS);
    let sessions = sessions
        .into_iter()
        .filter_map(|(session, score)| Some(SessionHit { session: index.session(session)?.clone(), score }))
        .collect();
    let content = content.as_deref().unwrap_or(&scores);
    let (answerable, why) = bound.answer.answerable(&view, &signals, content, &best);
    let compared = signals.iter().map(|s| s.compared).sum();
    Found { hits, sessions, compared, answerable, answerable_why: explain.then_some(why) }
}

fn at(scores: &[f32], doc: Doc) -> f32 {
    scores.get(doc as usize).copied().unwrap_or(f32::NAN)
}

/// The best turns by score, ties to the earlier turn; turns that no signal knows anything of are left out.
fn best(index: &PersonIndex, signals: &[Signal], scores: &[f32], limit: usize) -> Vec<(Doc, f32)> {
    let found = |doc: Doc| signals.iter().any(|s| at(&s.scores, doc) != 0.0 && !at(&s.scores, doc).is_nan());
    let mut top = Top::new(limit);
    for (doc, &score) in (0..).zip(scores) {
        if top.takes(score) && index.is_live(doc) && found(doc) {
            top.offer(doc, score);
        }
    }
    top.into_items()
}
