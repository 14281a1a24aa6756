//! Which of the turns that a model was shown its reply names.
//!
//! A model names a turn by its number in square brackets. It may name one that there is not, so what it says is checked:
//! markers that lead nowhere are taken out of the reply and counted. Whether a claim follows from the turn that it names
//! is not judged here.

use std::ops::Range;

/// A reply whose markers were checked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Cited {
    /// The reply; each of its markers leads to a turn.
    pub(crate) text: String,
    /// The same without markers: what was said.
    pub(crate) plain: String,
    /// The places of the turns among those that were shown, in the order in which they are first named, each once.
    pub(crate) places: Vec<usize>,
    /// Numbers that were named and lead to no turn, in order, each once.
    pub(crate) invented: Vec<u64>,
}

impl Cited {
    /// Reads a reply to a prompt that showed `shown` turns, numbered from 1. Where none were shown the reply stays as it is,
    /// and so do brackets within code.
    pub(crate) fn read(reply: &str, shown: usize) -> Self {
        let mut cited = Self::default();
        let mut done = 0;
        for marker in markers(reply).filter(|_| shown > 0) {
            let Some(numbers) = numbers(reply, &marker) else { continue };
            let (there, not): (Vec<u64>, Vec<u64>) =
                numbers.into_iter().partition(|number| (1..=shown as u64).contains(number));
            // `x[0]` is no citation.
            if there.is_empty() && follows_a_word(reply, marker.start) {
                continue;
            }
            cited.push(reply.get(done..marker.start).unwrap_or_default());
            done = marker.end;
            let unspaced = !reply.get(done..).is_some_and(|rest| rest.starts_with(char::is_alphanumeric));
            close_up(&mut cited.plain, unspaced);
            close_up(&mut cited.text, unspaced && there.is_empty());
            for number in there {
                cited.text.push_str(&format!("[{number}]"));
                note(&mut cited.places, number as usize - 1);
            }
            not.into_iter().for_each(|number| note(&mut cited.invented, number));
        }
        cited.push(reply.get(done..).unwrap_or_default());
        // What stood around a marker that was taken out may be one now.
        if !cited.invented.is_empty() {
            let again = Self::read(&cited.text, shown);
            if again.text != cited.text {
                (cited.text, cited.plain) = (again.text, again.plain);
                again.places.into_iter().for_each(|place| note(&mut cited.places, place));
                again.invented.into_iter().for_each(|number| note(&mut cited.invented, number));
            }
        }
        cited
    }

    fn push(&mut self, words: &str) {
        self.text.push_str(words);
        self.plain.push_str(words);
    }
}

/// Adds what is not there yet.
fn note<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// Takes the space away that stood before a marker, where one was taken out before a sign or another space.
fn close_up(text: &mut String, unspaced: bool) {
    if unspaced {
        text.truncate(text.trim_end_matches(' ').len());
    }
}

/// The brackets outside of code, in order.
fn markers(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut in_code = false;
    let mut open = None;
    text.char_indices().filter_map(move |(at, c)| {
        match c {
            '`' => in_code = !in_code,
            '[' if !in_code => open = Some(at),
            ']' if !in_code => return open.take().map(|from| from..at + 1),
            _ => {}
        }
        None
    })
}

/// The numbers between the brackets; `None` where there is anything else.
fn numbers(text: &str, marker: &Range<usize>) -> Option<Vec<u64>> {
    let within = text.get(marker.start + 1..marker.end.checked_sub(1)?)?;
    within.split(',').map(|number| number.trim().parse().ok()).collect()
}

fn follows_a_word(text: &str, at: usize) -> bool {
    text.get(..at).and_then(|before| before.chars().next_back()).is_some_and(|c| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn markers_are_checked() {
        let check = |reply: &str, expect: &str, places: &[usize], invented: &[u64]| {
            let cited = Cited::read(reply, 3);
            assert_eq!((cited.text.as_str(), &cited.places[..], &cited.invented[..]), (expect, places, invented));
        };
        check("No turn.", "No turn.", &[], &[]);
        let plain = |reply: &str, expect: &str| assert_eq!(Cited::read(reply, 3).plain, expect);
        plain("A cat [3]. Called Miso [1][3] or Mi [2] now", "A cat. Called Miso or Mi now");
        check("A cat [3]. Called Miso [1][3].", "A cat [3]. Called Miso [1][3].", &[2, 0], &[]);
        check("A cat [2, 3].", "A cat [2][3].", &[1, 2], &[]);
        check("A cat [9]. Miso[2] [9]", "A cat. Miso[2]", &[1], &[9]);
        check("[[9]7] A [[9]2] cat.", " A [2] cat.", &[1], &[9, 7]);
        check("A [4] cat [1, 7].", "A cat [1].", &[0], &[4, 7]);
        check("x[0], `a[2]`, [see 1], []", "x[0], `a[2]`, [see 1], []", &[], &[]);
        check("[99999999999999999999]", "[99999999999999999999]", &[], &[]);
        check("猫叫味噌[2]。", "猫叫味噌[2]。", &[1], &[]);
        assert_eq!(Cited::read("see [1]", 0).text, "see [1]");
    }

    proptest! {
        #[test]
        fn only_turns_that_were_shown_are_cited(reply in "([a`\\[\\], 🦊]|[0-9]){0,40}", shown in 0..5_usize) {
            let cited = Cited::read(&reply, shown);
            prop_assert!(cited.places.iter().all(|place| *place < shown));
            let again = Cited::read(&cited.text, shown);
            prop_assert_eq!(&again.text, &cited.text);
            if shown == 0 {
                prop_assert_eq!(cited.text, reply);
            }
        }
    }
}
