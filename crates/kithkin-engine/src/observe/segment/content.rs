//! The content words of a session, turn by turn, and how alike two stretches of it are by them.
//!
//! Words are those that recall searches: stemmed in the language of their turn, character pairs where a script has no
//! spaces. Function words are left out, because they are alike everywhere.

use crate::index::Vocabulary;
use crate::observe::Sitting;

/// The content words of each turn: their numbers, ascending, each as often as it was said.
pub(super) struct ContentWords {
    turns: Vec<Vec<usize>>,
    distinct: usize,
}

impl ContentWords {
    /// Reads a session. Cost: about 100 ns a word.
    pub(super) fn of(sitting: &Sitting) -> Self {
        let mut vocabulary = Vocabulary::default();
        let (mut language, mut tokens) = (None, Vec::new());
        let mut turns = Vec::with_capacity(sitting.len());
        for text in sitting.texts() {
            language = vocabulary.read(text, language, &mut tokens).or(language);
            let content = tokens.iter().filter(|token| !token.function);
            let mut words: Vec<usize> = content.map(|token| token.term.0 as usize).collect();
            words.sort_unstable();
            turns.push(words);
        }
        Self { turns, distinct: vocabulary.len() }
    }

    /// The words of each turn.
    pub(super) fn turns(&self) -> &[Vec<usize>] {
        &self.turns
    }

    /// For each gap, the cosine of the word counts of the `block` turns before it and of the `block` turns after it, or
    /// of fewer at the ends. Cost: a few additions for each word, whatever the size of a block.
    pub(super) fn cohesion(&self, block: usize) -> Vec<f32> {
        let mut sides = Sides { before: vec![0; self.distinct], after: vec![0; self.distinct], ..Sides::default() };
        let turn = |i: usize| self.turns.get(i).map(Vec::as_slice).unwrap_or_default();
        (0..block).for_each(|i| turn(i).iter().for_each(|word| sides.add_after(*word, 1)));
        let mut curve = Vec::with_capacity(self.turns.len().saturating_sub(1));
        for gap in 1..self.turns.len() {
            for word in turn(gap - 1) {
                sides.add_after(*word, -1);
                sides.add_before(*word, 1);
            }
            turn(gap - 1 + block).iter().for_each(|word| sides.add_after(*word, 1));
            if let Some(left) = (gap - 1).checked_sub(block) {
                turn(left).iter().for_each(|word| sides.add_before(*word, -1));
            }
            curve.push(sides.cosine());
        }
        curve
    }
}

/// Word counts on both sides of a gap, with their product and their squares. In whole numbers, so that what is added and
/// taken away again leaves nothing.
#[derive(Default)]
struct Sides {
    before: Vec<i64>,
    after: Vec<i64>,
    product: i64,
    before_squared: i64,
    after_squared: i64,
}

impl Sides {
    fn add_before(&mut self, word: usize, by: i64) {
        let (Some(own), Some(other)) = (self.before.get_mut(word), self.after.get(word)) else { return };
        self.product += by * other;
        self.before_squared += by * (2 * *own + by);
        *own += by;
    }

    fn add_after(&mut self, word: usize, by: i64) {
        let (Some(own), Some(other)) = (self.after.get_mut(word), self.before.get(word)) else { return };
        self.product += by * other;
        self.after_squared += by * (2 * *own + by);
        *own += by;
    }

    fn cosine(&self) -> f32 {
        cosine(self.product, self.before_squared, self.after_squared)
    }
}

/// The cosine of two turns by their words, each given ascending.
pub(super) fn alike(a: &[usize], b: &[usize]) -> f32 {
    let count = |runs: &[usize]| runs.len() as i64;
    let (mut product, mut rest) = (0, b);
    for same in a.chunk_by(|x, y| x == y) {
        let Some(word) = same.first() else { continue };
        rest = rest.get(rest.partition_point(|other| other < word)..).unwrap_or_default();
        product += count(same) * rest.partition_point(|other| other <= word) as i64;
    }
    let squared = |words: &[usize]| words.chunk_by(|x, y| x == y).map(|same| count(same) * count(same)).sum::<i64>();
    cosine(product, squared(a), squared(b))
}

/// 0 where a side has no words.
fn cosine(product: i64, a_squared: i64, b_squared: i64) -> f32 {
    if product == 0 { 0.0 } else { (product as f64 / ((a_squared as f64) * (b_squared as f64)).sqrt()) as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [&str; 4] = ["cats and dogs", "dogs love the park", "a park with trees", "我爱猫"];

    #[test]
    fn cohesion_is_the_cosine_of_what_stands_on_both_sides() {
        let check = |block, expect: &[f32]| {
            let curve = ContentWords::of(&Sitting::of(&TEXTS)).cohesion(block);
            assert!(curve.iter().zip(expect).all(|(a, b)| (a - b).abs() < 1e-6), "{block}: {curve:?}");
            assert_eq!(curve.len(), expect.len());
        };
        // One word of two and one of three; one of three and one of two.
        check(1, &[1.0 / 6f32.sqrt(), 1.0 / 6f32.sqrt(), 0.0]);
        // {cat, dog} with {dog, love, park, park, tree}; {cat, dog, dog, love, park} with {park, tree, two pairs}.
        check(2, &[1.0 / (2f32 * 7.0).sqrt(), 1.0 / (7f32 * 4.0).sqrt(), 0.0]);
    }

    #[test]
    fn two_turns_are_as_alike_as_blocks_of_one() {
        let words = ContentWords::of(&Sitting::of(&TEXTS));
        let pairs: Vec<f32> = words.turns().windows(2).map(|pair| alike(&pair[0], &pair[1])).collect();
        assert_eq!(pairs, words.cohesion(1));
        assert_eq!(alike(&[1, 1, 2], &[1, 3]), 2.0 / 10f32.sqrt());
        assert_eq!(alike(&[], &[1]), 0.0);
    }
}
