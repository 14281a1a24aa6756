//! An inverted index with BM25 over numbered documents, one by one or pooled with their neighbours.
//!
//! Scoring goes term by term into a dense array with a score for each document: no heap, no cursors, nothing skipped.
//! The index keeps no texts and no words, only term numbers, and no list of a document's terms: removal looks every term
//! up instead, which costs time where time is cheap.

use super::analysis::TermId;

/// No neighbour.
const NONE: u32 = u32::MAX;
/// The length of a removed document.
const REMOVED: u32 = u32::MAX;

/// That a term occurs in a document, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Posting {
    /// The document.
    pub(crate) doc: u32,
    /// How often.
    pub(crate) tf: u32,
}

/// The two constants of BM25.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bm25 {
    /// How fast repetition saturates; 0 counts a term once.
    pub(crate) k1: f32,
    /// How much length counts against a document, 0 to 1.
    pub(crate) b: f32,
}

impl Bm25 {
    /// What `tf` occurrences count in a document of this length.
    fn saturate(self, average: f32) -> impl Fn(f32, f32) -> f32 {
        let Self { k1, b } = self;
        let (flat, slope) = (k1 * (1.0 - b), k1 * b / average.max(f32::MIN_POSITIVE));
        move |tf, length| tf * (k1 + 1.0) / (tf + flat + slope * length)
    }
}

/// An inverted index. A posting takes 8 bytes, a document 4, a term 24.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lexical {
    postings: Vec<Vec<Posting>>,
    lengths: Vec<u32>,
    live: usize,
    total: u64,
}

impl Lexical {
    /// Adds a document at the end and gives its number: 0, 1, 2 …. Cost: about 5 ns a term.
    pub(crate) fn push(&mut self, terms: impl IntoIterator<Item = TermId>) -> u32 {
        let doc = self.lengths.len() as u32;
        let mut length = 0;
        for TermId(term) in terms {
            let term = term as usize;
            if term >= self.postings.len() {
                self.postings.resize_with(term + 1, Vec::new);
            }
            let Some(list) = self.postings.get_mut(term) else { continue };
            match list.last_mut() {
                Some(last) if last.doc == doc => last.tf += 1,
                _ => list.push(Posting { doc, tf: 1 }),
            }
            length += 1;
        }
        self.lengths.push(length);
        self.live += 1;
        self.total += u64::from(length);
        doc
    }

    /// Takes a document out of the index and of all statistics; the numbers of the others stay. Nothing happens if it
    /// was removed before or never was. Cost: one binary search a term of the vocabulary, 0.1–0.3 ms for 20,000 terms.
    pub(crate) fn remove(&mut self, doc: u32) {
        let Some(length) = self.lengths.get_mut(doc as usize).filter(|length| **length != REMOVED) else { return };
        self.total -= u64::from(*length);
        self.live -= 1;
        *length = REMOVED;
        for list in &mut self.postings {
            if let Ok(at) = list.binary_search_by_key(&doc, |p| p.doc) {
                list.remove(at);
            }
        }
    }

    /// How many numbers were given, with those of removed documents: the length of a score array.
    pub(crate) fn len(&self) -> usize {
        self.lengths.len()
    }

    /// How many documents there are.
    pub(crate) fn live(&self) -> usize {
        self.live
    }

    /// How many terms a document has, repetitions counted; `None` if it is not there.
    pub(crate) fn length(&self, doc: u32) -> Option<u32> {
        self.lengths.get(doc as usize).copied().filter(|length| *length != REMOVED)
    }

    /// The mean length of a document; 0 without any.
    pub(crate) fn average_length(&self) -> f32 {
        if self.live == 0 { 0.0 } else { (self.total as f64 / self.live as f64) as f32 }
    }

    /// Where a term occurs, by ascending document.
    pub(crate) fn postings(&self, term: TermId) -> &[Posting] {
        self.postings.get(term.0 as usize).map_or(&[], Vec::as_slice)
    }

    /// How often the terms occur in a document. Cost: a binary search a term.
    pub(crate) fn frequency(&self, terms: &[TermId], doc: u32) -> u32 {
        let of = |term: &TermId| {
            let list = self.postings(*term);
            list.binary_search_by_key(&doc, |p| p.doc).ok().and_then(|at| list.get(at)).map_or(0, |p| p.tf)
        };
        terms.iter().map(of).sum()
    }

    /// In how many documents one of the terms occurs, taking each document to have at most one of them. That holds for
    /// the stems of one word in several languages, as a document is of one language; otherwise it is an upper bound.
    pub(crate) fn df(&self, terms: &[TermId]) -> usize {
        terms.iter().map(|term| self.postings(*term).len()).sum::<usize>().min(self.live)
    }

    /// How rare a query term is: ln(1 + (N − df + ½) / (df + ½)). A word with several stems is one query term.
    pub(crate) fn idf(&self, terms: &[TermId]) -> f32 {
        idf(self.live, self.df(terms))
    }

    /// The idf of a term that occurs nowhere: the largest there is.
    pub(crate) fn max_idf(&self) -> f32 {
        idf(self.live, 0)
    }

    /// Adds `weight` × BM25 (without idf) of one query term to the score of each document that has it. Cost: about 1 ns a
    /// posting.
    pub(crate) fn accumulate(&self, terms: &[TermId], weight: f32, bm25: Bm25, scores: &mut [f32]) {
        let saturate = bm25.saturate(self.average_length());
        for posting in terms.iter().flat_map(|term| self.postings(*term)) {
            let doc = posting.doc as usize;
            if let (Some(score), Some(&length)) = (scores.get_mut(doc), self.lengths.get(doc)) {
                *score += weight * saturate(posting.tf as f32, length as f32);
            }
        }
    }

    /// Adds Σ tf × idf over the terms that count of each document to `sums`: how much the document tells. Cost: one pass
    /// over the index, 0.4 ms for 10,000 documents of 25 terms.
    pub(crate) fn information(&self, sums: &mut [f32], counts: impl Fn(TermId) -> bool) {
        for (_, list) in (0..).map(TermId).zip(&self.postings).filter(|(term, _)| counts(*term)) {
            let idf = idf(self.live, list.len());
            for posting in list {
                if let Some(sum) = sums.get_mut(posting.doc as usize) {
                    *sum += posting.tf as f32 * idf;
                }
            }
        }
    }

    /// Bytes on the heap. Cost: one look at each term.
    pub(crate) fn bytes(&self) -> usize {
        let postings: usize = self.postings.iter().map(Vec::capacity).sum();
        postings * size_of::<Posting>()
            + self.postings.capacity() * size_of::<Vec<Posting>>()
            + self.lengths.capacity() * size_of::<u32>()
    }
}

fn idf(live: usize, df: usize) -> f32 {
    let (live, df) = (live as f32, df as f32);
    (1.0 + (live - df + 0.5) / (df + 0.5)).ln()
}

/// Which document stands before and after which: chains, such as the turns of a session.
#[derive(Debug, Clone, Default)]
pub(crate) struct Links {
    previous: Vec<u32>,
    next: Vec<u32>,
}

impl Links {
    /// Adds the next document, right after `previous` in its chain, or at the start of a new one.
    pub(crate) fn push(&mut self, previous: Option<u32>) {
        let doc = self.next.len() as u32;
        let before = previous.filter(|p| *p < doc).unwrap_or(NONE);
        let after = step(&self.next, before);
        self.previous.push(before);
        self.next.push(after);
        set(&mut self.next, before, doc);
        set(&mut self.previous, after, doc);
    }

    /// Chains with the given document before each, in the order of their numbers.
    pub(crate) fn from_previous(previous: &[Option<u32>]) -> Self {
        let mut links =
            Self { previous: previous.iter().map(|p| p.unwrap_or(NONE)).collect(), next: vec![NONE; previous.len()] };
        for (doc, before) in (0..).zip(previous) {
            set(&mut links.next, before.unwrap_or(NONE), doc);
        }
        links
    }

    /// Takes a document out of its chain; its neighbours become each other's.
    pub(crate) fn remove(&mut self, doc: u32) {
        let (before, after) = (step(&self.previous, doc), step(&self.next, doc));
        set(&mut self.next, before, after);
        set(&mut self.previous, after, before);
        set(&mut self.next, doc, NONE);
        set(&mut self.previous, doc, NONE);
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        (self.previous.capacity() + self.next.capacity()) * size_of::<u32>()
    }
}

/// One step along a chain; beyond its end stays beyond its end.
fn step(links: &[u32], doc: u32) -> u32 {
    links.get(doc as usize).copied().unwrap_or(NONE)
}

fn set(links: &mut [u32], doc: u32, to: u32) {
    if let Some(link) = links.get_mut(doc as usize) {
        *link = to;
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
    pub(crate) fn around(self, links: &Links, doc: u32, mut each: impl FnMut(u32, f32)) {
        each(doc, 1.0);
        visit(&links.previous, doc, self.before, &mut each);
        visit(&links.next, doc, self.after, &mut each);
    }
}

/// The pooled length of each document's window. It is right until the index or the links change.
#[derive(Debug, Clone)]
pub(crate) struct WindowLengths {
    lengths: Vec<f32>,
    average: f32,
}

impl WindowLengths {
    /// Pools the lengths. Cost: about 1 ns a document and neighbour, 0.6 ms for 100,000 documents with six
    /// neighbours, so keep it between questions.
    pub(crate) fn new(index: &Lexical, links: &Links, reach: Reach<'_>) -> Self {
        let pooled = |doc: u32| {
            let mut sum = 0.0;
            reach.around(links, doc, |near, weight| sum += weight * index.length(near).unwrap_or(0) as f32);
            sum
        };
        let lengths: Vec<f32> = (0..index.len() as u32).map(pooled).collect();
        let total: f64 = lengths.iter().map(|l| f64::from(*l)).sum();
        Self { lengths, average: (total / index.live().max(1) as f64) as f32 }
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
    /// The pooled tf of the term at hand; all 0 between terms.
    pooled: Vec<f32>,
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
    /// and neighbour.
    pub(crate) fn accumulate(
        &self,
        terms: &[TermId],
        weight: f32,
        bm25: Bm25,
        scratch: &mut WindowScratch,
        scores: &mut [f32],
    ) {
        scratch.pooled.resize(self.index.len(), 0.0);
        scratch.touched.resize(self.index.len() + 1, 0);
        scratch.count = 0;
        // A document passes its count on: to those after it as one of their `before`, and the other way round.
        for posting in terms.iter().flat_map(|term| self.index.postings(*term)) {
            let tf = posting.tf as f32;
            scratch.add(posting.doc, tf);
            visit(&self.links.next, posting.doc, self.reach.before, |doc, weight| scratch.add(doc, weight * tf));
            visit(&self.links.previous, posting.doc, self.reach.after, |doc, weight| scratch.add(doc, weight * tf));
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

/// Walks a chain from `doc` for as long as there are weights.
fn visit(links: &[u32], mut doc: u32, weights: &[f32], mut each: impl FnMut(u32, f32)) {
    for &weight in weights {
        doc = step(links, doc);
        if doc == NONE {
            return;
        }
        each(doc, weight);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BM25: Bm25 = Bm25 { k1: 0.9, b: 0.5 };

    /// BM25 by the book over documents of weighted counts; the idf comes from the plain documents.
    fn by_the_book(plain: &[Vec<u32>], pooled: &[Vec<(u32, f32)>], query: &[u32]) -> Vec<f32> {
        let n = plain.len() as f32;
        let length = |doc: &[(u32, f32)]| doc.iter().map(|(_, w)| w).sum::<f32>();
        let average = pooled.iter().map(|doc| length(doc)).sum::<f32>() / n;
        let score = |doc: &Vec<(u32, f32)>, term: u32| {
            let tf: f32 = doc.iter().filter(|(t, _)| *t == term).map(|(_, w)| w).sum();
            let df = plain.iter().filter(|doc| doc.contains(&term)).count() as f32;
            let idf = (1.0 + (n - df + 0.5) / (df + 0.5)).ln();
            let norm = BM25.k1 * (1.0 - BM25.b + BM25.b * length(doc) / average);
            if tf == 0.0 { 0.0 } else { idf * tf * (BM25.k1 + 1.0) / (tf + norm) }
        };
        pooled.iter().map(|doc| query.iter().map(|term| score(doc, *term)).sum()).collect()
    }

    fn near(a: f32, b: f32) -> bool {
        (a - b).abs() <= 1e-5 * (1.0 + b.abs())
    }

    proptest! {
        #[test]
        fn after_pushes_and_removals_scores_are_those_of_the_survivors(
            docs in prop::collection::vec((prop::collection::vec(0..12_u32, 0..9), any::<bool>(), 0..4_u32), 1..40),
            before in prop_oneof![Just(vec![1.0, 1.0]), prop::collection::vec(0.1..1.0_f32, 0..4)],
            after in prop_oneof![Just(vec![1.0, 1.0]), prop::collection::vec(0.1..1.0_f32, 0..4)],
        ) {
            let (mut index, mut links) = (Lexical::default(), Links::default());
            let mut ends = [None; 4];
            for (terms, _, session) in &docs {
                let doc = index.push(terms.iter().copied().map(TermId));
                links.push(ends[*session as usize].replace(doc));
            }
            for (doc, _) in (0..).zip(&docs).filter(|(_, (_, gone, _))| *gone) {
                index.remove(doc);
                index.remove(doc);
                links.remove(doc);
            }
            let live: Vec<usize> = (0..docs.len()).filter(|i| !docs[*i].1).collect();
            let plain: Vec<Vec<u32>> = live.iter().map(|i| docs[*i].0.clone()).collect();
            prop_assert_eq!(index.live(), live.len());

            let session_of = |i: &usize| docs[live[*i]].2;
            let pooled: Vec<Vec<(u32, f32)>> = (0..live.len()).map(|i| {
                let earlier = (0..i).rev().filter(|j| session_of(j) == session_of(&i)).zip(&before);
                let later = (i + 1..live.len()).filter(|j| session_of(j) == session_of(&i)).zip(&after);
                let members = std::iter::once((i, &1.0)).chain(earlier).chain(later);
                members.flat_map(|(j, w)| plain[j].iter().map(|term| (*term, *w))).collect()
            }).collect();
            let single: Vec<Vec<(u32, f32)>> = plain.iter().map(|d| d.iter().map(|t| (*t, 1.0)).collect()).collect();

            let reach = Reach { before: &before, after: &after };
            let lengths = WindowLengths::new(&index, &links, reach);
            let windows = Windows { index: &index, links: &links, reach, lengths: &lengths };
            let (mut turns, mut pools) = (vec![0.0; docs.len()], vec![0.0; docs.len()]);
            let mut scratch = WindowScratch::default();
            let query = [3, 0, 7, 99];
            for term in query.map(|t| [TermId(t)]) {
                let idf = index.idf(&term);
                index.accumulate(&term, idf, BM25, &mut turns);
                windows.accumulate(&term, idf, BM25, &mut scratch, &mut pools);
            }
            let expect = by_the_book(&plain, &single, &query).into_iter().zip(by_the_book(&plain, &pooled, &query));
            for (doc, (turn, pool)) in live.iter().zip(expect) {
                prop_assert!(near(turns[*doc], turn), "turn {}: {} != {}", doc, turns[*doc], turn);
                prop_assert!(near(pools[*doc], pool), "window {}: {} != {}", doc, pools[*doc], pool);
            }
            for doc in (0..docs.len()).filter(|i| docs[*i].1) {
                prop_assert_eq!((turns[doc], pools[doc]), (0.0, 0.0));
            }

            let mut sums = vec![0.0; docs.len()];
            index.information(&mut sums, |term| term != TermId(5));
            for (doc, terms) in live.iter().zip(&plain) {
                prop_assert!(near(sums[*doc], terms.iter().filter(|t| **t != 5).map(|t| index.idf(&[TermId(*t)])).sum()));
            }
        }
    }

    #[test]
    fn a_document_can_be_put_between_two_others() {
        let mut links = Links::default();
        [None, Some(0), Some(0), None].into_iter().for_each(|p| links.push(p));
        let around = |links: &Links, doc: u32| {
            let mut seen = Vec::new();
            Reach { before: &[1.0; 4], after: &[1.0; 4] }.around(links, doc, |near, _| seen.push(near));
            seen
        };
        assert_eq!((around(&links, 0), around(&links, 2)), (vec![0, 2, 1], vec![2, 0, 1]));
        links.remove(2);
        assert_eq!((around(&links, 0), around(&links, 1), around(&links, 2)), (vec![0, 1], vec![1, 0], vec![2]));
    }

    #[test]
    fn the_stems_of_one_word_are_one_query_term() {
        let mut index = Lexical::default();
        for terms in [[1, 5], [2, 5], [3, 3]] {
            index.push(terms.map(TermId));
        }
        let word = [TermId(1), TermId(2)];
        assert_eq!((index.df(&word), index.idf(&word)), (2, index.idf(&[TermId(5)])));
        let (mut union, mut plain) = ([0.0; 3], [0.0; 3]);
        index.accumulate(&word, 1.0, BM25, &mut union);
        index.accumulate(&[TermId(5)], 1.0, BM25, &mut plain);
        assert_eq!(union, plain);
    }
}
