//! What a profile, or a recall, knows of a topic, held against what the person said.

use std::collections::HashSet;

use kithkin::{EntryKind, EventTime, ProfileEntry, ProfileReport, ProfileVersion, RecallReport};

use super::person::{About, Made, Topic, Value};
use super::words::FactKind;

/// How much longer than what was said a reason may be: it may begin with a word of the sentence around it.
const LONGER: f32 = 1.5;

/// The scores of a topic, from the profiles at the end of each session.
pub(super) fn of_profile(days: &[(EventTime, ProfileReport)], name: &str, topic: &Topic) -> Vec<(String, f64)> {
    let mut scores = Vec::new();
    let known = |report: &ProfileReport, day: &EventTime| {
        let value = topic.values.iter().rfind(|value| value.since.start() <= day.start())?;
        let entry = entry(report, name, topic);
        Some(f64::from(u8::from(entry.is_some_and(|entry| is_value(topic, &entry.current, value)))))
    };
    let then: Vec<f64> = days.iter().filter_map(|(day, report)| known(report, day)).collect();
    scores.push(("as_of".to_owned(), then.iter().sum::<f64>() / then.len().max(1) as f64));
    let (Some((_, report)), Some((last, former))) = (days.last(), topic.values.split_last()) else { return scores };
    let entry = entry(report, name, topic);
    let right = entry.filter(|entry| is_value(topic, &entry.current, last));
    scores.push(("current".to_owned(), f64::from(u8::from(right.is_some()))));
    if let Some(reason) = &last.reason {
        let told = right.and_then(|entry| entry.current.because.as_deref());
        scores.push(("reason".to_owned(), f64::from(u8::from(told.is_some_and(|told| is_reason(told, reason))))));
    }
    if !former.is_empty() {
        let kept = former.iter().zip(topic.values.iter().skip(1)).filter(|(value, next)| {
            let versions = entry.iter().flat_map(|entry| &entry.history);
            let mut held = versions.filter(|version| is_value(topic, version, value));
            held.any(|version| {
                let (from, to) = (value.since.to_string(), next.since.to_string());
                version.valid_from.as_deref() == Some(&from) && version.valid_to.as_deref() == Some(&to)
            })
        });
        scores.push(("history".to_owned(), kept.count() as f64 / former.len() as f64));
    }
    scores
}

/// The scores of a topic, from what comes back on its question: the first turn that says something of it is believed.
pub(super) fn of_recall(report: &RecallReport, topic: &Topic) -> Vec<(String, f64)> {
    let Some(last) = topic.values.last() else { return Vec::new() };
    let says = |turn: &str| topic.values.iter().any(|value| value.turns.iter().any(|of| of == turn));
    let first = report.evidence.iter().map(|evidence| evidence.turn.as_str()).find(|turn| says(turn));
    let right = first.is_some_and(|turn| last.turns.iter().any(|of| of == turn));
    let mut scores = vec![("current".to_owned(), f64::from(u8::from(right)))];
    if last.reason.is_some() {
        let told = first.is_some_and(|turn| last.turns.first().is_some_and(|with| with == turn));
        scores.push(("reason".to_owned(), f64::from(u8::from(told))));
    }
    scores
}

/// The entry on a topic; where there are several, the one whose value was said last.
fn entry<'a>(report: &'a ProfileReport, name: &str, topic: &Topic) -> Option<&'a ProfileEntry> {
    let of = report.entries.iter().filter(|entry| entry.about == name && is_about(entry, topic));
    of.max_by_key(|entry| entry.current.valid_from.clone())
}

fn is_about(entry: &ProfileEntry, topic: &Topic) -> bool {
    let kind = match topic.about {
        About::Fact(FactKind::Home | FactKind::Work) => EntryKind::Attribute,
        About::Fact(FactKind::Favourite) | About::Thing => EntryKind::Preference,
    };
    entry.kind == kind && plain(&entry.topic) == plain(&topic.name)
}

fn is_value(topic: &Topic, version: &ProfileVersion, value: &Value) -> bool {
    match topic.about {
        // That it is liked no longer is no less than that it is not liked.
        About::Thing => (version.value == "likes") == (value.value == "likes"),
        About::Fact(_) => plain(&version.value) == plain(&value.value),
    }
}

/// A text without case, and without white space and signs around it.
fn plain(text: &str) -> String {
    text.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase()
}

fn is_reason(told: &str, reason: &str) -> bool {
    let (told, reason) = (plain(told), plain(reason));
    told.contains(&reason) && told.chars().count() as f32 <= LONGER * reason.chars().count() as f32
}

/// How many of the values that a profile states were said, by the person, on the topic, in the turns that it names.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stated {
    right: usize,
    all: usize,
}

impl Stated {
    pub(super) fn of(report: &ProfileReport, made: &Made) -> Self {
        let mut stated = Self::default();
        // A sentence that is kept as it was said states no value of a topic.
        for entry in report.entries.iter().filter(|entry| entry.kind != EntryKind::Standing) {
            let topic = made.topics.iter().find(|topic| entry.about == made.name && is_about(entry, topic));
            for version in entry.history.iter().chain([&entry.current]) {
                let right = topic.is_some_and(|topic| was_said(version, topic));
                stated.add(Self { right: usize::from(right), all: 1 });
            }
        }
        stated
    }

    pub(super) fn add(&mut self, other: Self) {
        self.right += other.right;
        self.all += other.all;
    }

    /// The share that is right; `None` where nothing is stated.
    pub(super) fn share(&self) -> Option<f64> {
        (self.all > 0).then(|| self.right as f64 / self.all as f64)
    }
}

fn was_said(version: &ProfileVersion, topic: &Topic) -> bool {
    let said = topic.values.iter().filter(|value| is_value(topic, version, value));
    let turns: HashSet<&String> = said.flat_map(|value| &value.turns).collect();
    !version.sources.is_empty() && version.sources.iter().all(|source| turns.contains(source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_what_was_said_and_little_more() {
        let check = |told: &str, expect: bool| assert_eq!(is_reason(told, "my knees hurt"), expect, "{told}");
        check("my knees hurt", true);
        check("My knees hurt.", true);
        check("now my knees hurt", true);
        check("knees hurt", false);
        check("my knees hurt and how was your day in town", false);
        check("", false);
    }

    #[test]
    fn names_and_values_are_compared_without_case_and_signs() {
        assert_eq!(plain(" “New York”!"), plain("new york"));
        assert_ne!(plain("coffee a lot"), plain("coffee"));
    }
}
