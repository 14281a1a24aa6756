//! The words by which opinions, events and facts are told apart, in English, German and Chinese.
//!
//! Closed lists and word forms, no model: a sentence of another language is at best a fact by its form.

use crate::index::cue_words;

/// What says that somebody likes, dislikes, thinks or feels.
const OPINION: &[&str] = &[
    "like",
    "likes",
    "love",
    "loves",
    "loved",
    "adore",
    "enjoy",
    "enjoys",
    "enjoyed",
    "prefer",
    "prefers",
    "hate",
    "hates",
    "dislike",
    "dislikes",
    "favourite",
    "favorite",
    "fan",
    "think",
    "believe",
    "feel",
    "feels",
    "felt",
    "hope",
    "wish",
    "want",
    "wants",
    "excited",
    "proud",
    "scared",
    "afraid",
    "worried",
    "happy",
    "sad",
    "glad",
    "mag",
    "magst",
    "liebe",
    "hasse",
    "lieblings",
    "finde",
    "glaube",
    "bevorzuge",
    "gern",
    "gerne",
    "hoffe",
    "wünsche",
    "möchte",
];
/// The same in Chinese, where words do not end.
const OPINION_UNSPACED: &[&str] =
    &["喜欢", "讨厌", "最爱", "热爱", "觉得", "认为", "希望", "想要", "害怕", "开心", "难过"];

/// Past forms that no ending gives away, and other words of happening.
const EVENT: &[&str] = &[
    "went", "got", "did", "made", "took", "saw", "bought", "found", "came", "left", "met", "told", "gave", "ran",
    "won", "lost", "broke", "began", "built", "caught", "chose", "drove", "ate", "fell", "flew", "grew", "heard",
    "kept", "led", "read", "rode", "sold", "sent", "sang", "slept", "spoke", "spent", "swam", "taught", "threw",
    "wore", "wrote", "was", "were", "had", "going", "war", "waren", "hatte", "hatten", "wurde", "wurden", "ging",
    "gingen", "kam", "kamen", "sah", "fand", "fuhr", "traf", "bekam", "gewann", "verlor",
];
/// The same in Chinese.
const EVENT_UNSPACED: &[&str] = &["了", "过", "曾经", "打算", "准备"];

/// What says that something is.
const FACT: &[&str] = &[
    "am", "is", "are", "i'm", "he's", "she's", "it's", "we're", "they're", "have", "has", "work", "works", "live",
    "lives", "own", "owns", "study", "studies", "called", "named", "my", "our", "bin", "ist", "sind", "habe", "hat",
    "haben", "wohne", "wohnt", "arbeite", "arbeitet", "heiße", "heißt", "mein", "meine", "unser", "unsere",
];
/// The same in Chinese.
const FACT_UNSPACED: &[&str] = &["是", "有", "住在", "叫", "在"];

/// Whether a sentence in lower case says what somebody likes, thinks or feels.
pub(super) fn is_opinion(text: &str) -> bool {
    says(text, OPINION, OPINION_UNSPACED)
}

/// Whether a sentence in lower case says that something happened.
pub(super) fn is_event(text: &str) -> bool {
    says(text, EVENT, EVENT_UNSPACED) || cue_words(text).any(is_past)
}

/// Whether a sentence in lower case says what is.
pub(super) fn is_fact(text: &str) -> bool {
    says(text, FACT, FACT_UNSPACED)
}

fn says(text: &str, spaced: &[&str], unspaced: &[&str]) -> bool {
    cue_words(text).any(|word| spaced.contains(&word)) || unspaced.iter().any(|word| text.contains(word))
}

/// An English past form in -ed, or a German participle in ge-…-t or ge-…-en.
fn is_past(word: &str) -> bool {
    let english = word.len() > 4 && word.ends_with("ed") && !word.ends_with("eed");
    let german = word.len() > 6 && word.starts_with("ge") && (word.ends_with('t') || word.ends_with("en"));
    english || german
}
