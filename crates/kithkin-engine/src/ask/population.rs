//! What can be asked, and which values go together over a population.

use std::collections::{BTreeMap, BTreeSet};

use kithkin_core::Blame;
use serde::Serialize;

use super::inquiry::Inquiry;
use super::tree::Tree;
use crate::error::{near, near_text};
use crate::method::SpecError;

/// Something about a person that takes one of several values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Slot {
    /// Its name, unique among the slots.
    pub name: String,
    /// The values that it may take, at least one. What takes several at once is a slot of `yes` and `no` for each.
    pub values: Vec<String>,
}

/// Why something cannot be asked or answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// A name that no slot has.
    #[error("there is no slot {name:?}{}", near_text(near))]
    NoSuchSlot {
        /// The name.
        name: String,
        /// Names like it.
        near: Vec<String>,
    },
    /// A value that the slot does not take.
    #[error("the slot {slot:?} does not take {value:?}; it takes {}", values.join(", "))]
    NoSuchValue {
        /// The slot.
        slot: String,
        /// The value.
        value: String,
        /// Its values.
        values: Vec<String>,
    },
    /// A slot that cannot be one.
    #[error("the slot {name:?} {why}")]
    Slot {
        /// The slot.
        name: String,
        /// What is wrong, and what would be right.
        why: &'static str,
    },
    /// A node of a dialogue that cannot be one.
    #[error("node {node} {why}")]
    Node {
        /// Its number, from 0.
        node: usize,
        /// What is wrong, and what would be right.
        why: &'static str,
    },
    /// A strategy that there is not.
    #[error(transparent)]
    Strategy(#[from] SpecError),
}

impl AskError {
    /// Who can mend it.
    pub fn blame(&self) -> Blame {
        Blame::User
    }
}

/// Which values go together, learned from profiles.
#[derive(Debug)]
pub struct Population {
    pub(super) slots: Vec<Slot>,
    pub(super) tree: Tree,
}

impl Population {
    /// Learns from profiles, which give the value of each slot by its name; a slot that a profile does not name is not
    /// known of that person. Without profiles every value of a slot is as likely as the others.
    ///
    /// Costs the square of the number of slots times the number of profiles: 50 ms for 400 slots and 100 profiles.
    ///
    /// # Errors
    /// A slot without values, one that is named twice or takes a value twice, or a profile with a slot or value that
    /// there is not.
    pub fn learn(slots: Vec<Slot>, profiles: &[BTreeMap<String, String>]) -> Result<Self, AskError> {
        let mut names = BTreeSet::new();
        for Slot { name, values } in &slots {
            let wrong = |why| Err(AskError::Slot { name: name.clone(), why });
            if values.is_empty() {
                return wrong("takes no value; give it at least one");
            }
            if values.iter().collect::<BTreeSet<_>>().len() < values.len() {
                return wrong("takes a value twice; name each once");
            }
            if !names.insert(name) {
                return wrong("is there twice; give each a name of its own");
            }
        }
        let mut persons = Vec::with_capacity(profiles.len());
        for profile in profiles {
            let mut person = vec![None; slots.len()];
            for (name, value) in profile {
                let slot = number(&slots, name)?;
                person[slot] = Some(value_number(&slots[slot], value)?);
            }
            persons.push(person);
        }
        let values: Vec<usize> = slots.iter().map(|slot| slot.values.len()).collect();
        let tree = Tree::learn(&values, &persons);
        Ok(Self { slots, tree })
    }

    /// The slots, in the order in which they were given.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// An inquiry about a person of whom nothing is known: every slot may be asked, and every slot is to be found out.
    pub fn inquiry(&self) -> Inquiry<'_> {
        Inquiry::new(self)
    }

    pub(super) fn number(&self, name: &str) -> Result<usize, AskError> {
        number(&self.slots, name)
    }

    pub(super) fn value_number(&self, slot: usize, value: &str) -> Result<usize, AskError> {
        value_number(&self.slots[slot], value)
    }
}

fn number(slots: &[Slot], name: &str) -> Result<usize, AskError> {
    slots.iter().position(|slot| slot.name == name).ok_or_else(|| AskError::NoSuchSlot {
        name: name.to_owned(),
        near: near(name, slots.iter().map(|slot| slot.name.as_str())),
    })
}

fn value_number(slot: &Slot, value: &str) -> Result<usize, AskError> {
    slot.values.iter().position(|known| known == value).ok_or_else(|| AskError::NoSuchValue {
        slot: slot.name.clone(),
        value: value.to_owned(),
        values: slot.values.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails(slots: &[(&str, &[&str])], profile: &[(&str, &str)], expect: &str) {
        let slot = |(name, values): &(&str, &[&str])| Slot {
            name: (*name).to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        let profile = profile.iter().map(|(slot, value)| ((*slot).to_owned(), (*value).to_owned())).collect();
        let error = Population::learn(slots.iter().map(slot).collect(), &[profile]).unwrap_err();
        assert_eq!(error.to_string(), expect);
    }

    #[test]
    fn what_is_wrong_with_slots_and_profiles_is_said() {
        fails(&[("home", &[])], &[], "the slot \"home\" takes no value; give it at least one");
        fails(&[("home", &["a", "a"])], &[], "the slot \"home\" takes a value twice; name each once");
        fails(&[("a", &["x"]), ("a", &["x"])], &[], "the slot \"a\" is there twice; give each a name of its own");
        fails(&[("home", &["Oslo"])], &[("hame", "Oslo")], "there is no slot \"hame\"; did you mean home?");
        fails(
            &[("home", &["Oslo", "Rome"])],
            &[("home", "oslo")],
            "the slot \"home\" does not take \"oslo\"; it takes Oslo, Rome",
        );
    }
}
