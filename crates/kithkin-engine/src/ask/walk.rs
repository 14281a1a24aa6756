//! A walk through a dialogue tree that shows only the nodes that it must.
//!
//! Source: Väth et al., *Conversational Tree Search* (EACL 2023), whose policy learns by reinforcement when to show a node
//! and when to pass it by. Here nothing is learned: the caller says how likely each node is what the person is after, and
//! the walk takes the shortest way to the likeliest. It asks a question on the way where its answer would tell apart
//! nodes that are about as likely and was not given before, and for a variable where the way depends on it; everything else it passes by. An
//! answer rules out what lies elsewhere; a node that was shown and did not end the dialogue was not it, and the walk goes
//! on to the next likeliest.
//!
//! Where nothing is likely, it shows every node and follows the answers: a guided dialogue.
//!
//! Costs a search through the tree at each node that it comes by, once for each set of variables that may have been asked
//! for on the way to a node: trees ask for a few.

use std::collections::BTreeMap;

use super::dialogue::{Dialogue, NodeKind, Reach};

/// What is left of the likelihood of a node when an answer leads elsewhere; the answer may have been misread.
const ELSEWHERE: f64 = 0.05;

/// A walk.
#[derive(Debug)]
pub struct Walk<'d> {
    dialogue: &'d Dialogue,
    likely: Vec<f64>,
    sure: f64,
    known: BTreeMap<String, String>,
    at: Option<usize>,
    /// Whether the node at which it stands has been shown.
    shown: bool,
    /// The questions that were answered; what they tell is known.
    answered: Vec<bool>,
}

/// What the walk is up to.
struct Plan {
    reach: Reach,
    target: usize,
}

impl<'d> Walk<'d> {
    /// A walk that begins at the start. `likely` says how likely each node is what the person is after, in any measure
    /// from 0, which it is not; without any the dialogue is guided. A question is passed by where at least the share
    /// `sure` of what is likely lies behind one of its answers: 0 asks nothing, above 1 everything.
    pub fn new(dialogue: &'d Dialogue, mut likely: Vec<f64>, sure: f64) -> Self {
        likely.resize(dialogue.nodes().len(), 0.0);
        // A logic node is nothing that a person could be after.
        let logic = |node: &usize| matches!(dialogue.nodes()[*node].kind, NodeKind::Logic(_));
        (0..likely.len()).filter(logic).for_each(|node| likely[node] = 0.0);
        let at = Some(dialogue.start());
        let answered = vec![false; likely.len()];
        Self { dialogue, likely, sure, known: BTreeMap::new(), at, shown: false, answered }
    }

    /// The next node to show; `None` at the end of the dialogue, or where it cannot go on: at a question that was shown
    /// and not answered, and at a logic node whose variable is not known.
    pub fn next_node(&mut self) -> Option<usize> {
        // It comes by no node twice without showing one in between, but for ways back that lead to nothing.
        for _ in 0..=self.dialogue.nodes().len() {
            let at = self.at?;
            let plan = self.plan(at);
            if !self.shown && self.must_show(at, plan.as_ref()) {
                self.shown = true;
                self.likely[at] = 0.0;
                return Some(at);
            }
            let node = &self.dialogue.nodes()[at];
            let way = match &node.kind {
                NodeKind::Info | NodeKind::Input(_) => Some(0),
                NodeKind::Logic(name) => self.known.get(name).and_then(|value| self.dialogue.decided(at, value)),
                NodeKind::Choice => plan.and_then(|plan| plan.reach.first(plan.target)),
            };
            self.take(way);
        }
        None
    }

    /// Follows an answer of the question at which it stands, by its number; without such an answer the dialogue ends.
    pub fn answer(&mut self, answer: usize) {
        let Some(at) = self.at else { return };
        let reach = self.dialogue.reach(at, &self.known);
        for (node, likely) in self.likely.iter_mut().enumerate() {
            if reach.first(node).is_some_and(|first| first != answer) {
                *likely *= ELSEWHERE;
            }
        }
        self.answered[at] = true;
        self.take(Some(answer));
    }

    /// Notes the value of the variable that the node at which it stands asks for, and goes on. At another node it changes
    /// nothing.
    pub fn tell(&mut self, value: &str) {
        let Some(NodeKind::Input(name)) = self.at.and_then(|at| self.dialogue.nodes().get(at)).map(|node| &node.kind)
        else {
            return;
        };
        self.known.insert(name.clone(), value.to_owned());
        self.take(Some(0));
    }

    fn take(&mut self, way: Option<usize>) {
        let ways = self.at.map(|at| &self.dialogue.nodes()[at].ways);
        self.at = ways.and_then(|ways| ways.get(way?)).map(|way| way.to);
        self.shown = false;
    }

    /// The likeliest node that can be reached, the first of equals.
    fn plan(&self, at: usize) -> Option<Plan> {
        let reach = self.dialogue.reach(at, &self.known);
        let there = |node: usize| node == at || reach.first(node).is_some();
        let candidates = (0..self.likely.len()).filter(|node| self.likely[*node] > 0.0 && there(*node));
        let target = candidates.reduce(|best, next| if self.likely[next] > self.likely[best] { next } else { best })?;
        Some(Plan { reach, target })
    }

    fn must_show(&self, at: usize, plan: Option<&Plan>) -> bool {
        let kind = &self.dialogue.nodes()[at].kind;
        let Some(plan) = plan else { return !matches!(kind, NodeKind::Logic(_)) };
        if plan.target == at {
            return true;
        }
        match kind {
            NodeKind::Info | NodeKind::Logic(_) => false,
            NodeKind::Choice if self.answered[at] => false,
            NodeKind::Choice => {
                let behind = |wanted: Option<usize>| -> f64 {
                    let nodes = self.likely.iter().enumerate();
                    let behind = nodes.filter_map(|(node, likely)| Some((plan.reach.first(node)?, likely)));
                    behind
                        .filter(|(first, _)| wanted.is_none_or(|wanted| wanted == *first))
                        .map(|(_, likely)| likely)
                        .sum()
                };
                behind(plan.reach.first(plan.target)) < self.sure * behind(None)
            }
            NodeKind::Input(name) => {
                let decides = |node: &usize| self.dialogue.nodes()[*node].kind == NodeKind::Logic(name.clone());
                !self.known.contains_key(name) && plan.reach.back(plan.target).iter().any(decides)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::dialogue::{Comparison, Condition, DialogueNode, Way};
    use super::*;

    fn node(kind: NodeKind, to: &[usize]) -> DialogueNode {
        DialogueNode { kind, ways: to.iter().map(|to| Way { to: *to, when: None }).collect() }
    }

    /// 0 asks train or hotel; 1 tells of trains; 2 asks for the nights; 3 decides: 4 is of many, 5 of few; all lead to 6,
    /// which asks whether to begin anew or to end at 7.
    fn travel() -> Dialogue {
        let many = Condition { is: Comparison::Greater, value: "7".to_owned() };
        let mut logic = node(NodeKind::Logic("nights".to_owned()), &[4, 5]);
        logic.ways[0].when = Some(many);
        let nodes = vec![
            node(NodeKind::Choice, &[1, 2]),
            node(NodeKind::Info, &[6]),
            node(NodeKind::Input("nights".to_owned()), &[3]),
            logic,
            node(NodeKind::Info, &[6]),
            node(NodeKind::Info, &[6]),
            node(NodeKind::Choice, &[0, 7]),
            node(NodeKind::Info, &[]),
        ];
        Dialogue::new(nodes, 0).unwrap()
    }

    /// Walks with somebody who wants trains or not, stays so many nights, and never begins anew.
    fn check(likely: &[(usize, f64)], sure: f64, hotel: usize, nights: &str, expect: &[usize]) {
        let dialogue = travel();
        let mut weights = vec![0.0; 8];
        likely.iter().for_each(|(node, weight)| weights[*node] = *weight);
        let mut walk = Walk::new(&dialogue, weights, sure);
        let mut shown = Vec::new();
        while let Some(at) = walk.next_node() {
            shown.push(at);
            match at {
                0 => walk.answer(hotel),
                2 => walk.tell(nights),
                6 => walk.answer(1),
                _ => {}
            }
        }
        assert_eq!(shown, expect, "{likely:?} {sure}");
    }

    #[test]
    fn only_what_must_be_is_shown() {
        // Nothing is likely: everything on the way.
        check(&[], 0.6, 1, "9", &[0, 2, 4, 6, 7]);
        check(&[], 0.6, 0, "9", &[0, 1, 6, 7]);
        // Trains are likely: neither question is asked before they are told of, and then the dialogue is guided.
        check(&[(1, 1.0)], 0.6, 1, "9", &[1, 6, 7]);
        // Long stays are likely: the nights decide, and are asked for.
        check(&[(4, 1.0)], 0.6, 1, "9", &[2, 4, 6, 7]);
        // The nights are few after all, so it is not what was thought; the rest is guided.
        check(&[(4, 1.0)], 0.6, 1, "2", &[2, 5, 6, 7]);
        // Trains and stays are about as likely: the question is asked, and the answer decides.
        check(&[(1, 0.5), (5, 0.5)], 0.6, 1, "2", &[0, 2, 5, 1, 6, 7]);
        check(&[(1, 0.5), (5, 0.5)], 0.4, 1, "2", &[1, 2, 5, 6, 7]);
        // The end is what is wanted.
        check(&[(7, 1.0)], 0.6, 1, "2", &[7]);
    }

    #[test]
    fn a_question_that_was_answered_is_not_asked_again() {
        let back = |_| node(NodeKind::Info, &[0]);
        let nodes = [node(NodeKind::Choice, &[1, 2, 3])].into_iter().chain((0..3).map(back)).collect();
        let dialogue = Dialogue::new(nodes, 0).unwrap();
        let mut walk = Walk::new(&dialogue, vec![0.0, 1.0, 1.0, 1.0], 0.6);
        let mut shown = Vec::new();
        for _ in 0..4 {
            shown.extend(walk.next_node());
            if shown.len() == 1 {
                walk.answer(1);
            }
        }
        assert_eq!(shown, [0, 2, 1, 3]);
    }

    #[test]
    fn a_tree_that_is_none_is_refused() {
        let fails = |nodes: Vec<DialogueNode>, start, says: &str| {
            let error = Dialogue::new(nodes, start).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        };
        fails(Vec::new(), 0, "node 0 is not there");
        fails(vec![node(NodeKind::Info, &[1])], 0, "node 0 leads to a node that is not there");
        fails(vec![node(NodeKind::Info, &[0, 0])], 0, "several ways");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn every_walk_ends_or_shows_a_node(
            kinds in prop::collection::vec((0usize..4, prop::collection::vec(0usize..12, 0..4), 0usize..3), 1..12),
            likely in prop::collection::vec(prop_oneof![Just(0.0), 0.0f64..1.0], 0..14),
            sure in 0.0f64..1.2,
            replies in prop::collection::vec((0usize..4, "[0-9a]{0,2}"), 30),
        ) {
            let name = |n: usize| format!("v{n}");
            let nodes: Vec<DialogueNode> = kinds.iter().map(|(kind, to, variable)| {
                let to: Vec<usize> = to.iter().map(|to| to % kinds.len()).collect();
                match kind {
                    0 => node(NodeKind::Info, &to[..to.len().min(1)]),
                    1 => node(NodeKind::Choice, &to),
                    2 => node(NodeKind::Input(name(*variable)), &to[..to.len().min(1)]),
                    _ => node(NodeKind::Logic(name(*variable)), &to),
                }
            }).collect();
            let dialogue = Dialogue::new(nodes, 0).unwrap();
            let mut walk = Walk::new(&dialogue, likely, sure);
            for (answer, value) in replies {
                let Some(at) = walk.next_node() else { break };
                match dialogue.nodes()[at].kind {
                    NodeKind::Choice => walk.answer(answer),
                    NodeKind::Input(_) => walk.tell(&value),
                    NodeKind::Info => {}
                    NodeKind::Logic(_) => prop_assert!(false, "a logic node was shown"),
                }
            }
        }
    }
}
