//! An interview: declared slots, asked one after another until each is told or given up.
//!
//! Source: Wei et al., *Leveraging Large Language Models to Power Chatbots for Collecting User Self-Reported Data* (CSCW
//! 2024), whose chatbots let a model lead the talk. Here rules do: the next slot without a value is asked, an answer fills
//! every slot that it speaks of, one that is evaded is asked once more in other words, and then left. What is refused
//! outright is left at once.
//!
//! An answer is read piece by piece. A piece with a word of a slot's own (`cues`) is of that slot; one without is of the
//! slot that was asked, if it says little but the value. Pieces about others, suppositions and questions say nothing. A
//! later statement replaces an earlier one. What is said in words that no list has is missed. Nothing is stored, and no
//! model is asked.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::evasion::{declines, evades};
use super::pieces::pieces;
use super::population::AskError;
use super::reading;
use crate::phrases::Phrases;

/// How often a slot is asked.
const TIMES: usize = 2;

/// What kind of answer a slot takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum AnswerKind {
    #[default]
    Text,
    Number,
    /// In minutes.
    Duration,
    YesNo,
    /// One of the slot's options.
    Choice,
}

/// One of the answers to choose from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerOption {
    /// Its name.
    pub name: String,
    /// Words and phrases that mean it; one that ends in `*` fits every word that begins so.
    pub words: Vec<String>,
}

/// Something to be told.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Its name.
    pub name: String,
    /// The question.
    pub question: String,
    /// The question in other words, for somebody who evaded it.
    pub again: String,
    /// What kind of answer it takes; by default free text.
    #[serde(default)]
    pub kind: AnswerKind,
    /// Words and phrases of statements about it, by which a value is found that was not asked for; `*` as above.
    #[serde(default)]
    pub cues: Vec<String>,
    /// What can be chosen, of a choice.
    #[serde(default)]
    pub options: Vec<AnswerOption>,
}

/// What was told of a slot.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Told {
    /// The words.
    Text(String),
    /// A number.
    Number(f64),
    /// A duration in minutes.
    Duration(f64),
    /// Yes or no.
    YesNo(bool),
    /// The name of the option.
    Choice(String),
}

/// A question of an interview.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Put<'a> {
    /// The slot.
    pub slot: &'a str,
    /// The words.
    pub question: &'a str,
    /// Whether it was put before, in other words.
    pub again: bool,
}

/// A slot with what its lists mean, and what became of it.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) wanted: Wanted,
    pub(super) cues: Phrases,
    /// The words of each option.
    pub(super) options: Vec<Phrases>,
    told: Option<Told>,
    /// How often it was asked.
    times: usize,
    left: bool,
}

/// A piece of an answer that is text of a slot.
struct Spoken<'a> {
    slot: usize,
    words: &'a str,
    /// Whether it has a cue of the slot's.
    named: bool,
}

/// An interview with one person.
#[derive(Debug)]
pub struct Interview {
    items: Vec<Item>,
    asked: Option<usize>,
}

impl Interview {
    /// An interview about these slots, in their order.
    ///
    /// # Errors
    /// A slot that is there twice or has no question, or a choice without options, or with one without words.
    pub fn new(slots: Vec<Wanted>) -> Result<Self, AskError> {
        let mut names = BTreeSet::new();
        for slot in &slots {
            let wrong = |why| Err(AskError::Slot { name: slot.name.clone(), why });
            if !names.insert(&slot.name) {
                return wrong("is there twice; give each a name of its own");
            }
            if slot.question.trim().is_empty() || slot.again.trim().is_empty() {
                return wrong("needs a question, and the same in other words");
            }
            if (slot.kind == AnswerKind::Choice) == slot.options.is_empty() {
                return wrong("needs options if it is a choice, and takes none otherwise");
            }
            if slot.options.iter().any(|option| phrases(&option.words).is_empty()) {
                return wrong("has an option without words; give it some");
            }
        }
        let item = |wanted: Wanted| Item {
            cues: phrases(&wanted.cues),
            options: wanted.options.iter().map(|option| phrases(&option.words)).collect(),
            wanted,
            told: None,
            times: 0,
            left: false,
        };
        Ok(Self { items: slots.into_iter().map(item).collect(), asked: None })
    }

    /// The next question; `None` where every slot is told or left.
    pub fn next_question(&mut self) -> Option<Put<'_>> {
        self.asked = self.items.iter().position(|item| item.told.is_none() && !item.left);
        let item = self.items.get_mut(self.asked?)?;
        let again = item.times > 0;
        item.times += 1;
        let Wanted { name, question, again: other, .. } = &item.wanted;
        Some(Put { slot: name, question: if again { other } else { question }, again })
    }

    /// Reads an answer, or something that is said unasked; gives the names of the slots that it fills, each once.
    pub fn hear(&mut self, answer: &str) -> Vec<&str> {
        let read = self.read(answer);
        let mut filled: Vec<usize> = Vec::new();
        for (slot, told) in read {
            if !filled.contains(&slot) {
                filled.push(slot);
            }
            self.items[slot].told = Some(told);
        }
        if let Some(item) = self.asked.take().and_then(|asked| self.items.get_mut(asked)) {
            item.left = item.told.is_none() && (item.times >= TIMES || declines(answer));
        }
        filled.into_iter().map(|slot| self.items[slot].wanted.name.as_str()).collect()
    }

    /// What was told of a slot.
    pub fn told(&self, slot: &str) -> Option<&Told> {
        self.items.iter().find(|item| item.wanted.name == slot)?.told.as_ref()
    }

    /// The slots that were evaded or refused, and are not asked again.
    pub fn left(&self) -> impl Iterator<Item = &str> {
        self.items.iter().filter(|item| item.left && item.told.is_none()).map(|item| item.wanted.name.as_str())
    }

    /// Whether every slot is told or left.
    pub fn is_done(&self) -> bool {
        self.items.iter().all(|item| item.told.is_some() || item.left)
    }

    /// The slots and values of an answer; of a slot that is told twice, the later value comes later.
    fn read(&self, answer: &str) -> Vec<(usize, Told)> {
        let mut read: Vec<(usize, Told)> = Vec::new();
        let mut texts: Vec<Spoken<'_>> = Vec::new();
        let passes = evades(answer) || declines(answer);
        // What the pieces so far were of, and whether the last one took something back.
        let (mut subject, mut corrects) = (None, false);
        for piece in pieces(answer, |text| self.items.iter().any(|item| item.cues.fit(text))) {
            corrects |= piece.corrects;
            if piece.says_nothing || evades(piece.text) || declines(piece.text) {
                continue;
            }
            let cued = self.cued(piece.text);
            let of = cued.or(if corrects { subject.or(self.asked) } else { self.asked.or(subject) });
            let Some(item) = of.and_then(|of| self.items.get(of)) else { continue };
            let slot = of.unwrap_or_default();
            if item.wanted.kind == AnswerKind::Text {
                // What is left of an answer that evades is no value, unless it names the slot.
                if cued.is_none() && passes {
                    continue;
                }
                if corrects {
                    texts.retain(|spoken| spoken.slot != slot);
                }
                texts.push(Spoken { slot, words: piece.text, named: cued.is_some() });
            } else if let Some(told) = reading::read(item, &piece, cued.is_some()) {
                read.push((slot, told));
            } else {
                continue;
            }
            subject = of;
            corrects = false;
        }
        let of_texts: BTreeSet<usize> = texts.iter().map(|spoken| spoken.slot).collect();
        for slot in of_texts {
            let own = texts.iter().filter(|spoken| spoken.slot == slot);
            // A piece that names the slot is what was meant; small talk stands beside it.
            let named = own.clone().any(|spoken| spoken.named);
            let words: Vec<&str> = own.filter(|spoken| spoken.named == named).map(|spoken| spoken.words).collect();
            read.push((slot, Told::Text(words.join(", "))));
        }
        read
    }

    /// The slot that a piece speaks of by its words: the one that was asked, if it is among several.
    fn cued(&self, text: &str) -> Option<usize> {
        let fit = |slot: &usize| self.items[*slot].cues.fit(text);
        let mut cued = (0..self.items.len()).filter(fit);
        self.asked.filter(fit).or_else(|| cued.next().filter(|_| cued.next().is_none()))
    }
}

fn phrases(words: &[String]) -> Phrases {
    Phrases::of(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wanted(name: &str, kind: AnswerKind, cues: &[&str]) -> Wanted {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<String>>();
        let option = |name: &str, words: &[&str]| AnswerOption { name: name.to_owned(), words: owned(words) };
        let options = if kind == AnswerKind::Choice {
            vec![
                option("good", &["good", "great", "gut", "很好", "不错"]),
                option("bad", &["bad", "schlecht", "很差", "不好"]),
            ]
        } else {
            Vec::new()
        };
        let (question, again) = (format!("{name}?"), format!("{name}??"));
        Wanted { name: name.to_owned(), question, again, kind, cues: owned(cues), options }
    }

    fn interview() -> Interview {
        Interview::new(vec![
            wanted("sleep", AnswerKind::Duration, &["slept", "sleep", "geschlafen", "睡"]),
            wanted("steps", AnswerKind::Number, &["step*", "Schritt*", "步"]),
            wanted("pills", AnswerKind::YesNo, &["pill*", "Tablette*", "药"]),
            wanted("mood", AnswerKind::Choice, &["mood", "felt", "Laune", "心情"]),
            wanted("lunch", AnswerKind::Text, &["lunch", "Mittagessen", "午饭"]),
        ])
        .unwrap()
    }

    /// The answers to the questions one after another, against what is told then.
    fn check(answers: &[&str], expect: &[(&str, Told)]) {
        let mut interview = interview();
        for answer in answers {
            assert!(interview.next_question().is_some(), "{answers:?}");
            interview.hear(answer);
        }
        let slots = ["sleep", "steps", "pills", "mood", "lunch"];
        let told: Vec<(&str, Told)> =
            slots.into_iter().filter_map(|slot| Some((slot, interview.told(slot)?.clone()))).collect();
        assert_eq!(told, expect, "{answers:?}");
    }

    fn text(words: &str) -> Told {
        Told::Text(words.to_owned())
    }

    #[test]
    fn an_answer_fills_what_was_asked() {
        let all = |lunch: &str| {
            [
                ("sleep", Told::Duration(450.0)),
                ("steps", Told::Number(7000.0)),
                ("pills", Told::YesNo(true)),
                ("mood", Told::Choice("good".to_owned())),
                ("lunch", text(lunch)),
            ]
        };
        check(&["7.5 hours", "about 7,000 I think", "yes", "good", "soup"], &all("soup"));
        check(&["siebeneinhalb Stunden", "so 7.000", "Ja.", "gut", "Suppe"], &all("Suppe"));
        check(&["七个半小时吧", "七千步", "是的", "很好", "汤"], &all("汤"));
    }

    #[test]
    fn an_answer_fills_all_that_it_speaks_of() {
        let both = [("sleep", Told::Duration(420.0)), ("steps", Told::Number(6000.0))];
        check(&["I slept 7 hours and took 6000 steps."], &both);
        check(&["Ich habe 7 Stunden geschlafen und 6000 Schritte gemacht."], &both);
        check(&["睡了七个小时，走了六千步。"], &both);
        check(
            &["I slept seven hours", "I took no pills, and my mood was bad"],
            &[
                ("sleep", Told::Duration(420.0)),
                ("pills", Told::YesNo(false)),
                ("mood", Told::Choice("bad".to_owned())),
            ],
        );
    }

    #[test]
    fn what_says_nothing_of_the_person_fills_nothing() {
        check(&["The train was late by 20 minutes on the way home."], &[]);
        check(&["My brother slept ten hours."], &[]);
        check(&["If I slept 9 hours I would be better."], &[]);
        check(&["Should one sleep 8 hours?"], &[]);
        check(&["Hm, hard to say."], &[]);
    }

    #[test]
    fn a_later_value_replaces_an_earlier_one() {
        check(&["7 hours. No, wait, 6 hours"], &[("sleep", Told::Duration(360.0))]);
        check(
            &["I slept 7 hours", "5000. Actually I slept 6 hours"],
            &[("sleep", Told::Duration(360.0)), ("steps", Told::Number(5000.0))],
        );
    }

    #[test]
    fn what_is_evaded_is_asked_once_more_and_what_is_refused_is_not() {
        let mut interview = interview();
        let mut asked = Vec::new();
        for answer in
            ["Why do you ask?", "I really could not say", "I'd rather not say", "yes", "it depends", "good", "x"]
        {
            let put = interview.next_question().unwrap();
            asked.push((put.slot.to_owned(), put.again));
            interview.hear(answer);
        }
        let expect = [("sleep", false), ("sleep", true), ("steps", false), ("pills", false), ("mood", false)];
        let expect = expect.iter().chain(&[("mood", true), ("lunch", false)]);
        assert_eq!(asked, expect.map(|(slot, again)| ((*slot).to_owned(), *again)).collect::<Vec<_>>());
        assert!(interview.is_done() && interview.next_question().is_none());
        assert_eq!(interview.left().collect::<Vec<_>>(), ["sleep", "steps"]);
        // It may still be told unasked.
        assert_eq!(interview.hear("I slept 7 hours after all"), ["sleep"]);
        assert_eq!(interview.left().collect::<Vec<_>>(), ["steps"]);
    }

    #[test]
    fn what_is_wrong_with_a_slot_is_said() {
        let fails = |slots: Vec<Wanted>, says: &str| {
            let error = Interview::new(slots).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        };
        let slot = || wanted("a", AnswerKind::Text, &[]);
        fails(vec![slot(), slot()], "is there twice");
        fails(vec![Wanted { question: " ".to_owned(), ..slot() }], "needs a question");
        fails(vec![Wanted { kind: AnswerKind::Choice, ..slot() }], "needs options");
        let wordless = AnswerOption { name: "x".to_owned(), words: vec!["!".to_owned()] };
        fails(vec![Wanted { kind: AnswerKind::Choice, options: vec![wordless], ..slot() }], "without words");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn every_interview_ends(answers in prop::collection::vec("(\\PC|[0-9,.!? ]|slept|step|pill|and|no|hours|小时|睡|，){0,20}", 12)) {
            let mut interview = interview();
            for answer in &answers {
                let Some(put) = interview.next_question() else { break };
                let asked = put.slot.to_owned();
                let filled: Vec<String> = interview.hear(answer).into_iter().map(str::to_owned).collect();
                prop_assert!(filled.iter().all(|slot| interview.told(slot).is_some()));
                prop_assert_eq!(filled.contains(&asked), interview.told(&asked).is_some());
            }
            // Five slots, each asked twice at most.
            prop_assert!(interview.is_done());
        }
    }
}
