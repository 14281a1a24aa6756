//! What a sentence says of its speaker, by closed lists of beginnings in English, German and Chinese.
//!
//! Only what somebody says of themselves in the first person is read, and only in these forms: a list misses much and
//! invents nothing. No model is asked; what is implied, or said in other words, is not seen.

use super::cues::{
    AFTER_NAMES, AIMS, CALLED, CLAUSES, CONTEXTS, DIETS, ENDS, GOALS, LEADING, LEANING, LIKINGS, REASONS, RELATIONS,
    TRAITS,
};
use super::{Claim, EntryKind};
use crate::change::slot;

/// What a sentence says of its speaker.
pub(super) fn claims(sentence: &str) -> Vec<Claim> {
    if sentence.trim_end().ends_with(['?', '？']) || begins(sentence.trim(), &["if", "wenn", "如果"]) {
        return Vec::new();
    }
    let reason = after(sentence, REASONS);
    clauses(sentence).into_iter().filter_map(|clause| claim(clause, reason)).collect()
}

/// The clauses of a sentence that begin in the first person.
fn clauses(sentence: &str) -> Vec<&str> {
    let starts = |rest: &str| {
        let lower =
            rest.get(..rest.char_indices().nth(8).map_or(rest.len(), |(at, _)| at)).unwrap_or(rest).to_lowercase();
        CLAUSES.iter().any(|clause| lower.replace('’', "'").starts_with(clause))
    };
    let mut bounds = Vec::new();
    let mut free = true;
    for (at, c) in sentence.char_indices() {
        if free && starts(&sentence[at..]) {
            bounds.push(at);
        }
        free = !c.is_alphanumeric() && c != '\'' && c != '’' || ('\u{4e00}'..='\u{9fff}').contains(&c) && c != '我';
    }
    // A clause that another one is about ("because I …", "when I …") says nothing by itself.
    bounds.retain(|at| is_main(sentence[..*at].trim_end()));
    let ends = bounds.iter().skip(1).copied().chain([sentence.len()]);
    bounds.iter().zip(ends).map(|(from, to)| &sentence[*from..to]).collect()
}

/// Whether a clause stands for itself after these words, and is not what somebody thinks, says or supposes.
fn is_main(before: &str) -> bool {
    let before = before.to_lowercase();
    before.ends_with(|c: char| !c.is_alphanumeric() && c != '\'')
        || before.is_empty()
        || LEADING.iter().any(|word| {
            let rest = before.strip_suffix(word);
            rest.is_some_and(|rest| !word.is_ascii() || !rest.ends_with(|c: char| c.is_alphanumeric() || c == '\''))
        })
}

/// Whether a text begins with one of these words.
fn begins(text: &str, words: &[&str]) -> bool {
    let lower = text.to_lowercase().replace('’', "'");
    words.iter().any(|word| {
        let rest = lower.strip_prefix(word);
        rest.is_some_and(|rest| !word.is_ascii() || !rest.starts_with(|c: char| c.is_alphanumeric() || c == '\''))
    })
}

/// Whether a text speaks to whoever listens, so that it says little of the speaker.
fn is_addressed(text: &str) -> bool {
    let lower = text.to_lowercase();
    lower
        .split(|c: char| !c.is_alphanumeric())
        .any(|word| matches!(word, "you" | "your" | "yours" | "dir" | "dich" | "euch"))
}

fn claim(clause: &str, reason: Option<&str>) -> Option<Claim> {
    let lower = clause.to_lowercase().replace('’', "'");
    let said = Said { clause, lower: &lower };
    let reason = reason.map(|reason| upto(reason, &[".", "!", "。", "！"]).trim().to_owned()).filter(|r| !r.is_empty());
    let made = |kind, topic: String, value: String| Some(Claim { kind, topic, value, context: None, because: None });
    let made = || -> Option<Claim> {
        if let Some((_, diet)) = DIETS.iter().find(|(start, _)| lower.starts_with(start)) {
            return made(EntryKind::Attribute, "diet".into(), (*diet).into());
        }
        if let Some((thing, value)) = slot(&lower) {
            let value = said.own(value)?;
            let value = if thing.starts_with("favourite") { value } else { upto(value, AFTER_NAMES) };
            let kind = if thing.starts_with("favourite") { EntryKind::Preference } else { EntryKind::Attribute };
            let value = tidy(value)?;
            // "I live in a mess" names no place.
            return if thing == "home" && !is_named(&value) { None } else { made(kind, thing, value) };
        }
        for (start, end, topic) in TRAITS {
            let Some(rest) = lower.strip_prefix(start) else { continue };
            let rest = if end.is_empty() { rest } else { rest.split_once(end)?.0 };
            let value = upto(said.own_part(start.len(), rest.len())?, &[" and "]);
            return made(EntryKind::Attribute, (*topic).into(), tidy(value)?);
        }
        if let Some((start, liking)) = LIKINGS.iter().find(|(start, _)| lower.starts_with(start)) {
            let topic = tidy(said.own(&lower[start.len()..])?)?;
            if begins(&topic, LEANING) || is_addressed(&topic) {
                return None;
            }
            let value = match liking {
                -1 => "dislikes",
                0 => "no longer likes",
                _ => "likes",
            };
            return made(EntryKind::Preference, topic, value.into());
        }
        if let Some(start) = GOALS.iter().find(|start| lower.starts_with(**start)) {
            let goal = tidy(said.own(&lower[start.len()..])?)?;
            let wished = start.ends_with("want to ") || start.ends_with("like to ");
            if is_addressed(&goal) || wished && !begins(&goal, AIMS) {
                return None;
            }
            return made(EntryKind::Goal, goal.clone(), goal);
        }
        let (who, name) = relation(&lower)?;
        made(EntryKind::Relation, who, tidy(upto(said.own(name)?, AFTER_NAMES))?)
    };
    let mut claim = made()?;
    claim.because = reason;
    claim.context =
        after(clause, CONTEXTS).map(|case| upto(case, ENDS).trim().to_owned()).filter(|case| !case.is_empty());
    Some(claim)
}

/// Whether a value is a name: its first word, or the one behind an article, begins with a capital or a digit, or is written
/// without capitals.
fn is_named(value: &str) -> bool {
    let capital =
        |word: &str| word.chars().next().is_some_and(|c| c.is_uppercase() || c.is_numeric() || c.len_utf8() > 2);
    let mut words = value.split_whitespace();
    words.next().is_some_and(|first| capital(first) || first == "the" && words.next().is_some_and(capital))
}

/// Who of the speaker's is called what.
fn relation(lower: &str) -> Option<(String, &str)> {
    let rest = ["my ", "meine ", "mein ", "我的", "我"].iter().find_map(|start| lower.strip_prefix(start))?;
    CALLED.iter().find_map(|called| {
        let (who, name) = rest.split_once(called)?;
        RELATIONS.contains(&who.trim()).then(|| (who.trim().to_owned(), name))
    })
}

/// A clause, and the same in lower case.
struct Said<'a> {
    clause: &'a str,
    lower: &'a str,
}

impl<'a> Said<'a> {
    /// The end of the clause in its own letters, given the same end in lower case. A letter whose lower case is written
    /// with more characters leaves no way back: `None`.
    fn own(&self, end: &str) -> Option<&'a str> {
        self.own_part(self.lower.len() - end.len(), end.len())
    }

    fn own_part(&self, from: usize, bytes: usize) -> Option<&'a str> {
        if self.lower.chars().count() != self.clause.chars().count() {
            return None;
        }
        let skipped = self.lower.get(..from)?.chars().count();
        let taken = self.lower.get(from..from + bytes)?.chars().count();
        let at = |n: usize| self.clause.char_indices().nth(n).map_or(self.clause.len(), |(at, _)| at);
        self.clause.get(at(skipped)..at(skipped + taken))
    }
}

/// A value without what follows it; `None` where nothing is left, or so much that it is no value.
fn tidy(value: &str) -> Option<String> {
    let value = upto(upto(upto(value, ENDS), REASONS), CONTEXTS).trim().trim_matches(['"', '“', '”', '„']);
    let value = ["anymore", "any more", "a lot", "so much", " and", "sehr", "nicht mehr", "nicht", " und", "了"]
        .iter()
        .fold(value, |value, end| value.strip_suffix(end).unwrap_or(value).trim_end());
    let words = value.split_whitespace().count();
    (value.chars().any(char::is_alphanumeric) && words <= 12 && value.chars().count() <= 80).then(|| value.to_owned())
}

/// The text up to the first of the marks.
fn upto<'a>(text: &'a str, marks: &[&str]) -> &'a str {
    let end = marks.iter().filter_map(|mark| text.find(mark)).min();
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

/// The text behind the first of the marks.
fn after<'a>(text: &'a str, marks: &[&str]) -> Option<&'a str> {
    marks.iter().filter_map(|mark| text.split_once(mark)).map(|(_, rest)| rest).max_by_key(|rest| rest.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_said_of_oneself_is_read() {
        let check = |sentence: &str, expect: &[&str]| {
            let shown = |claim: &Claim| {
                let more = |label: &str, text: &Option<String>| {
                    text.as_ref().map_or_else(String::new, |t| format!(", {label} {t}"))
                };
                let (context, because) = (more("when", &claim.context), more("because", &claim.because));
                format!("{:?} {}: {}{context}{because}", claim.kind, claim.topic, claim.value)
            };
            assert_eq!(claims(sentence).iter().map(shown).collect::<Vec<_>>(), expect, "{sentence}");
        };
        check("I moved to Oslo last week.", &["Attribute home: Oslo"]);
        check("I live in New York with my sister!", &["Attribute home: New York"]);
        check("I started working at Equinor in 2021.", &["Attribute work: Equinor"]);
        check(
            "I love hiking in the Alps, but I hate running.",
            &["Preference hiking in the Alps: likes", "Preference running: dislikes"],
        );
        check(
            "Well, I don’t like olives because they are bitter.",
            &["Preference olives: dislikes, because they are bitter"],
        );
        check("I like coffee when I work late.", &["Preference coffee: likes, when I work late"]);
        check("I no longer enjoy sushi.", &["Preference sushi: no longer likes"]);
        check("My favourite tea is Assam.", &["Preference favourite tea: Assam"]);
        check(
            "I'm allergic to peanuts and my sister is called Ann.",
            &["Attribute allergy: peanuts", "Relation sister: Ann"],
        );
        check("I'm vegetarian now.", &["Attribute diet: vegetarian"]);
        check("I want to run a marathon.", &["Goal run a marathon: run a marathon"]);
        check(
            "I love camping trips with my family and my dog is called Rex.",
            &["Preference camping trips with my family: likes", "Relation dog: Rex"],
        );
        check("I want to learn Polish.", &["Goal learn Polish: learn Polish"]);
        check("Ich wohne jetzt in Köln.", &["Attribute home: Köln"]);
        check("Ich mag keine Oliven, weil sie bitter sind.", &["Preference Oliven: dislikes, because sie bitter sind"]);
        check("Meine Schwester heißt Anna.", &["Relation schwester: Anna"]);
        check("我搬到上海了。", &["Attribute home: 上海"]);
        check("我不喜欢香菜，因为味道太重。", &["Preference 香菜: dislikes, because 味道太重"]);
        check("我对花生过敏。", &["Attribute allergy: 花生"]);
        check("我妹妹叫小雨。", &["Relation 妹妹: 小雨"]);
        for nothing in [
            "Do I like tea?",
            "She said I love tea.",
            "If I like it I stay.",
            "You live in Oslo.",
            "I like.",
            "",
            "…",
            "I think I like that",
            "I love it!",
            "I like how you paint.",
            "I want to hear more.",
            "I live in a mess.",
            "It is the city I love most.",
            "If I could, I want to learn Polish.",
            "Ich mag es jetzt schon.",
            "I love that you came.",
        ] {
            check(nothing, &[]);
        }
    }

    proptest! {
        #[test]
        fn any_sentence_is_read(text in "\\PC{0,40}", start in prop::sample::select(LIKINGS)) {
            let said = format!("{}{text}", start.0);
            for claim in claims(&said).into_iter().chain(claims(&text)) {
                prop_assert!(!claim.topic.trim().is_empty() && !claim.value.trim().is_empty());
            }
        }
    }
}
