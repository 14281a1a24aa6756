//! Which speakers a question is about.
//!
//! A speaker is named by any word of the name, or, where an assistant takes part, by a pronoun: "I" and "my" mean the
//! human, "you" and "your" the assistant. Names are found as whole words; where a name is written in a script without
//! spaces, anywhere in the text.

use kithkin_core::Role;
use unicode_segmentation::UnicodeSegmentation;

use crate::index::is_function_word;

/// Who speaks in a history.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Speaker {
    /// The name as the source writes it.
    pub(crate) name: String,
    /// The part that they play.
    pub(crate) role: Role,
}

/// What [`named`] found.
pub(crate) struct Named {
    /// The speakers that the question is about.
    pub(crate) speakers: Vec<Speaker>,
    /// The question without their names.
    pub(crate) rest: String,
}

/// First-person words of English, German and Chinese.
const FIRST: &[&str] =
    &["i", "my", "me", "mine", "myself", "ich", "mein", "meine", "meinen", "meinem", "meiner", "mir", "mich", "我"];
/// Second-person words of English, German and Chinese.
const SECOND: &[&str] = &[
    "you", "your", "yours", "yourself", "du", "dein", "deine", "deinen", "deinem", "deiner", "dir", "dich", "你", "您",
];

/// Finds the speakers that a question names.
pub(crate) fn named(question: &str, speakers: &[Speaker]) -> Named {
    let mut rest = question.to_owned();
    let mut found: Vec<Speaker> = Vec::new();
    for speaker in speakers {
        let unspaced = !speaker.name.chars().any(|c| c.is_alphabetic() && c < '\u{2E80}');
        let before = rest.len();
        rest = if unspaced { rest.replace(&speaker.name, " ") } else { without_words(&rest, &speaker.name) };
        if rest.len() != before {
            found.push(speaker.clone());
        }
    }
    if found.is_empty() && speakers.iter().any(|s| s.role == Role::Assistant) {
        found = by_pronoun(question, speakers);
    }
    Named { speakers: found, rest }
}

/// The text without the words of the name, possessives included.
fn without_words(text: &str, name: &str) -> String {
    let parts: Vec<&str> = name.unicode_words().filter(|part| part.chars().count() > 1).collect();
    let names = |word: &str| {
        let word = word.strip_suffix("'s").or_else(|| word.strip_suffix("’s")).unwrap_or(word);
        parts.iter().any(|part| {
            // "may" and "will" name May and Will only when they are written like names.
            word == *part || (word.to_lowercase() == part.to_lowercase() && !is_function_word(&word.to_lowercase()))
        })
    };
    text.split_word_bounds().filter(|word| !names(word)).collect()
}

fn by_pronoun(question: &str, speakers: &[Speaker]) -> Vec<Speaker> {
    let says = |pronouns: &[&str]| {
        let words = question.unicode_words().any(|word| pronouns.contains(&word.to_lowercase().as_str()));
        words || pronouns.iter().any(|p| !p.is_ascii() && question.contains(p))
    };
    let meant = match (says(FIRST), says(SECOND)) {
        (true, false) => Role::User,
        (false, true) => Role::Assistant,
        _ => return Vec::new(),
    };
    speakers.iter().filter(|s| s.role == meant).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(speakers: &[(&str, Role)], question: &str, expect: &[&str], rest: &str) {
        let speakers: Vec<Speaker> =
            speakers.iter().map(|(name, role)| Speaker { name: (*name).to_owned(), role: *role }).collect();
        let named = named(question, &speakers);
        assert_eq!(named.speakers.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), expect, "{question:?}");
        assert_eq!(named.rest, rest, "{question:?}");
    }

    #[test]
    fn names_and_pronouns() {
        let two = &[("Ann Lee", Role::User), ("Will", Role::User)];
        check(two, "When did Ann's dog run away?", &["Ann Lee"], "When did  dog run away?");
        check(two, "when did ann leave", &["Ann Lee"], "when did  leave");
        check(two, "What will happen?", &[], "What will happen?");
        check(two, "What did Will and Ann see?", &["Ann Lee", "Will"], "What did  and  see?");
        check(two, "Where do I live?", &[], "Where do I live?");
        let agent = &[("user", Role::User), ("assistant", Role::Assistant)];
        check(agent, "Where do I live?", &["user"], "Where do I live?");
        check(agent, "Which book did you recommend?", &["assistant"], "Which book did you recommend?");
        check(agent, "What did you tell me?", &[], "What did you tell me?");
        check(agent, "我住在哪里？", &["user"], "我住在哪里？");
        check(&[("安娜", Role::User), ("Bo", Role::User)], "安娜住在哪里？", &["安娜"], " 住在哪里？");
        check(&[("🦊", Role::User), ("Bo", Role::User)], "what does 🦊 like", &["🦊"], "what does   like");
    }
}
