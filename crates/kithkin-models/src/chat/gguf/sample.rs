//! Choosing the next token from its scores.
//!
//! At temperature 0 the best is taken, the first of equals. Else one is drawn: from the [`TOP_K`] best, of those from the
//! fewest that have [`TOP_P`] of the probability together (nucleus sampling; Holtzman et al. 2020, arXiv:1904.09751,
//! section 3.1), each as likely as the model says at that temperature. The draw depends on the request alone.

use std::cmp::Ordering;

use kithkin_core::ChatRequest;

/// At most so many tokens are drawn from.
const TOP_K: usize = 40;
/// The probability that the tokens drawn from have together.
const TOP_P: f64 = 0.95;

/// Chooses tokens for one request.
#[derive(Debug)]
pub(super) struct Sampler {
    temperature: f64,
    state: u64,
}

impl Sampler {
    /// The same request gives the same choices.
    pub(super) fn new(request: &ChatRequest) -> Self {
        let hash = request.hash();
        let state = hash.get(..16).and_then(|digits| u64::from_str_radix(digits, 16).ok()).unwrap_or(0);
        Self { temperature: request.temperature, state }
    }

    /// The token to come next.
    pub(super) fn choose(&mut self, scores: &[f32]) -> u32 {
        let by_score =
            |a: &(u32, f32), b: &(u32, f32)| b.1.partial_cmp(&a.1).unwrap_or(Ordering::Equal).then(a.0.cmp(&b.0));
        let mut all: Vec<(u32, f32)> = (0..).zip(scores.iter().copied()).collect();
        if self.temperature <= 0.0 || all.len() < 2 {
            return all.into_iter().min_by(by_score).map_or(0, |best| best.0);
        }
        if all.len() > TOP_K {
            all.select_nth_unstable_by(TOP_K, by_score);
            all.truncate(TOP_K);
        }
        all.sort_unstable_by(by_score);
        let top = f64::from(all[0].1);
        let chances = |by: f64| -> Vec<f64> {
            let chances: Vec<f64> = all.iter().map(|(_, score)| ((f64::from(*score) - top) / by).exp()).collect();
            let sum: f64 = chances.iter().sum();
            chances.iter().map(|chance| chance / sum).collect()
        };
        let mut reached = 0.0;
        let nucleus = chances(1.0).into_iter().take_while(|chance| {
            let before = reached;
            reached += *chance;
            before < TOP_P
        });
        let kept = nucleus.count();
        let chances = &chances(self.temperature)[..kept];
        let mut left = self.draw() * chances.iter().sum::<f64>();
        for ((token, _), chance) in all.iter().zip(chances) {
            left -= chance;
            if left < 0.0 {
                return *token;
            }
        }
        all[kept.max(1) - 1].0
    }

    /// A number from 0 up to 1, by SplitMix64 (Steele, Lea and Flood 2014).
    fn draw(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        (z >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use kithkin_core::{ChatMessage, ChatRole};

    use super::*;

    fn sampler(temperature: f64, words: &str) -> Sampler {
        let messages = vec![ChatMessage::new(ChatRole::User, words)];
        Sampler::new(&ChatRequest { messages, max_tokens: 1, temperature, schema: None })
    }

    #[test]
    fn at_temperature_0_the_first_of_the_best_is_taken() {
        assert_eq!(sampler(0.0, "x").choose(&[0.5, 2.0, -1.0, 2.0]), 1);
    }

    #[test]
    fn tokens_come_as_often_as_they_are_likely_and_unlikely_ones_never() {
        let scores = [0.6_f32, 0.3, 0.07, 0.03].map(f32::ln);
        let mut counts = [0; 4];
        let mut sampler = sampler(1.0, "x");
        (0..10_000).for_each(|_| counts[sampler.choose(&scores) as usize] += 1);
        // 0.97 are reached with the third: the fourth is out.
        for (count, right) in counts.iter().zip([0.6 / 0.97, 0.3 / 0.97, 0.07 / 0.97, 0.0]) {
            assert!((f64::from(*count) / 10_000.0 - right).abs() < 0.02, "{counts:?}");
        }
    }

    #[test]
    fn the_same_request_draws_the_same() {
        let scores = [0.0; 64];
        let drawn = |words: &str| -> Vec<u32> {
            let mut sampler = sampler(2.0, words);
            (0..20).map(|_| sampler.choose(&scores)).collect()
        };
        assert_eq!(drawn("a"), drawn("a"));
        assert_ne!(drawn("a"), drawn("b"));
        assert!(drawn("a").iter().all(|token| (*token as usize) < TOP_K));
    }
}
