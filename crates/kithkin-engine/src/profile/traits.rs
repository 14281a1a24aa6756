//! How people say they are, on the scales of the five traits of personality, and how much that shows.
//!
//! A clause such as "I'm quite shy", "ich bin kein ordentlicher Mensch" or 我很内向 says on which side of one of five
//! scales its speaker puts themselves, by closed lists of words; a denial turns the side. It becomes an entry of the kind
//! `trait`, so it can be confirmed and rejected like any other. What was said of a trait comes to a place on its scale from
//! 0 to 1 and an interval: the share of the turns that speak for the upper side, as Wilson, *Probable inference, the law
//! of succession, and statistical inference* (1927), estimates a share of so few: a single turn leaves most of the scale.
//!
//! What this is: a count of what somebody said of themselves, with the turns. It is no test and no diagnosis: who says "I'm
//! shy" in one conversation was asked no questionnaire, compares themselves with whom they know, and may say it of politeness.
//! Turns are no independent draws either, so the interval says how little there is, not how likely the truth lies within.
//! What a chat model infers is not counted. What somebody else says of a person, and what shows in how they write, is not
//! read: on CPED no trait is read off the words better than by guessing (`reproductions/cped.toml`).

use std::collections::HashMap;
use std::sync::LazyLock;

use kithkin_core::{Role, Seq};
use serde::Serialize;

use super::clauses::Clause;
use super::tokens::{Token, tokens};
use super::words::adverbs::{Colour, adverb};
use super::words::trait_frames::{
    DEGREES, DEGREES_DENYING, FOR_GOOD, FOR_NOW, JOINS, JOINS_DENIED, OPENERS, OPENERS_DENYING, OPENERS_FOR_GOOD, WHOM,
};
use super::words::traits::POLES;
use super::{Claim, EntryKind, Profile};

/// The value of an entry that says that a word holds of somebody, and that it does not.
const YES: &str = "yes";
const NO: &str = "no";
/// Standard deviations of the interval: 95 % of a normal distribution.
const Z: f64 = 1.96;

/// The five traits of personality (Goldberg, 1990).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum BigFive {
    /// From practical and conventional to imaginative and curious.
    Openness,
    /// From careless to organised.
    Conscientiousness,
    /// From quiet to outgoing.
    Extraversion,
    /// From critical to kind.
    Agreeableness,
    /// From even-tempered to easily upset.
    Neuroticism,
}

impl BigFive {
    /// The lower-case name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Openness => "openness",
            Self::Conscientiousness => "conscientiousness",
            Self::Extraversion => "extraversion",
            Self::Agreeableness => "agreeableness",
            Self::Neuroticism => "neuroticism",
        }
    }
}

/// Where somebody puts themselves on the scale of a trait, by what they said.
#[derive(Debug, Clone, PartialEq)]
pub struct TraitEstimate {
    /// Who said it of themselves.
    pub about: String,
    /// In which role.
    pub role: Role,
    /// The trait.
    pub of: BigFive,
    /// The place on the scale, 0 to 1, rounded to a hundredth: the middle of the interval, drawn to .5 where little was said.
    pub value: f64,
    /// The ends of the 95 % interval of Wilson, rounded likewise.
    pub low: f64,
    /// See `low`.
    pub high: f64,
    /// The turns that speak for the upper side of the scale.
    pub towards: Vec<Seq>,
    /// Those that speak for the lower side.
    pub against: Vec<Seq>,
}

/// A phrase of the lists, by its words, and what is known of it.
type Phrases<T> = Vec<(Vec<String>, T)>;

/// A word for how somebody is.
#[derive(Debug, Clone, Copy)]
struct Word {
    text: &'static str,
    of: BigFive,
    high: bool,
    /// Whether it may as well say how it is at the moment.
    state: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Opening {
    denies: bool,
    for_good: bool,
}

fn phrases<T: Copy>(list: impl Iterator<Item = (&'static str, T)>) -> Phrases<T> {
    let words = |text: &str| tokens(text).into_iter().map(|token| token.word).collect::<Vec<_>>();
    let mut phrases: Phrases<T> = list.map(|(text, of)| (words(text), of)).collect();
    phrases.sort_by_key(|(words, _)| std::cmp::Reverse(words.len()));
    phrases
}

fn all<T: Copy>(lists: &[(&'static [&'static str], T)]) -> Phrases<T> {
    phrases(lists.iter().flat_map(|(list, of)| list.iter().map(move |text| (*text, *of))))
}

static WORDS: LazyLock<Phrases<Word>> = LazyLock::new(|| {
    phrases(POLES.iter().flat_map(|pole| {
        let word = |state| move |text: &&'static str| (*text, Word { text, of: pole.of, high: pole.high, state });
        pole.words.iter().map(word(false)).chain(pole.states.iter().map(word(true)))
    }))
});
static OPENINGS: LazyLock<Phrases<Opening>> = LazyLock::new(|| {
    all(&[
        (OPENERS, Opening::default()),
        (OPENERS_FOR_GOOD, Opening { for_good: true, denies: false }),
        (OPENERS_DENYING, Opening { denies: true, for_good: false }),
    ])
});
/// What stands before a word, and whether it denies it.
static BEFORE: LazyLock<Phrases<bool>> = LazyLock::new(|| all(&[(DEGREES, false), (DEGREES_DENYING, true)]));
static BEHIND: LazyLock<Phrases<()>> = LazyLock::new(|| all(&[(WHOM, ())]));
/// What joins words, and whether a denial holds for both.
static JOINTS: LazyLock<Phrases<bool>> = LazyLock::new(|| all(&[(JOINS, false), (JOINS_DENIED, true)]));

/// The longest phrase at the beginning of the words: how many they are, and what it is.
fn begins<T: Copy>(phrases: &Phrases<T>, words: &[Token], same: impl Fn(&str, &str) -> bool) -> Option<(usize, T)> {
    let fits = |phrase: &[String]| {
        phrase.len() <= words.len() && phrase.iter().zip(words).all(|(one, token)| same(one, &token.word))
    };
    phrases.iter().find(|(phrase, _)| fits(phrase)).map(|(phrase, of)| (phrase.len(), *of))
}

/// Whether a word of a text is this one, or its German form before a noun.
fn inflected(word: &str, said: &str) -> bool {
    said.strip_prefix(word).is_some_and(|end| matches!(end, "" | "er" | "e" | "en" | "es"))
}

/// What a clause says of how its speaker is; nothing where it goes on otherwise, as in "I'm shy around strangers", which is
/// not said for good.
pub(super) fn said(clause: &Clause<'_>) -> Vec<Claim> {
    let exact = |one: &str, said: &str| one == said;
    let words = clause.tokens.as_slice();
    let Some((taken, opening)) = begins(&OPENINGS, words, exact) else { return Vec::new() };
    let mut found = Vec::new();
    let (mut at, mut denied) = (taken, opening.denies);
    loop {
        let mut for_good = opening.for_good;
        let mut now = Moment::default();
        at += now.skip(words.get(at..).unwrap_or_default(), &BEFORE);
        let Some((taken, word)) = begins(&WORDS, words.get(at..).unwrap_or_default(), inflected) else { break };
        at += taken;
        for_good |= now.for_good;
        let denies = denied || now.denies;
        let before = now;
        if let Some((taken, ())) = begins(&BEHIND, words.get(at..).unwrap_or_default(), exact) {
            (at, for_good) = (at + taken, true);
        }
        let mut after = Moment::default();
        at += after.skip(words.get(at..).unwrap_or_default(), &Vec::new());
        let rest = words.get(at..).unwrap_or_default();
        let joint = begins(&JOINTS, rest, exact);
        let whole = rest.is_empty() || joint.is_some();
        let passing = before.for_now || after.for_now || word.state && !(for_good || after.for_good);
        if whole && !(passing && !(before.once || after.once)) {
            let value = if denies || after.denies { NO } else { YES };
            let (topic, value) =
                (word.text.trim_start_matches("an ").trim_start_matches("a ").to_owned(), value.to_owned());
            found.push(Claim { kind: EntryKind::Trait, topic, value, context: None, because: None });
        }
        let Some((taken, both)) = joint else { break };
        // "Not shy and quiet" leaves open what is denied.
        if denies && !both {
            break;
        }
        (at, denied) = (at + taken, denies && both);
    }
    found
}

/// What the words around say of how long and whether.
#[derive(Debug, Clone, Copy, Default)]
struct Moment {
    denies: bool,
    once: bool,
    for_good: bool,
    for_now: bool,
}

impl Moment {
    /// Takes in the adverbs and phrases at the beginning, and says how many words they are.
    fn skip(&mut self, words: &[Token], listed: &Phrases<bool>) -> usize {
        let mut at = 0;
        loop {
            let rest = words.get(at..).unwrap_or_default();
            let spoken = |count: usize| rest.iter().take(count).map(|t| t.word.as_str()).collect::<Vec<_>>();
            let listed = begins(listed, rest, |one, said| one == said);
            // A word for how somebody is may begin like an adverb: 不爱说话 is one, and denies nothing.
            let own = begins(&WORDS, rest, inflected).map(|(count, _)| count);
            let colour = adverb(rest).filter(|(count, _)| own.is_none_or(|own| own < *count));
            let (count, Colour { denies, once }) = match (listed, colour) {
                (Some((count, denies)), other) if other.is_none_or(|(more, _)| more <= count) => {
                    (count, Colour { denies, once: false })
                }
                (_, Some(found)) => found,
                _ => return at,
            };
            let (spaced, unspaced) = (spoken(count).join(" "), spoken(count).concat());
            let is = |list: &[&str]| list.contains(&spaced.as_str()) || list.contains(&unspaced.as_str());
            self.denies |= denies;
            self.once |= once;
            self.for_good |= is(FOR_GOOD);
            self.for_now |= is(FOR_NOW);
            at += count;
        }
    }
}

/// Where each who said something of how they are puts themselves, in the order in which that was first said. What a chat
/// model inferred and nobody confirmed is not counted, nor what the person rejected.
pub fn traits(profile: &Profile) -> Vec<TraitEstimate> {
    let known: HashMap<&str, Word> = WORDS.iter().map(|(_, word)| (word.text, *word)).collect();
    let mut estimates: Vec<TraitEstimate> = Vec::new();
    for entry in profile.entries.iter().filter(|entry| entry.kind == EntryKind::Trait) {
        let word = ["", "a ", "an "].iter().find_map(|article| known.get(format!("{article}{}", entry.topic).as_str()));
        let holds = match entry.current.value.as_str() {
            YES => true,
            NO => false,
            _ => continue,
        };
        let Some(word) = word.filter(|_| entry.current.confirmed || !entry.current.inferred) else { continue };
        let of_them = |e: &TraitEstimate| e.about == entry.about && e.role == entry.role && e.of == word.of;
        let place = estimates.iter().position(of_them).unwrap_or(estimates.len());
        if place == estimates.len() {
            estimates.push(TraitEstimate {
                about: entry.about.clone(),
                role: entry.role,
                of: word.of,
                value: 0.5,
                low: 0.0,
                high: 1.0,
                towards: Vec::new(),
                against: Vec::new(),
            });
        }
        if let Some(estimate) = estimates.get_mut(place) {
            let side = if holds == word.high { &mut estimate.towards } else { &mut estimate.against };
            side.extend(&entry.current.sources);
            side.sort_unstable();
            side.dedup();
        }
    }
    estimates.iter_mut().for_each(TraitEstimate::weigh);
    estimates
}

impl TraitEstimate {
    /// Works out place and interval.
    fn weigh(&mut self) {
        let (towards, n) = (self.towards.len() as f64, (self.towards.len() + self.against.len()) as f64);
        let share = if n > 0.0 { towards / n } else { 0.5 };
        let spread = 1.0 + Z * Z / n.max(1.0);
        let middle = (share + Z * Z / (2.0 * n.max(1.0))) / spread;
        let half = Z * (share * (1.0 - share) / n.max(1.0) + Z * Z / (4.0 * n.max(1.0).powi(2))).sqrt() / spread;
        let rounded = |value: f64| (value.clamp(0.0, 1.0) * 100.0).round() / 100.0;
        (self.value, self.low, self.high) = (rounded(middle), rounded(middle - half), rounded(middle + half));
    }
}

#[cfg(test)]
mod tests {
    use super::super::profile;
    use super::*;
    use crate::observe::Sitting;

    /// Each word that is read of a sentence, with `-` where it is denied.
    fn check(sentence: &str, expect: &[&str]) {
        let found = super::super::patterns::claims(sentence).into_iter().filter(|claim| claim.kind == EntryKind::Trait);
        let shown = found.map(|claim| format!("{}{}", if claim.value == YES { "" } else { "-" }, claim.topic));
        assert_eq!(shown.collect::<Vec<_>>(), expect, "{sentence}");
    }

    #[test]
    fn how_somebody_says_they_are_is_read() {
        check("I'm quite shy.", &["shy"]);
        check("ich bin sehr ordentlich", &["ordentlich"]);
        check("我很内向。", &["内向"]);
        check("I am not a shy person, but I'm lazy.", &["-shy", "lazy"]);
        check("I'm messy and forgetful.", &["messy", "forgetful"]);
        check("I'm not shy or quiet.", &["-shy", "-quiet"]);
        check("I'm no longer shy because I moved.", &["-shy"]);
        check("Ich bin kein ordentlicher Mensch.", &["-ordentlich"]);
        check("我不太外向。", &["-外向"]);
        check("我是个粗心的人", &["粗心"]);
        for nothing in [
            "I'm shy around strangers.",
            "I'm so lazy today.",
            "I'm nervous.",
            "My sister is shy.",
            "He says I'm lazy.",
            "Am I lazy?",
            "If I were shy.",
            "I'm kind of hungry.",
            "I'm kind to animals.",
            "I was told that I'm rude by you.",
            "我妹妹很内向。",
            "他说，我很懒。",
            "我今天很懒。",
            "I am",
            "",
        ] {
            check(nothing, &[]);
        }
    }

    /// Written after the lists, and not looked at while they were made.
    #[test]
    fn sentences_that_were_held_out() {
        let held_out: &[(&str, &[&str])] = &[
            ("Honestly, I've always been a pretty anxious person.", &["anxious"]),
            ("I consider myself fairly disciplined.", &["disciplined"]),
            ("Well, I wouldn't say I'm outgoing.", &["-outgoing"]),
            ("I would call myself creative.", &["creative"]),
            ("I'm an introvert at heart.", &["introvert"]),
            ("I'm far from tidy.", &["-tidy"]),
            ("I'm usually very calm.", &["calm"]),
            ("Eigentlich bin ich ziemlich schüchtern.", &["schüchtern"]),
            ("Ich würde mich als neugierig bezeichnen.", &["neugierig"]),
            ("Ich bin alles andere als pünktlich.", &["-pünktlich"]),
            ("Ich bin nicht besonders gesellig.", &["-gesellig"]),
            ("我性格比较开朗。", &["开朗"]),
            ("我这个人有点固执。", &["固执"]),
            ("我一点也不细心。", &["-细心"]),
            ("其实我从小就很腼腆。", &["腼腆"]),
            ("I'm quiet at the moment.", &[]),
            ("I'm relaxed now.", &[]),
            ("Ich bin heute faul.", &[]),
            ("我现在很紧张。", &[]),
        ];
        let read = |sentence: &str| {
            let found = super::super::patterns::claims(sentence).into_iter().filter(|c| c.kind == EntryKind::Trait);
            found.map(|c| format!("{}{}", if c.value == YES { "" } else { "-" }, c.topic)).collect::<Vec<_>>()
        };
        let missed = held_out.iter().filter(|(sentence, expect)| read(sentence) != *expect);
        // What a list misses it misses: it was not mended after this.
        assert_eq!(missed.map(|(sentence, _)| *sentence).collect::<Vec<_>>(), ["其实我从小就很腼腆。"]);
    }

    #[test]
    fn little_said_leaves_most_of_the_scale() {
        let check = |texts: &[&str], expect: &[&str]| {
            let shown = |e: &TraitEstimate| {
                let seqs = |side: &[Seq]| side.iter().map(|seq| seq.0).collect::<Vec<_>>();
                let (towards, against) = (seqs(&e.towards), seqs(&e.against));
                format!("{} {}: {} {}..{} {towards:?} {against:?}", e.about, e.of.as_str(), e.value, e.low, e.high)
            };
            let found = traits(&profile(Sitting::of(texts).turns().to_vec(), &[]));
            assert_eq!(found.iter().map(shown).collect::<Vec<_>>(), expect, "{texts:?}");
        };
        check(&["I'm shy and quiet."], &["Ann extraversion: 0.4 0..0.79 [] [1]"]);
        check(
            &["I'm shy.", "", "I'm shy.", "", "I'm talkative.", "我很外向。"],
            &["Ann extraversion: 0.43 0.06..0.79 [5] [1, 3]", "Bo extraversion: 0.6 0.21..1 [6] []"],
        );
        check(&["I'm lazy.", "", "I'm not lazy any more."], &["Ann conscientiousness: 0.6 0.21..1 [3] []"]);
        check(&["I live in Oslo."], &[]);
    }

    #[test]
    fn what_a_model_infers_and_what_is_rejected_is_not_counted() {
        let turns = Sitting::of(&["So much rain.", "Indeed."]).turns().to_vec();
        let inferred = kithkin_core::Memory {
            kind: kithkin_core::MemoryKind::Entry,
            text: "Ann | trait | shy | yes".to_owned(),
            sources: vec![Seq(1)],
            said_at: None,
        };
        assert_eq!(traits(&profile(turns, &[inferred])), []);
        let mut turns = Sitting::of(&["I'm shy.", "", "No."]).turns().to_vec();
        let (about, topic) = ("Ann".to_owned(), "shy".to_owned());
        let verdict = super::super::Verdict::IsNotSo;
        let (kind, value) = (EntryKind::Trait, YES.to_owned());
        let correction = super::super::Correction { about, role: Role::User, kind, topic, value, verdict };
        turns[2].turn.attachments = vec![correction.attachment()];
        assert_eq!(traits(&profile(turns, &[])), []);
    }

    proptest::proptest! {
        #[test]
        fn an_interval_lies_on_the_scale(towards in 0usize..40, against in 0usize..40) {
            let seqs = |n: usize| (0..n as u64).map(Seq).collect::<Vec<_>>();
            let mut estimate = TraitEstimate {
                about: String::new(), role: Role::User, of: BigFive::Openness, value: 0.5, low: 0.0, high: 1.0,
                towards: seqs(towards), against: seqs(against),
            };
            estimate.weigh();
            let TraitEstimate { value, low, high, .. } = estimate;
            proptest::prop_assert!(0.0 <= low && low <= value && value <= high && high <= 1.0);
        }
    }
}
