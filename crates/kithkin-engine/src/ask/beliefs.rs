//! What is believed of every slot where some are known: exact in the tree, by messages up and down.
//!
//! Costs a few multiplications a slot and two values.

use super::tree::Tree;

/// Information below which a slot tells nothing, in nats. What lies behind it is told even less, and is not looked at.
const NOTHING: f64 = 1e-7;

/// How likely each value of each slot is.
#[derive(Debug)]
pub(crate) struct Beliefs<'t> {
    tree: &'t Tree,
    /// For each slot, how likely each value is.
    marginals: Vec<Vec<f64>>,
    /// For each slot, how likely each value is given its parent's, a row for each of the parent's.
    down: Vec<Vec<f64>>,
    /// For each slot, how likely each value of its parent is given its own, a row for each of its own.
    up: Vec<Vec<f64>>,
}

impl<'t> Beliefs<'t> {
    /// What is believed where these values are known.
    pub(super) fn new(tree: &'t Tree, known: &[Option<usize>]) -> Self {
        let mut fits: Vec<Vec<f64>> = tree.nodes.iter().map(|node| vec![1.0; node.prior.len()]).collect();
        for (fit, value) in fits.iter_mut().zip(known) {
            if let Some(value) = value {
                only(fit, *value);
            }
        }
        let mut down = vec![Vec::new(); tree.nodes.len()];
        for slot in tree.order.iter().rev().copied() {
            let node = &tree.nodes[slot];
            let Some(parent) = node.parent else { continue };
            let fit = &fits[slot];
            let mut rows: Vec<f64> =
                node.given.chunks(fit.len()).flat_map(|row| row.iter().zip(fit).map(times)).collect();
            let told: Vec<f64> = rows.chunks_mut(fit.len()).map(to_one).collect();
            fits[parent].iter_mut().zip(told).for_each(|(fit, told)| *fit *= told);
            // Many children would make it vanish.
            to_one(&mut fits[parent]);
            down[slot] = rows;
        }
        let (mut marginals, mut up) = (vec![Vec::new(); tree.nodes.len()], vec![Vec::new(); tree.nodes.len()]);
        for slot in tree.order.iter().copied() {
            let node = &tree.nodes[slot];
            match node.parent {
                None => {
                    let mut own: Vec<f64> = node.prior.iter().zip(&fits[slot]).map(times).collect();
                    to_one(&mut own);
                    marginals[slot] = own;
                }
                Some(parent) => {
                    let own = through(&marginals[parent], &down[slot], node.prior.len());
                    up[slot] = reversed(&marginals[parent], &down[slot], own.len());
                    marginals[slot] = own;
                }
            }
            // Not nearly certain, as sums of fractions are.
            if let Some(value) = known[slot] {
                only(&mut marginals[slot], value);
            }
        }
        Self { tree, marginals, down, up }
    }

    /// How likely each value of a slot is.
    pub(super) fn of(&self, slot: usize) -> &[f64] {
        &self.marginals[slot]
    }

    /// The entropy of a slot, in nats.
    pub(super) fn entropy(&self, slot: usize) -> f64 {
        self.marginals[slot].iter().filter(|p| **p > 0.0).map(|p| -p * p.ln()).sum()
    }

    /// By how much knowing the slot is expected to lower the entropies of those that are wanted, its own included.
    pub(super) fn information(&self, slot: usize, wanted: &[bool]) -> f64 {
        let own = &self.marginals[slot];
        let identity = (0..own.len() * own.len()).map(|at| if at % (own.len() + 1) == 0 { 1.0 } else { 0.0 });
        let mut reached = vec![(slot, slot, identity.collect::<Vec<f64>>())];
        let mut sum = 0.0;
        while let Some((at, from, rows)) = reached.pop() {
            let told = information(own, &rows, &self.marginals[at]);
            if told < NOTHING {
                continue;
            }
            if wanted[at] {
                sum += told;
            }
            let node = &self.tree.nodes[at];
            let wide = self.marginals[at].len();
            let step = |table: &[f64], across: usize| {
                rows.chunks(wide).flat_map(|row| through(row, table, across)).collect::<Vec<f64>>()
            };
            for child in node.children.iter().copied().filter(|child| *child != from) {
                reached.push((child, at, step(&self.down[child], self.marginals[child].len())));
            }
            if let Some(parent) = node.parent.filter(|parent| *parent != from) {
                reached.push((parent, at, step(&self.up[at], self.marginals[parent].len())));
            }
        }
        sum
    }
}

fn times((a, b): (&f64, &f64)) -> f64 {
    a * b
}

fn only(fit: &mut [f64], value: usize) {
    fit.iter_mut().enumerate().for_each(|(at, fit)| *fit = if at == value { 1.0 } else { 0.0 });
}

/// Scales the weights so that they sum to one; gives their sum.
fn to_one(weights: &mut [f64]) -> f64 {
    let sum: f64 = weights.iter().sum();
    if sum > 0.0 {
        weights.iter_mut().for_each(|weight| *weight /= sum);
    }
    sum
}

/// The weights of one slot led through a table to those of another, which takes `across` values.
fn through(weights: &[f64], table: &[f64], across: usize) -> Vec<f64> {
    let mut led = vec![0.0; across];
    for (weight, row) in weights.iter().zip(table.chunks(across)) {
        led.iter_mut().zip(row).for_each(|(led, given)| *led += weight * given);
    }
    led
}

/// The table that leads back, by Bayes' rule. A value that is not possible leads nowhere.
fn reversed(weights: &[f64], table: &[f64], across: usize) -> Vec<f64> {
    let mut back: Vec<f64> =
        (0..across).flat_map(|at| weights.iter().zip(table.iter().skip(at).step_by(across)).map(times)).collect();
    back.chunks_mut(weights.len()).for_each(|row| {
        to_one(row);
    });
    back
}

/// The mutual information of two slots, in nats: of the first, and of the second given each of its values.
fn information(first: &[f64], rows: &[f64], second: &[f64]) -> f64 {
    let of_row = |row: &[f64]| {
        let cells = row.iter().zip(second).filter(|(given, p)| **given > 0.0 && **p > 0.0);
        cells.map(|(given, p)| given * (given / p).ln()).sum::<f64>()
    };
    first.iter().zip(rows.chunks(second.len())).map(|(p, row)| p * of_row(row)).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All combinations of values with what is known, and their probabilities.
    fn listed(tree: &Tree, known: &[Option<usize>]) -> Vec<(Vec<usize>, f64)> {
        let mut all = vec![(vec![0; tree.nodes.len()], 1.0)];
        for slot in &tree.order {
            let node = &tree.nodes[*slot];
            let wide = node.prior.len();
            let next = all.iter().flat_map(|(values, p)| {
                let row = node.parent.map_or(&node.prior[..], |parent| &node.given[values[parent] * wide..][..wide]);
                (0..wide).filter(|value| known[*slot].is_none_or(|known| known == *value)).map(move |value| {
                    let mut values = values.clone();
                    values[*slot] = value;
                    (values, p * row[value])
                })
            });
            all = next.collect();
        }
        let sum: f64 = all.iter().map(|(_, p)| p).sum();
        all.into_iter().map(|(values, p)| (values, p / sum)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn beliefs_and_information_are_those_of_all_combinations(
            values in prop::collection::vec(1usize..4, 1..6),
            persons in prop::collection::vec(prop::collection::vec(prop::option::weighted(0.9, 0usize..12), 6), 0..20),
            known in prop::collection::vec(prop::option::weighted(0.3, 0usize..12), 6),
            wanted in prop::collection::vec(any::<bool>(), 6),
        ) {
            let within = |seen: &Vec<Option<usize>>| -> Vec<Option<usize>> {
                values.iter().zip(seen).map(|(n, value)| value.map(|value| value % n)).collect()
            };
            let tree = Tree::learn(&values, &persons.iter().map(within).collect::<Vec<_>>());
            let known = within(&known);
            let beliefs = tree.beliefs(&known);
            let all = listed(&tree, &known);
            let entropy = |beliefs: &Beliefs<'_>| -> f64 {
                (0..values.len()).filter(|slot| wanted[*slot]).map(|slot| beliefs.entropy(slot)).sum()
            };
            for slot in 0..values.len() {
                for value in 0..values[slot] {
                    let p: f64 = all.iter().filter(|(values, _)| values[slot] == value).map(|(_, p)| p).sum();
                    prop_assert!((beliefs.of(slot)[value] - p).abs() < 1e-9);
                }
                let after: f64 = (0..values[slot]).filter(|value| beliefs.of(slot)[*value] > 0.0).map(|value| {
                    let mut known = known.clone();
                    known[slot] = Some(value);
                    beliefs.of(slot)[value] * entropy(&tree.beliefs(&known))
                }).sum();
                let information = beliefs.information(slot, &wanted);
                prop_assert!((entropy(&beliefs) - after - information).abs() < 1e-5, "{information}");
            }
        }
    }
}
