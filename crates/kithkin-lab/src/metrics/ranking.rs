//! How much of the gold is among the first k of a ranking.

use std::collections::HashSet;
use std::hash::Hash;

/// The three recalls at a cutoff.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RecallAt {
    /// 1 when at least one gold item is found.
    pub(crate) any: f64,
    /// 1 when all gold items are found.
    pub(crate) all: f64,
    /// The share of gold items found.
    pub(crate) mean: f64,
}

/// Recall at `k`. `gold` must not be empty; an item that is ranked twice counts once.
pub(crate) fn recall_at<T: Eq + Hash>(ranking: &[T], gold: &HashSet<T>, k: usize) -> RecallAt {
    let found = ranking.iter().take(k).filter(|item| gold.contains(*item)).collect::<HashSet<_>>().len();
    let mean = found as f64 / gold.len().max(1) as f64;
    RecallAt { any: f64::from(u8::from(found > 0)), all: f64::from(u8::from(found == gold.len())), mean }
}

/// One over the rank of the first gold item; 0 when none is ranked.
pub(crate) fn reciprocal_rank<T: Eq + Hash>(ranking: &[T], gold: &HashSet<T>) -> f64 {
    ranking.iter().position(|item| gold.contains(item)).map_or(0.0, |place| 1.0 / (place as f64 + 1.0))
}

/// The share of the first `k` places that gold items take. A shorter ranking leaves places empty.
pub(crate) fn precision_at<T: Eq + Hash>(ranking: &[T], gold: &HashSet<T>, k: usize) -> f64 {
    ranking.iter().take(k).filter(|item| gold.contains(*item)).count() as f64 / k.max(1) as f64
}

/// Normalised discounted cumulative gain at `k` with gain 1 for gold items and discount log2(rank + 1)
/// (Järvelin and Kekäläinen 2002).
pub(crate) fn ndcg_at<T: Eq + Hash>(ranking: &[T], gold: &HashSet<T>, k: usize) -> f64 {
    let discount = |rank: usize| 1.0 / (rank as f64 + 2.0).log2();
    let mut left: HashSet<&T> = gold.iter().collect();
    let gain: f64 =
        ranking.iter().take(k).enumerate().filter(|(_, item)| left.remove(item)).map(|(r, _)| discount(r)).sum();
    let ideal: f64 = (0..gold.len().min(k)).map(discount).sum();
    if ideal > 0.0 { gain / ideal } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ranking: &[u8], gold: &[u8], k: usize, any: f64, all: f64, mean: f64, ndcg: f64) {
        let gold: HashSet<u8> = gold.iter().copied().collect();
        assert_eq!(recall_at(ranking, &gold, k), RecallAt { any, all, mean });
        assert!((ndcg_at(ranking, &gold, k) - ndcg).abs() < 1e-6, "{}", ndcg_at(ranking, &gold, k));
    }

    #[test]
    fn values_by_hand() {
        check(&[1, 2, 3], &[1], 1, 1.0, 1.0, 1.0, 1.0);
        check(&[2, 1, 3], &[1], 1, 0.0, 0.0, 0.0, 0.0);
        check(&[2, 1, 3], &[1], 3, 1.0, 1.0, 1.0, 0.630_929_75);
        check(&[1, 2, 3], &[1, 9], 3, 1.0, 0.0, 0.5, 0.613_147_2);
        check(&[1, 1, 1], &[1, 2], 3, 1.0, 0.0, 0.5, 0.613_147_2);
        check(&[], &[1], 5, 0.0, 0.0, 0.0, 0.0);
    }

    #[test]
    fn the_first_gold_item_and_the_share_of_places() {
        let check = |ranking: &[u8], gold: &[u8], first: f64, share: f64| {
            let gold: HashSet<u8> = gold.iter().copied().collect();
            assert_eq!((reciprocal_rank(ranking, &gold), precision_at(ranking, &gold, 2)), (first, share));
        };
        check(&[1, 2, 3], &[1], 1.0, 0.5);
        check(&[1, 2, 3], &[2, 3], 0.5, 0.5);
        check(&[1, 2, 3], &[3], 1.0 / 3.0, 0.0);
        check(&[1], &[1], 1.0, 0.5);
        check(&[1], &[9], 0.0, 0.0);
        check(&[], &[1], 0.0, 0.0);
    }
}
