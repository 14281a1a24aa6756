//! Words and phrases that a text may have.
//!
//! Case, signs and the white space between words do not count. A phrase fits at whole words, one that ends in `*` at the
//! beginning of a word; in scripts without spaces a phrase fits wherever it stands.

use serde::Deserialize;
use serde::de::{Deserializer, Error};

/// A list of words and phrases.
#[derive(Debug, Clone, Default)]
pub(crate) struct Phrases(Vec<Phrase>);

#[derive(Debug, Clone)]
enum Phrase {
    /// Words with a space before and, where the last one is whole, behind.
    Spaced(String),
    /// Characters of a script without spaces.
    Dense(String),
}

impl Phrase {
    fn parse(text: &str) -> Result<Self, String> {
        let (words, open) = text.trim().strip_suffix('*').map_or((text, false), |words| (words, true));
        let spaced = spaced(words);
        if spaced.trim().is_empty() {
            return Err(format!("the word {text:?} has no letter"));
        }
        Ok(if is_dense(&spaced) {
            Self::Dense(spaced.replace(' ', ""))
        } else if open {
            Self::Spaced(spaced.trim_end().to_owned())
        } else {
            Self::Spaced(spaced)
        })
    }

    fn fits(&self, spaced: &str, dense: &str) -> bool {
        match self {
            Self::Spaced(words) => spaced.contains(words),
            Self::Dense(characters) => dense.contains(characters),
        }
    }
}

impl Phrases {
    /// The phrases of a list that is written down in this crate; one without a letter is left out.
    pub(crate) fn of(texts: &[&str]) -> Self {
        Self(texts.iter().filter_map(|text| Phrase::parse(text).ok()).collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the text has one of them.
    pub(crate) fn fit(&self, text: &str) -> bool {
        !self.is_empty() && self.fit_beside(text, "")
    }

    /// Whether the text has one of them that `own` does not have.
    pub(crate) fn fit_beside(&self, text: &str, own: &str) -> bool {
        let forms = |text: &str| {
            let spaced = spaced(text);
            let dense = spaced.replace(' ', "");
            (spaced, dense)
        };
        let (text, own) = (forms(text), forms(own));
        self.0.iter().any(|phrase| phrase.fits(&text.0, &text.1) && !phrase.fits(&own.0, &own.1))
    }
}

impl<'de> Deserialize<'de> for Phrases {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        texts.iter().map(|text| Phrase::parse(text)).collect::<Result<_, _>>().map(Self).map_err(D::Error::custom)
    }
}

/// The words of a text in small letters, each between single spaces.
fn spaced(text: &str) -> String {
    let mut spaced = String::from(" ");
    for character in text.chars().flat_map(char::to_lowercase) {
        if character.is_alphanumeric() {
            spaced.push(character);
        } else if !spaced.ends_with(' ') {
            spaced.push(' ');
        }
    }
    if !spaced.ends_with(' ') {
        spaced.push(' ');
    }
    spaced
}

/// Whether it has a character of a script that is written without spaces.
fn is_dense(text: &str) -> bool {
    let dense = |c| matches!(c, '\u{e00}'..='\u{eff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}');
    text.chars().any(dense)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_fits_at_whole_words() {
        let check = |word: &str, text: &str, expect: bool| {
            assert_eq!(Phrases(vec![Phrase::parse(word).unwrap()]).fit(text), expect, "{word:?} in {text:?}");
        };
        check("HIV", "My hiv test.", true);
        check("hiv", "I shiver in the hive.", false);
        check("diabet*", "A diabetic friend", true);
        check("diabet*", "prediabetes", false);
        check("can't go on", "I can’t  go\non!", true);
        check("Überdosis", "eine ÜBERDOSIS.", true);
        check("自杀", "我想自 杀了。", true);
        check("自杀", "我很好。", false);
        check("a", "", false);
    }

    #[test]
    fn what_the_other_text_has_as_well_is_passed_over() {
        let words = Phrases(["nut", "bee"].map(|word| Phrase::parse(word).unwrap()).to_vec());
        assert!(words.fit_beside("a nut and a bee", "a nut"));
        assert!(!words.fit_beside("a nut", "a nut and a bee"));
    }
}
