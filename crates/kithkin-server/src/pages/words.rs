//! The words of the pages, in three languages, and which of them a visitor reads.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::http::{HeaderMap, header};
use minijinja::Value;

/// A language that the pages speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    English,
    German,
    Chinese,
}

static WORDS: LazyLock<[Value; 3]> = LazyLock::new(|| Language::ALL.map(|language| Value::from(language.table())));

impl Language {
    pub(super) const ALL: [Self; 3] = [Self::English, Self::German, Self::Chinese];

    /// Its code, as HTML and HTTP have it.
    pub(super) fn code(self) -> &'static str {
        ["en", "de", "zh"][self as usize]
    }

    /// What those who speak it call it.
    pub(super) fn name(self) -> &'static str {
        ["English", "Deutsch", "中文"][self as usize]
    }

    /// Its words.
    pub(super) fn words(self) -> Value {
        WORDS[self as usize].clone()
    }

    fn table(self) -> BTreeMap<String, String> {
        let text = match self {
            Self::English => include_str!("words/en.toml"),
            Self::German => include_str!("words/de.toml"),
            Self::Chinese => include_str!("words/zh.toml"),
        };
        // A test reads the tables; a word that is not there cannot be drawn.
        toml::from_str(text).unwrap_or_default()
    }

    fn of(code: &str) -> Option<Self> {
        let main = code.trim().split(['-', '_']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| language.code().eq_ignore_ascii_case(main))
    }

    /// The one that an address names: `?lang=de`.
    pub(super) fn asked(query: Option<&str>) -> Option<Self> {
        query?.split('&').filter_map(|pair| pair.strip_prefix("lang=")).find_map(Self::of)
    }

    /// The one of the cookie, else the browser's favourite among those that there are, else English.
    pub(super) fn kept(cookie: Option<&str>, headers: &HeaderMap) -> Self {
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        cookie.and_then(Self::of).or_else(|| Self::favourite(accepted)).unwrap_or(Self::English)
    }

    fn favourite(accepted: &str) -> Option<Self> {
        let mut wanted: Vec<(f32, Self)> = Vec::new();
        for choice in accepted.split(',') {
            let (code, weight) = choice.split_once(";q=").unwrap_or((choice, "1"));
            let weight: f32 = weight.trim().parse().unwrap_or(0.0);
            wanted.extend(Self::of(code).filter(|_| weight > 0.0).map(|language| (weight, language)));
        }
        // Of those that are liked the same, the first.
        wanted.into_iter().reduce(|best, next| if next.0 > best.0 { next } else { best }).map(|(_, language)| language)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::html::TEMPLATES;
    use super::*;

    #[test]
    fn the_languages_say_the_same_things() {
        let keys = |language: Language| language.table().into_keys().collect::<Vec<_>>();
        let places = |text: &str| {
            let mut names: Vec<String> =
                text.split('{').skip(1).filter_map(|s| s.split(['}', '|']).next()).map(str::to_owned).collect();
            names.sort();
            names
        };
        assert!(keys(Language::English).len() > 50);
        for language in Language::ALL {
            assert_eq!(keys(language), keys(Language::English), "{}", language.code());
            for (key, text) in language.table() {
                assert!(!text.trim().is_empty(), "{}: {key}", language.code());
                assert_eq!(places(&text), places(&Language::English.table()[&key]), "{}: {key}", language.code());
            }
        }
    }

    #[test]
    fn every_word_is_used_and_every_used_word_is_there() {
        let known: BTreeSet<String> = Language::English.table().into_keys().collect();
        let mut used = BTreeSet::new();
        for (name, text) in TEMPLATES {
            let follows = |rest: &str| -> String {
                rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
            };
            for part in text.split(" t.").skip(1).chain(text.split("(t.").skip(1)) {
                let key = follows(part);
                assert!(known.contains(&key), "{name} uses t.{key}");
                used.insert(key);
            }
            // Names that are put together, such as `t["kind_" ~ kind]`, use all that begin alike.
            for part in text.split("t[\"").skip(1) {
                let prefix = follows(part);
                used.extend(known.iter().filter(|key| key.starts_with(&prefix)).cloned());
            }
        }
        let unused: Vec<&String> = known.difference(&used).collect();
        assert!(unused.is_empty(), "{unused:?}");
    }

    #[test]
    fn the_first_of_the_best_liked_is_spoken() {
        let check = |cookie: Option<&str>, accepted: &str, expect| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, accepted.parse().unwrap());
            assert_eq!(Language::kept(cookie, &headers), expect, "{cookie:?} {accepted}");
        };
        check(None, "de-AT,de;q=0.9,en;q=0.8", Language::German);
        check(None, "fr,zh-TW;q=0.9,en;q=0.95", Language::English);
        check(None, "zh-Hans-CN", Language::Chinese);
        check(None, "fr", Language::English);
        check(None, ";q=, , ;;q=x", Language::English);
        check(Some("zh"), "de", Language::Chinese);
        check(Some("xx"), "de", Language::German);
        assert_eq!(Language::asked(Some("a=b&lang=de")), Some(Language::German));
        assert_eq!(Language::asked(Some("lang=tlh")), None);
    }
}
