//! Words with numbers: 0, 1, 2 … in the order in which they came.
//!
//! All words stand in one text and the table holds only numbers, so that a vocabulary stays in the processor's caches
//! while a history is read: that is what looking up a word costs. A word takes its bytes and about 10 more.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

/// Words, each with its number.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    text: String,
    /// Where each word ends in the text.
    ends: Vec<u32>,
    table: HashTable<u32>,
    hashes: DefaultHashBuilder,
}

impl Names {
    /// The number of a word, if it came before.
    pub(crate) fn find(&self, word: &str) -> Option<u32> {
        self.table.find(self.hashes.hash_one(word), |number| self.get(*number) == word).copied()
    }

    /// The number of a word, which is the next one if it is new. Cost: about 20 ns.
    pub(crate) fn number(&mut self, word: &str) -> u32 {
        let hash = self.hashes.hash_one(word);
        let Self { text, ends, table, hashes } = self;
        if let Some(number) = table.find(hash, |number| at(text, ends, *number) == word) {
            return *number;
        }
        let number = ends.len() as u32;
        text.push_str(word);
        ends.push(text.len() as u32);
        table.insert_unique(hash, number, |number| hashes.hash_one(at(text, ends, *number)));
        number
    }

    /// The word with this number; empty if there is none.
    pub(crate) fn get(&self, number: u32) -> &str {
        at(&self.text, &self.ends, number)
    }

    /// All words in the order of their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len() as u32).map(|number| self.get(number))
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * size_of::<u32>() + self.table.allocation_size()
    }
}

fn at<'a>(text: &'a str, ends: &[u32], number: u32) -> &'a str {
    let number = number as usize;
    let start = number.checked_sub(1).map_or(Some(0), |before| ends.get(before).copied());
    let range = start.zip(ends.get(number).copied());
    range.and_then(|(start, end)| text.get(start as usize..end as usize)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_word_has_one_number_and_a_number_one_word(words in prop::collection::vec("[a-cä]{0,3}", 0..200)) {
            let mut names = Names::default();
            let mut known: Vec<&str> = Vec::new();
            for word in &words {
                let expect = known.iter().position(|other| other == word);
                prop_assert_eq!(names.find(word), expect.map(|number| number as u32));
                let number = names.number(word);
                prop_assert_eq!(number as usize, expect.unwrap_or(known.len()));
                if expect.is_none() {
                    known.push(word);
                }
                prop_assert_eq!(names.get(number), word);
            }
            prop_assert!(names.iter().eq(known));
        }
    }
}
