//! The valleys in a curve over the gaps between turns: where what was said before and what is said next have least in
//! common. Hearst, *TextTiling* (1997), section 5.
//!
//! A curve has one value a gap, from the one before the second turn on; the value is how alike both sides are.

/// Each value as the mean of itself and up to `reach` values on either side.
pub(super) fn smoothed(curve: &[f32], reach: usize) -> Vec<f32> {
    let around = |i: usize| curve.get(i.saturating_sub(reach)..(i + reach + 1).min(curve.len())).unwrap_or_default();
    (0..curve.len()).map(|i| mean(around(i))).collect()
}

/// How deep each gap lies: how far the curve falls to it from the nearest peak before, plus from the nearest one after.
pub(super) fn depths(curve: &[f32]) -> Vec<f32> {
    let before = climbs(curve.iter());
    let after = climbs(curve.iter().rev());
    before.iter().zip(after.iter().rev()).map(|(before, after)| before + after).collect()
}

/// How far it is from each value up to the peak that one comes to by walking back while it does not go down.
fn climbs<'a>(curve: impl Iterator<Item = &'a f32>) -> Vec<f32> {
    let (mut peak, mut last) = (f32::NEG_INFINITY, f32::NEG_INFINITY);
    let climb = |value: &f32| {
        peak = if last >= *value { peak } else { *value };
        last = *value;
        peak - value
    };
    curve.map(climb).collect()
}

/// The bottoms of the valleys: gaps that lie lower than what comes before and after them. Of a flat bottom it is the
/// first gap.
pub(super) fn bottoms(curve: &[f32]) -> impl Iterator<Item = usize> {
    let falls =
        |i: usize| i.checked_sub(1).and_then(|before| curve.get(before)).is_none_or(|before| *before > curve[i]);
    let rises = |i: usize| curve.get(i..)?.iter().find(|after| **after != curve[i]).map(|after| *after > curve[i]);
    (0..curve.len()).filter(move |i| falls(*i) && rises(*i).unwrap_or(true))
}

/// The mean and the standard deviation; 0 of nothing.
pub(super) fn moments(values: &[f32]) -> (f32, f32) {
    let mean = mean(values);
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f32>() / values.len().max(1) as f32;
    (mean, variance.sqrt())
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len().max(1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(curve: &[f32], expect_depths: &[f32], expect_bottoms: &[usize]) {
        let found = depths(curve);
        assert!(found.iter().zip(expect_depths).all(|(a, b)| (a - b).abs() < 1e-6), "{curve:?}: {found:?}");
        assert_eq!(found.len(), expect_depths.len());
        assert_eq!(bottoms(curve).collect::<Vec<_>>(), expect_bottoms, "{curve:?}");
    }

    #[test]
    fn valleys_are_as_deep_as_the_peaks_beside_them_are_high() {
        check(&[], &[], &[]);
        check(&[0.5], &[0.0], &[0]);
        check(&[0.5, 0.5], &[0.0, 0.0], &[0]);
        check(&[0.5, 0.1, 0.4], &[0.0, 0.7, 0.0], &[1]);
        check(&[0.5, 0.4, 0.1, 0.1, 0.3], &[0.0, 0.1, 0.6, 0.6, 0.0], &[2]);
        check(&[0.1, 0.5, 0.2], &[0.4, 0.0, 0.3], &[0, 2]);
        check(&[0.1, 0.3, 0.2, 0.5], &[0.2, 0.0, 0.4, 0.0], &[0, 2]);
    }

    #[test]
    fn smoothing_averages_over_what_there_is() {
        assert_eq!(smoothed(&[0.0, 3.0, 6.0], 1), [1.5, 3.0, 4.5]);
        assert_eq!(smoothed(&[1.0, 2.0], 0), [1.0, 2.0]);
        assert_eq!(smoothed(&[], 3), [0.0; 0]);
    }

    #[test]
    fn moments_by_hand() {
        assert_eq!(moments(&[]), (0.0, 0.0));
        assert_eq!(moments(&[1.0, 3.0]), (2.0, 1.0));
    }
}
