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
use super::content;
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

/// What marks such a sentence.
const MARKS: &[&str] = &[
    // Attitudes.
    "prefer",
    "strongly prefer",
    "preference for",
    "favour",
    "favor",
    "prioritise",
    "prioritize",
    "appreciate",
    "value",
    "enjoy",
    "love",
    "like",
    "adore",
    "hate",
    "loathe",
    "despise",
    "detest",
    "dislike",
    "distaste for",
    "resent",
    "aversion to",
    "averse to",
    "objection to",
    "opposed to",
    "object to",
    "fan of",
    "fond of",
    "drawn to",
    "fascinated by",
    "passionate about",
    "committed to",
    "advocate for",
    "believe in",
    "not into",
    "interested in",
    "interest in",
    "uninterested in",
    "interest me",
    "patience for",
    "tolerance for",
    "comfortable with",
    "uncomfortable with",
    "uncomfortable in",
    "hesitant to",
    "wary of",
    "sceptical of",
    "skeptical of",
    // Limits.
    "avoid",
    "refuse to",
    "stand",
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
    "disability",
    "struggle with",
    "struggle to",
    "find it hard",
    "find it difficult",
    "find it tedious",
    "find it boring",
    "have trouble",
    "bother me",
    "bothers me",
    "makes me anxious",
    "make me anxious",
    // Always and never.
    "always",
    "never",
    "only",
    "exclusively",
    "strictly",
    "under no circumstances",
    "rather than",
    "instead of",
    "best when",
    "best with",
    "best through",
    "best in",
    "work best",
    "learn best",
    "no matter",
    "will not",
    "won't",
    "don't eat",
    "don't drink",
    "don't watch",
    "don't play",
    "don't wear",
    "don't use",
    "don't buy",
    "don't want",
    "don't consume",
    "don't trust",
    "do not eat",
    "do not drink",
    "do not watch",
    "do not play",
    "do not wear",
    "do not use",
    "do not buy",
    "do not want",
    "do not consume",
    "do not trust",
    // German.
    "bevorzuge",
    "ziehe",
    "lieber",
    "am liebsten",
    "mag",
    "liebe",
    "hasse",
    "verabscheue",
    "vermeide",
    "meide",
    "weigere mich",
    "ertrage",
    "ausstehen",
    "allergie",
    "allergisch",
    "unverträglichkeit",
    "vertrage",
    "angst vor",
    "ernähre mich",
    "vegan",
    "vegetarisch",
    "immer",
    "nie",
    "niemals",
    "nur",
    "ausschließlich",
    "grundsätzlich",
    "auf keinen fall",
    "statt",
    "fällt mir schwer",
    "lerne am besten",
    "arbeite am besten",
    "lege wert auf",
    "interessiere mich",
    "interessiert mich",
    // Chinese.
    "更喜欢",
    "偏好",
    "宁愿",
    "喜欢",
    "讨厌",
    "不喜欢",
    "受不了",
    "避免",
    "拒绝",
    "过敏",
    "不耐受",
    "不吃",
    "不喝",
    "不看",
    "不用",
    "不想",
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
    "坚持",
    "绝不",
    "没有兴趣",
    "不感兴趣",
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
            && MARKED.fit(clause.text)
    };
    clauses(sentence, false).iter().any(marked).then(|| sentence.to_owned())
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
