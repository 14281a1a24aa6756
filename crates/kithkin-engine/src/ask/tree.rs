//! Which slots depend on which: the tree over them that fits the population best.
//!
//! Source: Chow and Liu, *Approximating Discrete Probability Distributions with Dependence Trees* (1968): the spanning
//! tree of the greatest mutual information is the likeliest of all distributions in which each slot depends on one
//! other. Persons are few and slots many, so chance alone makes slots look dependent: of each mutual information what
//! chance gives is taken off (Miller 1955), and slots of which nothing is left stand alone.
//!
//! Costs a count for every two slots and person when it is learned; beliefs cost a few multiplications a slot.

use super::beliefs::Beliefs;

/// Imagined persons in whom two slots have nothing to do with each other, added to those seen. 1 to 16 made little
/// difference on PersonaLens' first half.
const INDEPENDENT: f64 = 4.0;
/// Imagined persons whose values are spread evenly, added to those seen.
const EVEN: f64 = 1.0;

/// A slot of the tree.
#[derive(Debug)]
pub(super) struct Node {
    /// How likely each value is where nothing is known.
    pub(super) prior: Vec<f64>,
    /// The slot that it depends on.
    pub(super) parent: Option<usize>,
    /// How likely each value is, a row for each value of the parent; empty without one.
    pub(super) given: Vec<f64>,
    /// The slots that depend on it.
    pub(super) children: Vec<usize>,
}

/// The trees.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
    /// Every slot after the one that it depends on.
    pub(super) order: Vec<usize>,
}

impl Tree {
    /// Learns from persons, who have a value below `values[slot]` for each slot that is known of them.
    pub(super) fn learn(values: &[usize], persons: &[Vec<Option<usize>>]) -> Self {
        let prior = |(slot, values): (usize, &usize)| {
            let mut counts = vec![EVEN / *values as f64; *values];
            persons.iter().filter_map(|person| person[slot]).for_each(|value| counts[value] += 1.0);
            let all: f64 = counts.iter().sum();
            let prior = counts.iter().map(|count| count / all).collect();
            Node { prior, parent: None, given: Vec::new(), children: Vec::new() }
        };
        let mut tree = Self { nodes: values.iter().enumerate().map(prior).collect(), order: Vec::new() };
        for (slot, parent) in spanning(values, persons) {
            tree.order.push(slot);
            let Some(parent) = parent else { continue };
            let counts = Counts::of((parent, slot), (values[parent], values[slot]), persons);
            let given = counts.given(&tree.nodes[parent].prior, &tree.nodes[slot].prior);
            tree.nodes[parent].children.push(slot);
            tree.nodes[slot].parent = Some(parent);
            tree.nodes[slot].given = given;
        }
        tree
    }

    /// What is believed where these values are known.
    pub(super) fn beliefs(&self, known: &[Option<usize>]) -> Beliefs<'_> {
        Beliefs::new(self, known)
    }
}

/// The slots with those that they depend on, each after its own; by Prim's algorithm, the first of equals.
fn spanning(values: &[usize], persons: &[Vec<Option<usize>>]) -> Vec<(usize, Option<usize>)> {
    let mut links: Vec<(usize, f64, Option<usize>)> = (0..values.len()).map(|slot| (slot, 0.0, None)).collect();
    let mut order = Vec::with_capacity(values.len());
    while let Some(at) = (0..links.len()).reduce(|best, next| if links[next].1 > links[best].1 { next } else { best }) {
        let (joined, _, parent) = links.remove(at);
        order.push((joined, parent));
        for (slot, worth, parent) in &mut links {
            let information = Counts::of((joined, *slot), (values[joined], values[*slot]), persons).information();
            if information > *worth {
                (*worth, *parent) = (information, Some(joined));
            }
        }
    }
    order
}

/// How often values of two slots were seen together.
struct Counts {
    /// A row for each value of the first.
    cells: Vec<f64>,
    across: usize,
}

impl Counts {
    fn of(slots: (usize, usize), values: (usize, usize), persons: &[Vec<Option<usize>>]) -> Self {
        let mut cells = vec![0.0; values.0 * values.1];
        for (a, b) in persons.iter().filter_map(|person| person[slots.0].zip(person[slots.1])) {
            cells[a * values.1 + b] += 1.0;
        }
        Self { cells, across: values.1 }
    }

    /// The mutual information in nats, less what chance gives.
    fn information(&self) -> f64 {
        let all: f64 = self.cells.iter().sum();
        if all == 0.0 {
            return 0.0;
        }
        let rows: Vec<f64> = self.cells.chunks(self.across).map(|row| row.iter().sum()).collect();
        let columns: Vec<f64> =
            (0..self.across).map(|b| self.cells.iter().skip(b).step_by(self.across).sum()).collect();
        let cells = self.cells.iter().enumerate().filter(|(_, count)| **count > 0.0);
        let terms = cells
            .map(|(at, count)| count / all * (count * all / (rows[at / self.across] * columns[at % self.across])).ln());
        let seen = |counts: &[f64]| counts.iter().filter(|count| **count > 0.0).count() as f64;
        terms.sum::<f64>() - (seen(&rows) - 1.0) * (seen(&columns) - 1.0) / (2.0 * all)
    }

    /// How likely each value of the second is, for each value of the first.
    fn given(&self, first: &[f64], second: &[f64]) -> Vec<f64> {
        let rows = self.cells.chunks(self.across).zip(first);
        let rows = rows.flat_map(|(row, own)| {
            let seen = row.iter().sum::<f64>() + INDEPENDENT * own;
            row.iter().zip(second).map(move |(count, other)| (count + INDEPENDENT * own * other) / seen)
        });
        rows.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(cells: &[f64], across: usize) -> Counts {
        Counts { cells: cells.to_vec(), across }
    }

    #[test]
    fn information_by_hand() {
        let check = |cells: &[f64], expect: f64| {
            let found = counts(cells, 2).information();
            assert!((found - expect).abs() < 1e-12, "{cells:?}: {found}");
        };
        let two = 2f64.ln();
        check(&[8.0, 0.0, 0.0, 8.0], two - 1.0 / 32.0);
        check(&[4.0, 4.0, 4.0, 4.0], -1.0 / 32.0);
        check(&[8.0, 8.0, 0.0, 0.0], 0.0);
        check(&[0.0; 4], 0.0);
    }

    #[test]
    fn what_was_not_seen_together_stays_possible() {
        // Eight were seen, and four are imagined of whom half have the first value.
        let given = counts(&[8.0, 0.0, 0.0, 8.0], 2).given(&[0.5, 0.5], &[0.5, 0.5]);
        assert_eq!(given, [0.9, 0.1, 0.1, 0.9]);
        assert_eq!(counts(&[0.0; 4], 2).given(&[0.5, 0.5], &[0.75, 0.25]), [0.75, 0.25, 0.75, 0.25]);
    }

    #[test]
    fn a_chain_is_found() {
        // The middle slot decides the ends most of the time, each in its own way.
        let person = |n: usize| {
            let middle = n % 2;
            let unless = |odd: bool| if odd { 1 - middle } else { middle };
            vec![Some(unless(n % 7 == 1)), Some(middle), Some(unless(n % 5 == 1)), Some(n / 2 % 2)]
        };
        let persons: Vec<Vec<Option<usize>>> = (0..140).map(person).collect();
        let tree = Tree::learn(&[2, 2, 2, 2], &persons);
        let parents: Vec<Option<usize>> = tree.nodes.iter().map(|node| node.parent).collect();
        assert_eq!(parents, [None, Some(0), Some(1), None]);
        assert_eq!(tree.order, [0, 1, 2, 3]);
        let none = Tree::learn(&[2, 3], &[]);
        assert_eq!((none.order, none.nodes[1].prior.clone()), (vec![0, 1], vec![1.0 / 3.0; 3]));
    }
}
