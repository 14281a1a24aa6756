//! From text to numbered terms: words, the language of the text, stems.
//!
//! A term is a stem *of a language*: the English "show" and the German stem of "shower" are two terms, so languages do not
//! pollute each other. A question does not know in which language a turn was stemmed, so each of its words stands for its
//! stems in all languages that the person has used. As a turn is in one language, at most one of them matches, and a word
//! is found exactly as it was written even where a language was guessed wrong. Numbers and characters of scripts without
//! spaces are terms of no language.
//!
//! Nothing is dropped here: function words are marked, and who ranks decides.

use rust_stemmers::Stemmer;

use super::language::{Language, detect};
use super::names::Names;
use super::stopwords::{LISTED, LanguageSet, function_word_in};
use super::words::{Kind, Words, fold_accents};

/// Texts up to this many bytes stay in the expected language unless their function words say otherwise; longer ones are
/// worth the detector's time when in doubt.
const LONG: usize = 80;
/// The least share of function words in a text of a language that has a list. Prose has 35–50 %.
const USUAL: f32 = 0.15;
/// A text with so many function words of one language is probably in it.
const MANY: f32 = 0.25;

/// The number of a term within its [`Vocabulary`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TermId(pub(crate) u32);

/// A word of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    /// What it counts as.
    pub(crate) term: TermId,
    /// Whether it is a function word in the language of the text.
    pub(crate) function: bool,
}

/// A word of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueryTerm {
    /// The word in lower case.
    pub(crate) word: String,
    /// The terms that it matches, at most one in any text save for single characters; none if nobody said it.
    pub(crate) terms: Vec<TermId>,
    /// Whether it is a function word in the language of the question.
    pub(crate) function: bool,
}

/// All terms of one person.
#[derive(Debug, Clone)]
pub(crate) struct Vocabulary {
    /// Written forms, so that each is stemmed once.
    forms: Names,
    functions: Vec<LanguageSet>,
    /// By [`place`].
    languages: Vec<Stems>,
    terms: u32,
    words: Words,
    numbers: Vec<u32>,
}

/// The terms of one language, or of none.
#[derive(Debug, Clone, Default)]
struct Stems {
    /// By the number of the written form.
    of_form: Vec<Option<TermId>>,
    stems: Names,
    /// By the number of the stem.
    terms: Vec<TermId>,
}

/// What speaks for a language in the words of a text.
#[derive(Debug, Clone, Copy, Default)]
struct Votes {
    functions: [u32; LISTED.len()],
    words: u32,
    grams: u32,
}

impl Default for Vocabulary {
    fn default() -> Self {
        Self {
            forms: Names::default(),
            functions: Vec::new(),
            languages: vec![Stems::default(); Language::COUNT + 1],
            terms: 0,
            words: Words::default(),
            numbers: Vec::new(),
        }
    }
}

impl Vocabulary {
    /// Reads a text into `tokens`, in place of what was there, and gives the language that it was stemmed in. `expected` is
    /// the language of the conversation so far; an uncertain text is taken to be in it. Without any the words stay as they
    /// are. Cost: about 100 ns a word; the language detector (20–30 µs) runs only on a text longer than 80 bytes that does
    /// not look like the expected language, or while none is known.
    pub(crate) fn read(&mut self, text: &str, expected: Option<Language>, tokens: &mut Vec<Token>) -> Option<Language> {
        let mut words = std::mem::take(&mut self.words);
        words.read(text);
        self.numbers.clear();
        let mut votes = Votes::default();
        for (word, kind) in words.iter() {
            let number = self.number(word);
            self.numbers.push(number);
            votes.count(kind, self.functions.get(number as usize).copied().unwrap_or_default());
        }
        let language = language_of(text, expected, &votes);
        let numbers = std::mem::take(&mut self.numbers);
        tokens.clear();
        for ((word, kind), number) in words.iter().zip(&numbers) {
            let functions = self.functions.get(*number as usize).copied().unwrap_or_default();
            let term = self.intern(word, *number, kind, language);
            tokens.push(Token { term, function: language.is_some_and(|l| functions.has(l)) });
        }
        (self.words, self.numbers) = (words, numbers);
        language
    }

    /// The words of a question, each once, in order. Words that nobody said come without terms. `expected` is the person's
    /// main language. Cost: about 0.5 µs a word and language of the person. A single character of a script without spaces
    /// stands for each pair that has it, which takes one pass over the pairs: 0.2 ms for 30,000.
    pub(crate) fn question(&self, text: &str, expected: Option<Language>) -> Vec<QueryTerm> {
        let mut words = Words::default();
        words.read(text);
        let mut votes = Votes::default();
        words.iter().for_each(|(word, kind)| votes.count(kind, function_word_in(word)));
        let language = votes.leading().or(expected);
        let mut question: Vec<QueryTerm> = Vec::with_capacity(words.iter().len());
        for (word, kind) in words.iter() {
            let terms = match kind {
                Kind::Word => self.stems(word),
                Kind::Number => self.unstemmed(word).into_iter().collect(),
                Kind::Gram => self.grams(word),
            };
            // Two forms of one stem are one term of the question, as two mentions of one form are.
            let same = |other: &QueryTerm| other.word == word || (!terms.is_empty() && other.terms == terms);
            if !question.iter().any(same) {
                let function = language.is_some_and(|l| function_word_in(word).has(l));
                question.push(QueryTerm { word: word.to_owned(), terms, function });
            }
        }
        question
    }

    /// How many terms there are; they are numbered from 0.
    pub(crate) fn len(&self) -> usize {
        self.terms as usize
    }

    /// Bytes on the heap, to within the bookkeeping of the maps. Cost: one look at each word.
    pub(crate) fn bytes(&self) -> usize {
        let stems = |language: &Stems| {
            let numbers = language.of_form.capacity() * size_of::<Option<TermId>>();
            language.stems.bytes() + numbers + language.terms.capacity() * size_of::<TermId>()
        };
        self.forms.bytes() + self.functions.capacity() + self.languages.iter().map(stems).sum::<usize>()
    }

    fn number(&mut self, word: &str) -> u32 {
        let number = self.forms.number(word);
        if number as usize == self.functions.len() {
            self.functions.push(function_word_in(word));
        }
        number
    }

    fn intern(&mut self, word: &str, number: u32, kind: Kind, language: Option<Language>) -> TermId {
        let language = language.filter(|_| kind == Kind::Word);
        let next = TermId(self.terms);
        let Some(stems) = self.languages.get_mut(place(language)) else { return next };
        let number = number as usize;
        if let Some(Some(term)) = stems.of_form.get(number) {
            return *term;
        }
        let of_stem = stems.stems.number(&stem(word, language));
        if of_stem as usize == stems.terms.len() {
            stems.terms.push(next);
        }
        let term = stems.terms.get(of_stem as usize).copied().unwrap_or(next);
        if number >= stems.of_form.len() {
            stems.of_form.resize(number + 1, None);
        }
        if let Some(slot) = stems.of_form.get_mut(number) {
            *slot = Some(term);
        }
        self.terms += u32::from(term == next);
        term
    }

    fn stems(&self, word: &str) -> Vec<TermId> {
        let known = |language: Option<Language>| self.languages.get(place(language))?.find(word, language);
        std::iter::once(None).chain(Language::all().map(Some)).filter_map(known).collect()
    }

    fn unstemmed(&self, word: &str) -> Option<TermId> {
        self.languages.get(place(None))?.find(word, None)
    }

    /// A pair matches itself. A single character was written in pairs wherever it did not stand alone.
    fn grams(&self, gram: &str) -> Vec<TermId> {
        let mut chars = gram.chars();
        let (Some(single), None, Some(stems)) = (chars.next(), chars.next(), self.languages.get(place(None))) else {
            return self.unstemmed(gram).into_iter().collect();
        };
        let mut terms: Vec<TermId> = stems
            .stems
            .iter()
            .zip(&stems.terms)
            .filter(|(text, _)| text.contains(single))
            .map(|(_, term)| *term)
            .collect();
        terms.sort_unstable();
        terms
    }
}

impl Stems {
    /// The term of a word of this language.
    fn find(&self, word: &str, language: Option<Language>) -> Option<TermId> {
        // Most languages are none of the person's, and stemming takes longer than a look.
        let stem = (!self.terms.is_empty()).then(|| stem(word, language))?;
        self.terms.get(self.stems.find(&stem)? as usize).copied()
    }
}

impl Votes {
    fn count(&mut self, kind: Kind, functions: LanguageSet) {
        match kind {
            Kind::Gram => self.grams += 1,
            Kind::Word | Kind::Number => self.words += 1,
        }
        for (count, language) in self.functions.iter_mut().zip(LISTED) {
            *count += u32::from(functions.has(language));
        }
    }

    fn of(&self, language: Language) -> Option<u32> {
        LISTED.iter().zip(self.functions).find(|(l, _)| **l == language).map(|(_, count)| count)
    }

    fn share(&self, count: u32) -> f32 {
        count as f32 / (self.words + self.grams).max(1) as f32
    }

    /// The listed language with most function words, if there are two or they are many, and no other has as many.
    fn leading(&self) -> Option<Language> {
        let (language, most) = LISTED.into_iter().zip(self.functions).max_by_key(|(_, count)| *count)?;
        let alone = self.functions.iter().filter(|count| **count == most).count() == 1;
        (alone && (most >= 2 || self.share(most) >= MANY)).then_some(language)
    }

    /// Whether the text does not look like the language.
    fn doubt(&self, language: Language) -> bool {
        if language.is_unspaced() {
            return self.words > self.grams;
        }
        let own = self.of(language);
        let own_share = own.map_or(USUAL, |count| self.share(count));
        let best = self.functions.into_iter().max().unwrap_or(0);
        self.grams > self.words || own_share < USUAL || (self.share(best) >= MANY && self.share(best) > own_share)
    }
}

/// Texts without doubt are in the expected language. In doubt the detector decides about long texts; a short one is in
/// another language if it has three function words of it, and three times as many as of the expected one.
fn language_of(text: &str, expected: Option<Language>, votes: &Votes) -> Option<Language> {
    let Some(expected) = expected else { return detect(text).or_else(|| votes.leading()) };
    if !votes.doubt(expected) {
        return Some(expected);
    }
    if text.len() > LONG {
        return Some(detect(text).unwrap_or(expected));
    }
    let own = votes.of(expected).map(|count| 3 * count.max(1));
    let foreign = votes.leading().filter(|l| own.is_some() && votes.of(*l) >= own);
    Some(foreign.unwrap_or(expected))
}

/// Accents go after stemming, as stemmers read them.
fn stem(word: &str, language: Option<Language>) -> String {
    let stem = language.and_then(Language::stemmer).map(|stemmer| Stemmer::create(stemmer).stem(word));
    let stem = stem.as_deref().filter(|stem| !stem.is_empty()).unwrap_or(word);
    fold_accents(stem).into_owned()
}

/// Where the terms of a language are kept; first those of none.
fn place(language: Option<Language>) -> usize {
    language.map_or(0, |language| 1 + language.index())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ENGLISH: &str = "I was at the market yesterday and bought two loaves of bread for the children next door.";
    const GERMAN: &str = "Ich war gestern mit den Kindern auf dem Markt und habe zwei Brote für uns alle gekauft.";

    fn read(vocabulary: &mut Vocabulary, text: &str, expected: Option<Language>) -> (Option<Language>, Vec<Token>) {
        let mut tokens = Vec::new();
        let language = vocabulary.read(text, expected, &mut tokens);
        (language, tokens)
    }

    #[test]
    fn a_turn_is_in_its_own_language_if_it_is_certain_else_in_the_expected_one() {
        use Language::{Chinese, English, German, Japanese, Portuguese};
        let mut vocabulary = Vocabulary::default();
        let mut check = |text: &str, expected, expect| {
            assert_eq!(read(&mut vocabulary, text, expected).0, expect, "{text} as {expected:?}");
        };
        check(ENGLISH, None, Some(English));
        check(GERMAN, Some(English), Some(German));
        check(ENGLISH, Some(German), Some(English));
        check("Wie geht es dir?", Some(English), Some(German));
        check("Die Hard", Some(English), Some(English));
        check("Haha, ok!", Some(Portuguese), Some(Portuguese));
        check("Haha, ok!", None, None);
        check(ENGLISH, Some(Portuguese), Some(English));
        check("昨天我们去市场买了很多新鲜的蔬菜，还有两条面包，孩子们都非常高兴。", Some(English), Some(Chinese));
        check("昨日は市場に行って新鮮な野菜を買いました。", None, Some(Japanese));
        check("", Some(English), Some(English));
        check(
            "- bread\n- butter\n- 12 eggs\n- cheese\n- apples\n- pears\n- tomatoes\n- onions\n- garlic\n- rice",
            Some(English),
            Some(English),
        );
    }

    #[test]
    fn a_question_finds_every_form_that_a_text_used() {
        let texts = [
            "Yesterday we were feeding ponies at José's farm in 2023, the children loved all of them so much!",
            "Unsere Nachbarn haben wieder den ganzen Tag über ihre Häuser und über den Kindergarten geredet.",
            "我们昨天去市场买了新鲜的蔬菜。猫！",
        ];
        let check = |text: usize, question: &str, expect: bool| {
            let mut vocabulary = Vocabulary::default();
            let held: Vec<Vec<Token>> = texts.iter().map(|t| read(&mut vocabulary, t, None).1).collect();
            let asked = vocabulary.question(question, Some(Language::English));
            let found = |term: &TermId| held[text].iter().any(|token| token.term == *term);
            assert_eq!(asked.iter().all(|q| q.terms.iter().any(found)), expect, "{question}: {asked:?}");
        };
        check(0, "pony feed loving", true);
        check(0, "jose 2023", true);
        check(0, "horse", false);
        check(1, "Haus Tage", true);
        check(1, "Häuser Kindergarten", true);
        check(2, "蔬菜", true);
        check(2, "菜", true);
        check(2, "猫", true);
        check(2, "狗", false);
    }

    #[test]
    fn function_words_are_marked_by_the_language_of_the_text() {
        let check = |question: &str, expect: &str| {
            let marked = Vocabulary::default().question(question, Some(Language::English));
            let kept: Vec<String> = marked.into_iter().filter(|q| !q.function).map(|q| q.word).collect();
            assert_eq!(kept.join(" "), expect, "{question}");
        };
        check("Where did Caroline's cat die, and when didn't she know?", "caroline cat die know");
        check("Wann ist die Katze von Anna gestorben?", "katze anna gestorben");
        check("¿Donde compró Ana el pan?", "compró ana pan");
        check("Où est-ce que tu as acheté le pain ?", "acheté pain");
        check("你们什么时候去北京？", "们什 候去 去北 北京");
        check("Did the die break?", "die break");
    }

    proptest! {
        #[test]
        fn a_word_is_found_in_whatever_language_its_turn_was_taken_to_be(
            word in "[a-zäöüßéñçøåığ]{1,20}",
            expected in prop::option::of(prop::sample::select(Language::all().collect::<Vec<_>>())),
        ) {
            let mut vocabulary = Vocabulary::default();
            read(&mut vocabulary, ENGLISH, None);
            read(&mut vocabulary, GERMAN, None);
            let (_, tokens) = read(&mut vocabulary, &word, expected);
            let question = vocabulary.question(&word, None);
            for token in &tokens {
                prop_assert!((token.term.0 as usize) < vocabulary.len());
                prop_assert!(question.iter().any(|q| q.terms.contains(&token.term)));
            }
        }

        #[test]
        fn no_text_in_any_language_panics(
            text in prop_oneof![any::<String>(), "[\\p{Greek}\\p{Arabic}\\p{Tamil}\\p{Cyrillic}\\p{Latin}\u{308}' ]{0,30}"],
            expected in prop::option::of(prop::sample::select(Language::all().collect::<Vec<_>>())),
        ) {
            let mut vocabulary = Vocabulary::default();
            read(&mut vocabulary, &text, expected);
            vocabulary.question(&text, expected);
            for language in Language::all() {
                stem(&text.to_lowercase(), Some(language));
            }
        }
    }
}
