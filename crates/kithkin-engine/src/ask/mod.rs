//! Which question to ask a person next: the one whose answer is expected to tell the most.
//!
//! A [`Population`] learns from profiles which values of slots go together. An [`Inquiry`] holds what is known of one
//! person, what may still be asked, and what is to be found out; an [`Asker`] picks the next question from it. What an
//! answer was worth is the drop of the uncertainty about what is to be found out, in nats: the difference of entropies
//! that Wan et al., *Enhancing Personalized Multi-Turn Dialogue with Curiosity Reward* (2025), give as a reward of a turn.
//!
//! A [`Walk`] goes through a [`Dialogue`] tree that somebody has written, and shows only the nodes that it must.
//!
//! A [`TalkState`] says whether to ask at all, or to advise. An [`Interview`] asks for declared slots in the words that it is given, and reads what the answers fill.
//! A [`FollowUp`] is worded by a chat model.
//!
//! Nothing here opens a store. Profiles of other persons are given as plain data by a caller who has their consent; a
//! store is never asked for them.

mod amounts;
mod ask_or_advise;
mod beliefs;
mod dialogue;
mod evasion;
mod fixed_order;
mod follow_up;
mod information_gain;
mod inquiry;
mod interview;
mod pieces;
mod population;
mod random;
mod reading;
mod tree;
mod uncertainty;
mod walk;
mod yes_no;

use std::fmt::Debug;

use crate::method::{SpecError, strategies};

use self::beliefs::Beliefs;
pub use ask_or_advise::{NextTurn, TalkState, wants_advice};
pub use dialogue::{Comparison, Condition, Dialogue, DialogueNode, NodeKind, Way};
pub use evasion::{declines, evades};
pub use follow_up::{FollowUp, FollowUps};
pub use inquiry::{Inquiry, Question};
pub use interview::{AnswerKind, AnswerOption, Interview, Put, Told, Wanted};
pub use population::{AskError, Population, Slot};
pub use walk::Walk;
pub use yes_no::yes_or_no;

/// What a strategy chooses from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct State<'a> {
    /// What is believed of each slot.
    beliefs: &'a Beliefs<'a>,
    /// The slots that may be asked, ascending.
    open: &'a [usize],
    /// Which slots are to be found out.
    wanted: &'a [bool],
}

/// The choice of a strategy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Choice {
    /// The slot to ask for.
    slot: usize,
    /// The drop of uncertainty that is expected of the answer, in nats, where the strategy computes it.
    expected: Option<f64>,
}

/// Picks the next question.
pub(crate) trait Choose: Debug + Send + Sync {
    /// An open slot; `None` if and only if none is open. The same state MUST give the same choice.
    fn choose(&self, state: &State<'_>) -> Option<Choice>;
}

strategies! { "ask", Choose:
    "fixed-order" => fixed_order::FixedOrder,
    "information-gain" => information_gain::InformationGain,
    "random" => random::Random,
    "uncertainty" => uncertainty::Uncertainty,
}

/// A strategy that picks questions.
#[derive(Debug)]
pub struct Asker(Box<dyn Choose>);

impl Asker {
    /// The names of the strategies.
    pub const NAMES: &'static [&'static str] = NAMES;

    /// The strategy of a TOML table, as a preset would name it: `strategy = "random"` and, on the next line, `seed = 7`.
    ///
    /// # Errors
    /// The text is no TOML, or names no strategy, or a parameter that the strategy does not have.
    pub fn parse(table: &str) -> Result<Self, AskError> {
        let table: toml::Table = toml::from_str(table).map_err(|e| {
            AskError::Strategy(SpecError::File { origin: "the stage ask".to_owned(), why: e.message().to_owned() })
        })?;
        Ok(Self(parse(table)?))
    }
}

/// The open slot of the highest value, the first of equals.
fn highest(open: &[usize], value: impl Fn(usize) -> f64) -> Option<(usize, f64)> {
    open.iter().map(|slot| (*slot, value(*slot))).reduce(|best, next| if next.1 > best.1 { next } else { best })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn asker(name: &str) -> Asker {
        Asker::parse(&format!("strategy = {name:?}")).unwrap()
    }

    /// The trade nearly always decides what is worn and what is eaten; the lucky number goes with nothing.
    pub(super) fn trades() -> Population {
        let slot = |name: &str, values: &[&str]| Slot {
            name: name.to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        let slots = vec![
            slot("lucky", &["1", "2", "3", "4"]),
            slot("hat", &["none", "helmet", "toque"]),
            slot("trade", &["clerk", "builder", "cook"]),
            slot("lunch", &["salad", "stew", "leftovers"]),
        ];
        let person = |n: usize| {
            let of = |slot: usize, at: usize| (slots[slot].name.clone(), slots[slot].values[at].clone());
            let unless = |other: bool| if other { (n + 1) % 3 } else { n % 3 };
            BTreeMap::from([of(0, n / 3 % 4), of(1, unless(n % 9 == 1)), of(2, n % 3), of(3, unless(n % 11 == 1))])
        };
        Population::learn(slots.clone(), &(0..72).map(person).collect::<Vec<_>>()).unwrap()
    }

    fn check(name: &str, known: &[(&str, &str)], expect: &[&str]) {
        let population = trades();
        let mut inquiry = population.inquiry();
        for (slot, value) in known {
            inquiry.answer(slot, value).unwrap();
        }
        let mut order = Vec::new();
        while let Some(question) = inquiry.next(&asker(name)) {
            inquiry.decline(&question.slot).unwrap();
            order.push(question.slot);
        }
        assert_eq!(order, expect, "{name} after {known:?}");
    }

    #[test]
    fn each_strategy_has_its_order() {
        check("fixed-order", &[], &["lucky", "hat", "trade", "lunch"]);
        check("fixed-order", &[("hat", "none")], &["lucky", "trade", "lunch"]);
        // Of four values the least is known, but the trade tells of hat and lunch as well.
        check("uncertainty", &[], &["lucky", "trade", "lunch", "hat"]);
        check("information-gain", &[], &["trade", "hat", "lunch", "lucky"]);
        check("information-gain", &[("trade", "cook")], &["lucky", "lunch", "hat"]);
        check("random", &[], &["trade", "hat", "lucky", "lunch"]);
    }

    #[test]
    fn what_is_wrong_with_a_strategy_is_said() {
        let fails = |table: &str, says: &str| {
            let error = Asker::parse(table).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        };
        fails("strategy = \"informationgain\"", "did you mean information-gain");
        fails("strategy = \"fixed-order\"\nseed = 1", "unknown field `seed`");
        fails("strategy = \"random\"\nseed = -1", "expected u64");
        fails("strategy", "the stage ask: ");
        fails("", "fixed-order, information-gain, random, uncertainty");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn every_strategy_asks_each_open_slot_once(
            values in prop::collection::vec(1usize..5, 0..8),
            seen in prop::collection::vec(prop::collection::vec(prop::option::of(0usize..5), 8), 0..12),
            person in prop::collection::vec(prop::option::of(0usize..5), 8),
        ) {
            let name = |slot: usize| format!("s{slot}");
            let slots: Vec<Slot> = values.iter().enumerate().map(|(slot, n)| Slot {
                name: name(slot),
                values: (0..*n).map(|value| format!("v{value}")).collect(),
            }).collect();
            let profile = |seen: &Vec<Option<usize>>| -> BTreeMap<String, String> {
                let of = values.iter().zip(seen).enumerate();
                of.filter_map(|(slot, (n, value))| Some((name(slot), format!("v{}", (*value)? % n)))).collect()
            };
            let population = Population::learn(slots, &seen.iter().map(profile).collect::<Vec<_>>()).unwrap();
            let truth = profile(&person);
            for strategy in Asker::NAMES {
                let mut inquiry = population.inquiry();
                let mut asked = Vec::new();
                while let Some(question) = inquiry.next(&asker(strategy)) {
                    prop_assert!(!asked.contains(&question.slot));
                    prop_assert!(asked.len() < values.len());
                    // No question is expected to make matters worse, nor to settle more than is open.
                    let open = inquiry.uncertainty();
                    prop_assert!(question.expected.is_none_or(|drop| (-1e-9..=open + 1e-9).contains(&drop)));
                    match truth.get(&question.slot) {
                        Some(value) => {
                            let drop = inquiry.answer(&question.slot, value).unwrap();
                            prop_assert!((open - drop - inquiry.uncertainty()).abs() < 1e-9);
                            prop_assert_eq!(inquiry.likeliest(&question.slot), Some((value.as_str(), 1.0)));
                        }
                        None => inquiry.decline(&question.slot).unwrap(),
                    }
                    asked.push(question.slot);
                }
                prop_assert_eq!(asked.len(), values.len());
            }
        }
    }
}
