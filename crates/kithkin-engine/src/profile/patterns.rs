//! What a turn says of its speaker, read by rules in English, German and Chinese.
//!
//! A sentence is parted into what is said and why ([`super::reasons`]), that into the clauses in which the speaker speaks
//! for themselves ([`super::clauses`]), and a clause is held against closed lists of forms ([`super::forms`]). Only what
//! somebody says of themselves in such a form is read: the lists miss much and invent little. No model is asked; what is
//! implied is not seen, nor are questions, suppositions and what others are reported to say.

use unicode_segmentation::UnicodeSegmentation;

use super::clauses::{Clause, clauses, is_own};
use super::forms::{Found, Says, Trust, find};
use super::reasons::{last_clause, reasoned};
use super::standing::{IN_OWN_WORDS, standing};
use super::tokens::tokens;
use super::traits;
use super::words::adverbs::{Colour, without_end};
use super::words::links::IF;
use super::words::{AFTER_NAMES, AIMS, CALLED, CONTEXTS, DIETS, ENDS, LEANING, POINTING, PRONOUNS, RELATIONS};
use super::{Claim, DISLIKES, EntryKind, FAVOURITE, LIKES, NO_LONGER, NO_LONGER_DISLIKES};
use crate::change::slot;

/// What a turn says of its speaker.
pub(super) fn claims(text: &str) -> Vec<Claim> {
    let mut claims: Vec<Claim> = Vec::new();
    // Where the claims of the sentence before begin, and that sentence where it states something.
    let (mut former, mut stated) = (0, "");
    let sentences = text.unicode_sentences().flat_map(|sentence| sentence.split([';', '；']));
    for sentence in sentences.filter(|sentence| sentence.chars().any(char::is_alphanumeric)) {
        if is_no_statement(sentence) {
            (former, stated) = (claims.len(), "");
            continue;
        }
        let found = reasoned(sentence);
        if let Some(reason) = found.of_former {
            for claim in claims.iter_mut().skip(former).filter(|claim| claim.because.is_none()) {
                claim.because = Some(reason.to_owned());
            }
            continue;
        }
        former = claims.len();
        let mut subject = None;
        for (number, part) in found.parts.iter().enumerate() {
            let before =
                Some(last_clause(stated)).filter(|before| found.from_former && number == 0 && is_clause(before));
            let because = part.because.or(before);
            for clause in clauses(part.text, part.led) {
                let Some(mut claim) = claim(&clause, &mut subject) else {
                    claims.extend(
                        traits::said(&clause)
                            .into_iter()
                            .map(|claim| Claim { because: because.map(str::to_owned), ..claim }),
                    );
                    continue;
                };
                claim.because = because.map(str::to_owned);
                // "I used to love it, but now I hate it" says one thing.
                let same = |of: &Claim| of.kind == claim.kind && of.topic == claim.topic;
                if claims.len() > former && claims.last().is_some_and(same) {
                    claims.pop();
                }
                claims.push(claim);
            }
        }
        if claims.len() == former {
            claims.extend(standing(sentence).map(|value| Claim {
                kind: EntryKind::Standing,
                topic: IN_OWN_WORDS.to_owned(),
                value,
                context: None,
                because: None,
            }));
        }
        stated = sentence;
    }
    claims
}

/// Whether a sentence says something of its speaker, whatever it is: no question, no supposition, and with a clause of its
/// own that nobody else is reported to say.
pub(crate) fn is_of_oneself(sentence: &str) -> bool {
    let own = |clause: &Clause<'_>| {
        // "She told me" says nothing of whom it was told.
        clause.tokens.iter().any(|token| is_own(&token.word) && !matches!(token.word.as_str(), "me" | "mich" | "mir"))
    };
    !is_no_statement(sentence) && clauses(sentence, false).iter().any(own)
}

/// Whether a sentence asks or supposes.
fn is_no_statement(sentence: &str) -> bool {
    sentence.trim_end().trim_end_matches(['"', '”', ')']).ends_with(['?', '？']) || begins(sentence.trim(), IF)
}

/// Whether a text is long enough to be a reason by itself: "me neither" is none.
fn is_clause(text: &str) -> bool {
    tokens(text).len() > 2
}

/// What was last spoken of in a sentence, for a pronoun that stands for it.
struct Subject {
    kind: EntryKind,
    topic: String,
}

fn claim(clause: &Clause<'_>, subject: &mut Option<Subject>) -> Option<Claim> {
    let said = match find(&clause.tokens) {
        Some(found) => said(clause, &found, subject.as_ref()),
        None => of_pronoun(clause, subject.as_ref()).or_else(|| named(clause.text)).map(Said::Claim),
    };
    let (claim, topic) = match said? {
        Said::Claim(claim) => (Some(claim.clone()), Subject { kind: claim.kind, topic: claim.topic }),
        Said::Spoken(topic) => (None, topic),
    };
    *subject = Some(topic);
    let mut claim = claim?;
    claim.context =
        after(clause.text, CONTEXTS).map(|case| upto(case, ENDS).trim().to_owned()).filter(|c| !c.is_empty());
    Some(claim)
}

enum Said {
    Claim(Claim),
    /// Nothing is claimed, but something is spoken of.
    Spoken(Subject),
}

/// What a form that fits says, if its value is one.
fn said(clause: &Clause<'_>, found: &Found, subject: Option<&Subject>) -> Option<Said> {
    let (value, end) = tidy(value(clause, found)?, found.open)?;
    let colour = found.colour.with(end);
    let made = |kind, topic: String, value: String| {
        Some(Said::Claim(Claim { kind, topic, value, context: None, because: None }))
    };
    match found.says {
        Says::Home | Says::Work if colour.denies => None,
        Says::Home => {
            let place = name(&value)?;
            // "I live in a mess" names no place.
            if is_named(&place) { made(EntryKind::Attribute, "home".into(), place) } else { None }
        }
        Says::Work => made(EntryKind::Attribute, "work".into(), name(&value)?),
        Says::Favourite if colour.denies || leans(&value) => None,
        Says::Favourite => made(EntryKind::Preference, format!("{FAVOURITE}{}", found.class), value),
        Says::FormerFavourite => {
            Some(Said::Spoken(Subject { kind: EntryKind::Preference, topic: format!("{FAVOURITE}{}", found.class) }))
        }
        Says::FormerLiking => {
            let topic = thing(&value, found.trust, subject)?;
            Some(Said::Spoken(Subject { kind: EntryKind::Preference, topic }))
        }
        Says::Likes | Says::Dislikes | Says::NoLonger | Says::NoLongerDislikes => {
            let none = ["kein ", "keine ", "keinen "].iter().find_map(|no| value.strip_prefix(no));
            let colour = Colour { denies: colour.denies || none.is_some(), ..colour };
            let state = state(found.says, colour)?;
            let topic = thing(none.unwrap_or(&value), found.trust, subject)?;
            made(EntryKind::Preference, topic, state.into())
        }
        Says::Allergy | Says::Language if colour.denies => None,
        Says::Allergy => made(EntryKind::Attribute, "allergy".into(), upto(&value, &[" and "]).to_owned()),
        Says::Language => made(EntryKind::Attribute, "language".into(), upto(&value, &[" and "]).to_owned()),
        Says::Diet => {
            let lower = value.to_lowercase();
            let (_, diet) = DIETS.iter().find(|(said, _)| *said == lower).filter(|_| !colour.denies)?;
            made(EntryKind::Attribute, "diet".into(), (*diet).into())
        }
        Says::Goal | Says::Wish => {
            let aims = found.says == Says::Goal || begins(&value, AIMS);
            let goal = (aims && !colour.denies && !is_addressed(&value)).then_some(value)?;
            made(EntryKind::Goal, goal.clone(), goal)
        }
    }
}

/// The words of a clause that are the value.
fn value<'a>(clause: &Clause<'a>, found: &Found) -> Option<&'a str> {
    let words = clause.tokens.get(found.value.clone())?;
    let (first, last) = words.first().zip(words.last())?;
    clause.text.get(first.from..if found.open { clause.text.len() } else { last.to })
}

/// What somebody thinks of a thing, by the form and the words that colour it.
fn state(says: Says, colour: Colour) -> Option<&'static str> {
    match (says, colour.denies, colour.once) {
        (Says::Likes, false, _) => Some(LIKES),
        (Says::Likes, true, false) | (Says::Dislikes, false, _) => Some(DISLIKES),
        (Says::Likes, true, true) | (Says::NoLonger, false, _) => Some(NO_LONGER),
        (Says::Dislikes, true, true) | (Says::NoLongerDislikes, false, _) => Some(NO_LONGER_DISLIKES),
        _ => None,
    }
}

/// The thing that is liked or not; a pronoun stands for the one that was spoken of.
fn thing(value: &str, trust: Trust, subject: Option<&Subject>) -> Option<String> {
    if PRONOUNS.contains(&value.to_lowercase().as_str()) {
        return subject.filter(|subject| subject.kind == EntryKind::Preference).map(|subject| subject.topic.clone());
    }
    let pointed = trust == Trust::Loose && begins(value, POINTING);
    (!begins(value, LEANING) && !is_addressed(value) && !pointed).then(|| value.to_owned())
}

/// Whether a value stands for something that was said before, or is a clause of its own.
fn leans(value: &str) -> bool {
    let words = tokens(value);
    let first = words.first().is_none_or(|first| LEANING.contains(&first.word.as_str()));
    first || words.iter().any(|token| matches!(token.word.as_str(), "i" | "ich" | "我"))
}

/// "…, now it's Sencha", after a favourite was spoken of.
fn of_pronoun(clause: &Clause<'_>, subject: Option<&Subject>) -> Option<Claim> {
    let subject = subject.filter(|subject| subject.topic.starts_with(FAVOURITE))?;
    let [pronoun, verb, rest @ ..] = clause.tokens.as_slice() else { return None };
    let stands = matches!((pronoun.word.as_str(), verb.word.as_str()), ("it", "is") | ("es", "ist") | ("我", "是"));
    let (value, end) = tidy(clause.text.get(rest.first().filter(|_| stands)?.from..)?, true)?;
    let claim = Claim { kind: subject.kind, topic: subject.topic.clone(), value, context: None, because: None };
    (!end.denies).then_some(claim)
}

/// What is said of a name: the speaker's, their address or number, or that of somebody who belongs to them.
fn named(text: &str) -> Option<Claim> {
    let lower = text.to_lowercase().replace('’', "'");
    // The same end in the letters of the text; a letter whose lower case is longer leaves no way back.
    let own = |end: &str| (lower.len() == text.len()).then(|| text.get(text.len() - end.len()..)).flatten();
    let made = |kind, topic, value: &str| {
        let (value, _) = tidy(upto(own(value)?, AFTER_NAMES), true)?;
        Some(Claim { kind, topic, value, context: None, because: None })
    };
    if let Some((thing, value)) = slot(&lower) {
        let known = matches!(thing.as_str(), "name" | "address" | "phone" | "email" | "birthday");
        return if known { made(EntryKind::Attribute, thing, value) } else { None };
    }
    let rest = ["my ", "meine ", "mein ", "我的", "我"].iter().find_map(|start| lower.strip_prefix(start))?;
    let (who, name) = CALLED.iter().find_map(|called| rest.split_once(called))?;
    RELATIONS.contains(&who.trim()).then(|| made(EntryKind::Relation, who.trim().to_owned(), name)).flatten()
}

/// A value without what follows it and without the words that colour it, with what these say; `None` where nothing is left,
/// or so much that it is no value.
fn tidy(value: &str, open: bool) -> Option<(String, Colour)> {
    let value = if open { upto(upto(value, ENDS), CONTEXTS) } else { value };
    let words = tokens(value);
    let (kept, colour) = without_end(&words);
    let value = value.get(kept.first()?.from..kept.last()?.to)?;
    let value = value.strip_suffix(" and").or(value.strip_suffix(" und")).unwrap_or(value).trim();
    let short = value.split_whitespace().count() <= 12 && value.chars().count() <= 80;
    (short && value.chars().any(char::is_alphanumeric)).then(|| (value.to_owned(), colour))
}

/// A place or an employer, without what is said of when, or with whom.
fn name(value: &str) -> Option<String> {
    let value = upto(value, AFTER_NAMES);
    let joined = [" and ", " und "].iter().find_map(|and| value.split_once(and));
    // "Kern und Sohn" is one name; "Oslo and it rains" is not.
    let ends = |rest: &str| !rest.trim().contains(' ') && rest.starts_with(char::is_uppercase);
    let value = joined.filter(|(_, rest)| !ends(rest)).map_or(value, |(first, _)| first);
    let (name, _) = tidy(value, true)?;
    (!begins(&name, LEANING)).then_some(name)
}

/// Whether a value is a name: its first word, or the one behind an article, begins with a capital or a digit, or is written
/// without capitals.
fn is_named(value: &str) -> bool {
    let capital =
        |word: &str| word.chars().next().is_some_and(|c| c.is_uppercase() || c.is_numeric() || c.len_utf8() > 2);
    let mut words = value.split_whitespace();
    words.next().is_some_and(|first| capital(first) || first == "the" && words.next().is_some_and(capital))
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
pub(super) fn is_addressed(text: &str) -> bool {
    let lower = text.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphanumeric());
    words.any(|word| matches!(word, "you" | "your" | "yours" | "dir" | "dich" | "euch"))
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
        check("I dropped chemistry.", &["Preference chemistry: no longer likes"]);
        check("I dropped out of chemistry for a reason.", &[]);
        check("I stopped by the bakery. I quit over pay. I dropped off the parcel.", &[]);
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
        check("I live in Oslo and I work at Equinor now.", &["Attribute home: Oslo", "Attribute work: Equinor"]);
        check(
            "My knees hurt, so I've given up running.",
            &["Preference running: no longer likes, because My knees hurt"],
        );
        check(
            "I can't stand jazz any more. It's because the club is loud.",
            &["Preference jazz: dislikes, because the club is loud"],
        );
        check("I used to love jazz, but now I hate it.", &["Preference jazz: dislikes"]);
        check("My favourite tea was Assam, now it's Sencha.", &["Preference favourite tea: Sencha"]);
        check(
            "Weil er wach hält, mag ich Kaffee nicht mehr.",
            &["Preference Kaffee: no longer likes, because er wach hält"],
        );
        check("Seit Mai arbeite ich bei Kern und Sohn.", &["Attribute work: Kern und Sohn"]);
        check("我换了工作，现在在西门子上班。", &["Attribute work: 西门子"]);
        check("膝盖疼，所以我不再喜欢跑步了。", &["Preference 跑步: no longer likes, because 膝盖疼"]);
        check("我住在成都。", &["Attribute home: 成都"]);
        for nothing in [
            "I used to love jazz.",
            "I'm done with the dishes.",
            "I don't work at Equinor.",
            "He's my favourite singer.",
            "She told me, I hate tea.",
            "I have not joined Equinor.",
            "他说，我讨厌咖啡。",
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

    const BEGINNINGS: &[&str] = &[
        "I love ",
        "my favourite ",
        "because ",
        "I live in ",
        "so I ",
        "ich mag ",
        "seit ",
        "我喜欢",
        "因为",
        "所以我",
        "",
    ];

    proptest! {
        #[test]
        fn any_sentence_is_read(
            text in "\\PC{0,40}",
            start in prop::sample::select(BEGINNINGS),
            next in prop::sample::select(BEGINNINGS),
        ) {
            for said in [format!("{start}{text}"), format!("{start}{text}, {next}{text}. {next}")] {
                for claim in claims(&said) {
                    prop_assert!(!claim.topic.trim().is_empty() && !claim.value.trim().is_empty());
                    prop_assert!(claim.because.is_none_or(|because| said.contains(&because)));
                }
            }
        }
    }
}
