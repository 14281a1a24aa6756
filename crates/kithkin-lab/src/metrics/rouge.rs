//! ROUGE-1 and ROUGE-L: how many words of a text are those of another one.
//!
//! Lin, *ROUGE: A Package for Automatic Evaluation of Summaries*, 2004: section 2 with n = 1, and section 3.1. Both are
//! given as F1, precision and recall weighing the same, as is usual today. Words are compared as they are given, without
//! stems; ROUGE-L takes a text as one sentence. It costs memory by the reference, and time by the product of both.

use std::collections::HashMap;

/// The F1 of words that both texts have, each as often as it stands in both. 0 where a text is empty.
pub(crate) fn rouge_1(predicted: &[String], reference: &[String]) -> f64 {
    let mut left: HashMap<&str, usize> = HashMap::new();
    reference.iter().for_each(|word| *left.entry(word).or_default() += 1);
    let mut common = 0;
    for word in predicted {
        if let Some(times) = left.get_mut(word.as_str()).filter(|times| **times > 0) {
            *times -= 1;
            common += 1;
        }
    }
    f1(common, predicted.len(), reference.len())
}

/// The F1 of the longest common subsequence. 0 where a text is empty.
pub(crate) fn rouge_l(predicted: &[String], reference: &[String]) -> f64 {
    let mut lengths = vec![0; reference.len() + 1];
    for word in predicted {
        // The length before this word at the place to the left, which the row has overwritten.
        let mut diagonal = 0;
        for (at, other) in reference.iter().enumerate() {
            let above = lengths[at + 1];
            lengths[at + 1] = if word == other { diagonal + 1 } else { above.max(lengths[at]) };
            diagonal = above;
        }
    }
    f1(lengths[reference.len()], predicted.len(), reference.len())
}

/// 2PR / (P + R), with the lengths cancelled out.
fn f1(common: usize, predicted: usize, reference: usize) -> f64 {
    2.0 * common as f64 / (predicted + reference).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::super::words;
    use super::*;

    fn check(predicted: &str, reference: &str, one: f64, l: f64) {
        let (predicted, reference) = (words(predicted), words(reference));
        let got = (rouge_1(&predicted, &reference), rouge_l(&predicted, &reference));
        assert!((got.0 - one).abs() < 1e-9 && (got.1 - l).abs() < 1e-9, "{predicted:?}: {got:?}");
    }

    #[test]
    fn values_of_the_paper_and_by_hand() {
        // The example of Lin's section 3.1: the order parts two texts that have the same words.
        check("police kill the gunman", "police killed the gunman", 0.75, 0.75);
        check("the gunman kill police", "police killed the gunman", 0.75, 0.5);
        check("the gunman police killed", "police killed the gunman", 1.0, 0.5);
        check("Great!", "great", 1.0, 1.0);
        // Precision 1, recall 1/2.
        check("a b", "a x b y", 2.0 / 3.0, 2.0 / 3.0);
        // A word counts as often as it stands in both.
        check("a a a", "a b a", 2.0 / 3.0, 2.0 / 3.0);
        check("", "a", 0.0, 0.0);
        check("a", "", 0.0, 0.0);
        check("", "", 0.0, 0.0);
    }
}
