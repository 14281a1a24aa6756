//! Makes a person: what holds of them and how it changes, and the conversations in which they say it.
//!
//! What holds, when it changes and why is drawn from the seed alone; the words from the seed as well, but apart. So the
//! same number is the same life in other words in each part of a language.

use kithkin::{EventTime, Role};

use super::words::{Fact, FactKind, Telling, Thing, Wording, World, forms};
use crate::draw::Draw;

/// Sessions of a person, a month apart: at least so many, and at most `SESSIONS + MORE - 1`.
const SESSIONS: usize = 6;
const MORE: usize = 4;
/// Things that a person likes or does not.
const THINGS: usize = 4;
/// What is added to a seed for the draws of words.
const WORDS: u64 = 1 << 32;

/// A person with all that was said.
pub(super) struct Made {
    pub(super) name: String,
    pub(super) topics: Vec<Topic>,
    pub(super) turns: Vec<Turn>,
    /// The days of the sessions, in order.
    pub(super) days: Vec<EventTime>,
}

/// A message.
pub(super) struct Turn {
    pub(super) id: String,
    pub(super) session: String,
    pub(super) at: EventTime,
    pub(super) role: Role,
    pub(super) text: String,
}

/// Something that holds of the person, and what held of it one after the other.
pub(super) struct Topic {
    pub(super) about: About,
    /// The topic of the entry of a profile.
    pub(super) name: String,
    /// The question whose answer it is.
    pub(super) ask: String,
    pub(super) values: Vec<Value>,
}

/// What a topic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    Fact(FactKind),
    Thing,
}

/// A value that held for a time.
pub(super) struct Value {
    /// Of a thing, `likes` or `dislikes`.
    pub(super) value: String,
    /// The day on which it was first said.
    pub(super) since: EventTime,
    /// The turns that say it; the first one says the reason as well, where there is one.
    pub(super) turns: Vec<String>,
    pub(super) reason: Option<String>,
}

/// A value before it is said: in which sessions, and why, with both forms of the reason.
struct Planned {
    value: String,
    sessions: Vec<usize>,
    reason: Option<String>,
}

struct Plan<'a> {
    about: About,
    name: &'a str,
    class: &'a str,
    ask: String,
    values: Vec<Planned>,
}

/// Makes the person of this seed; `None` where a day is no day, which cannot be.
pub(super) fn make(seed: u64, world: &World, wording: &Wording) -> Option<Made> {
    let mut draw = Draw::new(seed);
    let name = draw.one(&world.names)?.clone();
    let sessions = SESSIONS + draw.below(MORE);
    let days = (1..=sessions).map(|month| format!("2024-{month:02}-{:02}", 1 + draw.below(28)).parse().ok());
    let days: Vec<EventTime> = days.collect::<Option<_>>()?;
    let plans = plans(&mut draw, world, sessions);
    let mut speech = Speech { draw: Draw::new(seed + WORDS), wording, talk: Vec::new(), turns: Vec::new() };
    let topics = speech.hold(&plans, &days);
    Some(Made { name, topics, turns: speech.turns, days })
}

/// What holds of the person: their home, their work, a favourite, and what they think of some things.
fn plans<'a>(draw: &mut Draw, world: &'a World, sessions: usize) -> Vec<Plan<'a>> {
    let mut plans = Vec::new();
    for kind in [FactKind::Home, FactKind::Work, FactKind::Favourite] {
        let facts: Vec<&Fact> = world.fact.iter().filter(|fact| fact.kind == kind).collect();
        let Some(fact) = draw.one(&facts) else { continue };
        let values = draw.shuffled(fact.values.clone());
        plans.push(Plan {
            about: About::Fact(kind),
            name: &fact.topic,
            class: &fact.class,
            ask: fact.ask.clone(),
            values: planned(draw, sessions, |number| (values[number % values.len()].clone(), &fact.reasons)),
        });
    }
    for thing in draw.shuffled(world.thing.iter().collect::<Vec<&Thing>>()).into_iter().take(THINGS) {
        let liked_first = draw.below(2);
        plans.push(Plan {
            about: About::Thing,
            name: &thing.value,
            class: "",
            ask: world.ask_thing.replace("{value}", &thing.value),
            values: planned(draw, sessions, |number| match (number + liked_first) % 2 {
                0 => ("dislikes".to_owned(), &thing.off),
                _ => ("likes".to_owned(), &thing.on),
            }),
        });
    }
    plans
}

/// One to three values that follow each other, each said at least once and some again; two of three changes have a reason.
fn planned<'a>(draw: &mut Draw, sessions: usize, value: impl Fn(usize) -> (String, &'a Vec<String>)) -> Vec<Planned> {
    let changes = [0, 1, 1, 2][draw.below(4)];
    let first = draw.below(2);
    let mut starts: Vec<usize> = draw.shuffled((first + 1..sessions).collect()).into_iter().take(changes).collect();
    starts.push(first);
    starts.sort_unstable();
    let mut planned = Vec::new();
    for (number, start) in starts.iter().enumerate() {
        let (value, reasons) = value(number);
        let reason = (number > 0 && draw.below(3) > 0).then(|| draw.one(reasons).cloned()).flatten();
        let end = starts.get(number + 1).copied().unwrap_or(sessions);
        let again = (start + 1..end).filter(|_| draw.below(4) == 0);
        planned.push(Planned { value, sessions: [*start].into_iter().chain(again).collect(), reason });
    }
    planned
}

/// The conversations, while they are written.
struct Speech<'a> {
    draw: Draw,
    wording: &'a Wording,
    /// The exchanges about other matters that have not been used.
    talk: Vec<&'a [String; 2]>,
    turns: Vec<Turn>,
}

impl Speech<'_> {
    /// Holds all sessions; gives the topics with the turns that say them.
    fn hold(&mut self, plans: &[Plan<'_>], days: &[EventTime]) -> Vec<Topic> {
        let mut topics: Vec<Topic> = plans
            .iter()
            .map(|plan| Topic {
                about: plan.about,
                name: plan.name.to_owned(),
                ask: plan.ask.clone(),
                values: Vec::new(),
            })
            .collect();
        for (session, day) in days.iter().enumerate() {
            let told = plans.iter().enumerate().flat_map(|(topic, plan)| {
                let said = plan.values.iter().enumerate().filter(|(_, value)| value.sessions.contains(&session));
                said.map(move |(number, _)| (topic, number))
            });
            let told = self.draw.shuffled(told.collect());
            self.digress(session, *day);
            for (topic, number) in told {
                let (Some(plan), Some(of)) = (plans.get(topic), topics.get_mut(topic)) else { continue };
                let Some(value) = plan.values.get(number) else { continue };
                let again = of.values.len() > number;
                let reason = value.reason.as_deref().filter(|_| !again);
                let (text, reason) = self.statement(plan, value, number > 0, reason);
                let id = self.say(session, *day, Role::User, text);
                if again {
                    of.values.iter_mut().rev().take(1).for_each(|value| value.turns.push(id.clone()));
                } else {
                    of.values.push(Value { value: value.value.clone(), since: *day, turns: vec![id], reason });
                }
                let noted = self.draw.one(&self.wording.noted).cloned().unwrap_or_default();
                self.say(session, *day, Role::Assistant, noted);
                self.digress(session, *day);
            }
        }
        topics
    }

    /// None to two exchanges about other matters.
    fn digress(&mut self, session: usize, day: EventTime) {
        for _ in 0..self.draw.below(3) {
            if self.talk.is_empty() {
                self.talk = self.draw.shuffled(self.wording.talk.iter().collect());
            }
            if let Some([user, assistant]) = self.talk.pop() {
                self.say(session, day, Role::User, user.clone());
                self.say(session, day, Role::Assistant, assistant.clone());
            }
        }
    }

    fn say(&mut self, session: usize, at: EventTime, role: Role, text: String) -> String {
        let id = format!("{}", self.turns.len() + 1);
        self.turns.push(Turn { id: id.clone(), session: format!("s{}", session + 1), at, role, text });
        id
    }

    /// Words for a value, and the reason in the form in which they give it.
    fn statement(
        &mut self,
        plan: &Plan<'_>,
        value: &Planned,
        changed: bool,
        reason: Option<&str>,
    ) -> (String, Option<String>) {
        let telling = telling(self.wording, plan.about, &value.value);
        let templates = if changed { &telling.change } else { &telling.first };
        let template = self.draw.one(templates).cloned().unwrap_or_default();
        let named = if plan.about == About::Thing { plan.name } else { &value.value };
        let template = template.replace("{value}", named).replace("{class}", plan.class);
        let (plain, inverted) = forms(&template);
        let frames = if reason.is_some() { &self.wording.why } else { &self.wording.said };
        let frame = self.draw.one(frames).cloned().unwrap_or_default();
        let (sub, main) = reason.map(forms).unwrap_or_default();
        let told = reason.map(|_| if frame.contains("{main}") { main } else { sub }.to_owned());
        let said = frame.replace("{plain}", plain).replace("{inverted}", inverted);
        let said = said.replace("{sub}", sub).replace("{main}", main);
        let lead = self.draw.one(&self.wording.lead).cloned().unwrap_or_default();
        (capitalised(&format!("{lead}{said}")), told)
    }
}

fn telling<'a>(wording: &'a Wording, about: About, value: &str) -> &'a Telling {
    match about {
        About::Fact(FactKind::Home) => &wording.home,
        About::Fact(FactKind::Work) => &wording.work,
        About::Fact(FactKind::Favourite) => &wording.favourite,
        About::Thing if value == "likes" => &wording.likes,
        About::Thing => &wording.dislikes,
    }
}

/// The text with a capital at the beginning and after each full stop.
fn capitalised(text: &str) -> String {
    let mut begins = true;
    let mut last = ' ';
    let mut written = String::with_capacity(text.len());
    for c in text.chars() {
        begins |= last == '.' && c == ' ';
        if begins && c.is_alphanumeric() {
            written.extend(c.to_uppercase());
            begins = false;
        } else {
            written.push(c);
        }
        last = c;
    }
    written
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::data::Data;
    use crate::tasks::personamem::words::{LANGUAGES, PARTS, wording, world};

    fn made(part: &str, language: &str, seed: u64) -> Made {
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets/personamem/sample");
        let mut data = Data::new("personamem", &sample);
        make(seed, &world(&mut data, language).unwrap(), &wording(&mut data, part, language).unwrap()).unwrap()
    }

    fn texts(made: &Made) -> Vec<&str> {
        made.turns.iter().map(|turn| turn.text.as_str()).collect()
    }

    #[test]
    fn a_seed_is_one_life_in_the_words_of_each_part() {
        for language in LANGUAGES {
            let [tuned, held_out] = PARTS.map(|part| made(part, language, 7));
            let life = |made: &Made| {
                let value = |value: &Value| (value.value.clone(), value.since, value.reason.is_some());
                made.topics.iter().map(|t| t.values.iter().map(value).collect::<Vec<_>>()).collect::<Vec<_>>()
            };
            assert_eq!(life(&tuned), life(&held_out), "{language}");
            assert_eq!(texts(&tuned), texts(&made("tune", language, 7)));
            assert_ne!(texts(&tuned), texts(&held_out));
            assert_ne!(life(&tuned), life(&made("tune", language, 8)));
        }
    }

    #[test]
    fn each_value_differs_from_the_one_before_and_is_said_where_it_says_so() {
        for (part, language) in PARTS.into_iter().flat_map(|part| LANGUAGES.map(|language| (part, language))) {
            for seed in 1..=20 {
                let made = made(part, language, seed);
                assert!(texts(&made).iter().all(|text| !text.contains(['{', '}', '|']) && !text.is_empty()));
                for topic in &made.topics {
                    let values = &topic.values;
                    assert!(values.windows(2).all(|w| w[0].value != w[1].value && w[0].since < w[1].since));
                    for value in values {
                        let first = made.turns.iter().find(|turn| turn.id == value.turns[0]).unwrap();
                        let said = |text: &str| first.text.to_lowercase().contains(&text.to_lowercase());
                        let named = if topic.about == About::Thing { &topic.name } else { &value.value };
                        assert!(said(named) && first.at == value.since && first.role == Role::User, "{}", first.text);
                        assert!(value.reason.as_ref().is_none_or(|reason| said(reason)), "{}", first.text);
                    }
                }
            }
        }
    }

    #[test]
    fn sentences_begin_with_a_capital() {
        assert_eq!(capitalised("ich mag 3.5 Tees. das weißt du."), "Ich mag 3.5 Tees. Das weißt du.");
        assert_eq!(capitalised(""), "");
    }
}
