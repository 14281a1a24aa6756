//! Chains of documents, such as the turns of a session, and BM25 over each document pooled with its neighbours.
//!
//! A window is never made: counts are passed along the chains while a term is scored, and of its words only the pooled
//! length is kept.

use super::analysis::TermId;
use super::lexical::{Bm25, Lexical};

/// No neighbour.
const NONE: u32 = u32::MAX;

/// Which document stands before and after which: chains, such as the turns of a session.
#[derive(Debug, Clone, Default)]
pub(crate) struct Links {
    previous: Vec<u32>,
    next: Vec<u32>,
}

impl Links {
    /// Adds the next document between two that stand side by side; `None` is the end of a chain, on both sides a new one.
    pub(crate) fn push(&mut self, before: Option<u32>, after: Option<u32>) {
        let doc = self.next.len() as u32;
        let (before, after) = (before.unwrap_or(NONE), after.unwrap_or(NONE));
        self.previous.push(before);
        self.next.push(after);
        set(&mut self.next, before, doc);
        set(&mut self.previous, after, doc);
    }

    /// Takes a document out of its chain; its neighbours become each other's.
    pub(crate) fn remove(&mut self, doc: u32) {
        let (before, after) = (step(&self.previous, doc), step(&self.next, doc));
        set(&mut self.next, before, after);
        set(&mut self.previous, after, before);
        set(&mut self.next, doc, NONE);
        set(&mut self.previous, doc, NONE);
    }

    /// The end of the run that begins at `doc`: of documents each of which follows the one before it in its chain as well, as
    /// the turns of a session do that was written down without another in between.
    fn run(&self, doc: usize) -> usize {
        let following = self.next.get(doc..).unwrap_or_default();
        doc + 1 + (doc + 1..).zip(following).take_while(|(own, next)| **next as usize == *own).count()
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        (self.previous.capacity() + self.next.capacity()) * size_of::<u32>()
    }
}

/// One step along a chain; beyond its end stays beyond its end.
#[inline]
fn step(links: &[u32], doc: u32) -> u32 {
    links.get(doc as usize).copied().unwrap_or(NONE)
}

fn set(links: &mut [u32], doc: u32, to: u32) {
    if let Some(link) = links.get_mut(doc as usize) {
        *link = to;
    }
}

/// Walks a chain from `doc` for as long as there are weights.
#[inline]
fn visit(links: &[u32], mut doc: u32, weights: &[f32], mut each: impl FnMut(u32, f32)) {
    for &weight in weights {
        doc = step(links, doc);
        if doc == NONE {
            return;
        }
        each(doc, weight);
    }
}

/// How much the neighbours of a document count: weights by distance, nearest first, each above 0. The document itself
/// counts 1. All ones is plain concatenation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Reach<'a> {
    /// Those before it.
    pub(crate) before: &'a [f32],
    /// Those after it.
    pub(crate) after: &'a [f32],
}

impl Reach<'_> {
    /// Calls `each` for the document and every neighbour that counts for it, with the weight.
    #[inline]
    pub(crate) fn around(self, links: &Links, doc: u32, mut each: impl FnMut(u32, f32)) {
        each(doc, 1.0);
        visit(&links.previous, doc, self.before, &mut each);
        visit(&links.next, doc, self.after, &mut each);
    }

    /// Fills the empty `out` with the weighted sum of the values of each document and its neighbours. Within a run the
    /// neighbours lie side by side, and their values are added as vectors; the sums are those of [`Reach::around`], bit for
    /// bit. Cost: about 1 ns a document.
    pub(crate) fn sums(self, links: &Links, values: &[f32], out: &mut Vec<f32>) {
        out.extend_from_slice(values);
        let mut begin = 0;
        while begin < values.len() {
            let end = links.run(begin).min(values.len());
            let inner = begin + self.before.len()..end.saturating_sub(self.after.len());
            let inner = if inner.is_empty() { end..end } else { inner };
            for doc in (begin..inner.start).chain(inner.end..end) {
                let mut sum = 0.0;
                self.around(links, doc as u32, |near, weight| {
                    sum += weight * values.get(near as usize).copied().unwrap_or(0.0);
                });
                if let Some(out) = out.get_mut(doc) {
                    *out = sum;
                }
            }
            // `end` may lie nearer to the first document than a neighbour of an empty stretch would.
            let before = (1..).zip(self.before).map(|(away, weight)| (inner.start.saturating_sub(away), *weight));
            let after = (1..).zip(self.after).map(|(away, weight)| (inner.start + away, *weight));
            for (from, weight) in before.chain(after) {
                if let (Some(out), Some(near)) = (out.get_mut(inner.clone()), values.get(from..from + inner.len())) {
                    out.iter_mut().zip(near).for_each(|(out, near)| *out += weight * near);
                }
            }
            begin = end;
        }
    }

    /// Calls `each` for the document and every neighbour that it counts for, with the weight: the way back of
    /// [`Reach::around`], as a document stands before those after it.
    pub(crate) fn windows_with(self, links: &Links, doc: u32, mut each: impl FnMut(u32, f32)) {
        each(doc, 1.0);
        visit(&links.next, doc, self.before, &mut each);
        visit(&links.previous, doc, self.after, &mut each);
    }

    /// The documents in whose windows one of `changed` stands, each once, in order.
    pub(crate) fn affected(self, links: &Links, changed: &[u32]) -> Vec<u32> {
        let mut affected = Vec::new();
        for doc in changed {
            self.windows_with(links, *doc, |doc, _| affected.push(doc));
        }
        affected.sort_unstable();
        affected.dedup();
        affected
    }
}

/// The pooled length of each document's window. It is right until the index or the links change.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WindowLengths {
    lengths: Vec<f32>,
    average: f32,
}

impl WindowLengths {
    /// Pools the lengths. Cost: about 1 ns a document and neighbour, 0.6 ms for 100,000 documents with six
    /// neighbours, so keep it between questions.
    pub(crate) fn new(index: &Lexical, links: &Links, reach: Reach<'_>) -> Self {
        let mut all = Self { lengths: Vec::new(), average: 0.0 };
        all.update(index, links, reach, 0..index.len() as u32);
        all
    }

    /// Pools anew the lengths of the documents whose windows changed, which new ones are among. Cost: as above for those
    /// documents, and about 1 ns for each of the others, for the average.
    pub(crate) fn update(
        &mut self,
        index: &Lexical,
        links: &Links,
        reach: Reach<'_>,
        affected: impl IntoIterator<Item = u32>,
    ) {
        self.lengths.resize(index.len(), 0.0);
        for doc in affected {
            let mut sum = 0.0;
            reach.around(links, doc, |near, weight| sum += weight * index.length(near).unwrap_or(0) as f32);
            if let Some(length) = self.lengths.get_mut(doc as usize) {
                *length = sum;
            }
        }
        let total: f64 = self.lengths.iter().map(|l| f64::from(*l)).sum();
        self.average = (total / index.live().max(1) as f64) as f32;
    }

    /// What `tf` pooled occurrences count in a document's window.
    pub(crate) fn saturated(&self, bm25: Bm25, tf: f32, doc: u32) -> f32 {
        let length = self.lengths.get(doc as usize).copied().unwrap_or(0.0);
        if tf > 0.0 { bm25.saturate(self.average)(tf, length) } else { 0.0 }
    }
}

/// Buffers that are used again for each term and each question. The content between calls means nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct WindowScratch {
    /// The pooled tf of the term at hand, or what is to be pooled; all 0 between terms.
    pooled: Vec<f32>,
    /// What was pooled in one pass.
    sums: Vec<f32>,
    /// First the documents where it is not 0, as many as `count`.
    touched: Vec<u32>,
    count: usize,
}

/// An index seen as windows: each document pooled with its neighbours.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Windows<'a> {
    /// The terms of the documents.
    pub(crate) index: &'a Lexical,
    /// Their neighbours.
    pub(crate) links: &'a Links,
    /// How much these count.
    pub(crate) reach: Reach<'a>,
    /// The lengths under the same index, links and reach.
    pub(crate) lengths: &'a WindowLengths,
}

impl Windows<'_> {
    /// Adds `weight` × BM25 (without idf) of one query term to the score of each window that has it: the BM25 of the
    /// window as one document, whose counts and length are weighted sums over its members. Cost: about 2 ns a posting
    /// and neighbour, or, of a term that more than a quarter of the documents have, 3 ns a document.
    pub(crate) fn accumulate(
        &self,
        terms: &[TermId],
        weight: f32,
        bm25: Bm25,
        scratch: &mut WindowScratch,
        scores: &mut [f32],
    ) {
        scratch.pooled.resize(self.index.len(), 0.0);
        if self.index.df(terms) > self.index.live() / 4 {
            return self.accumulate_over_all(terms, weight, bm25, scratch, scores);
        }
        scratch.touched.resize(self.index.len() + 1, 0);
        scratch.count = 0;
        for posting in terms.iter().flat_map(|term| self.index.postings(*term)) {
            let tf = posting.tf as f32;
            self.reach.windows_with(self.links, posting.doc, |doc, weight| scratch.add(doc, weight * tf));
        }
        let saturate = bm25.saturate(self.lengths.average);
        for &doc in scratch.touched.iter().take(scratch.count) {
            let doc = doc as usize;
            let Some(pooled) = scratch.pooled.get_mut(doc) else { continue };
            if let (Some(score), Some(&length)) = (scores.get_mut(doc), self.lengths.lengths.get(doc)) {
                *score += weight * saturate(*pooled, length);
            }
            *pooled = 0.0;
        }
    }

    /// The same for a term of many documents, in one pass over all of them.
    fn accumulate_over_all(
        &self,
        terms: &[TermId],
        weight: f32,
        bm25: Bm25,
        scratch: &mut WindowScratch,
        scores: &mut [f32],
    ) {
        let WindowScratch { pooled: counts, sums, .. } = scratch;
        for posting in terms.iter().flat_map(|term| self.index.postings(*term)) {
            if let Some(count) = counts.get_mut(posting.doc as usize) {
                *count += posting.tf as f32;
            }
        }
        sums.clear();
        self.reach.sums(self.links, counts, sums);
        counts.fill(0.0);
        let saturate = bm25.saturate(self.lengths.average);
        for ((score, sum), length) in scores.iter_mut().zip(sums).zip(&self.lengths.lengths) {
            // Where there is nothing, 0 may be divided by 0.
            *score += if *sum > 0.0 { weight * saturate(*sum, *length) } else { 0.0 };
        }
    }
}

impl WindowScratch {
    fn add(&mut self, doc: u32, tf: f32) {
        let Some(pooled) = self.pooled.get_mut(doc as usize) else { return };
        // Written in any case and kept by counting on: whether a document is new is a guess that processors get wrong.
        if let Some(slot) = self.touched.get_mut(self.count) {
            *slot = doc;
        }
        self.count += usize::from(*pooled == 0.0);
        *pooled += tf;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::lexical::tests::{BM25, by_the_book, near};
    use super::*;

    /// Terms of a document, its chain, whether it comes first in it, whether it is removed later.
    type Told = (Vec<u32>, u32, bool, bool);

    fn told() -> impl Strategy<Value = Vec<Told>> {
        let terms = prop::collection::vec(0..12_u32, 0..9);
        prop::collection::vec((terms, 0..4_u32, prop::bool::weighted(0.2), any::<bool>()), 1..40)
    }

    fn weights() -> impl Strategy<Value = Vec<f32>> {
        prop_oneof![Just(vec![1.0, 1.0]), prop::collection::vec(0.1..1.0_f32, 0..4)]
    }

    /// An index with its links, and the chains by the book.
    #[derive(Default)]
    struct History {
        index: Lexical,
        links: Links,
        chains: [Vec<u32>; 4],
        changed: Vec<u32>,
    }

    impl History {
        fn push(&mut self, terms: &[u32], chain: u32, first: bool) {
            let doc = self.index.push(terms.iter().copied().map(TermId));
            let chain = &mut self.chains[chain as usize];
            let at = if first { 0 } else { chain.len() };
            self.links.push(at.checked_sub(1).map(|before| chain[before]), chain.get(at).copied());
            chain.insert(at, doc);
            self.changed.push(doc);
        }

        fn remove(&mut self, doc: u32) {
            let beside = Reach { before: &[1.0], after: &[1.0] };
            beside.around(&self.links, doc, |near, _| self.changed.push(near));
            self.index.remove(doc);
            self.links.remove(doc);
            self.chains.iter_mut().for_each(|chain| chain.retain(|other| *other != doc));
        }

        /// The members of each document's window with their weights; none of a removed one.
        fn window(&self, doc: u32, reach: Reach<'_>) -> Vec<(u32, f32)> {
            let Some(chain) = self.chains.iter().find(|chain| chain.contains(&doc)) else { return Vec::new() };
            let at = chain.iter().position(|other| *other == doc).unwrap();
            let before = chain[..at].iter().rev().zip(reach.before);
            let after = chain[at + 1..].iter().zip(reach.after);
            [(doc, 1.0)].into_iter().chain(before.chain(after).map(|(doc, weight)| (*doc, *weight))).collect()
        }
    }

    proptest! {
        #[test]
        fn after_pushes_and_removals_scores_are_those_of_the_survivors(
            docs in told(), before in weights(), after in weights(),
        ) {
            let reach = Reach { before: &before, after: &after };
            let mut history = History::default();
            docs.iter().for_each(|(terms, chain, first, _)| history.push(terms, *chain, *first));
            let (gone, live): (Vec<u32>, Vec<u32>) = (0..docs.len() as u32).partition(|doc| docs[*doc as usize].3);
            gone.iter().for_each(|doc| history.remove(*doc));
            let terms = |doc: &u32| docs[*doc as usize].0.clone();
            let plain: Vec<Vec<u32>> = live.iter().map(terms).collect();
            let pool = |doc: &u32| {
                let members = history.window(*doc, reach).into_iter();
                members.flat_map(|(doc, weight)| terms(&doc).into_iter().map(move |term| (term, weight))).collect()
            };
            let pooled: Vec<Vec<(u32, f32)>> = live.iter().map(pool).collect();

            let History { index, links, .. } = &history;
            let lengths = WindowLengths::new(index, links, reach);
            let windows = Windows { index, links, reach, lengths: &lengths };
            let (mut scores, mut scratch) = (vec![0.0; docs.len()], WindowScratch::default());
            let query = [3, 0, 7, 99];
            for term in query.map(|t| [TermId(t)]) {
                windows.accumulate(&term, index.idf(&term), BM25, &mut scratch, &mut scores);
            }
            for (doc, expect) in live.iter().zip(by_the_book(&plain, &pooled, &query)) {
                let score = scores[*doc as usize];
                prop_assert!(near(score, expect), "window {doc}: {score} != {expect}");
            }
            prop_assert!(gone.iter().all(|doc| scores[*doc as usize] == 0.0));
        }

        /// In runs of nine turns, as a session has them, in which some stand first and some are gone.
        #[test]
        fn sums_are_those_of_the_neighbours_one_by_one(
            docs in told(), first in prop::bool::weighted(0.5), before in weights(), after in weights(),
        ) {
            let reach = Reach { before: &before, after: &after };
            let mut history = History::default();
            for (doc, (terms, _, front, gone)) in (0..).zip(&docs) {
                history.push(terms, doc / 9 % 4, first && *front);
                if *gone && *front {
                    history.remove(doc);
                }
            }
            let values: Vec<f32> = (0..docs.len()).map(|doc| (doc * 7919 % 101) as f32 / 101.0 - 0.5).collect();
            let one_by_one = (0..docs.len() as u32).map(|doc| {
                let mut sum = 0.0;
                reach.around(&history.links, doc, |near, weight| sum += weight * values[near as usize]);
                sum
            });
            let mut sums = Vec::new();
            reach.sums(&history.links, &values, &mut sums);
            prop_assert_eq!(sums, one_by_one.collect::<Vec<f32>>());
        }

        #[test]
        fn lengths_that_follow_equal_those_made_at_once(
            docs in told(), more in told(), before in weights(), after in weights(),
        ) {
            let reach = Reach { before: &before, after: &after };
            let mut history = History::default();
            let mut lengths = WindowLengths::new(&history.index, &history.links, reach);
            for docs in [docs, more] {
                let known = history.index.len() as u32;
                for (doc, (terms, chain, first, gone)) in (known..).zip(&docs) {
                    history.push(terms, *chain, *first);
                    // Often one of the round before, or the neighbour of one that was just taken out.
                    if *gone {
                        history.remove(doc / 2);
                    }
                }
                let affected = reach.affected(&history.links, &std::mem::take(&mut history.changed));
                lengths.update(&history.index, &history.links, reach, affected);
                prop_assert_eq!(&lengths, &WindowLengths::new(&history.index, &history.links, reach));
            }
        }
    }

    #[test]
    fn a_document_can_be_put_between_two_others_and_taken_out() {
        let mut links = Links::default();
        [(None, None), (Some(0), None), (Some(0), Some(1)), (None, Some(0))]
            .into_iter()
            .for_each(|(before, after)| links.push(before, after));
        let around = |links: &Links, doc: u32| {
            let mut seen = Vec::new();
            Reach { before: &[1.0; 4], after: &[1.0; 4] }.around(links, doc, |near, _| seen.push(near));
            seen
        };
        assert_eq!((around(&links, 0), around(&links, 2)), (vec![0, 3, 2, 1], vec![2, 0, 3, 1]));
        links.remove(2);
        assert_eq!((around(&links, 0), around(&links, 1), around(&links, 2)), (vec![0, 3, 1], vec![1, 0, 3], vec![2]));
    }
}
