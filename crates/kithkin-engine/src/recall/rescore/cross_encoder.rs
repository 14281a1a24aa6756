//! Orders the best turns by what a model says that reads the question and a turn together, within a deadline.
//!
//! Source: Nogueira and Cho, *Passage Re-ranking with BERT* (2019): what was found cheaply is scored again by a
//! cross-encoder, and its order alone counts. Equal scores keep the order of the search. What is reordered keeps the scores
//! of its places, so that it stays above the rest.
//!
//! The model reads eight turns at a time, the best first. Before each eight the clock is asked: when the deadline is over,
//! the turns that were not read follow behind, in the order that they had. The time counts from the start of this pass, not
//! of the recall. Eight turns that are being read are not interrupted, so the pass may outlast its deadline by what they
//! take: as long as an embedding of the question and the eight turns, of 512 tokens a pair at most. How many turns are read
//! depends on the speed of the machine; a deadline that is never reached makes the order the same everywhere.
//!
//! Needs a reranker. Costs at most `deadline_ms` and one reading more.

use std::time::Duration;

use kithkin_core::{Clock, RerankError, Reranker};
use serde::Deserialize;

use super::Rescore;
use crate::method::Strategy;

/// Turns that the model reads at a time: enough to share the threads, few enough to stop soon.
const BATCH: usize = 8;

/// The longest deadline, in milliseconds.
const LONGEST: u64 = 60_000;

/// Parameters of `cross-encoder`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CrossEncoder {
    /// Turns that may be read, the best of the search; 1 to 100, default 30.
    candidates: usize,
    /// When no further turns are read, in milliseconds from the start of the pass; 0 to 60,000, default 500. With 0 none is.
    deadline_ms: u64,
}

impl Default for CrossEncoder {
    fn default() -> Self {
        Self { candidates: 30, deadline_ms: 500 }
    }
}

impl Strategy for CrossEncoder {
    fn check(&self) -> Result<(), String> {
        if !(1..=100).contains(&self.candidates) {
            return Err(format!("candidates is {}; it must lie within 1 and 100", self.candidates));
        }
        if self.deadline_ms > LONGEST {
            return Err(format!("deadline_ms is {}; it must lie within 0 and {LONGEST}", self.deadline_ms));
        }
        Ok(())
    }
}

impl Rescore for CrossEncoder {
    fn candidates(&self) -> usize {
        self.candidates
    }

    fn rescore(
        &self,
        question: &str,
        texts: &[&str],
        reranker: &dyn Reranker,
        clock: &dyn Clock,
    ) -> Result<Vec<(usize, f32)>, RerankError> {
        let (start, deadline) = (clock.elapsed(), Duration::from_millis(self.deadline_ms));
        let mut scored = Vec::new();
        for batch in texts.chunks(BATCH) {
            if clock.elapsed().saturating_sub(start) >= deadline {
                break;
            }
            let scores = reranker.score(question, batch)?;
            if scores.len() != batch.len() || scores.iter().any(|score| !score.is_finite()) {
                let message = format!("it gave {} texts the scores {scores:?}", batch.len());
                return Err(RerankError::Failed { model: reranker.model().to_owned(), message });
            }
            scored.extend((scored.len()..).zip(scores));
        }
        // The sort is stable, and no score is NaN; -0 is as good as 0.
        scored.sort_by(|a, b| b.1.partial_cmp(&a.1).unwrap_or(std::cmp::Ordering::Equal));
        Ok(scored)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::{Arc, Mutex};

    use kithkin_core::Millis;
    use proptest::prelude::*;

    use super::*;
    use crate::method::Strategy as _;

    /// A clock that stands still until somebody moves it.
    #[derive(Debug, Default)]
    struct Hands(AtomicU64);

    impl Clock for Hands {
        fn now(&self) -> Millis {
            0
        }

        fn elapsed(&self) -> Duration {
            Duration::from_millis(self.0.load(Ordering::Relaxed))
        }
    }

    /// A model that takes `millis` for each call, reads the score out of the text, and keeps what it was given. The text
    /// `fail` makes it fail, `short` makes it give no score.
    #[derive(Debug)]
    struct Scripted {
        clock: Arc<Hands>,
        millis: u64,
        calls: Mutex<Vec<usize>>,
    }

    impl Reranker for Scripted {
        fn model(&self) -> &str {
            "scripted"
        }

        fn score(&self, query: &str, texts: &[&str]) -> Result<Vec<f32>, RerankError> {
            assert_eq!(query, "q");
            self.clock.0.fetch_add(self.millis, Ordering::Relaxed);
            self.calls.lock().unwrap().push(texts.len());
            if texts.contains(&"fail") {
                return Err(RerankError::Failed { model: "scripted".to_owned(), message: "as told".to_owned() });
            }
            Ok(texts.iter().filter(|text| **text != "short").map(|text| text.parse().unwrap()).collect())
        }
    }

    type Order = Result<Vec<(usize, f32)>, RerankError>;

    /// The order of the texts under a deadline, with a model that takes so long for each call, and the sizes of the calls.
    fn order(texts: &[&str], deadline_ms: u64, millis: u64) -> (Order, Vec<usize>) {
        // The clock does not begin at 0: what counts is the time since the pass began.
        let clock = Arc::new(Hands(AtomicU64::new(7_000)));
        let model = Scripted { clock: Arc::clone(&clock), millis, calls: Mutex::default() };
        let strategy = CrossEncoder { candidates: 100, deadline_ms };
        let found = strategy.rescore("q", texts, &model, &*clock);
        (found, model.calls.into_inner().unwrap())
    }

    fn places(found: Order) -> Vec<usize> {
        found.unwrap().into_iter().map(|(place, _)| place).collect()
    }

    #[test]
    fn the_model_alone_orders_what_it_read_and_ties_keep_their_order() {
        let check = |texts: &[&str], expect: &[usize]| assert_eq!(places(order(texts, 1, 0).0), expect, "{texts:?}");
        check(&[], &[]);
        check(&["1"], &[0]);
        check(&["1", "3", "-2", "2"], &[1, 3, 0, 2]);
        check(&["1", "2", "1", "2", "2"], &[1, 3, 4, 0, 2]);
        check(&["0", "-0", "0"], &[0, 1, 2]);
        assert_eq!(order(&["1", "3"], 1, 0).0.unwrap(), [(1, 3.0), (0, 1.0)]);
    }

    #[test]
    fn no_batch_begins_when_the_deadline_is_over() {
        let rising: Vec<String> = (0..30).map(|n| n.to_string()).collect();
        let texts: Vec<&str> = rising.iter().map(String::as_str).collect();
        let check = |deadline: u64, millis: u64, expect: &[usize]| {
            let (found, calls) = order(&texts, deadline, millis);
            assert_eq!(calls, expect, "{deadline} ms, {millis} a call");
            // The later a text, the better it is: what was read is turned round.
            let read = calls.iter().sum::<usize>();
            assert_eq!(places(found), (0..read).rev().collect::<Vec<_>>());
        };
        check(0, 0, &[]);
        check(0, 50, &[]);
        check(1, 50, &[8]);
        check(50, 50, &[8]);
        check(51, 50, &[8, 8]);
        check(100, 50, &[8, 8]);
        check(150, 50, &[8, 8, 8]);
        check(151, 50, &[8, 8, 8, 6]);
        check(1, 0, &[8, 8, 8, 6]);
    }

    #[test]
    fn a_model_that_fails_or_gives_no_scores_is_an_error() {
        let check = |text: &str, says: &str| {
            let error = order(&["1", text], 1, 0).0.unwrap_err().to_string();
            assert!(error.contains("the reranker scripted failed") && error.contains(says), "{error}");
        };
        check("fail", "as told");
        check("short", "2 texts the scores [1.0]");
        check("nan", "NaN");
        check("inf", "inf");
    }

    #[test]
    fn parameters_out_of_range_are_refused() {
        let check = |candidates: usize, deadline_ms: u64, says: Option<&str>| {
            let refused = CrossEncoder { candidates, deadline_ms }.check().err();
            assert_eq!(refused.is_some(), says.is_some(), "{refused:?}");
            assert!(refused.unwrap_or_default().contains(says.unwrap_or_default()));
        };
        check(1, 0, None);
        check(100, 60_000, None);
        check(0, 0, Some("candidates is 0; it must lie within 1 and 100"));
        check(101, 0, Some("candidates is 101"));
        check(1, 60_001, Some("deadline_ms is 60001; it must lie within 0 and 60000"));
    }

    proptest! {
        /// What was read is a beginning of the texts, whole batches of it, each once, best first.
        #[test]
        fn what_was_read_is_a_beginning_in_the_order_of_its_scores(
            scores in prop::collection::vec(-9i32..9, 0..100), deadline in 0u64..200, millis in 0u64..60
        ) {
            let texts: Vec<String> = scores.iter().map(ToString::to_string).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let found = order(&texts, deadline, millis).0.unwrap();
            let read = found.len();
            prop_assert!(read == texts.len() || read.is_multiple_of(BATCH));
            let mut all: Vec<usize> = found.iter().map(|(place, _)| *place).collect();
            prop_assert!(found.iter().all(|(place, score)| *score == scores[*place] as f32));
            prop_assert!(found.is_sorted_by(|a, b| a.1 > b.1 || (a.1 == b.1 && a.0 < b.0)));
            all.sort_unstable();
            prop_assert_eq!(all, (0..read).collect::<Vec<_>>());
        }
    }
}
