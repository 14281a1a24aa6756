//! Whether a probability means what it says.

/// The Brier score (1950): the mean squared distance of each probability from what was so, 1 for `positives` and 0 for
/// `negatives`. 0 is perfect, 0.25 is what a constant one half gets. `None` when a group is empty, as the figure would
/// then say nothing about the other.
pub(crate) fn brier(positives: &[f64], negatives: &[f64]) -> Option<f64> {
    if positives.is_empty() || negatives.is_empty() {
        return None;
    }
    let missed: f64 = positives.iter().map(|p| (1.0 - p).powi(2)).sum();
    let raised: f64 = negatives.iter().map(|p| p.powi(2)).sum();
    Some((missed + raised) / (positives.len() + negatives.len()) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_by_hand() {
        let check = |p: &[f64], n: &[f64], expect| assert_eq!(brier(p, n), expect);
        check(&[1.0, 1.0], &[0.0], Some(0.0));
        check(&[0.0], &[1.0, 1.0, 1.0], Some(1.0));
        check(&[0.5], &[0.5, 0.5, 0.5], Some(0.25));
        check(&[0.5, 1.0], &[0.5, 0.0], Some(0.125));
        check(&[], &[1.0], None);
        check(&[1.0], &[], None);
    }
}
