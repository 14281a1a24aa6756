//! How well found boundaries agree with right ones.
//!
//! A segmentation of n turns is given by its n - 1 gaps, each with or without a boundary. Pk and WindowDiff move a
//! window over both: a boundary that lies a turn off costs less than one that is missing. Both are errors: 0 is best.

/// The width of the window for Pk and WindowDiff, in gaps: half the mean length of a right unit (Beeferman, Berger and
/// Lafferty, *Statistical Models for Text Segmentation*, 1999, section 5), rounded, and no less than 2, since at 1 a
/// near miss costs as much as any. The least of 2 is that of published figures on dialogues.
pub(crate) fn window(right: &[bool]) -> usize {
    let (turns, units) = (right.len() + 1, boundaries(right) + 1);
    ((turns as f64 / units as f64 / 2.0).round() as usize).max(2)
}

/// Pk (Beeferman et al. 1999): how often the two ends of a window lie in the same unit by one segmentation, and not by
/// the other. `None` where no window fits.
pub(crate) fn pk(right: &[bool], found: &[bool], window: usize) -> Option<f64> {
    disagreement(right, found, window, |gaps| usize::from(boundaries(gaps) > 0))
}

/// WindowDiff (Pevzner and Hearst, *A Critique and Improvement of an Evaluation Metric for Text Segmentation*, 2002,
/// section 5): how often the number of boundaries within a window differs. `None` where no window fits.
pub(crate) fn window_diff(right: &[bool], found: &[bool], window: usize) -> Option<f64> {
    disagreement(right, found, window, boundaries)
}

fn disagreement(right: &[bool], found: &[bool], window: usize, of: fn(&[bool]) -> usize) -> Option<f64> {
    if window == 0 || right.len() < window {
        return None;
    }
    let pairs = right.windows(window).zip(found.windows(window));
    let differ = pairs.filter(|(right, found)| of(right) != of(found)).count();
    Some(differ as f64 / (right.len() + 1 - window) as f64)
}

/// How many boundaries there are.
pub(crate) fn boundaries(gaps: &[bool]) -> usize {
    gaps.iter().filter(|boundary| **boundary).count()
}

/// Boundaries, counted over many segmentations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct BoundaryCounts {
    /// Right ones that were found.
    pub(crate) hit: usize,
    /// All that were found.
    pub(crate) found: usize,
    /// All right ones.
    pub(crate) right: usize,
}

impl BoundaryCounts {
    /// Counts those of one segmentation as well.
    pub(crate) fn add(&mut self, right: &[bool], found: &[bool]) {
        self.hit += right.iter().zip(found).filter(|(right, found)| **right && **found).count();
        self.found += boundaries(found);
        self.right += boundaries(right);
    }

    /// The share of found boundaries that are right; `None` without any.
    pub(crate) fn precision(self) -> Option<f64> {
        (self.found > 0).then(|| self.hit as f64 / self.found as f64)
    }

    /// The share of right boundaries that are found; `None` without any.
    pub(crate) fn recall(self) -> Option<f64> {
        (self.right > 0).then(|| self.hit as f64 / self.right as f64)
    }

    /// The harmonic mean of both; `None` where there is nothing to find and nothing found.
    pub(crate) fn f1(self) -> Option<f64> {
        let all = self.found + self.right;
        (all > 0).then(|| 2.0 * self.hit as f64 / all as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaps(text: &str) -> Vec<bool> {
        text.chars().map(|c| c == '|').collect()
    }

    #[test]
    fn windows_are_half_a_mean_unit() {
        let check = |right: &str, expect| assert_eq!(window(&gaps(right)), expect, "{right}");
        check("", 2);
        check(".........", 5);
        check("....|....", 3);
        check("|||", 2);
    }

    #[test]
    fn errors_by_hand() {
        let check = |right: &str, found: &str, width, errors: Option<(f64, f64)>| {
            let (right, found) = (gaps(right), gaps(found));
            assert_eq!(pk(&right, &found, width).zip(window_diff(&right, &found, width)), errors);
        };
        check("..|..", "..|..", 2, Some((0.0, 0.0)));
        // Of the windows over gaps 12, 23, 34 and 45 the middle two hold the right boundary, and none one that was found.
        check("..|..", ".....", 2, Some((0.5, 0.5)));
        // A near miss: the windows over 12 and 34 differ.
        check("..|..", ".|...", 2, Some((0.5, 0.5)));
        check("..|..", "...|.", 3, Some((1.0 / 3.0, 1.0 / 3.0)));
        // Too many boundaries: the ends are parted all the same, but their number differs.
        check("..|..", "|||||", 2, Some((0.5, 1.0)));
        check("||", "..", 2, Some((1.0, 1.0)));
        check("|", "|", 2, None);
        check("", "", 2, None);
    }

    #[test]
    fn boundaries_are_counted_over_all() {
        let mut counts = BoundaryCounts::default();
        assert_eq!((counts.precision(), counts.recall(), counts.f1()), (None, None, None));
        counts.add(&gaps("|.|."), &gaps("||.."));
        counts.add(&gaps("...."), &gaps("|..."));
        assert_eq!(counts, BoundaryCounts { hit: 1, found: 3, right: 2 });
        assert_eq!((counts.precision(), counts.recall(), counts.f1()), (Some(1.0 / 3.0), Some(0.5), Some(0.4)));
    }
}
