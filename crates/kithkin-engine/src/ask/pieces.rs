//! An answer in pieces, each of which says one thing.
//!
//! It is parted at signs and conjunctions. A conjunction parts only where a word behind it names a subject of its own:
//! "seven and a half hours" stays whole. Closed lists; nothing is parsed.

use std::ops::Range;
use std::sync::LazyLock;

use crate::phrases::Phrases;

/// A piece of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    pub(super) text: &'a str,
    /// Whether it says something of others, or supposes or asks something.
    pub(super) says_nothing: bool,
    /// Whether it takes back what was said before.
    pub(super) corrects: bool,
}

const CONJUNCTIONS: [&str; 8] = [" and ", " but ", " und ", " aber ", " sondern ", "然后", "还有", "但是"];

static OF_OTHERS: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::of(&[
        "he",
        "she",
        "they",
        "my brother",
        "my sister",
        "my wife",
        "my husband",
        "my mother",
        "my father",
        "my mum",
        "my mom",
        "my dad",
        "my son",
        "my daughter",
        "my friend",
        "my boss",
        "my colleague",
        "my neighbour",
        "my partner",
        "my aunt",
        "my uncle",
        "my cat",
        "my dog",
        "people",
        "er",
        "mein bruder",
        "meine schwester",
        "meine frau",
        "mein mann",
        "meine mutter",
        "mein vater",
        "mein sohn",
        "meine tochter",
        "mein freund",
        "meine freundin",
        "mein chef",
        "meine chefin",
        "mein kollege",
        "meine kollegin",
        "mein nachbar",
        "meine nachbarin",
        "meine tante",
        "mein onkel",
        "meine katze",
        "mein hund",
        "他",
        "她",
        "我哥",
        "我弟",
        "我姐",
        "我妹",
        "我妈",
        "我爸",
        "我老婆",
        "我老公",
        "我儿子",
        "我女儿",
        "我朋友",
        "我同事",
        "我老板",
        "邻居",
        "别人",
    ])
});

static SUPPOSES: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::of(&[
        "if",
        "would be",
        "i wish",
        "i should",
        "i would like",
        "i'd like",
        "i want to",
        "i plan",
        "tomorrow",
        "wenn",
        "würde gern",
        "ich wünschte",
        "ich sollte",
        "ich möchte",
        "ich will",
        "morgen will",
        "如果",
        "要是",
        "但愿",
        "我应该",
        "我想要",
        "打算",
        "明天",
    ])
});

static CORRECTS: LazyLock<Phrases> = LazyLock::new(|| {
    Phrases::of(&[
        "no wait",
        "wait",
        "i mean",
        "sorry",
        "actually",
        "rather",
        "correction",
        "nein",
        "quatsch",
        "moment",
        "ich meine",
        "vielmehr",
        "eigentlich",
        "stimmt nicht",
        "不对",
        "不是",
        "说错",
        "等等",
        "其实",
        "哦不",
    ])
});

/// The pieces. `names` tells whether a text names a subject.
pub(super) fn pieces(answer: &str, names: impl Fn(&str) -> bool) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    for (range, asks) in sentences(answer) {
        let mut start = range.start;
        for (at, length) in joints(answer, range.clone()) {
            if names(&answer[at + length..range.end]) && names(&answer[start..at]) {
                pieces.push(piece(&answer[start..at], asks));
                start = at + length;
            }
        }
        pieces.push(piece(&answer[start..range.end], asks));
    }
    pieces.retain(|piece| piece.text.chars().any(char::is_alphanumeric));
    pieces
}

fn piece(text: &str, asks: bool) -> Piece<'_> {
    let text = text.trim();
    Piece { text, says_nothing: asks || OF_OTHERS.fit(text) || SUPPOSES.fit(text), corrects: CORRECTS.fit(text) }
}

/// What stands between signs, and whether a question mark ends it. Signs within a number do not part.
fn sentences(answer: &str) -> Vec<(Range<usize>, bool)> {
    let mut sentences = Vec::new();
    let mut start = 0;
    for (at, sign) in answer.char_indices() {
        let between = || {
            let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
            digit(answer[..at].chars().next_back()) && digit(answer[at + sign.len_utf8()..].chars().next())
        };
        let parts = match sign {
            '.' | ',' => !between(),
            '!' | '?' | ';' | '\n' | '。' | '，' | '！' | '？' | '；' | '、' | '—' | '–' | '…' | '(' | ')' => {
                true
            }
            _ => false,
        };
        if parts {
            sentences.push((start..at, matches!(sign, '?' | '？')));
            start = at + sign.len_utf8();
        }
    }
    sentences.push((start..answer.len(), false));
    sentences
}

/// Where conjunctions stand, and how long they are.
fn joints(answer: &str, range: Range<usize>) -> Vec<(usize, usize)> {
    let text = &answer[range.clone()];
    let found = CONJUNCTIONS.iter().flat_map(|word| text.match_indices(word));
    let mut joints: Vec<(usize, usize)> = found.map(|(at, word)| (range.start + at, word.len())).collect();
    joints.sort_unstable();
    // `然后还有` has two that touch, which is no harm; two that overlap would be.
    joints.dedup_by(|next, last| next.0 < last.0 + last.1);
    joints
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_parted_where_something_else_begins() {
        let check = |answer: &str, expect: &[&str]| {
            let names = |text: &str| ["slept", "walked", "睡", "走"].iter().any(|word| text.contains(word));
            let found: Vec<&str> = pieces(answer, names).iter().map(|piece| piece.text).collect();
            assert_eq!(found, expect, "{answer}");
        };
        check("I slept seven and a half hours.", &["I slept seven and a half hours"]);
        check("I slept 7.5 hours and walked 20 minutes", &["I slept 7.5 hours", "walked 20 minutes"]);
        check("Well, 7,000!", &["Well", "7,000"]);
        check("睡了七个小时，然后走了一会儿", &["睡了七个小时", "然后走了一会儿"]);
        check("…", &[]);
    }

    #[test]
    fn what_a_piece_does_is_seen() {
        let check = |text: &str, expect: (bool, bool)| {
            let pieces = pieces(text, |_| false);
            assert_eq!((pieces[0].says_nothing, pieces[0].corrects), expect, "{text}");
        };
        check("I slept well", (false, false));
        check("My sister slept well", (true, false));
        check("Do you sleep?", (true, false));
        check("如果我睡得好", (true, false));
        check("No, wait", (false, false));
        check("I mean six", (false, true));
        check("不对", (false, true));
    }
}
