//! How well a score separates two groups.

/// The area under the ROC curve: the chance that a random positive scores above a random negative, ties counting half
/// (Mann and Whitney 1947). `None` when a group is empty. The cost is that of sorting.
pub(crate) fn roc_auc(positives: &[f64], negatives: &[f64]) -> Option<f64> {
    if positives.is_empty() || negatives.is_empty() {
        return None;
    }
    let mut all: Vec<(f64, bool)> =
        positives.iter().map(|s| (*s, true)).chain(negatives.iter().map(|s| (*s, false))).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut wins, mut below) = (0.0, 0.0);
    for tied in all.chunk_by(|a, b| a.0 == b.0) {
        let positive = tied.iter().filter(|(_, p)| *p).count() as f64;
        let negative = tied.len() as f64 - positive;
        wins += positive * (below + negative / 2.0);
        below += negative;
    }
    Some(wins / (positives.len() as f64 * negatives.len() as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_by_hand() {
        let check = |p: &[f64], n: &[f64], expect| assert_eq!(roc_auc(p, n), expect);
        check(&[2.0, 3.0], &[0.0, 1.0], Some(1.0));
        check(&[0.0], &[1.0], Some(0.0));
        check(&[1.0], &[1.0], Some(0.5));
        check(&[1.0, 3.0], &[2.0], Some(0.5));
        check(&[], &[1.0], None);
    }
}
