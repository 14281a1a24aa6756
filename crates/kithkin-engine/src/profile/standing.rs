//! Sentences in which somebody says how they want things, or do not, in words that no form reads.
//!
//! "I strictly avoid anything with gluten" or "I learn best with examples" holds until further notice, and a reply should
//! keep to it, though it names no thing that is liked and no place. Such a sentence is kept as it was said, by the words
//! that mark it: an attitude, a limit, or always and never. It has to be a statement of the speaker about themselves, and
//! to nobody. What it means for a question is for whoever reads it to see.
//!
//! Source: the statements of preference of Zhao et al., *Do LLMs Recognize Your Preferences?* (PrefEval, 2025), on whose
//! tuning topics the English list was written; the German and Chinese lists say the same. Costs a look at each sentence
//! for each phrase of a list.

use std::sync::LazyLock;

use super::clauses::{Clause, clauses};
use super::entries::content;
use super::patterns::is_addressed;
use super::tokens::Token;
use super::words::links::REPORTING;
use crate::phrases::Phrases;

/// The topic of such sentences.
pub(super) const IN_OWN_WORDS: &str = "in their own words";

/// The longest sentence that is kept, in characters: a longer one tells a story.
const LONGEST: usize = 240;

/// Clauses of so many words or fewer say nothing of what they mark.
const SHORTEST: usize = 3;

/// A clause of so many words may name what it is about, even where it points back as well.
const SAYS_ENOUGH: usize = 7;

/// What points back at something said before: at the beginning of a clause, or anywhere in a short one.
const LEANS: &[&str] =
    &["it", "that", "this", "he", "she", "they", "es", "das", "er", "sie", "它", "他", "她", "这", "那"];

/// How many words behind the subject are looked at.
const LOOKED_AT: usize = 6;

/// What marks such a sentence wherever it stands in a clause of the speaker's own.
const MARKS: &[&str] = &[
    // Attitudes.
    "preference for",
    "aversion to",
    "averse to",
    "objection to",
    "opposed to",
    "fan of",
    "passionate about",
    "fascinated by",
    "committed to",
    "advocate for",
    "interested in",
    "no interest in",
    "little interest in",
    "uninterested in",
    "interest me",
    "patience for",
    "tolerance for",
    "comfortable with",
    "uncomfortable with",
    "hesitant to",
    "wary of",
    "sceptical of",
    "skeptical of",
    "not into",
    // Limits.
    "allergic",
    "allergy",
    "allergies",
    "intolerant",
    "intolerance",
    "sensitive to",
    "sensitivity to",
    "phobia",
    "phobic",
    "afraid of",
    "fear of",
    "diet",
    "vegan",
    "vegetarian",
    "halal",
    "kosher",
    "dyslexia",
    "find it hard",
    "find it difficult",
    "find it tedious",
    "find it boring",
    "have trouble",
    "bothers me",
    "makes me anxious",
    "under no circumstances",
    "learn best",
    "work best",
    // German.
    "am liebsten",
    "weigere mich",
    "ausstehen",
    "allergie",
    "allergisch",
    "unverträglichkeit",
    "angst vor",
    "vegetarisch",
    "auf keinen fall",
    "fällt mir schwer",
    "lerne am besten",
    "arbeite am besten",
    "lege wert auf",
    "interessiert mich",
    // Chinese.
    "更喜欢",
    "偏好",
    "宁愿",
    "讨厌",
    "受不了",
    "避免",
    "拒绝",
    "过敏",
    "不耐受",
    "从不",
    "从来不",
    "总是",
    "只吃",
    "只喝",
    "只用",
    "只买",
    "害怕",
    "恐惧",
    "吃素",
    "素食",
    "绝不",
    "没有兴趣",
    "不感兴趣",
    "我不吃",
    "我不喝",
    "我不看",
    "我不用",
];

/// Verbs of which somebody is the subject who says how they want things.
const VERBS: &[&str] = &[
    "prefer",
    "avoid",
    "refuse",
    "hate",
    "loathe",
    "despise",
    "detest",
    "dislike",
    "favour",
    "favor",
    "prioritise",
    "prioritize",
    "resent",
    "distrust",
    "struggle",
    "bevorzuge",
    "vermeide",
    "meide",
    "hasse",
    "verabscheue",
];

/// Words that make any verb behind them such a one: "I only wear …".
const LIMITS: &[&str] = &[
    "never",
    "always",
    "only",
    "exclusively",
    "strictly",
    "nie",
    "niemals",
    "immer",
    "nur",
    "ausschließlich",
    "grundsätzlich",
    "lieber",
];

/// Verbs that speak of a moment, even behind such a word: "I can only imagine".
const MOMENTS: &[&str] = &["imagine", "hope", "wish", "feel", "felt", "remember", "forget", "want", "knew", "thought"];

/// Verbs that do so where they are denied: "I don't eat …".
const HABITS: &[&str] = &[
    "eat", "drink", "watch", "play", "wear", "use", "buy", "consume", "like", "enjoy", "want", "trust", "stand",
    "tolerate", "esse", "trinke", "mag", "vertrage",
];

/// Words that may stand between the subject and the verb.
const BETWEEN: &[&str] = &[
    "do",
    "not",
    "really",
    "strongly",
    "absolutely",
    "also",
    "just",
    "generally",
    "usually",
    "particularly",
    "especially",
    "greatly",
    "deeply",
    "truly",
    "can",
    "cannot",
    "actively",
    "very",
    "much",
    "highly",
    "firmly",
    "mostly",
    "tend",
    "to",
    "intensely",
    "simply",
    "typically",
    "personally",
    "definitely",
    "fahre",
    "esse",
    "trinke",
    "kaufe",
    "nutze",
    "trage",
    "spiele",
    "lese",
    "sehe",
];

/// What says that it is over, or of another time.
const OVER: &[&str] =
    &["used to", "früher", "damals", "以前", "yesterday", "gestern", "昨天", "last night", "this morning"];

static MARKED: LazyLock<Phrases> = LazyLock::new(|| Phrases::of(MARKS));
static IS_OVER: LazyLock<Phrases> = LazyLock::new(|| Phrases::of(OVER));

/// The sentence, if it is one; it must not ask or suppose.
pub(super) fn standing(sentence: &str) -> Option<String> {
    let sentence = sentence.trim();
    let is_short = sentence.char_indices().nth(LONGEST).is_none();
    let quotes = sentence.starts_with(['"', '“', '”', '„', '«', '「']);
    if !is_short || quotes || is_addressed(sentence) || IS_OVER.fit(sentence) {
        return None;
    }
    // What others are reported to say is in no clause of the speaker's own, or behind the word that reports it.
    let reports = |clause: &Clause<'_>| clause.tokens.iter().any(|token| REPORTING.contains(&token.word.as_str()));
    let leaning = |token: &Token| LEANS.contains(&token.word.as_str());
    let leans = |clause: &Clause<'_>| {
        let looked_at = if clause.tokens.len() < SAYS_ENOUGH { clause.tokens.len() } else { 1 };
        clause.tokens.iter().take(looked_at).any(leaning)
    };
    let marked = |clause: &Clause<'_>| {
        clause.tokens.len() > SHORTEST
            && content(clause.text).len() > 1
            && !reports(clause)
            && !leans(clause)
            && (MARKED.fit(clause.text) || wants(&clause.tokens))
    };
    clauses(sentence, false).iter().any(marked).then(|| sentence.to_owned())
}

/// Whether the speaker is the subject of a verb that says how they want things.
fn wants(tokens: &[Token]) -> bool {
    let is_one = |list: &[&str], token: &Token| list.contains(&token.word.as_str());
    let mut words = tokens.iter().skip_while(|token| !is_one(&["i", "ich"], token)).skip(1).take(LOOKED_AT);
    let (mut limited, mut denied) = (false, false);
    words.find_map(|token| {
        if limited && is_one(MOMENTS, token) {
            return Some(false);
        }
        if is_one(VERBS, token) || (limited && !is_one(BETWEEN, token)) || (denied && is_one(HABITS, token)) {
            return Some(true);
        }
        limited |= is_one(LIMITS, token);
        denied |= token.word == "not" || token.word == "cannot";
        (!limited && !is_one(BETWEEN, token)).then_some(false)
    }) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_that_holds_until_further_notice() {
        let check = |sentence: &str, expect: bool| assert_eq!(standing(sentence).is_some(), expect, "{sentence}");
        check("I strictly avoid anything with gluten.", true);
        check("I learn best with worked examples.", true);
        check("I have a severe phobia of heights.", true);
        check("Mainstream trends don't interest me at all.", true);
        check("Ich fahre grundsätzlich mit der Bahn.", true);
        check("我从不喝咖啡。", true);
        check("I only wear what is made of wool.", true);
        check("I do not really like being on the road by night.", true);
        check("I tend to avoid large groups of people.", true);
        check("I'll always remember our trip to the sea.", false);
        check("I can only imagine how tough it was.", false);
        check("I mentor a teenager who is just like me.", false);
        check("Their love and support really helped me.", false);
        check("I love how art lets me get my feelings out.", false);
        check("She told me, I never eat fish.", false);
        check("I love", false);
        check("I went to the market.", false);
        check("He never eats fish.", false);
        check("I would love you to act as a translator.", false);
        check("I never liked it, as I used to say.", false);
        check("\"I never eat fish,\" he said.", false);
        check(&format!("I never {}", "really ".repeat(60)), false);
        check("", false);
    }
}
