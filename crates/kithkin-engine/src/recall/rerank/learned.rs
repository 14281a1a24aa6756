//! Learns from feedback which turns are of use, and adds what it learned to the scores of the best turns.
//!
//! Two linear maps with a residual connection, for the question's vector q and a turn's m: q' = q + A q, m' = m + B m, and
//! a turn's score is q'·m'. Both maps begin at zero. For each recall on which there is feedback the turns that were shown
//! stand to each other as a policy, p = softmax(q'·m' / temperature); a useful one is worth 1, another −1. The maps then
//! take one step up the gradient of the expected worth. Source: Tan et al., *In Prospect and Retrospect: Reflective Memory
//! Management* (2025), section 6, equations 1 to 3; there turns are drawn by Gumbel noise and the gradient is that of
//! REINFORCE, of which this one is the exact expectation. A baseline has no effect on it.
//!
//! Each step adds one outer product to each map, so that a map is kept as the list of them. Nothing of this is stored: the
//! maps are replayed from the feedback that the index holds, in the order in which it was given, and are forgotten with it.
//!
//! A turn gains `weight` times what the maps add to its cosine; without feedback no score changes. It is no part of what
//! `answer` looks at, whose constants know nothing of it. Needs an embedder. With n pieces of feedback, the latest 300 at
//! most, replaying them costs about 2 n² products of two vectors and is done once after each change of the index; a recall
//! costs 4 n, and one for each of the best turns.

use std::sync::Arc;

use kithkin_core::Explanation;
use serde::Deserialize;

use super::{Needs, Rerank, check_weight};
use crate::index::{Lesson, PersonIndex, dot};
use crate::method::Strategy;
use crate::recall::{Doc, View, best_live};

/// The latest pieces of feedback that are learned from, so that a replay stays within some milliseconds.
const REPLAYED: usize = 300;

/// Parameters of `feedback`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Learned {
    /// How much of what was learned is added to a score; 0 to 100.
    weight: f32,
    /// The length of a step; 0 to 100, default 1.
    #[serde(default = "one")]
    learning_rate: f32,
    /// How little the turns that were shown differ in probability; 0.01 to 100, default 0.5.
    #[serde(default = "half")]
    temperature: f32,
    /// The best turns whose scores are changed; 1 to 1,000, default 100.
    #[serde(default = "hundred")]
    candidates: usize,
}

fn one() -> f32 {
    1.0
}

fn half() -> f32 {
    0.5
}

fn hundred() -> usize {
    100
}

impl Strategy for Learned {
    fn check(&self) -> Result<(), String> {
        check_weight(self.weight)?;
        if !(0.0..=100.0).contains(&self.learning_rate) {
            return Err(format!("learning_rate is {}; it must lie within 0 and 100", self.learning_rate));
        }
        if !(0.01..=100.0).contains(&self.temperature) {
            return Err(format!("temperature is {}; it must lie within 0.01 and 100", self.temperature));
        }
        if !(1..=1000).contains(&self.candidates) {
            return Err(format!("candidates is {}; it must lie within 1 and 1000", self.candidates));
        }
        Ok(())
    }
}

impl Learned {
    fn maps(&self, index: &PersonIndex) -> Arc<Maps> {
        let name = format!("feedback {} {}", self.learning_rate, self.temperature);
        index.built(&name, || Maps::replay(index, self.learning_rate, self.temperature))
    }
}

impl Rerank for Learned {
    fn needs(&self) -> Needs {
        Needs { embedder: true, feedback: true, ..Needs::default() }
    }

    fn rerank(&self, view: &View<'_>, scores: &mut [f32]) {
        let (Some(vectors), Some(question)) = (view.index.vectors(), &view.question.vector) else { return };
        let Some(gain) = self.maps(view.index).gain(question) else { return };
        for (doc, _) in best_live(view.index, scores, self.candidates) {
            if let (Some(score), Some(gain)) = (scores.get_mut(doc as usize), vectors.exact(doc, &gain)) {
                *score += self.weight * gain;
            }
        }
    }

    fn is_about_content(&self) -> bool {
        false
    }

    fn explain(&self, view: &View<'_>, _doc: Doc, before: f32, after: f32) -> Explanation {
        let replayed = self.maps(view.index).replayed;
        Explanation::new(format!("learned from feedback on {replayed} recalls"), after - before)
    }
}

/// The two maps.
#[derive(Debug, Default)]
struct Maps {
    of_question: Map,
    of_turn: Map,
    /// How many pieces of feedback were replayed: the version of this state.
    replayed: usize,
}

impl Maps {
    fn replay(index: &PersonIndex, rate: f32, temperature: f32) -> Self {
        let mut maps = Self::default();
        let lessons = index.lessons();
        for Lesson { question, shown } in lessons.iter().skip(lessons.len().saturating_sub(REPLAYED)) {
            let turns = shown.iter().filter_map(|shown| {
                let vector = index.vectors()?.original(index.doc(shown.seq)?)?;
                (vector.len() == question.len()).then_some((vector, shown.useful))
            });
            maps.learn(question, &turns.collect::<Vec<_>>(), rate, temperature);
        }
        maps
    }

    /// Takes one step. Where all turns were useful, or none, there is nothing to choose by, and the step is none.
    fn learn(&mut self, question: &[f32], shown: &[(&[f32], bool)], rate: f32, temperature: f32) {
        self.replayed += 1;
        if shown.iter().all(|(_, useful)| *useful) || shown.iter().all(|(_, useful)| !useful) {
            return;
        }
        let mapped = self.of_question.applied(question);
        let folded = self.of_turn.transposed(&mapped);
        let chances = softmax(shown.iter().map(|(turn, _)| dot(&folded, turn) / temperature).collect());
        let worth = |useful: bool| if useful { 1.0 } else { -1.0 };
        let expected: f32 = shown.iter().zip(&chances).map(|((_, useful), p)| p * worth(*useful)).sum();
        let mut towards = vec![0.0; question.len()];
        for ((turn, useful), p) in shown.iter().zip(&chances) {
            add(&mut towards, p * (worth(*useful) - expected) / temperature, turn);
        }
        let step = |mut vector: Vec<f32>| {
            vector.iter_mut().for_each(|x| *x *= rate);
            vector
        };
        let mapped_turn = self.of_turn.applied(&towards);
        self.of_question.push(step(mapped_turn), question.to_vec());
        self.of_turn.push(step(mapped), towards);
    }

    /// The vector whose product with a turn's is what the maps add to its cosine with the question; `None` when they add
    /// nothing, or are no longer numbers.
    fn gain(&self, question: &[f32]) -> Option<Vec<f32>> {
        if self.of_question.is_empty() {
            return None;
        }
        let mut gain = self.of_turn.transposed(&self.of_question.applied(question));
        add(&mut gain, -1.0, question);
        gain.iter().all(|x| x.is_finite()).then_some(gain)
    }
}

/// The identity and a sum of outer products.
#[derive(Debug, Default)]
struct Map {
    /// What each leads to, and from where.
    products: Vec<(Vec<f32>, Vec<f32>)>,
}

impl Map {
    fn push(&mut self, to: Vec<f32>, from: Vec<f32>) {
        if to.iter().any(|x| *x != 0.0) && from.iter().any(|x| *x != 0.0) {
            self.products.push((to, from));
        }
    }

    fn is_empty(&self) -> bool {
        self.products.is_empty()
    }

    fn applied(&self, vector: &[f32]) -> Vec<f32> {
        let mut sum = vector.to_vec();
        self.products.iter().for_each(|(to, from)| add(&mut sum, dot(from, vector), to));
        sum
    }

    fn transposed(&self, vector: &[f32]) -> Vec<f32> {
        let mut sum = vector.to_vec();
        self.products.iter().for_each(|(to, from)| add(&mut sum, dot(to, vector), from));
        sum
    }
}

fn add(sum: &mut [f32], weight: f32, vector: &[f32]) {
    sum.iter_mut().zip(vector).for_each(|(sum, x)| *sum += weight * x);
}

fn softmax(mut values: Vec<f32>) -> Vec<f32> {
    let highest = values.iter().copied().fold(f32::MIN, f32::max);
    values.iter_mut().for_each(|value| *value = (*value - highest).exp());
    let sum: f32 = values.iter().sum();
    values.iter_mut().for_each(|value| *value /= sum);
    values
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RATE: f32 = 0.001;
    const TEMPERATURE: f32 = 0.5;

    /// The worth that is expected of the turns shown, by the definition, with whole matrices.
    fn expected(maps: [&[Vec<f32>]; 2], question: &[f32], shown: &[(&[f32], bool)]) -> f32 {
        let map = |map: &[Vec<f32>], x: &[f32]| -> Vec<f32> {
            map.iter().zip(x).map(|(row, own)| own + row.iter().zip(x).map(|(a, b)| a * b).sum::<f32>()).collect()
        };
        let scores = shown.iter().map(|(turn, _)| dot(&map(maps[0], question), &map(maps[1], turn)) / TEMPERATURE);
        let chances = softmax(scores.collect());
        shown.iter().zip(chances).map(|((_, useful), p)| if *useful { p } else { -p }).sum()
    }

    fn matrix(map: &Map, dims: usize) -> Vec<Vec<f32>> {
        let mut rows = vec![vec![0.0; dims]; dims];
        for (to, from) in &map.products {
            rows.iter_mut().zip(to).for_each(|(row, to)| add(row, *to, from));
        }
        rows
    }

    proptest! {
        /// The step is the gradient of the expected worth, as differences show it.
        #[test]
        fn a_step_goes_up_the_gradient(
            values in prop::collection::vec(-1.0..1.0_f32, 3 * 6),
            useful in prop::collection::vec(any::<bool>(), 4),
        ) {
            let vectors: Vec<&[f32]> = values.chunks(3).collect();
            let shown: Vec<(&[f32], bool)> = vectors[2..].iter().copied().zip(useful).collect();
            let mut maps = Maps::default();
            // Not from zero, where the two maps do not meet.
            maps.learn(vectors[0], &[(vectors[2], true), (vectors[3], false)], 0.5, TEMPERATURE);
            let before = [matrix(&maps.of_question, 3), matrix(&maps.of_turn, 3)];
            maps.learn(vectors[1], &shown, RATE, TEMPERATURE);
            let after = [matrix(&maps.of_question, 3), matrix(&maps.of_turn, 3)];
            for map in 0..2 {
                for cell in 0..9 {
                    let (row, column) = (cell / 3, cell % 3);
                    let moved = |by: f32| {
                        let mut maps = before.clone();
                        maps[map][row][column] += by;
                        expected([&maps[0], &maps[1]], vectors[1], &shown)
                    };
                    let gradient = (moved(0.02) - moved(-0.02)) / 0.04;
                    let step = (after[map][row][column] - before[map][row][column]) / RATE;
                    prop_assert!((gradient - step).abs() < 0.02, "{gradient} {step}");
                }
            }
        }
    }

    #[test]
    fn nothing_to_choose_by_changes_nothing() {
        let (a, b, question) = ([1.0, 0.0], [0.6, 0.8], [0.0, 1.0]);
        let check = |shown: &[(&[f32], bool)]| {
            let mut maps = Maps::default();
            maps.learn(&question, shown, 1.0, TEMPERATURE);
            assert_eq!((maps.replayed, maps.gain(&question)), (1, None), "{shown:?}");
        };
        check(&[]);
        check(&[(&a, true)]);
        check(&[(&a, false), (&b, false)]);
    }

    #[test]
    fn what_was_useful_gains_and_what_was_not_loses() {
        let (useful, other, question) = ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.6, 0.6, 0.5]);
        let mut maps = Maps::default();
        let mut last = 0.0;
        for _ in 0..20 {
            maps.learn(&question, &[(&other, false), (&useful, true)], 0.2, TEMPERATURE);
            let gain = maps.gain(&question).unwrap();
            assert!(dot(&gain, &useful) > last && dot(&gain, &other) < 0.0, "{gain:?}");
            last = dot(&gain, &useful);
        }
        assert!(maps.gain(&[f32::MAX; 3]).is_none(), "what is no number is passed over");
    }
}
