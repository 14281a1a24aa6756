//! Which statements deny something, and which say that something is no longer what it was: English, German, Chinese.
//!
//! Closed lists, no model. They look at the text, since the endings that deny ("don't") are no words to the index.

use crate::index::cue_words;

/// What a statement says about how things were and are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Cues {
    /// It denies something.
    pub(crate) denies: bool,
    /// It says that something has changed, or was otherwise before.
    pub(crate) changed: bool,
}

const DENIALS: &[&str] = &[
    "not", "no", "never", "none", "nobody", "nothing", "neither", "nor", "without", "cannot", "nicht", "kein", "keine",
    "keinen", "keinem", "keiner", "nie", "niemals", "niemand", "nichts", "ohne",
];
const DENIALS_UNSPACED: &[&str] = &["不", "没", "沒", "别再"];
/// Words that hold such a character and deny nothing.
const NO_DENIALS_UNSPACED: &[&str] = &["不过", "不過", "不错", "不錯", "不仅", "不但", "差不多", "不好意思"];

const CHANGES: &[&str] = &[
    "used to",
    "no longer",
    "anymore",
    "any more",
    "instead",
    "now",
    "nowadays",
    "these days",
    "switched",
    "changed",
    "changed my mind",
    "quit",
    "stopped",
    "gave up",
    "replaced",
    "formerly",
    "previously",
    "nicht mehr",
    "keine mehr",
    "früher",
    "jetzt",
    "inzwischen",
    "mittlerweile",
    "stattdessen",
    "statt",
    "gewechselt",
    "geändert",
    "aufgehört",
    "aufgegeben",
    "umgezogen",
];
const CHANGES_UNSPACED: &[&str] = &[
    "不再", "以前", "曾经", "曾經", "现在", "現在", "如今", "改成", "换成", "換成", "换了", "变成", "變成", "而是",
    "搬到",
];

impl Cues {
    /// Reads a statement. Cost: a look at each list for each word, about 1 µs a word.
    pub(crate) fn of(text: &str) -> Self {
        let text = text.to_lowercase().replace('’', "'");
        let words: Vec<&str> = cue_words(&text).collect();
        let line = format!(" {} ", words.join(" "));
        let mut unspaced = text.clone();
        if !text.is_ascii() {
            NO_DENIALS_UNSPACED.iter().for_each(|word| unspaced = unspaced.replace(word, " "));
        }
        let denies = words.iter().any(|word| word.ends_with("n't") || DENIALS.contains(word));
        let changed = CHANGES.iter().any(|phrase| line.contains(&format!(" {phrase} ")));
        Self {
            denies: denies || DENIALS_UNSPACED.iter().any(|word| unspaced.contains(word)),
            changed: changed || CHANGES_UNSPACED.iter().any(|word| text.contains(word)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn denials_and_changes_are_seen() {
        let check = |text: &str, denies, changed| assert_eq!(Cues::of(text), Cues { denies, changed }, "{text}");
        check("Ann: I like olives.", false, false);
        check("Ann: I don’t like olives.", true, false);
        check("Ann: I used to like olives; I know.", false, true);
        check("Ann: We no longer live in Oslo.", true, true);
        check("Ann: Ich wohne nicht mehr in Ulm.", true, true);
        check("Ann: Ich mag keine Oliven.", true, false);
        check("Ann: 我不再住在北京。", true, true);
        check("Ann: 这里不错。", false, false);
        check("", false, false);
    }
}
