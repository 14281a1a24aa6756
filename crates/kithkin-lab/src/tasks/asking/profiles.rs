//! The profiles of PersonaLens as slots.
//!
//! A demographic fact, an interest in a domain, and an affinity of one value are slots of their values; an affinity of
//! several values at once is a slot of yes and no for each value. Which slots there are, and which values they take, a
//! population says: nothing of the person who is asked goes into it.

use std::collections::BTreeMap;

use kithkin::ask::Slot;
use serde::Deserialize;

use crate::LabError;
use crate::data::Data;
use crate::items::chosen;

/// The file of a person's folder.
const FILE: &str = "profile.json";
/// A value that fewer of a population have is one of the `other` values.
const RARE: f64 = 0.05;
/// A value that more of a population have, or fewer than the rest, leaves nothing to ask.
const COMMON: f64 = 0.9;
/// What stands for values that are rare, or that nobody of the population has.
const OTHER: &str = "other";
/// The answers to a question for one value of several.
const YES_NO: [&str; 2] = ["yes", "no"];

#[derive(Deserialize)]
struct Profile {
    demographics: BTreeMap<String, String>,
    interests: BTreeMap<String, u8>,
    affinities: BTreeMap<String, BTreeMap<String, Affinity>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Affinity {
    One(String),
    Many(Vec<String>),
}

/// What a person has for a fact.
#[derive(Debug)]
enum Has {
    One(String),
    Many(Vec<String>),
}

/// A person.
#[derive(Debug)]
pub(super) struct Person {
    /// The name of the folder.
    pub(super) id: String,
    /// What they have, by the name of the fact.
    has: BTreeMap<Fact, Has>,
}

/// A fact, in the order in which a questionnaire asks: who somebody is, what they care for, and what they prefer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Fact {
    Demographic(String),
    Interest(String),
    Affinity(String, String),
}

impl Fact {
    fn name(&self) -> String {
        match self {
            Self::Demographic(name) => name.clone(),
            Self::Interest(domain) => format!("interest in {domain}"),
            Self::Affinity(domain, name) => format!("{domain}: {name}"),
        }
    }
}

/// A slot, and which fact and value it asks for.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) slot: Slot,
    fact: Fact,
    /// The value that yes and no are about, of several.
    of: Option<String>,
}

impl Asked {
    /// Whether it is about a preference, and not about who somebody is or what they care for.
    pub(super) fn is_preference(&self) -> bool {
        matches!(self.fact, Fact::Affinity(..))
    }

    /// What a person would answer; `None` where their profile does not say.
    pub(super) fn answer(&self, person: &Person) -> Option<String> {
        match (person.has.get(&self.fact)?, &self.of) {
            (Has::One(value), None) => {
                Some(if self.slot.values.contains(value) { value.clone() } else { OTHER.to_owned() })
            }
            (Has::Many(values), Some(of)) => Some(YES_NO[usize::from(!values.contains(of))].to_owned()),
            _ => None,
        }
    }
}

/// Reads the persons that were asked for.
pub(super) fn read(data: &mut Data, items: &[String]) -> Result<Vec<Person>, LabError> {
    let persons = chosen(data.folders()?, items, String::as_str)?;
    persons.into_iter().map(|id| Ok(person(data.json(&format!("{id}/{FILE}"))?, id))).collect()
}

fn person(profile: Profile, id: String) -> Person {
    let demographics = profile.demographics.into_iter().filter(|(name, _)| name != "user_id");
    let demographics = demographics.map(|(name, value)| (Fact::Demographic(name), Has::One(value)));
    let interest = |given: u8| Has::One(YES_NO[usize::from(given == 0)].to_owned());
    let interests = profile.interests.into_iter().map(|(domain, given)| (Fact::Interest(domain), interest(given)));
    let affinities = profile.affinities.into_iter().flat_map(|(domain, of)| {
        of.into_iter().map(move |(name, affinity)| {
            let has = match affinity {
                Affinity::One(value) => Has::One(value),
                Affinity::Many(values) => Has::Many(values),
            };
            (Fact::Affinity(domain.clone(), name), has)
        })
    });
    Person { id, has: demographics.chain(interests).chain(affinities).collect() }
}

/// The slots of a population.
pub(super) fn slots(population: &[&Person]) -> Vec<Asked> {
    let mut facts: BTreeMap<&Fact, Vec<&Has>> = BTreeMap::new();
    for (fact, has) in population.iter().flat_map(|person| &person.has) {
        facts.entry(fact).or_default().push(has);
    }
    facts.into_iter().flat_map(|(fact, has)| of_fact(fact, &has)).collect()
}

/// The slots of a fact: one for a fact of one value, and one for each value of a fact of several.
fn of_fact(fact: &Fact, has: &[&Has]) -> Vec<Asked> {
    let mut ones: BTreeMap<&str, usize> = BTreeMap::new();
    let mut many: BTreeMap<&str, usize> = BTreeMap::new();
    for has in has {
        match has {
            Has::One(value) => *ones.entry(value).or_default() += 1,
            Has::Many(values) => {
                let mut values: Vec<&str> = values.iter().map(String::as_str).collect();
                values.sort_unstable();
                values.dedup();
                values.into_iter().for_each(|value| *many.entry(value).or_default() += 1);
            }
        }
    }
    let share = |count: usize| count as f64 / has.len() as f64;
    let mut asked = Vec::new();
    if !ones.is_empty() && ones.values().all(|count| share(*count) <= COMMON) {
        let kept = ones.iter().filter(|(_, count)| share(**count) >= RARE).map(|(value, _)| (*value).to_owned());
        // An interest is yes or no.
        let other = (!matches!(fact, Fact::Interest(_))).then(|| OTHER.to_owned());
        let values = kept.filter(|value| value != OTHER).chain(other).collect();
        asked.push(Asked { slot: Slot { name: fact.name(), values }, fact: fact.clone(), of: None });
    }
    for (value, _) in many.into_iter().filter(|(_, count)| (1.0 - COMMON..=COMMON).contains(&share(*count))) {
        let slot = Slot { name: format!("{}: {value}", fact.name()), values: YES_NO.map(str::to_owned).to_vec() };
        asked.push(Asked { slot, fact: fact.clone(), of: Some(value.to_owned()) });
    }
    asked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn persons(alarms: &[&str], genres: &[&[&str]]) -> Vec<Person> {
        let of = |(n, (alarm, genres)): (usize, (&&str, &&[&str]))| {
            let profile = serde_json::json!({
                "demographics": { "user_id": format!("u{n}"), "age": "30" },
                "interests": { "Books": n % 2 },
                "affinities": { "Alarm": { "Sound": alarm }, "Books": { "Genre": genres } },
            });
            person(serde_json::from_value(profile).unwrap(), format!("u{n}"))
        };
        alarms.iter().zip(genres).enumerate().map(of).collect()
    }

    #[test]
    fn a_population_says_which_slots_there_are() {
        let mut alarms = ["bell"; 30];
        alarms[10..29].fill("birds");
        let mut genres: [&[&str]; 30] = [&["crime", "history"]; 30];
        genres[..3].fill(&["crime"]);
        genres[3] = &["crime", "history", "poetry", "poetry"];
        let persons = persons(&alarms, &genres);
        let slots = slots(&persons.iter().collect::<Vec<_>>());
        let shown: Vec<String> =
            slots.iter().map(|a| format!("{} = {}", a.slot.name, a.slot.values.join("|"))).collect();
        // Everybody is 30 and likes crime, and nearly nobody poetry.
        let expect =
            ["interest in Books = no|yes", "Alarm: Sound = bell|birds|other", "Books: Genre: history = yes|no"];
        assert_eq!(shown, expect);
        let answers =
            |person: usize| slots.iter().map(|asked| asked.answer(&persons[person]).unwrap()).collect::<Vec<_>>();
        assert_eq!(answers(0), ["no", "bell", "no"]);
        assert_eq!(answers(11), ["yes", "birds", "yes"]);
        let stranger = &self::persons(&["drum"], &[&["poetry"]])[0];
        assert_eq!(
            slots.iter().map(|asked| asked.answer(stranger).unwrap()).collect::<Vec<_>>(),
            ["no", "other", "no"]
        );
        assert_eq!(slots.iter().map(Asked::is_preference).collect::<Vec<_>>(), [false, true, true]);
    }
}
