//! Cuts a text into sentences and pieces, and joins those that are kept.
//!
//! A piece is what stands between white space, signs and all. Scripts without spaces are cut behind their signs, so that
//! a piece is a clause: single characters taken out of it would leave pairs of characters that nobody said. No cut falls
//! within a grapheme.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use crate::index::Words;

/// Signs that end a clause in scripts without spaces.
const CLAUSE_ENDS: &[&str] = &["，", "。", "、", "；", "：", "！", "？", "｡", "､"];

/// The sentences of a text (UAX 29), without the white space around them. What is no white space is in one of them. A
/// bound that falls within a grapheme, as it may before a vowel that is written behind its letter, is none.
pub(super) fn sentences(text: &str) -> Vec<Range<usize>> {
    let graphemes: Vec<usize> = text.grapheme_indices(true).map(|(at, _)| at).collect();
    let starts = text.split_sentence_bound_indices().map(|(at, _)| at);
    let starts: Vec<usize> = starts.filter(|at| graphemes.binary_search(at).is_ok()).chain([text.len()]).collect();
    let trimmed = |bounds: &[usize]| {
        let [from, to] = *bounds else { return 0..0 };
        let sentence = slice(text, &(from..to));
        let blank = |grapheme: &&str| is_blank(grapheme);
        let before: usize = sentence.graphemes(true).take_while(blank).map(str::len).sum();
        let after: usize = sentence.graphemes(true).rev().take_while(blank).map(str::len).sum();
        from + before..(to - after).max(from + before)
    };
    starts.windows(2).map(trimmed).filter(|sentence| !sentence.is_empty()).collect()
}

/// The pieces of a part of a text.
pub(super) fn pieces(text: &str, part: &Range<usize>) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let mut start = part.start;
    let mut push = |piece: Range<usize>| {
        if !piece.is_empty() {
            pieces.push(piece);
        }
    };
    for (offset, grapheme) in slice(text, part).grapheme_indices(true) {
        let at = part.start + offset;
        let end = at + grapheme.len();
        if is_blank(grapheme) {
            push(start..at);
            start = end;
        } else if CLAUSE_ENDS.contains(&grapheme) {
            push(start..end);
            start = end;
        }
    }
    push(start..part.end);
    pieces
}

/// The parts that are kept, one after another: with what stands between them in the text where they are neighbours, with
/// the end of a line or a space where something was left out. Where a cut would make a word that the text does not have,
/// as behind a mark that stands on no letter, it is the whole text.
pub(super) fn joined(text: &str, parts: &[Range<usize>], kept: impl Fn(usize) -> bool) -> String {
    let mut out = String::new();
    let mut last: Option<(usize, usize)> = None;
    for (place, part) in parts.iter().enumerate().filter(|(place, _)| kept(*place)) {
        if let Some((before, end)) = last {
            let between = slice(text, &(end..part.start));
            out.push_str(match (before + 1 == place, between.contains('\n')) {
                (true, _) => between,
                (false, true) => "\n",
                (false, false) => " ",
            });
        }
        out.push_str(slice(text, part));
        last = Some((place, part.end));
    }
    if has_words_of(text, &out) { out } else { text.to_owned() }
}

/// Whether all words of `left` are words of the text, in their order.
fn has_words_of(text: &str, left: &str) -> bool {
    let (mut said, mut kept) = (Words::default(), Words::default());
    said.read(text);
    kept.read(left);
    let mut said = said.iter();
    kept.iter().all(|(word, _)| said.any(|(other, _)| other == word))
}

/// A part of a text.
pub(super) fn slice<'t>(text: &'t str, part: &Range<usize>) -> &'t str {
    text.get(part.clone()).unwrap_or_default()
}

fn is_blank(grapheme: &str) -> bool {
    grapheme.chars().all(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_is_cut_and_joined() {
        let check = |text: &str, pieces_of: &[&str], odd: &str| {
            let all = pieces(text, &(0..text.len()));
            assert_eq!(all.iter().map(|piece| slice(text, piece)).collect::<Vec<_>>(), pieces_of);
            assert_eq!(joined(text, &all, |_| true), text.trim());
            assert_eq!(joined(text, &all, |place| place % 2 == 0), odd);
        };
        check(" I'm here,  (you)!\nyes no", &["I'm", "here,", "(you)!", "yes", "no"], "I'm (you)!\nno");
        check("我住在北京，你呢？我用Rust。", &["我住在北京，", "你呢？", "我用Rust。"], "我住在北京， 我用Rust。");
        check("", &[], "");
    }

    #[test]
    fn a_sentence_ends_behind_its_last_grapheme() {
        let check = |text: &str, expect: &[&str]| {
            assert_eq!(sentences(text).iter().map(|sentence| slice(text, sentence)).collect::<Vec<_>>(), expect);
        };
        check(" Hello there.  How are you?\n", &["Hello there.", "How are you?"]);
        check("我来了。你呢？", &["我来了。", "你呢？"]);
        check("?\u{eb3}", &["?\u{eb3}"]);
        check("", &[]);
    }

    #[test]
    fn a_cut_that_makes_another_word_is_not_made() {
        let check = |text: &str, of: &[Range<usize>]| assert_eq!(joined(text, of, |place| place == 1), text);
        check("ꬑ.\u{ce2}ϒ", &[0..7, 7..9]);
        check("。𑜠a.", &[0..3, 3..9]);
    }

    proptest! {
        #[test]
        fn no_cut_falls_within_a_grapheme(text in "(\\PC|[ \n\r\u{301}\u{200d}\u{fe0f}，。a.?!👩🦊]){0,40}") {
            let bounds: Vec<usize> = text.grapheme_indices(true).map(|(at, _)| at).chain([text.len()]).collect();
            for sentence in sentences(&text) {
                for piece in pieces(&text, &sentence) {
                    prop_assert!(bounds.contains(&piece.start) && bounds.contains(&piece.end), "{:?}", piece);
                }
            }
        }
    }
}
