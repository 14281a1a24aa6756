//! A simulated person: hidden values, and a manner of answering.
//!
//! The values are drawn from the seed alone, the words from seed and manner; both are the same in every run.

use kithkin::ask::Wanted;

use super::words::{Is, Telling, Wording};
use crate::draw::Draw;

/// How somebody answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// The value and nothing else.
    Terse,
    /// A sentence with small talk around it.
    Chatty,
    /// Of several slots at once.
    Several,
    /// Passes over half of the questions at first, and refuses some.
    Evasive,
    /// Speaks of something else, at first or as well.
    OffTopic,
    /// Says something else first and puts it right, at once or with the next answer.
    Contradicting,
}

impl Manner {
    pub(super) const ALL: [Self; 6] =
        [Self::Terse, Self::Chatty, Self::Several, Self::Evasive, Self::OffTopic, Self::Contradicting];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Terse => "terse",
            Self::Chatty => "chatty",
            Self::Several => "several",
            Self::Evasive => "evasive",
            Self::OffTopic => "off-topic",
            Self::Contradicting => "contradicting",
        }
    }
}

/// Somebody who is interviewed.
pub(super) struct Person<'a> {
    manner: Manner,
    wording: &'a Wording,
    draw: Draw,
    /// The number of the value of each slot.
    hidden: Vec<usize>,
    /// Whether the right value of each slot was said.
    said: Vec<bool>,
    /// Slots of which something wrong was said.
    to_correct: Vec<usize>,
}

impl<'a> Person<'a> {
    pub(super) fn new(seed: u64, manner: Manner, slots: &[Wanted], wording: &'a Wording) -> Self {
        let mut lots = Draw::new(seed);
        let hidden = wording.slot.iter().map(|telling| lots.below(telling.values.len())).collect();
        let draw = Draw::new(seed.wrapping_mul(31).wrapping_add(1 << 32).wrapping_add(manner as u64));
        Self { manner, wording, draw, hidden, said: vec![false; slots.len()], to_correct: Vec::new() }
    }

    /// The hidden values, in the order of the slots.
    pub(super) fn values(&self) -> impl Iterator<Item = &Is> {
        self.wording.slot.iter().zip(&self.hidden).map(|(telling, at)| &telling.values[*at].is)
    }

    /// Of which slots the right value was said.
    pub(super) fn said(&self) -> &[bool] {
        &self.said
    }

    /// The answer to a question.
    pub(super) fn answer(&mut self, slot: &str, again: bool) -> String {
        let Some(slot) = self.wording.slot.iter().position(|telling| telling.name == slot) else {
            return String::new();
        };
        let right = self.hidden[slot];
        match self.manner {
            Manner::Terse => self.short(slot, right),
            Manner::Chatty => {
                let (before, full, behind) =
                    (self.of(&self.wording.before), self.full(slot, right), self.of(&self.wording.behind));
                format!("{before}{full}{behind}")
            }
            Manner::Several => {
                let untold = (slot + 1..self.said.len()).filter(|other| !self.said[*other]).take(self.draw.below(3));
                let slots: Vec<usize> = [slot].into_iter().chain(untold.collect::<Vec<_>>()).collect();
                slots.iter().map(|slot| self.full(*slot, self.hidden[*slot])).collect::<Vec<_>>().join(" ")
            }
            Manner::Evasive => match (again, self.draw.below(8)) {
                (false, 0) => self.of(&self.wording.refuse),
                (false, 1..5) | (true, 0..2) => self.of(&self.wording.evade),
                _ => self.short(slot, right),
            },
            Manner::OffTopic => {
                let remark = self.of(&self.wording.off_topic);
                match (again, self.draw.below(2)) {
                    (false, 0) => remark,
                    (false, _) => format!("{remark} {}", self.full(slot, right)),
                    (true, _) => self.full(slot, right),
                }
            }
            Manner::Contradicting => self.contradicting(slot),
        }
    }

    /// What is put right when all is asked.
    pub(super) fn last_words(&mut self) -> Option<String> {
        let slot = self.to_correct.pop()?;
        Some(self.later(slot))
    }

    fn contradicting(&mut self, slot: usize) -> String {
        let right = self.hidden[slot];
        let wrong = (right + 1) % self.wording.slot[slot].values.len();
        let correction = self.to_correct.pop().map(|slot| self.later(slot));
        let own = match self.draw.below(3) {
            0 => {
                let template = self.of(&self.wording.correct);
                let wrong = self.full(slot, wrong);
                let right = if self.draw.below(2) == 0 { self.short(slot, right) } else { self.full(slot, right) };
                template.replace("{wrong}", &wrong).replace("{right}", &right)
            }
            1 => {
                self.to_correct.push(slot);
                self.full(slot, wrong)
            }
            _ => self.full(slot, right),
        };
        correction.map_or(own.clone(), |correction| format!("{own} {correction}"))
    }

    fn later(&mut self, slot: usize) -> String {
        let template = self.of(&self.wording.later);
        let full = self.full(slot, self.hidden[slot]);
        template.replace("{full}", &full)
    }

    fn of(&mut self, texts: &[String]) -> String {
        self.draw.one(texts).cloned().unwrap_or_default()
    }

    fn short(&mut self, slot: usize, value: usize) -> String {
        self.said[slot] |= value == self.hidden[slot];
        let wording = self.wording;
        self.of(&wording.slot[slot].values[value].said)
    }

    fn full(&mut self, slot: usize, value: usize) -> String {
        let short = self.short(slot, value);
        let wording: &'a Wording = self.wording;
        let Telling { full, values, .. } = &wording.slot[slot];
        let own = &values[value].full;
        self.of(if own.is_empty() { full } else { own }).replace("{v}", &short)
    }
}
