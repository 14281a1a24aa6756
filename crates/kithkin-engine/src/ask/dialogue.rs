//! A dialogue tree: what its author lets it say, and what leads from one to the next.
//!
//! Source: Väth, Vanderlyn and Vu, *Conversational Tree Search: A New Hybrid Dialog Task* (EACL 2023). Trees there have
//! ways back, so this is a graph. Nothing here knows a text: the caller shows nodes, and reads replies.

use std::collections::{BTreeMap, VecDeque};

use super::population::AskError;

/// What a node does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeKind {
    /// It tells something, and leads on.
    Info,
    /// It asks a question that has a few answers, each with a way of its own.
    Choice,
    /// It asks for the value of a variable, and leads on.
    Input(String),
    /// It is never shown: the value of a variable decides the way.
    Logic(String),
}

/// How a value is compared with another. Numbers are compared as such, other values as text without regard to case, of
/// which only equality means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What must hold of a variable for a way to be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// How it is compared.
    pub is: Comparison,
    /// With what.
    pub value: String,
}

impl Condition {
    /// Whether a value of the variable fulfils it.
    pub fn holds(&self, value: &str) -> bool {
        let (own, other) = (value.trim(), self.value.trim());
        let order = match (own.parse::<f64>(), other.parse::<f64>()) {
            (Ok(own), Ok(other)) => own.partial_cmp(&other),
            _ => (own.to_lowercase() == other.to_lowercase()).then_some(std::cmp::Ordering::Equal),
        };
        match self.is {
            Comparison::Equal => order.is_some_and(std::cmp::Ordering::is_eq),
            Comparison::NotEqual => !order.is_some_and(std::cmp::Ordering::is_eq),
            Comparison::Less => order.is_some_and(std::cmp::Ordering::is_lt),
            Comparison::LessOrEqual => order.is_some_and(std::cmp::Ordering::is_le),
            Comparison::Greater => order.is_some_and(std::cmp::Ordering::is_gt),
            Comparison::GreaterOrEqual => order.is_some_and(std::cmp::Ordering::is_ge),
        }
    }
}

/// A way from a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// The number of the node that it leads to.
    pub to: usize,
    /// At a [`NodeKind::Logic`], when it is taken; `None` is taken where no other way is, and at other nodes.
    pub when: Option<Condition>,
}

/// A node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialogueNode {
    /// What it does.
    pub kind: NodeKind,
    /// The ways from it: one for each answer of a choice, and at most one of an info or input. A dialogue ends where
    /// there is none.
    pub ways: Vec<Way>,
}

/// A dialogue tree.
#[derive(Debug)]
pub struct Dialogue {
    nodes: Vec<DialogueNode>,
    start: usize,
}

/// Where a node lies from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reached {
    /// The way that was taken first.
    pub(super) first: usize,
    /// The node before it, and the variables known there, as they are counted in the search.
    before: (usize, usize),
}

impl Dialogue {
    /// The tree of these nodes, which begins at the node `start`.
    ///
    /// # Errors
    /// There is no such node, or a node leads to one that there is not, or has more ways than its kind may have.
    pub fn new(nodes: Vec<DialogueNode>, start: usize) -> Result<Self, AskError> {
        let wrong = |node: usize, why| Err(AskError::Node { node, why });
        if start >= nodes.len() {
            return wrong(start, "is not there, and the dialogue is to begin at it");
        }
        for (number, node) in nodes.iter().enumerate() {
            if node.ways.iter().any(|way| way.to >= nodes.len()) {
                return wrong(number, "leads to a node that is not there");
            }
            if node.ways.len() > 1 && matches!(node.kind, NodeKind::Info | NodeKind::Input(_)) {
                return wrong(number, "has several ways; only a choice and a logic node may have them");
            }
        }
        Ok(Self { nodes, start })
    }

    /// The node at which it begins.
    pub fn start(&self) -> usize {
        self.start
    }

    /// The nodes.
    pub fn nodes(&self) -> &[DialogueNode] {
        &self.nodes
    }

    /// The way that a logic node takes where its variable has this value.
    pub fn decided(&self, node: usize, value: &str) -> Option<usize> {
        let ways = &self.nodes.get(node)?.ways;
        let holds = |way: &Way| way.when.as_ref().is_some_and(|when| when.holds(value));
        ways.iter().position(holds).or_else(|| ways.iter().position(|way| way.when.is_none()))
    }

    /// The nodes that can be reached from a node where these variables are known, each by the fewest steps, and asking
    /// for what is not known whenever the way leads past it. A logic node whose variable is neither known nor asked for
    /// cannot be passed.
    pub(super) fn reach(&self, from: usize, known: &BTreeMap<String, String>) -> Reach {
        // What was asked for on the way is a set of variables; each set that is met gets a number.
        let mut sets: Vec<Vec<&str>> = vec![Vec::new()];
        let mut found: BTreeMap<(usize, usize), Option<Reached>> = BTreeMap::from([((from, 0), None)]);
        let mut nearest = vec![None; self.nodes.len()];
        let mut queue = VecDeque::from([(from, 0)]);
        while let Some((at, set)) = queue.pop_front() {
            let node = &self.nodes[at];
            let set_on = match &node.kind {
                NodeKind::Input(name) if !sets[set].contains(&name.as_str()) => {
                    let mut with = sets[set].clone();
                    with.push(name);
                    with.sort_unstable();
                    sets.iter().position(|set| *set == with).unwrap_or_else(|| {
                        sets.push(with);
                        sets.len() - 1
                    })
                }
                _ => set,
            };
            for (number, way) in node.ways.iter().enumerate() {
                let open = match &node.kind {
                    NodeKind::Logic(name) => match known.get(name) {
                        Some(value) => self.decided(at, value) == Some(number),
                        None => sets[set].contains(&name.as_str()),
                    },
                    _ => true,
                };
                if !open || found.contains_key(&(way.to, set_on)) {
                    continue;
                }
                let first = found[&(at, set)].map_or(number, |reached| reached.first);
                found.insert((way.to, set_on), Some(Reached { first, before: (at, set) }));
                nearest[way.to].get_or_insert(set_on);
                queue.push_back((way.to, set_on));
            }
        }
        Reach { found, nearest }
    }
}

/// What can be reached from a node.
#[derive(Debug)]
pub(super) struct Reach {
    found: BTreeMap<(usize, usize), Option<Reached>>,
    nearest: Vec<Option<usize>>,
}

impl Reach {
    /// The first way to a node; `None` where it cannot be reached.
    pub(super) fn first(&self, node: usize) -> Option<usize> {
        let set = (*self.nearest.get(node)?)?;
        self.found.get(&(node, set)).copied().flatten().map(|reached| reached.first)
    }

    /// The nodes on the way to a node, from the last before it back to the one from which it was looked for.
    pub(super) fn back(&self, node: usize) -> Vec<usize> {
        let mut at = self.nearest.get(node).copied().flatten().map(|set| (node, set));
        let mut nodes = Vec::new();
        while let Some(reached) = at.and_then(|at| self.found.get(&at).copied().flatten()) {
            nodes.push(reached.before.0);
            at = Some(reached.before);
        }
        nodes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_compared_as_numbers_or_text() {
        let check = |value: &str, is, other: &str, expect| {
            let condition = Condition { is, value: other.to_owned() };
            assert_eq!(condition.holds(value), expect, "{value} {is:?} {other}");
        };
        check("10", Comparison::Less, "9", false);
        check("10", Comparison::GreaterOrEqual, "10.0", true);
        check(" norway", Comparison::Equal, "Norway", true);
        check("Norway", Comparison::NotEqual, "Spain", true);
        check("Norway", Comparison::Less, "Spain", false);
        check("NaN", Comparison::Equal, "NaN", false);
    }
}
