//! How somebody writes: how long, what marks, and which words are theirs rather than those of the others they talk with.
//!
//! Counted over all that they said, nothing is read into it. Words are weighed by the log of the odds that one speaker
//! says them against all others, with all words of the log as the prior, in standard deviations: Monroe et al.,
//! *Fightin' Words* (2008), section 3.3. Formality is not measured: it would take the part of speech of each word.

use std::collections::HashMap;

use kithkin_core::{Role, StoredTurn};
use serde::Serialize;

use crate::index::{Words, is_function_word};
use crate::observe::current_in_order;

/// With fewer turns nothing is said of somebody's style.
const FEWEST: usize = 5;
/// How many words are named.
const MOST_WORDS: usize = 10;
/// Words below this are as likely chance; 1.96 is the 5 % level.
const LEAST_Z: f64 = 1.96;
/// The words of the log that the prior stands for, as a share: it holds back words that are said a few times only.
const PRIOR: f64 = 0.1;
/// A word is said at least so often.
const LEAST_OFTEN: u64 = 3;

/// How somebody writes. Shares are rounded to a hundredth, which is as much as so few turns can tell.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Style {
    /// Who.
    pub about: String,
    /// In which role they spoke.
    pub role: Role,
    /// Over how many turns this is counted.
    pub turns: usize,
    /// Words of a turn, the median; in scripts without spaces, pairs of characters.
    pub words: usize,
    /// The share of turns with a question mark.
    pub questions: f64,
    /// With an exclamation mark.
    pub exclamations: f64,
    /// With an emoji.
    pub emoji: f64,
    /// Of the turns that begin with a letter of either case, the share that begins in lower case.
    pub lower_case: f64,
    /// Words that they say more than the others do, the most telling first.
    pub typical: Vec<String>,
}

/// The style of each who said at least five turns, in the order in which they first spoke.
pub fn styles(turns: Vec<StoredTurn>) -> Vec<Style> {
    let mut speakers: Vec<Speaker> = Vec::new();
    for turn in current_in_order(turns) {
        let turn = turn.turn;
        if !matches!(turn.role, Role::User | Role::Assistant) || super::Correction::of(&turn).is_some() {
            continue;
        }
        let place = speakers.iter().position(|s| s.about == turn.speaker && s.role == turn.role);
        let place = place.unwrap_or_else(|| {
            speakers.push(Speaker { about: turn.speaker.clone(), role: turn.role, ..Speaker::default() });
            speakers.len() - 1
        });
        if let Some(speaker) = speakers.get_mut(place) {
            speaker.hear(&turn.text);
        }
    }
    let mut all: HashMap<&str, u64> = HashMap::new();
    for (word, count) in speakers.iter().flat_map(|speaker| &speaker.said) {
        *all.entry(word).or_default() += count;
    }
    speakers.iter().filter(|speaker| speaker.lengths.len() >= FEWEST).map(|speaker| speaker.style(&all)).collect()
}

#[derive(Default)]
struct Speaker {
    about: String,
    role: Role,
    lengths: Vec<usize>,
    questions: usize,
    exclamations: usize,
    emoji: usize,
    lower: usize,
    upper: usize,
    /// How often they say each content word.
    said: HashMap<String, u64>,
}

impl Speaker {
    fn hear(&mut self, text: &str) {
        let mut words = Words::default();
        words.read(text);
        self.lengths.push(words.iter().count());
        self.questions += usize::from(text.contains(['?', '？']));
        self.exclamations += usize::from(text.contains(['!', '！']));
        self.emoji += usize::from(text.chars().any(is_emoji));
        match text.trim_start().chars().next() {
            Some(first) if first.is_lowercase() => self.lower += 1,
            Some(first) if first.is_uppercase() => self.upper += 1,
            _ => {}
        }
        for (word, _) in words.iter().filter(|(word, _)| !is_function_word(word)) {
            *self.said.entry(word.to_owned()).or_default() += 1;
        }
    }

    fn style(&self, all: &HashMap<&str, u64>) -> Style {
        let turns = self.lengths.len();
        let hundredths = |share: f64| (share * 100.0).round() / 100.0;
        let share = |count: usize, of: usize| if of == 0 { 0.0 } else { hundredths(count as f64 / of as f64) };
        let mut lengths = self.lengths.clone();
        lengths.sort_unstable();
        Style {
            about: self.about.clone(),
            role: self.role,
            turns,
            words: lengths.get(turns / 2).copied().unwrap_or_default(),
            questions: share(self.questions, turns),
            exclamations: share(self.exclamations, turns),
            emoji: share(self.emoji, turns),
            lower_case: share(self.lower, self.lower + self.upper),
            typical: self.typical(all),
        }
    }

    fn typical(&self, all: &HashMap<&str, u64>) -> Vec<String> {
        let everything = all.values().sum::<u64>() as f64;
        let own = self.said.values().sum::<u64>() as f64;
        let others = everything - own;
        if others == 0.0 {
            return Vec::new();
        }
        let mut weighed: Vec<(f64, &str)> = Vec::new();
        for (word, count) in self.said.iter().filter(|(_, count)| **count >= LEAST_OFTEN) {
            let (count, of_all) = (*count as f64, all.get(word.as_str()).copied().unwrap_or_default() as f64);
            let (theirs, prior) = (of_all - count, PRIOR * of_all);
            let odds = |count: f64, of: f64| ((count + prior) / (of + PRIOR * everything - count - prior)).ln();
            let variance = 1.0 / (count + prior) + 1.0 / (theirs + prior);
            let z = (odds(count, own) - odds(theirs, others)) / variance.sqrt();
            if z >= LEAST_Z {
                weighed.push((z, word));
            }
        }
        weighed.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
        weighed.into_iter().take(MOST_WORDS).map(|(_, word)| word.to_owned()).collect()
    }
}

/// Pictures, faces and symbols of the blocks that keyboards offer as emoji.
fn is_emoji(c: char) -> bool {
    matches!(u32::from(c), 0x1F300..=0x1FAFF | 0x2600..=0x27BF | 0x2B50 | 0x2B55)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::Sitting;

    /// The styles of two who speak in turn.
    fn of(texts: &[&str]) -> Vec<Style> {
        styles(Sitting::of(texts).turns().to_vec())
    }

    #[test]
    fn what_is_counted() {
        let texts: Vec<&str> =
            ["hi there", "Hello.", "ok 😀!", "Really?", "so", "I see.", "Good.", "Fine.", "42 is all", "Hm."].to_vec();
        let [ann, bo] = of(&texts).try_into().unwrap();
        assert_eq!((ann.about.as_str(), ann.turns, ann.words), ("Ann", 5, 1));
        let shares = |style: &Style| [style.questions, style.exclamations, style.emoji, style.lower_case];
        assert_eq!(shares(&ann), [0.0, 0.2, 0.2, 0.75]);
        assert_eq!(shares(&bo), [0.2, 0.0, 0.0, 0.0]);
        assert_eq!(ann.typical, [""; 0]);
    }

    #[test]
    fn words_of_ones_own_are_those_that_others_do_not_say() {
        let texts: Vec<&str> = (0..40)
            .map(|turn| {
                if turn % 2 == 0 { "splendid weather over the harbour" } else { "weather over the harbour again, mate" }
            })
            .collect();
        let [ann, bo] = of(&texts).try_into().unwrap();
        assert_eq!((ann.typical, bo.typical), (vec!["splendid".to_owned()], vec!["mate".to_owned()]));
    }

    #[test]
    fn of_few_turns_or_none_nothing_is_said() {
        assert_eq!(of(&[]), []);
        assert_eq!(of(&["Hello."; 8]), []);
        let [ann, bo] = of(&["", "🦊", "", "猫", "", "🦊", "", "🦊", "", "🦊"]).try_into().unwrap();
        assert_eq!((ann.words, ann.lower_case, bo.emoji), (0, 0.0, 0.8));
    }
}
