//! METEOR: words that two texts share, with a penalty for their being in another order.
//!
//! Banerjee and Lavie, *METEOR: An Automatic Metric for MT Evaluation with Improved Correlation with Human Judgments*,
//! 2005, section 2.2: the harmonic mean with recall weighing nine times, and a penalty by the runs of matched words. Two of
//! its stages are here: equal words, then equal stems (English, Snowball). It does not match synonyms, for which WordNet
//! would be needed, so figures are somewhat lower than those of packages that do. Of several alignments the paper takes the
//! one with the fewest crossings; here it is one with few runs, as METEOR has it since (Denkowski and Lavie 2014), found
//! by going on with a run where one can. Time grows with the product of both lengths.

use rust_stemmers::{Algorithm, Stemmer};

/// The score of a text by one reference, from 0 to 1; 0 where no word matches. Words are in lower case.
pub(crate) fn meteor(predicted: &[String], reference: &[String]) -> f64 {
    let matched = align(predicted, reference);
    let found: Vec<(usize, usize)> = (0..).zip(matched).filter_map(|(at, place)| Some((at, place?))).collect();
    if found.is_empty() {
        return 0.0;
    }
    let n = found.len() as f64;
    let (precision, recall) = (n / predicted.len() as f64, n / reference.len() as f64);
    let mean = 10.0 * precision * recall / (recall + 9.0 * precision);
    let breaks = found.windows(2).filter(|pair| (pair[0].0 + 1, pair[0].1 + 1) != pair[1]).count();
    let penalty = 0.5 * ((breaks + 1) as f64 / n).powi(3);
    mean * (1.0 - penalty)
}

/// Where each word of the text stands in the reference: by equal words first, by equal stems for those that are left.
fn align(predicted: &[String], reference: &[String]) -> Vec<Option<usize>> {
    let stemmer = Stemmer::create(Algorithm::English);
    let stems = |words: &[String]| words.iter().map(|word| stemmer.stem(word).into_owned()).collect::<Vec<String>>();
    let stems = [stems(predicted), stems(reference)];
    let mut matched = vec![None; predicted.len()];
    let mut free = vec![true; reference.len()];
    for (words, others) in [(predicted, reference), (&stems[0][..], &stems[1][..])] {
        for (at, word) in words.iter().enumerate() {
            if matched[at].is_some() {
                continue;
            }
            let fits = |place: &usize| free.get(*place) == Some(&true) && others.get(*place) == Some(word);
            let next = at.checked_sub(1).and_then(|before| matched[before]).map(|place| place + 1);
            let place = next.filter(fits).or_else(|| (0..others.len()).find(fits));
            if let Some(place) = place {
                free[place] = false;
                matched[at] = Some(place);
            }
        }
    }
    matched
}

#[cfg(test)]
mod tests {
    use super::super::words;
    use super::*;

    fn check(predicted: &str, reference: &str, expect: f64) {
        let got = meteor(&words(predicted), &words(reference));
        assert!((got - expect).abs() < 5e-5, "{predicted:?}: {got}");
    }

    #[test]
    fn values_by_the_published_formula() {
        // One run of six words: 1 - 0.5 (1/6)^3.
        check("the cat sat on the mat", "The cat sat on the mat.", 0.9977);
        // Precision 6/7, recall 1, two runs: 0.9836 (1 - 0.5 (2/6)^3).
        check("the cat was sat on the mat", "the cat sat on the mat", 0.9654);
        // Three runs of six words.
        check("on the mat sat the cat", "the cat sat on the mat", 0.9375);
        // Twelve of 18 and of 16 words match, in four runs.
        check(
            "It is a guide to action which ensures that the military always obeys the commands of the party",
            "It is a guide to action that ensures that the military will forever heed Party commands",
            0.7270,
        );
        // A word that is said once in the reference matches once: precision 1/3, recall 1.
        check("good good good", "good", 10.0 / 3.0 / (1.0 + 3.0) * 0.5);
        check("cat", "dog", 0.0);
        check("", "dog", 0.0);
        check("cat", "", 0.0);
        check("", "", 0.0);
    }

    #[test]
    fn stems_match_after_words_do() {
        check("he liked walking", "he likes walks", 1.0 - 0.5 / 27.0);
        assert_eq!(align(&words("walks walk"), &words("walk walks")), [Some(1), Some(0)]);
        assert_eq!(align(&words("walking walk"), &words("walk")), [None, Some(0)]);
    }
}
