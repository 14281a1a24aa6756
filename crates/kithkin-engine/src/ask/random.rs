//! Asks for any open slot, each as likely as the others.
//!
//! The draw comes from the seed and the number of slots that are open, so the same inquiry gives the same questions in
//! every run. Needs nothing and costs nothing.

use serde::Deserialize;

use super::{Choice, Choose, State};
use crate::method::Strategy;

/// Parameters of `random`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Random {
    /// What the draws come from: 0 to 2^63 - 1, default 0.
    seed: u64,
}

impl Strategy for Random {}

impl Choose for Random {
    fn choose(&self, state: &State<'_>) -> Option<Choice> {
        let open = state.open.len() as u64;
        let at = mixed(mixed(self.seed).wrapping_add(open)) % open.max(1);
        state.open.get(at as usize).map(|slot| Choice { slot: *slot, expected: None })
    }
}

/// The output function of SplitMix64 (Steele, Lea and Flood 2014), which spreads neighbouring numbers evenly.
fn mixed(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::super::{Asker, tests::trades};

    #[test]
    fn every_slot_comes_first_as_often() {
        let population = trades();
        let first = |seed| {
            let asker = Asker::parse(&format!("strategy = \"random\"\nseed = {seed}")).unwrap();
            population.inquiry().next(&asker).unwrap().slot
        };
        let firsts: Vec<String> = (0..400).map(first).collect();
        for slot in population.slots() {
            let times = firsts.iter().filter(|first| **first == slot.name).count();
            assert!((70..130).contains(&times), "{} came first {times} times", slot.name);
        }
    }
}
