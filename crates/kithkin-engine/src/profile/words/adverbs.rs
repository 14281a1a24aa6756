//! Words that colour a sentence: they may stand between the words of a form, before it and behind its value.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::super::tokens::{Token, is_unspaced, tokens};

/// What such words change of what a sentence says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::profile) struct Colour {
    /// They deny it.
    pub(in crate::profile) denies: bool,
    /// They say that it was so before: "no longer", "nicht mehr", 不再.
    pub(in crate::profile) once: bool,
}

impl Colour {
    pub(in crate::profile) fn with(self, other: Self) -> Self {
        Self { denies: self.denies || other.denies, once: self.once || other.once }
    }
}

const PLAIN: &[&str] = &[
    "really",
    "absolutely",
    "actually",
    "also",
    "always",
    "still",
    "now",
    "just",
    "recently",
    "finally",
    "truly",
    "totally",
    "simply",
    "quite",
    "very",
    "so",
    "definitely",
    "particularly",
    "especially",
    "mostly",
    "usually",
    "currently",
    "nowadays",
    "lately",
    "honestly",
    "certainly",
    "genuinely",
    "deeply",
    "completely",
    "even",
    "only",
    "too",
    "rather",
    "pretty",
    "do",
    "does",
    "much",
    "sort of",
    "kind of",
    "these days",
    "at the moment",
    "right now",
    "of late",
    "by now",
    "for now",
    "a lot",
    "so much",
    "very much",
    "at all",
    "as well",
    "again",
    "already",
    "suddenly",
    "secretly",
    "entirely",
    "somehow",
    "today",
    "meanwhile",
    "mainly",
    "generally",
    "over time",
    "best",
    "most",
    "the most",
    "the best",
    "better",
    "ever",
    "though",
    "anyway",
    "officially",
    "more than anything",
    "to bits",
    "to death",
    "all of a sudden",
    "since then",
    "ever since",
    "for years",
    "for a while",
    "for ages",
    "jetzt",
    "inzwischen",
    "mittlerweile",
    "seit kurzem",
    "seit langem",
    "seit jahren",
    "neuerdings",
    "wirklich",
    "sehr",
    "total",
    "ganz",
    "besonders",
    "echt",
    "auch",
    "doch",
    "immer",
    "schon",
    "schon immer",
    "noch",
    "nun",
    "nur",
    "einfach",
    "richtig",
    "ziemlich",
    "eigentlich",
    "gerade",
    "endlich",
    "wieder",
    "momentan",
    "zurzeit",
    "derzeit",
    "aktuell",
    "heute",
    "absolut",
    "über alles",
    "vor allem",
    "kürzlich",
    "so",
    "im moment",
    "zur zeit",
    "überhaupt",
    "leider",
    "gar",
    "tatsächlich",
    "ja",
    "halt",
    "eben",
    "mal",
    "很",
    "非常",
    "特别",
    "超",
    "超级",
    "真",
    "真的",
    "挺",
    "蛮",
    "太",
    "最",
    "现在",
    "目前",
    "一直",
    "已经",
    "刚",
    "刚刚",
    "最近",
    "开始",
    "渐渐",
    "慢慢",
    "越来越",
    "也",
    "还",
    "都",
    "又",
    "其实",
    "比较",
    "十分",
    "相当",
    "终于",
    "早就",
    "确实",
    "实在",
    "总是",
    "仍然",
    "依然",
    "如今",
    "更",
    "当然",
    "好像",
    "的",
    "了",
    "啊",
    "呢",
    "吧",
    "呀",
    "极了",
    "过",
];
const DENYING: &[&str] = &[
    "not",
    "never",
    "hardly",
    "nicht",
    "nie",
    "niemals",
    "kaum",
    "kein",
    "keine",
    "keinen",
    "不",
    "没",
    "没有",
    "从来不",
    "从不",
    "不太",
    "不怎么",
    "并不",
    "从来没",
    "从来没有",
    "从没",
];
const DENYING_ONCE: &[&str] =
    &["no longer", "not any more", "not anymore", "nicht mehr", "nicht länger", "不再", "再也不", "已经不", "早就不"];
/// Months and seasons, as in "since May", and the measures of a time.
const TIMES: &[&str] = &[
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "spring",
    "summer",
    "autumn",
    "winter",
    "christmas",
    "januar",
    "februar",
    "märz",
    "mai",
    "juni",
    "juli",
    "oktober",
    "dezember",
    "sommer",
    "herbst",
    "frühling",
    "weihnachten",
];
const UNITS: &[&str] = &[
    "year",
    "years",
    "month",
    "months",
    "week",
    "weeks",
    "days",
    "decades",
    "jahr",
    "jahren",
    "monat",
    "monaten",
    "woche",
    "wochen",
    "tagen",
    "may",
    "mai",
    "spring",
    "summer",
    "autumn",
    "winter",
    "sommer",
    "herbst",
    "frühling",
];
/// Chinese particles, which are no part of a value.
const PARTICLES: &[&str] = &["了", "的", "啊", "呢", "吧", "呀", "极"];
/// With a denial, these say that it was so before.
const ONCE: &[&str] = &["any more", "anymore", "any longer", "mehr", "länger", "了"];

/// A phrase by its words, and what it says.
type Phrase = (Vec<String>, Colour);

/// The phrases by their first word, the longest first.
static PHRASES: LazyLock<HashMap<String, Vec<Phrase>>> = LazyLock::new(|| {
    let mut phrases: HashMap<String, Vec<Phrase>> = HashMap::new();
    let lists = [(DENYING_ONCE, true, true), (ONCE, false, true), (DENYING, true, false), (PLAIN, false, false)];
    for (list, denies, once) in lists {
        for phrase in list {
            let words: Vec<String> = tokens(phrase).into_iter().map(|token| token.word).collect();
            let Some(first) = words.first().cloned() else { continue };
            phrases.entry(first).or_default().push((words, Colour { denies, once }));
        }
    }
    for phrases in phrases.values_mut() {
        phrases.sort_by_key(|(words, _)| std::cmp::Reverse(words.len()));
    }
    phrases
});

/// How many of the words at the beginning are such a phrase, and what it says.
pub(in crate::profile) fn adverb(tokens: &[Token]) -> Option<(usize, Colour)> {
    if let Some(words) = from_when(tokens) {
        return Some((words, Colour::default()));
    }
    let phrases = PHRASES.get(&tokens.first()?.word)?;
    let begins = |words: &[String]| {
        words.len() <= tokens.len() && words.iter().zip(tokens).all(|(word, token)| *word == token.word)
    };
    phrases.iter().find(|(words, _)| begins(words)).map(|(words, colour)| (words.len(), *colour))
}

/// How many of the words at the beginning say since when: "since 2015", "seit Mai", "for three years".
fn from_when(tokens: &[Token]) -> Option<usize> {
    let word = |at: usize| tokens.get(at).map(|token| token.word.as_str());
    let is_time = |word: &str| TIMES.contains(&word) || word.len() == 4 && word.bytes().all(|b| b.is_ascii_digit());
    match (word(0)?, word(1)?) {
        ("since" | "seit" | "ab", time) if is_time(time) => Some(2),
        ("since" | "seit" | "for" | "ab", _) => word(2).filter(|unit| UNITS.contains(unit)).map(|_| 3),
        _ => None,
    }
}

/// Whether a phrase may stand before or behind a value. In scripts without spaces most of them could be a part of it, as in
/// 成都 and 太原.
fn beside_value(tokens: &[Token]) -> Option<(usize, Colour)> {
    let first = tokens.first()?;
    let particle = PARTICLES.contains(&first.word.as_str());
    if first.word.starts_with(is_unspaced) && !particle { None } else { adverb(tokens) }
}

/// The words without those at the beginning that colour them.
pub(in crate::profile) fn without_start(tokens: &[Token], mut at: usize) -> usize {
    while let Some((words, _)) = tokens.get(at..).and_then(beside_value).filter(|(_, colour)| !colour.denies) {
        at += words;
    }
    at
}

/// The words without those at the end that colour them, and what these say.
pub(in crate::profile) fn without_end(mut tokens: &[Token]) -> (&[Token], Colour) {
    let mut colour = Colour::default();
    // The longest phrase that ends the words is of four at most.
    while let Some((left, of)) = (1..=tokens.len().min(4)).rev().find_map(|words| {
        let (left, end) = tokens.split_at_checked(tokens.len() - words)?;
        beside_value(end).filter(|(taken, _)| *taken == words).map(|(_, colour)| (left, colour))
    }) {
        if left.is_empty() {
            break;
        }
        tokens = left;
        colour = colour.with(of);
    }
    (tokens, colour)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_behind_a_value_is_cut_and_noted() {
        let check = |text: &str, left: usize, denies: bool, once: bool| {
            let tokens = tokens(text);
            let (kept, colour) = without_end(&tokens);
            assert_eq!((kept.len(), colour), (left, Colour { denies, once }), "{text}");
        };
        check("tea any more", 1, false, true);
        check("Käse inzwischen nicht mehr", 1, true, true);
        check("咖啡了", 2, false, true);
        check("horror films these days", 2, false, false);
        check("now", 1, false, false);
        check("", 0, false, false);
    }
}
