//! A mixture of two Gaussians over numbers: which of them belong to the upper one.
//!
//! Expectation maximisation from the lowest and the highest number, so that the same numbers always give the same answer.

const ROUNDS: usize = 100;
/// Added to each variance, as scikit-learn does, so that equal numbers have one.
const FLOOR: f32 = 1e-6;

#[derive(Debug, Clone, Copy)]
struct Component {
    share: f32,
    mean: f32,
    variance: f32,
}

impl Component {
    fn density(self, x: f32) -> f32 {
        let off = x - self.mean;
        self.share * (-off * off / (2.0 * self.variance)).exp() / self.variance.sqrt()
    }

    /// The component that explains the numbers by these responsibilities.
    fn fitted(numbers: &[f32], responsible: impl Fn(usize) -> f32) -> Self {
        let total: f32 = (0..numbers.len()).map(&responsible).sum::<f32>().max(1e-9);
        let mean = numbers.iter().enumerate().map(|(i, x)| responsible(i) * x).sum::<f32>() / total;
        let spread = |(i, x): (usize, &f32)| responsible(i) * (x - mean) * (x - mean);
        let variance = numbers.iter().enumerate().map(spread).sum::<f32>() / total;
        Self { share: total / numbers.len() as f32, mean, variance: variance + FLOOR }
    }
}

/// For each number, whether it belongs to the component with the higher mean. Numbers that are all the same all do.
pub(super) fn upper(numbers: &[f32]) -> Vec<bool> {
    let (low, high) = numbers.iter().fold((f32::MAX, f32::MIN), |(l, h), x| (l.min(*x), h.max(*x)));
    if high - low <= f32::EPSILON {
        return vec![true; numbers.len()];
    }
    let middle = (low + high) / 2.0;
    let mut responsible: Vec<f32> = numbers.iter().map(|x| if *x > middle { 1.0 } else { 0.0 }).collect();
    let (mut lower, mut upper);
    let mut round = 0;
    loop {
        lower = Component::fitted(numbers, |i| 1.0 - responsible[i]);
        upper = Component::fitted(numbers, |i| responsible[i]);
        let mut change = 0.0_f32;
        for (of_upper, x) in responsible.iter_mut().zip(numbers) {
            let (l, u) = (lower.density(*x), upper.density(*x));
            // Far from both, the nearer mean decides.
            let next = if l + u > 0.0 { u / (l + u) } else { f32::from(u8::from(*x > middle)) };
            change = change.max((next - *of_upper).abs());
            *of_upper = next;
        }
        round += 1;
        if change < 1e-3 || round == ROUNDS {
            break;
        }
    }
    let flipped = upper.mean < lower.mean;
    responsible.iter().map(|r| (*r > 0.5) != flipped).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn groups_apart_are_told_apart() {
        let check = |numbers: &[f32], expect: &[bool]| assert_eq!(upper(numbers), expect, "{numbers:?}");
        check(&[], &[]);
        check(&[0.5], &[true]);
        check(&[0.5, 0.5], &[true, true]);
        check(&[0.1, 0.9], &[false, true]);
        check(&[0.8, 0.1, 0.12, 0.78, 0.11], &[true, false, false, true, false]);
    }

    proptest! {
        #[test]
        fn there_is_always_an_answer_and_the_highest_is_in_it(numbers in prop::collection::vec(-1.0..1.0_f32, 1..40)) {
            let chosen = upper(&numbers);
            prop_assert_eq!(chosen.len(), numbers.len());
            prop_assert!(chosen.contains(&true));
        }
    }
}
