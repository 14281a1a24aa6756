//! The three tiers, filled by running through the log once: what is where, and how hot each topic is.
//!
//! Everything is a function of the log: no recall changes it, so the same log always gives the same tiers, and what is
//! erased is in none of them.

use crate::index::Vectors;

/// How the tiers are filled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rules {
    /// Pages of the short-term tier.
    pub(super) short: usize,
    /// Topics of the mid-term tier.
    pub(super) topics: usize,
    /// How near a page has to be to a topic to join it, in cosine.
    pub(super) join: f32,
    /// How near a page has to be to the one before it to stay in one chain with it, in cosine.
    pub(super) chain: f32,
    /// What a visit, a page and being fresh add to the heat of a topic.
    pub(super) heat: Heat,
    /// From which heat on a topic belongs to the long-term tier.
    pub(super) promote: f32,
}

/// The weights of heat.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Heat {
    pub(super) visits: f32,
    pub(super) length: f32,
    pub(super) recency: f32,
    /// Days after which e times less recency is left.
    pub(super) days: f32,
}

/// A page of the log: a round, with its time and session.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    /// Its row among the memories.
    pub(super) row: u32,
    /// When it was said, in days.
    pub(super) day: f32,
    /// Its session.
    pub(super) session: u32,
}

/// A topic of the mid-term tier.
#[derive(Debug, Clone)]
pub(super) struct Topic {
    /// Its pages, oldest first.
    pub(super) pages: Vec<u32>,
    /// The sum of their vectors.
    sum: Vec<f32>,
    /// Sessions after its first one in which it was taken up again.
    pub(super) visits: usize,
    session: u32,
    last_day: f32,
}

impl Topic {
    /// The cosine of a vector of unit length and the topic.
    pub(super) fn nearness(&self, vector: &[f32]) -> f32 {
        let length = self.sum.iter().map(|x| x * x).sum::<f32>().sqrt();
        let product: f32 = self.sum.iter().zip(vector).map(|(a, b)| a * b).sum();
        if length > 0.0 { product / length } else { 0.0 }
    }

    /// How hot it is on a day: visits, pages, and how fresh it is.
    pub(super) fn heat(&self, heat: Heat, day: f32) -> f32 {
        let fresh = (-(day - self.last_day).max(0.0) / heat.days).exp();
        heat.visits * self.visits as f32 + heat.length * self.pages.len() as f32 + heat.recency * fresh
    }
}

/// What happened while the tiers were filled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Trace {
    /// Chains of pages that left the short-term tier.
    pub(super) moved: usize,
    /// Topics that gave way to hotter ones: their pages are in the log, but in no tier.
    pub(super) evicted: usize,
}

/// The tiers at the end of the log.
#[derive(Debug, Default)]
pub(super) struct Tiers {
    /// The pages of the short-term tier, oldest first.
    pub(super) short: Vec<u32>,
    /// The topics of the mid-term tier.
    pub(super) topics: Vec<Topic>,
    /// Which of them are hot enough for the long-term tier.
    pub(super) long: Vec<bool>,
    /// What happened.
    pub(super) trace: Trace,
}

impl Tiers {
    /// Runs through the pages, oldest first. Pages without a vector stay in the short-term tier until they fall out of it.
    pub(super) fn fill(pages: &[Page], vectors: &Vectors, rules: Rules) -> Self {
        let mut tiers = Self::default();
        let mut short: Vec<Page> = Vec::new();
        for page in pages {
            short.push(*page);
            while short.len() > rules.short {
                // A chain leaves as a whole: what was said in one breath belongs to one topic.
                let length = chain(&short, vectors, rules.chain);
                let leaving: Vec<Page> = short.drain(..length).collect();
                tiers.take_in(&leaving, vectors, rules);
            }
        }
        tiers.short = short.iter().map(|page| page.row).collect();
        let day = pages.last().map_or(0.0, |page| page.day);
        tiers.long = tiers.topics.iter().map(|topic| topic.heat(rules.heat, day) >= rules.promote).collect();
        tiers
    }

    /// Moves a chain to the topic that it is near to, or makes it a new one; the coolest topic gives way.
    fn take_in(&mut self, chain: &[Page], vectors: &Vectors, rules: Rules) {
        let mut sum = Vec::new();
        chain.iter().for_each(|page| vectors.add_to(page.row, 1.0, &mut sum));
        let (Some(first), Some(last)) = (chain.first(), chain.last()) else { return };
        self.trace.moved += 1;
        let length = sum.iter().map(|x| x * x).sum::<f32>().sqrt();
        if length == 0.0 {
            return;
        }
        let unit: Vec<f32> = sum.iter().map(|x| x / length).collect();
        let near = self.topics.iter_mut().map(|topic| (topic.nearness(&unit), topic));
        let nearest = near.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(nearness, _)| *nearness >= rules.join);
        if let Some((_, topic)) = nearest {
            topic.pages.extend(chain.iter().map(|page| page.row));
            topic.sum.iter_mut().zip(&sum).for_each(|(total, x)| *total += x);
            topic.visits += usize::from(topic.session != first.session);
            (topic.session, topic.last_day) = (last.session, last.day);
            return;
        }
        let pages = chain.iter().map(|page| page.row).collect();
        self.topics.push(Topic { pages, sum, visits: 0, session: last.session, last_day: last.day });
        if self.topics.len() > rules.topics {
            let heats = self.topics.iter().map(|topic| topic.heat(rules.heat, last.day)).enumerate();
            if let Some((coolest, _)) = heats.min_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0))) {
                self.topics.remove(coolest);
                self.trace.evicted += 1;
            }
        }
    }
}

/// How many pages from the first on are one chain: each near to the one before it and of the same session.
fn chain(pages: &[Page], vectors: &Vectors, least: f32) -> usize {
    let goes_on = |pair: &[Page]| match pair {
        [before, page] => {
            let nearness = vectors.original(before.row).and_then(|vector| vectors.exact(page.row, vector));
            before.session == page.session && nearness.is_some_and(|n| n >= least)
        }
        _ => false,
    };
    // The newest page stays: it was only just said.
    1 + pages
        .get(..pages.len().saturating_sub(1))
        .unwrap_or_default()
        .windows(2)
        .take_while(|pair| goes_on(pair))
        .count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RULES: Rules = Rules {
        short: 2,
        topics: 2,
        join: 0.6,
        chain: 0.8,
        heat: Heat { visits: 1.0, length: 1.0, recency: 1.0, days: 1.0 },
        promote: 4.0,
    };

    fn filled(pages: &[(u32, usize)], rules: Rules) -> Tiers {
        let mut vectors = Vectors::new(4, 0);
        let log = (0..).zip(pages).map(|(row, (session, axis))| {
            let mut vector = [0.0; 4];
            vector[*axis] = 1.0;
            vectors.set(row, &vector);
            Page { row, day: row as f32, session: *session }
        });
        let log: Vec<Page> = log.collect();
        Tiers::fill(&log, &vectors, rules)
    }

    #[test]
    fn pages_flow_to_topics_and_topics_give_way() {
        let check = |pages: &[(u32, usize)], short: &[u32], topics: &[&[u32]], long: &[bool], evicted: usize| {
            let tiers = filled(pages, RULES);
            assert_eq!(tiers.short, short);
            assert_eq!(tiers.topics.iter().map(|t| t.pages.as_slice()).collect::<Vec<_>>(), topics);
            assert_eq!((tiers.long.as_slice(), tiers.trace.evicted), (long, evicted));
        };
        check(&[], &[], &[], &[], 0);
        check(&[(0, 0), (0, 1)], &[0, 1], &[], &[], 0);
        check(&[(0, 0), (0, 0), (0, 1)], &[2], &[&[0, 1]], &[false], 0);
        // The topic of the first axis is visited in a second session, and so becomes hot enough to stay.
        check(
            &[(0, 0), (0, 0), (0, 1), (1, 2), (1, 0), (1, 0), (2, 3), (2, 3)],
            &[6, 7],
            &[&[0, 1, 4, 5], &[3]],
            &[true, false],
            1,
        );
    }

    proptest! {
        #[test]
        fn the_bounds_hold_and_no_page_is_in_two_places(
            pages in prop::collection::vec((0u32..5, 0usize..4), 0..60),
            short in 1usize..6,
            topics in 1usize..5,
        ) {
            let mut pages = pages;
            pages.sort_by_key(|(session, _)| *session);
            let tiers = filled(&pages, Rules { short, topics, ..RULES });
            prop_assert!(tiers.short.len() <= short && tiers.topics.len() <= topics);
            let mut all: Vec<u32> = tiers.topics.iter().flat_map(|t| t.pages.clone()).chain(tiers.short).collect();
            let n = all.len();
            all.sort_unstable();
            all.dedup();
            prop_assert_eq!(all.len(), n);
            prop_assert!(n == pages.len() || tiers.trace.evicted > 0);
        }
    }
}
