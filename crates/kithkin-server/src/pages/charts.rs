//! The figures under the charts of a profile, and where they stand in the picture. Each chart has a table beside it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kithkin::{EntryKind, ProfileEntry, ProfileTrait};
use serde::Serialize;

/// Where the scales begin, how long they are, and how high a row is; in units of the picture.
const LEFT: f64 = 200.0;
const WIDTH: f64 = 380.0;
const ROW: f64 = 40.0;
/// Topics that are shown, those that were spoken of most.
const TOPICS: usize = 8;
/// From how many months on years are counted instead.
const MONTHS: usize = 24;

/// A trait on its scale.
#[derive(Debug, Serialize)]
pub(super) struct Bar {
    about: String,
    name: &'static str,
    value: f64,
    low: f64,
    high: f64,
    turns: usize,
    y: f64,
    x: f64,
    left: f64,
    width: f64,
}

/// The traits, a row each.
pub(super) fn traits(found: &[ProfileTrait]) -> Vec<Bar> {
    let at = |value: f64| LEFT + WIDTH * value.clamp(0.0, 1.0);
    let bar = |(row, found): (usize, &ProfileTrait)| Bar {
        about: found.about.clone(),
        name: found.of.as_str(),
        value: found.value,
        low: found.low,
        high: found.high,
        turns: found.towards.len() + found.against.len(),
        y: ROW * (row as f64 + 0.5),
        x: at(found.value),
        left: at(found.low),
        width: at(found.high) - at(found.low),
    };
    found.iter().enumerate().map(bar).collect()
}

/// Topics over time.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct Topics {
    /// Months or years, oldest first, with their place.
    periods: Vec<(String, f64)>,
    rows: Vec<Topic>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Topic {
    name: String,
    y: f64,
    /// How many turns of each period speak of it.
    counts: Vec<usize>,
    dots: Vec<Dot>,
}

#[derive(Debug, PartialEq, Serialize)]
struct Dot {
    x: f64,
    r: f64,
    n: usize,
    period: String,
}

/// The topics that were spoken of most, and in which months, or years where the months would be too many. A turn speaks of a
/// topic where it is a source of an entry about it. `times` has the time of each turn.
pub(super) fn topics(entries: &[ProfileEntry], times: &HashMap<String, String>) -> Topics {
    // Whole sentences are their own topic, and each is spoken of once.
    let named = entries.iter().filter(|entry| entry.kind != EntryKind::Standing);
    let mut said: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for entry in named {
        let versions = entry.history.iter().chain([&entry.current]);
        said.entry(&entry.topic)
            .or_default()
            .extend(versions.flat_map(|version| version.sources.iter().map(String::as_str)));
    }
    let mut most: Vec<(&str, Vec<&str>)> = said
        .into_iter()
        .map(|(topic, turns)| (topic, turns.into_iter().filter_map(|turn| Some(times.get(turn)?.as_str())).collect()))
        .filter(|(_, times): &(&str, Vec<&str>)| !times.is_empty())
        .collect();
    most.sort_by(|one, other| other.1.len().cmp(&one.1.len()).then(one.0.cmp(other.0)));
    most.truncate(TOPICS);
    let cut = |length: usize| {
        let all = most.iter().flat_map(|(_, times)| times.iter().filter_map(|time| time.get(..length)));
        all.map(str::to_owned).collect::<BTreeSet<String>>()
    };
    let (length, names) = match cut(7) {
        months if months.len() <= MONTHS => (7, months),
        _ => (4, cut(4)),
    };
    let step = WIDTH / names.len().max(1) as f64;
    let periods: Vec<(String, f64)> =
        names.into_iter().enumerate().map(|(column, name)| (name, LEFT + step * (column as f64 + 0.5))).collect();
    let row = |(row, (name, times)): (usize, (&str, Vec<&str>))| {
        let count = |period: &str| times.iter().filter(|time| time.get(..length) == Some(period)).count();
        let counts: Vec<usize> = periods.iter().map(|(period, _)| count(period)).collect();
        let dot = |((period, x), n): (&(String, f64), &usize)| Dot {
            x: *x,
            r: (3.0 + 3.0 * (*n as f64).sqrt()).min(15.0),
            n: *n,
            period: period.clone(),
        };
        let dots = periods.iter().zip(&counts).filter(|(_, n)| **n > 0).map(dot).collect();
        Topic { name: name.to_owned(), y: ROW * (row as f64 + 0.5), counts, dots }
    };
    let rows = most.into_iter().enumerate().map(row).collect();
    Topics { periods, rows }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The counts of each topic, for entries with the times of their turns.
    fn check(given: &[(&str, &[&str])], expect: &[(&str, &[usize])]) {
        let (mut entries, mut times) = (Vec::new(), HashMap::new());
        for (topic, said) in given {
            let sources: Vec<String> = (0..said.len()).map(|n| format!("{topic}{n}")).collect();
            times.extend(sources.iter().cloned().zip(said.iter().map(|time| (*time).to_owned())));
            let entry = serde_json::json!({ "topic": topic, "sources": sources });
            entries.push(entry_of(&entry));
        }
        let topics = topics(&entries, &times);
        let found: Vec<(&str, &[usize])> =
            topics.rows.iter().map(|row| (row.name.as_str(), row.counts.as_slice())).collect();
        assert_eq!(found, expect);
        assert!(topics.rows.iter().flat_map(|row| &row.dots).all(|dot| dot.x > LEFT && dot.x < LEFT + WIDTH));
    }

    fn entry_of(json: &serde_json::Value) -> ProfileEntry {
        let sources = json["sources"].as_array().unwrap().iter().map(|s| s.as_str().unwrap().to_owned()).collect();
        ProfileEntry {
            about: "ann".to_owned(),
            role: kithkin::Role::User,
            kind: EntryKind::Attribute,
            topic: json["topic"].as_str().unwrap().to_owned(),
            current: kithkin::ProfileVersion {
                value: "x".to_owned(),
                context: None,
                because: None,
                sources,
                valid_from: None,
                valid_to: None,
                confirmed: false,
                inferred: false,
            },
            confidence: 0.8,
            history: Vec::new(),
        }
    }

    #[test]
    fn turns_are_counted_by_month_and_by_year_where_there_are_too_many() {
        check(&[], &[]);
        check(&[("home", &["2024-05-01", "2024-05-02T10:00", "2024-07"])], &[("home", &[2, 1])]);
        check(&[("tea", &["2024-05"]), ("home", &["2024-05", "2024-06"])], &[("home", &[1, 1]), ("tea", &[1, 0])]);
        let many: Vec<String> = (0..30).map(|n| format!("{}-{:02}", 2020 + n / 12, n % 12 + 1)).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        check(&[("home", &many)], &[("home", &[12, 12, 6])]);
    }
}
