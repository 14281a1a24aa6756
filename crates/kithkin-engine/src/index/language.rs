//! The language of a text, and of a conversation so far.
//!
//! A wrong guess costs quality of ranking only: a word is found again under every language of the person.

use std::sync::LazyLock;

use rust_stemmers::Algorithm;
use whatlang::{Detector, Lang};

/// The most text that is looked at, in bytes.
const SAMPLE: usize = 1000;

/// A language with a stemmer, or written without spaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Language {
    Arabic,
    Chinese,
    Danish,
    Dutch,
    English,
    Finnish,
    French,
    German,
    Greek,
    Hungarian,
    Italian,
    Japanese,
    Korean,
    Norwegian,
    Portuguese,
    Romanian,
    Russian,
    Spanish,
    Swedish,
    Tamil,
    Turkish,
}

/// Each language with its code in the detector and its stemmer, in the order of the variants.
const LANGUAGES: [(Language, Lang, Option<Algorithm>); Language::COUNT] = [
    (Language::Arabic, Lang::Ara, Some(Algorithm::Arabic)),
    (Language::Chinese, Lang::Cmn, None),
    (Language::Danish, Lang::Dan, Some(Algorithm::Danish)),
    (Language::Dutch, Lang::Nld, Some(Algorithm::Dutch)),
    (Language::English, Lang::Eng, Some(Algorithm::English)),
    (Language::Finnish, Lang::Fin, Some(Algorithm::Finnish)),
    (Language::French, Lang::Fra, Some(Algorithm::French)),
    (Language::German, Lang::Deu, Some(Algorithm::German)),
    (Language::Greek, Lang::Ell, Some(Algorithm::Greek)),
    (Language::Hungarian, Lang::Hun, Some(Algorithm::Hungarian)),
    (Language::Italian, Lang::Ita, Some(Algorithm::Italian)),
    (Language::Japanese, Lang::Jpn, None),
    (Language::Korean, Lang::Kor, None),
    (Language::Norwegian, Lang::Nob, Some(Algorithm::Norwegian)),
    (Language::Portuguese, Lang::Por, Some(Algorithm::Portuguese)),
    (Language::Romanian, Lang::Ron, Some(Algorithm::Romanian)),
    (Language::Russian, Lang::Rus, Some(Algorithm::Russian)),
    (Language::Spanish, Lang::Spa, Some(Algorithm::Spanish)),
    (Language::Swedish, Lang::Swe, Some(Algorithm::Swedish)),
    (Language::Tamil, Lang::Tam, Some(Algorithm::Tamil)),
    (Language::Turkish, Lang::Tur, Some(Algorithm::Turkish)),
];

static DETECTOR: LazyLock<Detector> =
    LazyLock::new(|| Detector::with_allowlist(LANGUAGES.iter().map(|(_, code, _)| *code).collect()));

impl Language {
    /// How many there are.
    pub(crate) const COUNT: usize = 21;

    /// All of them, in order.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        LANGUAGES.iter().map(|(language, ..)| *language)
    }

    /// Its place in that order.
    pub(crate) fn index(self) -> usize {
        self as usize
    }

    /// The Snowball stemmer.
    pub(crate) fn stemmer(self) -> Option<Algorithm> {
        LANGUAGES.get(self.index()).and_then(|(.., stemmer)| *stemmer)
    }

    /// Whether it is written in characters that become bigrams.
    pub(crate) fn is_unspaced(self) -> bool {
        matches!(self, Self::Chinese | Self::Japanese | Self::Korean)
    }
}

/// The language of a text, from its first 1,000 bytes; `None` if it is uncertain or another language than those here.
/// Cost: 20–30 µs, so not for every turn.
pub(crate) fn detect(text: &str) -> Option<Language> {
    let sample = text.get(..text.floor_char_boundary(SAMPLE)).unwrap_or(text);
    let code = DETECTOR.detect(sample).filter(whatlang::Info::is_reliable)?.lang();
    LANGUAGES.iter().find(|(_, other, _)| *other == code).map(|(language, ..)| *language)
}

/// How often each language was seen.
#[derive(Debug, Clone, Default)]
struct Tally([u32; Language::COUNT]);

impl Tally {
    fn leading(&self) -> Option<Language> {
        let best = Language::all().zip(self.0).max_by_key(|(_, count)| *count);
        best.filter(|(_, count)| *count > 0).map(|(language, _)| language)
    }
}

/// What a person's sessions are spoken in, by the turns seen so far. 84 bytes a session.
#[derive(Debug, Clone, Default)]
pub(crate) struct SpokenLanguages {
    sessions: Vec<Tally>,
    everywhere: Tally,
}

impl SpokenLanguages {
    /// What to take an uncertain turn of this session for: the session's main language, else the person's.
    pub(crate) fn expected(&self, session: u32) -> Option<Language> {
        self.sessions.get(session as usize).and_then(Tally::leading).or_else(|| self.everywhere.leading())
    }

    /// The person's main language: what to take an uncertain question for.
    pub(crate) fn main(&self) -> Option<Language> {
        self.everywhere.leading()
    }

    /// Notes the language of a turn. Sessions are numbered from 0.
    pub(crate) fn note(&mut self, session: u32, language: Language) {
        let session = session as usize;
        if session >= self.sessions.len() {
            self.sessions.resize_with(session + 1, Tally::default);
        }
        for tally in self.sessions.get_mut(session).into_iter().chain([&mut self.everywhere]) {
            if let Some(count) = tally.0.get_mut(language.index()) {
                *count += 1;
            }
        }
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        self.sessions.capacity() * size_of::<Tally>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_known_by_their_text_and_the_rest_is_none() {
        let check = |text: &str, expect| assert_eq!(detect(text), expect, "{text}");
        check(
            "Yesterday we went to the market and bought some fresh vegetables for the soup.",
            Some(Language::English),
        );
        check("Gestern sind wir auf den Markt gegangen und haben frisches Gemüse gekauft.", Some(Language::German));
        check("Hier nous sommes allés au marché et nous avons acheté des légumes frais.", Some(Language::French));
        check("昨天我们去市场买了新鲜的蔬菜。", Some(Language::Chinese));
        check("昨日は市場に行って新鮮な野菜を買いました。", Some(Language::Japanese));
        check("어제 시장에 가서 신선한 야채를 샀어요.", Some(Language::Korean));
        check("ok", None);
        check("", None);
        check(&"🦊".repeat(999), None);
    }

    #[test]
    fn an_uncertain_turn_is_in_the_language_of_its_session_else_of_the_person() {
        let mut spoken = SpokenLanguages::default();
        assert_eq!(spoken.expected(3), None);
        for (session, language) in [(0, Language::English), (0, Language::English), (2, Language::German)] {
            spoken.note(session, language);
        }
        let check = |session, expect| assert_eq!(spoken.expected(session), Some(expect), "{session}");
        check(0, Language::English);
        check(1, Language::English);
        check(2, Language::German);
        assert_eq!(spoken.main(), Some(Language::English));
    }

    #[test]
    fn the_table_is_in_the_order_of_the_variants() {
        assert!(Language::all().enumerate().all(|(i, language)| language.index() == i));
    }
}
