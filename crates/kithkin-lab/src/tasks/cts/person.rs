//! A simulated person with a goal: a node that they want to come to.
//!
//! They know the answers that lead there by the fewest nodes, and the values that let them pass; where a question has
//! nothing to do with their goal they pick an answer at random, the same in each run.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use kithkin::ask::{Dialogue, NodeKind};

/// A value that no condition names.
const ELSEWHERE: &str = "ELSEWHERE";

/// Values of all variables.
pub(super) type World = BTreeMap<String, String>;

/// What a person has in mind.
#[derive(Debug)]
pub(super) struct Goal {
    /// The node to which they want to come.
    pub(super) node: usize,
    /// The nodes that are shown on the way there, the goal included.
    pub(super) shown: usize,
    /// The number of the right answer, by the node of the question.
    answers: BTreeMap<usize, usize>,
    world: World,
}

impl Goal {
    /// The value that they give for a variable.
    pub(super) fn value(&self, variable: &str) -> &str {
        self.world.get(variable).map_or(ELSEWHERE, String::as_str)
    }

    /// The number of the answer that they give at a question; `None` where it has none. `name` makes what is random.
    pub(super) fn answer(&self, dialogue: &Dialogue, node: usize, name: &str) -> Option<usize> {
        let answers = dialogue.nodes().get(node)?.ways.len();
        self.answers.get(&node).copied().or_else(|| (answers > 0).then(|| drawn(&format!("{name}/{node}"), answers)))
    }
}

/// A number below `n` that is random in the name and the same in each run.
pub(super) fn drawn(name: &str, n: usize) -> usize {
    let hash = blake3::hash(name.as_bytes());
    let bits = hash.as_bytes().iter().take(8).fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
    (bits % n.max(1) as u64) as usize
}

/// The goal of each node, by the shortest way of all worlds; `None` for those to which no way leads.
pub(super) fn goals(dialogue: &Dialogue) -> Vec<Option<Goal>> {
    let mut best: Vec<Option<(usize, Goal)>> = dialogue.nodes().iter().map(|_| None).collect();
    for world in worlds(dialogue) {
        for (node, path) in ways(dialogue, &world) {
            if best[node].as_ref().is_none_or(|(steps, _)| path.len() < *steps) {
                let is_shown = |(at, _): &&(usize, usize)| !matches!(dialogue.nodes()[*at].kind, NodeKind::Logic(_));
                let shown = path.iter().filter(is_shown).count() + 1;
                let choices = path.iter().filter(|(at, _)| dialogue.nodes()[*at].kind == NodeKind::Choice);
                let answers = choices.copied().collect();
                best[node] = Some((path.len(), Goal { node, shown, answers, world: world.clone() }));
            }
        }
    }
    best.into_iter().map(|best| best.map(|(_, goal)| goal)).collect()
}

/// Values of all variables that differ in what a condition says of them.
fn worlds(dialogue: &Dialogue) -> Vec<World> {
    let mut values: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for node in dialogue.nodes() {
        let NodeKind::Logic(name) = &node.kind else { continue };
        let own = values.entry(name).or_default();
        for condition in node.ways.iter().filter_map(|way| way.when.as_ref()) {
            match condition.value.parse::<f64>() {
                Ok(number) => own.extend([number - 1.0, number, number + 1.0].map(|number| number.to_string())),
                Err(_) => own.extend([condition.value.clone(), ELSEWHERE.to_owned()]),
            }
        }
    }
    let mut worlds = vec![World::new()];
    for (name, values) in values {
        let with = |world: &World| -> Vec<World> {
            let with = |value: &String| {
                let mut world = world.clone();
                world.insert(name.to_owned(), value.clone());
                world
            };
            values.iter().map(with).collect()
        };
        worlds = worlds.iter().flat_map(with).collect();
    }
    // Where nothing is decided a dialogue cannot go on: a truth value is never elsewhere.
    worlds.retain(|world| {
        (0..dialogue.nodes().len()).all(|node| match &dialogue.nodes()[node].kind {
            NodeKind::Logic(name) => world.get(name).is_none_or(|value| dialogue.decided(node, value).is_some()),
            _ => true,
        })
    });
    worlds
}

/// The shortest way to each node, as the nodes before it with the number of the way that was taken from each. A logic
/// node is passed only after its variable was asked for.
fn ways(dialogue: &Dialogue, world: &World) -> BTreeMap<usize, Vec<(usize, usize)>> {
    let start = (dialogue.start(), BTreeSet::<&str>::new());
    let mut found = BTreeMap::from([(start.0, Vec::new())]);
    let mut seen = BTreeSet::from([start.clone()]);
    let mut queue = VecDeque::from([(start, Vec::new())]);
    while let Some(((at, asked), path)) = queue.pop_front() {
        let node = &dialogue.nodes()[at];
        let mut asked = asked;
        let open: Vec<usize> = match &node.kind {
            NodeKind::Logic(name) if asked.contains(name.as_str()) => {
                world.get(name).and_then(|value| dialogue.decided(at, value)).into_iter().collect()
            }
            NodeKind::Logic(_) => Vec::new(),
            NodeKind::Input(name) => {
                asked.insert(name);
                (0..node.ways.len()).collect()
            }
            NodeKind::Info | NodeKind::Choice => (0..node.ways.len()).collect(),
        };
        for way in open {
            let next = (node.ways[way].to, asked.clone());
            if seen.insert(next.clone()) {
                let mut path = path.clone();
                path.push((at, way));
                found.entry(next.0).or_insert_with(|| path.clone());
                queue.push_back((next, path));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use kithkin::ask::{Comparison, Condition, DialogueNode, Way};

    use super::*;

    #[test]
    fn a_person_knows_the_answers_and_values_that_lead_to_their_goal() {
        let node =
            |kind, to: &[usize]| DialogueNode { kind, ways: to.iter().map(|to| Way { to: *to, when: None }).collect() };
        let mut logic = node(NodeKind::Logic("nights".to_owned()), &[4, 5]);
        logic.ways[0].when = Some(Condition { is: Comparison::Greater, value: "7".to_owned() });
        // 0 leads to the info 1, or through the nights to 4 or 5; nothing leads to 6.
        let nodes = vec![
            node(NodeKind::Choice, &[1, 2]),
            node(NodeKind::Info, &[0]),
            node(NodeKind::Input("nights".to_owned()), &[3]),
            logic,
            node(NodeKind::Choice, &[0, 1]),
            node(NodeKind::Info, &[]),
            node(NodeKind::Info, &[0]),
        ];
        let dialogue = Dialogue::new(nodes, 0).unwrap();
        let goals = goals(&dialogue);
        let check = |node: usize, first: Option<usize>, nights: &str| {
            let goal = goals[node].as_ref().unwrap();
            let nights_of = if first == Some(1) && node > 3 { goal.value("nights") } else { nights };
            assert_eq!((goal.node, goal.answers.get(&0).copied(), nights_of), (node, first, nights), "{node}");
            assert_eq!(goal.shown, [1, 2, 0, 0, 3, 3][node], "{node}");
        };
        check(0, None, "");
        check(1, Some(0), "");
        check(4, Some(1), "8");
        check(5, Some(1), "6");
        assert!(goals[6].is_none());
        let random = goals[1].as_ref().unwrap().answer(&dialogue, 4, "name");
        assert!(random.is_some_and(|answer| answer < 2));
        assert_eq!(goals[1].as_ref().unwrap().answer(&dialogue, 5, "name"), None);
    }
}
